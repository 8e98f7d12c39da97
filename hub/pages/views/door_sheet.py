"""A door's own page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.commands.repository import DoorCommand, OrderRow
from hub.commands.states import OVER, CommandState
from hub.commands.ways import Access, AccessBy
from hub.entries.domain import Entry
from hub.entries.doors import DoorState
from hub.pages.views.booking import BookingLine
from hub.pages.views.choice import Choice
from hub.pages.views.door import AlarmLine, Chip, DeviceLine
from hub.pages.views.door_rules import DoorRules
from hub.pages.views.door_safety import DoorSafety
from hub.pages.views.entry import BY_SCHEDULE, EntryLine
from hub.pages.words import Words
from wire.events import Observed, TryKind
from wire.policy_bodies import DoorMode

_OUTCOMES: Mapping[CommandState, tuple[str, str]] = {
    CommandState.SENT: ("wait", "clock"),
    CommandState.RECEIVED: ("wait", "clock"),
    CommandState.DONE: ("good", "check"),
    CommandState.FAILED: ("bad", "alert"),
    CommandState.EXPIRED: ("warn", "clock"),
    CommandState.UNKNOWN: ("warn", "question"),
}
_ACCESS_ICONS = {
    AccessBy.CARD: "card",
    AccessBy.PIN: "keypad",
    AccessBy.SCHEDULE: "door_open",
}
HOLD_MINUTES = (30, 60, 120, 240, 480)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of a remote unlock."""

    id: str
    tone: str
    icon: str
    title: str
    detail: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class AccessLine:
    """Somebody who could open the door now, and by what."""

    icon: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class DoorSheet:
    """Everything a door's page shows. `access` is None for those who may not read grants."""

    id: str
    name: str
    site: str
    stream_at: int
    chip: Chip | None
    icon: str
    leaf: str
    leaf_since: str
    bolt: str
    bolt_since: str
    mode: str
    mode_detail: str
    link: Chip
    link_since: str
    safety: DoorSafety
    rules: DoorRules
    is_connected: bool
    may_unlock: bool
    may_mode: bool
    order: bool
    alarms: tuple[AlarmLine, ...]
    devices: tuple[DeviceLine, ...]
    bookings: tuple[BookingLine, ...]
    entries: tuple[EntryLine, ...]
    access: tuple[AccessLine, ...] | None
    barred: str
    """Why nobody can open it now, whatever they hold; empty where no mode forbids it."""
    paused: tuple[str, ...]
    """Readers that take no PIN now, and until when."""


def outcome_of(command: DoorCommand, words: Words) -> Outcome:
    """Give what is known of a command now."""
    tone, icon = _OUTCOMES[command.state]
    at = command.ended_at or command.received_at or command.sent_at
    told = [words.second(at), command.reason]
    signalled = command.state is CommandState.UNKNOWN and command.observed is Observed.OUTPUT_ON
    if command.observed not in (None, Observed.NOTHING) and not signalled:
        told.insert(0, words.t(f"followed.{command.observed}"))
    if command.state is CommandState.FAILED and command.cause is not None:
        told.insert(0, words.t(f"reason.{command.cause}"))
    return Outcome(
        id=command.id,
        tone=tone,
        icon=icon,
        title=words.t(f"command.{'unconfirmed' if signalled else command.state}"),
        detail=words.t("words.comma").join(filter(None, told)),
        is_over=command.state in OVER,
    )


def mode_words(state: DoorState, ordered: OrderRow | None, words: Words) -> tuple[str, str]:
    """The mode the door follows, and what to know of it: until when, that a schedule holds it, or
    that an order is on its way. What a schedule holds nobody ordered: it waits for nothing."""
    followed = state.mode
    name = words.t(f"mode.{followed.mode}" if followed else "mode.normal")
    obeyed = {each.order for each in state.modes} - {BY_SCHEDULE}
    if ordered is not None and ordered.order_no not in obeyed:
        return name, f"{words.t(f'mode.{ordered.mode}')} {words.t('door.pending')}"
    if ordered is None and obeyed:
        return name, f"{words.t('mode.normal')} {words.t('door.pending')}"
    if followed is not None and followed.order == BY_SCHEDULE:
        return name, words.t("entries.by_schedule")
    if ordered is not None and ordered.expires_at is not None:
        return name, words.t("words.until", time=words.when(ordered.expires_at))
    return name, ""


