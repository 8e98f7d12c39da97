"""A facility's day for residents: free spans, a bar, what may be chosen, and the rules. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.bookings.records import Facility
from hub.bookings.tables import Approval, Payment
from hub.bookings.windows import BookedWindow, Slot, SlotState, local_day
from hub.pages.views.booking import facility_name
from hub.pages.words import Words

_HOUR = timedelta(hours=1)
_NIGHT_ENDS_H = 6
_LABELS_H = (1, 2, 3, 4, 6)
_STRETCHES_MAX = 5
_APART = 20.0
"""Percent of the bar's width: on a phone a time takes 13, and those at the ends stand inside."""


@dataclass(frozen=True, slots=True)
class BarPiece:
    """A stretch of the day's bar, in percent of its width; `state` is free, taken or past."""

    x: float
    width: float
    state: str


@dataclass(frozen=True, slots=True)
class BarLabel:
    """A time under the bar, at percent of its width; `anchor` is start, middle or end."""

    x: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class DayBar:
    """The day as a bar; `title` says in words what it shows."""

    title: str
    pieces: tuple[BarPiece, ...]
    labels: tuple[BarLabel, ...]


@dataclass(frozen=True, slots=True)
class FacilityDay:
    """A facility on one day."""

    id: str
    name: str
    day: str
    day_text: str
    tone: str
    icon: str
    summary: str
    free: tuple[str, ...]
    bar: DayBar | None
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    rules: tuple[str, ...]
    phone: str


def facility_day(facility: Facility, day: date, slots: Sequence[Slot], words: Words) -> FacilityDay:
    """Give what residents see of a facility's day."""
    spans = _runs(slots, SlotState.FREE)
    free = tuple(words.span(span.starts_at, span.ends_at) for span in spans)
    tone, icon, summary = _summary(facility, day, slots, words)
    name = facility_name(facility, words)
    title = words.t("book.bar_title", date=words.day(day))
    return FacilityDay(
        id=facility.id,
        name=name,
        day=day.isoformat(),
        day_text=words.day(day),
        tone=tone,
        icon=icon,
        summary=summary,
        free=free,
        bar=_bar(facility, slots, f"{title} {words.t('words.comma').join(free)}", words)
        if slots
        else None,
        starts=tuple(words.time(s.window.starts_at) for s in _free(slots)),
        ends=tuple(_end(s.window.ends_at, day, words) for s in _free(slots)),
        rules=_rules(facility, words),
        phone=facility.phone,
    )


def chosen_window(day: date, start: str, end: str, words: Words) -> BookedWindow | None:
    """Read `18:00` and `20:30` (an end of `24:00` is midnight) as a window of that day; None for
    what is no time."""
    first, last = _minutes(start), _minutes(end)
    if first is None or last is None:
        return None
    midnight = local_day(day, words.zone).starts_at
    return BookedWindow(midnight + timedelta(minutes=first), midnight + timedelta(minutes=last))


def _minutes(text: str) -> int | None:
    hour, colon, minute = text.partition(":")
    if not colon or not (hour.isascii() and minute.isascii()):
        return None
    if not (hour.isdigit() and minute.isdigit() and len(hour) <= 2 and len(minute) == 2):
        return None
    minutes = int(hour) * 60 + int(minute)
    return minutes if int(minute) < 60 and minutes <= 24 * 60 else None


def _free(slots: Sequence[Slot]) -> list[Slot]:
    return [slot for slot in slots if slot.state is SlotState.FREE]


def _end(instant: datetime, day: date, words: Words) -> str:
    return "24:00" if words.day_of(instant) != day else words.time(instant)


def _runs(slots: Sequence[Slot], state: SlotState) -> list[BookedWindow]:
    """Join adjoining slots of one state."""
    runs: list[BookedWindow] = []
    for slot in slots:
        if slot.state is not state:
            continue
        if runs and runs[-1].ends_at == slot.window.starts_at:
            runs[-1] = BookedWindow(runs[-1].starts_at, slot.window.ends_at)
        else:
            runs.append(slot.window)
    return runs


def _summary(
    facility: Facility, day: date, slots: Sequence[Slot], words: Words
) -> tuple[str, str, str]:
    states = {slot.state for slot in slots}
    if day < words.today:
        return "", "clock", words.t("book.day_past")
    if local_day(day, words.zone).starts_at > words.now + timedelta(days=facility.rules.ahead_days):
        return "", "clock", words.t("book.too_far")
    if not slots:
        return "", "cross", words.t("book.closed")
    if SlotState.FREE not in states:
        return "", "cross", words.t("book.none_free")
    return "good", "check", words.t("book.some_free" if len(states) > 1 else "book.all_free")


def _bar(facility: Facility, slots: Sequence[Slot], title: str, words: Words) -> DayBar:
    shown = slots if facility.rules.opening else _by_day(slots, words)
    start, end = shown[0].window.starts_at, shown[-1].window.ends_at
    whole = end - start

    def place(instant: datetime) -> float:
        return round((instant - start) / whole * 100, 2)

    pieces = [
        BarPiece(
            place(run.starts_at), round(place(run.ends_at) - place(run.starts_at), 2), state.value
        )
        for state in SlotState
        for run in _runs(shown, state)
    ]
    day = words.day_of(start)
    step = next((h for h in _LABELS_H if whole <= h * _HOUR * _STRETCHES_MAX), _LABELS_H[-1])
    full = start.astimezone(words.zone).replace(minute=0)
    hours = [full + each * _HOUR for each in range(int(whole / _HOUR) + 2)]
    between = [
        BarLabel(place(hour), words.time(hour), "middle")
        for hour in hours
        if hour.hour % step == 0 and _APART <= place(hour) <= 100 - _APART
    ]
    first = BarLabel(0.0, words.time(start), "start")
    last = BarLabel(100.0, _end(end, day, words), "end")
    return DayBar(title, tuple(sorted(pieces, key=lambda piece: piece.x)), (first, *between, last))


def _by_day(slots: Sequence[Slot], words: Words) -> Sequence[Slot]:
    """Where no opening hours are set, the bar begins in the morning unless the night is booked."""
    morning = [
        slot for slot in slots if slot.window.starts_at.astimezone(words.zone).hour >= _NIGHT_ENDS_H
    ]
    night = slots[: len(slots) - len(morning)]
    return slots if any(slot.state is SlotState.TAKEN for slot in night) else morning or slots


def _rules(facility: Facility, words: Words) -> tuple[str, ...]:
    t, rules = words.t, facility.rules
    pay = () if facility.payment is Payment.NONE else (t("book.rule_pay"),)
    at_once = "rule_at_once_unpaid" if pay else "rule_at_once"
    approval = "rule_approval" if facility.approval is Approval.REQUIRED else at_once
    return (
        t("book.rule_slot", minutes=rules.slot_min, longest=words.hours(rules.longest_min)),
        t("book.rule_ahead", days=rules.ahead_days),
        t("book.rule_margin", before=rules.margin_before_min, after=rules.margin_after_min),
        t(f"book.{approval}"),
        *pay,
        t("book.rule_cancel"),
    )
