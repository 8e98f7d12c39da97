"""/api/v1/readiness and /api/v1/bookings/{key}/readiness."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from hub.bookings.endpoints import ReservationKey
from hub.catalogue import Translator
from hub.readiness.repository import OwnRule
from hub.readiness.schemas import (
    BookingReadinessOut,
    Day,
    FiguresOut,
    RuleIn,
    RuleOut,
)
from hub.readiness.service import ReadinessService
from hub.readiness.tables import RuleOf
from hub.web.core import core_of, provided
from hub.web.identity import requires
from hub.web.responses import language_of
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["readiness"])
Service = Annotated[ReadinessService, provided(ReadinessService)]
Reader = Annotated[Principal, requires(Right.BOOKINGS_READ)]
SitesWriter = Annotated[Principal, requires(Right.SITES_WRITE)]
Target = Annotated[
    str,
    Path(max_length=64, pattern=r"^[A-Za-z0-9-]+$", description="The id of a site or facility."),
]


@router.get("/readiness", summary="Which bookings are ready?")
def read_board(
    request: Request,
    who: Reader,
    service: Service,
    day: Annotated[
        Day | None,
        Query(alias="date", description="A day of the town; left out: today and tomorrow."),
    ] = None,
) -> list[BookingReadinessOut]:
    """Every booking that is not over, what somebody must see to first; each with its doors: what
    they have confirmed, what is wrong, what to do."""
    core = core_of(request)
    today = core.clock.now().astimezone(core.settings.town.zone).date()
    first, last = (day, day) if day else (today, today + timedelta(days=1))
    t = Translator(language_of(request))
    return [BookingReadinessOut.of(each, t) for each in service.board(who, first, last)]


@router.get("/bookings/{reservation_key}/readiness", summary="Is this booking ready?")
def read_readiness(
    request: Request, who: Reader, service: Service, reservation_key: ReservationKey
) -> BookingReadinessOut:
    """One booking, door by door."""
    t = Translator(language_of(request))
    return BookingReadinessOut.of(service.of_key(who, reservation_key), t)


@router.get("/readiness/figures", summary="How often, and how fast?")
def read_figures(
    who: Reader,
    service: Service,
    first: Annotated[Day, Query(alias="from", description="The first day, in the town.")],
    last: Annotated[Day, Query(alias="to", description="The last day; it counts as well.")],
) -> FiguresOut:
    """The share of bookings whose doors had confirmed by their deadline, and how long doors took
    from an issue to its proof and from a revocation to its proof."""
    return FiguresOut.of(service.figures(who, first, last))


@router.get("/readiness/rules", summary="List deadlines of their own")
def list_rules(who: Reader, service: Service) -> list[RuleOut]:
    """Of the sites and facilities that the caller may see; others have the settings' deadline."""
    return [RuleOut.of(each) for each in service.rules(who)]


@router.put("/readiness/rules/{kind}/{target}", summary="Set a deadline of its own")
def set_rule(
    who: SitesWriter, service: Service, kind: RuleOf, target: Target, given: RuleIn
) -> RuleOut:
    """For a site or a facility; a facility's goes before its site's. Holds for deadlines to come.
    No deadline lies before half the site's horizon is over, whatever is set."""
    rule = OwnRule(kind, target, given.lead_min, given.grace_min)
    return RuleOut.of(service.set_rule(who, rule))


@router.delete(
    "/readiness/rules/{kind}/{target}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Let the usual deadline hold",
)
def drop_rule(who: SitesWriter, service: Service, kind: RuleOf, target: Target) -> None:
    """Removes a deadline of its own."""
    service.drop_rule(who, kind, target)
