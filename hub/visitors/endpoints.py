"""/api/v1/visits and visitors: who comes, who is there, what they type."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from hub.visitors.schemas import (
    ArriveIn,
    LeaveIn,
    VisitorDigitsOut,
    VisitorIn,
    VisitorOut,
    VisitorPinOut,
    VisitPlanChange,
    VisitPlanIn,
    VisitPlanOut,
)
from hub.visitors.service import VisitorsService
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.fields import Instant
from hub.web.identity import requires
from hub.web.problems import CONFLICT, NOT_FOUND
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["visitors"])
Service = Annotated[VisitorsService, provided(VisitorsService)]
Reader = Annotated[Principal, requires(Right.VISITORS_READ)]
Writer = Annotated[Principal, requires(Right.VISITORS_WRITE)]
VisitorId = Annotated[str, Path(max_length=80, examples=[ids.VISITOR])]


@router.get("/visits", summary="List visits")
def list_visits(
    who: Reader,
    service: Service,
    first: Annotated[Instant, Query(alias="from", examples=["2026-04-06T00:00:00Z"])],
    last: Annotated[Instant, Query(alias="to", examples=["2026-04-07T00:00:00Z"])],
) -> list[VisitPlanOut]:
    """The visits that touch a time, the earliest first; at most 1,000."""
    return [VisitPlanOut.of(each) for each in service.between(who, first, last)]


@router.post("/visits", status_code=HTTPStatus.CREATED, summary="Plan a visit")
def plan_visit(who: Writer, service: Service, body: VisitPlanIn) -> VisitPlanOut:
    """Enter who comes, when, to whom and what they may open."""
    values = body.model_dump(exclude={"visitors"})
    names = [(each.name, each.name_kana) for each in body.visitors]
    return VisitPlanOut.of(service.plan(who, _columns(values), names))


@router.get("/visits/{visit_id}", summary="Get a visit")
def get_visit(who: Reader, service: Service, visit_id: str) -> VisitPlanOut:
    """A visit and its visitors."""
    return VisitPlanOut.of(service.seen(who, visit_id))


@router.patch("/visits/{visit_id}", summary="Change a visit", responses=refuses(CONFLICT))
def change_visit(
    who: Writer, service: Service, visit_id: str, body: VisitPlanChange
) -> VisitPlanOut:
    """What is left out stays as it is; cards that are lent follow at once."""
    return VisitPlanOut.of(service.change(who, visit_id, _columns(body.changes())))


@router.post("/visits/{visit_id}/cancel", summary="Cancel a visit")
def cancel_visit(who: Writer, service: Service, visit_id: str) -> VisitPlanOut:
    """Cards that are lent for it open nothing from now on."""
    return VisitPlanOut.of(service.cancel(who, visit_id))


@router.post("/visits/{visit_id}/visitors", status_code=HTTPStatus.CREATED, summary="Add a visitor")
def add_visitor(who: Writer, service: Service, visit_id: str, body: VisitorIn) -> VisitorOut:
    """One more comes along."""
    made = service.add_visitor(who, visit_id, body.name, body.name_kana)
    return VisitorOut.model_validate(made)


@router.post(
    "/visitors/{visitor_id}/arrive", summary="A visitor comes", responses=refuses(CONFLICT)
)
def visitor_arrives(
    who: Writer, service: Service, visitor_id: VisitorId, body: ArriveIn
) -> VisitorOut:
    """Note that they came, and lend them a card. Again for somebody inside: lend one later."""
    return VisitorOut.model_validate(service.arrive(who, visitor_id, body.card_id))


@router.post("/visitors/{visitor_id}/leave", summary="A visitor goes")
def visitor_leaves(
    who: Writer, service: Service, visitor_id: VisitorId, body: LeaveIn
) -> VisitorOut:
    """Note that they went. What their card opened ends now, given back or not."""
    gone = service.leave(who, visitor_id, card_returned=body.card_returned)
    return VisitorOut.model_validate(gone)


@router.post(
    "/visitors/{visitor_id}/pin", summary="Give a visitor a PIN", responses=refuses(CONFLICT)
)
def give_pin(who: Writer, service: Service, visitor_id: VisitorId) -> VisitorPinOut:
    """At the visit's doors that have a keypad, in its window alone; the one they have where they
    have one. With an escort it opens only after the host went first."""
    return VisitorPinOut.model_validate(service.give_pin(who, visitor_id))


@router.post(
    "/visitors/{visitor_id}/pin/reveal",
    summary="Tell a visitor's PIN",
    responses=refuses(CONFLICT, NOT_FOUND),
)
def reveal_pin(
    who: Annotated[Principal, requires(Right.PINS_REVEAL)], service: Service, visitor_id: VisitorId
) -> VisitorDigitsOut:
    """The digits; that somebody looked is in the audit log."""
    pin = service.show_pin(who, visitor_id).pin
    return VisitorDigitsOut(visitor_id=visitor_id, pin=pin)


@router.delete(
    "/visitors/{visitor_id}/pin",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Take a visitor's PIN away",
)
def take_pin(who: Writer, service: Service, visitor_id: VisitorId) -> None:
    """It opens nothing from now on."""
    service.take_pin(who, visitor_id)


def _columns(values: dict[str, object]) -> dict[str, object]:
    """Turn lists as sent into the row's tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
