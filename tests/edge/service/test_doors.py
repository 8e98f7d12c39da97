"""Doors and devices as they are journaled: one correct event each."""

from __future__ import annotations

import pytest

from edge.core.model import BatteryRead, DeviceFault, PowerChanged, TamperChanged
from wire.events import EventKind
from wire.policy import EntryKind
from wire.policy_bodies import DeviceBody, DeviceDriver, DoorMode, Point

CONTACT, KEY_SWITCH = 0, 3


@pytest.fixture
def device(rig) -> str:
    return next(iter(rig.parts.memory.index.devices))


def test_forced_then_held_then_closed(rig):
    rig.policy(rig.town.door(held_after_ms=20_000))
    mark = len(rig.kinds())
    rig.set_input(CONTACT, True)
    rig.go(30)
    rig.set_input(CONTACT, False)
    assert rig.since(mark) == ["door_forced", "door_held", "door_closed"]


def test_the_mechanical_key_is_no_forcing(rig):
    mark = len(rig.kinds())
    rig.set_input(KEY_SWITCH, True)
    rig.set_input(CONTACT, True)
    rig.set_input(CONTACT, False)
    rig.set_input(KEY_SWITCH, False)
    assert rig.since(mark) == ["mechanical_key", "door_opened", "door_closed"]


def test_an_inverted_contact_reads_the_other_way_round(rig, device):
    rig.policy(rig.town.door(contact=Point(device, CONTACT, inverted=True)))
    rig.set_input(CONTACT, True)
    assert rig.parts.memory.doors[next(iter(rig.parts.memory.doors))].leaf.name == "CLOSED"


def test_a_device_that_leaves_and_returns_is_told_once_each(rig, device):
    mark = len(rig.kinds())
    rig.site.unplug(device)
    rig.site.unplug(device)
    rig.settle()
    rig.site.plug(device)
    rig.settle()
    assert rig.since(mark) == ["device_offline", "device_online"]
    assert rig.last(EventKind.DEVICE_OFFLINE).cause == "unplugged"


def test_a_leaf_that_moved_while_nobody_looked_is_told_as_found_and_no_forcing(rig, device):
    rig.set_input(CONTACT, True)
    rig.set_input(CONTACT, False)
    rig.site.unplug(device)
    rig.site.set_input(device, CONTACT, True)
    rig.settle()
    mark = len(rig.kinds())
    rig.site.plug(device)
    rig.settle()
    assert rig.since(mark) == ["device_online", "door_found"]
    found = rig.last(EventKind.DOOR_FOUND)
    assert (found.open, found.changed) == (True, True)


def test_a_door_that_the_policy_brings_later_knows_its_leaf_from_the_start(rig, device):
    (door,) = rig.parts.memory.doors
    rig.policy(drop=[rig.town.drop(EntryKind.DOOR, door)])
    rig.set_input(CONTACT, True)
    rig.policy(rig.town.door())
    assert rig.parts.memory.doors[door].is_open
    mark = len(rig.kinds())
    rig.set_input(CONTACT, False)
    assert rig.since(mark) == ["door_closed"]


def test_a_held_door_that_a_mode_lets_stand_open_is_held_no_longer(rig):
    rig.policy(rig.town.door(held_after_ms=5_000))
    rig.set_input(CONTACT, True)
    rig.go(6)
    mark = len(rig.kinds())
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    assert "door_held_cleared" in rig.since(mark)


def test_a_late_reply_now_and_then_is_counted_and_no_fault_of_the_reader(rig, device):
    for _ in range(10):
        rig.loop.handle(DeviceFault(device, "bytes_unsolicited", rig.time.mono, 2, noise=True))
        rig.go(61)
    assert rig.bodies(EventKind.DEVICE_FAULT) == []
    assert rig.parts.memory.counters["fault.bytes_unsolicited"] == 20
    for _ in range(40):
        rig.loop.handle(DeviceFault(device, "bytes_unsolicited", rig.time.mono, 2, noise=True))
    assert [body.count for body in rig.bodies(EventKind.DEVICE_FAULT)] == [20 + 30]


def test_tamper_power_and_battery(rig, device):
    mark = len(rig.kinds())
    for item in (
        TamperChanged(device, True, 1),
        TamperChanged(device, False, 2),
        PowerChanged(device, True, 3),
        PowerChanged(device, False, 4),
        BatteryRead(device, 2_900, 5),
    ):
        rig.loop.handle(item)
    assert rig.since(mark) == [
        "tamper",
        "tamper_cleared",
        "power_failed",
        "power_restored",
        "battery",
    ]


def test_noise_on_a_bus_is_counted_always_and_journaled_once_a_minute(rig, device):
    for _ in range(100):
        rig.loop.handle(DeviceFault(device, "bytes_crc", rig.time.mono, 3))
        rig.time.go(0.5)
    assert [body.count for body in rig.bodies(EventKind.DEVICE_FAULT)] == [3]
    rig.time.go(60)
    rig.loop.handle(DeviceFault(device, "bytes_crc", rig.time.mono, 3))
    assert [body.count for body in rig.bodies(EventKind.DEVICE_FAULT)] == [3, 300]
    assert rig.parts.memory.counters["fault.bytes_crc"] == 303


def test_telemetry_tells_the_counters_every_so_often(rig):
    rig.press("777777#")
    rig.go(301, step_s=10)
    counters = rig.last(EventKind.TELEMETRY).counters
    assert counters["denied"] == 1
    assert counters["unacknowledged"] > 0


def test_a_device_on_a_port_that_is_not_set_up_is_named(rig):
    other = rig.town_id(600)
    body = DeviceBody(driver=DeviceDriver.OSDP, port="bus7", address=3)
    rig.policy(rig.town.put(EntryKind.DEVICE, other, body))
    fault = rig.last(EventKind.DEVICE_FAULT)
    assert (fault.device, fault.cause) == (other, "no_such_port")
    rig.policy(rig.town.door())
    assert len(rig.events(EventKind.DEVICE_FAULT)) == 1


def test_a_secret_that_was_not_sealed_for_us_is_named_and_the_rest_is_served(rig, device):
    body = DeviceBody(driver=DeviceDriver.VIRTUAL, port="site", address=2, sealed="AAAA")
    rig.policy(rig.town.put(EntryKind.DEVICE, rig.town_id(601), body))
    assert rig.last(EventKind.DEVICE_FAULT).cause == "secret_not_ours"
    rig.press("482915#")
    assert rig.unlocked
