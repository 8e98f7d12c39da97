"""Who of a team is in today, who is out, on leave or late: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hub.attendance.domain import Day, Flag, start_of
from hub.people.domain import Person
from hub.worktime.domain import DayPlan, Explained, ExplainedKind
from hub.worktime.minutes import Spans, without

_ELSEWHERE: Final = frozenset({ExplainedKind.TRIP, ExplainedKind.TELEWORK, ExplainedKind.TRAINING})


class PresentStanding(StrEnum):
    """Where somebody is, as far as is known."""

    IN = "in"
    BREAK = "break"
    """Went out for a break."""
    SEEN = "seen"
    """Passed a door; nobody says whether they left."""
    LEFT = "left"
    LATE = "late"
    """Should be there, and is not explained."""
    EXPECTED = "expected"
    """Comes later."""
    LEAVE = "leave"
    ELSEWHERE = "elsewhere"
    """On a trip, at home, at a training."""
    OFF = "off"
    """Is not to work today."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a team today. `since`: when they came, or left."""

    person: Person
    standing: PresentStanding
    since: datetime | None
    plan: DayPlan
    explained: tuple[Explained, ...]
    late: bool
    """Came after their regular hours began, without an explanation."""


@dataclass(frozen=True, slots=True)
class TeamToday:
    """A team. `as_of`: all that doors and terminals saw until then is known; `away`: names of
    controllers that cannot be reached, at whose readers the team punches."""

    members: tuple[Member, ...]
    as_of: datetime
    away: tuple[str, ...]


def member(
    person: Person, plan: DayPlan, read: Day | None, explained: Iterable[Explained], now: datetime
) -> Member:
    """Say where somebody is at an instant of their plan's date."""
    given = tuple(explained)
    minute = (now - start_of(plan.work_date)) // timedelta(minutes=1)
    due = without(plan.spans, [span for each in given for span in each.spans])
    came = read.first_in if read else None
    late = bool(due) and (
        came is None or came >= start_of(plan.work_date) + timedelta(minutes=due[0].start + 1)
    )
    standing, since = _standing(plan, read, given, due, minute)
    was_late = late and standing in (
        PresentStanding.IN,
        PresentStanding.BREAK,
        PresentStanding.LEFT,
        PresentStanding.SEEN,
    )
    return Member(person, standing, since, plan, given, was_late)


def _standing(
    plan: DayPlan, read: Day | None, given: tuple[Explained, ...], due: Spans, minute: int
) -> tuple[PresentStanding, datetime | None]:
    if read is not None and read.shifts:
        if _only_seen(read):
            return PresentStanding.SEEN, _last(read)
        if read.is_in:
            return (
                (PresentStanding.BREAK, _last(read))
                if _on_break(read)
                else (PresentStanding.IN, read.first_in)
            )
        return PresentStanding.LEFT, read.last_out
    now_explained = [each for each in given if _covers(each, minute)] or list(given)
    if plan.spans and not due and now_explained:
        away = any(each.kind in _ELSEWHERE for each in now_explained)
        return (PresentStanding.ELSEWHERE if away else PresentStanding.LEAVE), None
    if not due or plan.kind.value in ("holiday", "year_end"):
        return PresentStanding.OFF, None
    if minute >= due[-1].end:
        return PresentStanding.LATE, None
    return (PresentStanding.LATE if minute > due[0].start else PresentStanding.EXPECTED), None


def _covers(explained: Explained, minute: int) -> bool:
    return any(span.start <= minute < span.end for span in explained.spans)


def _counted(read: Day) -> list[datetime]:
    return [each.punch.corrected_at for each in read.punches if each.ignored is None]


def _last(read: Day) -> datetime | None:
    return max(_counted(read), default=None)


def _on_break(read: Day) -> bool:
    counted = [each.punch for each in read.punches if each.ignored is None]
    return bool(counted) and counted[-1].direction.value == "break_start"


def _only_seen(read: Day) -> bool:
    counted = [each for each in read.punches if each.ignored is None]
    return bool(counted) and all(Flag.INFERRED in each.flags for each in counted)
