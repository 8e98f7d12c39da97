"""The fire alarm's device: no policy takes it away, and a device truly moved comes back."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from edge.doctor import agent_checks as doctor
from edge.service.fire_device import TRY_NS, FireDevice
from edge.service.happenings import FireAlarm
from edge.service.status import status_of
from wire.events import EventKind
from wire.policy import EntryKind
from wire.policy_bodies import DeviceBody, DeviceDriver

FIRE = 4
OLD, NEW, BAD = (DeviceBody(driver=DeviceDriver.OSDP, port=port) for port in ("a", "b", "bad"))


@pytest.fixture
def wired(make_rig):
    """A rig whose fire panel is wired to its one device, which answers."""
    rig = make_rig().usual()
    rig.fire_alarm = FireAlarm(rig.town.device_id, FIRE)
    rig.restart()
    rig.go(1)
    return rig


def _changed(rig, **changes) -> bytes:
    body = {"driver": DeviceDriver.VIRTUAL, "port": "site", "address": 1, **changes}
    return rig.town.put(EntryKind.DEVICE, rig.town.device_id, DeviceBody(**body))


def _causes(rig) -> list[str]:
    return [body.cause for body in rig.bodies(EventKind.DEVICE_FAULT)]


def _status(rig):
    return status_of("test", "c", rig.parts.memory, rig.parts.recorder, rig.loop.now())


def test_a_policy_that_drops_it_is_told_of_and_the_fire_alarm_goes_on(wired):
    wired.policy(drop=[wired.town.drop(EntryKind.DEVICE, wired.town.device_id)])
    wired.policy(wired.town.person())
    assert _causes(wired) == ["dropped_by_policy"]
    wired.set_input(FIRE, True)
    assert wired.unlocked


def test_it_stays_through_a_restart(wired):
    wired.policy(drop=[wired.town.drop(EntryKind.DEVICE, wired.town.device_id)])
    wired.restart(crash=True, reboot=True)
    wired.set_input(FIRE, True)
    assert wired.unlocked


@pytest.mark.parametrize(
    "change", [{"port": "nowhere"}, {"address": 9}, {"sealed": "AQID"}, {"driver": "osdp"}]
)
def test_while_it_answers_no_change_reaches_it(wired, change):
    served = dict(wired.site._devices)
    wired.policy(_changed(wired, **change))
    assert _causes(wired) == ["changed_by_policy"]
    wired.go(60)
    assert dict(wired.site._devices) == served
    wired.set_input(FIRE, True)
    assert wired.unlocked


def test_status_and_doctor_say_so_until_the_policy_has_it_again(wired, monkeypatch):
    told = {}
    monkeypatch.setattr(doctor, "ask_agent", lambda _path, _request: told)

    def finding():
        told.update(msgspec.to_builtins(_status(wired)))
        found = doctor.running(SimpleNamespace(socket_path="-"))
        return next(one for one in found if one.check == "fire alarm")

    assert finding().ok
    wired.policy(drop=[wired.town.drop(EntryKind.DEVICE, wired.town.device_id)])
    assert _status(wired).fire_alarm.cause == "dropped_by_policy"
    assert not finding().ok
    assert finding().remedy
    wired.policy(wired.town.device())
    assert finding().ok


def test_without_a_fire_alarm_a_dropped_device_is_served_no_longer(rig):
    rig.policy(drop=[rig.town.drop(EntryKind.DEVICE, rig.town.device_id)])
    assert rig.parts.memory.served == {}
    assert _status(rig).fire_alarm is None


def make(proven: DeviceBody | None = OLD) -> FireDevice:
    device = FireDevice("fire", lambda body: body is not BAD)
    if proven is not None:
        device.offer(proven, None, 0)
        device.heard(True)
    return device


def test_one_that_was_truly_moved_is_found_once_the_old_place_is_silent():
    device = make()
    device.offer(NEW, True, 0)
    assert device.serving == OLD
    assert device.try_other(False, TRY_NS)
    assert (device.serving, device.cause) == (NEW, "")
    assert device.heard(True)
    assert not device.try_other(False, 3 * TRY_NS)


def test_where_neither_answers_both_are_tried_in_turn():
    device = make()
    device.offer(NEW, False, 0)
    served = [device.serving]
    for turn in range(1, 5):
        assert not device.try_other(False, turn * TRY_NS - 1)
        assert device.try_other(False, turn * TRY_NS)
        served.append(device.serving)
    assert served == [NEW, OLD, NEW, OLD, NEW]


def test_what_cannot_be_served_is_never_tried():
    device = make()
    device.offer(BAD, False, 0)
    assert not device.try_other(False, 9 * TRY_NS)
    assert (device.serving, device.cause) == (OLD, "changed_by_policy")


def test_before_it_ever_answered_the_policy_may_say_otherwise():
    device = make(None)
    assert device.cause == "not_in_policy"
    device.offer(OLD, None, 0)
    device.offer(NEW, None, 0)
    assert device.serving == NEW


def test_what_was_proven_for_another_device_counts_for_nothing():
    other = FireDevice("another", lambda _body: True)
    other.remember(make().save())
    assert other.serving is None
