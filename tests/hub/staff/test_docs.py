"""What docs/staff.md shows is so."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path

from hub.staff import endpoints as staff
from hub.staff import import_endpoints as imports
from hub.staff.careers import Stint, Wish, as_filed
from hub.staff.import_schemas import StaffProfileIn
from hub.staff.kinds import EmploymentKinds
from hub.staff.planning import Known, plan
from hub.staff.profile import wrong_with
from hub.staff.rows import read_sheet
from hub.staff.settings import StaffSettings
from hub.worktime.ordinance_files import load_ordinances

DOCUMENT = (Path(__file__).parents[3] / "docs" / "staff.md").read_text()
BLOCKS = dict(re.findall(r"```(\w+)\n(.*?)```", DOCUMENT, re.DOTALL))
KINDS = EmploymentKinds(load_ordinances()).titles(date(2026, 4, 1))
NOBODY = Known({}, {}, {}, (), {}, ())


def test_its_settings_are_those_that_hold_without_any() -> None:
    assert StaffSettings(**tomllib.loads(BLOCKS["toml"])["staff"]) == StaffSettings()


def test_its_profile_reads_its_file_in_both_encodings() -> None:
    shape = StaffProfileIn(**json.loads(BLOCKS["json"])).shape()
    assert wrong_with(shape) == {}
    assert set(shape.kinds.values()) <= set(KINDS)
    text = BLOCKS["csv"].encode("cp932").decode("cp932")
    sheet = read_sheet(text, shape, KINDS, 100)
    assert sheet.wrong == ()
    told = plan(sheet, shape, NOBODY, date(2026, 4, 1), 30)
    assert told.wrong == ()
    assert [(each.number, each.name, each.person["name_kana"]) for each in told.doings] == [
        ("00427", "山田 花子", "ヤマダ ハナコ"),
        ("00428", "鈴木 一郎", "スズキ イチロウ"),
    ]
    assert [(each.after[0].starts_on, each.after[0].ends_on) for each in told.doings] == [
        (date(2022, 4, 1), None),
        (date(2026, 4, 1), date(2027, 3, 31)),
    ]
    assert [(each.code, each.name) for each in told.departments] == [("0103", "生涯学習課")]


def test_a_later_date_of_the_same_place_is_no_change() -> None:
    shape = StaffProfileIn(**json.loads(BLOCKS["json"])).shape()
    (doing, _) = plan(
        read_sheet(BLOCKS["csv"], shape, KINDS, 100), shape, NOBODY, date(2026, 4, 1), 30
    ).doings
    place = doing.after[0].place
    earlier = (Stint(date(2015, 4, 1), None, place, "e"),)
    wish = Wish(place, starts_on=date(2022, 4, 1), says_end=True)
    assert as_filed(earlier, wish, date(2026, 4, 1)) == earlier


def test_every_route_that_it_names_is_there() -> None:
    paths = {
        (method, re.sub(r"\{\w+\}", "{id}", route.path))  # type: ignore[attr-defined]
        for router in (staff.router, imports.router)
        for route in router.routes
        for method in route.methods  # type: ignore[attr-defined]
    }
    named = re.findall(r"`(POST|GET|PATCH|DELETE) (?:/api/v1)?(/staff[^`?]*)", DOCUMENT)
    assert len(named) >= 6
    for method, path in named:
        assert (method, f"/api/v1{path}") in paths, (method, path)
