"""People, cards, grants, schedules and holiday calendars as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

import msgspec

from wire.policy_bodies import (
    Assurance,
    DateException,
    DaySpan,
    EntryState,
    GrantBody,
    PersonFlagsBody,
    ScheduleBody,
    WeekSpan,
)


class CardState(StrEnum):
    """What became of a card."""

    ACTIVE = "active"
    LOST = "lost"
    """Reported lost: blocked at once, may be found again."""
    BLOCKED = "blocked"
    WITHDRAWN = "withdrawn"
    """Given back or destroyed: never active again."""

    @property
    def entry_state(self) -> EntryState:
        """What the edge is told."""
        return _CARD_ENTRY_STATE[self]


_CARD_ENTRY_STATE = {
    CardState.ACTIVE: EntryState.ACTIVE,
    CardState.LOST: EntryState.BLOCKED,
    CardState.BLOCKED: EntryState.BLOCKED,
    CardState.WITHDRAWN: EntryState.REVOKED,
}


class CalendarSource(StrEnum):
    """From where a holiday calendar takes its dates, beside its own."""

    NONE = "none"
    NATIONAL = "national"
    """National holidays of Japan, with substitute holidays and days between two holidays
    (国民の祝日に関する法律, 3条)."""
    JAPAN = "japan"
    """National holidays of Japan, and 29 December to 3 January, when offices are closed."""


class NamedDay(msgspec.Struct, frozen=True):
    """A date with its name."""

    day: date
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the town knows; `staff_number` for its own staff, `organisation` for whom an
    outsider works. Outside `[starts_at, ends_at)` nothing lets them in. `forgiven` counts how often
    it was forgotten where they are, `forgiven_at` the last time."""

    id: str
    name: str
    name_kana: str
    name_en: str
    staff_number: str | None
    organisation: str
    state: EntryState
    anti_passback_exempt: bool
    long_unlock: bool
    starts_at: datetime | None
    ends_at: datetime | None
    forgiven: int
    forgiven_at: datetime | None
    created_at: datetime
    updated_at: datetime

    def state_at(self, now: datetime) -> EntryState:
        """Their state, within their time and outside of it."""
        begun = self.starts_at is None or self.starts_at <= now
        over = self.ends_at is not None and self.ends_at <= now
        if self.state is EntryState.ACTIVE and (over or not begun):
            return EntryState.BLOCKED
        return self.state

    def next_turn(self, now: datetime) -> datetime | None:
        """When their time begins or ends next, if it does."""
        return min((at for at in (self.starts_at, self.ends_at) if at and at > now), default=None)

    def body(self, groups: tuple[str, ...], now: datetime) -> PersonFlagsBody:
        """What the edge is told now; `groups` are the ids of their groups, sorted."""
        return PersonFlagsBody(
            state=self.state_at(now),
            groups=groups,
            anti_passback_exempt=self.anti_passback_exempt,
            forgiven=self.forgiven,
            long_unlock=self.long_unlock,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """People who are granted things together."""

    id: str
    name: str
    name_en: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A card. Its id is its credential id at the edge.

    `identity` is sealed (`HubKeys.unseal(identity, f"cards:{id}")` gives the bytes);
    `identity_index` is the blind index by which it is found; `label` is printed on it or given by
    the clerk, never part of its number. `public_key`: uncompressed P-256 point, base64.
    From `valid_until` on it opens nothing. `replaces_id` is the card in whose place it came,
    `assurance` what the reader (`reader_id`) vouched for at which it was enrolled; both None for
    one that was typed in. `shared_key` is sealed (`hub.people.card_key_domain.card_key_row`): the
    16 bytes that the card shares with us, made from the master `key_version` of `key_set_id`, or
    its own where that is None.
    """

    id: str
    person_id: str | None
    namespace: str
    identity: bytes = field(repr=False)
    identity_index: str = field(repr=False)
    label: str
    profile: str | None
    public_key: str | None
    state: CardState
    state_reason: str
    state_changed_at: datetime
    valid_until: datetime | None
    replaces_id: str | None
    assurance: Assurance | None
    reader_id: str | None
    key_set_id: str | None
    key_version: int | None
    shared_key: bytes | None = field(repr=False)
    created_at: datetime
    updated_at: datetime

    @property
    def has_key(self) -> bool:
        """Whether it shares a key with us."""
        return self.shared_key is not None

    def is_over(self, now: datetime) -> bool:
        """Whether its end has come."""
        return self.valid_until is not None and self.valid_until <= now


@dataclass(frozen=True, slots=True)
class Grant:
    """Joins exactly one of person, group and card to exactly one of door and zone, in a window
    `[start_at, end_at)` and by a schedule, where given. A grant to a zone counts at every way
    into it, and out of it where that leads into no other zone; also at a door put there later.

    With `max_uses` it opens so often, in all; a group's members share the count. `soft` says that
    somebody asked for a count which each controller keeps for itself (`hub.people.use_limits`).
    With `escorts`, ids of persons or groups, it opens only within `escort_s` after one of them.
    """

    id: str
    door_id: str | None
    zone_id: str | None
    person_id: str | None
    group_id: str | None
    card_id: str | None
    start_at: datetime | None
    end_at: datetime | None
    schedule_id: str | None
    needs_pin: bool
    first_person: bool
    max_uses: int | None
    soft: bool
    escorts: tuple[str, ...]
    escort_s: int
    state: EntryState
    note: str
    created_at: datetime
    updated_at: datetime

    @property
    def subject(self) -> str:
        """The id of whom or what it lets in: person, group or card."""
        return self.person_id or self.group_id or self.card_id or ""

    def body(self) -> GrantBody:
        """What the edge is told."""
        return GrantBody(
            door=self.door_id,
            zone=self.zone_id,
            person=self.person_id,
            group=self.group_id,
            credential=self.card_id,
            start=self.start_at,
            end=self.end_at,
            schedule=self.schedule_id,
            state=self.state,
            needs_pin=self.needs_pin,
            first_person=self.first_person,
            max_uses=self.max_uses,
            escorts=self.escorts,
            escort_s=self.escort_s,
        )


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something holds, in its own time zone."""

    id: str
    name: str
    name_en: str
    tz: str
    week: tuple[WeekSpan, ...]
    calendar_id: str | None
    holiday_spans: tuple[DaySpan, ...]
    exceptions: tuple[DateException, ...]
    created_at: datetime
    updated_at: datetime

    def body(self) -> ScheduleBody:
        """What the edge is told."""
        return ScheduleBody(
            tz=self.tz,
            week=self.week,
            calendar=self.calendar_id,
            holiday_spans=self.holiday_spans,
            exceptions=self.exceptions,
        )


@dataclass(frozen=True, slots=True)
class Calendar:
    """A holiday calendar: a source, days added and days that are no holiday here.

    `hub.people.holiday_dates.dates_of(calendar, first, last)` gives its dates.
    """

    id: str
    name: str
    name_en: str
    source: CalendarSource
    added: tuple[NamedDay, ...]
    removed: tuple[date, ...]
    created_at: datetime
    updated_at: datetime
