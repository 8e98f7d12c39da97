"""A controller's policy is compared entry by entry: what it should hold, and what it has proven."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.policy import hub_epoch
from hub.policy.exchange import PolicyExchange
from wire.messages import EpochProof, Rejected, Reported
from wire.policy import EntryRejection

SESSION = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def exchange(hub_town: Any) -> PolicyExchange:
    proof = EpochProof(hub_epoch=1, opened_at=hub_town.clock.now(), signature="AA==")
    hub_town.db.write(lambda scope: hub_epoch.ensure(scope, proof))
    return PolicyExchange(hub_town.clock, hub_town.ids)


def report(town: Any, exchange: PolicyExchange, controller: str, **changed: Any) -> None:
    def write(scope: Any) -> None:
        _, held = exchange.held(scope, controller)
        said = {"version": held.version, "digest": held.digest, "rejected": (), **changed}
        exchange.on_reported(scope, controller, Reported(session=SESSION, hub_epoch=1, **said))

    town.db.write(write)


def test_what_is_not_proven_yet_is_listed_entry_by_entry(
    admin: TestClient, hub_town: Any, exchange: PolicyExchange, enrolled: Callable[[str], object]
) -> None:
    site = hub_town.site()
    controller = hub_town.controller(site)
    enrolled(controller)
    door = hub_town.door(site, controller)
    hub_town.compile()
    path = f"/api/v1/controllers/{controller}/policy"
    before = admin.get(path).json()
    assert (before["standing"], before["waiting"]) == ("never_heard", before["entries"])
    report(hub_town, exchange, controller)
    equal = admin.get(path).json()
    assert (equal["standing"], equal["waiting"], equal["differences"]) == ("equal", 0, [])
    assert equal["desired_digest"] == equal["reported_digest"]
    pin = hub_town.pin(door)
    hub_town.compile()
    behind = admin.get(path).json()
    assert behind["standing"] == "behind"
    found = {(each["kind"], each["difference"]) for each in behind["differences"]}
    assert found == {("credential", "put"), ("grant", "put")}
    report(hub_town, exchange, controller)
    hub_town.db.write(lambda scope: hub_town.pins.revoke(scope, pin, "test"))
    hub_town.pass_time(hours=5)
    gone = admin.get(path).json()
    assert {each["difference"] for each in gone["differences"]} == {"drop"}
    (one,) = admin.get("/api/v1/policies").json()
    assert (one["standing"], one["waiting"], one["differences"]) == ("behind", 2, [])


def test_what_a_controller_left_out_is_listed_with_its_reason(
    admin: TestClient, hub_town: Any, exchange: PolicyExchange
) -> None:
    site = hub_town.site()
    controller = hub_town.controller(site)
    door = hub_town.door(site, controller)
    hub_town.compile()
    rejected = Rejected(kind="door", id=door, rev=1, reason=EntryRejection.BAD_BODY)
    from hub.policy import repository
    from wire.policy import PolicyDigest, entry_hash

    with hub_town.db.read() as scope:
        held = repository.entries(scope, controller)
    digest = PolicyDigest(entry_hash(each.data) for each in held if each.key.id != door).hex
    report(hub_town, exchange, controller, rejected=(rejected,), digest=digest)
    found = admin.get(f"/api/v1/controllers/{controller}/policy").json()
    assert [(each["id"], each["difference"], each["reason"]) for each in found["differences"]] == [
        (door, "rejected", "bad_body")
    ]


def test_a_digest_that_is_wrong_is_a_mismatch(
    admin: TestClient, hub_town: Any, exchange: PolicyExchange
) -> None:
    controller = hub_town.controller(hub_town.site())
    hub_town.compile()
    report(hub_town, exchange, controller, digest="0" * 63 + "1")
    assert admin.get(f"/api/v1/controllers/{controller}/policy").json()["standing"] == "mismatch"
    assert admin.get("/api/v1/controllers/nobody/policy").status_code == 404
