"""What the API gives of reckoned months."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, Field

from hub.attendance.endpoints import DayOut as PunchedDayOut
from hub.timesheets import examples
from hub.timesheets.domain import DaySheet, MonthSheet
from hub.timesheets.service import through
from hub.timesheets.team import Member, PresentStanding, TeamToday
from hub.web.fields import shown
from hub.worktime.domain import (
    CapKind,
    CapLevel,
    DayFile,
    DayKind,
    DayNote,
    DayResult,
    ExplainedKind,
    PayClass,
)
from hub.worktime.minutes import Span


class WorkSpanOut(BaseModel):
    """Minutes from 00:00 of the work date, from `start` up to `end`."""

    model_config = shown(examples.SPAN_OUT)

    start: int
    end: int


class PieceOut(BaseModel):
    """Minutes in a row of one pay class."""

    model_config = shown(examples.PIECE_OUT)

    start: int
    end: int
    minutes: int
    pay_class: PayClass
    night: bool
    from_class: PayClass = Field(description="What it was before the 60th hour.")
    order_id: str | None


class ReckonedDayOut(BaseModel):
    """One date: whole minutes, nothing rounded."""

    model_config = shown(examples.DAY_OUT)

    work_date: date
    kind: DayKind
    holiday: bool = Field(description="The calendar date itself is a holiday.")
    regular: list[WorkSpanOut] = Field(description="Regular hours of the plan, swaps done.")
    present: list[WorkSpanOut] = Field(description="From each in to its out.")
    ordered: list[WorkSpanOut]
    present_min: int
    break_min: int
    regular_min: int
    explained_min: dict[ExplainedKind, int]
    missing_min: int
    extra_min: int = Field(description="There outside regular hours without an order; not paid.")
    unmet_order_min: int
    credited_min: int
    over_full_day_min: int
    statutory_min: int
    pieces: list[PieceOut]
    notes: list[DayNote]

    @classmethod
    def of(cls, file: DayFile, day: DayResult, until: date) -> ReckonedDayOut:
        """Show a date; nothing is missing on one that is not over."""
        over = day.work_date <= until
        return cls(
            work_date=day.work_date,
            kind=day.kind,
            holiday=file.plan.holiday,
            regular=spans_out(file.plan.spans),
            present=spans_out(file.presence.spans),
            ordered=spans_out(span for each in file.orders for span in each.spans),
            present_min=day.present_min,
            break_min=day.break_min,
            regular_min=day.regular_min,
            explained_min=dict(day.explained_min),
            missing_min=day.missing_min if over else 0,
            extra_min=day.extra_min,
            unmet_order_min=day.unmet_order_min if over else 0,
            credited_min=day.credited_min,
            over_full_day_min=day.over_full_day_min,
            statutory_min=day.statutory_min,
            pieces=[
                PieceOut(
                    start=each.start,
                    end=each.end,
                    minutes=each.minutes,
                    pay_class=each.bucket.pay_class,
                    night=each.bucket.night,
                    from_class=each.from_class,
                    order_id=each.order_id,
                )
                for each in day.pieces
            ],
            notes=[note for note in day.notes if over or note not in _NOT_YET],
        )


_NOT_YET = frozenset(
    {DayNote.LATE, DayNote.LEFT_EARLY, DayNote.ABSENT, DayNote.ORDER_WITHOUT_PRESENCE}
)
"""What nobody can say of a date that is not over."""


class TotalOut(BaseModel):
    """A month's minutes of one class by day or by night, rounded once."""

    model_config = shown(examples.TOTAL_OUT)

    pay_class: PayClass
    night: bool
    raw_min: int
    rounded_min: int
    percent: int = Field(description="Of the hourly rate; an add-on's alone.")
    paid: bool = Field(description="False: recorded only.")


class CapOut(BaseModel):
    """A cap that was met or is near."""

    model_config = shown(examples.CAP_OUT)

    kind: CapKind
    level: CapLevel
    minutes: int
    limit_min: int
    months: int


