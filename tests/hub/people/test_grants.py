"""People, groups, grants: rules, reach, and what the policy reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from hub.accounts.service import AccountsService
from hub.bootstrap import Hub
from hub.database.errors import CheckError
from hub.people import repository
from hub.people.tables import grants
from hub.policy.tables import policy_dirty
from hub.web.rights import SYSTEM, Role
from wire.policy_bodies import EntryState, GrantBody, PersonFlagsBody

Make = Callable[[str, dict[str, Any]], Any]


def _touched(hub: Hub) -> set[tuple[str, str]]:
    def work(scope: Any) -> set[tuple[str, str]]:
        found = {(str(row.kind), row.target) for row in scope.all(scope.select(policy_dirty))}
        scope.delete(policy_dirty, policy_dirty.c.id.is_not(None))
        return found

    return hub.core.db.write(work)


def _error(answer: Any) -> tuple[int, str, str]:
    problem = answer.json()
    return answer.status_code, problem["errors"][0]["field"], problem["errors"][0]["code"]


def test_a_grant_is_read_by_the_policy_as_the_edge_is_told(
    make: Make, hub: Hub, gym: Any, hana: str
) -> None:
    window = {"start_at": "2026-04-06T09:00:00+09:00", "end_at": "2026-04-07T09:00:00+09:00"}
    made = make("grants", {"door_id": gym.door, "person_id": hana, "needs_pin": True, **window})
    with hub.core.db.read() as scope:
        (grant,) = repository.grants_of_door(scope, gym.door)
        assert grant in repository.grants_of_person(scope, hana)
    assert grant.body() == GrantBody(
        door=gym.door,
        person=hana,
        start=datetime(2026, 4, 6, 0, 0, tzinfo=UTC),
        end=datetime(2026, 4, 7, 0, 0, tzinfo=UTC),
        needs_pin=True,
    )
    assert ("grant", made["id"]) in _touched(hub)


@pytest.mark.parametrize("subjects", [0, 2])
def test_a_grant_has_exactly_one_subject(
    admin: TestClient, make: Make, gym: Any, hana: str, subjects: int
) -> None:
    group = make("groups", {"name": "職員"})["id"]
    named = {"person_id": hana, "group_id": group} if subjects else {}
    answer = admin.post("/api/v1/grants", json={"door_id": gym.door, **named})
    assert _error(answer) == (422, "body.person_id", "one_subject")


def test_the_database_itself_refuses_a_grant_for_nobody(
    make: Make, hub: Hub, gym: Any, hana: str
) -> None:
    make("grants", {"door_id": gym.door, "person_id": hana})
    with pytest.raises(CheckError) as caught:
        hub.core.db.write(lambda scope: scope.update(grants, {"person_id": None}, sa.true()))
    assert caught.value.constraint == "ck_grants_one_subject"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"end_at": "2026-04-01T00:00:00+09:00"}, "body.end_at", "before_start"),
        ({"end_at": "2026-04-06T09:00:00"}, "body.end_at", "timezone_aware"),
        ({"schedule_id": "nothing"}, "body.schedule_id", "unknown"),
        ({"person_id": "nobody"}, "body.person_id", "unknown"),
        ({"door_id": "nothing"}, "body.door_id", "unknown"),
    ],
)
def test_a_bad_grant_names_its_field(
    admin: TestClient, gym: Any, hana: str, body: dict[str, Any], field: str, code: str
) -> None:
    good = {"door_id": gym.door, "person_id": hana, "start_at": "2026-04-06T09:00:00+09:00"}
    answer = admin.post("/api/v1/grants", json={**good, **body})
    assert _error(answer) == (422, field, code)


def test_nothing_new_is_granted_at_a_removed_door(admin: TestClient, gym: Any, hana: str) -> None:
    admin.patch(f"/api/v1/doors/{gym.door}", json={"state": "removed"})
    answer = admin.post("/api/v1/grants", json={"door_id": gym.door, "person_id": hana})
    assert _error(answer) == (422, "body.door_id", "removed")


def test_a_new_name_touches_no_controller_and_a_block_does(
    admin: TestClient, hub: Hub, hana: str
) -> None:
    _touched(hub)
    admin.patch(f"/api/v1/people/{hana}", json={"name": "佐藤 花", "organisation": "清掃会社"})
    assert _touched(hub) == set()
    admin.patch(f"/api/v1/people/{hana}", json={"state": "blocked"})
    assert _touched(hub) == {("person", hana)}


def test_a_groups_people_are_set_and_those_who_changed_are_touched(
    admin: TestClient, make: Make, hub: Hub, hana: str
) -> None:
    taro = make("people", {"name": "太郎"})["id"]
    ken = make("people", {"name": "健"})["id"]
    group = make("groups", {"name": "職員"})["id"]
    path = f"/api/v1/groups/{group}/members"
    assert admin.put(path, json={"person_ids": [hana, taro]}).status_code == 200
    _touched(hub)
    assert set(admin.put(path, json={"person_ids": [taro, ken]}).json()["person_ids"]) == {
        taro,
        ken,
    }
    assert _touched(hub) == {("person", hana), ("person", ken)}
    with hub.core.db.read() as scope:
        person = repository.person(scope, ken)
        assert person is not None
        body = person.body(repository.groups_of_person(scope, ken), hub.core.clock.now())
    assert body == PersonFlagsBody(state=EntryState.ACTIVE, groups=(group,))
    strange = admin.put(path, json={"person_ids": ["nobody"]})
    assert _error(strange) == (422, "body.person_ids", "unknown")
    assert set(admin.get(path).json()["person_ids"]) == {taro, ken}


def test_a_staff_number_belongs_to_one_person(admin: TestClient, make: Make, hana: str) -> None:
    answer = admin.post("/api/v1/people", json={"name": "別人", "staff_number": "0042"})
    assert answer.json()["errors"][0]["field"] == "body.staff_number"
    make("people", {"name": "無番号"})
    make("people", {"name": "無番号二"})


def test_somebody_at_one_site_sees_the_people_of_its_doors_only(
    hub: Hub, client: TestClient, make: Make, gym: Any, hall: Any, hana: str
) -> None:
    taro = make("people", {"name": "太郎"})["id"]
    ken = make("people", {"name": "健"})["id"]
    group = make("groups", {"name": "職員"})["id"]
    client.put(f"/api/v1/groups/{group}/members", json={"person_ids": [ken]})
    make("grants", {"door_id": gym.door, "person_id": hana})
    make("grants", {"door_id": hall.door, "person_id": taro})
    make("grants", {"door_id": hall.door, "group_id": group})
    card = make("cards", {"namespace": "uid", "identity": "AA", "person_id": hana})["id"]
    accounts = hub.services.get(AccountsService)
    _, text = accounts.create_token(SYSTEM, name="hall", role=Role.ADMIN, sites=[hall.site])
    client.headers["Authorization"] = f"Bearer {text}"
    shown = {row["id"] for row in client.get("/api/v1/people").json()["items"]}
    assert shown == {taro, ken}
    assert client.get(f"/api/v1/people/{hana}").status_code == 404
    assert client.get("/api/v1/cards").json()["items"] == []
    assert client.post(f"/api/v1/cards/{card}/block", json={}).status_code == 404
    look = {"namespace": "uid", "identity": "AA"}
    assert client.post("/api/v1/cards/lookup", json=look).status_code == 404
    own = client.get("/api/v1/grants").json()["items"]
    assert {row["door_id"] for row in own} == {hall.door}
    there = {"door_id": gym.door, "person_id": taro}
    assert client.post("/api/v1/grants", json=there).status_code == 422
    assert client.post("/api/v1/people", json={"name": "x"}).status_code == 403
    assert client.put(f"/api/v1/groups/{group}/members", json={"person_ids": []}).status_code == 403