def barred(state: DoorState, words: Words) -> str:
    """Say by which mode nobody gets in, PIN or card; empty for none."""
    if state.mode is None or state.mode.mode not in (DoorMode.LOCKED, DoorMode.LOCKDOWN):
        return ""
    return words.t("door.barred", mode=words.t(f"mode.{state.mode.mode}"))


def paused_lines(
    lockouts: Sequence[Entry], readers: Mapping[str, str], words: Words
) -> tuple[str, ...]:
    """Give each reader that still refuses PINs after too many wrong ones, with the end of it."""
    ends: dict[str, datetime] = {}
    for entry in lockouts:
        if entry.cause == TryKind.CARD:
            continue
        end = entry.occurred_at + timedelta(seconds=entry.amount or 0)
        reader = entry.reader_id or ""
        ends[reader] = max(end, ends.get(reader, end))
    return tuple(
        words.t("door.paused", reader=readers.get(reader, ""), time=words.when(end)).strip()
        for reader, end in ends.items()
        if end > words.now
    )


def access_lines(
    found: list[Access],
    people: Mapping[str, str],
    bookings: Mapping[str, str],
    words: Words,
) -> tuple[AccessLine, ...]:
    """Give each way in once for each name."""
    lines: dict[tuple[str, str], AccessLine] = {}
    for way in found:
        icon = _ACCESS_ICONS[way.by]
        if way.by is AccessBy.SCHEDULE:
            name, why = words.t("door.everybody"), words.t("door.held_by_schedule")
        elif way.by is AccessBy.PIN:
            name = bookings.get(way.booking_id or "", words.t("entries.booking_holder"))
            why = words.t("reason.pin_valid")
        else:
            name = people.get(way.person_id or "", words.t("entries.staff_member"))
            why = words.t("reason.card_and_pin_valid" if way.needs_pin else "reason.card_valid")
        told = words.t("words.comma").join([why, *_conditions(way, words)])
        lines.setdefault((name, told), AccessLine(icon, name, told))
    return tuple(lines.values())


def _conditions(way: Access, words: Words) -> list[str]:
    """What may still refuse them, and how often they may come."""
    told = [
        words.t("door.only_reported", rule=words.t(f"reason.{each.reason}"))
        if each.soft
        else words.t(f"condition.{each.reason}")
        for each in way.conditions
    ]
    if way.first_person:
        told.insert(0, words.t("door.is_first_person"))
    if way.max_uses is not None:
        told.append(words.t("door.uses", uses=way.uses or 0, max=way.max_uses))
    return told


def hold_choices(now: datetime, words: Words) -> list[Choice]:
    """Until when a door may be held open: a time, never 'for ever'."""
    return [
        Choice(str(minutes), words.t("words.until", time=words.when(_quarter(now, minutes))))
        for minutes in HOLD_MINUTES
    ]


def lock_choices(now: datetime, words: Words) -> list[Choice]:
    """Until when a door may be locked: until undone first."""
    return [Choice("0", words.t("mode_form.until_undone")), *hold_choices(now, words)]


def until(now: datetime, minutes: int) -> datetime | None:
    """Give the instant a choice means; None for until undone."""
    return _quarter(now, minutes) if minutes else None


def _quarter(now: datetime, minutes: int) -> datetime:
    """The next full five minutes after so many minutes: what people read is what is meant."""
    ends = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    return ends + timedelta(minutes=-ends.minute % 5)
