"""Whatever files come one after another: a file that was done changes nothing when it comes again,
and nobody is ever employed twice on one day."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STAFF = "/api/v1/staff"
DAYS = ("", "2025-04-01", "2026-04-01", "令和8年7月1日", "2026/10/01")


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What a file does is the same on each kind of database: once is enough."""
    return sqlite_at


ROWS = st.lists(
    st.tuples(
        st.sampled_from("12345"),
        st.fixed_dictionaries(
            {
                "氏名": st.sampled_from(["山田 花子", "髙橋　太郎"]),
                "所属コード": st.sampled_from(["01", "02"]),
                "区分": st.sampled_from(["正規", "再任用"]),
                "職名": st.sampled_from(["", "主査"]),
                "発令日": st.sampled_from(DAYS),
                "退職日": st.sampled_from(["", "", *DAYS]),
            }
        ),
    ),
    max_size=5,
    unique_by=lambda row: row[0],
)
FILES = st.lists(
    st.tuples(ROWS, st.sampled_from(["2026-04-01", "2026-08-15"])), min_size=1, max_size=4
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(FILES)
def test_a_file_that_was_done_changes_nothing_when_it_comes_again(office: Any, files: Any) -> None:
    for rows, on in files:
        data = office.file(*(office.row(number, 所属名="課", **cells) for number, cells in rows))
        tried = office.tried(data, on)
        if tried["wrong"]:
            continue
        office.confirm(tried)
        again = office.tried(data, on)
        assert {each["done"] for each in again["rows"]} <= {"unchanged", "past"}, again["rows"]
        for number, _ in rows:
            _check_career(office, number)


def _check_career(office: Any, number: str) -> None:
    found = office.client.get(f"/api/v1/people?staff_number={number}").json()["items"]
    for person in found:
        career = office.career(person["id"])
        for before, after in pairwise(career):
            assert before[1] is not None
            assert before[1] < after[0]
