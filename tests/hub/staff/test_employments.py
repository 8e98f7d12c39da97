"""Departments and employments at the API: hired, transferred, retired, corrected; and the audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.audit import repository as audit
from hub.audit.domain import AuditEntry
from hub.audit.tables import audit_entries
from hub.bootstrap import Hub
from hub.web.paging import decode_texts, encode_cursor
from hub.web.rights import Role

STAFF = "/api/v1/staff"


def _problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def _fields(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(each["field"], each["code"]) for each in answer.json()["errors"]]


def _audited(hub: Hub, kind: str, target: str) -> list[AuditEntry]:
    """What was recorded of something, the newest first."""
    t = audit_entries.c
    with hub.core.db.read() as scope:
        return list(audit.newest_first(scope, 50, t.target_kind == kind, t.target_id == target))


def test_a_transfer_ends_one_employment_and_begins_the_next(office: Any) -> None:
    hall, gym = office.department("01"), office.department("02")
    hana = office.person("10427")
    office.hire(hana, hall, "1998-04-01", post="主事")
    body = {"starts_on": "2026-10-01", "department_id": gym, "kind": "manager", "post": "課長"}
    made = office.made(f"{STAFF}/people/{hana}/transfer", body | {"heads": True}, 200)
    assert (made["starts_on"], made["ends_on"], made["heads"]) == ("2026-10-01", None, True)
    assert office.career(hana) == [
        ("1998-04-01", "2026-09-30", "01", "主事"),
        ("2026-10-01", None, "02", "課長"),
    ]


def test_a_fixed_term_stays_so_when_somebody_is_transferred(office: Any) -> None:
    hall, gym = office.department("01"), office.department("02")
    hana = office.person()
    office.hire(hana, hall, "2026-04-01", ends_on="2027-03-31")
    body = {"starts_on": "2026-07-01", "department_id": gym, "kind": "regular"}
    made = office.made(f"{STAFF}/people/{hana}/transfer", body, 200)
    assert made["ends_on"] == "2027-03-31"


def test_what_a_career_cannot_be_is_refused_by_name(office: Any) -> None:
    hall = office.department("01")
    hana = office.person()
    client, here = office.client, f"{STAFF}/people/{hana}"
    place = {"department_id": hall, "kind": "regular"}
    transfer = {"starts_on": "2026-05-01", **place}
    assert _problem(client.post(f"{here}/transfer", json=transfer)) == (409, "not_employed")
    assert _problem(client.post(f"{here}/retire", json={"ends_on": "2026-05-01"})) == (
        409,
        "not_employed",
    )
    office.hire(hana, hall, "2026-05-01")
    again = {"starts_on": "2026-04-01", "ends_on": "2026-05-01", **place}
    assert _problem(client.post(f"{here}/employments", json=again)) == (409, "employments_overlap")
    assert _fields(client.post(f"{here}/transfer", json=transfer)) == [
        ("body.starts_on", "starts_that_day")
    ]
    turned = again | {"ends_on": "2026-03-01"}
    assert _fields(client.post(f"{here}/employments", json=turned)) == [
        ("body.ends_on", "inverted")
    ]
    unknown = {"starts_on": "2026-06-01", "department_id": "none", "kind": "regular"}
    assert _fields(client.post(f"{here}/transfer", json=unknown)) == [
        ("body.department_id", "unknown")
    ]
    unknown = {"starts_on": "2026-06-01", "department_id": hall, "kind": "emperor"}
    assert _fields(client.post(f"{here}/transfer", json=unknown)) == [("body.kind", "unknown")]
    office.made(f"{here}/transfer", transfer | {"starts_on": "2026-09-01", "post": "係長"}, 200)
    assert _problem(client.post(f"{here}/retire", json={"ends_on": "2026-08-01"})) == (
        409,
        "later_employment",
    )


def test_a_wrong_date_is_corrected_and_the_audit_keeps_what_stood_there(
    office: Any, hub: Hub
) -> None:
    hall = office.department("01")
    hana = office.person()
    first = office.hire(hana, hall, "2026-04-10")
    path = f"{STAFF}/employments/{first['id']}"
    answer = office.client.patch(path, json={"starts_on": "2026-04-01"})
    assert answer.json()["starts_on"] == "2026-04-01"
    found = _audited(hub, "person", hana)
    assert found[0].action == "employment.corrected"
    assert found[0].details is not None
    assert found[0].details["before"][0]["starts_on"] == "2026-04-10"
    assert found[0].details["after"][0]["starts_on"] == "2026-04-01"
    assert office.client.delete(path).status_code == 204
    assert office.career(hana) == []
    assert office.client.delete(path).status_code == 404


def test_departments_are_a_tree_with_unique_codes(office: Any) -> None:
    town, hall = office.department("0"), ""
    hall = office.department("01", parent=town)
    room = office.department("0101", parent=hall)
    path = f"{STAFF}/departments"
    same = office.client.post(path, json={"code": "01", "name": "別"})
    assert _problem(same) == (409, "already_exists")
    for below in (town, hall, room):
        answer = office.client.patch(f"{path}/{town}", json={"parent_id": below})
        assert _fields(answer) == [("body.parent_id", "cycle")]
    assert office.client.patch(f"{path}/{room}", json={"parent_id": town}).status_code == 200
    assert office.client.patch(f"{path}/{hall}", json={"parent_id": room}).status_code == 200


def test_a_department_stays_while_employments_or_departments_name_it(office: Any) -> None:
    town = office.department("0")
    hall = office.department("01", parent=town)
    hana = office.person()
    made = office.hire(hana, hall)
    path = f"{STAFF}/departments"
    for each in (town, hall):
        assert _problem(office.client.delete(f"{path}/{each}")) == (409, "in_use")
    office.client.delete(f"{STAFF}/employments/{made['id']}")
    office.client.put(f"{path}/{hall}/terms/2026-04-01", json={"cap_type": "other_led"})
    for each in (hall, town):
        assert office.client.delete(f"{path}/{each}").status_code == 204
    assert office.client.get(f"{path}/{hall}").status_code == 404


def test_terms_are_dated_and_the_same_again_is_not_recorded(office: Any, hub: Hub) -> None:
    hall = office.department("01")
    path = f"{STAFF}/departments/{hall}/terms"
    body = {"cap_type": "other_led", "article_36": True}
    for _ in range(2):
        assert office.client.put(f"{path}/2026-04-01", json=body).status_code == 200
    assert [each["starts_on"] for each in office.client.get(path).json()] == ["2026-04-01"]
    found = [each.action for each in _audited(hub, "department", hall)]
    assert found.count("department.term_set") == 1
    assert office.client.delete(f"{path}/2026-04-01").status_code == 204
    assert office.client.delete(f"{path}/2026-04-01").status_code == 404


def test_staff_on_a_date_are_listed_by_reading_page_by_page(office: Any) -> None:
    town = office.department("0")
    hall = office.department("01", parent=town)
    names = [
        ("ヤマダ", "山田"),
        ("あおき", "青木"),
        ("がとう", "賀東"),
        ("かとう", "加藤"),
        ("", "無名"),
    ]
    for number, (kana, name) in enumerate(names):
        person = office.person(str(number), name, kana)
        office.hire(person, hall if number % 2 else town, "2026-04-01")
    gone = office.person("9", "先人", "せんじん")
    office.hire(gone, town, "2020-04-01", ends_on="2026-03-31")

    def listed(query: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = office.client.get(f"{STAFF}?limit=2&{query}{cursor}").json()
            found += [each["name"] for each in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    assert listed("on=2026-04-01") == ["青木", "加藤", "賀東", "山田", "無名"]
    assert listed("on=2026-03-31") == ["先人"]
    assert listed(f"department_id={hall}") == ["青木", "加藤"]
    assert listed(f"department_id={town}") == ["青木", "加藤", "賀東", "山田", "無名"]
    assert listed("department_id=none") == []
    assert listed("kind=manager") == []

    def searched(**body: Any) -> list[str]:
        answer = office.client.post(f"{STAFF}/search", json=body)
        return [each["name"] for each in answer.json()["items"]]

    assert searched(text="ﾔﾏ", on="2026-04-01") == ["山田"]
    assert searched(text="2", on="2026-04-01") == ["賀東"]
    assert searched(text="", department_id=hall) == ["青木", "加藤"]
    for cursor in ("nonsense", encode_cursor(["nobody"])):
        assert office.client.get(f"{STAFF}?cursor={cursor}").status_code == 422


def test_a_cursor_holds_no_name_for_it_stands_in_addresses(office: Any) -> None:
    hall = office.department("01", "総務課")
    for number in ("1", "2"):
        office.hire(office.person(number, "山田", "やまだ"), hall, "2026-04-01")
    cursor = office.client.get(f"{STAFF}?limit=1").json()["next_cursor"]
    (last,) = decode_texts(cursor, 1)
    assert last == office.client.get(f"{STAFF}?limit=1").json()["items"][0]["person_id"]


def test_where_somebody_is_written_to_is_kept_and_stays_out_of_the_audit_log(
    office: Any, hub: Hub
) -> None:
    hana = office.person()
    path = f"{STAFF}/people/{hana}/contact"
    body = {"mail": "hanako@example.jp", "language": "ja-easy"}
    assert office.client.put(path, json=body).json() == {"person_id": hana, **body}
    assert office.client.get(f"{STAFF}/people/{hana}").json()["contact"] == {
        "person_id": hana,
        **body,
    }
    assert office.client.put(path, json={"mail": "no address"}).status_code == 422
    found = _audited(hub, "person", hana)
    assert found[0].action == "staff_contact.set"
    assert "example.jp" not in str(found)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_on", "0001-01-01"),
        ("starts_on", "9999-12-31"),
        ("starts_on", 20260401),
        ("post", "nul\x00"),
        ("kind", "Regular"),
        ("department_id", ""),
        ("more", 1),
    ],
)
def test_what_no_row_holds_is_refused(office: Any, field: str, value: object) -> None:
    hana, hall = office.person(), office.department("01")
    body = {"starts_on": "2026-04-01", "department_id": hall, "kind": "regular", field: value}
    answer = office.client.post(f"{STAFF}/people/{hana}/employments", json=body)
    assert answer.status_code == 422
    assert office.career(hana) == []


def test_who_may_only_read_changes_nothing(
    office: Any, as_role: Callable[[Role], TestClient]
) -> None:
    hana, hall = office.person(), office.department("01")
    auditor = as_role(Role.AUDITOR)
    assert auditor.get(f"{STAFF}/people/{hana}").status_code == 200
    body = {"starts_on": "2026-04-01", "department_id": hall, "kind": "regular"}
    answer = auditor.post(f"{STAFF}/people/{hana}/employments", json=body)
    assert _problem(answer) == (403, "forbidden")
    assert as_role(Role.CLERK).get(STAFF).status_code == 403
