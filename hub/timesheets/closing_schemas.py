"""What the routes of closings, adjustments, divergences and alerts take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from hub.timesheets import closing_examples as examples
from hub.timesheets.alert_domain import AlertLevel
from hub.timesheets.alert_service import PersonOutlook
from hub.timesheets.closing_domain import (
    AdjustmentCause,
    AdjustmentState,
    Blocker,
    BlockerKind,
    DepartmentClosing,
    MonthAdjustment,
    SignedKind,
)
from hub.timesheets.closing_service import DepartmentLine, DepartmentSheet, told
from hub.timesheets.closings import SettledMonth
from hub.timesheets.divergence_domain import Act, DivergenceKind, DivergenceState, ProbableCause
from hub.timesheets.divergence_service import DivergenceSheet
from hub.timesheets.figures import Figures
from hub.web.fields import BodyIn, RowOut, shown
from hub.worktime.domain import CapKind, PayClass

Print = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Record = Annotated[str, Field(pattern=r"^[a-z_]{1,20}:[A-Za-z0-9._-]{1,100}$")]
Cause = Annotated[str, Field(min_length=1, max_length=500)]


class FigureLineOut(BaseModel):
    """Minutes of a pay class, by day or by night, at a rate."""

    pay_class: PayClass
    night: bool
    percent: int
    paid: bool = Field(description="False: recorded only.")
    raw_min: int
    rounded_min: int


class MonthFiguresOut(BaseModel):
    """What a month comes to, or what an adjustment changes of it: then minutes may be negative."""

    model_config = shown(examples.FIGURES)

    lines: list[FigureLineOut]
    counters: dict[str, int] = Field(description="`regular_min`, `missing_min`, `days_worked`, ...")

    @classmethod
    def of(cls, figures: Figures) -> MonthFiguresOut:
        """Show figures."""
        lines = [
            FigureLineOut(
                pay_class=line.bucket.pay_class,
                night=line.bucket.night,
                percent=line.percent,
                paid=line.paid,
                raw_min=amount.raw_min,
                rounded_min=amount.rounded_min,
            )
            for line, amount in figures.lines.items()
        ]
        return cls(lines=lines, counters=dict(figures.counters))


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


class MonthAdjustmentOut(BaseModel):
    """What a closed month would come to now, less what was signed and adjusted before."""

    model_config = shown(examples.ADJUSTMENT_OUT)

    id: str
    closing_id: str
    person_id: str
    month: str
    department_id: str
    causes: list[AdjustmentCause]
    figures: MonthFiguresOut
    added: list[str] = Field(description="The records behind it, `kind:id`.")
    removed: list[str]
    state: AdjustmentState
    found_at: datetime
    signed_by: str | None
    signed_at: datetime | None
    remark: str
    carried_into: str | None = Field(description="The month with whose output it goes.")

    @classmethod
    def of(cls, made: MonthAdjustment) -> MonthAdjustmentOut:
        """Show one."""
        names = [name for name in cls.model_fields if name != "figures"]
        values = {name: getattr(made, name) for name in names}
        return cls(figures=MonthFiguresOut.of(made.figures), **values)


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


class SettledMonthOut(BaseModel):
    """Somebody's closed month: what was signed, what was found since, and both together."""

    model_config = shown(examples.SETTLED_OUT)

    person_id: str
    month: str
    closing_id: str
    fingerprint: str
    signed: MonthFiguresOut
    adjustments: list[MonthAdjustmentOut]
    now: MonthFiguresOut

    @classmethod
    def of(cls, found: SettledMonth) -> SettledMonthOut:
        """Show one."""
        return cls(
            person_id=found.closed.person_id,
            month=found.closed.month,
            closing_id=found.closed.closing_id,
            fingerprint=found.closed.fingerprint,
            signed=MonthFiguresOut.of(found.signed),
            adjustments=[MonthAdjustmentOut.of(each) for each in found.adjustments],
            now=MonthFiguresOut.of(found.now),
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


class RemarkIn(BodyIn):
    """A remark."""

    model_config = shown(examples.REMARK_IN)

    remark: Annotated[str, Field(max_length=500)] = ""


# --- divergences ---------------------------------------------------------------------------------


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


# --- caps ----------------------------------------------------------------------------------------


class CapAlertOut(RowOut):
    """An alert about a cap, as it was raised; each is raised once."""

    model_config = RowOut.model_config | shown(examples.ALERT_OUT)

    id: str
    person_id: str
    month: str
    department_id: str
    kind: CapKind
    level: AlertLevel
    limit_min: int
    minutes: int = Field(description="Of `months_above`: months.")
    months: int
    raised_at: datetime
    seen_by: str | None
    seen_at: datetime | None


class OutlookOut(BaseModel):
    """What somebody's month comes to."""

    model_config = shown(examples.OUTLOOK_OUT)

    person_id: str
    department_id: str
    counted_min: int = Field(description="So far, raw, of what counts towards the month's cap.")
    limit_min: int | None
    pace_min: int | None = Field(description="At its end, at the pace so far; null too early.")
    ordered_min: int | None = Field(description="At its end, by what is ordered already.")

    @classmethod
    def of(cls, found: PersonOutlook) -> OutlookOut:
        """Show one."""
        seen = found.outlook
        return cls(
            person_id=seen.person_id,
            department_id=found.department_id,
            counted_min=seen.counted_min,
            limit_min=seen.limit_min,
            pace_min=seen.pace_min,
            ordered_min=seen.ordered_min,
        )


class SpecialWorkIn(BodyIn):
    """Why somebody worked beyond a cap."""

    model_config = shown(examples.SPECIAL_WORK_IN)

    cause: Annotated[str, Field(min_length=1, max_length=1000)]


class AnalysisIn(BodyIn):
    """What was made of it after the year."""

    model_config = shown(examples.ANALYSIS_IN)

    analysis: Annotated[str, Field(min_length=1, max_length=2000)]


class SpecialWorkOut(RowOut):
    """Work beyond a cap (特例業務), recorded with its cause."""

    model_config = RowOut.model_config | shown(examples.SPECIAL_WORK_OUT)

    id: str
    person_id: str
    month: str
    fiscal_year: int
    department_id: str
    kinds: list[CapKind]
    minutes: int
    cause: str
    recorded_by: str
    recorded_at: datetime
    analysis: str
    analysed_by: str | None
    analysed_at: datetime | None
