"""The form of each kind of application: read into a body, and filled in from one. Pure.

Times are written as clocks and timetables show them, 25:30 for half past one of the next morning;
full-width digits are read too.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from hub.applications.bodies import (
    BODY_OF,
    ApplicationKind,
    AwayBody,
    Body,
    DutyBody,
    LeaveBody,
    LeavePart,
    PunchBody,
    PunchCause,
    PunchChange,
    SpanBody,
    SwapBody,
    WorkBody,
    first_and_last,
    given_spans,
)
from hub.applications.checks import Refusal
from hub.worktime.domain import SwapPart
from wire.events import PunchDirection

_TIME: Final = re.compile(r"(\d{1,2})[:時.](\d{2})分?|(\d{2})(\d{2})")
NEW_PUNCH: Final = "new"
"""What is picked instead of one of the day's punches where one is missing."""
Short = Annotated[str, Field(max_length=40)]
Long = Annotated[str, Field(max_length=400)]
E = TypeVar("E", bound=StrEnum)


class FormError(Exception):
    """What was written cannot be read; `key` is the sentence that says what."""

    def __init__(self, key: str, field: str) -> None:
        super().__init__(key)
        self.key = key
        self.field = field


class ApplicationForm(BaseModel):
    """What a form sends; every field may be missing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Short = ""
    version: Short = ""
    first: Short = ""
    last: Short = ""
    off_date: Short = ""
    from1: Short = ""
    until1: Short = ""
    from2: Short = ""
    until2: Short = ""
    part: Short = ""
    leave_kind: Short = ""
    place: Long = ""
    reason: Long = ""
    evidence: Long = ""
    rest_later: Short = ""
    change: Short = ""
    cause: Short = ""
    direction: Short = ""
    time: Short = ""
    punch_id: Short = ""
    draft: Short = ""
    look: Short = ""
    """Show another date's punches: nothing is handed in."""


R = Refusal
FIELD_OF: Final = {
    R.DATES_REVERSED: "last",
    R.DAY_FREED: "first",
    R.NO_REGULAR_HOURS: "first",
    R.NOT_EMPLOYED: "first",
    R.LEAVE_SEASON: "first",
    R.ALREADY_WORKED: "first",
    R.NO_HOLIDAY_WORKED: "first",
    R.WORKED_DAY_ORDERED: "first",
    R.OFF_DAY_TAKEN: "off_date",
    R.OUTSIDE_WINDOW: "off_date",
    R.NOTHING_TO_MOVE: "off_date",
    R.SAME_DATE: "off_date",
    R.MOVED_ALREADY: "off_date",
    R.SPANS_MISSING: "from1",
    R.SPANS_REVERSED: "until1",
    R.PUNCH_TIME_MISSING: "time",
    R.PUNCH_IN_FUTURE: "time",
}
"""Beside which date or time a refusal is said, where it is about one."""


def body_of(kind: ApplicationKind, form: ApplicationForm) -> Body:
    """Read a form; raise `FormError` for what is no date or no time."""
    first = _day(form.first, "first")
    reason = _text(form.reason)
    shape = BODY_OF[kind]
    if shape is WorkBody:
        return WorkBody(
            work_date=first, spans=_spans(form), rest_later=bool(form.rest_later), reason=reason
        )
    if shape is DutyBody:
        return DutyBody(work_date=first, spans=_spans(form), reason=reason)
    if shape is SwapBody:
        part = _member(SwapPart, form.part, SwapPart.WHOLE)
        off = _day(form.off_date, "off_date")
        return SwapBody(worked_date=first, off_date=off, part=part, reason=reason)
    if shape is PunchBody:
        return _punch(first, form, reason)
    last = _day(form.last, "last") if form.last.strip() else first
    if shape is AwayBody:
        place = _text(form.place)
        return AwayBody(first=first, last=last, spans=_spans(form), place=place, reason=reason)
    leave_part = _member(LeavePart, form.part, LeavePart.DAY)
    return LeaveBody(
        leave_kind=form.leave_kind,
        first=first,
        last=last,
        part=leave_part,
        spans=_spans(form) if leave_part is LeavePart.HOURS else (),
        reason=reason,
        evidence=_text(form.evidence),
    )


def form_of(kind: ApplicationKind, body: Body, version: int) -> ApplicationForm:
    """Fill a form in from a body."""
    first, last = first_and_last(body)
    spans = [*given_spans(body), None, None][:2]
    filled = {
        "kind": kind.value,
        "version": str(version),
        "first": first.isoformat(),
        "last": last.isoformat(),
        "reason": body.reason,
    }
    for number, span in enumerate(spans, 1):
        if span is not None:
            filled[f"from{number}"] = clock_of(span.start)
            filled[f"until{number}"] = clock_of(span.end)
    match body:
        case WorkBody():
            filled["rest_later"] = "yes" if body.rest_later else ""
        case SwapBody():
            filled |= {"first": body.worked_date.isoformat(), "part": body.part.value}
            filled["off_date"] = body.off_date.isoformat()
        case LeaveBody():
            filled |= {"leave_kind": body.leave_kind, "part": body.part.value}
            filled["evidence"] = body.evidence
        case AwayBody():
            filled["place"] = body.place
        case PunchBody():
            filled |= {"change": body.change.value, "cause": body.cause.value}
            filled["direction"] = body.direction.value if body.direction else ""
            filled["time"] = "" if body.minute is None else clock_of(body.minute)
            filled["punch_id"] = NEW_PUNCH if body.punch_id is None else str(body.punch_id)
        case DutyBody():
            pass
    return ApplicationForm(**filled)


def clock_of(minute: int) -> str:
    """`17:15`; `25:30` past midnight."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def minute_of(text: str) -> int:
    """Read `17:15`, `1715`, `１７：１５`, `25:30`; raise `FormError`."""
    found = _TIME.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        raise FormError("application.bad_time", "from1")
    hour, minute = (int(each) for each in found.groups() if each is not None)
    if minute > 59 or hour > 48 or (hour == 48 and minute):
        raise FormError("application.bad_time", "from1")
    return hour * 60 + minute


def _spans(form: ApplicationForm) -> tuple[SpanBody, ...]:
    pairs = ((form.from1, form.until1), (form.from2, form.until2))
    return tuple(
        SpanBody(minute_of(start), minute_of(end))
        for start, end in pairs
        if start.strip() or end.strip()
    )


def _punch(day: date, form: ApplicationForm, reason: str) -> PunchBody:
    change = _member(PunchChange, form.change, PunchChange.ADD)
    if form.punch_id.strip() == NEW_PUNCH:
        change = PunchChange.ADD
    directed = change in (PunchChange.ADD, PunchChange.TURN)
    timed = change in (PunchChange.ADD, PunchChange.MOVE)
    return PunchBody(
        change=change,
        work_date=day,
        cause=_member(PunchCause, form.cause, PunchCause.OTHER),
        direction=PunchDirection(form.direction)
        if directed and form.direction in set(PunchDirection)
        else None,
        minute=minute_of(form.time) if timed and form.time.strip() else None,
        punch_id=None if change is PunchChange.ADD else _punch_id(form.punch_id.strip()),
        reason=reason,
    )


def _punch_id(text: str) -> int | None:
    """Read an id; that of a punch which was added is below zero."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None


def _day(text: str, field: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError as error:
        raise FormError("application.not_found_day", field) from error
    if not date(2000, 1, 1) <= found < date(2199, 1, 1):
        raise FormError("application.not_found_day", field)
    return found


def _text(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()


def _member(kind: type[E], text: str, otherwise: E) -> E:
    return kind(text) if text in set(kind) else otherwise
