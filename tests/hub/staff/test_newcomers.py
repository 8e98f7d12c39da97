"""One new member of staff by a form: person and employment, both or neither."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.web.rights import Role

HTML = {"Accept": "text/html"}
HANA = {
    "name": "山田　花子",
    "kana": "ﾔﾏﾀﾞ ﾊﾅｺ",
    "number": "１０４２７",
    "kind": "regular",
    "post": "主事",
    "starts_on": "2026-04-01",
}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def sent(office: Any, **typed: str) -> Any:
    return office.client.post("/staff/new", data=typed, headers=HTML)


def people(office: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.client.get("/api/v1/people").json()["items"]
    return found


def test_somebody_is_taken_up_by_one_form_which_leads_to_their_page(office: Any) -> None:
    hall = office.department("01", "総務課")
    assert 'href="/staff/new"' in office.client.get("/staff", headers=HTML).text
    answer = sent(office, **HANA, department=hall)
    assert answer.status_code == 303
    (person,) = people(office)
    assert answer.headers["location"] == f"/staff/people/{person['id']}"
    assert (person["name"], person["staff_number"]) == ("山田 花子", "10427")
    assert person["name_kana"] == "ヤマダ ハナコ"
    assert office.career(person["id"]) == [("2026-04-01", None, "01", "主事")]
    assert "山田 花子" in office.client.get("/staff?on=2026-04-01", headers=HTML).text


def test_a_file_that_comes_later_finds_whom_the_form_made(office: Any) -> None:
    hall = office.department("0101", "総務課")
    sent(office, **HANA, department=hall)
    row = office.row("10427", 氏名="山田 花子", カナ="ヤマダ ハナコ", 発令日="2026-04-01")
    counts = office.import_file(office.file(row))
    assert counts["unchanged"] == 1
    assert len(people(office)) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "氏名がありません"),
        ({"name": "あ" * 101}, "100 文字を超えています"),
        ({"name": "花\x00子"}, "入力を確かめてください"),
        ({"post": "主\x00事"}, "入力を確かめてください"),
        ({"number": ""}, "職員番号がありません"),
        ({"number": "番号"}, "職員番号は英数字"),
        ({"number": "1"}, "もう登録されています"),
        ({"starts_on": ""}, "日付を 1950 年から"),
        ({"starts_on": "昨日"}, "日付を 1950 年から"),
        ({"ends_on": "2026-03-31"}, "最後の日が最初の日より前"),
        ({"department": "none"}, "入力を確かめてください"),
        ({"kind": "king"}, "入力を確かめてください"),
    ],
)
def test_what_is_refused_is_said_kept_in_the_form_and_makes_nobody(
    office: Any, wrong: dict[str, str], said: str
) -> None:
    hall = office.department("01")
    office.person("1", "先人")
    answer = sent(office, **({**HANA, "kana": "ヤマダ", "department": hall} | wrong))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="ヤマダ"' in answer.text
    assert [each["name"] for each in people(office)] == ["先人"]


def test_without_a_department_the_form_leads_to_where_one_is_made(office: Any) -> None:
    assert "先に、所属を登録" in office.client.get("/staff/new", headers=HTML).text


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.CLERK, Role.STAFF])
def test_only_who_may_write_staff_takes_anybody_up(
    office: Any, as_role: Callable[[Role], TestClient], role: Role
) -> None:
    hall = office.department("01")
    as_role(role)
    assert office.client.get("/staff/new", headers=HTML).status_code == 403
    assert sent(office, **HANA, department=hall).status_code == 403
    if role is Role.AUDITOR:
        assert 'href="/staff/new"' not in office.client.get("/staff", headers=HTML).text
    as_role(Role.PERSONNEL)
    assert people(office) == []


def test_employing_is_offered_to_who_is_not_employed_and_anew_after_an_end(office: Any) -> None:
    hall, hana = office.department("01"), office.person("1")
    here = f"/staff/people/{hana}"

    def offers() -> list[str]:
        text = office.client.get(here, headers=HTML).text
        return re.findall(r"<summary>([^<]*採用[^<]*)</summary>", text)

    assert offers() == ["採用を登録する"]
    employed = office.hire(hana, hall)
    assert offers() == []
    patched = office.client.patch(
        f"/api/v1/staff/employments/{employed['id']}", json={"ends_on": "2027-03-31"}
    )
    assert patched.status_code == 200
    assert offers() == ["任期の更新・再採用を登録する"]
    form = office.client.get(here, headers=HTML).text.split('id="hire"')[1]
    assert 'value="2027-04-01"' in form
    again = {"starts_on": "2027-04-01", "department": hall, "kind": "regular"}
    assert office.client.post(f"{here}/hire", data=again).status_code == 303
    assert len(office.career(hana)) == 2


def test_a_persons_page_leads_to_their_other_pages(
    office: Any, as_role: Callable[[Role], TestClient]
) -> None:
    hall, hana = office.department("01"), office.person("1")
    here = f"/staff/people/{hana}"

    def links() -> list[str]:
        text = office.client.get(here, headers=HTML).text
        return re.findall(r'<a class="button plain" href="([^"]+)"', text)

    assert f"/rosters/{hall}" not in links()
    office.hire(hana, hall)
    wanted = [f"/attendance/people/{hana}", f"/rosters/{hall}", f"/leave/people/{hana}"]
    assert links() == [*wanted, f"/cards/people/{hana}"]
    for path in links():
        assert office.client.get(path, headers=HTML).status_code == 200, path
    as_role(Role.AUDITOR)
    for path in links():
        assert office.client.get(path, headers=HTML).status_code == 200, path


@pytest.mark.parametrize("language", ["ja-easy", "en"])
def test_the_form_speaks_every_language(office: Any, language: str) -> None:
    office.department("01")
    text = office.client.get(f"/staff/new?lang={language}", headers=HTML).text
    assert "staff_newcomer." not in re.sub(r"<[^>]*>", "", text)
