"""What reckoning takes and gives. Everything is frozen; durations are whole minutes.

Spans are minutes of a work date (`hub.worktime.minutes`); a work date is a date in Asia/Tokyo, and
a shift that crosses midnight belongs to the date on which it started. The fiscal year runs from
April through March.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from hub.worktime.minutes import Spans, total

# --- time --------------------------------------------------------------------------------------


class Month(NamedTuple):
    """A month of work dates, first to last day."""

    year: int
    number: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.plus(1).first - timedelta(days=1)

    @property
    def fiscal_year(self) -> int:
        """The year in whose April its fiscal year began."""
        return self.year if self.number >= 4 else self.year - 1

    def plus(self, months: int) -> Month:
        """The month so many months later; earlier with a negative number."""
        year, zero_based = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, zero_based + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def month_of(day: date) -> Month:
    """Give the month in which a date lies."""
    return Month(day.year, day.month)


# --- what was planned --------------------------------------------------------------------------


class DayKind(StrEnum):
    """What a date is for one person, swaps applied."""

    WORKDAY = "workday"
    DAY_OFF = "day_off"
    """A weekly day off (週休日) of the person's pattern."""
    HOLIDAY = "holiday"
    """A national holiday (休日) on which the pattern has regular hours."""
    YEAR_END = "year_end"
    """29 December to 3 January (年末年始の休日), likewise."""


@dataclass(frozen=True, slots=True)
class DayPlan:
    """One date of one person's plan, swaps applied.

    `spans` are the regular hours (breaks left out of them), on a holiday those that would have
    been worked; `breaks` the regular breaks between them. `base_spans` are the regular hours
    before any swap. `holiday`: the calendar date itself is a national holiday or year-end,
    whatever it is for this person. `rostered`: the plan itself orders work on a holiday, as in a
    shift pattern. `swap_id`, `swap_kind`: the claim that moved regular hours to or from this date.
    """

    work_date: date
    kind: DayKind
    spans: Spans = ()
    breaks: Spans = ()
    base_spans: Spans = ()
    holiday: bool = False
    rostered: bool = False
    swap_id: str | None = None
    swap_kind: SwapKind | None = None

    @property
    def due_spans(self) -> Spans:
        """Regular hours that are to be worked: on a holiday none, unless the plan orders them."""
        free = self.kind in (DayKind.HOLIDAY, DayKind.YEAR_END) and not self.rostered
        return () if free else self.spans

    @property
    def regular_min(self) -> int:
        """Minutes of regular hours."""
        return total(self.spans)


# --- what was ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Presence:
    """When somebody was at work by their punches: from each in to its out. `breaks` were punched;
    where there are none, regular breaks count. `open`: still in. `missing`: an in or out is
    missing, so that some stretch could not be read."""

    work_date: date
    spans: Spans = ()
    breaks: Spans = ()
    open: bool = False
    missing: bool = False


