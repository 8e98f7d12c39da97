"""The shapes of decisions: one, several at once, and what waits for somebody."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.applications import examples
from hub.applications.domain import State
from hub.applications.schemas import ApplicationOut, Version
from hub.web.fields import BodyIn, shown

Comment = Annotated[str, Field(max_length=400)]
StepNumber = Annotated[int, Field(ge=0, le=100)]


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


class BallotIn(BodyIn):
    """One of many."""

    model_config = shown(examples.BULK_IN["items"][0]) | ConfigDict(extra="forbid")

    application_id: Annotated[str, Field(min_length=1, max_length=80)]
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
