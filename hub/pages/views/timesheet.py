"""A reckoned month, one date of it and a team of today, as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hub.pages.views.attendance import PunchLine, punch_line
from hub.pages.words import Words
from hub.timesheets.domain import DaySheet, MonthSheet
from hub.timesheets.service import through
from hub.timesheets.team import Member, PresentStanding, TeamToday
from hub.worktime.domain import (
    Bucket,
    BucketTotal,
    CapFinding,
    CapLevel,
    DayFile,
    DayKind,
    DayNote,
    DayResult,
    ExplainedKind,
    Month,
    PayClass,
)
from hub.worktime.minutes import DAY_MIN, Span

APPLY: Mapping[DayNote, str] = {
    DayNote.MISSING_PUNCH: "punch",
    DayNote.ABSENT: "leave",
    DayNote.LATE: "leave",
    DayNote.LEFT_EARLY: "leave",
    DayNote.PRESENT_WITHOUT_ORDER: "overtime_after",
    DayNote.EARLY_ARRIVAL: "overtime_after",
    DayNote.ORDER_WITHOUT_PRESENCE: "punch",
}
"""What one applies for where a date says this."""
_ASKS = frozenset({DayNote.MISSING_PUNCH, DayNote.ABSENT, DayNote.LATE, DayNote.LEFT_EARLY})
"""What somebody has to do something about before a month is closed."""
_NOT_YET = frozenset({*_ASKS, DayNote.ORDER_WITHOUT_PRESENCE})
_ALWAYS = frozenset({DayNote.MISSING_PUNCH})
_QUIET = frozenset({DayNote.NOT_EMPLOYED})
_OFF = frozenset({DayKind.DAY_OFF, DayKind.HOLIDAY, DayKind.YEAR_END})
_ADD_ONS = frozenset({PayClass.SWAP_EXCESS, PayClass.NIGHT_REGULAR})


@dataclass(frozen=True, slots=True)
class Link:
    """Where something can be done about it."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class NoteLine:
    """Why a date came out as it did; `asks`: somebody has to do something about it."""

    text: str
    asks: bool
    apply: Link | None


@dataclass(frozen=True, slots=True)
class DayLine:
    """A date in a month's table."""

    path: str
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
class CapLine:
    """A cap met or near."""

    tone: str
    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a month, with its name."""

    name: str
    value: str


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


@dataclass(frozen=True, slots=True)
class MemberLine:
    """Somebody of a team today."""

    name: str
    tone: str
    icon: str
    status: str
    since: str
    planned: str
    note: str


@dataclass(frozen=True, slots=True)
class TeamPage:
    """A team today, whoever is missing first; `away`: what is known ends there."""

    heading: str
    counts: tuple[Figure, ...]
    as_of: str
    away: str
    members: tuple[MemberLine, ...]


def spans_text(spans: Iterable[Span], words: Words) -> str:
    """`8:30–12:00, 13:00–17:15`; past midnight with a word that it is the next day's."""
    parts = (f"{_minute(each.start, words)}–{_minute(each.end, words)}" for each in spans)
    return words.t("words.comma").join(parts)


def whole_text(spans: Sequence[Span], words: Words) -> str:
    """From the first start to the last end, breaks left out: `8:30–17:15`."""
    return spans_text([Span(spans[0].start, spans[-1].end)], words) if spans else ""


def _minute(minute: int, words: Words) -> str:
    if minute <= DAY_MIN:
        return words.clock(minute)
    return words.t("timesheet.next_day", time=words.clock(minute - DAY_MIN))


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
        heading=words.month(month.first),
        name=words.name(sheet.person.name, sheet.person.name_en),
        before=_month_link(month.plus(-1), base, words),
        after=_month_link(later, base, words) if later.first <= words.today else None,
        closed=_closed(sheet, words),
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
        date=words.day(day.work_date),
        kind=words.t(f"worktime.day.{day.kind}") if day.kind is not DayKind.WORKDAY else "",
        is_off=day.kind in _OFF,
        is_today=day.work_date == words.today,
        planned=whole_text(file.plan.spans, words),
        present=spans_text(file.presence.spans, words),
        regular=words.clock(day.regular_min) if day.regular_min else "",
        beyond=words.clock(beyond) if beyond else "",
        away=words.t("words.comma").join(parts),
        notes=note_lines(day, until, words, least_min),
    )


def note_lines(
    day: DayResult, until: date, words: Words, least_min: int = 0
) -> tuple[NoteLine, ...]:
    """Give why a date came out as it did; on one that is not over nothing is missing yet."""
    over = day.work_date <= until
    quiet = _QUIET | _small(day, least_min)
    lines: list[NoteLine] = []
    offered: set[str | None] = set()
    for note in day.notes:
        if note in quiet or (not over and note in _NOT_YET and note not in _ALWAYS):
            continue
        link = None if APPLY.get(note) in offered else _apply(note, day.work_date, words)
        offered.add(APPLY.get(note))
        lines.append(NoteLine(words.t(f"worktime.note.{note}"), note in _ASKS, link))
    return tuple(lines)


