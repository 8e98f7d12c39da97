"""The shapes of applications in the API. A body stands under the name of its shape: `work` for
overtime and holiday work, `swap` for swaps and compensatory days, `away` for trips, telework and
training."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

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
from hub.applications.checks import Finding, Refusal
from hub.applications.domain import Application, State, Told
from hub.web.addresses import AddressKind
from hub.web.fields import BodyIn, CalendarDate, shown
from hub.worktime.domain import SwapPart
from wire.events import PunchDirection

Minute = Annotated[int, Field(ge=0, le=2_880, description="Of the work date; past 1440: the next.")]
Comment = Annotated[str, Field(max_length=400)]
Reason = Annotated[str, Field(max_length=400)]
Version = Annotated[int, Field(ge=1, le=1_000_000)]
StepNumber = Annotated[int, Field(ge=0, le=100)]
PersonId = Annotated[str, Field(min_length=1, max_length=80)]


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


_FIELD: Final[dict[type[Body], str]] = {
    WorkBody: "work",
    SwapBody: "swap",
    LeaveBody: "leave",
    AwayBody: "away",
    DutyBody: "duty",
    PunchBody: "punch",
}


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
        wanted = _FIELD[BODY_OF[self.kind]]
        there = [name for name in _FIELD.values() if getattr(self, name) is not None]
        if there != [wanted]:
            raise ValueError(f"{self.kind.value} goes with {wanted}, and with nothing else")
        return self

    def body(self) -> Body:
        """Give the body."""
        shape = BODY_OF[self.kind]
        given = getattr(self, _FIELD[shape]).model_dump()
        return msgspec.convert(given, shape)


class ApplicationIn(BodyShapes):
    """What is applied for. `submit` hands it in at once; else it is a draft."""

    model_config = shown(examples.APPLICATION_IN) | ConfigDict(extra="forbid")

    submit: bool = False
    person_id: Annotated[
        str | None, Field(max_length=80, description="For whom; others need `attendance:write`.")
    ] = None


class ApplicationChangeIn(BodyShapes):
    """A new version. `version` is the one that was read."""

    model_config = shown(examples.CHANGE_IN) | ConfigDict(extra="forbid")

    version: Version
    submit: bool = False


class StepShape(BodyIn):
    """One step of a chain; `person_id` goes with `person`."""

    model_config = shown(examples.STEP) | ConfigDict(extra="forbid", from_attributes=True)

    approver: Annotated[str, Field(pattern="^(head|parent_head|person|personnel)$")]
    person_id: Annotated[str | None, Field(max_length=80)] = None


class ClaimOut(BaseModel):
    """What it covers on one date; of leave also how much is taken."""

    model_config = shown(examples.CLAIM)

    work_date: date
    spans: list[SpanShape]
    half_days: int
    minutes: int


class ApplicationOut(BaseModel):
    """An application as it stands."""

    model_config = shown(examples.APPLICATION_OUT)

    id: str
    person_id: str
    kind: ApplicationKind
    state: State
    version: int
    step: int = Field(description="The step that waits; decide by it and by `version`.")
    steps: list[StepShape]
    department_id: str | None
    first: date
    last: date
    claims: list[ClaimOut]
    warnings: list[str]
    submitted_at: datetime | None
    waiting_since: datetime | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime
    work: WorkShape | None
    swap: SwapShape | None
    leave: LeaveShape | None
    away: AwayShape | None
    duty: DutyShape | None
    punch: PunchShape | None

    @classmethod
    def of(cls, found: Application) -> ApplicationOut:
        """Show one."""
        plain = {
            name: getattr(found, name)
            for name in cls.model_fields
            if name not in ("steps", "claims", *_FIELD.values())
        }
        bodies: dict[str, Any] = dict.fromkeys(_FIELD.values())
        said = msgspec.to_builtins(found.body)
        said.pop("type")
        bodies[_FIELD[type(found.body)]] = said
        claims = [
            ClaimOut(
                work_date=each.work_date,
                spans=[SpanShape(start=start, end=end) for start, end in each.spans],
                half_days=each.half_days,
                minutes=each.minutes,
            )
            for each in found.claims
        ]
        steps = [msgspec.to_builtins(each) for each in found.steps]
        return cls(**plain, **bodies, steps=steps, claims=claims)


class TrailEntryOut(BaseModel):
    """Who did what; `for_person_id` is whom they stood in for."""

    model_config = shown(examples.TRAIL_ENTRY) | ConfigDict(from_attributes=True)

    seq: int
    version: int
    step: int
    told: Told
    at: datetime
    person_id: str | None
    for_person_id: str | None
    came_from: AddressKind
    comment: str


class ApplicationSeenOut(BaseModel):
    """An application with its trail."""

    model_config = shown(examples.SEEN_OUT)

    application: ApplicationOut
    trail: list[TrailEntryOut]
    mine: bool
    may_decide: bool


class ApplicationFindingOut(BaseModel):
    """Something that is refused, or only said."""

    model_config = shown(examples.FINDING)

    code: str
    refuses: bool
    day: date | None

    @classmethod
    def of(cls, found: Finding) -> ApplicationFindingOut:
        """Show one."""
        return cls(code=found.what.value, refuses=isinstance(found.what, Refusal), day=found.day)


class ApplicationCheckOut(BaseModel):
    """What handing it in would be answered with."""

    model_config = shown(examples.CHECK_OUT)

    items: list[ApplicationFindingOut]


class ApplicationVersionIn(BodyIn):
    """The version that was read."""

    model_config = shown(examples.VERSION_IN) | ConfigDict(extra="forbid")

    version: Version


class ApplicationDecisionIn(BodyIn):
    """The version and the step that were seen."""

    model_config = shown(examples.BALLOT) | ConfigDict(extra="forbid")

    version: Version
    step: StepNumber
    comment: Comment = ""


class ApplicationRefusalIn(BodyIn):
    """The same, and why."""

    model_config = shown(examples.RETURN_IN) | ConfigDict(extra="forbid")

    version: Version
    step: StepNumber
    comment: Annotated[str, Field(min_length=1, max_length=400)]


class CancellationIn(BodyIn):
    """Why."""

    model_config = shown(examples.COMMENT_IN) | ConfigDict(extra="forbid")

    comment: Annotated[str, Field(min_length=1, max_length=400)]


class BallotIn(BodyIn):
    """One of many."""

    model_config = shown(examples.BULK_IN["items"][0]) | ConfigDict(extra="forbid")

    application_id: PersonId
    version: Version
    step: StepNumber


class BulkApprovalIn(BodyIn):
    """Several at once, each by itself."""

    model_config = shown(examples.BULK_IN) | ConfigDict(extra="forbid")

    items: Annotated[list[BallotIn], Field(min_length=1, max_length=200)]
    comment: Comment = ""


class BulkItemOut(BaseModel):
    """What became of one; `problem` is the code of a refusal."""

    model_config = shown(examples.BULK_OUT["items"][0])

    application_id: str
    state: State | None
    problem: str | None


class BulkApprovalOut(BaseModel):
    """What became of each."""

    model_config = shown(examples.BULK_OUT)

    items: list[BulkItemOut]


class InboxItemOut(BaseModel):
    """Something that waits for the caller; `for_person_id`: as whose delegate."""

    model_config = shown(examples.INBOX_OUT["items"][0])

    application: ApplicationOut
    for_person_id: str | None
    comment: str


class InboxOut(BaseModel):
    """What waits for the caller, the longest first."""

    model_config = shown(examples.INBOX_OUT)

    items: list[InboxItemOut]


class DelegationIn(BodyIn):
    """Who stands in for whom (the caller, unless named), and for which kinds: none for all."""

    model_config = shown(examples.DELEGATION_IN) | ConfigDict(extra="forbid")

    to_person_id: PersonId
    starts_on: CalendarDate
    ends_on: CalendarDate
    kinds: Annotated[list[ApplicationKind], Field(max_length=20)] = Field(default=[])
    from_person_id: Annotated[str | None, Field(max_length=80)] = None


class DelegationOut(BaseModel):
    """One delegation."""

    model_config = shown(examples.DELEGATION_OUT) | ConfigDict(from_attributes=True)

    id: str
    from_person_id: str
    to_person_id: str
    kinds: list[ApplicationKind]
    starts_on: date
    ends_on: date
    revoked_at: datetime | None
    created_at: datetime


class ChainRuleIn(BodyIn):
    """Who approves what: the first rule by `position` that fits holds."""

    model_config = shown(examples.CHAIN_RULE_IN) | ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    position: Annotated[int, Field(ge=0, le=100_000)]
    kinds: Annotated[list[ApplicationKind], Field(max_length=20)] = Field(default=[])
    department_id: Annotated[str | None, Field(max_length=80)] = None
    employment: Annotated[str | None, Field(max_length=40)] = None
    from_min: Annotated[int | None, Field(ge=0, le=100_000)] = None
    steps: Annotated[list[StepShape], Field(min_length=1, max_length=10)]


class ChainRuleOut(BaseModel):
    """One rule."""

    model_config = shown(examples.CHAIN_RULE_OUT) | ConfigDict(from_attributes=True)

    id: str
    name: str
    position: int
    kinds: list[ApplicationKind]
    department_id: str | None
    employment: str | None
    from_min: int | None
    steps: list[StepShape]
    created_at: datetime
    updated_at: datetime


class MissingOut(BaseModel):
    """One thing that somebody has to see to, and the page that deals with it."""

    model_config = shown(examples.MISSING_OUT) | ConfigDict(from_attributes=True)

    person_id: str
    kind: str
    day: date
    until: date | None
    about_person_id: str | None
    minutes: int | None
    link: str


class RemindersOut(BaseModel):
    """What is missing."""

    model_config = shown(examples.REMINDERS_OUT)

    items: list[MissingOut]
