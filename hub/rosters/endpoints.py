"""/api/v1/shift_codes, work_patterns, pattern_assignments, rosters, working_calendar."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from hub.audit.row_routes import RowShapes, offer_rows
from hub.rosters import examples, schemas
from hub.rosters.kinds import ASSIGNMENT, SHIFT_CODE, WORK_PATTERN
from hub.rosters.service import RostersService
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.fields import CalendarDate
from hub.web.identity import requires
from hub.web.problems import FORBIDDEN, NOT_FOUND
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["rosters"])
Service = Annotated[RostersService, provided(RostersService)]
Staff = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Writer = Annotated[Principal, requires(Right.ATTENDANCE_WRITE)]
Start = Annotated[
    CalendarDate, Query(alias="from", description="A Sunday.", examples=["2026-03-29"])
]
First = Annotated[CalendarDate, Query(alias="from", examples=["2026-04-01"])]
Last = Annotated[CalendarDate, Query(alias="to", examples=["2026-04-30"])]
Day = Annotated[CalendarDate, Path(examples=["2026-04-03"])]
PersonId = Annotated[str, Path(max_length=80, examples=[ids.PERSON])]
Department = Annotated[str, Path(max_length=80, examples=[examples.DEPARTMENT_ID])]
AssignmentId = Annotated[str, Path(max_length=80, examples=[examples.ASSIGNMENT_ID])]

_READ, _WRITE = Right.ATTENDANCE_OWN, Right.ATTENDANCE_WRITE
_KINDS: tuple[RowShapes[Any], ...] = (
    RowShapes(
        SHIFT_CODE,
        "/shift_codes",
        "a shift code",
        "shift codes",
        _READ,
        _WRITE,
        schemas.ShiftCodeIn,
        schemas.ShiftCodeChange,
        schemas.ShiftCodeOut,
        prepare=schemas.as_code,
    ),
    RowShapes(
        WORK_PATTERN,
        "/work_patterns",
        "a work pattern",
        "work patterns",
        _READ,
        _WRITE,
        schemas.WorkPatternIn,
        schemas.WorkPatternChange,
        schemas.WorkPatternOut,
        prepare=schemas.as_pattern,
    ),
    RowShapes(
        ASSIGNMENT,
        "/pattern_assignments",
        "a pattern's assignment",
        "assignments of patterns",
        _WRITE,
        _WRITE,
        schemas.AssignmentIn,
        schemas.AssignmentChange,
        schemas.AssignmentOut,
        filters=("subject_kind", "subject_id", "pattern_id"),
    ),
)
for _shapes in _KINDS:
    offer_rows(router, _shapes)


@router.delete(
    "/pattern_assignments/{row_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refuses(NOT_FOUND, FORBIDDEN),
    summary="Remove an assignment made by mistake",
)
def remove_assignment(who: Writer, service: Service, row_id: AssignmentId) -> None:
    """As if it had never been; one that was right is ended with `ends_on` instead."""
    service.remove_assignment(who, row_id)


@router.get(
    "/rosters/plan", responses=refuses(FORBIDDEN), summary="What somebody is to work, date by date"
)
def read_plan(
    who: Staff,
    service: Service,
    first: First,
    last: Last,
    person: Annotated[str | None, Query(max_length=80, description="None: oneself.")] = None,
) -> list[schemas.PlanOut]:
    """As published, before swaps; at most a year."""
    return [schemas.PlanOut.of(each) for each in service.planned(who, first, last, person)]


@router.get(
    "/rosters/{department_id}",
    responses=refuses(NOT_FOUND),
    summary="A department's four weeks",
)
def read_roster(
    who: Staff, service: Service, department_id: Department, first: Start
) -> schemas.RosterOut:
    """Every date of everybody, and what is odd. Drafts are shown to those who may write them."""
    return schemas.RosterOut.of(service.grid(who, department_id, first))


@router.put(
    "/rosters/{department_id}/draft",
    responses=refuses(NOT_FOUND, FORBIDDEN),
    summary="Draft dates of a roster",
)
def draft_roster(
    who: Staff, service: Service, department_id: Department, first: Start, given: schemas.DraftIn
) -> schemas.RosterOut:
    """By the department's head, or with `attendance:write`. Nobody works by a draft."""
    days = [each.day() for each in given.days]
    return schemas.RosterOut.of(service.draft(who, department_id, first, days))


@router.delete(
    "/rosters/{department_id}/draft",
    responses=refuses(NOT_FOUND, FORBIDDEN),
    summary="Throw a draft away",
)
def discard_roster(
    who: Staff, service: Service, department_id: Department, first: Start
) -> schemas.RosterOut:
    """What is published stays."""
    return schemas.RosterOut.of(service.discard(who, department_id, first))


@router.post(
    "/rosters/{department_id}/publish",
    responses=refuses(NOT_FOUND, FORBIDDEN),
    summary="Publish a department's four weeks",
)
def publish_roster(
    who: Staff, service: Service, department_id: Department, first: Start
) -> schemas.RosterOut:
    """From then on everybody works by it, whatever their patterns become."""
    return schemas.RosterOut.of(service.publish(who, department_id, first))


@router.put(
    "/people/{person_id}/roster_days/{day}",
    responses=refuses(NOT_FOUND, FORBIDDEN),
    summary="Give somebody another shift on a date",
)
def change_roster_day(
    who: Staff, service: Service, person_id: PersonId, day: Day, given: schemas.RosterDayIn
) -> schemas.PlanOut:
    """At once, published or not; by the head, or with `attendance:write`."""
    found = service.change_day(who, person_id, day, given.code_id, given.cause)
    return schemas.PlanOut.of(found)


@router.post(
    "/people/{person_id}/roster_days/{day}/release",
    responses=refuses(NOT_FOUND, FORBIDDEN),
    summary="Let somebody's pattern hold again on a date",
)
def release_roster_day(
    who: Staff, service: Service, person_id: PersonId, day: Day, given: schemas.CauseIn
) -> schemas.PlanOut:
    """What the roster said of the date is taken away."""
    return schemas.PlanOut.of(service.release_day(who, person_id, day, given.cause))


@router.get("/working_calendar", summary="By which calendar offices are closed")
def read_working_calendar(who: Staff, service: Service) -> schemas.WorkingCalendarOut:
    """Null: national holidays and 29 December to 3 January."""
    return schemas.WorkingCalendarOut(calendar_id=service.calendar(who))


@router.put(
    "/working_calendar",
    responses=refuses(NOT_FOUND),
    summary="Choose by which calendar offices are closed",
)
def choose_working_calendar(
    who: Writer, service: Service, given: schemas.WorkingCalendarIn
) -> schemas.WorkingCalendarOut:
    """Its dates are holidays of everybody's plans."""
    service.choose_calendar(who, given.calendar_id, given.since)
    return schemas.WorkingCalendarOut(calendar_id=given.calendar_id)