# --- what was allowed, ordered, explained -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    """Approved work outside regular hours, or in the regular hours of a holiday: overtime or
    holiday work, ordered before or after the fact. May run past 24:00."""

    id: str
    work_date: date
    spans: Spans


class ExplainedKind(StrEnum):
    """Why somebody is away, or present without overtime."""

    LEAVE = "leave"
    """Paid leave and special leave: by day, half day or hour."""
    UNPAID_LEAVE = "unpaid_leave"
    COMPENSATORY = "compensatory"
    """A day off that stands for a worked holiday (代休)."""
    TRIP = "trip"
    TELEWORK = "telework"
    TRAINING = "training"
    DUTY = "duty"
    """Night or day duty (宿日直): presence that is no overtime."""

    @property
    def is_work(self) -> bool:
        """Whether regular hours count as worked without punches."""
        return self in (ExplainedKind.TRIP, ExplainedKind.TELEWORK, ExplainedKind.TRAINING)


@dataclass(frozen=True, slots=True)
class Explained:
    """An approved explanation. Of absences and work elsewhere the minutes within regular hours
    count; of duty those outside them. No minute of a duty is ever overtime."""

    id: str
    work_date: date
    kind: ExplainedKind
    spans: Spans


class SwapPart(StrEnum):
    """How much of the two days changes places."""

    WHOLE = "whole"
    MORNING = "morning"
    AFTERNOON = "afternoon"


class SwapKind(StrEnum):
    """What changes places."""

    SWAP = "swap"
    """A weekly day off is worked, a workday becomes a day off (振替)."""
    COMPENSATORY = "compensatory"
    """A worked holiday becomes a workday, a workday a day off in its place (代休)."""


@dataclass(frozen=True, slots=True)
class Swap:
    """An approved swap: regular hours move from `off_date` to `worked_date`."""

    id: str
    kind: SwapKind
    worked_date: date
    off_date: date
    part: SwapPart = SwapPart.WHOLE


# --- one person's month, handed in ---------------------------------------------------------------


class CapType(StrEnum):
    """Which caps hold for a department."""

    ORDINARY = "ordinary"
    OTHER_LED = "other_led"
    """Its work is set by others (他律的業務の比重が高い部署)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for somebody on one date. `kind` is a code of `[kinds.…]` in the ordinance."""

    department_id: str
    cap_type: CapType
    kind: str
    article_36: bool = False


@dataclass(frozen=True, slots=True)
class DayFile:
    """Everything about one person's date. `terms` None: not employed then."""

    plan: DayPlan
    terms: Terms | None
    presence: Presence
    orders: tuple[Order, ...] = ()
    explained: tuple[Explained, ...] = ()

    @property
    def work_date(self) -> date:
        """The date."""
        return self.plan.work_date


@dataclass(frozen=True, slots=True)
class MonthTally:
    """What an earlier month leaves to later ones: raw minutes that count towards the caps."""

    month: Month
    cap_type: CapType
    cap_month_min: int
    cap_average_min: int


@dataclass(frozen=True, slots=True)
class MonthFile:
    """One person's month: every date of it, in order.

    `around` holds the plans of the seven days before the first and after the last day (weeks and
    shifts reach over the month's ends), `stays` the presence of the last day before the first,
    whose last stretch may run into this month's regular hours, and `stays_orders` its orders.
    `week_before_min`: credited work in the month's first week before the first day, at most eight
    hours a day. `history`: the months before, oldest first, as far as they are known and the person
    was employed. `known_through`: the last date of which everything can be known; of later ones,
    today included, nothing is missing yet. None: the month is over.
    """

    person_id: str
    month: Month
    days: tuple[DayFile, ...]
    around: Mapping[date, DayPlan] = field(default_factory=dict)
    stays: Presence | None = None
    stays_orders: tuple[Order, ...] = ()
    week_before_min: int = 0
    history: tuple[MonthTally, ...] = ()
    known_through: date | None = None


# --- what comes out ------------------------------------------------------------------------------


class PayClass(StrEnum):
    """Why minutes are paid beyond the salary. Rates and what they count towards stand in the
    ordinance's `[pay.…]`."""

    OVERTIME = "overtime"
    """Outside regular hours, on a working day."""
    DAY_OFF = "day_off"
    HOLIDAY = "holiday"
    """Regular hours of a holiday or the year's end (休日勤務手当)."""
    HOLIDAY_OVERTIME = "holiday_overtime"
    """Outside the regular hours of such a day."""
    SHORT_TIME = "short_time"
    """Of short-time staff on a working day, until hours planned and ordered reach a full day."""
    OVER_60 = "over_60"
    """Of the classes that count: beyond 60 hours in the month."""
    SWAP_EXCESS = "swap_excess"
    """An add-on: the week's excess where a day off was swapped to another week."""
    NIGHT_REGULAR = "night_regular"
    """An add-on: regular hours in the night band (夜間勤務手当)."""


class Bucket(NamedTuple):
    """What is added up for a month, and then rounded: a pay class by day or by night. The add-ons
    have no night of their own."""

    pay_class: PayClass
    night: bool = False

    def __str__(self) -> str:
        return f"{self.pay_class.value}.night" if self.night else self.pay_class.value


@dataclass(frozen=True, slots=True)
class Piece:
    """Minutes in a row in one bucket. `from_class`: what it was before the 60th hour."""

    start: int
    end: int
    bucket: Bucket
    from_class: PayClass
    order_id: str | None = None

    @property
    def minutes(self) -> int:
        """How many."""
        return self.end - self.start


