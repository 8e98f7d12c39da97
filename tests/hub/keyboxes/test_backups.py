"""Sealed codes of networked doors: told to the controller alone, given while it is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hub.link.sessions import confirm, greet
from hub.pins.guess_risk import DEFAULT_BOUND, TryBudget, digits_needed
from hub.policy.compiler import Compiler
from hub.policy.repository import entries_of_kind
from hub.web.rights import Role
from wire.clock import ClockReading, ClockState
from wire.messages import EdgePolicy, Hello
from wire.offline_profiles import EPOCH, PROFILES
from wire.policy import EntryKind, decode_entry
from wire.policy_bodies import DoorBody, decode_body
from wire.sealed_codes import CodeKey, CodeVerdict, LockClock, judge_code, open_code
from wire.sealing import open_secret, seal_context


@pytest.fixture
def gate(hut: Any, enrolled: Callable[[str], ec.EllipticCurvePrivateKey]) -> Any:
    """A networked door of the ground, with its controller's private key."""
    controller = hut.town.controller(hut.site)
    own = enrolled(controller)
    door = hut.town.door(hut.site, controller)
    hut.town.reader(controller, door)
    return {"hut": hut, "controller": controller, "own": own, "door": door}


def set_up(gate: Any, **body: Any) -> Any:
    path = f"/api/v1/doors/{gate['door']}/backup_codes"
    return gate["hut"].use(Role.ADMIN).put(path, json=body)


def book(gate: Any, key: str = "k1", **more: Any) -> Any:
    return gate["hut"].put(key, facility_id=None, doors=[gate["door"]], **more)


def ask(gate: Any, key: str = "k1", role: Role = Role.CLERK) -> Any:
    return gate["hut"].use(role).post(f"/api/v1/bookings/{key}/backup_codes")


def door_body(gate: Any) -> DoorBody:
    """The door as its controller is told, compiled now."""
    core = gate["hut"].hub.core
    core.db.write(Compiler(core.clock, core.keys).compile_marks)
    with core.db.read() as scope:
        (entry,) = entries_of_kind(scope, gate["controller"], EntryKind.DOOR)
    body = decode_body(decode_entry(entry.data))
    assert isinstance(body, DoorBody)
    return body


def connect(gate: Any) -> None:
    """Let the controller say hello and answer the welcome."""
    core, now = gate["hut"].hub.core, gate["hut"].hub.core.clock.now()
    hello = Hello(
        session="00112233445566778899aabbccddeeff",
        boot_id="3f0c6a52-9f0e-4f0e-8f0e-2f6f0b7d9a11",
        agent="0.1.0",
        epoch=1,
        last_seq=0,
        policy=EdgePolicy(hub_epoch=0, version=0, digest="0" * 64),
        clock=ClockReading(state=ClockState.TRUSTED, now=now),
    )
    core.db.write(lambda scope: greet(scope, gate["controller"], hello, now))
    core.db.write(lambda scope: confirm(scope, gate["controller"], hello.session, now))


def test_the_controller_opens_with_the_secret_that_only_it_can_unseal(gate: Any) -> None:
    assert set_up(gate).json()["profile"] == "quarter"
    body = door_body(gate)
    assert body.backup is not None
    context = seal_context(gate["controller"], "door", gate["door"])
    secret = open_secret(gate["own"], body.backup.sealed, context)
    book(gate)
    (code,) = ask(gate).json()
    profile = PROFILES[body.backup.profile]
    found = open_code(profile, CodeKey.of(secret, gate["door"]), code["digits"])
    start = datetime.fromisoformat(code["effective"]["starts_at"])
    at_s = (start - EPOCH) // timedelta(seconds=1)
    assert judge_code(profile, found, LockClock(at_s, at_s), 0) is CodeVerdict.VALID
    assert code["grace_s"] == body.backup.grace_s
    assert code["confirmed"] is False


def test_asking_again_gives_the_same_and_is_in_the_audit_log(gate: Any) -> None:
    set_up(gate)
    book(gate)
    first = ask(gate).json()
    assert ask(gate).json() == first
    audit = gate["hut"].use(Role.AUDITOR).get("/api/v1/audit").text
    assert audit.count("backup_codes.revealed") == 2
    assert first[0]["digits"] not in audit


def test_a_door_that_is_connected_gives_no_code(gate: Any) -> None:
    set_up(gate)
    book(gate)
    connect(gate)
    assert ask(gate).json()["code"] == "doors_connected"


