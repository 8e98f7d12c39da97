"""Alerts about caps: raised once per person, month and level, projected during the month."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.happenings import repository as happenings
from hub.timesheets.alert_domain import AlertLevel, alerts_due, outlook
from hub.timesheets.alert_repository import replaced_texts
from hub.timesheets.alert_service import AlertService
from hub.web.problems import Problem
from hub.web.rights import Role
from hub.worktime.domain import CapFinding, CapKind, CapLevel, Month

APRIL = Month(2026, 4)
PATH = "/api/v1/attendance"
ALERT_30 = CapFinding(CapKind.MONTH, CapLevel.ALERT, 1835, 1800)
ALERT_40 = CapFinding(CapKind.MONTH, CapLevel.ALERT, 2450, 2400)
BREACH = CapFinding(CapKind.MONTH, CapLevel.BREACH, 2830, 2700)


@pytest.fixture
def ann(office: Any) -> str:
    """Somebody of the tax office, in the middle of April."""
    person = str(office.hire("安藤"))
    office.at(date(2026, 4, 15))
    office.run_chore()
    return person


def looks(office: Any, person: str, *caps: CapFinding) -> None:
    """What reckoning finds from now on; a date of the person is written about."""
    office.hall.caps[person, APRIL] = caps
    office.works(person, office.clock.now().date() - timedelta(days=2), late=True)
    office.run_chore()


def test_each_level_is_raised_once(office: Any, ann: str, admin: TestClient) -> None:
    for caps in ((ALERT_30,), (ALERT_30,), (ALERT_40,), (ALERT_40,)):
        looks(office, ann, *caps)
        office.at(office.clock.now().date() + timedelta(days=1))
    levels = [each["limit_min"] for each in admin.get(f"{PATH}/cap-alerts/2026-04").json()]
    assert sorted(levels) == [1800, 2400]
    with office.db.read() as scope:
        told = [e for e in happenings.after(scope, 0, 50) if e.kind == "attendance.cap_alert"]
    assert len(told) == 2
    assert told[0].details["minutes"] == 1835


def test_a_breach_is_told_as_one(office: Any, ann: str) -> None:
    looks(office, ann, BREACH)
    with office.db.read() as scope:
        told = [e for e in happenings.after(scope, 0, 50) if e.kind == "attendance.cap_breached"]
    assert [each.details["person_id"] for each in told] == [ann]


def derived(office: Any, person: str) -> Any:
    with office.db.read() as scope:
        return office.hall.months(scope, APRIL, [person])[person]


def test_a_month_is_projected_at_its_pace_and_by_what_is_ordered(office: Any, ann: str) -> None:
    """10 of 22 working days are over on the 15th; April has no holiday here."""
    office.hall.tallies[ann, APRIL] = 1_000
    office.approves(ann, date(2026, 4, 20), 1035, 1155)
    office.approves(ann, date(2026, 4, 10), 1035, 1155)  # over: it is counted or it is not
    seen = outlook(derived(office, ann), date(2026, 4, 15))
    assert (seen.counted_min, seen.pace_min, seen.ordered_min) == (1_000, 2_200, 1_120)
    assert outlook(derived(office, ann), date(2026, 4, 5)).pace_min is None
    after = outlook(derived(office, ann), date(2026, 5, 5))
    assert (after.pace_min, after.ordered_min, after.projected_min) == (None, None, 1_000)


def test_a_forecast_is_an_alert_while_the_cap_holds_and_none_once_it_is_broken(
    office: Any, ann: str
) -> None:
    today = date(2026, 4, 15)
    office.hall.tallies[ann, APRIL] = 1_228  # at this pace 2701 of 2700
    (due,) = alerts_due(derived(office, ann), today)
    assert (due.level, due.minutes) == (AlertLevel.FORECAST, 2_701)
    office.hall.tallies[ann, APRIL] = 1_227
    assert alerts_due(derived(office, ann), today) == ()
    office.hall.tallies[ann, APRIL] = 2_830
    office.hall.caps[ann, APRIL] = (BREACH,)
    assert [e.level for e in alerts_due(derived(office, ann), today)] == [AlertLevel.BREACH]


def test_the_highest_comes_first_in_the_outlook(office: Any, ann: str, admin: TestClient) -> None:
    bob = office.hire("坂東")
    office.hall.tallies[bob, APRIL] = 900
    rows = admin.get(f"{PATH}/cap-outlooks/2026-04").json()
    assert [(row["person_id"], row["counted_min"]) for row in rows] == [(bob, 900), (ann, 0)]


def test_work_beyond_a_cap_is_recorded_with_its_cause_and_analysed_after_the_year(
    office: Any, ann: str, admin: TestClient
) -> None:
    cause = {"cause": "罹災証明書の発行"}
    early = admin.put(f"{PATH}/special-works/2026-04/{ann}", json=cause)
    assert early.json()["code"] == "not_beyond_cap"
    looks(office, ann, BREACH)
    made = admin.put(f"{PATH}/special-works/2026-04/{ann}", json=cause).json()
    assert (made["minutes"], made["kinds"], made["fiscal_year"]) == (2830, ["month"], 2026)
    path = f"{PATH}/special-works/{made['id']}/analysis"
    soon = admin.post(path, json={"analysis": "応援"})
    assert soon.json()["code"] == "year_not_over"
    office.at(date(2027, 4, 1))
    done = admin.post(path, json={"analysis": "応援を定める"}).json()
    assert (done["cause"], done["analysis"]) == ("罹災証明書の発行", "応援を定める")
    listed = admin.get(f"{PATH}/special-works", params={"fiscal_year": 2026}).json()
    assert listed == [done]
    assert admin.get(f"{PATH}/special-works", params={"fiscal_year": 2025}).json() == []


def test_what_is_written_anew_stays_in_its_history_and_out_of_the_audit_log(
    office: Any, ann: str, admin: TestClient, hub: Any
) -> None:
    """The causes may tell of an illness: the log of acts tells their lengths."""
    looks(office, ann, BREACH)
    path = f"{PATH}/special-works/2026-04/{ann}"
    made = admin.put(path, json={"cause": "罹災証明書の発行"}).json()
    admin.put(path, json={"cause": "同僚の入院"})
    office.at(date(2027, 4, 1))
    for analysis in ("応援", "応援を定める"):
        admin.post(f"{PATH}/special-works/{made['id']}/analysis", json={"analysis": analysis})
    with hub.core.db.read() as scope:
        kept = replaced_texts(scope, made["id"])
    assert [(each.field, each.text) for each in kept] == [
        ("cause", "罹災証明書の発行"),
        ("analysis", "応援"),
    ]
    log = str(admin.get("/api/v1/audit").json())
    assert "special_work.analysed" in log
    assert not any(word in log for word in ("罹災", "入院", "応援"))


def test_nobody_records_their_own_work_beyond_a_cap_not_even_personnel(
    office: Any, ann: str, hub: Any
) -> None:
    looks(office, ann, BREACH)
    service = hub.services.get(AlertService)
    with pytest.raises(Problem, match="forbidden"):
        service.record_special_work(office.user(ann, Role.PERSONNEL), ann, APRIL, "人手不足")
    made = service.record_special_work(office.user(None, Role.PERSONNEL), ann, APRIL, "人手不足")
    assert made.person_id == ann


def test_a_head_sees_and_records_of_their_department_alone(office: Any, ann: str, hub: Any) -> None:
    looks(office, ann, BREACH)
    head, other = office.hire("課長"), office.hire("他課", "welfare")
    office.hall.led_by |= {"tax": (head,), "welfare": (other,)}
    service = hub.services.get(AlertService)
    (alert,) = service.alerts(office.user(head), APRIL)
    assert service.alerts(office.user(other), APRIL) == ()
    assert [each.id for each in service.alerts(office.user(ann), APRIL)] == [alert.id]
    with pytest.raises(Problem, match="not_found"):
        service.see(office.user(ann), alert.id)
    assert service.see(office.user(head), alert.id).seen_by is not None
    with pytest.raises(Problem, match="forbidden"):
        service.record_special_work(office.user(other), ann, APRIL, "x")
    service.record_special_work(office.user(head), ann, APRIL, "災害")
    assert len(service.special_works(office.user(head), 2026)) == 1
    assert service.special_works(office.user(other), 2026) == ()
