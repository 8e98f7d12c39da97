"""A door's tests: told by a clerk or by its Pi, kept, audited, and red on its page when they say so
or are too old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.accounts.service import AccountsService
from hub.bootstrap import Hub
from hub.catalogue import Language
from hub.door_tests.domain import GOOD_FOR, DoorTest, Standing, TestedBy, standing
from hub.door_tests.projector import PROJECTOR
from hub.projection.memory_journal import MemoryJournal
from hub.projection.worker import ProjectionWorker
from hub.sites import repository as sites
from hub.web.rights import SYSTEM, Role
from wire import events as ev
from wire.clock import ClockState
from wire.events import EventKind
from wire.policy_bodies import FailMode, Point

HTML = {"Accept": "text/html"}


@pytest.fixture
def door(hub_town: Any) -> str:
    site = hub_town.site()
    made: str = hub_town.door(
        site,
        hub_town.controller(site),
        fail=FailMode.SAFE,
        egress="内側のつまみを回す",
        key_holder="教育課 内線231",
        rex=Point("device", 2),
    )
    return made


@pytest.fixture
def tell(admin: TestClient, door: str) -> Callable[..., Any]:
    def tell(**given: Any) -> Any:
        return admin.post(f"/api/v1/doors/{door}/tests", json=given)

    return tell


# --- told by a clerk -----------------------------------------------------------------------------


def test_a_test_is_kept_and_audited(tell: Any, admin: TestClient, door: str, clock: Any) -> None:
    made = tell(passed=False, cause="閉まらない", note="蝶番")
    assert made.status_code == 201, made.text
    clock.advance(timedelta(minutes=5))
    assert tell(passed=True).json()["told_by"] == "clerk"
    listed = admin.get(f"/api/v1/doors/{door}/tests").json()
    assert listed["standing"] == "passed"
    assert [(each["passed"], each["cause"]) for each in listed["tests"]] == [
        (True, ""),
        (False, "閉まらない"),
    ]
    logged = admin.get("/api/v1/audit", params={"action": "door.tested"}).json()["items"]
    assert [entry["target_id"] for entry in logged] == [door, door]


@pytest.mark.parametrize(
    "given",
    [
        {"passed": False},
        {"passed": True, "cause": "odd"},
        {"passed": False, "cause": "x" * 65},
        {"cause": "x"},
        {"passed": True, "door": "another"},
    ],
)
def test_what_makes_no_sense_is_refused_and_keeps_nothing(
    tell: Any, admin: TestClient, door: str, given: dict[str, Any]
) -> None:
    assert tell(**given).status_code == 422
    assert admin.get(f"/api/v1/doors/{door}/tests").json() == {"standing": "never", "tests": []}


@pytest.mark.parametrize("role", list(Role))
def test_who_works_at_doors_may_tell_of_them(
    as_role: Callable[[Role], TestClient], door: str, role: Role
) -> None:
    answer = as_role(role).post(f"/api/v1/doors/{door}/tests", json={"passed": True})
    assert answer.status_code == (201 if role in (Role.ADMIN, Role.CLERK) else 403)


def test_a_door_that_is_none_is_not_found(admin: TestClient) -> None:
    for answer in (
        admin.post("/api/v1/doors/nowhere/tests", json={"passed": True}),
        admin.get("/api/v1/doors/nowhere/tests"),
    ):
        assert answer.status_code == 404


# --- how it stands -------------------------------------------------------------------------------


def _test_of(clock: Any, *, passed: bool, age: timedelta) -> DoorTest:
    at = clock.now() - age
    return DoorTest("t", "d", TestedBy.CLERK, passed, "" if passed else "x", "", None, at, at)


@pytest.mark.parametrize(
    ("passed", "age", "stands"),
    [
        (True, timedelta(0), Standing.PASSED),
        (True, -timedelta(hours=1), Standing.PASSED),
        (True, GOOD_FOR, Standing.PASSED),
        (True, GOOD_FOR + timedelta(seconds=1), Standing.OVERDUE),
        (False, timedelta(0), Standing.FAILED),
        (False, 2 * GOOD_FOR, Standing.FAILED),
    ],
)
def test_a_pass_counts_for_a_year_and_a_failure_until_the_next(
    clock: Any, passed: bool, age: timedelta, stands: Standing
) -> None:
    assert standing(_test_of(clock, passed=passed, age=age), clock.now()) is stands
    assert standing(None, clock.now()) is Standing.NEVER
    assert stands.is_bad == (stands in (Standing.FAILED, Standing.OVERDUE))


def test_the_doors_that_somebody_has_to_go_to_are_listed(
    tell: Any, admin: TestClient, hub_town: Any, door: str, clock: Any
) -> None:
    site = hub_town.site()
    untested = hub_town.door(site, hub_town.controller(site))
    tell(passed=False, cause="x")
    clock.advance(timedelta(minutes=1))
    tell(passed=True)
    due = {"standing": ["never", "failed", "overdue"]}
    listed = admin.get("/api/v1/door-tests").json()
    assert {each["door_id"]: each["standing"] for each in listed} == {
        door: "passed",
        untested: "never",
    }
    assert [each["door_id"] for each in admin.get("/api/v1/door-tests", params=due).json()] == [
        untested
    ]
    clock.advance(GOOD_FOR + timedelta(days=1))
    assert len(admin.get("/api/v1/door-tests", params=due).json()) == 2


def test_of_two_tests_of_one_moment_the_failure_counts(
    tell: Any, admin: TestClient, door: str
) -> None:
    for given in ({"passed": True}, {"passed": False, "cause": "x"}, {"passed": True}):
        tell(**given)
    assert admin.get(f"/api/v1/doors/{door}/tests").json()["standing"] == "failed"
    assert [each["standing"] for each in admin.get("/api/v1/door-tests").json()] == ["failed"]


def test_the_list_holds_the_own_sites_doors_only(
    hub: Hub, client: TestClient, hub_town: Any, door: str
) -> None:
    _, token = hub.services.get(AccountsService).create_token(
        SYSTEM, name="hall", role=Role.CLERK, sites=[hub_town.site()]
    )
    client.headers["Authorization"] = f"Bearer {token}"
    assert client.get("/api/v1/door-tests").json() == []
    for answer in (
        client.get(f"/api/v1/doors/{door}/tests"),
        client.post(f"/api/v1/doors/{door}/tests", json={"passed": True}),
    ):
        assert answer.status_code == 404


# --- told by the Pi ------------------------------------------------------------------------------


def _project(hub: Hub, journal: MemoryJournal) -> ProjectionWorker:
    worker = ProjectionWorker(hub.core.db, journal.after, [PROJECTOR])
    while worker.step():
        continue
    return worker


def _journal(hub: Hub, door: str, controller: str | None = None) -> MemoryJournal:
    with hub.core.db.read() as scope:
        found = sites.door(scope, door)
    assert found is not None
    return MemoryJournal(hub.core.clock.now(), controller or found.controller_id)


def _told(hub: Hub, door: str, controller: str | None = None, **body: Any) -> MemoryJournal:
    journal = _journal(hub, door, controller)
    journal.add(EventKind.CONTACT_TESTED, ev.DoorTestBody(door=door, **body))
    return journal


def test_what_the_pi_watched_stands_beside_what_clerks_told(
    hub: Hub, tell: Any, admin: TestClient, door: str
) -> None:
    journal = _told(hub, door, passed=False, cause="never_closed")
    worker = _project(hub, journal)
    (test,) = admin.get(f"/api/v1/doors/{door}/tests").json()["tests"]
    assert (test["told_by"], test["passed"], test["cause"]) == ("pi", False, "never_closed")
    tell(passed=True)
    worker.replay()
    listed = admin.get(f"/api/v1/doors/{door}/tests").json()["tests"]
    assert sorted(each["told_by"] for each in listed) == ["clerk", "pi"]


def test_a_controller_says_nothing_of_anothers_door(hub: Hub, admin: TestClient, door: str) -> None:
    _project(hub, _told(hub, door, controller="evilevilevilevil", passed=True))
    assert admin.get(f"/api/v1/doors/{door}/tests").json()["standing"] == "never"


def test_a_time_that_no_clock_vouched_for_is_put_right_by_an_anchor(
    hub: Hub, admin: TestClient, door: str
) -> None:
    journal = _journal(hub, door)
    journal.add(
        EventKind.CONTACT_TESTED,
        ev.DoorTestBody(door=door, passed=True),
        clock=ClockState.UNTRUSTED,
        shown=datetime(1970, 1, 1, tzinfo=UTC),
    )
    _project(hub, journal)
    assert admin.get(f"/api/v1/doors/{door}/tests").json()["standing"] == "overdue"
    journal.add(EventKind.CLOCK_ANCHOR, ev.ClockBody(state=ClockState.TRUSTED), 60)
    _project(hub, journal)
    listed = admin.get(f"/api/v1/doors/{door}/tests").json()
    assert listed["standing"] == "passed"
    assert datetime.fromisoformat(listed["tests"][0]["tested_at"]) == journal.start


# --- the page ------------------------------------------------------------------------------------


def _page(client: TestClient, door: str, language: Language = Language.JA) -> str:
    answer = client.get(f"/doors/{door}", headers=HTML, params={"lang": language.value})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (Language.JA, ["解錠されます", "停電中は施錠されません。", "まだ点検していません"]),
        (
            Language.EASY,
            ["電気がないとき、かぎはかかりません。", "まだ点検（てんけん）していません"],
        ),
        (Language.EN, ["Without power it stays unlocked.", "Never tested", "The way out"]),
    ],
)
def test_the_page_says_how_one_gets_out_and_what_it_does_without_power(
    admin: TestClient, door: str, language: Language, told: list[str]
) -> None:
    page = _page(admin, door, language)
    for text in [*told, "内側のつまみを回す", "教育課 内線231"]:
        assert text in page


def test_the_page_is_red_where_the_last_test_failed_or_is_too_old(
    tell: Any, admin: TestClient, door: str, clock: Any
) -> None:
    tell(passed=True)
    assert "chip bad" not in _safety(_page(admin, door))
    clock.advance(GOOD_FOR + timedelta(days=2))
    page = _safety(_page(admin, door))
    assert "chip bad" in page
    assert "期限切れ" in page
    assert "（367日前）" in page
    tell(passed=False, cause="never_opened")
    page = _safety(_page(admin, door))
    assert "不合格" in page
    assert "開いたことを検知しませんでした" in page


def _safety(page: str) -> str:
    return page[page.index('id="safety"') :].split("</section>")[0]


def test_the_form_keeps_a_test_and_asks_for_the_cause_of_a_failure(
    as_role: Callable[[Role], TestClient], door: str
) -> None:
    clerk = as_role(Role.CLERK)
    assert clerk.get(f"/doors/{door}/test", headers=HTML).status_code == 200
    url = f"/doors/{door}/tests"
    assert clerk.post(url, data={"result": "failed"}, headers=HTML).status_code == 422
    kept = clerk.post(url, data={"result": "failed", "cause": "錆"}, headers=HTML)
    assert kept.headers["Location"] == f"/doors/{door}"
    assert "錆" in _safety(_page(clerk, door))
    assert as_role(Role.VIEWER).get(f"/doors/{door}/test", headers=HTML).status_code == 403
    assert "go-test" not in _page(as_role(Role.VIEWER), door)
