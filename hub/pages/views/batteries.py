"""Batteries as people read them: the list, the route, one battery and its chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from hub.batteries.domain import Change, ChemistryKind, Forecast, Profile, Reading
from hub.batteries.service import BatterySheet, BatteryView, Route
from hub.batteries.standing import BatteryState, WhyUnknown
from hub.pages.views.door import Chip
from hub.pages.words import Words, iso

_CHIPS = {
    BatteryState.LOW: ("bad", "alert"),
    BatteryState.SOON: ("warn", "battery"),
    BatteryState.UNKNOWN: ("warn", "question"),
    BatteryState.NO_FORECAST: ("", "clock"),
    BatteryState.GOOD: ("good", "check"),
}
_NEAR = timedelta(days=60)
"""Nearer days are named; farther ones only by their month."""
_OLD_DAYS = 7
_TABLE_ROWS = 24
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


@dataclass(frozen=True, slots=True)
class BatteryLine:
    """A battery in a list."""

    id: str
    name: str
    site: str
    chip: Chip
    level: str
    left: str
    as_of: str
    when: str
    range: str
    is_dated: bool
    """Whether `when` is a time, and not why none can be said."""
    note: str
    why: str
    pack: str
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class StopCard:
    """A site on the route."""

    number: int
    name: str
    address: str
    batteries: tuple[BatteryLine, ...]


@dataclass(frozen=True, slots=True)
class RouteCard:
    """The route."""

    before: str
    before_text: str
    stops: tuple[StopCard, ...]
    take: tuple[str, ...]
    length: str
    all_placed: bool


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A row of the table beside the chart."""

    day: str
    iso: str
    level: str
    temperature: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of cells."""

    day: str
    how: str
    note: str


@dataclass(frozen=True, slots=True)
class BatteryCard:
    """One battery with its past."""

    line: BatteryLine
    cutoff: str
    temperature: str
    uses: str
    since: str
    chart: Chart | None
    rows: tuple[ReadingRow, ...]
    changes: tuple[ChangeRow, ...]


def battery_line(view: BatteryView, words: Words) -> BatteryLine:
    """Give a battery's line."""
    stands, state = view.standing, view.state
    made = stands.forecast
    silent = stands.why_unknown is WhyUnknown.SILENT
    shown = volts(state.millivolts, words) if state.millivolts is not None else ""
    old = stands.age_days > _OLD_DAYS and made is not None and made.median is not None
    when, span = _when(view, words)
    return BatteryLine(
        id=view.holder.id,
        name=view.holder.name,
        site=words.name(view.site.name, view.site.name_en),
        chip=state_chip(view, words),
        level=shown or words.t("batteries.never"),
        left=_left(made, words) if not silent else "",
        as_of=words.t("batteries.as_of", time=_date_time(state.at, words)) if state.at else "",
        when=when,
        range=span,
        is_dated=stands.state is BatteryState.LOW or bool(made and made.median),
        why=words.t(f"battery_unknown.{stands.why_unknown}") if stands.why_unknown else "",
        note=words.t("batteries.old_forecast", days=stands.age_days) if old else "",
        pack=pack(view.profile, words) if view.profile else "",
        chart=chart(made.course if made else (), made, view.profile, words),
    )


def state_chip(view: BatteryView, words: Words) -> Chip:
    """Give the chip of a state; unknown says since when."""
    stands = view.standing
    tone, icon = _CHIPS[stands.state]
    text = words.t(f"battery_state.{stands.state}")
    if stands.state is BatteryState.UNKNOWN and stands.why_unknown is WhyUnknown.SILENT:
        since = stands.unknown_since
        if since is not None:
            text = words.t("batteries.unknown_since", time=words.day(words.day_of(since)))
    return Chip(tone, icon, text)


def counts(views: Sequence[BatteryView], words: Words) -> tuple[Chip, ...]:
    """Give how many stand how, the most urgent first."""
    found = Counter(each.standing.state for each in views)
    return tuple(
        Chip(
            *_CHIPS[state],
            words.t("batteries.count", state=words.t(f"battery_state.{state}"), count=found[state]),
        )
        for state in BatteryState
        if found[state]
    )


def route_card(route: Route, words: Words) -> RouteCard:
    """Give the route's card."""
    stops = tuple(
        StopCard(
            number,
            words.name(stop.site.name, stop.site.name_en),
            stop.site.address,
            tuple(battery_line(each, words) for each in stop.batteries),
        )
        for number, stop in enumerate(route.stops, 1)
    )
    length = route.length_km
    return RouteCard(
        before=route.before.isoformat(),
        before_text=words.t("batteries.due_before", day=words.day(route.before)),
        stops=stops,
        take=tuple(
            words.t("batteries.take_one", kind=words.t(f"chemistry.{kind}"), count=count)
            for kind, count in sorted(route.cells.items())
        ),
        length=words.t("batteries.length", km=max(1, round(length))) if length else "",
        all_placed=all(stop.site.latitude is not None for stop in route.stops),
    )


