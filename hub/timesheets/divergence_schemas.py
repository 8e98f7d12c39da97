"""What the routes of divergences take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from hub.timesheets import closing_examples as examples
from hub.timesheets.divergence_domain import Act, DivergenceKind, DivergenceState, ProbableCause
from hub.timesheets.divergence_service import DivergenceSheet
from hub.web.fields import BodyIn, RowOut, shown

Record = Annotated[str, Field(pattern=r"^[a-z_]{1,20}:[A-Za-z0-9._-]{1,100}$")]


class DivergenceOut(RowOut):
    """A date on which order, punches and presence do not agree."""

    model_config = RowOut.model_config | shown(examples.DIVERGENCE_OUT)

    id: str
    person_id: str
    work_date: date
    kind: DivergenceKind
    minutes: int
    state: DivergenceState
    stands: bool = Field(description="Whether the last derivation still found it.")
    reason: str = Field(description="What the person says.")
    cause: ProbableCause
    links: list[str] = Field(description="The records that resolved it, `kind:id`.")
    found_at: datetime
    changed_at: datetime


class DivergenceStepOut(RowOut):
    """One step of a trail."""

    model_config = RowOut.model_config | shown(examples.STEP_OUT)

    number: int
    at: datetime
    actor: str
    act: Act | None = Field(description="Null: it was found.")
    state: DivergenceState
    minutes: int
    note: str
    links: list[str]


class DivergenceSheetOut(BaseModel):
    """A divergence with its trail."""

    model_config = shown(examples.DIVERGENCE_SHEET_OUT)

    divergence: DivergenceOut
    steps: list[DivergenceStepOut]
    may_judge: bool
    is_own: bool

    @classmethod
    def of(cls, sheet: DivergenceSheet) -> DivergenceSheetOut:
        """Show one."""
        return cls(
            divergence=DivergenceOut.model_validate(sheet.divergence),
            steps=[DivergenceStepOut.model_validate(each) for each in sheet.steps],
            may_judge=sheet.may_judge,
            is_own=sheet.is_own,
        )


class ActIn(BodyIn):
    """What is done about a divergence. The person may `explain`; a head or personnel does the rest,
    and nobody judges their own."""

    model_config = shown(examples.ACT_IN)

    act: Act
    note: Annotated[str, Field(max_length=500)] = ""
    links: Annotated[list[Record], Field(max_length=20)] = Field(
        [], description="Records that resolve it, `correction:<id>` or `application:<id>`."
    )
