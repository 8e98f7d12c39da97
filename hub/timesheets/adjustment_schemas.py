"""What the routes of adjustments, and of closed months, take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from hub.timesheets import closing_examples as examples
from hub.timesheets.closing_domain import AdjustmentCause, AdjustmentState, MonthAdjustment
from hub.timesheets.figures import Figures
from hub.timesheets.settled_months import SettledMonth
from hub.web.fields import BodyIn, shown
from hub.worktime.domain import PayClass


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
    work_dates: list[date] = Field(
        description="The dates that came to something else; none where only the month as a whole "
        "did (a rate, its rounding)."
    )
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


class RemarkIn(BodyIn):
    """A remark."""

    model_config = shown(examples.REMARK_IN)

    remark: Annotated[str, Field(max_length=500)] = ""