def battery_card(sheet: BatterySheet, names: Mapping[str, str], words: Words) -> BatteryCard:
    """Give one battery's card; `names` are those of users by actor."""
    view = sheet.view
    made, state, profile = view.standing.forecast, view.state, view.profile
    since = made.since if made else None
    return BatteryCard(
        line=battery_line(view, words),
        cutoff=volts(profile.cutoff_mv, words) if profile else "",
        temperature=_celsius(state.temperature_dc, words),
        uses=f"{state.uses:,}" if state.uses is not None else "",
        since=_date(since, words) if since else "",
        chart=chart(_course(sheet.readings), made, profile, words),
        rows=_rows(sheet.readings, words),
        changes=tuple(_change(each, names, words) for each in reversed(sheet.changes)),
    )


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
        first=_date(_instant(start), words),
        last=_date(_instant(start + span), words),
        top=volts(high, words),
        bottom=volts(low, words),
        text=_chart_text(course, given, words),
    )


def volts(millivolts: int, words: Words) -> str:
    """`5.61 V`."""
    return words.t("batteries.volts", volts=f"{millivolts / 1000:.2f}")


def pack(profile: Profile, words: Words) -> str:
    """`アルカリ乾電池 4 本`."""
    kind = words.t(f"chemistry.{profile.chemistry}")
    return words.t("battery.pack", kind=kind, cells=profile.cells)


def kinds(words: Words) -> list[tuple[str, str]]:
    """Give every kind of cells with its name."""
    return [(kind.value, words.t(f"chemistry.{kind}")) for kind in ChemistryKind]


def _when(view: BatteryView, words: Words) -> tuple[str, str]:
    """When to replace, and the range; or why that is not said."""
    stands = view.standing
    if stands.state is BatteryState.LOW:
        return words.t("batteries.now"), ""
    made = stands.forecast
    if made is None or made.median is None or made.earliest is None or made.latest is None:
        why = made.why_not if made and made.why_not else "none"
        return words.t(f"battery_why_not.{why}"), ""
    first, last = _about(made.earliest, words), _about(made.latest, words)
    span = first if first == last else words.t("batteries.range", first=first, last=last)
    return words.t("batteries.median", day=_about(made.median, words)), span


def _left(made: Forecast | None, words: Words) -> str:
    if made is None or made.left is None:
        return ""
    return words.t("batteries.left", percent=round(made.left * 100))


def _about(instant: datetime, words: Words) -> str:
    day = words.day_of(instant)
    return words.day(day) if abs(instant - words.now) < _NEAR else words.month(day)


def _date(instant: datetime, words: Words) -> str:
    """The day, with its year where that is another."""
    day = words.day_of(instant)
    if day.year == words.today.year:
        return words.day(day)
    return f"{day:%Y-%m-%d}"


def _date_time(instant: datetime, words: Words) -> str:
    if words.day_of(instant).year != words.today.year:
        return _date(instant, words)
    return words.when(instant)


def _instant(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _celsius(temperature_dc: int | None, words: Words) -> str:
    if temperature_dc is None:
        return ""
    return words.t("battery.celsius", celsius=f"{temperature_dc / 10:.1f}")


def _chart_text(course: Sequence[tuple[int, int]], made: Forecast | None, words: Words) -> str:
    (start, first_mv), (end, last_mv) = course[0], course[-1]
    text = words.t(
        "battery.chart_text",
        first=_date(_instant(start), words),
        from_volts=f"{first_mv / 1000:.2f}",
        last=_date(_instant(end), words),
        to_volts=f"{last_mv / 1000:.2f}",
    )
    if made is None or made.earliest is None or made.latest is None:
        return text
    span = words.t(
        "battery.chart_range", first=_date(made.earliest, words), last=_date(made.latest, words)
    )
    return f"{text} {span}" if words.english else text + span


def _course(readings: Sequence[Reading]) -> list[tuple[int, int]]:
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


def _rows(readings: Sequence[Reading], words: Words) -> tuple[ReadingRow, ...]:
    """The newest first, spread over the whole life."""
    step = max(1, -(-len(readings) // _TABLE_ROWS))
    return tuple(
        ReadingRow(
            _date(each.at, words),
            iso(each.at),
            volts(each.millivolts, words),
            _celsius(each.temperature_dc, words),
        )
        for each in list(reversed(readings))[::step]
    )


def _change(change: Change, names: Mapping[str, str], words: Words) -> ChangeRow:
    how = words.t("battery.inferred")
    if not change.inferred:
        who = names.get(change.by or "", "")
        how = words.t("battery.recorded", who=who) if who else words.t("battery.recorded_plain")
    kind = words.t(f"chemistry.{change.chemistry}") if change.chemistry else ""
    notes = [each for each in (kind, change.note) if each]
    return ChangeRow(_date(change.at, words), how, words.t("words.comma").join(notes))