class DayNote(StrEnum):
    """Why a day came out as it did, and what is odd about it. Each has a sentence in the catalogue
    (`worktime.note.<value>`)."""

    NOT_EMPLOYED = "not_employed"
    MISSING_PUNCH = "missing_punch"
    STILL_IN = "still_in"
    LATE = "late"
    LEFT_EARLY = "left_early"
    ABSENT = "absent"
    PRESENT_WITHOUT_ORDER = "present_without_order"
    """There longer than regular hours and orders explain; not paid."""
    ORDER_WITHOUT_PRESENCE = "order_without_presence"
    """Ordered minutes in which nobody was there; not paid."""
    EARLY_ARRIVAL = "early_arrival"
    WORKED_BREAK = "worked_break"
    """Ordered work in a regular break; paid."""
    SWAPPED = "swapped"
    COMPENSATED = "compensated"
    DUTY = "duty"
    OVER_60_REACHED = "over_60_reached"
    NOT_PAID_BY_KIND = "not_paid_by_kind"
    """Minutes of somebody whose kind of employment is not paid overtime: recorded all the same."""
    SHIFT_TOO_LONG = "shift_too_long"
    TOO_MANY_DAYS = "too_many_days"
    """The thirteenth working day in a row, and each after it."""


@dataclass(frozen=True, slots=True)
class DayResult:
    """One reckoned date. `pieces` in chronological order, beyond the 60th hour already split off.

    `regular_min`: regular hours worked, elsewhere included; `explained_min`: by kind, within
    regular hours (duty: outside); `missing_min`: regular hours neither worked nor explained;
    `extra_min`: presence outside regular hours that no order covers; `credited_min`: all work
    that counts, paid or not; `over_full_day_min`, `statutory_min`: the two counters, beyond the
    full day (7 h 45) and beyond eight hours a day or forty a week.
    """

    work_date: date
    kind: DayKind
    terms: Terms | None
    present_min: int
    break_min: int
    regular_min: int
    explained_min: Mapping[ExplainedKind, int]
    missing_min: int
    extra_min: int
    unmet_order_min: int
    credited_min: int
    over_full_day_min: int
    statutory_min: int
    pieces: tuple[Piece, ...]
    notes: tuple[DayNote, ...]


@dataclass(frozen=True, slots=True)
class BucketTotal:
    """A month's bucket: raw minutes, and the minutes that are paid after rounding once. `percent`
    of the hourly rate (an add-on's alone). `paid` False: recorded only. Where somebody's kind of
    employment changed within the month from paid to recorded or back, `raw_min` and `rounded_min`
    are the paid ones alone, and `recorded_min` the raw minutes besides."""

    raw_min: int
    rounded_min: int
    percent: int
    paid: bool
    recorded_min: int = 0


class CapKind(StrEnum):
    """Which cap was met or is near."""

    MONTH = "month"
    YEAR = "year"
    AVERAGE = "average"
    MONTHS_ABOVE = "months_above"


class CapLevel(StrEnum):
    """How near."""

    ALERT = "alert"
    """An alert threshold of the ordinance (30, 40, 45 h) is reached, the cap itself is not."""
    BREACH = "breach"


@dataclass(frozen=True, slots=True)
class CapFinding:
    """A cap met or near. `minutes` against `limit_min` (for `MONTHS_ABOVE`: months, no minutes);
    `months`: how many months it spans, the last being the month reckoned."""

    kind: CapKind
    level: CapLevel
    minutes: int
    limit_min: int
    months: int = 1


@dataclass(frozen=True, slots=True)
class MonthResult:
    """One reckoned month. `tally` is what later months need of it."""

    person_id: str
    month: Month
    days: tuple[DayResult, ...]
    totals: Mapping[Bucket, BucketTotal]
    regular_min: int
    missing_min: int
    explained_min: Mapping[ExplainedKind, int]
    days_worked: int
    counted_60h_min: int
    over_full_day_min: int
    statutory_min: int
    caps: tuple[CapFinding, ...]
    tally: MonthTally | None
