"""A day of attendance as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.attendance.domain import (
    Day,
    DayProblem,
    Flag,
    Punch,
    ReadPunch,
    RefusedPunch,
    work_date_of,
)
from hub.attendance.service import MonthTotal
from hub.pages.words import Words
from wire.reasons import Reason

_NONE = "―"
APPLY_FOR_PUNCH = "/my/applications/new?kind=punch"
_REFUSED = frozenset({Reason.ASSURANCE_TOO_LOW})
"""What is said otherwise of a punch than of a door."""


@dataclass(frozen=True, slots=True)
class PunchLine:
    """A punch, with why it does not count or what to know of it."""

    when: str
    direction: str
    note: str


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A tap that was refused as a punch; `apply` is where its owner applies for a correction."""

    when: str
    name: str
    reader: str
    reason: str
    apply: str


@dataclass(frozen=True, slots=True)
class DayCard:
    """One person's day."""

    name: str
    date: str
    tone: str
    icon: str
    status: str
    first_in: str
    last_out: str
    worked: str
    pause: str
    problems: tuple[str, ...]
    punches: tuple[PunchLine, ...]


@dataclass(frozen=True, slots=True)
class MonthSheet:
    """One person's month."""

    heading: str
    worked: str
    count: int
    days: tuple[DayCard, ...]


def day_card(day: Day, name: str, words: Words) -> DayCard:
    """Give the card of a day."""
    tone, icon, status = _status(day)
    out = day.last_out
    late = out is not None and work_date_of(out) != day.work_date
    return DayCard(
        name=name,
        date=words.day(day.work_date),
        tone=tone,
        icon=icon,
        status=words.t(f"attendance.{status}"),
        first_in=words.time(day.first_in) if day.first_in else _NONE,
        last_out=(words.date_time(out) if late else words.time(out)) if out else _NONE,
        worked=words.clock(day.worked_min) if day.present_min else _NONE,
        pause=words.t("attendance.pause", time=words.clock(day.break_min)) if day.break_min else "",
        problems=tuple(words.t(f"attendance_problem.{problem}") for problem in day.problems),
        punches=tuple(punch_line(each, words) for each in day.punches),
    )


def month_sheet(total: MonthTotal, words: Words) -> MonthSheet:
    """Give the sheet of a month that has at least one day."""
    return MonthSheet(
        heading=words.form_month(total.days[0].work_date.replace(day=1)),
        worked=words.clock(total.worked_min),
        count=total.days_worked,
        days=tuple(day_card(day, "", words) for day in total.days),
    )


def refused_line(
    tap: RefusedPunch,
    names: Mapping[str, str],
    readers: Mapping[str, str],
    mine: str | None,
    words: Words,
) -> RefusedLine:
    """Give the line of a refused punch; `mine` is the person who reads it."""
    whose = tap.person_id
    own = whose is not None and whose == mine
    known = f"refused.{tap.reason}"
    return RefusedLine(
        when=words.second(tap.corrected_at),
        name=names.get(whose, "") if whose else words.t("refused.nobody"),
        reader=readers.get(tap.reader_id, ""),
        reason=words.t(known if tap.reason in _REFUSED else f"reason.{tap.reason}"),
        apply=f"{APPLY_FOR_PUNCH}&date={work_date_of(tap.corrected_at)}" if own else "",
    )


def is_seen_only(day: Day) -> bool:
    """Whether the day rests on door taps alone: nobody can say whether the person is in."""
    counted = [each for each in day.punches if each.ignored is None]
    return bool(counted) and all(Flag.INFERRED in each.flags for each in counted)


def _status(day: Day) -> tuple[str, str, str]:
    if day.problems and day.problems != (DayProblem.WAITING,):
        return "warn", "alert", "incomplete"
    if is_seen_only(day):
        return "", "person", "seen"
    return ("good", "check", "is_in") if day.is_in else ("", "check", "complete")


def punch_line(read: ReadPunch, words: Words) -> PunchLine:
    """Give a punch's line."""
    notes = [] if read.ignored is None else [words.t(f"punch_note.{read.ignored}")]
    notes += [_flag(flag, read.punch, words) for flag in read.flags]
    return PunchLine(
        when=words.second(read.punch.corrected_at),
        direction=words.t(f"direction.{read.punch.direction}"),
        note=words.t("words.comma").join(notes),
    )


def _flag(flag: Flag, punch: Punch, words: Words) -> str:
    if flag is Flag.CORRECTED:
        return words.t("punch_note.corrected", time=words.date_time(punch.at))
    if flag is Flag.MOVED and punch.original_at is not None:
        return words.t("punch_note.moved", time=words.date_time(punch.original_at))
    if flag is Flag.TURNED and punch.original_direction is not None:
        before = words.t(f"direction.{punch.original_direction}")
        return words.t("punch_note.turned", direction=before)
    return words.t(f"punch_note.{flag}")