class ReckonedMonthOut(BaseModel):
    """One person's month."""

    model_config = shown(examples.MONTH_OUT)

    person_id: str
    name: str
    month: str
    department_ids: list[str]
    through: date = Field(description="The last date that is over: up to it things are missing.")
    fingerprint: str = Field(description="Of all it was reckoned from: the same input, the same.")
    closed_at: datetime | None
    regular_min: int
    missing_min: int
    explained_min: dict[ExplainedKind, int]
    days_worked: int
    counted_60h_min: int
    over_full_day_min: int
    statutory_min: int
    totals: list[TotalOut]
    caps: list[CapOut]
    days: list[ReckonedDayOut]

    @classmethod
    def of(cls, sheet: MonthSheet, today: date) -> ReckonedMonthOut:
        """Show a sheet."""
        result = sheet.result
        until = through(result.month, today)
        pairs = zip(sheet.file.days, result.days, strict=True)
        days = [ReckonedDayOut.of(file, day, until) for file, day in pairs]
        return cls(
            person_id=sheet.person.id,
            name=sheet.person.name,
            month=str(result.month),
            department_ids=list(dict.fromkeys(e.department_id for e in sheet.employments)),
            through=until,
            fingerprint=sheet.fingerprint,
            closed_at=sheet.closed.closed_at if sheet.closed else None,
            regular_min=result.regular_min,
            missing_min=sum(day.missing_min for day in days),
            explained_min=dict(result.explained_min),
            days_worked=result.days_worked,
            counted_60h_min=result.counted_60h_min,
            over_full_day_min=result.over_full_day_min,
            statutory_min=result.statutory_min,
            totals=[
                TotalOut(
                    pay_class=bucket.pay_class,
                    night=bucket.night,
                    raw_min=total.raw_min,
                    rounded_min=total.rounded_min,
                    percent=total.percent,
                    paid=total.paid,
                )
                for bucket, total in result.totals.items()
            ],
            caps=[
                CapOut(
                    kind=each.kind,
                    level=each.level,
                    minutes=each.minutes,
                    limit_min=each.limit_min,
                    months=each.months,
                )
                for each in result.caps
            ],
            days=days,
        )


class WorkOrderOut(BaseModel):
    """Approved work outside regular hours."""

    model_config = shown(examples.ORDER_OUT)

    id: str
    spans: list[WorkSpanOut]


class ExplainedOut(BaseModel):
    """An approved absence, or work elsewhere."""

    model_config = shown(examples.EXPLAINED_OUT)

    id: str
    kind: ExplainedKind
    spans: list[WorkSpanOut]


class DaySheetOut(BaseModel):
    """One date of somebody in full: plan, punches, orders, explanations, and what came of it."""

    model_config = shown(examples.DAY_SHEET_OUT)

    person_id: str
    name: str
    regular: list[WorkSpanOut]
    breaks: list[WorkSpanOut]
    holiday: bool
    orders: list[WorkOrderOut]
    explained: list[ExplainedOut]
    punched: PunchedDayOut | None = Field(description="Null: nobody punched.")
    result: ReckonedDayOut

    @classmethod
    def of(cls, sheet: DaySheet, today: date) -> DaySheetOut:
        """Show it."""
        day = sheet.plan.work_date
        return cls(
            person_id=sheet.person.id,
            name=sheet.person.name,
            regular=spans_out(sheet.plan.spans),
            breaks=spans_out(sheet.plan.breaks),
            holiday=sheet.plan.holiday,
            orders=[
                WorkOrderOut(id=each.id, spans=spans_out(each.spans)) for each in sheet.file.orders
            ],
            explained=[
                ExplainedOut(id=each.id, kind=each.kind, spans=spans_out(each.spans))
                for each in sheet.file.explained
            ],
            punched=PunchedDayOut.model_validate(sheet.punched) if sheet.punched else None,
            result=ReckonedDayOut.of(sheet.file, sheet.result, day if day < today else date.min),
        )


class TeamMemberOut(BaseModel):
    """Where somebody of a team is."""

    model_config = shown(examples.TEAM_MEMBER_OUT)

    person_id: str
    name: str
    standing: PresentStanding
    since: datetime | None
    planned: list[WorkSpanOut]
    late: bool = Field(description="Came after their regular hours began.")
    explained: list[ExplainedKind]

    @classmethod
    def of(cls, found: Member) -> TeamMemberOut:
        """Show somebody."""
        return cls(
            person_id=found.person.id,
            name=found.person.name,
            standing=found.standing,
            since=found.since,
            planned=spans_out(found.plan.spans),
            late=found.late,
            explained=[each.kind for each in found.explained],
        )


class TeamOut(BaseModel):
    """A team today, with how fresh that is."""

    model_config = shown(examples.TEAM_OUT)

    day: date
    as_of: datetime = Field(description="All that doors and terminals saw until then is known.")
    away: list[str] = Field(description="Controllers that cannot be reached.")
    members: list[TeamMemberOut]

    @classmethod
    def of(cls, found: TeamToday, day: date) -> TeamOut:
        """Show a team."""
        members = [TeamMemberOut.of(each) for each in found.members]
        return cls(day=day, as_of=found.as_of, away=list(found.away), members=members)


def spans_out(spans: Iterable[Span]) -> list[WorkSpanOut]:
    """Show spans."""
    return [WorkSpanOut(start=each.start, end=each.end) for each in spans]
