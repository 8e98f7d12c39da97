"""The shapes of what is applied for. A body stands under the name of its shape: `work` for overtime
and holiday work, `swap` for swaps and compensatory days, `away` for trips, telework and
training."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

import msgspec
from pydantic import ConfigDict, Field, model_validator

from hub.applications import examples
from hub.applications.bodies import (
    BODY_OF,
    ApplicationKind,
    AwayBody,
    Body,
    DutyBody,
    LeaveBody,
    LeavePart,
    PunchBody,
    PunchCause,
    PunchChange,
    SwapBody,
    WorkBody,
)
from hub.web.fields import BodyIn, CalendarDate, shown
from hub.worktime.domain import SwapPart
from wire.events import PunchDirection

Minute = Annotated[int, Field(ge=0, le=2_880, description="Of the work date; past 1440: the next.")]
Reason = Annotated[str, Field(max_length=400)]


class SpanShape(BodyIn):
    """From one minute of the work date to another."""

    model_config = shown(examples.SPAN) | ConfigDict(extra="forbid", from_attributes=True)

    start: Minute
    end: Minute


Spans = Annotated[list[SpanShape], Field(max_length=12)]


class WorkShape(BodyIn):
    """Overtime and holiday work."""

    model_config = shown(examples.WORK) | ConfigDict(extra="forbid")

    work_date: CalendarDate
    spans: Spans
    rest_later: bool = False
    reason: Reason = ""


class SwapShape(BodyIn):
    """Regular hours go from `off_date` to `worked_date`."""

    model_config = shown(examples.SWAP) | ConfigDict(extra="forbid")

    worked_date: CalendarDate
    off_date: CalendarDate
    part: SwapPart = SwapPart.WHOLE
    reason: Reason = ""


class LeaveShape(BodyIn):
    """Leave from one date through another."""

    model_config = shown(examples.LEAVE) | ConfigDict(extra="forbid")

    leave_kind: Annotated[str, Field(max_length=40)]
    first: CalendarDate
    last: CalendarDate
    part: LeavePart = LeavePart.DAY
    spans: Spans = Field(default=[])
    reason: Reason = ""
    evidence: Reason = ""


class AwayShape(BodyIn):
    """A trip, telework or training; without spans the whole of each day's regular hours."""

    model_config = shown(examples.AWAY) | ConfigDict(extra="forbid")

    first: CalendarDate
    last: CalendarDate
    spans: Spans = Field(default=[])
    place: Reason = ""
    reason: Reason = ""


class DutyShape(BodyIn):
    """Night or day duty."""

    model_config = shown(examples.DUTY) | ConfigDict(extra="forbid")

    work_date: CalendarDate
    spans: Spans
    reason: Reason = ""


class PunchShape(BodyIn):
    """A punch to be added, moved, turned, or left out. One that was added itself has an id below
    zero."""

    model_config = shown(examples.PUNCH) | ConfigDict(extra="forbid")

    change: PunchChange
    work_date: CalendarDate
    cause: PunchCause
    direction: PunchDirection | None = None
    minute: Annotated[int | None, Field(ge=0, le=2_880)] = None
    punch_id: Annotated[int | None, Field(ge=-(2**53) + 1, le=2**53 - 1)] = None
    reason: Reason = ""


FIELD_OF: Final[dict[type[Body], str]] = {
    WorkBody: "work",
    SwapBody: "swap",
    LeaveBody: "leave",
    AwayBody: "away",
    DutyBody: "duty",
    PunchBody: "punch",
}
"""Under which name each body stands."""


class BodyShapes(BodyIn):
    """Exactly one of these, the one of the kind."""

    kind: ApplicationKind
    work: WorkShape | None = None
    swap: SwapShape | None = None
    leave: LeaveShape | None = None
    away: AwayShape | None = None
    duty: DutyShape | None = None
    punch: PunchShape | None = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        wanted = FIELD_OF[BODY_OF[self.kind]]
        there = [name for name in FIELD_OF.values() if getattr(self, name) is not None]
        if there != [wanted]:
            raise ValueError(f"{self.kind.value} goes with {wanted}, and with nothing else")
        return self

    def body(self) -> Body:
        """Give the body."""
        shape = BODY_OF[self.kind]
        given = getattr(self, FIELD_OF[shape]).model_dump()
        return msgspec.convert(given, shape)


def shaped(body: Body) -> dict[str, Any]:
    """Give the fields of every shape: the body under its own name, None under the others."""
    said = msgspec.to_builtins(body)
    said.pop("type")
    return dict.fromkeys(FIELD_OF.values()) | {FIELD_OF[type(body)]: said}
