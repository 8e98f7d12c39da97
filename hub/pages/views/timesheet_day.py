"""One reckoned date in full, as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hub.pages.views.attendance import PunchLine, punch_line
from hub.pages.views.timesheet_notes import NoteLine, note_lines
from hub.pages.views.working_time import Figure, bucket_name, closed_text, spans_text
from hub.pages.words import Words
from hub.timesheets.domain import DaySheet
from hub.worktime.domain import DayResult
from hub.worktime.minutes import Span


@dataclass(frozen=True, slots=True)
class SpanLine:
    """An order, an explanation, or minutes of a class on a date."""

    name: str
    spans: str
    minutes: str


@dataclass(frozen=True, slots=True)
class DayPage:
    """One date in full."""

    heading: str
    name: str
    back: str
    closed: str
    kind: str
    planned: str
    breaks: str
    present: str
    figures: tuple[Figure, ...]
    notes: tuple[NoteLine, ...]
    orders: tuple[SpanLine, ...]
    explained: tuple[SpanLine, ...]
    pieces: tuple[SpanLine, ...]
    punches: tuple[PunchLine, ...]


def day_page(sheet: DaySheet, words: Words, back: str) -> DayPage:
    """Give one date in full."""
    day, file = sheet.result, sheet.file
    over = day.work_date < words.today
    read = sheet.punched.punches if sheet.punched else ()
    return DayPage(
        heading=words.day(day.work_date),
        name=words.name(sheet.person.name, sheet.person.name_en),
        back=back,
        closed=closed_text(sheet.closed, words),
        kind=words.t(f"worktime.day.{day.kind}"),
        planned=spans_text(file.plan.due_spans, words),
        breaks=spans_text(file.plan.breaks, words) if file.plan.due_spans else "",
        present=spans_text(file.presence.spans, words),
        figures=_day_figures(day, words, over=over),
        notes=note_lines(day, day.work_date if over else date.min, words),
        orders=tuple(
            SpanLine(
                words.t("timesheet.order"),
                spans_text(each.spans, words),
                words.clock(sum(span.minutes for span in each.spans)),
            )
            for each in file.orders
        ),
        explained=tuple(
            SpanLine(
                words.t(f"worktime.explained.{each.kind}"),
                spans_text(each.spans, words),
                words.clock(sum(span.minutes for span in each.spans)),
            )
            for each in file.explained
        ),
        pieces=tuple(
            SpanLine(
                bucket_name(piece.bucket.pay_class, words, night=piece.bucket.night),
                spans_text([Span(piece.start, piece.end)], words),
                words.clock(piece.minutes),
            )
            for piece in day.pieces
        ),
        punches=tuple(punch_line(each, words) for each in read),
    )


def _day_figures(day: DayResult, words: Words, *, over: bool) -> tuple[Figure, ...]:
    found = (
        ("present_min", day.present_min, True),
        ("break_min", day.break_min, True),
        ("regular", day.regular_min, True),
        ("missing", day.missing_min, over),
        ("extra", day.extra_min, True),
        ("unmet", day.unmet_order_min, over),
    )
    return tuple(
        Figure(words.t(f"timesheet.{name}"), words.clock(minutes))
        for name, minutes, shown in found
        if minutes and shown
    )
