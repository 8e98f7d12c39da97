"""A downloaded roster, edited, comes back: tried, shown, drafted; and what it refuses, by place."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.rosters.domain import RosterDay
from hub.rosters.importing import RosterImports
from hub.web.problems import Problem

SUNDAY = "2026-12-06"
PATH = "/rosters/d-nursery"
HTML = {"Accept": "text/html", "Origin": "https://doors.test"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Pages do not depend on the kind of database."""
    return sqlite_at


@pytest.fixture
def night(nursery: Any, admin: TestClient) -> TestClient:
    """A client in a town with a shift whose code a spreadsheet would take for a formula."""
    for code in ("夜", "=1"):
        body = {"code": code, "name": "夜勤", "stretches": [{"start": 1020, "end": 1950}]}
        assert admin.post("/api/v1/shift_codes", json=body).status_code == 201
    return admin


def downloaded(client: TestClient) -> list[list[str]]:
    text = client.get(f"{PATH}/csv?from={SUNDAY}").text.removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text)))


def written(rows: list[list[str]], encoding: str = "utf-8-sig", sign: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=sign).writerows(rows)
    return text.getvalue().encode(encoding)


def send(client: TestClient, data: bytes) -> Any:
    files = {"file": ("勤務表.csv", data)}
    return client.post(f"{PATH}/import?lang=en", files=files, headers=HTML)


def confirmed(client: TestClient, page: str) -> Any:
    action = re.search(r'action="(/rosters/d-nursery/import/\w+)"', page)
    assert action
    return client.post(action[1], headers=HTML)


def cell(client: TestClient, person: str, index: int) -> Any:
    grid = client.get(f"/api/v1{PATH}", params={"from": SUNDAY}).json()
    return next(row for row in grid["rows"] if row["person_id"] == person)["cells"][index]


def test_a_download_comes_back_unchanged(night: TestClient) -> None:
    """Nothing would change, so there is nothing to confirm."""
    answer = send(night, written(downloaded(night)))
    assert answer.status_code == 200
    assert "nothing would change" in answer.text
    assert "/import/" not in answer.text


def test_days_elsewhere_are_empty_in_a_download_and_come_back(
    nursery: Any, night: TestClient
) -> None:
    """Somebody is transferred in the middle of the period: the rest of it is not this department's
    to fill, and an empty cell says so."""
    nursery.employ("lent", ends_on=date(2026, 12, 8))
    rows = downloaded(night)
    line = next(row for row in rows if row[0] == "n-lent")
    assert set(line[5:]) == {""}
    assert "nothing would change" in send(night, written(rows)).text


@pytest.mark.parametrize(
    ("encoding", "sign"), [("utf-8-sig", ","), ("cp932", ","), ("utf-8", "\t")]
)
def test_what_a_spreadsheet_saved_is_shown_and_then_drafted(
    night: TestClient, encoding: str, sign: str
) -> None:
    """With dates as it writes them; nobody works by it until it is published."""
    rows = downloaded(night)
    rows[0][2:] = [each.replace("-", "/") for each in rows[0][2:]]
    line = next(row for row in rows if row[0] == "n-hanako")
    line[3], line[4], line[5] = "夜", "-", "'=1"
    answer = send(night, written(rows, encoding, sign))
    assert answer.status_code == 200, answer.text
    assert "3 days would change" in answer.text
    assert cell(night, "hanako", 1)["source"] == "pattern"
    assert confirmed(night, answer.text).status_code == 303
    assert [cell(night, "hanako", n)["code"] for n in (1, 2, 3)] == ["夜", None, "=1"]
    assert cell(night, "hanako", 1)["source"] == "draft"
    assert confirmed(night, answer.text).status_code == 422  # it is done, and kept no more


def test_what_cannot_be_is_told_by_row_and_column_and_nothing_is_done(night: TestClient) -> None:
    """An unknown code, somebody of another department, one person twice, a date elsewhere."""
    rows = downloaded(night)
    rows[1][2] = "謎"
    rows += [["n-other", "other", "夜"], rows[1]]
    rows[0][-1] = "2027-05-05"
    answer = send(night, written(rows))
    assert answer.status_code == 422
    number = r'<td class="num"[^>]*>(\d+)</td>'
    found = re.findall(number * 2, answer.text)
    assert found == [("1", "30"), ("2", "3"), ("5", "1"), ("6", "1")]
    assert "/import/" not in answer.text


@pytest.mark.parametrize("data", [b"", b"\xff\xfeA", b"a,b\r\n1,2\r\n", b'"open'])
def test_what_is_no_roster_is_refused(night: TestClient, data: bytes) -> None:
    """With words, never with a broken page."""
    answer = send(night, data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_roster_that_changed_meanwhile_is_looked_at_again(night: TestClient) -> None:
    """What was shown is what is done."""
    rows = downloaded(night)
    rows[1][3] = "夜"
    rows[2][3] = "夜"
    page = send(night, written(rows)).text
    given = {f"{rows[2][1]}.2026-12-07": "夜"}
    night.post(f"{PATH}/draft?from={SUNDAY}", data=given, headers=HTML)
    assert confirmed(night, page).status_code == 422


def test_the_same_file_of_two_is_confirmed_by_each_as_it_was_shown_to_them(
    nursery: Any, night: TestClient, hub: Hub
) -> None:
    """Another's trial does not stand in for one's own, and what stands there now is shown too."""
    imports, head = hub.services.get(RosterImports), nursery.as_staff("head")
    rows = downloaded(night)
    rows[1][3] = "夜"
    data = written(rows)
    mine = imports.try_file(head, "d-nursery", "r.csv", data)
    (change,) = mine.plan.changes
    page = send(night, data).text
    with pytest.raises(Problem, match="not_found"):
        imports.confirm(head, "d-nursery", re.search(r"import/(\w+)", page)[1])  # type: ignore[index]
    other = next(code for code in mine.grid.codes if code.code == "=1")
    drafted = [RosterDay(change.row.person.id, change.day, other.id)]
    nursery.service.draft(head, "d-nursery", mine.grid.first, drafted)
    assert confirmed(night, page).status_code == 422
    with pytest.raises(Problem, match="roster_changed"):
        imports.confirm(head, "d-nursery", mine.key)


def test_who_may(nursery: Any, night: TestClient, hub: Hub) -> None:
    """The head of the department alone; and their own past is not theirs to change."""
    imports = hub.services.get(RosterImports)
    rows = downloaded(night)
    rows[1][3] = "夜"
    assert imports.try_file(nursery.as_staff("head"), "d-nursery", "", written(rows)).key
    for who in ("hanako", "other"):
        with pytest.raises(Problem):
            imports.try_file(nursery.as_staff(who), "d-nursery", "", written(rows))
    today = date(2026, 4, 6)
    text = f"x,{today.isoformat()}\nn-head,夜\n"
    found = imports.try_file(nursery.as_staff("head"), "d-nursery", "", text.encode())
    assert [each.code for each in found.plan.wrong] == ["own_past"]
