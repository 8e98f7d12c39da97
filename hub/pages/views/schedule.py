"""Schedules: when something may be opened, as a list, one by one, and as a form.

Spans are typed as people write them, `8:30-17:15, 18:00-21:00`, one field for each weekday.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from hub.pages.views.choice import Choice
from hub.pages.words import Words
from hub.people.domain import Schedule
from wire.policy_bodies import DateException, DaySpan, WeekSpan

NEW_CALENDAR: Final = "new"
_DAY_MIN: Final = 1440
_MOST_SPANS: Final = 20
_MOST_DATES: Final = 500
_WEEKDAYS: Final = range(7)
_DASH: Final = re.compile(r"\s*[-~〜–—−]\s*")
_BETWEEN: Final = re.compile(r"[,、;\s]+")
_SPAN: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
_DATED: Final = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:\s+(.+))?")


class SpansError(Exception):
    """Spans that cannot be read; `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """What is typed. `days` are the spans of Monday to Sunday; `exceptions` one date a line."""

    name: str = ""
    name_en: str = ""
    days: tuple[str, ...] = ("",) * 7
    calendar_id: str = ""
    holiday: str = ""
    exceptions: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """A schedule in the list: its week in words, and how often it is used."""

    id: str
    name: str
    week: str
    used: str


@dataclass(frozen=True, slots=True)
class DayField:
    """The field of a weekday."""

    name: str
    label: str
    value: str


def day_fields(form: ScheduleForm, words: Words) -> tuple[DayField, ...]:
    """Give the fields of the week."""
    return tuple(
        DayField(f"day{number}", words.t(f"weekday.{number}"), form.days[number])
        for number in _WEEKDAYS
    )


def form_of(schedule: Schedule) -> ScheduleForm:
    """Give what stands in the form."""
    return ScheduleForm(
        schedule.name,
        schedule.name_en,
        tuple(spans_text(each) for each in by_day(schedule.week)),
        schedule.calendar_id or "",
        spans_text(schedule.holiday_spans),
        "\n".join(
            f"{one.day.isoformat()} {spans_text(one.spans)}".strip()
            for one in sorted(schedule.exceptions, key=lambda one: one.day)
        ),
    )


def by_day(week: Sequence[WeekSpan]) -> tuple[tuple[DaySpan, ...], ...]:
    """Give the spans of each weekday."""
    return tuple(
        tuple(
            sorted(
                {span for one in week if day in one.days for span in one.spans},
                key=lambda span: (span.start_min, span.end_min),
            )
        )
        for day in _WEEKDAYS
    )


def week_of(days: Sequence[tuple[DaySpan, ...]]) -> tuple[WeekSpan, ...]:
    """Put weekdays with the same spans together."""
    same: dict[tuple[DaySpan, ...], list[int]] = {}
    for number, spans in enumerate(days):
        if spans:
            same.setdefault(spans, []).append(number)
    return tuple(WeekSpan(tuple(numbers), spans) for spans, numbers in same.items())


def week_text(schedule: Schedule, words: Words) -> str:
    """Say a week: `月火水木金 8:30-17:15`."""
    space = " " if words.english else ""
    told = [
        f"{space.join(words.t(f'weekday.{day}') for day in one.days)} {spans_text(one.spans)}"
        for one in week_of(by_day(schedule.week))
    ]
    return " / ".join(told) or words.t("schedules.never")


def spans_text(spans: Sequence[DaySpan]) -> str:
    """Write spans as they are typed."""
    return ", ".join(f"{_clock(one.start_min)}-{_clock(one.end_min)}" for one in spans)


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"


def spans_of(text: str) -> tuple[DaySpan, ...]:
    """Read `8:30-17:15, 18:00-21:00`, full-width digits and signs too; raise `SpansError`."""
    plain = _DASH.sub("-", unicodedata.normalize("NFKC", text).strip())
    parts = [part for part in _BETWEEN.split(plain) if part]
    if len(parts) > _MOST_SPANS:
        raise SpansError("many")
    found = set()
    for part in parts:
        match = _SPAN.fullmatch(part)
        if match is None:
            raise SpansError("spans")
        from_h, from_m, to_h, to_m = (int(each) for each in match.groups())
        start, end = from_h * 60 + from_m, to_h * 60 + to_m
        if from_m > 59 or to_m > 59 or start > _DAY_MIN or end > _DAY_MIN:
            raise SpansError("spans")
        if start >= end:
            raise SpansError("midnight")
        found.add((start, end))
    return tuple(DaySpan(*each) for each in sorted(found))


def exceptions_of(text: str) -> tuple[DateException, ...]:
    """Read one date a line, with its spans or none; raise `SpansError`."""
    found: dict[date, DateException] = {}
    for line in text.splitlines():
        plain = unicodedata.normalize("NFKC", line).strip()
        if not plain:
            continue
        match = _DATED.fullmatch(plain)
        if match is None:
            raise SpansError("date")
        try:
            day = date(*(int(each) for each in match.groups()[:3]))
        except ValueError as error:
            raise SpansError("date") from error
        if not 2000 <= day.year <= 2199:
            raise SpansError("date")
        if day in found:
            raise SpansError("twice")
        found[day] = DateException(day, spans_of(match[4] or ""))
    if len(found) > _MOST_DATES:
        raise SpansError("many")
    return tuple(found[day] for day in sorted(found))


def read_schedule(
    form: ScheduleForm, before: Schedule | None, words: Words
) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the columns of a form, and what is wrong with it by field. A week that stayed the same
    stays as it is written."""
    errors: dict[str, str] = {}

    def read(name: str, work: Any, text: str) -> Any:
        try:
            return work(text)
        except SpansError as error:
            errors[name] = words.t(f"schedules.error.{error.code}")
            return ()

    if not form.name or "\x00" in f"{form.name}{form.name_en}":
        errors["name"] = words.t("groups.no_name")
    days = tuple(read(f"day{n}", spans_of, form.days[n]) for n in _WEEKDAYS)
    holiday = read("holiday", spans_of, form.holiday)
    exceptions = read("exceptions", exceptions_of, form.exceptions)
    if "\x00" in form.calendar_id:
        errors["calendar_id"] = words.t("granting.error.unknown")
    if holiday and not form.calendar_id:
        errors["calendar_id"] = words.t("schedules.error.calendar")
    same = before is not None and by_day(before.week) == days
    values = {
        "name": form.name,
        "name_en": form.name_en,
        "week": before.week if before is not None and same else week_of(days),
        "calendar_id": form.calendar_id or None,
        "holiday_spans": holiday,
        "exceptions": exceptions,
    }
    return ({}, errors) if errors else (values, errors)


def form_from(given: Mapping[str, str]) -> ScheduleForm:
    """Give what was sent."""
    return ScheduleForm(
        given.get("name", "").strip()[:100],
        given.get("name_en", "").strip()[:100],
        tuple(given.get(f"day{number}", "")[:400] for number in _WEEKDAYS),
        given.get("calendar_id", "")[:80],
        given.get("holiday", "")[:400],
        given.get("exceptions", "")[:20_000],
    )


def calendar_choices(
    named: Sequence[tuple[str, str]], words: Words, *, has_japan: bool
) -> tuple[Choice, ...]:
    """Give the holiday calendars, and one to be made where the town has none of Japan's."""
    found = [Choice(each, text) for each, text in named]
    if not has_japan:
        found.append(Choice(NEW_CALENDAR, words.t("schedules.new_calendar")))
    return tuple(found)
