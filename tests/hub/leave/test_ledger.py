"""The ledger in a database: granted once, ended once, corrected by entries, never changed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from hub.applications.bodies import LeavePart
from hub.database.errors import ConstraintError
from hub.leave.domain import Amount
from hub.leave.kind_files import LeaveKindsError, load_kinds
from hub.leave.settings import LeaveSettings
from hub.leave.tables import leave_entries
from hub.web.problems import Problem
from hub.web.rights import Role


def annual(office: Any, at: date, name: str = "hana") -> Any:
    found = office.leave.balances(office.personnel, office.ids[name], at)
    return next(each for each in found if each.leave_kind == "annual")


def test_a_year_is_granted_once_by_the_employment_of_the_first_day(office: Any) -> None:
    office.add_person("new", since=date(2026, 10, 16))
    office.add_person("part", kind="fiscal_year_part")
    lines = {each.person_id: each for each in office.yearly.grants("annual", 2026)}
    assert lines[office.ids["new"]].amount == Amount(10)  # three months: five days
    assert lines[office.ids["new"]].day == date(2026, 10, 16)
    assert lines[office.ids["part"]].amount == Amount(20)
    assert len(office.yearly.grant(office.personnel, "annual", 2026)) == 7
    assert list(office.yearly.grant(office.personnel, "annual", 2026)) == []
    assert annual(office, date(2026, 4, 6)).left == Amount(40)
    assert annual(office, date(2026, 10, 15), "new").left == Amount(0)


def test_the_year_ends_with_what_lives_on_and_late_entries_settle_it_anew(office: Any) -> None:
    office.yearly.grant(office.personnel, "annual", 2025)
    with pytest.raises(Problem):
        office.yearly.end_year(office.personnel, "annual", 2026)
    assert office.yearly.end_year(office.personnel, "annual", 2025) == 5
    assert office.yearly.end_year(office.personnel, "annual", 2025) == 0
    assert annual(office, date(2026, 1, 1)).carried_over == Amount(40)
    late = office.take_leave(date(2025, 12, 25), date(2025, 12, 26))
    office.decide(office.chief, late)
    assert annual(office, date(2026, 1, 1)).left == Amount(36)
    office.decide(office.chief, office.applications.ask_cancel(office.hana, late.id, "出勤した"))
    assert annual(office, date(2026, 1, 1)).left == Amount(40)


def test_what_was_carried_over_and_used_cannot_be_taken_late(office: Any) -> None:
    office.leave.correct(
        office.personnel, office.ids["hana"], "annual", Amount(2), date(2025, 1, 1), "引継ぎ"
    )
    office.yearly.end_year(office.personnel, "annual", 2025)
    office.decide(office.chief, office.take_leave(date(2026, 4, 8)))
    with pytest.raises(Problem) as caught:
        office.take_leave(date(2025, 12, 25), part=LeavePart.MORNING)
    assert [each.code for each in caught.value.fields] == ["leave_short"]


def test_a_correction_says_why_and_leaves_no_less_than_nothing(office: Any) -> None:
    hana, day = office.ids["hana"], date(2026, 4, 1)
    correct = office.leave.correct
    assert correct(office.personnel, hana, "annual", Amount(4), day, "引継ぎ").left == Amount(4)
    for amount, reason in ((Amount(-5), "誤り"), (Amount(2), " "), (Amount(), "理由")):
        with pytest.raises(Problem):
            correct(office.personnel, hana, "annual", amount, day, reason)
    (entry,) = office.leave.entries(office.hana, None, "annual", 2026)
    assert (entry.amount, entry.reason) == (Amount(4), "引継ぎ")


def test_no_entry_is_changed_or_deleted(office: Any) -> None:
    office.grant()
    db = office.hub.core.db
    for work in (
        lambda scope: scope.update(leave_entries, {"half_days": 99}, sa.true()),
        lambda scope: scope.delete(leave_entries, sa.true()),
    ):
        with pytest.raises(ConstraintError):
            db.write(work)
    assert annual(office, date(2026, 4, 6)).left == Amount(40)


def test_only_those_with_the_right_see_others(office: Any) -> None:
    office.grant()
    with pytest.raises(Problem):
        office.leave.balances(office.who("taro"), office.ids["hana"])
    nobody = office.who("nobody", Role.STAFF)
    with pytest.raises(Problem):
        office.leave.balances(nobody, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kinds = 1", "kinds"),
        ('[kinds.x]\ntitle = "a"', "title_en"),
        ('units = ["half_day", "hour"]\nday_min = 465', "even number"),
        ('season = ["07-01", "13-01"]', "season"),
        ("[[kinds.x.grants]]\nhalf_days = 10\nhired = [1]", "eleven"),
        ("hours = 3", "hours"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_key(
    tmp_path: Path, text: str, said: str
) -> None:
    head = '[kinds.x]\ntitle = "a"\ntitle_en = "a"\ntitle_easy = "a"\n'
    path = tmp_path / "kinds.toml"
    path.write_text(text if text.startswith(("kinds", "[kinds.x]\n")) else head + text)
    with pytest.raises(LeaveKindsError, match=said):
        load_kinds(path)
    with pytest.raises(ValidationError):
        LeaveSettings(kinds_file=path)


def test_a_towns_own_kinds_replace_those_of_the_same_code_and_follow_the_others(
    tmp_path: Path,
) -> None:
    path = tmp_path / "kinds.toml"
    kind = 'title = "年休"\ntitle_en = "Annual"\ntitle_easy = "休み"\nday_min = 465\n'
    path.write_text(f"[kinds.annual]\n{kind}\n[kinds.volunteer]\n{kind}")
    found = load_kinds(path)
    assert found["annual"].day_min == 465
    assert list(found)[-1] == "volunteer"
    assert timedelta(minutes=found["annual"].day_min) == timedelta(hours=7, minutes=45)
