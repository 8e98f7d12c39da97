"""Payroll as people read it: profiles as forms, previews, the printed attendance book. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.pages.words import Words
from hub.payroll.cells import at_clock
from hub.payroll.domain import DayRow, MonthRow
from hub.payroll.fields import BUCKETS, bucket_name
from hub.payroll.leave_words import away_notes, leave_lines
from hub.payroll.profile import ClockForm, Profile
from hub.payroll.repository import Handover
from hub.payroll.writing import Unwritable

_FREE_DAYS: Final = frozenset({"day_off", "holiday", "year_end"})


@dataclass(frozen=True, slots=True)
class WrongLine:
    """A cell that stops a file, in words."""

    place: str
    whose: str
    why: str


def wrong_lines(cells: Iterable[Unwritable], words: Words) -> list[WrongLine]:
    """Give them in words."""
    return [
        WrongLine(
            place=words.t("payroll.place", row=each.row, column=each.column),
            whose=" ".join(part for part in (each.title, each.staff_number) if part),
            why=words.t(f"payroll_code.{each.code}", character=each.character),
        )
        for each in cells
    ]


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """One file that was handed out."""

    when: str
    what: str
    month: str
    people: int
    actor: str
    sha256: str
    draft: bool


def handover_line(kept: Handover, profiles: Mapping[str, Profile], words: Words) -> HandoverLine:
    """Give it in words; `profiles` are the shipped ones, by name."""
    known = profiles.get(kept.what)
    return HandoverLine(
        when=words.date_time(kept.at),
        what=known.title if known else _format_name(kept.what, words),
        month=words.form_month(kept.month),
        people=kept.people,
        actor=kept.actor,
        sha256=kept.sha256[:12],
        draft=kept.draft,
    )


_FORMATS: Final = frozenset({"workbook", "daily", "king_of_time", "freee"})


def _format_name(what: str, words: Words) -> str:
    return words.t(f"payroll.format.{what}") if what in _FORMATS else what


# --- the attendance book -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day of the printed book."""

    date: str
    kind: str
    first_in: str
    last_out: str
    pause: str
    regular: str
    extra: str
    missing: str
    note: str
    is_free: bool


@dataclass(frozen=True, slots=True)
class BucketLine:
    """One pay class of the printed book."""

    name: str
    percent: int
    raw: str
    paid: str
    adjusted: str


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """One kind of leave of the printed book."""

    name: str
    taken: str
    left: str


@dataclass(frozen=True, slots=True)
class BookSheet:
    """One person's month, printed on one sheet."""

    month: str
    department: str
    post: str
    number: str
    name: str
    kana: str
    days_worked: int
    regular: str
    missing: str
    days: tuple[DayLine, ...]
    buckets: tuple[BucketLine, ...]
    leave: tuple[LeaveLine, ...]
    is_open: bool


def book_sheets(months: Sequence[MonthRow], words: Words) -> list[BookSheet]:
    """Give the sheets of months."""
    return [_sheet(month, words) for month in months]


def _sheet(month: MonthRow, words: Words) -> BookSheet:
    staff = month.staff
    return BookSheet(
        month=words.form_month(month.month),
        department=staff.department_name,
        post=staff.post,
        number=staff.staff_number,
        name=staff.name,
        kana=staff.name_kana,
        days_worked=month.days_worked,
        regular=words.clock(month.regular_min),
        missing=words.clock(month.missing_min) if month.missing_min else "",
        days=tuple(_day(day, words) for day in month.days),
        buckets=tuple(
            BucketLine(
                name=bucket_name(code, words.t),
                percent=bucket.percent,
                raw=words.clock(bucket.raw_min),
                paid=words.clock(bucket.rounded_min) if bucket.paid else "―",
                adjusted=_signed(bucket.adjusted_min, words),
            )
            for code in BUCKETS
            if (bucket := month.buckets.get(code)) is not None
        ),
        leave=tuple(LeaveLine(*texts) for texts in leave_lines(month, words.t)),
        is_open=month.closed_at is None,
    )


def _day(day: DayRow, words: Words) -> DayLine:
    def minutes(value: int) -> str:
        return words.clock(value) if value else ""

    def at(value: int | None) -> str:
        return "" if value is None else at_clock(value, ClockForm.HOURS_48)

    notes = away_notes(day, words.t)
    notes += [words.t(f"payroll.note.{note}") for note in day.notes]
    return DayLine(
        date=words.sheet_day(day.work_date),
        kind=words.t(f"worktime.day.{day.kind}"),
        first_in=at(day.first_in_min),
        last_out=at(day.last_out_min),
        pause=minutes(day.break_min),
        regular=minutes(day.regular_min),
        extra=minutes(sum(day.minutes.values())),
        missing=minutes(day.missing_min),
        note=words.t("words.comma").join(notes),
        is_free=day.kind in _FREE_DAYS,
    )


def _signed(minutes: int, words: Words) -> str:
    if not minutes:
        return ""
    return ("+" if minutes > 0 else "−") + words.clock(abs(minutes))
