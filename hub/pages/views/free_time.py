"""A facility's day for residents: free spans, a bar, what may be chosen, and the rules. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.bookings.records import Facility
from hub.bookings.tables import Approval
from hub.bookings.windows import BookedWindow, Slot, SlotState, local_day
from hub.pages.views.booking import facility_name
from hub.pages.words import Words

_HOUR = timedelta(hours=1)
BAR_WIDTH = 320


@dataclass(frozen=True, slots=True)
class BarPiece:
    """A stretch of the day's bar; `state` is free, taken or past."""

    x: int
    width: int
    state: str


@dataclass(frozen=True, slots=True)
class BarLabel:
    """An hour under the bar."""

    x: int
    text: str


@dataclass(frozen=True, slots=True)
class DayBar:
    """The day as a bar, `BAR_WIDTH` wide; `title` says in words what it shows."""

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
    tone, icon, summary = _summary(slots, words)
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
        bar=_bar(slots, f"{title} {words.t('words.comma').join(free)}", words) if slots else None,
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


def _summary(slots: Sequence[Slot], words: Words) -> tuple[str, str, str]:
    states = {slot.state for slot in slots}
    if not slots:
        return "", "cross", words.t("book.closed")
    if SlotState.FREE not in states:
        return "", "cross", words.t("book.none_free")
    return "good", "check", words.t("book.some_free" if len(states) > 1 else "book.all_free")


def _bar(slots: Sequence[Slot], title: str, words: Words) -> DayBar:
    start, end = slots[0].window.starts_at, slots[-1].window.ends_at
    whole = end - start

    def place(instant: datetime) -> int:
        return round((instant - start) / whole * BAR_WIDTH)

    pieces = [
        BarPiece(place(run.starts_at), place(run.ends_at) - place(run.starts_at), state.value)
        for state in SlotState
        for run in _runs(slots, state)
    ]
    step = max(1, round(whole / _HOUR / 5))
    hours = [start + each * _HOUR for each in range(0, int(whole / _HOUR), step)]
    labels = [BarLabel(place(hour), words.time(hour)) for hour in hours]
    return DayBar(title, tuple(sorted(pieces, key=lambda piece: piece.x)), tuple(labels))


def _rules(facility: Facility, words: Words) -> tuple[str, ...]:
    t, rules = words.t, facility.rules
    approval = "rule_approval" if facility.approval is Approval.REQUIRED else "rule_at_once"
    return (
        t("book.rule_slot", minutes=rules.slot_min, longest=words.hours(rules.longest_min)),
        t("book.rule_ahead", days=rules.ahead_days),
        t("book.rule_margin", before=rules.margin_before_min, after=rules.margin_after_min),
        t(f"book.{approval}"),
        t("book.rule_cancel"),
    )
