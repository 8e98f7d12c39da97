"""Working time as people read it: spans, classes, figures and caps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.pages.words import Words
from hub.timesheets.closing_domain import DepartmentClosing
from hub.worktime.domain import CapFinding, CapLevel, PayClass
from hub.worktime.minutes import DAY_MIN, Span


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a month, with its name."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class CapLine:
    """A cap met or near."""

    tone: str
    icon: str
    text: str


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


def bucket_name(pay_class: PayClass, words: Words, *, night: bool) -> str:
    name = words.t(f"worktime.pay.{pay_class}")
    return words.t("timesheet.by_night", name=name) if night else name


def cap_lines(caps: Iterable[CapFinding], words: Words) -> tuple[CapLine, ...]:
    """Give caps, those that are met first."""
    ordered = sorted(caps, key=lambda cap: cap.level is not CapLevel.BREACH)
    return tuple(_cap(cap, words) for cap in ordered)


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


def closed_text(closed: DepartmentClosing | None, words: Words) -> str:
    """Say when a month was closed; empty while it is open."""
    if closed is None:
        return ""
    return words.t("timesheet.closed", time=words.date_time(closed.closed_at))
