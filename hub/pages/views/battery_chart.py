"""A battery's chart: its readings, the range of its forecast, and the same in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from hub.batteries.domain import Forecast, Profile, Reading
from hub.pages.words import Words

_POINTS = 120


@dataclass(frozen=True, slots=True)
class Chart:
    """A line with the forecast's range, in percent of its width and height; `text` says the same.

    `line` are points `x,y`; `range_x`, `range_width` and `median_x` are None without a forecast.
    """

    line: str
    cutoff_y: float | None
    range_x: float | None
    range_width: float | None
    median_x: float | None
    first: str
    last: str
    top: str
    bottom: str
    text: str


def chart(
    course: Sequence[tuple[int, int]],
    made: Forecast | None,
    profile: Profile | None,
    words: Words,
) -> Chart | None:
    """Draw readings and range into a box of 100 by 100; None for fewer than two points."""
    if len(course) < 2:
        return None
    given = made if made is not None and made.latest is not None else None
    cutoff = profile.cutoff_mv if profile else None
    start = course[0][0]
    ends = [course[-1][0]]
    if given is not None and given.latest is not None:
        # A range that goes on for years would leave the readings no room.
        ends.append(min(int(given.latest.timestamp()), start + 4 * max(ends[0] - start, 86400)))
    span = max(max(ends) - start, 1)
    shown = [mv for _, mv in course] + ([cutoff] if cutoff else [])
    low, high = min(shown), max(shown)
    room = max(high - low, 100)

    def x(second: float) -> float:
        return round(100 * min(max((second - start) / span, 0), 1), 2)

    def y(millivolts: float) -> float:
        return round(94 - 88 * (millivolts - low) / room, 2)

    first = last = middle = None
    if given is not None and given.earliest and given.median and given.latest:
        first, last = x(given.earliest.timestamp()), x(given.latest.timestamp())
        middle = x(given.median.timestamp())
    return Chart(
        line=" ".join(f"{x(second)},{y(mv)}" for second, mv in course),
        cutoff_y=y(cutoff) if cutoff else None,
        range_x=first,
        range_width=round(max((last or 0) - first, 1), 2) if first is not None else None,
        median_x=middle,
        first=date_of(_instant(start), words),
        last=date_of(_instant(start + span), words),
        top=volts(high, words),
        bottom=volts(low, words),
        text=_chart_text(course, given, words),
    )


def course_of(readings: Sequence[Reading]) -> list[tuple[int, int]]:
    """Few enough points to draw: medians of neighbours."""
    size = max(1, -(-len(readings) // _POINTS))
    groups = [readings[i : i + size] for i in range(0, len(readings), size)]
    return [
        (
            int(group[len(group) // 2].at.timestamp()),
            round(median(each.millivolts for each in group)),
        )
        for group in groups
    ]


def volts(millivolts: int, words: Words) -> str:
    """`5.61 V`."""
    return words.t("batteries.volts", volts=f"{millivolts / 1000:.2f}")


def date_of(instant: datetime, words: Words) -> str:
    """The day, with its year where that is another."""
    day = words.day_of(instant)
    if day.year == words.today.year:
        return words.day(day)
    return f"{day:%Y-%m-%d}"


def _chart_text(course: Sequence[tuple[int, int]], made: Forecast | None, words: Words) -> str:
    (start, first_mv), (end, last_mv) = course[0], course[-1]
    text = words.t(
        "battery.chart_text",
        first=date_of(_instant(start), words),
        from_volts=f"{first_mv / 1000:.2f}",
        last=date_of(_instant(end), words),
        to_volts=f"{last_mv / 1000:.2f}",
    )
    if made is None or made.earliest is None or made.latest is None:
        return text
    span = words.t(
        "battery.chart_range", first=date_of(made.earliest, words), last=date_of(made.latest, words)
    )
    return f"{text} {span}" if words.english else text + span


def _instant(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)
