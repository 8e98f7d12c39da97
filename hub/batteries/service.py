"""What the routes and pages ask of batteries, within what a principal may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from hub.audit.service import record
from hub.batteries import repository
from hub.batteries.domain import Change, ChemistryKind, HeardBy, Profile, Reading
from hub.batteries.reckoning import reckon, reckoned_forecast
from hub.batteries.records import Holder, Known, State
from hub.batteries.route import Stop, Tour, tour
from hub.batteries.standing import BatteryState, Standing, WhyUnknown, standing
from hub.database.scope import Scope
from hub.sites import repository as sites
from hub.sites.domain import Site
from hub.sites.tables import sites as site_rows
from hub.web.core import Core
from hub.web.paging import Page, page_of
from hub.web.problems import NOT_FOUND, Problem, invalid
from hub.web.rights import Principal

READINGS_SHOWN = 2000
_FRESH_MAX = 50
"""Forecasts made while somebody waits; the chore makes the others."""
_SITES_MAX = 5000
_EARLIEST = timedelta(days=20 * 365)


@dataclass(frozen=True, slots=True)
class BatteryView:
    """One battery as it stands."""

    holder: Holder
    site: Site
    profile: Profile | None
    state: State
    standing: Standing


@dataclass(frozen=True, slots=True)
class BatterySheet:
    """One battery with its past."""

    view: BatteryView
    changes: tuple[Change, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class BatteryFilter:
    """Which batteries to list."""

    site_id: str | None = None
    state: BatteryState | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class RouteStop:
    """A site to drive to, and the cells to take along."""

    site: Site
    batteries: tuple[BatteryView, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Sites in the order to drive. `length_km` as the crow flies; None where fewer than two are on
    the map. `cells` are how many of each kind to take along."""

    before: date
    stops: tuple[RouteStop, ...]
    length_km: float | None
    cells: dict[ChemistryKind, int]


