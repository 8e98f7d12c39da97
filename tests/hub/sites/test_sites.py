"""Sites and what stands at them, over the API: rules, reach, and what the policy hears."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.osdp.codes import SCBK_D
from firmware_bridge.osdp.secure_channel import is_weak as panel_finds_weak
from hub.bootstrap import Hub
from hub.policy.tables import policy_dirty
from hub.sites import repository
from hub.sites.device_keys import is_weak
from wire.policy_bodies import DoorBody, Point


def _touched(hub: Hub) -> set[tuple[str, str]]:
    """What the policy was told since it was last asked."""

    def work(scope: Any) -> set[tuple[str, str]]:
        found = {(str(row.kind), row.target) for row in scope.all(scope.select(policy_dirty))}
        scope.delete(policy_dirty, policy_dirty.c.id.is_not(None))
        return found

    return hub.core.db.write(work)


def _error(answer: Any) -> tuple[int, str, str]:
    problem = answer.json()
    return answer.status_code, problem["errors"][0]["field"], problem["errors"][0]["code"]


def test_a_door_comes_back_as_it_was_sent_with_its_defaults(admin: TestClient, gym: Any) -> None:
    door = admin.get(f"/api/v1/doors/{gym.door}").json()
    assert door["bolt"] == {"device": gym.device, "channel": 1, "inverted": True}
    assert (door["unlock_ms"], door["min_assurance"], door["fail"]) == (
        5000,
        "reader_verified",
        "fail_secure",
    )
    assert door["rex"] is None
    assert door["state"] == "active"


def test_the_policy_reads_a_door_as_the_edge_is_told_of_it(hub: Hub, gym: Any) -> None:
    with hub.core.db.read() as scope:
        (door,) = repository.doors_of_controller(scope, gym.controller)
        (reader,) = repository.readers_of_controller(scope, gym.controller)
        (device,) = repository.devices_of_controller(scope, gym.controller)
    assert door.body() == DoorBody(
        strike=Point(gym.device, 0),
        contact=Point(gym.device, 0),
        bolt=Point(gym.device, 1, inverted=True),
    )
    assert (reader.body().door, reader.body().device, reader.body().keypad) == (
        gym.door,
        gym.device,
        True,
    )
    assert (device.body().port, device.body().address) == ("bus0", 1)


def test_a_change_touches_the_policy_once_and_no_change_touches_nothing(
    admin: TestClient, hub: Hub, gym: Any
) -> None:
    assert ("door", gym.door) in _touched(hub)
    path = f"/api/v1/doors/{gym.door}"
    assert admin.patch(path, json={"unlock_ms": 7000}).json()["unlock_ms"] == 7000
    assert _touched(hub) == {("door", gym.door)}
    admin.patch(path, json={"unlock_ms": 7000})
    admin.patch(path, json={})
    assert _touched(hub) == set()


def test_a_point_is_cleared_by_null_and_a_number_is_not(admin: TestClient, gym: Any) -> None:
    path = f"/api/v1/doors/{gym.door}"
    assert admin.patch(path, json={"bolt": None}).json()["bolt"] is None
    assert admin.patch(path, json={"unlock_ms": None}).status_code == 422
    assert admin.get(path).json()["unlock_ms"] == 5000


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"strike": {"device": "nothing"}}, "body.strike.device", "unknown"),
        ({"zone_in": "nothing"}, "body.zone_in", "unknown"),
        ({"controller_id": "nothing"}, "body.controller_id", "unknown"),
        ({"unlock_ms": 50}, "body.unlock_ms", "greater_than_equal"),
        ({"min_assurance": "hope"}, "body.min_assurance", "enum"),
        ({"colour": "red"}, "body.colour", "extra_forbidden"),
        ({"name": ""}, "body.name", "string_too_short"),
    ],
)
def test_a_refused_change_names_its_field_and_changes_nothing(
    admin: TestClient, hub: Hub, gym: Any, change: dict[str, Any], field: str, code: str
) -> None:
    before = admin.get(f"/api/v1/doors/{gym.door}").json()
    _touched(hub)
    answer = admin.patch(f"/api/v1/doors/{gym.door}", json=change)
    assert _error(answer) == (422, field, code)
    assert admin.get(f"/api/v1/doors/{gym.door}").json() == before
    assert _touched(hub) == set()


def test_a_doors_point_is_on_its_own_controller(admin: TestClient, gym: Any, hall: Any) -> None:
    answer = admin.patch(f"/api/v1/doors/{gym.door}", json={"rex": {"device": hall.device}})
    assert _error(answer) == (422, "body.rex.device", "other_controller")


def test_a_doors_controller_stands_at_its_site(admin: TestClient, gym: Any, hall: Any) -> None:
    answer = admin.patch(f"/api/v1/doors/{gym.door}", json={"controller_id": hall.controller})
    assert _error(answer) == (422, "body.controller_id", "other_site")


def test_a_readers_device_is_on_its_doors_controller(
    admin: TestClient, gym: Any, hall: Any
) -> None:
    body = {"device_id": hall.device, "door_id": gym.door, "name": "r"}
    assert _error(admin.post("/api/v1/readers", json=body)) == (
        422,
        "body.door_id",
        "other_controller",
    )


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"cards": False}, "body.cards"),
        ({"assurance": "challenge"}, "body.profiles"),
        ({"lockout_s": 600, "lockout_max_s": 60}, "body.lockout_max_s"),
        ({"card_lockout_s": 600, "card_lockout_max_s": 300}, "body.card_lockout_max_s"),
        ({"card_tries": 61}, "body.card_tries"),
    ],
)
def test_a_reader_that_cannot_work_is_refused(
    admin: TestClient, gym: Any, extra: dict[str, Any], field: str
) -> None:
    body = {"device_id": gym.device, "name": "r", "channel": 1, **extra}
    assert _error(admin.post("/api/v1/readers", json=body))[1] == field


def test_two_inputs_of_a_door_never_share_a_point(admin: TestClient, gym: Any) -> None:
    same = {"device": gym.device, "channel": 3}
    answer = admin.patch(f"/api/v1/doors/{gym.door}", json={"rex": same, "contact": same})
    assert _error(answer) == (422, "body.contact", "shared")


def test_an_address_on_a_bus_is_taken_once(admin: TestClient, gym: Any) -> None:
    body = {
        "controller_id": gym.controller,
        "name": "zwei",
        "driver": "osdp",
        "port": "bus0",
        "address": 1,
    }
    answer = admin.post("/api/v1/devices", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")


def test_what_is_still_used_is_not_removed(admin: TestClient, gym: Any) -> None:
    removed = {"state": "removed"}
    assert _error(admin.patch(f"/api/v1/controllers/{gym.controller}", json=removed))[2] == (
        "has_doors"
    )
    assert _error(admin.patch(f"/api/v1/devices/{gym.device}", json=removed))[2] == "has_readers"
    admin.patch(f"/api/v1/readers/{gym.reader}", json=removed)
    assert _error(admin.patch(f"/api/v1/devices/{gym.device}", json=removed))[2] == "wired_to_door"
    for path in (f"doors/{gym.door}", f"devices/{gym.device}", f"controllers/{gym.controller}"):
        assert admin.patch(f"/api/v1/{path}", json=removed).status_code == 200, path
    found = admin.get("/api/v1/doors", params={"state": "active"}).json()["items"]
    assert found == []


def test_a_hard_zone_has_its_doors_on_one_controller(admin: TestClient, gym: Any) -> None:
    second = {"id": "gym0000000000009", "site_id": gym.site, "name": "二"}
    admin.post("/api/v1/controllers", json=second)
    zone = admin.post("/api/v1/zones", json={"site_id": gym.site, "name": "内"}).json()["id"]
    door = {"site_id": gym.site, "controller_id": second["id"], "name": "裏口", "zone_in": zone}
    assert admin.post("/api/v1/doors", json=door).status_code == 201
    assert admin.patch(f"/api/v1/doors/{gym.door}", json={"zone_in": zone}).status_code == 200
    hard = admin.patch(f"/api/v1/zones/{zone}", json={"anti_passback": "hard"})
    assert _error(hard) == (422, "body.anti_passback", "spans_controllers")
    assert admin.patch(f"/api/v1/zones/{zone}", json={"anti_passback": "soft"}).status_code == 200
    admin.patch(f"/api/v1/doors/{gym.door}", json={"zone_in": None})
    assert admin.patch(f"/api/v1/zones/{zone}", json={"anti_passback": "hard"}).status_code == 200
    back = admin.patch(f"/api/v1/doors/{gym.door}", json={"zone_out": zone})
    assert _error(back) == (422, "body.zone_out", "spans_controllers")


def test_a_device_secret_is_kept_sealed_and_never_given_back(
    admin: TestClient, hub: Hub, gym: Any, enrolled: Any
) -> None:
    secret = bytes.fromhex("5f0a1b8c7d6e4f3021a9b8c7d6e5f401")
    path = f"/api/v1/devices/{gym.device}/secret"
    key = enrolled(gym.controller)
    answer = admin.put(path, json={"secret": base64.b64encode(secret).decode()})
    assert answer.status_code == 200, answer.text
    assert base64.b64encode(secret).decode()[:8] not in answer.text
    with hub.core.db.read() as scope:
        device = repository.device(scope, gym.device)
    assert device is not None
    assert device.secret is not None
    assert secret not in device.secret
    context = f"{gym.controller}\x00device\x00{gym.device}".encode()
    assert device.sealed is not None
    from wire.sealing import open_secret

    assert open_secret(key, device.sealed, context) == secret
    audit = admin.get("/api/v1/audit", params={"target_id": gym.device}).text
    assert device.sealed not in audit
    assert _error(admin.put(path, json={"secret": "AAEC"}))[1] == "body.secret"


@pytest.mark.parametrize("weak", [bytes(range(0x30, 0x40)), bytes(16), bytes(range(16))])
def test_a_secret_that_an_attacker_would_guess_is_refused(
    admin: TestClient, gym: Any, enrolled: Any, weak: bytes
) -> None:
    enrolled(gym.controller)
    body = {"secret": base64.b64encode(weak).decode()}
    answer = admin.put(f"/api/v1/devices/{gym.device}/secret", json=body)
    assert _error(answer) == (422, "body.secret", "weak")


def test_a_drawn_secret_is_new_each_time_and_shown_to_nobody_but_the_controller(
    admin: TestClient, hub: Hub, gym: Any, enrolled: Any
) -> None:
    from wire.sealing import open_secret, seal_context

    key = enrolled(gym.controller)
    drawn = []
    for _ in range(2):
        answer = admin.post(f"/api/v1/devices/{gym.device}/secret/draw")
        assert answer.status_code == 200, answer.text
        with hub.core.db.read() as scope:
            device = repository.device(scope, gym.device)
        assert device is not None
        assert device.sealed is not None
        context = seal_context(gym.controller, "device", gym.device)
        drawn.append(open_secret(key, device.sealed, context))
        assert drawn[-1].hex() not in answer.text
        assert base64.b64encode(drawn[-1]).decode() not in answer.text
    assert len({*drawn}) == 2
    assert [len(one) for one in drawn] == [16, 16]
    assert ("device", gym.device) in _touched(hub)


@given(st.one_of(st.binary(min_size=16, max_size=16), st.sampled_from([SCBK_D, bytes(16)])))
def test_the_hub_refuses_exactly_the_keys_that_a_panel_refuses(key: bytes) -> None:
    assert is_weak(key) == panel_finds_weak(key)


def test_a_secret_for_a_controller_that_was_never_enrolled_is_refused(
    admin: TestClient, hall: Any
) -> None:
    body = {"secret": "XwobjH1uTzAhqbjH1uX0AQ=="}
    answer = admin.put(f"/api/v1/devices/{hall.device}/secret", json=body)
    assert _error(answer) == (422, "body.secret", "not_enrolled")


def test_lists_are_limited_by_their_filters(admin: TestClient, gym: Any, hall: Any) -> None:
    def ids(path: str, **params: str) -> list[str]:
        return [row["id"] for row in admin.get(f"/api/v1/{path}", params=params).json()["items"]]

    assert ids("devices", controller_id=gym.controller) == [gym.device]
    assert ids("devices", controller_id=hall.controller) == [hall.device]
    assert ids("doors", site_id=hall.site) == []
    assert ids("controllers") == [gym.controller, hall.controller]
    assert admin.get("/api/v1/doors", params={"state": "broken"}).status_code == 422


@pytest.mark.parametrize(
    "name", ["'; DROP TABLE doors; --", "<script>alert(1)</script>", "{{ 7 * 7 }}", "𠮷野家"]
)
def test_hostile_text_is_only_text(admin: TestClient, name: str) -> None:
    made = admin.post("/api/v1/sites", json={"name": name})
    assert made.status_code == 201
    assert admin.get(f"/api/v1/sites/{made.json()['id']}").json()["name"] == name
    assert admin.get("/api/v1/doors").status_code == 200


@pytest.mark.parametrize("name", ['"\\u0000"', '"\\ud800"', '"a\\udfff"'])
def test_what_is_no_text_is_refused(admin: TestClient, name: str) -> None:
    body = f'{{"name": {name}}}'.encode()
    header = {"Content-Type": "application/json"}
    assert admin.post("/api/v1/sites", content=body, headers=header).status_code == 422


def test_an_id_that_is_none_is_not_found(admin: TestClient) -> None:
    for row_id in ("%00", "%F0%9F%94%91", "x" * 200, "'--"):
        assert admin.get(f"/api/v1/doors/{row_id}").status_code in (400, 404, 422), row_id


def test_a_changed_horizon_reaches_the_controllers_of_that_site_alone(
    admin: TestClient, hub: Hub, gym: Any, hall: Any
) -> None:
    """Whatever else of a site changes concerns no controller."""
    path = f"/api/v1/sites/{gym.site}"
    _touched(hub)
    assert admin.patch(path, json={"name": "新しい体育館"}).status_code == 200
    assert _touched(hub) == set()
    assert admin.patch(path, json={"horizon_hours": 24}).status_code == 200
    assert _touched(hub) == {("controller", gym.controller)}
    assert hall.controller != gym.controller


def test_a_serial_lock_is_provisioned_at_the_bench_and_its_controller_gets_the_link_key_alone(
    admin: TestClient, hub: Hub, gym: Any, enrolled: Any
) -> None:
    from wire.keybox_keys import MaintenanceSecret
    from wire.sealing import open_secret, seal_context

    key = enrolled(gym.controller)
    body = {"controller_id": gym.controller, "name": "錠", "driver": "serial_lock", "port": "lock"}
    lock = admin.post("/api/v1/devices", json=body).json()["id"]
    given = []
    for renew in ("", "?renew=true"):
        answer = admin.post(f"/api/v1/devices/{lock}/provisioning{renew}")
        assert answer.headers["cache-control"] == "no-store"
        assert (answer.json()["device"], answer.json()["kind"]) == (lock, 2)
        given.append(base64.b64decode(answer.json()["maintenance_secret"]))
        with hub.core.db.read() as scope:
            device = repository.device(scope, lock)
        assert device is not None
        assert device.sealed is not None
        sealed = open_secret(key, device.sealed, seal_context(gym.controller, "device", lock))
        assert sealed == MaintenanceSecret(given[-1]).link_key(lock)
    assert given[0] != given[1]
    again = admin.post(f"/api/v1/devices/{lock}/provisioning")
    assert _error(again) == (422, "body.renew", "provisioned")
    drawn = admin.post(f"/api/v1/devices/{lock}/secret/draw")
    assert _error(drawn) == (422, "body.driver", "provisioned")
    short = base64.b64encode(bytes.fromhex("5f0a1b8c7d6e4f3021a9b8c7d6e5f401")).decode()
    refused = admin.put(f"/api/v1/devices/{lock}/secret", json={"secret": short})
    assert _error(refused) == (422, "body.secret", "length")
    other = admin.post(f"/api/v1/devices/{gym.device}/provisioning")
    assert _error(other) == (422, "body.driver", "not_provisioned")


def test_an_interlock_is_held_by_one_controller_that_sees_each_leaf(
    admin: TestClient, gym: Any, hall: Any
) -> None:
    path, lock = f"/api/v1/doors/{gym.door}", {"interlock": "風除室"}
    blind = admin.patch(path, json={**lock, "contact": None})
    assert _error(blind) == (422, "body.contact", "missing")
    assert admin.patch(path, json=lock).json()["interlock"] == "風除室"
    other = {
        **lock,
        "site_id": hall.site,
        "controller_id": hall.controller,
        "name": "裏口",
        "contact": {"device": hall.device, "channel": 1},
    }
    refused = admin.post("/api/v1/doors", json=other)
    assert _error(refused) == (422, "body.interlock", "spans_controllers")
    assert admin.patch(path, json={"interlock": None}).json()["interlock"] is None
    assert admin.post("/api/v1/doors", json=other).status_code == 201


def test_a_shelters_door_and_its_bell_are_told_to_the_controller(
    admin: TestClient, gym: Any
) -> None:
    path, bell = f"/api/v1/doors/{gym.door}", {"device": gym.device, "channel": 5}
    told = admin.patch(path, json={"shelter": True, "bell": bell}).json()
    assert (told["shelter"], told["bell"]["channel"]) == (True, 5)
    same = {"device": gym.device, "channel": 0}
    assert _error(admin.patch(path, json={"bell": same})) == (422, "body.contact", "shared")
