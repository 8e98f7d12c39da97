"""What the batteries' routes take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from hub.batteries import examples
from hub.batteries.domain import ChemistryKind, Forecast, HeardBy, WhyNot
from hub.batteries.service import BatterySheet, BatteryView, Route
from hub.batteries.standing import BatteryState, WhyUnknown
from hub.web.fields import BodyIn, Instant, RowOut, shown


class BatteryProfileIn(BodyIn):
    """What a device runs on."""

    model_config = shown(examples.PROFILE_IN)

    chemistry: ChemistryKind
    cells: Annotated[int, Field(ge=1, le=24, description="Cells in series.")]
    cutoff_mv: Annotated[
        int, Field(ge=500, le=60_000, description="The whole pack's, where the device stops.")
    ]
    heartbeat_s: Annotated[
        int, Field(ge=60, le=400 * 86400, description="How often a reading is expected.")
    ] = 86400
    heard_by: HeardBy = HeardBy.NETWORK


class BatteryProfileOut(RowOut):
    """What a device runs on."""

    model_config = shown(examples.PROFILE_OUT)

    device_id: str
    chemistry: ChemistryKind
    cells: int
    cutoff_mv: int
    heartbeat_s: int
    heard_by: HeardBy


class BatteryChangeIn(BodyIn):
    """New cells."""

    model_config = shown(examples.CHANGE_IN)

    at: Instant | None = Field(None, description="When they were put in; null is now.")
    chemistry: ChemistryKind | None = Field(None, description="If of another kind than before.")
    note: Annotated[str, Field(max_length=200)] = ""


class BatteryChangeOut(RowOut):
    """New cells: recorded by somebody, or inferred from a jump of the voltage."""

    model_config = shown(examples.CHANGE_OUT)

    device_id: str
    at: datetime
    inferred: bool
    by: str | None = Field(description="As the audit log names them.")
    chemistry: ChemistryKind | None
    note: str


class ReadingOut(RowOut):
    """A raw reading."""

    model_config = shown(examples.READING_OUT)

    at: datetime
    millivolts: int
    temperature_dc: int | None = Field(description="Tenths of a degree Celsius.")
    uses: int | None = Field(description="Openings since the device was made.")


class ForecastOut(BaseModel):
    """When the cells will be used up, or why that cannot be said. The day lies between `earliest`
    and `latest` with 80 %; both are wider where the last reading is old."""

    model_config = shown(examples.FORECAST_OUT)

    as_of: datetime | None = Field(description="The last reading it stands on.")
    new_since: datetime | None = Field(description="When the cells were new, where known.")
    readings: int
    median: datetime | None
    earliest: datetime | None
    latest: datetime | None
    left: float | None = Field(description="Share of the usable charge left, 0 to 1.")
    why_not: WhyNot | None


class BatteryOut(BaseModel):
    """A battery as it stands."""

    model_config = shown(examples.BATTERY_OUT)

    device_id: str
    name: str
    site_id: str
    state: BatteryState
    why_unknown: WhyUnknown | None
    unknown_since: datetime | None = Field(description="When it was heard of last, if unknown.")
    millivolts: int | None = Field(description="As of `as_of`.")
    temperature_dc: int | None
    uses: int | None
    as_of: datetime | None
    age_days: int
    low_since: datetime | None
    profile: BatteryProfileOut | None
    forecast: ForecastOut | None


class BatterySheetOut(BatteryOut):
    """A battery with its past: changes, and the readings since the cells were new."""

    model_config = shown(examples.BATTERY_SHEET_OUT)

    changes: list[BatteryChangeOut]
    readings: list[ReadingOut]


class RouteStopOut(BaseModel):
    """A site to drive to, with its batteries, the most urgent first."""

    model_config = shown(examples.ROUTE_STOP_OUT)

    site_id: str
    name: str
    address: str
    latitude: float | None
    longitude: float | None
    batteries: list[BatteryOut]


class RouteOut(BaseModel):
    """Where to replace cells before a date, in an order to drive."""

    model_config = shown(examples.ROUTE_OUT)

    before: date
    length_km: float | None = Field(description="As the crow flies between those on the map.")
    cells: dict[ChemistryKind, int] = Field(description="How many cells to take along.")
    stops: list[RouteStopOut]


def battery_out(view: BatteryView) -> BatteryOut:
    """Shape a battery."""
    return BatteryOut(**_fields(view))


def sheet_out(sheet: BatterySheet) -> BatterySheetOut:
    """Shape a battery with its past."""
    return BatterySheetOut(
        **_fields(sheet.view),
        changes=[BatteryChangeOut.model_validate(each) for each in sheet.changes],
        readings=[ReadingOut.model_validate(each) for each in sheet.readings],
    )


def route_out(route: Route) -> RouteOut:
    """Shape a route."""
    stops = [
        RouteStopOut(
            site_id=stop.site.id,
            name=stop.site.name,
            address=stop.site.address,
            latitude=stop.site.latitude,
            longitude=stop.site.longitude,
            batteries=[battery_out(each) for each in stop.batteries],
        )
        for stop in route.stops
    ]
    return RouteOut(before=route.before, length_km=route.length_km, cells=route.cells, stops=stops)


def _fields(view: BatteryView) -> dict[str, Any]:
    stands, state = view.standing, view.state
    return {
        "device_id": view.holder.id,
        "name": view.holder.name,
        "site_id": view.holder.site_id,
        "state": stands.state,
        "why_unknown": stands.why_unknown,
        "unknown_since": stands.unknown_since,
        "millivolts": state.millivolts,
        "temperature_dc": state.temperature_dc,
        "uses": state.uses,
        "as_of": state.at,
        "age_days": stands.age_days,
        "low_since": state.low_since,
        "profile": BatteryProfileOut.model_validate(view.profile) if view.profile else None,
        "forecast": _forecast(stands.forecast) if stands.forecast else None,
    }


def _forecast(made: Forecast) -> ForecastOut:
    return ForecastOut(
        as_of=made.as_of,
        new_since=made.since,
        readings=made.readings,
        median=made.median,
        earliest=made.earliest,
        latest=made.latest,
        left=round(made.left, 3) if made.left is not None else None,
        why_not=made.why_not,
    )
