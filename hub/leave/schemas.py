"""The shapes of leave in the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.leave import examples
from hub.leave.balances import Balance
from hub.leave.domain import Amount, Cycle, EntryKind, LeaveKind, LeaveUnit
from hub.leave.domain import shown as as_shown
from hub.leave.yearly import GrantLine, YearEndLine
from hub.web.fields import BodyIn, CalendarDate, shown

Code = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$", description="A kind of leave.")]
Year = Annotated[int, Field(ge=2000, le=2198, description="The kind's year, by its first day.")]
HalfDays = Annotated[int, Field(ge=-732, le=732)]
LeaveMinutes = Annotated[int, Field(ge=-400_000, le=400_000)]


class AmountOut(BaseModel):
    """Half days and minutes, side by side: `day_min` minutes make a day."""

    model_config = shown(examples.AMOUNT)

    half_days: int
    minutes: int

    @classmethod
    def of(cls, amount: Amount) -> AmountOut:
        """Show one."""
        return cls(half_days=amount.half_days, minutes=amount.minutes)


class ShownOut(BaseModel):
    """The same as people read it. `below`: so much is missing."""

    model_config = shown(examples.SHOWN) | ConfigDict(from_attributes=True)

    days: int
    half: bool
    hours: int
    minutes: int
    below: bool


class LeaveKindOut(BaseModel):
    """One kind of leave, as the town's file has it."""

    model_config = shown(examples.KIND_OUT)

    code: str
    title: str
    title_en: str
    units: list[LeaveUnit]
    paid: bool
    balanced: bool = Field(description="Only what is left may be taken.")
    needs_reason: bool
    needs_evidence: bool
    cycle: Cycle
    day_min: int = Field(description="So many minutes taken by the hour make a day.")
    hour_unit_min: int
    once_half_days: int | None
    season: list[str] | None
    carry_over_half_days: int

    @classmethod
    def of(cls, code: str, kind: LeaveKind) -> LeaveKindOut:
        """Show one."""
        return cls(
            code=code,
            title=kind.title,
            title_en=kind.title_en,
            units=list(kind.units),
            paid=kind.paid,
            balanced=kind.balanced,
            needs_reason=kind.needs_reason,
            needs_evidence=kind.needs_evidence,
            cycle=kind.cycle,
            day_min=kind.day_min,
            hour_unit_min=kind.hour_unit_min,
            once_half_days=kind.once_half_days,
            season=list(kind.season) if kind.season else None,
            carry_over_half_days=kind.carry_over_half_days,
        )


class BalanceOut(BaseModel):
    """What is left of one kind at a date."""

    model_config = shown(examples.BALANCE_OUT)

    leave_kind: str
    year: int
    at: date
    day_min: int
    granted: AmountOut
    carried_over: AmountOut
    corrected: AmountOut
    taken: AmountOut
    left: AmountOut
    left_shown: ShownOut
    lowest: AmountOut = Field(
        description="The least it comes to until the year's end by what is approved already: so "
        "much may be taken."
    )

    @classmethod
    def of(cls, found: Balance, kind: LeaveKind) -> BalanceOut:
        """Show one."""
        return cls(
            leave_kind=found.leave_kind,
            year=found.year,
            at=found.at,
            day_min=kind.day_min,
            granted=AmountOut.of(found.granted),
            carried_over=AmountOut.of(found.carried_over),
            corrected=AmountOut.of(found.corrected),
            taken=AmountOut.of(found.taken),
            left=AmountOut.of(found.left),
            left_shown=ShownOut.model_validate(as_shown(found.left, kind.day_min)),
            lowest=AmountOut.of(found.lowest),
        )


class BalancesOut(BaseModel):
    """One person's balances."""

    model_config = shown(examples.BALANCES_OUT)

    person_id: str
    items: list[BalanceOut]


class LeaveEntryOut(BaseModel):
    """One entry of the ledger; never changed."""

    model_config = shown(examples.ENTRY_OUT) | ConfigDict(from_attributes=True)

    id: str
    leave_kind: str
    year: int
    kind: EntryKind
    half_days: int
    minutes: int
    day: date
    application_id: str | None
    reason: str
    made_by: str
    made_at: datetime


class LeaveEntriesOut(BaseModel):
    """One person's ledger of a kind in a year."""

    model_config = shown(examples.ENTRIES_OUT)

    person_id: str
    items: list[LeaveEntryOut]


class LeaveCorrectionIn(BodyIn):
    """What is added (or with a minus taken away), from which date on, and why."""

    model_config = shown(examples.CORRECTION_IN) | ConfigDict(extra="forbid")

    person_id: Annotated[str, Field(min_length=1, max_length=80)]
    leave_kind: Code
    half_days: HalfDays = 0
    minutes: LeaveMinutes = 0
    day: CalendarDate
    reason: Annotated[str, Field(min_length=1, max_length=400)]


class LeaveYearIn(BodyIn):
    """A kind's year."""

    model_config = shown(examples.YEARLY_IN) | ConfigDict(extra="forbid")

    leave_kind: Code
    year: Year


class GrantLineOut(BaseModel):
    """What somebody is granted. `there`: it was before, and stays as it was."""

    model_config = shown(examples.GRANT_LINE)

    person_id: str
    employment: str
    months: int
    day: date
    half_days: int
    there: bool


class GrantsOut(BaseModel):
    """What everybody is granted for a year."""

    model_config = shown(examples.GRANTS_OUT)

    leave_kind: str
    year: int
    items: list[GrantLineOut]

    @classmethod
    def of(cls, given: LeaveYearIn, lines: Sequence[GrantLine]) -> GrantsOut:
        """Show them."""
        return cls(
            leave_kind=given.leave_kind,
            year=given.year,
            items=[
                GrantLineOut(
                    person_id=each.person_id,
                    employment=each.employment,
                    months=each.months,
                    day=each.day,
                    half_days=each.amount.half_days,
                    there=each.there,
                )
                for each in lines
            ],
        )


class YearEndLineOut(BaseModel):
    """What of somebody's year is left, and what of it lives on."""

    model_config = shown(examples.YEAR_END_OUT["items"][0])

    person_id: str
    left: AmountOut
    carried_over: AmountOut
    there: bool = Field(description="The year was ended for them before.")


class YearEndOut(BaseModel):
    """What ending a year would do."""

    model_config = shown(examples.YEAR_END_OUT)

    leave_kind: str
    year: int
    items: list[YearEndLineOut]

    @classmethod
    def of(cls, given: LeaveYearIn, lines: Sequence[YearEndLine]) -> YearEndOut:
        """Show it."""
        return cls(
            leave_kind=given.leave_kind,
            year=given.year,
            items=[
                YearEndLineOut(
                    person_id=each.person_id,
                    left=AmountOut.of(each.left),
                    carried_over=AmountOut.of(each.carried_over),
                    there=each.there,
                )
                for each in lines
            ],
        )


class YearEndedOut(BaseModel):
    """For how many people something was entered."""

    model_config = shown(examples.YEAR_ENDED_OUT)

    leave_kind: str
    year: int
    people: int
