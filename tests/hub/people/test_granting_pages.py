"""Rights and groups by forms alone: given, ended, made, and who may."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from hub.accounts.service import AccountsService
from hub.audit.tables import audit_entries
from hub.bootstrap import Hub
from hub.catalogue import Language, Translator
from hub.people import repository
from hub.policy.tables import policy_dirty
from hub.web.rights import SYSTEM, Role
from tests.hub.people.test_card_pages import HTML, page, send

T = Translator(Language.JA)
NEW = "/rights/new"


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def only_at(hub: Hub, client: TestClient, site: str) -> None:
    """From now on the client is an administrator of one site."""
    accounts = hub.services.get(AccountsService)
    _, text = accounts.create_token(SYSTEM, name="one", role=Role.ADMIN, sites=[site])
    client.headers["Authorization"] = f"Bearer {text}"


def audited(hub: Hub) -> list[str]:
    query = sa.select(audit_entries).order_by(audit_entries.c.seq)
    with hub.core.db.read() as scope:
        return [row.action for row in scope.all(query)]


def test_a_right_is_given_to_a_person_who_was_looked_for_and_ended(
    admin: TestClient, hub: Hub, gym: Any, hana: str
) -> None:
    place = {"place": f"door:{gym.door}", "note": "夜間の点検"}
    looked = send(admin, NEW, NEW, name="やまだ", **place)
    assert looked.status_code == 200
    assert f'value="person:{hana}" selected' in looked.text
    assert "夜間の点検" in looked.text
    sought = {"name": "やまだ", "sought": "やまだ", "subject": f"person:{hana}"}
    times = {"starts_at": "2026-04-01T09:00", "ends_at": "2199-01-01T00:00"}
    wrong = send(admin, NEW, NEW, **sought, **place, **times)
    assert (wrong.status_code, T("granting.error.not_a_time") in wrong.text) == (422, True)
    times["ends_at"] = "2100-01-01T00:00"
    made = send(admin, NEW, NEW, **sought, **place, **times, needs_pin="yes", first_person="yes")
    assert made.status_code == 303
    where = made.headers["location"]
    (grant,) = admin.get("/api/v1/grants").json()["items"]
    assert (grant["person_id"], grant["door_id"]) == (hana, gym.door)
    assert (grant["needs_pin"], grant["first_person"]) == (True, True)
    assert grant["start_at"] == "2026-04-01T00:00:00Z"
    shown = page(admin, where)
    for told in (T("rights.with_pin"), T("granting.counts_first"), "2100-01-01 00:00"):
        assert told in shown
    assert "山田 花" in page(admin, "/rights/given")
    hub.core.db.write(lambda scope: scope.delete(policy_dirty, policy_dirty.c.id.is_not(None)))
    assert send(admin, where, f"{where}/end").status_code == 303
    assert admin.get(f"/api/v1/grants/{grant['id']}").json()["state"] == "revoked"
    with hub.core.db.read() as scope:
        marks = {(str(row.kind), row.target) for row in scope.all(scope.select(policy_dirty))}
    assert ("grant", grant["id"]) in marks
    assert audited(hub)[-2:] == ["grant.added", "grant.changed"]
    assert T("granting.revoked") in page(admin, where)
    assert f"{where}/end" not in page(admin, where)
    assert where not in page(admin, "/rights/given")
    assert where in page(admin, "/rights/given?ended=1")


def test_a_group_is_given_a_zone_by_a_schedule(admin: TestClient, make: Any, gym: Any) -> None:
    group = make("groups", {"name": "清掃"})["id"]
    zone = make("zones", {"site_id": gym.site, "name": "館内"})["id"]
    week = [{"days": [0], "spans": [[480, 1020]]}]
    schedule = make("schedules", {"name": "平日昼間", "week": week})["id"]
    form = page(admin, f"{NEW}?group={group}&zone={zone}")
    assert f'value="group:{group}" selected' in form
    assert f'value="zone:{zone}" selected' in form
    sent = {"subject": f"group:{group}", "place": f"zone:{zone}", "schedule_id": schedule}
    where = send(admin, NEW, NEW, **sent).headers["location"]
    shown = page(admin, where)
    assert T("granting.of_group", name="清掃") in shown
    assert T("rights.by_zone", zone="館内") in shown
    assert "平日昼間" in shown
    assert where in page(admin, f"/rights/given?schedule={schedule}")
    assert where not in page(admin, f"/rights/given?door={gym.door}")
    assert where in page(admin, f"/rights/groups/{group}")


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"subject": ""}, "subject", "one_subject"),
        ({"subject": "person:nobody"}, "subject", "unknown"),
        ({"subject": "card:x"}, "subject", "one_subject"),
        ({"place": "door:"}, "place", "one_place"),
        ({"place": "zone:nowhere"}, "place", "unknown"),
        ({"schedule_id": "a\x00b"}, "schedule_id", "form"),
        ({"subject": "person:\x00"}, "subject", "form"),
        ({"schedule_id": "none"}, "schedule_id", "unknown"),
        ({"starts_at": "soon"}, "starts_at", "not_a_time"),
        (
            {"starts_at": "2026-04-02T09:00", "ends_at": "2026-04-01T09:00"},
            "ends_at",
            "before_start",
        ),
    ],
)
def test_what_cannot_be_given_is_said_beside_its_field(
    admin: TestClient, gym: Any, hana: str, changed: dict[str, str], field: str, code: str
) -> None:
    sent = {"subject": f"person:{hana}", "place": f"door:{gym.door}", "note": "覚え", **changed}
    answer = send(admin, NEW, NEW, **sent)
    assert answer.status_code == 422
    beside = re.search(rf'id="{field}-error">.*?<span>([^<]+)', answer.text)
    assert beside is not None
    assert beside[1] == T(f"granting.error.{code}")
    assert "覚え" in answer.text
    assert admin.get("/api/v1/grants").json()["items"] == []


def test_a_name_that_nobody_has_or_several_have_gives_nobody_anything(
    admin: TestClient, make: Any, gym: Any, hana: str
) -> None:
    other = make("people", {"name": "山田 太郎", "name_kana": "やまだ たろう"})["id"]
    sent = {"subject": f"person:{hana}", "place": f"door:{gym.door}"}
    none = send(admin, NEW, NEW, name="だれも", **sent)
    assert (none.status_code, T("granting.error.nobody") in none.text) == (422, True)
    several = send(admin, NEW, NEW, name="山田", **sent)
    assert several.status_code == 200
    assert f'value="person:{other}"' in several.text
    assert admin.get("/api/v1/grants").json()["items"] == []


def test_a_site_s_administrator_gives_at_its_own_doors_alone(
    admin: TestClient, hub: Hub, make: Any, gym: Any, hall: Any
) -> None:
    group = make("groups", {"name": "職員"})["id"]
    there = make("grants", {"door_id": gym.door, "group_id": group})["id"]
    only_at(hub, admin, hall.site)
    assert gym.door not in page(admin, NEW)
    sent = {"subject": f"group:{group}"}
    refused = send(admin, NEW, NEW, place=f"door:{gym.door}", **sent)
    assert (refused.status_code, T("granting.error.unknown") in refused.text) == (422, True)
    made = send(admin, NEW, NEW, place=f"door:{hall.door}", **sent)
    assert made.status_code == 303
    assert there not in page(admin, "/rights/given")
    assert admin.get(f"/rights/given/{there}", headers=HTML).status_code == 404
    assert admin.post(f"/rights/given/{there}/end", headers=HTML).status_code == 404
    assert 'action="/rights/groups"' not in page(admin, "/rights/groups")
    assert admin.post("/rights/groups", data={"name": "x"}, headers=HTML).status_code == 403
    place = f"/rights/groups/{group}/add"
    assert admin.post(place, data={"person_id": "x"}, headers=HTML).status_code == 403


def test_who_only_reads_is_offered_nothing_to_give(
    admin: TestClient, make: Any, gym: Any, as_role: Any
) -> None:
    group = make("groups", {"name": "職員"})["id"]
    grant = make("grants", {"door_id": gym.door, "group_id": group})["id"]
    client = as_role(Role.CLERK)
    for path in ("/rights", "/rights/given", f"/rights/given/{grant}", f"/rights/groups/{group}"):
        shown = page(client, path)
        assert NEW not in shown
        assert 'method="post" action="/rights' not in shown
    for path in (NEW, f"/rights/given/{grant}/end", "/rights/groups", f"/rights/groups/{group}"):
        assert client.post(path, headers=HTML).status_code == 403
    assert client.get(NEW, headers=HTML).status_code == 403
    assert as_role(Role.STAFF).get("/rights/given", headers=HTML).status_code == 403


def test_a_group_is_made_filled_emptied_and_renamed(
    admin: TestClient, hub: Hub, make: Any, hana: str
) -> None:
    made = send(admin, "/rights/groups", "/rights/groups", name="警備", name_en="Guards")
    place = made.headers["location"]
    group = place.rpartition("/")[2]
    other = make("people", {"name": "太郎"})["id"]
    admin.put(f"/api/v1/groups/{group}/members", json={"person_ids": [other]})
    found = send(admin, place, f"{place}/find", text="山田").headers["location"]
    assert "山田" not in unquote(found)
    assert f'value="{hana}"' in page(admin, found)
    hub.core.db.write(lambda scope: scope.delete(policy_dirty, policy_dirty.c.id.is_not(None)))
    sealed = unquote(found.partition("q=")[2])
    back = send(admin, found, f"{place}/add", person_id=hana, q=sealed).headers["location"]
    assert unquote(back) == unquote(found)
    assert T("groups.inside") in page(admin, back)
    with hub.core.db.read() as scope:
        marks = {(str(row.kind), row.target) for row in scope.all(scope.select(policy_dirty))}
        assert set(repository.members_of_group(scope, group)) == {hana, other}
    assert marks == {("person", hana)}
    send(admin, place, f"{place}/remove", person_id=hana)
    with hub.core.db.read() as scope:
        assert repository.members_of_group(scope, group) == (other,)
    assert audited(hub)[-2:] == ["group.members_set", "group.members_set"]
    for nobody in ("nobody", "a\x00b"):
        assert send(admin, place, f"{place}/add", person_id=nobody).status_code == 422
    send(admin, place, place, name="夜間警備", name_en="")
    assert "夜間警備" in page(admin, "/rights/groups")
    assert T("groups.count", count=1) in page(admin, "/rights/groups")


def test_a_group_s_name_is_there_and_its_own(admin: TestClient, make: Any) -> None:
    make("groups", {"name": "警備"})
    other = make("groups", {"name": "清掃"})["id"]
    for path in ("/rights/groups", f"/rights/groups/{other}"):
        for name, said in ((" ", "no_name"), ("警備", "twice")):
            answer = send(admin, path, path, name=name, name_en="Night watch")
            beside = re.search(r'id="name-error">.*?<span>([^<]+)', answer.text)
            assert (answer.status_code, beside and beside[1]) == (422, T(f"groups.{said}"))
            assert "Night watch" in answer.text
