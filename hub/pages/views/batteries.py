"""Batteries as people read them: the list, the route, one battery and its chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.batteries.domain import Change, ChemistryKind, Forecast, Profile, Reading
from hub.batteries.service import BatterySheet, BatteryView, Route
from hub.batteries.standing import BatteryState, WhyUnknown
from hub.pages.views.battery_chart import Chart, chart, course_of, date_of, volts
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
        since=date_of(since, words) if since else "",
        chart=chart(course_of(sheet.readings), made, profile, words),
        rows=_rows(sheet.readings, words),
        changes=tuple(_change(each, names, words) for each in reversed(sheet.changes)),
    )


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


def _date_time(instant: datetime, words: Words) -> str:
    if words.day_of(instant).year != words.today.year:
        return date_of(instant, words)
    return words.when(instant)


def _celsius(temperature_dc: int | None, words: Words) -> str:
    if temperature_dc is None:
        return ""
    return words.t("battery.celsius", celsius=f"{temperature_dc / 10:.1f}")


def _rows(readings: Sequence[Reading], words: Words) -> tuple[ReadingRow, ...]:
    """The newest first, spread over the whole life."""
    step = max(1, -(-len(readings) // _TABLE_ROWS))
    return tuple(
        ReadingRow(
            date_of(each.at, words),
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
    return ChangeRow(date_of(change.at, words), how, words.t("words.comma").join(notes))
