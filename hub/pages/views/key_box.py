"""A key box as people read it: its last visit, battery and clock as of then, and what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from hub.keyboxes.domain import BoxState, KeyBox
from hub.keyboxes.log_repository import TicketMade, Visit
from hub.keyboxes.service import BoxSheet, Concerned
from hub.pages.views.door import AlarmLine, Chip
from hub.pages.views.entry import EntryLine
from hub.pages.words import Words
from wire.keybox_keys import date_of

DRIFT_PPM: Final = 20
"""How fast the doubt of a box's clock grows at most, to either side."""


@dataclass(frozen=True, slots=True)
class BoxLine:
    """A box in the list."""

    id: str
    name: str
    place: str
    chip: Chip
    visit: str
    battery: str
    clock: str
    living: str
    is_due: bool


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit."""

    day: str
    by: str
    records: str
    clock: str
    lost: str


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket that was made: for which day, by whom, for what."""

    day: str
    by: str
    purpose: str


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A booking that has a code of the box."""

    booking_id: str
    name: str
    span: str
    shown: bool


@dataclass(frozen=True, slots=True)
class BoxPage:
    """A box's page."""

    line: BoxLine
    site: str
    key_holder: str
    digits: str
    firmware: str
    log: str
    secrets: str
    stream_at: int
    today: str
    may_service: bool
    has_battery: bool
    """Whether the battery's own page tells more, to whoever may read it."""
    codes: tuple[CodeLine, ...]
    visits: tuple[VisitLine, ...]
    tickets: tuple[TicketLine, ...]
    entries: tuple[EntryLine, ...]
    alarms: tuple[AlarmLine, ...]


def box_line(sheet: BoxSheet, words: Words) -> BoxLine:
    """Give a box's line."""
    box, state = sheet.box, sheet.state
    return BoxLine(
        id=box.id,
        name=words.name(box.name, box.name_en),
        place=box.place,
        chip=_chip(sheet, words),
        visit=_visit(state, words),
        battery=_battery(state, words),
        clock=_clock(box, state, words),
        living=words.t("key_box.living", count=sheet.living),
        is_due=state.visit_due_at(box) <= words.now,
    )


def _chip(sheet: BoxSheet, words: Words) -> Chip:
    """The one thing to know first: it is open, jammed, waits for secrets, or is due."""
    box, state = sheet.box, sheet.state
    if state.tamper_since:
        return Chip("bad", "alert", words.t("alarm.tamper"))
    if state.jammed_since:
        return Chip("bad", "alert", words.t("alarm.lock_jammed"))
    if box.device_version == 0:
        return Chip("warn", "gear", words.t("key_box.not_set_up"))
    if state.visit_due_at(box) <= words.now:
        return Chip("warn", "clock", words.t("key_box.due"))
    if state.key_absent_since:
        return Chip(
            "", "key", words.t("key_box.key_absent", time=words.when(state.key_absent_since))
        )
    return Chip("good", "check", words.t("key_box.fine"))


def _visit(state: BoxState, words: Words) -> str:
    if state.last_visit_at is None:
        return words.t("key_box.never_visited")
    return words.day(words.day_of(state.last_visit_at))


def _battery(state: BoxState, words: Words) -> str:
    if state.battery_mv is None or state.battery_at is None:
        return words.t("words.unknown")
    volts = f"{state.battery_mv / 1000:.2f}"
    return words.t("key_box.volts", volts=volts, time=words.when(state.battery_at))


def clock_doubt(box: KeyBox, state: BoxState, now: datetime) -> timedelta | None:
    """How far off the box's clock may be now: what was left when it was set, and what it can have
    drifted since, at most what its profile admits. None where it was never set."""
    if state.clock_set_at is None or state.clock_error_ms is None:
        return None
    drift = (now - state.clock_set_at) * DRIFT_PPM / 1_000_000
    doubt = timedelta(milliseconds=state.clock_error_ms) + max(drift, timedelta(0))
    return min(doubt, timedelta(seconds=box.its_profile.drift_s))


def _clock(box: KeyBox, state: BoxState, words: Words) -> str:
    doubt = clock_doubt(box, state, words.now)
    if doubt is None:
        return words.t("key_box.clock_unknown")
    seconds = ceil(doubt.total_seconds())
    if seconds < 60:
        return words.t("key_box.clock_seconds", seconds=seconds)
    return words.t("key_box.clock_minutes", minutes=ceil(seconds / 60))


def visit_line(visit: Visit, controllers: Mapping[str, str], words: Words) -> VisitLine:
    """Give a visit's line."""
    clock = ""
    if visit.clock_offset_ms is not None:
        clock = words.t("key_box.was_off", seconds=round(visit.clock_offset_ms / 1000))
    return VisitLine(
        day=words.day(date_of(visit.day)),
        by=controllers.get(visit.collected_by, words.t("words.unknown")),
        records=words.t("key_box.records", count=visit.records),
        clock=clock,
        lost=words.t("key_box.lost", count=visit.lost) if visit.lost else "",
    )


def ticket_line(made: TicketMade, names: Mapping[str, str], words: Words) -> TicketLine:
    """Give a ticket's line."""
    by = names.get(made.actor, words.t("entries.staff_member"))
    return TicketLine(words.day(date_of(made.day)), by, made.purpose)


def code_lines(
    found: Sequence[Concerned], names: Mapping[str, str], words: Words
) -> tuple[CodeLine, ...]:
    """Give the bookings that have codes, by their window."""
    return tuple(
        CodeLine(
            booking_id=each.booking_id,
            name=names.get(each.booking_id) or each.reservation_key,
            span=f"{words.day(words.day_of(each.opens[0]))} {words.span(*each.opens)}",
            shown=each.was_revealed,
        )
        for each in found
    )


def log_text(sheet: BoxSheet, words: Words) -> str:
    """How far the box's log is in the hub."""
    if sheet.position is None:
        return words.t("key_box.no_log")
    return words.t("key_box.log_through", through=sheet.position.through)


def secrets_text(sheet: BoxSheet, words: Words) -> str:
    """Whether secrets wait for the next visit."""
    if sheet.pending_version is not None:
        return words.t("key_box.secrets_waiting")
    return words.t("key_box.secrets_in_place")
