"""A reckoned month, of one person and in a department's list, as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hub.pages.views.timesheet_notes import Link, NoteLine, note_lines
from hub.pages.views.working_time import (
    CapLine,
    Figure,
    bucket_name,
    cap_lines,
    closed_text,
    spans_text,
    whole_text,
)
from hub.pages.words import Words
from hub.timesheets.domain import MonthSheet
from hub.timesheets.service import through
from hub.worktime.domain import (
    Bucket,
    BucketTotal,
    DayFile,
    DayKind,
    DayResult,
    ExplainedKind,
    Month,
    PayClass,
)

_OFF = frozenset({DayKind.DAY_OFF, DayKind.HOLIDAY, DayKind.YEAR_END})
_ADD_ONS = frozenset({PayClass.SWAP_EXCESS, PayClass.NIGHT_REGULAR})


@dataclass(frozen=True, slots=True)
class DayLine:
    """A date in a month's table."""

    path: str
    iso: str
    date: str
    kind: str
    is_off: bool
    is_today: bool
    planned: str
    present: str
    regular: str
    beyond: str
    away: str
    notes: tuple[NoteLine, ...]


@dataclass(frozen=True, slots=True)
class TotalLine:
    """A month's minutes of one class."""

    name: str
    raw: str
    rounded: str
    percent: str
    paid: bool


@dataclass(frozen=True, slots=True)
class MonthPage:
    """Somebody's month."""

    month: str
    is_over: bool
    heading: str
    name: str
    before: Link
    after: Link | None
    closed: str
    until: str
    asks: tuple[DayLine, ...]
    figures: tuple[Figure, ...]
    caps: tuple[CapLine, ...]
    totals: tuple[TotalLine, ...]
    days: tuple[DayLine, ...]


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody in a department's month."""

    path: str
    name: str
    worked: int
    regular: str
    beyond: str
    counted: str
    leave: str
    asks: int
    caps: tuple[CapLine, ...]
    closed: bool


def month_page(sheet: MonthSheet, words: Words, base: str, least_min: int) -> MonthPage:
    """Give somebody's month; `base` is the path to which `?month=` is added. `least_min`: from how
    many minutes on it is said that somebody was there without an order, or not there with one."""
    result, month = sheet.result, sheet.result.month
    until = through(month, words.today)
    files = zip(sheet.file.days, result.days, strict=True)
    days = [day_line(sheet.person.id, file, day, until, words, least_min) for file, day in files]
    later = month.plus(1)
    return MonthPage(
        month=str(month),
        is_over=month.last < words.today,
        heading=words.form_month(month.first),
        name=words.name(sheet.person.name, sheet.person.name_en),
        before=_month_link(month.plus(-1), base, words),
        after=_month_link(later, base, words) if later.first <= words.today else None,
        closed=closed_text(sheet.closed, words),
        until=words.t("timesheet.until", day=words.day(until)) if until < month.last else "",
        asks=tuple(day for day in days if any(note.asks for note in day.notes)),
        figures=_figures(sheet, until, words),
        caps=cap_lines(result.caps, words),
        totals=_totals(sheet, words),
        days=tuple(days),
    )


def day_line(
    person_id: str, file: DayFile, day: DayResult, until: date, words: Words, least_min: int
) -> DayLine:
    """Give a date's line."""
    away = {kind: minutes for kind, minutes in day.explained_min.items() if minutes}
    parts = [f"{words.t(f'worktime.explained.{k}')} {words.clock(m)}" for k, m in away.items()]
    beyond = sum(piece.minutes for piece in day.pieces if piece.bucket.pay_class not in _ADD_ONS)
    return DayLine(
        path=f"/attendance/people/{person_id}/{day.work_date.isoformat()}",
        iso=day.work_date.isoformat(),
        date=words.day(day.work_date),
        kind=words.t(f"worktime.day.{day.kind}") if day.kind is not DayKind.WORKDAY else "",
        is_off=day.kind in _OFF,
        is_today=day.work_date == words.today,
        planned=whole_text(file.plan.due_spans, words),
        present=spans_text(file.presence.spans, words),
        regular=words.clock(day.regular_min) if day.regular_min else "",
        beyond=words.clock(beyond) if beyond else "",
        away=words.t("words.comma").join(parts),
        notes=note_lines(day, until, words, least_min),
    )


def person_line(sheet: MonthSheet, words: Words) -> PersonLine:
    """Give somebody's line in a department's month."""
    result = sheet.result
    until = through(result.month, words.today)
    asks = sum(any(n.asks for n in note_lines(day, until, words)) for day in result.days)
    leave = sum(m for kind, m in result.explained_min.items() if _is_leave(kind))
    return PersonLine(
        path=f"/attendance/people/{sheet.person.id}?month={result.month}",
        name=words.name(sheet.person.name, sheet.person.name_en),
        worked=result.days_worked,
        regular=words.clock(result.regular_min),
        beyond=words.clock(_beyond(sheet)),
        counted=words.clock(result.counted_60h_min),
        leave=words.clock(leave) if leave else "",
        asks=asks,
        caps=cap_lines(result.caps, words),
        closed=sheet.closed is not None,
    )


# --- inside ------------------------------------------------------------------------------------


def _month_link(month: Month, base: str, words: Words) -> Link:
    mark = "&" if "?" in base else "?"
    return Link(f"{base}{mark}month={month}", words.month(month.first))


def _is_leave(kind: ExplainedKind) -> bool:
    return kind in (ExplainedKind.LEAVE, ExplainedKind.UNPAID_LEAVE, ExplainedKind.COMPENSATORY)


def _beyond(sheet: MonthSheet) -> int:
    totals = sheet.result.totals.items()
    return sum(total.raw_min for bucket, total in totals if bucket.pay_class not in _ADD_ONS)


def _figures(sheet: MonthSheet, until: date, words: Words) -> tuple[Figure, ...]:
    result = sheet.result
    missing = sum(day.missing_min for day in result.days if day.work_date <= until)
    leave = sum(m for kind, m in result.explained_min.items() if _is_leave(kind))
    found = (
        ("days_worked", words.t("timesheet.days", count=result.days_worked)),
        ("regular", words.clock(result.regular_min)),
        ("beyond", words.clock(_beyond(sheet))),
        ("counted", words.clock(result.counted_60h_min)),
        ("leave", words.clock(leave)),
        ("missing", words.clock(missing)),
    )
    return tuple(Figure(words.t(f"timesheet.{name}"), value) for name, value in found)


def _totals(sheet: MonthSheet, words: Words) -> tuple[TotalLine, ...]:
    return tuple(
        TotalLine(
            name=bucket_name(bucket.pay_class, words, night=bucket.night),
            raw=words.clock(total.raw_min),
            rounded=words.clock(total.rounded_min),
            percent=f"{total.percent}/100",
            paid=total.paid,
        )
        for bucket, total in sorted(sheet.result.totals.items(), key=_in_order)
        if total.raw_min
    )


def _in_order(found: tuple[Bucket, BucketTotal]) -> tuple[int, bool]:
    """Classes in the order in which ordinances name them, a day's before a night's."""
    return list(PayClass).index(found[0].pay_class), found[0].night
