"""What the API takes and gives of schedules and holiday calendars."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field

from hub.people import examples
from hub.people.domain import CalendarSource, NamedDay
from hub.people.person_schemas import Id
from hub.web.fields import (
    BodyIn,
    CalendarDate,
    ChangeIn,
    Name,
    OptionalName,
    RowOut,
    clearable,
    shown,
)
from hub.web.problems import invalid
from wire.policy_bodies import DateException, DaySpan, WeekSpan

Minute = Annotated[int, Field(ge=0, le=1440, strict=True)]
Span = Annotated[
    tuple[Minute, Minute],
    Field(description="`[from, to)` in minutes since midnight; over midnight is two spans."),
]
Spans = Annotated[list[Span], Field(max_length=20)]


class WeekShape(BodyIn):
    """The same spans on several weekdays, 0 = Monday."""

    days: Annotated[
        list[Annotated[int, Field(ge=0, le=6, strict=True)]], Field(min_length=1, max_length=7)
    ]
    spans: Spans


class ExceptionShape(BodyIn):
    """One date that follows its own spans; none means closed."""

    day: CalendarDate
    spans: Spans = Field(default_factory=list)


class DayShape(BodyIn):
    """A date with its name."""

    day: CalendarDate
    name: Name


TimeZone = Annotated[str, Field(max_length=64)]
Week = Annotated[list[WeekShape], Field(max_length=20)]
Exceptions = Annotated[list[ExceptionShape], Field(max_length=500)]
HolidaySpans = Annotated[
    Spans, Field(description="What holds on a day of the calendar; none means closed.")
]
Days = Annotated[list[DayShape], Field(max_length=500)]
Dates = Annotated[list[CalendarDate], Field(max_length=500)]


class ScheduleIn(BodyIn):
    """A new schedule."""

    model_config = shown(examples.SCHEDULE_IN)

    name: Name
    name_en: OptionalName = ""
    tz: TimeZone = "Asia/Tokyo"
    week: Week = Field(default_factory=list)
    calendar_id: Id | None = None
    holiday_spans: HolidaySpans = Field(default_factory=list)
    exceptions: Exceptions = Field(default_factory=list)


class ScheduleChange(ChangeIn):
    """What to change of a schedule."""

    model_config = shown(examples.SCHEDULE_CHANGE)

    name: Name | None = None
    name_en: OptionalName | None = None
    tz: TimeZone | None = None
    week: Week | None = None
    calendar_id: Id | None = clearable()
    holiday_spans: HolidaySpans | None = None
    exceptions: Exceptions | None = None


class ScheduleOut(RowOut):
    """A schedule. First a date's exception decides, then a holiday, then the weekday."""

    model_config = shown(examples.SCHEDULE_OUT)

    id: str
    name: str
    name_en: str
    tz: str
    week: list[WeekShape]
    calendar_id: str | None
    holiday_spans: list[Span]
    exceptions: list[ExceptionShape]
    created_at: datetime
    updated_at: datetime


class CalendarIn(BodyIn):
    """A new holiday calendar."""

    model_config = shown(examples.CALENDAR_IN)

    name: Name
    name_en: OptionalName = ""
    source: CalendarSource = CalendarSource.JAPAN
    added: Days = Field(default_factory=list, description="Days that are holidays here besides.")
    removed: Dates = Field(default_factory=list, description="Days that are no holidays here.")


class CalendarChange(ChangeIn):
    """What to change of a holiday calendar."""

    model_config = shown(examples.CALENDAR_CHANGE)

    name: Name | None = None
    name_en: OptionalName | None = None
    source: CalendarSource | None = None
    added: Days | None = None
    removed: Dates | None = None


class CalendarOut(RowOut):
    """A holiday calendar."""

    model_config = shown(examples.CALENDAR_OUT)

    id: str
    name: str
    name_en: str
    source: CalendarSource
    added: list[DayShape]
    removed: list[date]
    created_at: datetime
    updated_at: datetime


class HolidaysOut(BaseModel):
    """The dates of a holiday calendar."""

    model_config = shown(examples.HOLIDAYS_OUT)

    dates: list[date]


_SHAPES: dict[str, Any] = {
    "week": tuple[WeekSpan, ...],
    "holiday_spans": tuple[DaySpan, ...],
    "exceptions": tuple[DateException, ...],
    "added": tuple[NamedDay, ...],
    "removed": tuple[date, ...],
}


def time_columns(values: dict[str, Any]) -> dict[str, Any]:
    """Turn spans and days as sent into the wire's; raise a problem naming the field."""
    made = dict(values)
    for name in _SHAPES.keys() & values.keys():
        try:
            made[name] = msgspec.convert(values[name], _SHAPES[name])
        except msgspec.ValidationError as error:
            raise invalid(name, "bad_span", "a span ends after it starts") from error
    return made
