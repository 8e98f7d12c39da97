"""Former keys are kept sealed until a device is known to have its new one."""

from __future__ import annotations

import pytest

from edge.service.former_keys import FORMER_KEY, FormerKeys
from wire.policy_bodies import DeviceBody, DeviceDriver


def body(sealed: str | None) -> DeviceBody:
    return DeviceBody(driver=DeviceDriver.OSDP, port="bus0", address=1, sealed=sealed)


def test_a_changed_key_is_kept_over_a_restart_and_forgotten_once_settled():
    keys = FormerKeys()
    state = keys.changed(
        {"a": body("old"), "b": body("same")}, {"a": body("new"), "b": body("same")}
    )
    assert state == {FORMER_KEY + "a": b"old"}
    later = FormerKeys()
    later.remember({name: data for name, data in state.items() if data is not None})
    assert later.of("a") == ("old",)
    assert later.of("b") == ()
    assert later.settled("a") == {FORMER_KEY + "a": None}
    assert later.settled("a") == {}


def test_keys_of_several_changes_are_kept_newest_first_and_a_key_that_returns_is_none():
    keys = FormerKeys()
    for before, after in [("1", "2"), ("2", "3"), ("3", "4"), ("4", "5")]:
        keys.changed({"a": body(before)}, {"a": body(after)})
    assert keys.of("a") == ("4", "3", "2")
    keys.changed({"a": body("5")}, {"a": body("3")})
    assert keys.of("a") == ("5", "4", "2")


@pytest.mark.parametrize("after", [{}, {"a": body(None)}])
def test_a_device_that_leaves_the_policy_leaves_no_key(after):
    keys = FormerKeys()
    keys.changed({"a": body("old")}, {"a": body("new")})
    assert keys.changed({"a": body("new")}, after) == {FORMER_KEY + "a": None}
    assert keys.of("a") == ()
