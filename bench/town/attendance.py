"""A month of punches as a town hall has them: most come and go, and some of everything else.

Three quarters work the regular week, an eighth fewer hours, an eighth in shifts across midnight.
On a fifth of the dates there is an order; breaks are punched by a fifth of the people; one in
twenty has doors only. One punch in a hundred is forgotten, two are doubled, some come late.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from hub.attendance.domain import start_of
from hub.worktime.domain import (
    CapType,
    DayPlan,
    Explained,
    ExplainedKind,
    Month,
    MonthTally,
    Order,
    Terms,
)
from hub.worktime.minutes import Span, Spans
from hub.worktime.patterns import (
    DAY_OFF,
    CyclePattern,
    Pattern,
    PatternDay,
    WeekPattern,
    plan_on,
)

STAFF: Final = 1_000
MONTH: Final = Month(2026, 11)
_SEED: Final = 20_261_101


class PunchRow(NamedTuple):
    """A punch as the database gives it; instants in UTC."""

    id: int
    person_id: str
    reader_id: str
    door_id: str | None
    credential_id: str
    direction: str
    at: datetime
    corrected_at: datetime
    trusted: bool
    received_at: datetime
    time_error_ms: int | None


@dataclass(slots=True)
class Member:
    """One of the staff, with all but the punches."""

    person_id: str
    terms: Terms
    plans: Mapping[date, DayPlan]
    around: Mapping[date, DayPlan]
    history: tuple[MonthTally, ...]
    orders: dict[date, tuple[Order, ...]] = field(default_factory=dict)
    explained: dict[date, tuple[Explained, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Town:
    """A month of everybody. `rows` in the order in which they reached the hub."""

    month: Month
    days: tuple[date, ...]
    members: tuple[Member, ...]
    rows: tuple[PunchRow, ...]
    now: datetime


def _day(hours: tuple[int, int], *breaks: tuple[int, int]) -> PatternDay:
    return PatternDay((Span(*hours),), tuple(Span(*one) for one in breaks))


_REGULAR: Final = _day((510, 1_035), (720, 780))
_SHORT: Final = _day((570, 960), (720, 780))
_LATE: Final = _day((780, 1_305), (1_020, 1_080))
_NIGHT: Final = _day((1_020, 1_950), (1_500, 1_560))
_PATTERNS: Final[tuple[tuple[Pattern, str], ...]] = (
    *[(WeekPattern((_REGULAR,) * 5 + (DAY_OFF,) * 2), "regular")] * 5,
    (WeekPattern((_REGULAR,) * 5 + (DAY_OFF,) * 2), "manager"),
    (WeekPattern((_SHORT,) * 5 + (DAY_OFF,) * 2), "short_time"),
    (CyclePattern(MONTH.first, (_REGULAR, _LATE, _NIGHT, DAY_OFF)), "regular"),
)


def made_up_town(staff: int) -> Town:
    """A town with so many staff; the same one whenever asked."""
    chance = random.Random(_SEED)
    dates = [MONTH.first + timedelta(days=n) for n in range(-7, MONTH.last.day + 7)]
    inside = tuple(day for day in dates if MONTH.first <= day <= MONTH.last)
    plans = [{day: plan_on(pattern, day) for day in dates} for pattern, _ in _PATTERNS]
    punches = _Punches(chance)
    members = []
    for number in range(staff):
        which = number % len(_PATTERNS)
        member = Member(
            person_id=f"person-{number:04d}",
            terms=Terms(f"dept-{number % 40}", _cap_type(number), _PATTERNS[which][1]),
            plans=plans[which],
            around={d: plan for d, plan in plans[which].items() if d not in inside},
            history=tuple(
                MonthTally(MONTH.plus(-back), _cap_type(number), minutes, minutes)
                for back in range(7, 0, -1)
                for minutes in [chance.randrange(0, 2_700)]
            ),
        )
        _live(member, inside, chance, punches, number)
        members.append(member)
    rows = sorted(punches.rows, key=lambda row: (row.received_at, row.id))
    return Town(MONTH, inside, tuple(members), tuple(rows), datetime(2026, 12, 2, tzinfo=UTC))


def _cap_type(number: int) -> CapType:
    return CapType.OTHER_LED if number % 10 == 0 else CapType.ORDINARY


def _live(
    member: Member, days: tuple[date, ...], chance: random.Random, punches: _Punches, number: int
) -> None:
    """Let somebody come and go through a month, ask for orders, and be away now and then."""
    doors_only, breaks_punched = number % 20 == 0, number % 5 == 1
    for day in days:
        plan = member.plans[day]
        works = bool(plan.spans) and (not plan.holiday or plan.rostered)
        ordered = chance.random() < (0.2 if works else 0.03)
        if works and chance.random() < 0.05:
            _explain(member, day, plan.spans, chance)
            continue
        if not works and not ordered:
            continue
        starts = plan.spans[0].start if works else 540
        ends = plan.spans[-1].end if works else 540
        if ordered:
            length = chance.randrange(30, 301)
            member.orders[day] = (
                Order(f"{member.person_id}-{day}", day, (Span(ends, ends + length),)),
            )
            ends += length
        come, go = starts - chance.randrange(0, 15), ends + chance.randrange(0, 20)
        breaks = plan.breaks if breaks_punched and works else ()
        if doors_only:
            middle = [chance.randrange(come + 1, go) for _ in range(2)]
            for minute in sorted((come, *middle, go)):
                punches.add(member.person_id, day, minute, "inferred")
            continue
        punches.add(member.person_id, day, come, "in")
        for span in breaks:
            punches.add(member.person_id, day, span.start + chance.randrange(0, 3), "break_start")
            punches.add(member.person_id, day, span.end - chance.randrange(0, 3), "break_end")
        punches.add(member.person_id, day, go, "out")


def _explain(member: Member, day: date, spans: Spans, chance: random.Random) -> None:
    kind = chance.choice([ExplainedKind.LEAVE, ExplainedKind.TRIP, ExplainedKind.TELEWORK])
    member.explained[day] = (Explained(f"{member.person_id}-{day}", day, kind, spans),)


class _Punches:
    """Rows as they pile up, with what goes wrong on the way."""

    def __init__(self, chance: random.Random) -> None:
        self.rows: list[PunchRow] = []
        self._chance = chance

    def add(self, person_id: str, day: date, minute: int, direction: str) -> None:
        """A tap; sometimes none, two, or one that comes a day late."""
        fate = self._chance.random()
        if fate < 0.01:
            return
        second = self._chance.randrange(60)
        at = start_of(day).astimezone(UTC) + timedelta(minutes=minute, seconds=second)
        late = timedelta(days=1) if fate > 0.99 else timedelta(seconds=2)
        self._keep(person_id, at, direction, late)
        if fate < 0.03:
            self._keep(person_id, at + timedelta(seconds=3), direction, late)

    def _keep(self, person_id: str, at: datetime, direction: str, late: timedelta) -> None:
        number = len(self.rows) + 1
        self.rows.append(
            PunchRow(
                id=number,
                person_id=person_id,
                reader_id=f"reader-{number % 60}",
                door_id=None if direction != "inferred" else f"door-{number % 60}",
                credential_id=f"card-{person_id}",
                direction=direction,
                at=at,
                corrected_at=at,
                trusted=True,
                received_at=at + late,
                time_error_ms=40,
            )
        )
