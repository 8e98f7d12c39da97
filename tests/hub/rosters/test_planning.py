"""Plans from patterns, rosters and holidays: who wins, what a holiday does, where cycles turn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import resources

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hub.rosters.checks import RosterRules, findings
from hub.rosters.domain import (
    Assignment,
    FindingKind,
    PatternKind,
    RosterDay,
    ShiftCode,
    Stretch,
    SubjectKind,
    WorkPattern,
)
from hub.rosters.planning import PlanFacts, Planner, days_between
from hub.staff.domain import Employment
from hub.worktime.domain import DayKind, DayPlan
from hub.worktime.minutes import Span
from hub.worktime.ordinance import Ordinance
from hub.worktime.patterns import plan_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
SUNDAY = date(2026, 3, 29)
WHO = "p"


def code(
    name: str, *stretches: tuple[int, int], breaks: tuple[tuple[int, int], ...] = ()
) -> ShiftCode:
    return ShiftCode(
        name,
        name,
        name,
        "",
        tuple(Stretch(*s) for s in stretches),
        tuple(Stretch(*b) for b in breaks),
        AT,
        AT,
    )


DAY = code("day", (510, 1035), breaks=((720, 780),))
NIGHT = code("night", (1020, 1950), breaks=((1320, 1380), (1560, 1680)))
CODES = {each.id: each for each in (DAY, NIGHT)}


def pattern(*codes: str | None, rostered: bool = True, name: str = "cycle") -> WorkPattern:
    return WorkPattern(name, name, "", PatternKind.CYCLE, SUNDAY, codes, rostered, AT, AT)


def assigned(
    kind: SubjectKind,
    subject: str,
    to: str = "cycle",
    since: date = date(2026, 1, 1),
    until: date | None = None,
) -> Assignment:
    return Assignment(f"{kind}-{subject}-{since}", kind, subject, to, since, until, AT, AT)


def ordinance() -> Ordinance:
    file = resources.files("hub.worktime").joinpath("ordinances/standard.toml")
    return msgspec.toml.decode(file.read_bytes(), type=Ordinance)


class _Always(dict[date, Ordinance]):
    def __missing__(self, day: date) -> Ordinance:
        self[day] = ordinance()
        return self[day]


RULES = _Always()


def employment(department: str = "d", kind: str = "regular") -> Employment:
    return Employment("e", WHO, date(2020, 4, 1), None, department, kind, "", False, AT, AT)


def test_without_any_pattern_the_ordinances_regular_week_holds() -> None:
    """Monday to Friday 08:30 to 17:15 with the noon break; a holiday keeps its hours."""
    facts = PlanFacts(holidays={date(2026, 4, 29): DayKind.HOLIDAY})
    plans = Planner(facts, RULES).plans(WHO, days_between(date(2026, 4, 25), date(2026, 4, 30)))
    kinds = [plan.kind for plan in plans.values()]
    off, work = DayKind.DAY_OFF, DayKind.WORKDAY
    assert kinds == [off, off, work, work, DayKind.HOLIDAY, work]
    holiday = plans[date(2026, 4, 29)]
    assert (holiday.regular_min, holiday.holiday, holiday.rostered) == (465, True, False)
    assert holiday.breaks == (Span(720, 780),)


def test_a_person_goes_before_the_department_and_that_before_the_kind() -> None:
    """And what the roster says of a date goes before all of them."""
    patterns = {
        "mine": pattern("night", name="mine"),
        "ours": pattern("day", name="ours"),
        "theirs": pattern(None, name="theirs"),
    }
    rows = [
        assigned(SubjectKind.KIND, "regular", "theirs"),
        assigned(SubjectKind.DEPARTMENT, "d", "ours"),
        assigned(SubjectKind.PERSON, WHO, "mine"),
    ]
    told = {(WHO, SUNDAY): RosterDay(WHO, SUNDAY, None)}
    expected = [None, "day", "night"]
    for count, name in enumerate(expected, start=1):
        facts = PlanFacts(CODES, patterns, rows[:count], {}, {WHO: [employment()]})
        found = Planner(facts, RULES).code_on(WHO, SUNDAY)
        assert (found.id if found else None) == name
    facts = PlanFacts(CODES, patterns, rows, told, {WHO: [employment()]})
    planner = Planner(facts, RULES)
    assert planner.code_on(WHO, SUNDAY) is None
    assert planner.plans(WHO, [SUNDAY])[SUNDAY].kind is DayKind.DAY_OFF


def test_of_two_assignments_the_later_holds_while_it_lasts() -> None:
    """A pattern for April alone: March and May have the one before."""
    rows = [
        assigned(SubjectKind.PERSON, WHO, "old"),
        assigned(SubjectKind.PERSON, WHO, "new", date(2026, 4, 1), date(2026, 4, 30)),
    ]
    patterns = {"old": pattern("day", name="old"), "new": pattern("night", name="new")}
    planner = Planner(PlanFacts(CODES, patterns, rows), RULES)
    dates = [date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 30), date(2026, 5, 1)]
    names = [found.id for day in dates if (found := planner.code_on(WHO, day))]
    assert names == ["day", "night", "night", "day"]


@given(st.integers(min_value=-2_000, max_value=2_000), st.integers(min_value=1, max_value=60))
def test_a_cycle_turns_the_same_before_its_anchor_as_after(offset: int, length: int) -> None:
    """Whatever date is asked: so many days later it is the same code."""
    made = pattern(*(None if each % 3 else "day" for each in range(length)))
    day = SUNDAY + timedelta(days=offset)
    assert made.code_on(day) == made.code_on(day + timedelta(days=length))
    assert made.code_on(SUNDAY + timedelta(days=length * 3)) == made.codes[0]


def test_a_night_shift_keeps_its_breaks_past_midnight() -> None:
    """17:00 to 08:30 less 22:00-23:00 and 02:00-04:00: twelve and a half hours of one date."""
    plan = plan_of(NIGHT.day, SUNDAY, None, rostered=True)
    assert plan.spans == (Span(1020, 1320), Span(1380, 1560), Span(1680, 1950))
    assert plan.regular_min == 750
    assert plan.breaks == (Span(1320, 1380), Span(1560, 1680))


def rules() -> RosterRules:
    return RosterRules.of(ordinance(), days_off_min=8, rest_min=660, slack_min=60)


def four_weeks(*codes: str | None) -> dict[date, DayPlan]:
    made = pattern(*codes)
    facts = PlanFacts(CODES, {"cycle": made}, [assigned(SubjectKind.PERSON, WHO)])
    return Planner(facts, RULES).plans(WHO, days_between(SUNDAY, SUNDAY + timedelta(days=27)))


def kinds(*codes: str | None) -> set[FindingKind]:
    return {each.kind for each in findings(WHO, four_weeks(*codes), SUNDAY, rules())}


def test_a_regular_week_is_not_odd() -> None:
    """Five days of 7 h 45, two off."""
    assert kinds(None, "day", "day", "day", "day", "day", None) == set()


def test_what_is_odd_is_said() -> None:
    """Too many hours, too few days off, thirteen days in a row; a day shift right after a night."""
    every_day = kinds("day")
    assert every_day == {
        FindingKind.HOURS_OVER,
        FindingKind.FEW_DAYS_OFF,
        FindingKind.MANY_IN_A_ROW,
    }
    assert FindingKind.SHORT_REST in kinds("night", "day", None, None)
    assert FindingKind.HOURS_UNDER in kinds("day", None, None, None)


def test_a_shift_that_begins_before_the_last_has_ended_overlaps() -> None:
    """Until 08:30 and from 08:30 is no overlap; a shift of 24 hours and a half is."""
    long = code("long", (510, 1980))
    facts = PlanFacts(
        {"long": long}, {"cycle": pattern("long")}, [assigned(SubjectKind.PERSON, WHO)]
    )
    plans = Planner(facts, RULES).plans(WHO, days_between(SUNDAY, SUNDAY + timedelta(days=27)))
    found = findings(WHO, plans, SUNDAY, rules())
    overlaps = [each for each in found if each.kind is FindingKind.OVERLAP]
    assert (len(overlaps), overlaps[0].amount) == (27, 30)
    assert any(each.kind is FindingKind.LONG_SHIFT for each in found)