def _small(day: DayResult, least_min: int) -> frozenset[DayNote]:
    """What is too little to be said in a month's table."""
    extra = frozenset({DayNote.PRESENT_WITHOUT_ORDER, DayNote.EARLY_ARRIVAL})
    unmet = frozenset({DayNote.ORDER_WITHOUT_PRESENCE})
    none: frozenset[DayNote] = frozenset()
    return (extra if day.extra_min < least_min else none) | (
        unmet if day.unmet_order_min < least_min else none
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


def cap_lines(caps: Iterable[CapFinding], words: Words) -> tuple[CapLine, ...]:
    """Give caps, those that are met first."""
    ordered = sorted(caps, key=lambda cap: cap.level is not CapLevel.BREACH)
    return tuple(_cap(cap, words) for cap in ordered)


def day_page(sheet: DaySheet, words: Words, back: str) -> DayPage:
    """Give one date in full."""
    day, file = sheet.result, sheet.file
    over = day.work_date < words.today
    read = sheet.punched.punches if sheet.punched else ()
    return DayPage(
        heading=words.day(day.work_date),
        name=words.name(sheet.person.name, sheet.person.name_en),
        back=back,
        kind=words.t(f"worktime.day.{day.kind}"),
        planned=spans_text(file.plan.spans, words),
        breaks=spans_text(file.plan.breaks, words),
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
                _bucket(piece.bucket.pay_class, words, night=piece.bucket.night),
                spans_text([Span(piece.start, piece.end)], words),
                words.clock(piece.minutes),
            )
            for piece in day.pieces
        ),
        punches=tuple(punch_line(each, words) for each in read),
    )


def team_page(team: TeamToday, words: Words) -> TeamPage:
    """Give a team."""
    order = list(_SHOWN)
    members = sorted(team.members, key=lambda one: order.index(one.standing))
    counts = {each: sum(m.standing is each for m in members) for each in order}
    return TeamPage(
        heading=words.day(words.today),
        counts=tuple(
            Figure(words.t(f"team.{each}"), words.t("team.people", count=count))
            for each, count in counts.items()
            if count
        ),
        as_of=words.when(team.as_of),
        away=words.t("words.comma").join(team.away),
        members=tuple(_member(each, words) for each in members),
    )


# --- inside ------------------------------------------------------------------------------------

_SHOWN: Mapping[PresentStanding, tuple[str, str]] = {
    PresentStanding.LATE: ("warn", "alert"),
    PresentStanding.IN: ("good", "check"),
    PresentStanding.BREAK: ("good", "clock"),
    PresentStanding.SEEN: ("", "person"),
    PresentStanding.EXPECTED: ("wait", "clock"),
    PresentStanding.ELSEWHERE: ("wait", "calendar"),
    PresentStanding.LEAVE: ("", "calendar"),
    PresentStanding.LEFT: ("", "door_closed"),
    PresentStanding.OFF: ("", "calendar"),
}
"""In this order: what asks for attention first. Tone and icon of each."""


def _member(found: Member, words: Words) -> MemberLine:
    tone, icon = _SHOWN[found.standing]
    notes = [words.t(f"worktime.explained.{each.kind}") for each in found.explained]
    if found.late:
        notes.insert(0, words.t("team.came_late"))
    return MemberLine(
        name=words.name(found.person.name, found.person.name_en),
        tone=tone,
        icon=icon,
        status=words.t(f"team.{found.standing}"),
        since=words.when(found.since) if found.since else "",
        planned=whole_text(found.plan.spans, words),
        note=words.t("words.comma").join(notes),
    )


def _apply(note: DayNote, day: date, words: Words) -> Link | None:
    kind = APPLY.get(note)
    if kind is None:
        return None
    path = f"/my/applications/new?kind={kind}&date={day.isoformat()}"
    return Link(path, words.t(f"timesheet.apply.{kind}"))


def _month_link(month: Month, base: str, words: Words) -> Link:
    mark = "&" if "?" in base else "?"
    return Link(f"{base}{mark}month={month}", words.month(month.first))


def _closed(sheet: MonthSheet, words: Words) -> str:
    if sheet.closed is None:
        return ""
    return words.t("timesheet.closed", time=words.date_time(sheet.closed.closed_at))


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


def _bucket(pay_class: PayClass, words: Words, *, night: bool) -> str:
    name = words.t(f"worktime.pay.{pay_class}")
    return words.t("timesheet.by_night", name=name) if night else name


def _totals(sheet: MonthSheet, words: Words) -> tuple[TotalLine, ...]:
    return tuple(
        TotalLine(
            name=_bucket(bucket.pay_class, words, night=bucket.night),
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


def _cap(cap: CapFinding, words: Words) -> CapLine:
    breach = cap.level is CapLevel.BREACH
    counts = cap.kind.value == "months_above"
    show = str if counts else words.clock
    text = words.t(
        f"timesheet.cap_{cap.kind}_{cap.level}",
        have=show(cap.minutes),
        limit=show(cap.limit_min),
        months=cap.months,
    )
    return CapLine("bad" if breach else "warn", "alert" if breach else "clock", text)
