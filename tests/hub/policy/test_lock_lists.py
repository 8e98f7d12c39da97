"""A serial lock's own list: each PIN's digest for it is made by the hub, under a key no Pi has."""

from __future__ import annotations

import json
from typing import Any

from hub.policy import touch
from hub.sites.device_keys import sealed_row
from hub.sites.domain import SiteState
from hub.sites.tables import devices
from tests.hub.town import _WRITTEN
from wire.keybox_keys import MaintenanceSecret
from wire.lock_list import lock_pin_digest
from wire.policy import EntryKey
from wire.policy_bodies import DeviceDriver, Point

SECRET = bytes(range(7, 39))


def lock(town: Any, controller: str, driver: DeviceDriver = DeviceDriver.SERIAL_LOCK) -> str:
    """A device with a secret; its id is drawn beforehand, since the secret is sealed to its row."""
    device = town.ids.new()
    return town._insert(
        devices,
        touch.touch_device,
        id=device,
        controller_id=controller,
        state=SiteState.ACTIVE,
        name=device,
        driver=driver,
        port=f"lock-{device}",
        address=0,
        secret=town.keys.seal(SECRET, sealed_row(device)),
        **_WRITTEN,
    )


def held(town: Any, controller: str, pin: str, door: str) -> dict[str, Any]:
    town.compile()
    return json.loads(town.held(controller)[EntryKey("credential", f"{pin}@{door}")])


def digits_of(town: Any, pin: str) -> str:
    with town.db.read() as scope:
        return town.pins.reveal(scope, pin)


def test_a_pin_of_a_door_on_a_serial_lock_carries_the_digest_for_the_locks_own_list(
    town: Any,
) -> None:
    site = town.site()
    controller = town.controller(site)
    device = lock(town, controller)
    door = town.door(site, controller, strike=Point(device, 0))
    pin = town.pin(door)
    list_key = MaintenanceSecret(SECRET).list_key(device)
    wanted = lock_pin_digest(list_key, device, digits_of(town, pin))
    assert held(town, controller, pin, door)["at_lock"] == wanted


def test_other_doors_of_the_controller_and_other_drivers_have_none(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    lock(town, controller)
    board = lock(town, controller, DeviceDriver.OSDP)
    plain, on_board = (
        town.door(site, controller),
        town.door(site, controller, strike=Point(board, 0)),
    )
    for door in (plain, on_board):
        assert "at_lock" not in held(town, controller, town.pin(door), door)


def test_a_lock_whose_secret_was_tampered_with_has_no_list_and_its_door_goes_on(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    device = lock(town, controller)
    door = town.door(site, controller, strike=Point(device, 0))
    pin = town.pin(door)

    def tamper(scope: Any) -> None:
        broken = bytearray(town.keys.seal(SECRET, sealed_row(device)))
        broken[-1] ^= 1
        scope.update(devices, {"secret": bytes(broken)}, devices.c.id == device)
        touch.touch_controller(scope, controller)

    town.db.write(tamper)
    found = held(town, controller, pin, door)
    assert "at_lock" not in found
    assert found["digest"]


def test_a_device_that_became_a_lock_and_has_an_osdp_key_stops_no_policy(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    device = lock(town, controller, DeviceDriver.OSDP)
    door = town.door(site, controller, strike=Point(device, 0))
    pin = town.pin(door)
    key = town.keys.seal(SECRET[:16], sealed_row(device))

    def change(scope: Any) -> None:
        values = {"secret": key, "driver": DeviceDriver.SERIAL_LOCK}
        scope.update(devices, values, devices.c.id == device)
        touch.touch_device(scope, device)

    town.db.write(change)
    found = held(town, controller, pin, door)
    assert "at_lock" not in found
    assert found["digest"]
