"""/api/v1/people, groups, cards, grants, schedules, calendars."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query

from hub.audit.row_routes import RowShapes, offer_changing, offer_reading, offer_rows
from hub.people import card_schemas, grant_schemas, person_schemas, time_schemas
from hub.people.domain import CardState
from hub.people.kinds import CALENDAR, CARD, GRANT, GROUP, PERSON, SCHEDULE
from hub.people.service import PeopleService
from hub.sites.spanning import SPANS_CONTROLLERS
from hub.web.core import provided
from hub.web.fields import CalendarDate
from hub.web.identity import requires
from hub.web.problems import CONFLICT, NOT_FOUND
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right
from wire.policy_bodies import EntryState

router = APIRouter(prefix="/api/v1", tags=["people"])
Service = Annotated[PeopleService, provided(PeopleService)]
Reader = Annotated[Principal, requires(Right.PEOPLE_READ)]
Writer = Annotated[Principal, requires(Right.PEOPLE_WRITE)]
Blocker = Annotated[Principal, requires(Right.CARDS_BLOCK)]

_CARDS = RowShapes(
    CARD,
    "/cards",
    "a card",
    "cards",
    Right.PEOPLE_READ,
    Right.PEOPLE_WRITE,
    card_schemas.CardIn,
    card_schemas.CardChange,
    card_schemas.CardOut,
    filters=("person_id", "state"),
)
_KINDS: tuple[RowShapes[Any], ...] = (
    RowShapes(
        PERSON,
        "/people",
        "a person",
        "people",
        Right.PEOPLE_READ,
        Right.PEOPLE_WRITE,
        person_schemas.PersonIn,
        person_schemas.PersonChange,
        person_schemas.PersonOut,
        filters=("staff_number", "state"),
        defaults={"state": EntryState.ACTIVE, "forgiven": 0, "forgiven_at": None},
    ),
    RowShapes(
        GROUP,
        "/groups",
        "a group",
        "groups",
        Right.PEOPLE_READ,
        Right.PEOPLE_WRITE,
        person_schemas.GroupIn,
        person_schemas.GroupChange,
        person_schemas.GroupOut,
    ),
    RowShapes(
        GRANT,
        "/grants",
        "a grant",
        "grants",
        Right.GRANTS_READ,
        Right.GRANTS_WRITE,
        grant_schemas.GrantIn,
        grant_schemas.GrantChange,
        grant_schemas.GrantOut,
        filters=("door_id", "zone_id", "person_id", "group_id", "card_id", "schedule_id", "state"),
        refuses=(SPANS_CONTROLLERS,),
        defaults={"state": EntryState.ACTIVE},
        prepare=grant_schemas.grant_columns,
    ),
    RowShapes(
        SCHEDULE,
        "/schedules",
        "a schedule",
        "schedules",
        Right.GRANTS_READ,
        Right.GRANTS_WRITE,
        time_schemas.ScheduleIn,
        time_schemas.ScheduleChange,
        time_schemas.ScheduleOut,
        filters=("calendar_id",),
        prepare=time_schemas.time_columns,
    ),
    RowShapes(
        CALENDAR,
        "/calendars",
        "a holiday calendar",
        "holiday calendars",
        Right.GRANTS_READ,
        Right.GRANTS_WRITE,
        time_schemas.CalendarIn,
        time_schemas.CalendarChange,
        time_schemas.CalendarOut,
        prepare=time_schemas.time_columns,
    ),
)
for _shapes in _KINDS:
    offer_rows(router, _shapes)
offer_reading(router, _CARDS)
offer_changing(router, _CARDS)


# --- cards -------------------------------------------------------------------------------------


@router.post("/cards", status_code=HTTPStatus.CREATED, summary="Issue a card")
def issue_card(who: Writer, service: Service, body: card_schemas.CardIn) -> card_schemas.CardOut:
    """Take up a card, for a person or for nobody yet."""
    given = card_schemas.keyed(body.model_dump(include={"key_set_id", "key"}))
    card = service.issue_card(who, body.card(), **given)
    return card_schemas.CardOut.model_validate(card)


@router.post(
    "/cards/{card_id}/reissue",
    status_code=HTTPStatus.CREATED,
    summary="Put a card in the place of another",
    responses=refuses(CONFLICT),
)
def reissue_card(
    who: Writer, service: Service, card_id: str, body: card_schemas.CardReissueIn
) -> card_schemas.CardOut:
    """One request: the old card is withdrawn, the new one has its holder and its rights. To read
    the new card at a reader, start an enrolment with `replaces_id` instead."""
    given = card_schemas.keyed(body.model_dump(include={"key_set_id", "key", "reason"}))
    made = service.reissue_card(who, card_id, body.card(), **given)
    return card_schemas.CardOut.model_validate(made)


@router.post("/cards/lookup", summary="Find a card by its number", responses=refuses(NOT_FOUND))
def find_card(who: Reader, service: Service, body: card_schemas.CardLookup) -> card_schemas.CardOut:
    """Whose card is this?"""
    found = service.find_card(who, body.namespace, bytes.fromhex(body.identity))
    return card_schemas.CardOut.model_validate(found)


def _moved(
    who: Principal, service: PeopleService, card_id: str, to: CardState, reason: str
) -> card_schemas.CardOut:
    return card_schemas.CardOut.model_validate(service.move_card(who, card_id, to, reason))


@router.post("/cards/{card_id}/lost", summary="Report a card lost", responses=refuses(CONFLICT))
def report_lost(
    who: Blocker, service: Service, card_id: str, body: card_schemas.CardMove
) -> card_schemas.CardOut:
    """Every door denies it from now on."""
    return _moved(who, service, card_id, CardState.LOST, body.reason)


@router.post("/cards/{card_id}/block", summary="Block a card", responses=refuses(CONFLICT))
def block_card(
    who: Blocker, service: Service, card_id: str, body: card_schemas.CardMove
) -> card_schemas.CardOut:
    """Every door denies it from now on."""
    return _moved(who, service, card_id, CardState.BLOCKED, body.reason)


@router.post("/cards/{card_id}/unblock", summary="Unblock a card", responses=refuses(CONFLICT))
def unblock_card(
    who: Writer, service: Service, card_id: str, body: card_schemas.CardMove
) -> card_schemas.CardOut:
    """It was found again, or blocked by mistake."""
    return _moved(who, service, card_id, CardState.ACTIVE, body.reason)


@router.post("/cards/{card_id}/withdraw", summary="Withdraw a card", responses=refuses(CONFLICT))
def withdraw_card(
    who: Writer, service: Service, card_id: str, body: card_schemas.CardMove
) -> card_schemas.CardOut:
    """It was given back or destroyed; it never becomes active again."""
    return _moved(who, service, card_id, CardState.WITHDRAWN, body.reason)


# --- groups and calendars ----------------------------------------------------------------------


@router.get("/groups/{group_id}/members", summary="List a group's people")
def list_members(who: Reader, service: Service, group_id: str) -> person_schemas.Members:
    """The ids of its people."""
    return person_schemas.Members(person_ids=list(service.members(who, group_id)))


@router.put("/groups/{group_id}/members", summary="Set a group's people")
def set_members(
    who: Writer, service: Service, group_id: str, body: person_schemas.Members
) -> person_schemas.Members:
    """These people and no others."""
    service.set_members(who, group_id, body.person_ids)
    return person_schemas.Members(person_ids=list(service.members(who, group_id)))


@router.get("/calendars/{calendar_id}/dates", summary="List a calendar's dates")
def list_holidays(
    who: Annotated[Principal, requires(Right.GRANTS_READ)],
    service: Service,
    calendar_id: str,
    first: Annotated[CalendarDate, Query(description="From this day on.", examples=["2026-04-01"])],
    last: Annotated[
        CalendarDate,
        Query(description="Through this day, at most three years on.", examples=["2026-05-31"]),
    ],
) -> time_schemas.HolidaysOut:
    """National holidays and the turn of the year, with what this town added or removed."""
    return time_schemas.HolidaysOut(dates=list(service.holidays(who, calendar_id, first, last)))
