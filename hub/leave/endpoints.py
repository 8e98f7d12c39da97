"""/api/v1/leave: kinds, balances, the ledger, grants for a year, the year's end, corrections."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from hub.leave.domain import Amount
from hub.leave.schemas import (
    BalanceOut,
    BalancesOut,
    GrantsOut,
    LeaveCorrectionIn,
    LeaveEntriesOut,
    LeaveEntryOut,
    LeaveKindOut,
    LeaveYearIn,
    YearEndedOut,
    YearEndOut,
)
from hub.leave.service import LeaveService
from hub.leave.yearly import YearlyLeave
from hub.web.core import provided
from hub.web.fields import CalendarDate
from hub.web.identity import requires
from hub.web.problems import NOT_FOUND
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1/leave", tags=["leave"], responses=refuses(NOT_FOUND))
Service = Annotated[LeaveService, provided(LeaveService)]
Yearly = Annotated[YearlyLeave, provided(YearlyLeave)]
Own = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Writer = Annotated[Principal, requires(Right.ATTENDANCE_WRITE)]
PersonId = Annotated[
    str | None,
    Query(max_length=80, description="Whose; others' needs `attendance:read`. None: one's own."),
]


@router.get("/kinds", summary="Which kinds of leave there are")
def read_kinds(_who: Own, service: Service) -> list[LeaveKindOut]:
    """As the town's file has them; in the order in which they are shown."""
    return [LeaveKindOut.of(code, kind) for code, kind in service.kinds.items()]


@router.get("/balances", summary="What is left")
def read_balances(
    who: Own,
    service: Service,
    person_id: PersonId = None,
    at: Annotated[CalendarDate | None, Query(description="The date; today without.")] = None,
) -> BalancesOut:
    """Of every kind that runs out, and what was taken of the others."""
    whose = service.whose(who, person_id)
    found = service.balances(who, whose, at)
    items = [
        BalanceOut.of(each, service.kinds[each.leave_kind])
        for each in found
        if each.leave_kind in service.kinds
    ]
    return BalancesOut(person_id=whose, items=items)


@router.get("/entries", summary="The ledger of a kind in a year")
def read_entries(
    who: Own,
    service: Service,
    leave_kind: Annotated[str, Query(max_length=40, examples=["annual"])],
    year: Annotated[int, Query(ge=2000, le=2198, examples=[2026])],
    person_id: PersonId = None,
) -> LeaveEntriesOut:
    """Every entry, by the day on which it counts; none was ever changed."""
    whose = service.whose(who, person_id)
    found = service.entries(who, whose, leave_kind, year)
    return LeaveEntriesOut(
        person_id=whose, items=[LeaveEntryOut.model_validate(each) for each in found]
    )


@router.post("/corrections", summary="Correct a balance")
def correct(who: Writer, service: Service, given: LeaveCorrectionIn) -> BalanceOut:
    """Adds an entry with its reason; nothing that was entered changes."""
    amount = Amount(given.half_days, given.minutes)
    found = service.correct(who, given.person_id, given.leave_kind, amount, given.day, given.reason)
    return BalanceOut.of(found, service.kind(given.leave_kind))


@router.post("/grants/preview", summary="What everybody would be granted for a year")
def preview_grants(_who: Writer, yearly: Yearly, given: LeaveYearIn) -> GrantsOut:
    """By the employment of their first day in it; who is hired within it, by the kind's table."""
    return GrantsOut.of(given, yearly.grants(given.leave_kind, given.year))


@router.post("/grants", summary="Grant everybody their leave for a year")
def grant(who: Writer, yearly: Yearly, given: LeaveYearIn) -> GrantsOut:
    """Gives what is new; whoever was granted it before keeps what they have."""
    return GrantsOut.of(given, yearly.grant(who, given.leave_kind, given.year))


@router.post("/year-ends/preview", summary="What ending a year would carry over")
def preview_year_end(_who: Writer, yearly: Yearly, given: LeaveYearIn) -> YearEndOut:
    """What is left to everybody, and what of it lives on."""
    return YearEndOut.of(given, yearly.year_ends(given.leave_kind, given.year))


@router.post("/year-ends", summary="End a year of leave")
def end_year(who: Writer, yearly: Yearly, given: LeaveYearIn) -> YearEndedOut:
    """Carries over what lives on; ended again after something came late, it enters the difference.
    A year that goes on is refused."""
    people = yearly.end_year(who, given.leave_kind, given.year)
    return YearEndedOut(leave_kind=given.leave_kind, year=given.year, people=people)
