"""Every list of people is in one order: by the reading, however it is written, then by the staff
number; whoever has no reading comes last."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.applications.delegating import DelegationWanted
from hub.people.tables import people
from hub.web.rights import Role

IN_ORDER = [
    ("青木", "ｱｵｷ", "10007"),
    ("加藤二", "カトウ", "10003"),
    ("加藤一", "かとう", "10009"),
    ("賀東", "ガトウ", "10002"),
    ("木村", "きむら", "10001"),
    ("阿部", "", "10000"),
]
DAY = date(2026, 4, 6)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    return sqlite_at


@pytest.mark.parametrize(
    "path",
    [
        "/staff",
        "/leave/yearly?kind=annual&year=2026",
        "/delegations",
        "/rosters/section",
        "/rosters/section/patterns",
        "/attendance/months?month=2026-04&department=section",
        "/attendance/team?department=section",
        "/closing/2026-03/section",
        "/payroll/sheets/2026-03?department=section",
    ],
)
def test_a_list_of_people_is_by_kana_then_staff_number(office: Any, browse: Any, path: str) -> None:
    for name, kana, number in reversed(IN_ORDER):
        office.add_person(name, kana=kana)
        values = {"staff_number": number}
        office.hub.core.db.write(
            lambda scope, name=name, values=values: scope.update(
                people, values, people.c.id == office.ids[name]
            )
        )
        if path == "/delegations":
            given = DelegationWanted(office.ids["taro"], DAY, DAY, (), office.ids[name])
            office.delegations.give(office.officer, given)
    shown = browse(office.who("director", Role.ADMIN)).page(path)
    assert sorted((name for name, _, _ in IN_ORDER), key=shown.index) == [n for n, _, _ in IN_ORDER]
