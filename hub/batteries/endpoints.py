"""/api/v1/batteries, and a device's battery, its changes and what it runs on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from hub.batteries.schemas import (
    BatteryChangeIn,
    BatteryChangeOut,
    BatteryOut,
    BatteryProfileIn,
    BatteryProfileOut,
    BatterySheetOut,
    RouteOut,
    battery_out,
    route_out,
    sheet_out,
)
from hub.batteries.service import BatteriesService, BatteryFilter
from hub.batteries.standing import BatteryState
from hub.web.core import provided
from hub.web.fields import CalendarDate, Instant
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["batteries"])
Service = Annotated[BatteriesService, provided(BatteriesService)]
Reader = Annotated[Principal, requires(Right.BATTERIES_READ)]
Writer = Annotated[Principal, requires(Right.BATTERIES_WRITE)]
Id = Annotated[str | None, Query(max_length=128)]


@router.get("/batteries", summary="Every battery")
def list_batteries(
    who: Reader,
    service: Service,
    site: Id = None,
    state: BatteryState | None = None,
    due_before: Annotated[
        Instant | None,
        Query(description="Only what is low, or whose range begins before this."),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PageOf[BatteryOut]:
    """Level, as of when, forecast and state of whatever runs on cells, by id. A level not heard of
    for too long is `unknown`, never good."""
    page = service.page(who, BatteryFilter(site, state, due_before), cursor, limit)
    return PageOf(items=[battery_out(each) for each in page.items], next_cursor=page.next_cursor)


@router.get("/batteries/route", summary="Where to replace cells, in an order to drive")
def battery_route(
    who: Reader,
    service: Service,
    before: Annotated[
        CalendarDate,
        Query(description="What should be replaced before this date.", examples=["2027-03-31"]),
    ],
    start: Annotated[
        str | None, Query(max_length=128, description="The site to set out from.")
    ] = None,
) -> RouteOut:
    """What is low, what will be, and what nobody can say anything of, by site. The order is the
    shortest found through the sites on the map; the others follow by address."""
    return route_out(service.route(who, before, start))


@router.get("/devices/{device_id}/battery", summary="A device's battery with its past")
def device_battery(who: Reader, service: Service, device_id: str) -> BatterySheetOut:
    """Its readings since the cells were new, and every change of cells."""
    return sheet_out(service.sheet(who, device_id))


@router.put("/devices/{device_id}/battery", summary="Say what a device runs on")
def set_profile(
    who: Writer, service: Service, device_id: str, body: BatteryProfileIn
) -> BatteryProfileOut:
    """Without it neither a low level nor a day can be told."""
    made = service.set_profile(
        who,
        device_id,
        body.chemistry,
        body.cells,
        body.cutoff_mv,
        body.heartbeat_s,
        body.heard_by,
    )
    return BatteryProfileOut.model_validate(made)


@router.post("/devices/{device_id}/battery-changes", status_code=201, summary="Record new cells")
def record_change(
    who: Writer, service: Service, device_id: str, body: BatteryChangeIn
) -> BatteryChangeOut:
    """The forecast starts anew, and a low level is over."""
    made = service.record_change(who, device_id, body.at, body.chemistry, body.note)
    return BatteryChangeOut.model_validate(made)
