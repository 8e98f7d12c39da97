"""People who are not staff, by forms alone: taken up, put into groups, changed, ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.catalogue import Language, Translator
from hub.clock import HandMovedClock
from hub.people import repository
from hub.policy.tables import policy_dirty
from hub.web.rights import Role
from tests.hub.people.test_card_pages import HTML, page, send
from wire.policy_bodies import EntryState

T = Translator(Language.JA)
SATO = {"name": "佐藤 守", "kana": "さとう まもる", "organisation": "鍵守警備"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def taken_up(client: TestClient, **more: str) -> str:
    answer = send(client, "/outsiders", "/outsiders", **SATO, **more)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_somebody_is_taken_up_for_days_and_let_in_until_the_last_is_over(
    admin: TestClient, hub: Hub, clock: HandMovedClock
) -> None:
    today = clock.now().astimezone(hub.core.settings.town.zone).date()
    last = today + timedelta(days=1)
    place = taken_up(admin, first=today.isoformat(), last=last.isoformat())
    person = admin.get(f"/api/v1/people/{place.rpartition('/')[2]}").json()
    assert (person["name"], person["name_kana"]) == (SATO["name"], SATO["kana"])
    assert (person["organisation"], person["staff_number"]) == (SATO["organisation"], None)
    shown = page(admin, place)
    assert T("outsiders.within") in shown
    assert T("outsiders.until", time=last.isoformat()) in shown
    assert f'name="last" type="date" min="2000-01-01" max="2198-12-31" value="{last}"' in shown
    assert "佐藤 守" in page(admin, "/outsiders")
    clock.advance(timedelta(days=2))
    assert T("outsiders.over") in page(admin, place)
    with hub.core.db.read() as scope:
        found = repository.person(scope, person["id"])
    assert found is not None
    assert found.state is EntryState.ACTIVE
    assert found.state_at(clock.now()) is EntryState.BLOCKED
    later = (today + timedelta(days=30)).isoformat()
    assert send(admin, place, place, **SATO, last=later).status_code == 303
    assert T("outsiders.within") in page(admin, place)


def test_groups_are_set_and_the_doors_hear_of_it(admin: TestClient, hub: Hub, make: Any) -> None:
    place = taken_up(admin)
    person_id = place.rpartition("/")[2]
    first, second = (make("groups", {"name": each})["id"] for each in ("清掃", "警備"))
    other = make("people", {"name": "太郎"})["id"]
    admin.put(f"/api/v1/groups/{first}/members", json={"person_ids": [other]})
    hub.core.db.write(lambda scope: scope.delete(policy_dirty, policy_dirty.c.id.is_not(None)))
    assert send(admin, place, f"{place}/groups", groups=first).status_code == 303
    with hub.core.db.read() as scope:
        marks = {(str(row.kind), row.target) for row in scope.all(scope.select(policy_dirty))}
        assert repository.groups_of_person(scope, person_id) == (first,)
        assert set(repository.members_of_group(scope, first)) == {other, person_id}
    assert marks == {("person", person_id)}
    send(admin, place, f"{place}/groups", groups=second)
    with hub.core.db.read() as scope:
        assert repository.groups_of_person(scope, person_id) == (second,)
        assert repository.members_of_group(scope, first) == (other,)
    assert send(admin, place, f"{place}/groups", groups="none").status_code == 422


def test_who_is_ended_is_over_at_once_and_it_is_said_what_they_still_hold(
    admin: TestClient, make: Any, gym: Any, clock: HandMovedClock
) -> None:
    place = taken_up(admin, first="2100-01-01")
    person_id = place.rpartition("/")[2]
    assert T("outsiders.ahead") in page(admin, place)
    make("cards", {"namespace": "uid", "identity": "AA", "person_id": person_id})
    make("grants", {"door_id": gym.door, "person_id": person_id})
    assert send(admin, place, f"{place}/end").status_code == 303
    shown = page(admin, place)
    assert T("outsiders.over") in shown
    assert T("outsiders.over_hint") in shown
    assert f"{place}/end" not in shown
    span = {"from": clock.now().isoformat(), "to": (clock.now() + timedelta(days=7)).isoformat()}
    ways = f"/api/v1/people/{person_id}/access"
    assert admin.get(ways, params=span).json() == []


def test_what_they_could_open_lies_within_their_time(
    admin: TestClient, make: Any, gym: Any, clock: HandMovedClock
) -> None:
    begin, end = clock.now() + timedelta(days=1), clock.now() + timedelta(days=3)
    times = {"starts_at": begin.isoformat(), "ends_at": end.isoformat()}
    person_id = make("people", {"name": "佐藤", **times})["id"]
    make("cards", {"namespace": "uid", "identity": "AA", "person_id": person_id})
    make("grants", {"door_id": gym.door, "person_id": person_id})
    controller = admin.get(f"/api/v1/doors/{gym.door}").json()["controller_id"]
    bus = {"controller_id": controller, "name": "口", "driver": "virtual", "port": "p"}
    device = make("devices", bus)["id"]
    make("readers", {"device_id": device, "door_id": gym.door, "name": "機", "side": "entry"})
    span = {"from": clock.now().isoformat(), "to": (clock.now() + timedelta(days=7)).isoformat()}
    (way,) = admin.get(f"/api/v1/people/{person_id}/access", params=span).json()
    (told,) = way["spans"]
    assert told["start"].startswith(begin.isoformat()[:19])
    assert told["end"].startswith(end.isoformat()[:19])
    wrong = {"starts_at": times["ends_at"], "ends_at": times["starts_at"]}
    answer = admin.patch(f"/api/v1/people/{person_id}", json=wrong)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.ends_at")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name": " "}, "name"),
        ({"first": "2026-13-01"}, "day"),
        ({"last": "1999-01-01"}, "day"),
        ({"first": "2026-05-02", "last": "2026-05-01"}, "span"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    admin: TestClient, more: dict[str, str], said: str
) -> None:
    answer = send(admin, "/outsiders", "/outsiders", **{**SATO, **more})
    assert (answer.status_code, T(f"outsiders.error_{said}") in answer.text) == (422, True)
    assert SATO["organisation"] in answer.text
    place = taken_up(admin)
    answer = send(admin, place, place, **{**SATO, "organisation": "別の会社", **more})
    assert (answer.status_code, "別の会社" in answer.text) == (422, True)


def test_staff_is_not_among_them_and_a_search_names_nobody_in_its_address(
    admin: TestClient, hana: str
) -> None:
    taken_up(admin)
    assert "山田 花" not in page(admin, "/outsiders")
    found = send(admin, "/outsiders", "/outsiders/find", text="警備").headers["location"]
    assert "警備" not in unquote(found)
    assert "佐藤 守" in page(admin, found)
    none = send(admin, "/outsiders", "/outsiders/find", text="だれも").headers["location"]
    assert T("cards.none_found") in page(admin, none)


def test_who_only_reads_is_offered_no_form(admin: TestClient, as_role: Any) -> None:
    place = taken_up(admin)
    client = as_role(Role.CLERK)
    assert 'name="organisation"' not in client.get(place, headers=HTML).text
    for path in ("/outsiders", place, f"{place}/end", f"{place}/groups"):
        assert client.post(path, data=SATO, headers=HTML).status_code == 403
