"""Why a date came out as it did, and what one would apply for: shared by months and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from hub.pages.words import Words
from hub.worktime.domain import DayNote, DayResult

APPLY: Mapping[DayNote, tuple[str, ...]] = {
    DayNote.MISSING_PUNCH: ("punch",),
    DayNote.ABSENT: ("punch", "leave"),
    DayNote.LATE: ("leave",),
    DayNote.LEFT_EARLY: ("leave",),
    DayNote.PRESENT_WITHOUT_ORDER: ("overtime_after",),
    DayNote.EARLY_ARRIVAL: ("overtime_after",),
    DayNote.ORDER_WITHOUT_PRESENCE: ("punch",),
}
"""What one applies for where a date says this: on one without any punch nobody but they know
whether they were away or forgot to punch."""
_ASKS = frozenset({DayNote.MISSING_PUNCH, DayNote.ABSENT, DayNote.LATE, DayNote.LEFT_EARLY})
"""What somebody has to do something about before a month is closed."""
_NOT_YET = frozenset({*_ASKS, DayNote.ORDER_WITHOUT_PRESENCE})
_ALWAYS = frozenset({DayNote.MISSING_PUNCH})
_QUIET = frozenset({DayNote.NOT_EMPLOYED})


@dataclass(frozen=True, slots=True)
class Link:
    """Where something can be done about it."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class NoteLine:
    """Why a date came out as it did; `asks`: somebody has to do something about it."""

    text: str
    asks: bool
    apply: tuple[Link, ...]


def note_lines(
    day: DayResult, until: date, words: Words, least_min: int = 0
) -> tuple[NoteLine, ...]:
    """Give why a date came out as it did; on one that is not over nothing is missing yet."""
    over = day.work_date <= until
    quiet = _QUIET | _small(day, least_min)
    lines: list[NoteLine] = []
    offered: set[str] = set()
    for note in day.notes:
        if note in quiet or (not over and note in _NOT_YET and note not in _ALWAYS):
            continue
        kinds = [kind for kind in APPLY.get(note, ()) if kind not in offered]
        offered.update(kinds)
        links = tuple(_apply(kind, day.work_date, words) for kind in kinds)
        lines.append(NoteLine(words.t(f"worktime.note.{note}"), note in _ASKS, links))
    return tuple(lines)


def _small(day: DayResult, least_min: int) -> frozenset[DayNote]:
    """What is too little to be said in a month's table."""
    extra = frozenset({DayNote.PRESENT_WITHOUT_ORDER, DayNote.EARLY_ARRIVAL})
    unmet = frozenset({DayNote.ORDER_WITHOUT_PRESENCE})
    none: frozenset[DayNote] = frozenset()
    return (extra if day.extra_min < least_min else none) | (
        unmet if day.unmet_order_min < least_min else none
    )


def _apply(kind: str, day: date, words: Words) -> Link:
    path = f"/my/applications/new?kind={kind}&date={day.isoformat()}"
    return Link(path, words.t(f"timesheet.apply.{kind}"))
