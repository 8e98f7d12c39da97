"""Batteries: what to replace and where to drive, every battery, and one with its forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.batteries.domain import ChemistryKind, HeardBy, Profile
from hub.batteries.service import BatteriesService
from hub.batteries.standing import BatteryState
from hub.database.errors import DuplicateError
from hub.pages.days import day_or
from hub.pages.frame import Speaking, go_to
from hub.pages.naming import user_names
from hub.pages.views.batteries import (
    BatteryCard,
    BatteryLine,
    RouteCard,
    battery_card,
    battery_line,
    counts,
    kinds,
    route_card,
)
from hub.pages.views.choice import Choice
from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.web.core import Core, core_of, provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import INVALID, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Service = Annotated[BatteriesService, provided(BatteriesService)]
Reader = Annotated[Principal, requires(Right.BATTERIES_READ)]
Writer = Annotated[Principal, requires(Right.BATTERIES_WRITE)]
Text = Annotated[str, Query(max_length=128)]
_HOUR, _DAY = 3600, 86400
_HEARTBEATS = (6 * _HOUR, 12 * _HOUR, _DAY, 7 * _DAY, 30 * _DAY, 90 * _DAY)


@dataclass(frozen=True, slots=True)
class ListSheet:
    """The page of all batteries, with its filters."""

    counts: tuple[Chip, ...]
    route: RouteCard
    sites: list[Choice]
    start: str
    states: list[Choice]
    state: str
    lines: tuple[BatteryLine, ...]


@dataclass(frozen=True, slots=True)
class ProfileForm:
    """What the form of the profile shows."""

    chemistry: str
    cells: int
    cutoff: str
    heartbeat: str
    heard_by: str


@router.get("/batteries")
def batteries(
    request: Request,
    words: Speaking,
    service: Service,
    who: Reader,
    before: Annotated[str, Query(max_length=10)] = "",
    start: Text = "",
    state: Text = "",
) -> Response:
    """What to replace before a day, along a way to drive; then every battery."""
    end = day_or(before, service.next_month())
    every = service.every(who)
    places = {each.site.id: words.name(each.site.name, each.site.name_en) for each in every}
    known = start if start in places else ""
    wanted = state if state in set(BatteryState) else ""
    order = list(BatteryState)
    listed = sorted(
        (each for each in every if wanted in ("", each.standing.state)),
        key=lambda each: (order.index(each.standing.state), each.site.name, each.holder.name),
    )
    sheet = ListSheet(
        counts=counts(every, words),
        route=route_card(service.route(who, end, known or None), words),
        sites=sorted((Choice(*pair) for pair in places.items()), key=lambda each: each.text),
        start=known,
        states=[Choice(each.value, words.t(f"battery_state.{each}")) for each in BatteryState],
        state=wanted,
        lines=tuple(battery_line(each, words) for each in listed),
    )
    return render(request, "pages/batteries.html", sheet=sheet)


@router.get("/batteries/{device_id}")
def battery(
    request: Request, words: Speaking, service: Service, who: Reader, device_id: str
) -> Response:
    """One battery: its course, its past, and for those who may, the forms."""
    return _sheet(request, words, service, who, device_id)


@router.post("/batteries/{device_id}/changes")
def record_change(
    request: Request,
    words: Speaking,
    service: Service,
    who: Writer,
    device_id: str,
    day: Annotated[str, Form(max_length=10)] = "",
    chemistry: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Record new cells: today means now, another day its noon."""
    kind = ChemistryKind(chemistry) if chemistry in set(ChemistryKind) else None
    chosen = day_or(day, date.min)
    at = None if chosen == words.today else _noon(core_of(request), chosen)
    try:
        if chosen == date.min:
            raise Problem(INVALID)
        service.record_change(who, device_id, at, kind, note.strip())
    except DuplicateError:
        error = words.t("battery.twice")
    except Problem as problem:
        if problem.kind is not INVALID:
            raise
        error = words.t("battery.bad_day")
    else:
        return go_to(f"/batteries/{device_id}")
    return _sheet(request, words, service, who, device_id, error)


@router.post("/batteries/{device_id}/profile")
def set_profile(
    service: Service,
    who: Writer,
    device_id: str,
    chemistry: Annotated[ChemistryKind, Form()],
    cells: Annotated[int, Form(ge=1, le=24)],
    cutoff: Annotated[float, Form(ge=0.5, le=60)],
    heartbeat: Annotated[int, Form(ge=60, le=400 * _DAY)],
    heard_by: Annotated[HeardBy, Form()],
) -> Response:
    """Say what the device runs on."""
    millivolts = round(cutoff * 1000)
    service.set_profile(who, device_id, chemistry, cells, millivolts, heartbeat, heard_by)
    return go_to(f"/batteries/{device_id}")


def _sheet(
    request: Request,
    words: Words,
    service: BatteriesService,
    who: Principal,
    device_id: str,
    error: str = "",
) -> Response:
    sheet = service.sheet(who, device_id)
    with core_of(request).db.read() as scope:
        names = user_names(scope, {each.by for each in sheet.changes if each.by})
    card: BatteryCard = battery_card(sheet, names, words)
    return render(
        request,
        "pages/battery.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        battery=card,
        may_write=who.may(Right.BATTERIES_WRITE),
        error=error,
        today=words.today.isoformat(),
        kinds=[Choice(*pair) for pair in kinds(words)],
        profile=_form(sheet.view.profile),
        has_profile=sheet.view.profile is not None,
        heartbeats=_heartbeats(sheet.view.profile, words),
    )


def _form(profile: Profile | None) -> ProfileForm:
    if profile is None:
        return ProfileForm("", 4, "", str(_DAY), HeardBy.NETWORK.value)
    return ProfileForm(
        profile.chemistry.value,
        profile.cells,
        f"{profile.cutoff_mv / 1000:g}",
        str(profile.heartbeat_s),
        profile.heard_by.value,
    )


def _heartbeats(profile: Profile | None, words: Words) -> list[Choice]:
    """The usual ones, and the device's own."""
    own = {profile.heartbeat_s} if profile else set()
    found = []
    for seconds in sorted({*_HEARTBEATS, *own}):
        whole = seconds % _DAY == 0
        text = (
            words.t("battery.every_days", days=seconds // _DAY)
            if whole
            else words.t("battery.every_hours", hours=f"{seconds / _HOUR:g}")
        )
        found.append(Choice(str(seconds), text))
    return found


def _noon(core: Core, day: date) -> datetime:
    return datetime.combine(day, time(12), core.settings.town.zone)
