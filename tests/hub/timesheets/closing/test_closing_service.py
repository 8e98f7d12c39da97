"""Signing, closing and opening again: over HTTP and by right, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.timesheets.closing_service import ClosingService
from hub.timesheets.closing_sheets import ClosingSheets
from hub.timesheets.sources import OpenApplication
from hub.web.problems import Problem
from hub.web.rights import Role
from hub.worktime.domain import Month
from wire.events import PunchDirection

APRIL = Month(2026, 4)
FRIDAY = date(2026, 4, 10)
PATH = "/api/v1/attendance"
APRIL_TAX = f"{PATH}/closings/2026-04/tax"


@pytest.fixture
def april(office: Any) -> tuple[str, str]:
    """Two people of the tax office, April over: one worked, one led them."""
    ann, head = office.hire("安藤"), office.hire("課長")
    office.hall.led_by["tax"] = (head,)
    office.works(ann, FRIDAY)
    office.works(head, FRIDAY)
    office.at(date(2026, 5, 7))
    return ann, head


def test_a_month_goes_through_its_steps(
    office: Any, april: tuple[str, str], admin: TestClient, hub: Any
) -> None:
    ann, head = april
    service = hub.services.get(ClosingService)
    (line,) = admin.get(f"{PATH}/closings/2026-04").json()
    assert (line["people"], line["signed"], line["is_ready"]) == (2, 0, False)
    assert line["blockers"] == {"not_signed": 2, "head_not_signed": 1}
    refused = admin.post(f"{APRIL_TAX}/close", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "month_blocked")
    assert len(refused.json()["blockers"]) == 3
    for person in (ann, head):
        service.sign_own(office.user(person), APRIL, None)
    service.sign_department(office.user(head), "tax", APRIL, None)
    assert admin.get(f"{PATH}/closings/2026-04").json()[0]["is_ready"]
    made = admin.post(f"{APRIL_TAX}/close", json={})
    assert made.status_code == 201, made.text
    assert (made.json()["round"], made.json()["cause"], made.json()["overridden"]) == (1, "", [])
    assert made.json()["ordinance"] == "標準 2019-04-01"
    twice = admin.post(f"{APRIL_TAX}/close", json={})
    assert (twice.status_code, twice.json()["code"]) == (409, "month_closed")
    sheet = admin.get(APRIL_TAX).json()
    assert sheet["closing"]["id"] == made.json()["id"]
    settled = admin.get(f"{PATH}/closed-months/2026-04/{ann}").json()
    assert settled["signed"] == settled["now"]
    assert settled["signed"]["counters"]["regular_min"] == 465


def test_a_signature_says_nothing_once_the_month_has_changed(
    office: Any, april: tuple[str, str], hub: Any, admin: TestClient
) -> None:
    ann, _ = april
    service = hub.services.get(ClosingService)
    first = service.sign_own(office.user(ann), APRIL, None)
    office.works(ann, date(2026, 4, 13), late=True)
    assert admin.get(f"{PATH}/closings/2026-04").json()[0]["signed"] == 0
    with pytest.raises(Problem, match="month_changed"):
        service.sign_own(office.user(ann), APRIL, first.fingerprint)


def test_what_is_open_stands_in_the_way_and_says_where_it_is_dealt_with(
    office: Any, april: tuple[str, str], admin: TestClient
) -> None:
    ann, _head = april
    office.punch(ann, date(2026, 4, 14), 510, PunchDirection.IN, late=True)
    office.hall.open.append(OpenApplication("a1", ann, FRIDAY, "/applications/a1"))
    blockers = admin.get(APRIL_TAX).json()["blockers"]
    found = {each["kind"]: each for each in blockers}
    assert found["missing_punch"]["work_date"] == "2026-04-14"
    assert found["open_application"]["path"] == "/applications/a1"
    made = admin.post(f"{APRIL_TAX}/close", json={"cause": "本人と連絡が取れない"})
    kinds = {each["kind"] for each in made.json()["overridden"]}
    assert {"missing_punch", "open_application", "not_signed", "head_not_signed"} == kinds
    log = admin.get("/api/v1/audit", params={"action": "month.closed"}).json()["items"][0]
    assert log["details"]["cause_chars"] == len("本人と連絡が取れない")
    assert "連絡" not in str(log)


def test_a_month_that_is_not_over_is_never_closed(office: Any, admin: TestClient) -> None:
    ann = office.hire("安藤")
    office.works(ann, FRIDAY)
    office.at(date(2026, 4, 30))
    refused = admin.post(f"{APRIL_TAX}/close", json={"cause": "急ぐため"})
    assert [each["kind"] for each in refused.json()["blockers"]] == ["month_not_over"]


def test_opening_again_needs_a_cause_and_is_another_round(
    office: Any, april: tuple[str, str], admin: TestClient
) -> None:
    assert admin.post(f"{APRIL_TAX}/reopen", json={"cause": "x"}).json()["code"] == "month_open"
    admin.post(f"{APRIL_TAX}/close", json={"cause": "期限"})
    assert admin.post(f"{APRIL_TAX}/reopen", json={"cause": ""}).status_code == 422
    opened = admin.post(f"{APRIL_TAX}/reopen", json={"cause": "集計誤り"}).json()
    assert opened["reopened_cause"] == "集計誤り"
    again = admin.post(f"{APRIL_TAX}/close", json={"cause": "期限"}).json()
    assert again["round"] == 2
    assert [each["round"] for each in admin.get(APRIL_TAX).json()["rounds"]] == [1, 2]


def test_a_month_with_a_transfer_belongs_to_the_department_of_its_last_day(
    office: Any, admin: TestClient
) -> None:
    ann = office.hire("安藤")
    office.hire("坂東")
    office.moves(ann, date(2026, 4, 16), "welfare")
    office.works(ann, FRIDAY)
    office.at(date(2026, 5, 7))
    lines = {e["department_id"]: e for e in admin.get(f"{PATH}/closings/2026-04").json()}
    assert {unit: line["people"] for unit, line in lines.items()} == {"tax": 1, "welfare": 1}
    admin.post(f"{PATH}/closings/2026-04/welfare/close", json={"cause": "期限"})
    office.hall.places[ann] = [(date(2026, 4, 1), "tax")]  # the transfer is taken back
    lines = {e["department_id"]: e for e in admin.get(f"{PATH}/closings/2026-04").json()}
    assert lines["tax"]["people"] == 1  # whoever is closed elsewhere stays there


def test_who_may_do_what(office: Any, april: tuple[str, str], as_role: Any, hub: Any) -> None:
    ann, head = april
    service = hub.services.get(ClosingService)
    assert as_role(Role.AUDITOR).get(APRIL_TAX).status_code == 200
    assert as_role(Role.AUDITOR).post(f"{APRIL_TAX}/close", json={}).status_code == 403
    assert as_role(Role.STAFF).get(APRIL_TAX).status_code == 404
    assert as_role(Role.STAFF).get(f"{PATH}/closings/2026-04").json() == []
    assert [
        each.unit.id for each in hub.services.get(ClosingSheets).overview(office.user(head), APRIL)
    ] == ["tax"]
    assert hub.services.get(ClosingSheets).overview(office.user(ann), APRIL) == ()
    for who in (office.user(ann), office.user(None, Role.PERSONNEL)):
        with pytest.raises(Problem):
            service.sign_department(who, "tax", APRIL, None)
    with pytest.raises(Problem, match="forbidden"):
        service.sign_own(office.user(None), APRIL, None)
    with pytest.raises(Problem, match="not_found"):
        hub.services.get(ClosingSheets).settled(office.user(ann), head, APRIL)


def test_where_nobody_leads_personnel_signs(office: Any, hub: Any) -> None:
    ann = office.hire("安藤")
    office.works(ann, FRIDAY)
    office.at(date(2026, 5, 7))
    service = hub.services.get(ClosingService)
    made = service.sign_department(office.user(None, Role.PERSONNEL), "tax", APRIL, None)
    assert made.subject_id == "tax"


def test_an_adjustment_is_signed_once_by_a_head_or_personnel_and_never_ones_own(
    office: Any, april: tuple[str, str], admin: TestClient, hub: Any, closed: Callable[..., Any]
) -> None:
    ann, head = april
    service = hub.services.get(ClosingService)
    closed()
    office.works(ann, date(2026, 4, 13), late=True)
    office.run_chore()
    (found,) = admin.get(f"{PATH}/adjustments", params={"state": "open"}).json()
    assert found["figures"]["counters"] == {"regular_min": 465, "days_worked": 1}
    assert found["work_dates"] == ["2026-04-13"]
    with pytest.raises(Problem, match=r"forbidden|not_found"):
        service.sign_adjustment(office.user(ann), found["id"], "")
    assert [
        each.id for each in hub.services.get(ClosingSheets).adjustments(office.user(ann), None)
    ] == [found["id"]]
    for role in (Role.STAFF, Role.PERSONNEL):
        office.hall.led_by["tax"] = (ann, head)
        with pytest.raises(Problem, match="forbidden"):
            service.sign_adjustment(office.user(ann, role), found["id"], "")
    # Nor does one who leads together with them.
    with pytest.raises(Problem, match="forbidden"):
        service.sign_adjustment(office.user(head), found["id"], "")
    office.hall.led_by["tax"] = (head,)
    signed = service.sign_adjustment(office.user(head), found["id"], "5月分と併せて")
    assert signed.remark == "5月分と併せて"
    again = admin.post(f"{PATH}/adjustments/{found['id']}/sign", json={})
    assert again.json()["code"] == "month_closed"
    assert admin.post(f"{PATH}/adjustments/none/sign", json={}).status_code == 404


@pytest.mark.parametrize("month", ["2026-13", "1999-01", "2200-01", "april", "2026-4"])
def test_what_is_no_month_is_refused(admin: TestClient, month: str) -> None:
    assert admin.get(f"{PATH}/closings/{month}").status_code == 422
    assert admin.get(f"{PATH}/cap-outlooks/{month}").status_code == 422
