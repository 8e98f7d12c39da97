"""What each kind of application says. Spans are minutes of the work date, as in `hub.worktime`.

A kind's body is one frozen struct, kept as JSON beside the kind. Texts are for people; everything
else is closed.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from hub.worktime.domain import SwapPart
from hub.worktime.minutes import Span, Spans
from wire.events import PunchDirection

Minute = Annotated[int, msgspec.Meta(ge=0, le=2_880)]
Text = Annotated[str, msgspec.Meta(max_length=400)]
DAYS_MAX: Final = 366
"""The most days of one application."""


class ApplicationKind(StrEnum):
    """The closed list of what staff apply for."""

    OVERTIME = "overtime"
    """Work outside regular hours, ordered before it is done."""
    OVERTIME_AFTER = "overtime_after"
    """The same after the fact. Always taken for approval, whatever caps say."""
    HOLIDAY_WORK = "holiday_work"
    SWAP = "swap"
    COMPENSATORY = "compensatory"
    LEAVE = "leave"
    TRIP = "trip"
    TELEWORK = "telework"
    TRAINING = "training"
    DUTY = "duty"
    PUNCH = "punch"
    """A punch that is missing, wrong, or nobody's."""


class SpanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From one minute of the work date to another; past 1440 lies the next day."""

    start: Minute
    end: Minute

    @property
    def is_one(self) -> bool:
        """Whether it has any minutes."""
        return self.start < self.end


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all bodies share."""

    reason: Text = ""


class WorkBody(_Body, frozen=True, kw_only=True, tag="work"):
    """Overtime and holiday work. `rest_later`: a compensatory day is to follow."""

    work_date: date
    spans: tuple[SpanBody, ...]
    rest_later: bool = False


class SwapBody(_Body, frozen=True, kw_only=True, tag="swap"):
    """Regular hours go from `off_date` to `worked_date`."""

    worked_date: date
    off_date: date
    part: SwapPart = SwapPart.WHOLE


class LeavePart(StrEnum):
    """How much of each day."""

    DAY = "day"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    HOURS = "hours"


class LeaveBody(_Body, frozen=True, kw_only=True, tag="leave"):
    """Leave from one date through another, of the kind `leave_kind`; by the hour within `spans`.
    `evidence`: what shows the ground for it, as the rules of the kind ask for."""

    leave_kind: Annotated[str, msgspec.Meta(max_length=40)]
    first: date
    last: date
    part: LeavePart = LeavePart.DAY
    spans: tuple[SpanBody, ...] = ()
    evidence: Text = ""


class AwayBody(_Body, frozen=True, kw_only=True, tag="away"):
    """A trip, telework or training; without `spans` the whole of each day's regular hours."""

    first: date
    last: date
    spans: tuple[SpanBody, ...] = ()
    place: Text = ""


class DutyBody(_Body, frozen=True, kw_only=True, tag="duty"):
    """Night or day duty (宿日直)."""

    work_date: date
    spans: tuple[SpanBody, ...]


class PunchChange(StrEnum):
    """What is to become of a punch."""

    ADD = "add"
    MOVE = "move"
    TURN = "turn"
    """To another direction: the wrong key was pressed."""
    VOID = "void"


class PunchCause(StrEnum):
    """Why a punch is corrected."""

    FORGOTTEN = "forgotten"
    NO_CARD = "no_card"
    READER_DOWN = "reader_down"
    WRONG_KEY = "wrong_key"
    ELSEWHERE = "elsewhere"
    """Worked where no reader is."""
    OTHER = "other"


class PunchBody(_Body, frozen=True, kw_only=True, tag="punch"):
    """A punch to be added, moved to another minute, given another direction, or left out of the
    reckoning. `minute` is of the work date; `punch_id` names the old one."""

    change: PunchChange
    work_date: date
    cause: PunchCause
    direction: PunchDirection | None = None
    minute: Minute | None = None
    punch_id: int | None = None


Body = WorkBody | SwapBody | LeaveBody | AwayBody | DutyBody | PunchBody

K = ApplicationKind
BODY_OF: Final[dict[ApplicationKind, type[Body]]] = {
    K.OVERTIME: WorkBody,
    K.OVERTIME_AFTER: WorkBody,
    K.HOLIDAY_WORK: WorkBody,
    K.SWAP: SwapBody,
    K.COMPENSATORY: SwapBody,
    K.LEAVE: LeaveBody,
    K.TRIP: AwayBody,
    K.TELEWORK: AwayBody,
    K.TRAINING: AwayBody,
    K.DUTY: DutyBody,
    K.PUNCH: PunchBody,
}


def first_and_last(body: Body) -> tuple[date, date]:
    """Give the first and the last work date that a body speaks of."""
    match body:
        case WorkBody() | DutyBody() | PunchBody():
            return body.work_date, body.work_date
        case SwapBody():
            return min(body.worked_date, body.off_date), max(body.worked_date, body.off_date)
        case LeaveBody() | AwayBody():
            return body.first, body.last


def dates_of(body: Body) -> tuple[date, ...]:
    """Give every date of a body, at most `DAYS_MAX`; of a swap the two."""
    if isinstance(body, SwapBody):
        return tuple(sorted({body.worked_date, body.off_date}))
    first, last = first_and_last(body)
    count = min((last - first).days + 1, DAYS_MAX)
    return tuple(first + timedelta(days=n) for n in range(count))


def spans_of(given: tuple[SpanBody, ...]) -> Spans:
    """Give the spans that have minutes, as they were given."""
    return tuple(Span(each.start, each.end) for each in given if each.is_one)


def given_spans(body: Body) -> tuple[SpanBody, ...]:
    """Give the spans that a body names, if its kind names any."""
    return () if isinstance(body, SwapBody | PunchBody) else body.spans


def minutes_of(body: Body) -> int:
    """Give how many minutes a body asks for by its spans: for rules on long overtime."""
    return sum(each.end - each.start for each in given_spans(body) if each.is_one)


def ends_at(body: WorkBody | DutyBody) -> timedelta | None:
    """Give how long after the work date's beginning the last span ends; None without one."""
    return timedelta(minutes=max((each.end for each in body.spans), default=0)) or None
