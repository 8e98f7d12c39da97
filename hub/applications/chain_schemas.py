"""The shapes of who decides: the steps of chains, their rules, and who stands in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.applications import examples
from hub.applications.bodies import ApplicationKind
from hub.web.fields import BodyIn, CalendarDate, shown

PersonId = Annotated[str, Field(min_length=1, max_length=80)]


class StepShape(BodyIn):
    """One step of a chain; `person_id` goes with `person`."""

    model_config = shown(examples.STEP) | ConfigDict(extra="forbid", from_attributes=True)

    approver: Annotated[str, Field(pattern="^(head|parent_head|person|personnel)$")]
    person_id: Annotated[str | None, Field(max_length=80)] = None


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
