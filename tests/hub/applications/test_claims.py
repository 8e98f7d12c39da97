"""What approved applications become: by a town's own kinds of leave, on shifts past midnight, and
after a cancellation."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.applications.bodies import ApplicationKind, LeaveBody, LeavePart, SpanBody, SwapBody
from hub.applications.claims import Claims, claims_between
from hub.applications.covering import covered
from hub.applications.domain import State
from hub.attendance.touched import oldest, take
from hub.leave.domain import Amount
from hub.leave.kind_files import load_kinds
from hub.rosters.domain import ShiftCode, Stretch
from hub.rosters.tables import roster_days, shift_codes
from hub.worktime.domain import DayKind, DayPlan, ExplainedKind
from hub.worktime.minutes import Span

K = ApplicationKind
THEN = datetime(2020, 1, 1, tzinfo=UTC)
FRIDAY, SATURDAY, MONDAY = date(2026, 4, 10), date(2026, 4, 11), date(2026, 4, 13)
NIGHT = (Span(1_320, 1_500), Span(1_560, 1_860))
"""22:00 to 31:00, an hour's break at one."""


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is claimed does not depend on the kind."""
    return sqlite_at


def claims(office: Any, first: date = date(2026, 4, 1), last: date = date(2026, 4, 30)) -> Claims:
    hana = office.ids["hana"]
    with office.hub.core.db.read() as scope:
        found = claims_between(scope, [hana], first, last, office.leave.kinds)
    return found.get(hana, Claims())


def roster(office: Any, day: date) -> None:
    """Hana works through the night of a date."""
    code = ShiftCode(
        "night", "夜", "夜勤", "", (Stretch(1_320, 1_860),), (Stretch(1_500, 1_560),), THEN, THEN
    )
    row = {"person_id": office.ids["hana"], "work_date": day, "code_id": "night"}

    def write(scope: Any) -> None:
        scope.upsert_ignore(shift_codes, asdict(code))
        scope.insert(roster_days, row)

    office.hub.core.db.write(write)


def test_a_day_of_leave_covers_a_shift_past_midnight(office: Any) -> None:
    office.grant()
    roster(office, FRIDAY)
    office.decide(office.chief, office.take_leave(FRIDAY))
    (explained,) = claims(office).explained
    assert (explained.work_date, explained.spans) == (FRIDAY, NIGHT)
    assert office.leave.balances(office.hana, None, FRIDAY)[0].taken == Amount(2)


def test_halves_and_hours_of_a_night_lie_in_it(office: Any) -> None:
    office.grant()
    roster(office, FRIDAY)
    half = office.take_leave(FRIDAY, part=LeavePart.AFTERNOON)
    assert half.claims[0].spans == ((1_560, 1_860),)
    hours = (SpanBody(1_380, 1_620),)  # 23:00 to 27:00, less the break
    office.applications.withdraw(office.hana, half.id)
    found = office.take_leave(FRIDAY, part=LeavePart.HOURS, spans=hours)
    assert (found.claims[0].spans, found.claims[0].minutes) == (
        ((1_380, 1_500), (1_560, 1_620)),
        180,
    )


def test_of_a_rostered_holiday_only_what_lies_past_it_has_to_be_explained() -> None:
    day, after = date(2026, 4, 29), date(2026, 4, 30)
    holiday = DayPlan(day, DayKind.HOLIDAY, NIGHT, (), NIGHT, holiday=True, rostered=True)
    plans = {day: holiday, after: DayPlan(after, DayKind.WORKDAY)}
    leave = LeaveBody(leave_kind="annual", first=day, last=day)
    (claim,) = covered(leave, plans)
    assert claim.spans == ((1_440, 1_500), (1_560, 1_860))
    assert covered(leave, plans | {after: DayPlan(after, DayKind.HOLIDAY, holiday=True)}) == ()


OWN = """
[kinds.volunteer]
title = "ボランティア休暇"
title_en = "Volunteer leave"
title_easy = "ボランティアの休み"
units = ["day"]
paid = false
"""


def test_a_towns_own_kind_of_leave_says_whether_it_is_paid(office: Any, tmp_path: Path) -> None:
    own = tmp_path / "kinds.toml"
    own.write_text(OWN, encoding="utf-8")
    office.leave.kinds = load_kinds(own)
    body = LeaveBody(leave_kind="volunteer", first=FRIDAY, last=FRIDAY, reason="清掃")
    office.decide(office.chief, office.apply(body, K.LEAVE))
    (explained,) = claims(office).explained
    assert explained.kind is ExplainedKind.UNPAID_LEAVE


@pytest.mark.parametrize("kind", ["overtime", "leave", "swap"])
def test_what_is_cancelled_claims_nothing_and_its_dates_are_reckoned_anew(
    office: Any, kind: str
) -> None:
    office.grant()
    swap = SwapBody(worked_date=SATURDAY, off_date=MONDAY, reason="選挙事務")
    found = {
        "overtime": lambda: office.overtime(FRIDAY),
        "leave": lambda: office.take_leave(FRIDAY),
        "swap": lambda: office.apply(swap, K.SWAP),
    }[kind]()
    dates = {SATURDAY, MONDAY} if kind == "swap" else {FRIDAY}
    assert marked(office) == set()
    office.decide(office.chief, found)
    assert marked(office) == dates
    assert claims(office) != Claims()
    asked = office.applications.ask_cancel(office.hana, found.id, "中止")
    assert claims(office) != Claims()  # it holds until that is approved
    assert marked(office) == set()
    assert office.decide(office.chief, asked).state is State.CANCELLED
    assert marked(office) == dates
    assert claims(office) == Claims()


def marked(office: Any) -> set[date]:
    """Give the dates that are to be reckoned anew, and take their marks away."""

    def taken(scope: Any) -> set[date]:
        found = oldest(scope, 100)
        for each in found:
            take(scope, each.person_id, each.work_date, each.work_date)
        return {each.work_date for each in found}

    return office.hub.core.db.write(taken)  # type: ignore[no-any-return]
