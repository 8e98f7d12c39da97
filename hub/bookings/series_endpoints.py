"""/api/v1/booking_series."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Response

from hub.bookings.refusals import KINDS
from hub.bookings.series import SeriesService
from hub.bookings.series_schemas import SeriesIn, SeriesOut
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["bookings"], responses=refuses(*KINDS.values()))

Service = Annotated[SeriesService, provided(SeriesService)]
Reader = Annotated[Principal, requires(Right.BOOKINGS_READ)]
Writer = Annotated[Principal, requires(Right.BOOKINGS_WRITE)]
SeriesKey = Annotated[
    str,
    Path(
        max_length=100,
        pattern=r"^[A-Za-z0-9._:~-]+$",
        description="The caller's own key; each date is the booking `{series_key}:{date}`.",
    ),
]


@router.put(
    "/booking_series/{series_key}",
    summary="Make or change a series of bookings",
    responses={201: {"model": SeriesOut, "description": "It was made."}},
)
def put_series(
    who: Writer, service: Service, series_key: SeriesKey, given: SeriesIn, response: Response
) -> SeriesOut:
    """Idempotent. Every date is reported: made, changed, kept since it was changed by itself, or
    refused with its code. With `on_conflict: refuse` nothing is made unless all can be
    (`series_conflicts`). Each date has a PIN of its own, since no door takes one again within 30
    days."""
    report, new = service.put(who, series_key, given.wish())
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    return SeriesOut.of(report)


@router.get("/booking_series/{series_key}", summary="Read a series of bookings")
def read_series(who: Reader, service: Service, series_key: SeriesKey) -> SeriesOut:
    """With the bookings it has made."""
    return SeriesOut.of(service.get(who, series_key))


@router.delete("/booking_series/{series_key}", summary="Cancel a series of bookings")
def cancel_series(who: Writer, service: Service, series_key: SeriesKey) -> SeriesOut:
    """Cancels what lies ahead; what has begun or is over stays."""
    return SeriesOut.of(service.cancel(who, series_key))
