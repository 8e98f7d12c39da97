"""The shapes of applications in the API: applying, and reading them with their trail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from hub.applications import examples
from hub.applications.bodies import ApplicationKind
from hub.applications.body_schemas import (
    FIELD_OF,
    AwayShape,
    BodyShapes,
    DutyShape,
    LeaveShape,
    PunchShape,
    SpanShape,
    SwapShape,
    WorkShape,
    shaped,
)
from hub.applications.chain_schemas import StepShape
from hub.applications.checks import Finding, Refusal
from hub.applications.domain import Application, State, Told
from hub.web.addresses import AddressKind
from hub.web.fields import BodyIn, shown

Version = Annotated[int, Field(ge=1, le=1_000_000)]


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
            if name not in ("steps", "claims", *FIELD_OF.values())
        }
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
        return cls(**plain, **shaped(found.body), steps=steps, claims=claims)


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


class CancellationIn(BodyIn):
    """Why."""

    model_config = shown(examples.COMMENT_IN) | ConfigDict(extra="forbid")

    comment: Annotated[str, Field(min_length=1, max_length=400)]
