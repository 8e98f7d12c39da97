"""/api/v1/attendance: closings, signatures and adjustments."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from hub.timesheets.adjustment_schemas import MonthAdjustmentOut, RemarkIn, SettledMonthOut
from hub.timesheets.closing_domain import AdjustmentState, month_of_text
from hub.timesheets.closing_schemas import (
    CloseIn,
    DepartmentClosingOut,
    DepartmentLineOut,
    DepartmentMonthOut,
    ReopenIn,
    SignatureOut,
    SignIn,
)
from hub.timesheets.closing_service import (
    MONTH_BLOCKED,
    MONTH_CARRIED,
    MONTH_CHANGED,
    MONTH_CLOSED,
    MONTH_OPEN,
    ClosingService,
)
from hub.timesheets.closing_sheets import ClosingSheets
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1/attendance", tags=["closing"])
Service = Annotated[ClosingService, provided(ClosingService)]
Sheets = Annotated[ClosingSheets, provided(ClosingSheets)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Closer = Annotated[Principal, requires(Right.ATTENDANCE_CLOSE)]
MonthPath = Annotated[str, Path(pattern=r"^2[01][0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-03"])]
DepartmentPath = Annotated[str, Path(max_length=80, examples=[ids.DEPARTMENT])]
PersonPath = Annotated[str, Path(max_length=80, examples=[ids.PERSON])]


@router.get("/closings/{month}", summary="How far every department's month has come")
def list_closings(who: Reader, sheets: Sheets, month: MonthPath) -> list[DepartmentLineOut]:
    """Personnel see all, a head the department they lead."""
    return [DepartmentLineOut.of(each) for each in sheets.overview(who, month_of_text(month))]


@router.get("/closings/{month}/{department_id}", summary="A department's month")
def read_closing(
    who: Reader, sheets: Sheets, month: MonthPath, department_id: DepartmentPath
) -> DepartmentMonthOut:
    """Who has signed, and what stands in the way, with where it is dealt with."""
    return DepartmentMonthOut.of(sheets.department(who, department_id, month_of_text(month)))


@router.post(
    "/closings/{month}/{department_id}/sign",
    status_code=HTTPStatus.CREATED,
    summary="Sign a department's month as its head",
    responses=refuses(MONTH_CLOSED, MONTH_CHANGED),
)
def sign_department(
    who: Reader, service: Service, month: MonthPath, department_id: DepartmentPath, given: SignIn
) -> SignatureOut:
    """Whatever changes afterwards needs another signature."""
    made = service.sign_department(who, department_id, month_of_text(month), given.fingerprint)
    return SignatureOut.model_validate(made)


@router.post(
    "/closings/{month}/{department_id}/close",
    status_code=HTTPStatus.CREATED,
    summary="Close a department's month",
    responses=refuses(MONTH_BLOCKED, MONTH_CLOSED),
)
def close_month(
    who: Closer, service: Service, month: MonthPath, department_id: DepartmentPath, given: CloseIn
) -> DepartmentClosingOut:
    """Keeps the whole results for good. What stands in the way refuses it (`blockers` of the
    problem), unless a cause is given; a month that is not over is never closed."""
    made = service.close(who, department_id, month_of_text(month), given.cause)
    return DepartmentClosingOut.of(made)


@router.post(
    "/closings/{month}/{department_id}/reopen",
    summary="Open a closed month again",
    responses=refuses(MONTH_OPEN, MONTH_CARRIED),
)
def reopen_month(
    who: Closer, service: Service, month: MonthPath, department_id: DepartmentPath, given: ReopenIn
) -> DepartmentClosingOut:
    """An act of its own, with a cause. Refused once a later month has taken up an adjustment."""
    made = service.reopen(who, department_id, month_of_text(month), given.cause)
    return DepartmentClosingOut.of(made)


@router.get("/closed-months/{month}/{person_id}", summary="Somebody's closed month")
def read_closed_month(
    who: Reader, sheets: Sheets, month: MonthPath, person_id: PersonPath
) -> SettledMonthOut:
    """What was signed, and every adjustment since; not found while the month is open."""
    return SettledMonthOut.of(sheets.settled(who, person_id, month_of_text(month)))


@router.post(
    "/months/{month}/sign",
    status_code=HTTPStatus.CREATED,
    summary="Sign one's own month",
    responses=refuses(MONTH_CLOSED, MONTH_CHANGED),
)
def sign_month(who: Reader, service: Service, month: MonthPath, given: SignIn) -> SignatureOut:
    """As it stands now. Whatever changes afterwards needs another signature."""
    made = service.sign_own(who, month_of_text(month), given.fingerprint)
    return SignatureOut.model_validate(made)


@router.get("/adjustments", summary="Adjustments of closed months")
def list_adjustments(
    who: Reader,
    sheets: Sheets,
    state: AdjustmentState | None = None,
    person: Annotated[str | None, Query(max_length=80)] = None,
) -> list[MonthAdjustmentOut]:
    """The newest 100 that one may see, one's own among them, in the order they were found."""
    return [MonthAdjustmentOut.of(each) for each in sheets.adjustments(who, state, person)]


@router.post(
    "/adjustments/{adjustment_id}/sign",
    summary="Sign an adjustment",
    responses=refuses(MONTH_CLOSED),
)
def sign_adjustment(
    who: Reader,
    service: Service,
    adjustment_id: Annotated[str, Path(max_length=80, examples=[ids.ADJUSTMENT])],
    given: RemarkIn,
) -> MonthAdjustmentOut:
    """A head or personnel does; the next month of the person that is closed takes it up."""
    return MonthAdjustmentOut.of(service.sign_adjustment(who, adjustment_id, given.remark))