class BatteriesService:
    """Reads and writes what is known of batteries."""

    def __init__(self, core: Core) -> None:
        self._core = core

    # --- reading ---------------------------------------------------------------------------

    def every(self, who: Principal, wanted: BatteryFilter | None = None) -> tuple[BatteryView, ...]:
        """Give every battery that somebody may see, by id."""
        with self._core.db.read() as scope:
            return self._views(scope, who, wanted or BatteryFilter(), None)

    def page(
        self, who: Principal, wanted: BatteryFilter, cursor: str | None, limit: int
    ) -> Page[BatteryView]:
        """Give a page of them, by id."""
        with self._core.db.read() as scope:
            found = self._views(scope, who, wanted, cursor)
        return page_of(found[: limit + 1], limit, lambda each: [each.holder.id])

    def sheet(self, who: Principal, device_id: str) -> BatterySheet:
        """Give one battery with its readings since its cells were new, and earlier changes; raise
        `404` for what is none, is not theirs, or never told a level."""
        with self._core.db.read() as scope:
            _reachable(scope, who, device_id)
            found = self._views(scope, who, BatteryFilter(), None, device_id)
            if not found:
                raise Problem(NOT_FOUND, "nothing is known of this device's battery")
            changes = repository.changes_of(scope, device_id)
            since = changes[-1].at if changes else None
            readings = repository.readings_of(scope, device_id, since, READINGS_SHOWN)
        return BatterySheet(found[0], changes, readings)

    def due(self, who: Principal, before: date) -> tuple[BatteryView, ...]:
        """Give those to replace before a date: low, or the range of the forecast begins before."""
        end = self._start_of(before)
        return tuple(each for each in self.every(who) if each.standing.due_before(end))

    def due_this_month(self, who: Principal) -> tuple[BatteryView, ...]:
        """Give those to replace before the month is over."""
        return self.due(who, self.next_month())

    def next_month(self) -> date:
        """Give the first day of the next month in the town."""
        today = self._core.clock.now().astimezone(self._core.settings.town.zone).date()
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1)

    def route(self, who: Principal, before: date, start_site: str | None = None) -> Route:
        """Give the sites to drive to before a date, in order, from a site if one is named. What
        is silent and has no forecast is on the list too: nobody can call it good."""
        end = self._start_of(before)
        by_site: dict[str, list[BatteryView]] = defaultdict(list)
        for each in self.every(who):
            if each.standing.due_before(end) or needs_a_look(each):
                by_site[each.site.id].append(each)
        with self._core.db.read() as scope:
            begin = sites.site(scope, start_site) if start_site else None
        if start_site and (begin is None or not who.reaches(start_site)):
            raise invalid("start", "unknown", "no such site")
        found = {views[0].site.id: views[0].site for views in by_site.values()}
        way = tour([_stop(site) for site in found.values()], _stop(begin) if begin else None)
        stops = tuple(RouteStop(found[each], _urgent_first(by_site[each])) for each in way.ids)
        placed = [site for site in found.values() if site.latitude is not None]
        cells: dict[ChemistryKind, int] = defaultdict(int)
        for each in (each for stop in stops for each in stop.batteries):
            if each.profile is not None:
                cells[each.profile.chemistry] += each.profile.cells
        return Route(before, stops, _length(way, placed), dict(cells))

    def _start_of(self, day: date) -> datetime:
        if not date(1970, 1, 2) <= day <= date(9998, 12, 31):
            raise invalid("before", "range", "out of range")
        return datetime.combine(day, time(), self._core.settings.town.zone)

    def _views(
        self,
        scope: Scope,
        who: Principal,
        wanted: BatteryFilter,
        cursor: str | None,
        only: str | None = None,
    ) -> tuple[BatteryView, ...]:
        reach = who.sites
        if wanted.site_id is not None:
            reach = frozenset({wanted.site_id}) if who.reaches(wanted.site_id) else frozenset()
        found = repository.known(scope, reach, None if only is None else [only], cursor)
        places = {each.id: each for each in sites.listed(scope, site_rows, Site, _SITES_MAX)}
        views: list[BatteryView] = []
        fresh = 0
        for each in found:
            place = places.get(each.holder.site_id)
            if place is None:
                continue
            late = not each.is_current and fresh < _FRESH_MAX
            fresh += late
            view = self._view(scope, each, place, remake=late)
            if _wanted(view, wanted):
                views.append(view)
        return tuple(views)

    def _view(self, scope: Scope, found: Known, site: Site, *, remake: bool) -> BatteryView:
        state = found.state or State(found.holder.id)
        forecast = found.forecast
        if remake:
            forecast, _ = reckoned_forecast(scope, found.holder.id)
        now = self._core.clock.now()
        stands = standing(found.profile, state.at, state.low_since, forecast, now)
        return BatteryView(found.holder, site, found.profile, state, stands)

    # --- writing ---------------------------------------------------------------------------

    def record_change(
        self,
        who: Principal,
        device_id: str,
        at: datetime | None = None,
        chemistry: ChemistryKind | None = None,
        note: str = "",
    ) -> Change:
        """Record that the cells are new since `at` (None: now). Cells of another chemistry change
        what the device runs on."""
        now = self._core.clock.now()
        at = at or now
        if not now - _EARLIEST <= at <= now:
            raise invalid("at", "range", "not in the future, and not more than 20 years ago")
        change = Change(device_id, at, False, who.actor, chemistry, note, now)

        def work(scope: Scope) -> Change:
            _reachable(scope, who, device_id)
            repository.add_change(scope, self._core.ids.new(), change)
            runs_on = repository.profile(scope, device_id)
            if chemistry is not None and runs_on is not None and chemistry != runs_on.chemistry:
                repository.keep_profile(scope, replace(runs_on, chemistry=chemistry))
            reckon(scope, device_id)
            told = {"at": at.isoformat(), "chemistry": chemistry, "note": note}
            record(scope, now, who, "battery.changed", ("device", device_id), told)
            return change

        return self._core.db.write(work)

    def set_profile(
        self,
        who: Principal,
        device_id: str,
        chemistry: ChemistryKind,
        cells: int,
        cutoff_mv: int,
        heartbeat_s: int,
        heard_by: HeardBy,
    ) -> Profile:
        """Say what a device runs on."""
        profile = Profile(device_id, chemistry, cells, cutoff_mv, heartbeat_s, heard_by)
        now = self._core.clock.now()

        def work(scope: Scope) -> Profile:
            _reachable(scope, who, device_id)
            before = repository.profile(scope, device_id)
            if before == profile:
                return profile
            repository.keep_profile(scope, profile)
            reckon(scope, device_id)
            told = {"before": _told(before), "after": _told(profile)}
            record(scope, now, who, "battery.profile_set", ("device", device_id), told)
            return profile

        return self._core.db.write(work)


def needs_a_look(view: BatteryView) -> bool:
    """Tell whether only a visit can say how a battery is: it was heard of, is silent now, and
    there is no forecast to go by."""
    stands = view.standing
    median = stands.forecast.median if stands.forecast else None
    return stands.why_unknown is WhyUnknown.SILENT and median is None


def _reachable(scope: Scope, who: Principal, device_id: str) -> None:
    found = repository.holder(scope, device_id)
    if found is None or not who.reaches(found.site_id):
        raise Problem(NOT_FOUND, "no such device")


def _wanted(view: BatteryView, wanted: BatteryFilter) -> bool:
    if wanted.state is not None and view.standing.state is not wanted.state:
        return False
    return wanted.due_before is None or view.standing.due_before(wanted.due_before)


def _urgent_first(views: Sequence[BatteryView]) -> tuple[BatteryView, ...]:
    order = list(BatteryState)
    return tuple(
        sorted(views, key=lambda each: (order.index(each.standing.state), each.holder.name))
    )


def _stop(site: Site) -> Stop:
    return Stop(site.id, site.address or site.name, site.latitude, site.longitude)


def _length(way: Tour, placed: Sequence[Site]) -> float | None:
    return way.length_km if len(placed) > 1 else None


def _told(profile: Profile | None) -> dict[str, object] | None:
    if profile is None:
        return None
    return {name: getattr(profile, name) for name in Profile.__slots__ if name != "device_id"}
