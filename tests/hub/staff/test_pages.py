"""Staff on the console: looked through, hired, transferred, imported; with what is wrong said."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from hub.clock import HandMovedClock

HTML = {"Accept": "text/html"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def page(office: Any, path: str, status: int = 200) -> str:
    answer = office.client.get(path, headers=HTML)
    assert answer.status_code == status, answer.text[:500]
    return str(answer.text)


def send(office: Any, path: str, status: int = 303, /, **data: Any) -> str:
    answer = office.client.post(path, data=data, headers=HTML)
    assert answer.status_code == status, answer.text[:2000]
    return str(answer.text)


def found(office: Any, **asked: str) -> str:
    """Where a search leads."""
    answer = office.client.post("/staff/find", data=asked, headers=HTML)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_a_search_puts_no_name_into_an_address(office: Any) -> None:
    """Nor into those of the next page; what is sealed is of no use to anybody else."""
    hall = office.department("01", "総務課")
    for number in range(51):
        office.hire(office.person(str(number), "山田 花子", "ﾔﾏﾀﾞ"), hall, "2026-04-01")
    place = found(office, text="山田", on="2026-04-06")
    text = page(office, place)
    assert 'value="山田"' in text
    following = re.search(r'href="(/staff\?[^"]*cursor=[^"]*)"', text)
    assert following is not None
    for address in (place, unescape(following[1])):
        clear = unquote(address)
        for value in parse_qs(urlsplit(address).query).values():
            clear += base64.urlsafe_b64decode(value[0] + "===").decode(errors="replace")
        assert "山田" not in clear
        assert "ヤマダ" not in clear
        assert "やまだ" not in clear
    assert "山田 花子" in page(office, unescape(following[1]))
    assert 'name="text" value=""' in page(office, "/staff?q=nonsense")


def test_the_list_shows_who_is_there_on_a_date_by_department(office: Any) -> None:
    town = office.department("0", "町役場")
    hall = office.department("01", "総務課", town)
    office.hire(office.person("1", "山田 花子", "やまだ はなこ"), hall, "2026-04-01", heads=True)
    gone = office.person("2", "先人")
    office.hire(gone, town, "2020-04-01", ends_on="2026-03-31")
    text = page(office, "/staff")
    assert "山田 花子" in text
    assert "先人" not in text
    assert "先人" in page(office, "/staff?on=2026-03-31")
    assert "山田 花子" in page(office, found(office, department=town, text="ﾊﾅｺ"))
    assert "条件に合う職員はいません" in page(office, found(office, text="だれも"))
    assert "この日に在職する職員はいません" in page(office, "/staff?on=1999-01-01")
    page(office, "/staff?on=nonsense&cursor=nonsense", 422)
    tree = page(office, "/staff/departments")
    assert tree.index("町役場") < tree.index("総務課")
    assert "山田 花子" in tree


def test_a_transfer_starts_from_what_somebody_is(office: Any) -> None:
    """The form offers the kind and the post of today: another place alone is no other pay."""
    hall = office.department("01", "総務課")
    hana = office.person("10427")
    here = f"/staff/people/{hana}"
    send(office, f"{here}/hire", starts_on="2020-04-01", department=hall, kind="fiscal_year_part",
         post="事務補助")  # fmt: skip
    form = page(office, here).split('id="transfer"')[1].split("</form>")[0]
    assert re.search(r'value="fiscal_year_part" selected', form)
    assert 'value="事務補助"' in form


def test_a_person_is_hired_transferred_corrected_and_retired_by_forms(office: Any) -> None:
    hall, gym = office.department("01", "総務課"), office.department("02", "税務課")
    hana = office.person("10427")
    here = f"/staff/people/{hana}"
    send(
        office, f"{here}/hire", starts_on="1995-04-01", department=hall, kind="regular", post="主事"
    )
    send(office, f"{here}/transfer", starts_on="2026-05-01", department=gym, kind="manager",
         post="課長", heads="yes")  # fmt: skip
    assert office.career(hana) == [
        ("1995-04-01", "2026-04-30", "01", "主事"),
        ("2026-05-01", None, "02", "課長"),
    ]
    text = page(office, here)
    assert "予定" in text
    (first, second) = office.client.get(f"/api/v1{here}").json()["employments"]
    send(office, f"{here}/employments/{second['id']}", remove="yes")
    send(office, f"{here}/employments/{first['id']}", starts_on="1996-04-01", ends_on="",
         department=hall, kind="regular", post="主査")  # fmt: skip
    send(office, f"{here}/retire", ends_on="2027-03-31")
    assert office.career(hana) == [("1996-04-01", "2027-03-31", "01", "主査")]
    assert "令和9年3月31日（2027年） に退職の予定" in page(office, here)


@pytest.mark.parametrize(
    ("path", "data", "said"),
    [
        ("hire", {"starts_on": "2026-04-06"}, "在職の期間が重なります"),
        ("hire", {"starts_on": "昨日"}, "日付を 1950 年から"),
        ("hire", {"starts_on": "2019-01-01", "ends_on": "2018-01-01"}, "最後の日が最初の日より前"),
        ("transfer", {"starts_on": "2020-04-01"}, "その日に始まる在職があります"),
        ("transfer", {"starts_on": "2019-04-01"}, "その日は在職していません"),
        ("transfer", {"starts_on": "2026-05-01", "department": "none"}, "入力を確かめてください"),
        ("retire", {"ends_on": ""}, "日付を 1950 年から"),
        ("contact", {"mail": "no address"}, "メールアドレスとして読めません"),
        ("block", {}, "退職した人ではありません"),
    ],
)
def test_a_form_that_cannot_be_done_says_why_and_changes_nothing(
    office: Any, path: str, data: dict[str, Any], said: str
) -> None:
    hall, hana = office.department("01"), office.person()
    office.hire(hana, hall)
    sent: dict[str, Any] = {"department": hall, "kind": "regular"} | data
    assert said in send(office, f"/staff/people/{hana}/{path}", 422, **sent)
    assert office.career(hana) == [("2020-04-01", None, "01", "")]


def test_who_has_left_and_is_let_in_is_warned_of_and_blocked(
    office: Any, hub_town: Any, clock: HandMovedClock
) -> None:
    hana = office.person("1", "山田 花子")
    hub_town.card(hana)
    office.hire(hana, office.department("01"), ends_on="2026-04-06")
    assert "まだ扉を開けられます" not in page(office, "/staff")
    clock.advance(timedelta(days=1))
    assert "退職した 1 人が、まだ扉を開けられます" in page(office, "/staff")
    assert "有効なカード 1 枚" in page(office, "/staff/leavers")
    assert "いま止める" in page(office, f"/staff/people/{hana}")
    send(office, f"/staff/leavers/{hana}/block")
    assert "だれも入れません" in page(office, "/staff/leavers")
    assert "停止中" in page(office, f"/staff/people/{hana}")


def test_departments_and_their_caps_are_kept_by_forms(office: Any) -> None:
    send(office, "/staff/departments", code="0", name="町役場")
    send(office, "/staff/departments", 422, code="0", name="別")
    assert "英数字" in send(office, "/staff/departments", 422, code="課", name="別")
    (town,) = [
        each["id"] for each in office.client.get("/api/v1/staff/departments").json()["items"]
    ]
    here = f"/staff/departments/{town}"
    send(office, f"{here}/terms", starts_on="2026-04-01", cap_type="other_led", article_36="yes")
    assert "他律的業務" in page(office, here)
    assert "下の所属に付ける" in send(office, here, 422, code="0", name="町役場", parent=town)
    send(office, here, code="00", name="新しい町役場")
    assert "新しい町役場" in page(office, here)
    send(office, f"{here}/terms", starts_on="2026-04-01", what="drop")
    send(office, here, what="drop")
    page(office, here, 404)


def test_a_file_is_tried_on_the_page_and_then_done_with_the_leavers_ticked(office: Any) -> None:
    office.set_profile(complete=True)
    office.import_file(office.file(*(office.row(each) for each in "12345")))
    data = office.file(*(office.row(each, 職名="主査", 発令日="") for each in "1234"))

    def tried(data: bytes) -> str:
        sent = {"profile": office.profile_id, "effective_on": "2026-05-01"}
        answer = office.client.post(
            "/staff/import", data=sent, files={"file": ("a.csv", data)}, headers=HTML
        )
        return str(answer.text)

    text = tried(data)
    assert "2020-04-01 – 2026-04-30 総務課 主事 / 2026-05-01 – 総務課 主査" in text
    action = re.search(r'action="(/staff/imports/[^"]+/confirm)"', text)
    leaver = re.search(r'name="leaver" value="([^"]+)"', text)
    assert action
    assert leaver
    done = office.client.post(action[1], data={"leaver": leaver[1]}, headers=HTML)
    assert "取り込みました" in done.text
    assert office.career(leaver[1]) == [("2020-04-01", "2026-04-30", "0101", "主事")]
    again = office.client.post(action[1], headers=HTML)
    assert again.status_code == 422
    assert "何も変わりません" in tried(data)
    wrong = tried(office.file(office.row("1", 区分="皇帝")))
    assert "誤りが 1 件あります" in wrong
    assert "知らない職員区分です" in wrong
    assert "confirm" not in wrong
    broken = tried(b"\x81 ")
    assert "行目" in broken


def test_a_profile_is_made_by_its_form(office: Any) -> None:
    body = {
        "name": "別の形式",
        "encoding": "auto",
        "delimiter": ",",
        "header_row": "1",
        "number_width": "5",
        "column_staff_number": "番号",
        "column_name": "姓+名",
        "column_department_code": "課",
        "constant_kind": "regular",
        "kinds": "正規 = regular\n",
    }
    here = "/staff/import/profiles"
    send(office, f"{here}/new", **body)
    assert "同じ名前の形式" in send(office, f"{here}/new", 422, **body)
    assert "the ordinance knows" in send(
        office, f"{here}/new", 422, **(body | {"name": "x", "kinds": "王 = king"})
    )
    assert "入力を確かめて" in send(office, f"{here}/new", 422, **(body | {"header_row": "x"}))
    found = {each["name"]: each for each in office.client.get("/api/v1/staff/profiles").json()}
    made = found["別の形式"]
    assert made["shape"]["columns"]["name"] == ["姓", "名"]
    assert made["shape"]["constants"] == {"kind": "regular"}
    assert "別の形式" in page(office, f"{here}/{made['id']}")
    answer = office.client.post(
        f"{here}/{made['id']}",
        data=body | {"what": "preview"},
        files={"sample": ("a.csv", "番号,姓\r\n1,山田\r\n".encode("cp932"))},
        headers=HTML,
    )
    assert '<td class="small">山田</td>' in answer.text
    send(office, f"{here}/{made['id']}", what="drop")
    page(office, f"{here}/{made['id']}", 404)


@pytest.mark.parametrize("language", ["ja", "ja-easy", "en"])
def test_every_page_is_there_in_every_language(office: Any, language: str) -> None:
    hall, hana = office.department("01"), office.person("1")
    office.hire(hana, hall)
    for path in (
        "/staff",
        "/staff/leavers",
        "/staff/departments",
        f"/staff/departments/{hall}",
        f"/staff/people/{hana}",
        "/staff/import",
        "/staff/import/profiles/new",
    ):
        assert "staff." not in re.sub(r"<[^>]*>", "", page(office, f"{path}?lang={language}"))