def test_a_door_without_backup_codes_gives_none_and_is_told_of_none(gate: Any) -> None:
    book(gate)
    assert ask(gate).json()["code"] == "no_backup_codes"
    assert door_body(gate).backup is None
    path = f"/api/v1/doors/{gate['door']}/backup_codes"
    assert gate["hut"].use(Role.ADMIN).get(path).status_code == 404
    set_up(gate)
    assert door_body(gate).backup is not None
    assert gate["hut"].use(Role.ADMIN).delete(path).status_code == 204
    assert door_body(gate).backup is None


def test_a_new_secret_kills_the_codes_given_before(gate: Any) -> None:
    set_up(gate)
    book(gate)
    first = ask(gate).json()[0]["digits"]
    assert set_up(gate).json()["version"] == 2
    assert ask(gate).json()[0]["digits"] != first
    assert gate["hut"].booking("k1")["still_opens"] == []


def test_a_code_that_was_given_is_listed_when_its_booking_moves_or_is_cancelled(gate: Any) -> None:
    set_up(gate)
    book(gate)
    ask(gate)
    (old,) = book(gate, start_h=5).json()["still_opens"]
    assert (old["lock_id"], old["lock_kind"]) == (gate["door"], "door")
    ask(gate)
    gone = gate["hut"].use(Role.CLERK).delete("/api/v1/bookings/k1").json()
    assert len(gone["still_opens"]) == 2


def test_a_secret_sealed_to_another_controller_is_told_to_nobody(gate: Any, enrolled: Any) -> None:
    from hub.policy import touch
    from hub.sites.tables import doors

    set_up(gate)
    other = gate["hut"].town.controller(gate["hut"].site)
    enrolled(other)
    gate["hut"].town.set(doors, touch.touch_door, gate["door"], controller_id=other)
    gate["controller"] = other
    assert door_body(gate).backup is None
    book(gate)
    assert ask(gate).json()["code"] == "no_backup_codes"


def test_it_needs_the_right_to_reveal_and_a_confirmed_booking(gate: Any) -> None:
    set_up(gate)
    book(gate, state="requested")
    assert ask(gate, role=Role.VIEWER).status_code == 403
    assert ask(gate).json()["code"] == "no_pin"


def test_a_controller_that_is_not_enrolled_gets_no_secret(hut: Any) -> None:
    door = hut.town.door(hut.site, hut.town.controller(hut.site, enrolled=False))
    answer = hut.use(Role.ADMIN).put(f"/api/v1/doors/{door}/backup_codes", json={})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "not_enrolled"


def test_the_bound_of_a_doors_sealed_codes_counts_against_guessing(clock: Any) -> None:
    now = clock.now()
    a_try = float(PROFILES["quarter"].bound)
    short, long = (now, now + timedelta(hours=2)), (now, now + timedelta(days=14))
    assert digits_needed(TryBudget(), short, [], 6, DEFAULT_BOUND, a_try) == 6
    assert digits_needed(TryBudget(), long, [], 6, DEFAULT_BOUND) is not None
    assert digits_needed(TryBudget(), long, [], 6, DEFAULT_BOUND, a_try) is None


def test_a_booking_too_long_for_a_door_with_sealed_codes_is_refused(gate: Any) -> None:
    set_up(gate)
    assert book(gate, hours=24 * 13.9).json()["code"] == "guess_risk"
    assert book(gate, hours=24).status_code == 201


def test_a_clerk_finds_the_code_on_the_bookings_page_while_the_door_is_away(gate: Any) -> None:
    html = {"Accept": "text/html", "Origin": "https://doors.test"}
    hut = gate["hut"]
    book(gate)
    at = f"/bookings/{hut.booking('k1')['id']}"
    button = f'action="{at}/backup"'
    assert button not in hut.use(Role.CLERK).get(at, headers=html).text
    set_up(gate)
    assert button in hut.use(Role.CLERK).get(at, headers=html).text
    assert button not in hut.use(Role.VIEWER).get(at, headers=html).text
    shown = hut.use(Role.CLERK).post(f"{at}/backup", headers=html).text
    digits = ask(gate).json()[0]["digits"]
    assert f"<span>{digits[:3]}</span><span>{digits[3:6]}</span>" in shown
    connect(gate)
    assert button not in hut.use(Role.CLERK).get(at, headers=html).text
