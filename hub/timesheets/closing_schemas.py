"""What the routes of closings and signatures take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from hub.timesheets import closing_examples as examples
from hub.timesheets.adjustment_schemas import MonthAdjustmentOut
from hub.timesheets.closing_domain import (
    Blocker,
    BlockerKind,
    DepartmentClosing,
    SignedKind,
)
from hub.timesheets.closing_service import told
from hub.timesheets.closing_sheets import DepartmentLine, DepartmentSheet
from hub.web.fields import BodyIn, RowOut, shown

Print = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Cause = Annotated[str, Field(min_length=1, max_length=500)]


class BlockerOut(BaseModel):
    """Something in the way of closing."""

    model_config = shown(examples.BLOCKER_OUT)

    kind: BlockerKind
    person_id: str | None
    work_date: date | None
    about: str | None = Field(description="The id of what it is.")
    path: str | None = Field(description="The page that deals with it.")

    @classmethod
    def of(cls, blocker: Blocker) -> BlockerOut:
        """Show one."""
        return cls.model_validate(told(blocker))


class DepartmentClosingOut(BaseModel):
    """A closing of a department's month. It is never changed, but may be opened again."""

    model_config = shown(examples.CLOSING_OUT)

    id: str
    department_id: str
    month: str
    round: int
    people: int
    fingerprint: str = Field(description="Of the results of all, as they were signed.")
    ordinance: str
    cause: str = Field(description="Why it was closed over what stood in the way.")
    overridden: list[BlockerOut]
    closed_by: str
    closed_at: datetime
    reopened_by: str | None
    reopened_at: datetime | None
    reopened_cause: str

    @classmethod
    def of(cls, made: DepartmentClosing) -> DepartmentClosingOut:
        """Show one."""
        names = [name for name in cls.model_fields if name != "overridden"]
        values = {name: getattr(made, name) for name in names}
        return cls(overridden=[BlockerOut.of(each) for each in made.overridden], **values)


class DepartmentLineOut(BaseModel):
    """How far a department's month has come."""

    model_config = shown(examples.LINE_OUT)

    department_id: str
    code: str
    name: str
    month: str
    people: int
    signed: int
    head_signed: bool
    blockers: dict[BlockerKind, int] = Field(description="What stands in the way, by kind.")
    is_ready: bool
    closing: DepartmentClosingOut | None
    adjustments: int = Field(
        description="Open: those of earlier months that it would take up. Closed: its own that "
        "nobody has signed."
    )

    @classmethod
    def of(cls, line: DepartmentLine) -> DepartmentLineOut:
        """Show one."""
        return cls(
            department_id=line.unit.id,
            code=line.unit.code,
            name=line.unit.name,
            month=str(line.month),
            people=line.people,
            signed=line.signed,
            head_signed=line.head_signed,
            blockers=dict(line.blockers),
            is_ready=line.is_ready,
            closing=DepartmentClosingOut.of(line.closing) if line.closing else None,
            adjustments=line.adjustments,
        )


class PersonMonthOut(BaseModel):
    """Somebody's month in a department's."""

    model_config = shown(examples.PERSON_OUT)

    person_id: str
    fingerprint: str
    signed: bool


class DepartmentMonthOut(BaseModel):
    """A department's month: as it stands while it is open, else as it was signed."""

    model_config = shown(examples.SHEET_OUT)

    department_id: str
    name: str
    month: str
    fingerprint: str
    people: list[PersonMonthOut]
    head_signed: bool
    blockers: list[BlockerOut]
    closing: DepartmentClosingOut | None
    rounds: list[DepartmentClosingOut] = Field(
        description="Every closing, those opened again among them."
    )
    adjustments: list[MonthAdjustmentOut]

    @classmethod
    def of(cls, sheet: DepartmentSheet) -> DepartmentMonthOut:
        """Show one."""
        seen = sheet.open
        people = [
            PersonMonthOut(person_id=each.person_id, fingerprint=each.fingerprint, signed=True)
            for each in sheet.closed
        ]
        if seen is not None:
            people = [
                PersonMonthOut(
                    person_id=each.person_id, fingerprint=each.fingerprint, signed=each.signed
                )
                for each in seen.people
            ]
        closed_print = sheet.closing.fingerprint if sheet.closing else ""
        return cls(
            department_id=sheet.unit.id,
            name=sheet.unit.name,
            month=str(sheet.month),
            fingerprint=seen.fingerprint if seen else closed_print,
            people=people,
            head_signed=seen.head_signed if seen else True,
            blockers=[BlockerOut.of(each) for each in seen.blockers] if seen else [],
            closing=DepartmentClosingOut.of(sheet.closing) if sheet.closing else None,
            rounds=[DepartmentClosingOut.of(each) for each in sheet.rounds],
            adjustments=[MonthAdjustmentOut.of(each) for each in sheet.adjustments],
        )


class SignIn(BodyIn):
    """That somebody agrees with a month."""

    model_config = shown(examples.SIGN_IN)

    fingerprint: Print | None = Field(
        None, description="Of what was seen: signing is refused if it has changed since."
    )


class SignatureOut(RowOut):
    """Somebody's word for a month as it stood."""

    model_config = RowOut.model_config | shown(examples.SIGNATURE_OUT)

    id: str
    kind: SignedKind
    subject_id: str
    month: str
    fingerprint: str
    signed_by: str
    signed_at: datetime


class CloseIn(BodyIn):
    """That a month is closed."""

    model_config = shown(examples.CLOSE_IN)

    cause: Annotated[str, Field(max_length=500)] = Field(
        "", description="Why over what stands in the way; without it, that refuses the closing."
    )


class ReopenIn(BodyIn):
    """That a closed month is opened again."""

    model_config = shown(examples.REOPEN_IN)

    cause: Cause
