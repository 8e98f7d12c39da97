"""/api/v1/attendance: corrections of punches, and punches whose time waits for a person's word."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.attendance import examples
from hub.attendance.domain import CorrectionAction, CorrectionWish
from hub.attendance.endpoints import First, Last, Person, PunchOut
from hub.attendance.service import AttendanceService
from hub.web.core import provided
from hub.web.fields import MAX_INTEGER, BodyIn, Instant, shown
from hub.web.identity import requires
from hub.web.rights import Principal, Right
from wire.events import PunchDirection

router = APIRouter(prefix="/api/v1/attendance", tags=["attendance"])
Service = Annotated[AttendanceService, provided(AttendanceService)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
TeamReader = Annotated[Principal, requires(Right.ATTENDANCE_READ)]
Writer = Annotated[Principal, requires(Right.ATTENDANCE_WRITE)]
Cause = Annotated[str, Field(min_length=1, max_length=500, description="Kept with it for ever.")]
PunchId = Annotated[int, Path(ge=1, le=MAX_INTEGER, examples=[20_467])]
OtherPunchId = Annotated[int, Path(ge=1, le=MAX_INTEGER, examples=[20_468])]


class CorrectionIn(BodyIn):
    """What is to be corrected. `at` belongs to `add` and `move`, `direction` to `add` and `turn`,
    `punch_id` to all but `add`."""

    model_config = shown(examples.CORRECTION_IN)

    action: CorrectionAction
    person_id: Annotated[str, Field(min_length=1, max_length=80)]
    punch_id: Annotated[int, Field(ge=-MAX_INTEGER, le=MAX_INTEGER)] | None = Field(
        None, description="Negative: a punch that a correction added."
    )
    at: Instant | None = None
    direction: PunchDirection | None = None
    cause: Cause

    def wish(self) -> CorrectionWish:
        """The same in our words."""
        return CorrectionWish(
            action=self.action,
            person_id=self.person_id,
            punch_id=self.punch_id,
            at=self.at,
            direction=self.direction,
            cause=self.cause,
        )


class PunchConfirmIn(BodyIn):
    """That a punch was made, and when."""

    model_config = shown(examples.CONFIRM_IN)

    at: Instant | None = Field(None, description="Null: at the time that it shows.")
    cause: Cause


class RejectIn(BodyIn):
    """That a punch does not count."""

    model_config = shown(examples.REJECT_IN)

    cause: Cause


class CorrectionOut(BaseModel):
    """A correction; it is never changed or removed."""

    model_config = shown(examples.CORRECTION_OUT) | ConfigDict(from_attributes=True)

    id: str
    seq: int = Field(description="Their order. The punch that an `add` makes has the id `-seq`.")
    person_id: str
    punch_id: int
    action: CorrectionAction
    at: datetime | None
    direction: PunchDirection | None
    original_at: datetime | None = Field(description="When it counted just before.")
    original_direction: PunchDirection | None
    cause: str
    asked_by: str
    approved_by: str
    application_id: str | None = Field(description="The application it follows from, if any.")
    recorded_at: datetime


@router.get("/corrections", summary="Corrections of punches")
def list_corrections(
    who: Reader, service: Service, first: First, last: Last, person: Person = None
) -> list[CorrectionOut]:
    """Those whose old or new time lies on these dates, in the order they were recorded."""
    found = service.corrections(who, first, last, person)
    return [CorrectionOut.model_validate(each) for each in found]


@router.post("/corrections", status_code=HTTPStatus.CREATED, summary="Correct a punch")
def add_correction(who: Writer, service: Service, given: CorrectionIn) -> CorrectionOut:
    """On one's own word, with a cause; never one's own punches. What was tapped stays as it was:
    days are derived anew, and a month that is closed gets an adjustment."""
    return CorrectionOut.model_validate(service.correct(who, given.wish()))


@router.get("/waiting-punches", summary="Punches whose time waits for a person's word")
def list_waiting(
    who: TeamReader,
    service: Service,
    person: Annotated[str | None, Query(max_length=128, description="Whose.")] = None,
) -> list[PunchOut]:
    """Tapped while no trusted time was known, or with a time in the future. They count as nothing
    until somebody confirms or rejects them; at most 500, those that came in first."""
    return [PunchOut.model_validate(each) for each in service.waiting(who, person)]


@router.post(
    "/waiting-punches/{punch_id}/confirm",
    status_code=HTTPStatus.CREATED,
    summary="Confirm the time of a punch",
)
def confirm_punch(
    who: Writer, service: Service, punch_id: PunchId, given: PunchConfirmIn
) -> CorrectionOut:
    """From then on it counts, at that time."""
    return CorrectionOut.model_validate(service.confirm(who, punch_id, given.at, given.cause))


@router.post(
    "/waiting-punches/{punch_id}/reject",
    status_code=HTTPStatus.CREATED,
    summary="Reject a punch whose time is not sure",
)
def reject_punch(
    who: Writer, service: Service, punch_id: OtherPunchId, given: RejectIn
) -> CorrectionOut:
    """It is kept, and does not count."""
    return CorrectionOut.model_validate(service.reject(who, punch_id, given.cause))
