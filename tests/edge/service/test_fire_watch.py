"""The supervised line in the agent: what is told, what is released, which way a fault goes."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.core.fire_line import Supervision
from edge.core.model import InputFault, Source
from edge.doctor import agent_checks as doctor
from edge.fire_alarm import fire_alarm_of
from edge.service.fire_watch import FireAlarm, releasing_faults
from edge.service.status import status_of
from edge.settings import Settings, SettingsError, settings_from
from wire.events import EventKind, decode_event_body

FIRE, SECOND = 4, 5


@pytest.fixture
def make_wired(make_rig):
    def make(supervision=Supervision.CHANGE_OVER, *, on_fault=True, on_offline=False):
        rig = make_rig().usual()
        rig.fire_alarm = FireAlarm(
            rig.town.device_id,
            FIRE,
            supervision=supervision,
            second_channel=None if supervision is Supervision.NONE else SECOND,
            releasing=releasing_faults(on_fault=on_fault, on_offline=on_offline),
        )
        if supervision is Supervision.CHANGE_OVER:
            rig.set_input(SECOND, True)
        rig.restart()
        rig.set_input(FIRE, True)
        rig.set_input(FIRE, False)
        if supervision is Supervision.CHANGE_OVER:
            rig.set_input(SECOND, True)
        elif supervision is Supervision.FAULT_RELAY:  # a virtual site tells what has moved
            rig.set_input(SECOND, True)
            rig.set_input(SECOND, False)
        rig.go(1)
        assert not rig.unlocked
        return rig

    return make


def told(rig) -> list[tuple[str, str]]:
    kinds = (
        EventKind.FIRE_ALARM,
        EventKind.FIRE_ALARM_CLEARED,
        EventKind.INPUT_FAULT,
        EventKind.INPUT_FAULT_CLEARED,
    )
    return [(event.kind, decode_event_body(event).cause) for event in rig.events(*kinds)]


def told_since(rig, mark: int) -> list[tuple[str, str]]:
    return told(rig)[mark:]


def test_a_cut_line_is_told_and_releases_where_the_site_says_so(make_wired):
    rig = make_wired()
    mark = len(told(rig))
    rig.set_input(SECOND, False)
    rig.go(0.5)
    assert told_since(rig, mark) == []
    rig.go(1)
    assert rig.unlocked
    assert told_since(rig, mark) == [("input_fault", "cut"), ("fire_alarm", "cut")]
    rig.set_input(SECOND, True)
    assert not rig.unlocked
    cleared = [("input_fault_cleared", "cut"), ("fire_alarm_cleared", "")]
    assert told_since(rig, mark + 2) == cleared


def test_a_cut_line_is_told_alone_where_the_site_says_so(make_wired):
    rig = make_wired(on_fault=False)
    mark = len(told(rig))
    rig.set_input(SECOND, False)
    rig.go(5)
    assert not rig.unlocked
    assert told_since(rig, mark) == [("input_fault", "cut")]


def test_a_line_that_was_released_by_an_alarm_and_then_burns_through_stays_released(make_wired):
    rig = make_wired(on_fault=False)
    rig.set_input(SECOND, False)
    rig.set_input(FIRE, True)
    rig.set_input(FIRE, False)
    rig.go(30, step_s=1)
    assert rig.unlocked
    rig.restart(crash=True, reboot=True)
    rig.go(30, step_s=1)
    assert rig.unlocked


@pytest.mark.parametrize("releases", [True, False])
def test_a_panel_that_tells_its_own_fault(make_wired, releases):
    rig = make_wired(Supervision.FAULT_RELAY, on_fault=releases)
    rig.set_input(SECOND, True)
    rig.go(2)
    assert rig.unlocked == releases
    assert ("input_fault", "panel_fault") in told(rig)


@pytest.mark.parametrize("releases", [True, False])
def test_a_device_that_is_gone_is_told_and_goes_the_sites_way(make_wired, releases):
    rig = make_wired(Supervision.NONE, on_offline=releases)
    rig.site.unplug(rig.town.device_id)
    rig.settle()
    rig.go(20)
    assert ("input_fault", "offline") in told(rig)
    assert rig.parts.memory.fire.burning == releases
    rig.site.plug(rig.town.device_id)
    rig.settle()
    rig.go(1)
    assert told(rig)[-1] == (
        ("fire_alarm_cleared", "") if releases else ("input_fault_cleared", "offline")
    )


def test_a_driver_that_supervises_its_inputs_itself_is_believed(make_wired):
    rig = make_wired(Supervision.NONE)
    rig.loop.handle(InputFault(Source(rig.town.device_id, FIRE), "cut", rig.time.mono))
    rig.go(2)
    assert rig.unlocked


def test_any_other_input_that_has_a_fault_is_told_once_and_opens_nothing(rig):
    source = Source(rig.town.device_id, 1)
    for cause in ("shorted", "shorted", "", ""):
        rig.loop.handle(InputFault(source, cause, rig.time.mono))
    assert told(rig) == [("input_fault", "shorted"), ("input_fault_cleared", "shorted")]
    assert rig.last(EventKind.INPUT_FAULT).channel == 1
    assert rig.site.acts() == []


def test_status_tells_what_the_line_is(make_wired):
    rig = make_wired(on_fault=False)
    rig.set_input(SECOND, False)
    rig.go(2)
    status = status_of("t", "c", rig.parts.memory, rig.parts.recorder, rig.loop.now())
    told = msgspec.to_builtins(status)["fire_alarm"]
    assert (told["line"], told["fault"], told["burning"]) == ("cut", "cut", False)


# --- settings ------------------------------------------------------------------------------------


def _settings(fire: dict) -> Settings:
    table = {
        "data_dir": "d",
        "mqtt": {"host": "h"},
        "identity": {"directory": "i"},
        "fire_alarm": {"device": "d", "channel": FIRE, **fire},
    }
    return settings_from(table, "edge.toml", Path("/"))


@pytest.mark.parametrize(
    ("fire", "supervision", "channel", "inverted", "releasing"),
    [
        ({}, Supervision.NONE, None, False, {"cut", "shorted", "panel_fault"}),
        ({"on_fault": "report"}, Supervision.NONE, None, False, set()),
        (
            {"on_fault": "report", "on_offline": "release"},
            Supervision.NONE,
            None,
            False,
            {"offline"},
        ),
        (
            {"supervised": {"fault_channel": 5}, "on_fault": "report"},
            Supervision.FAULT_RELAY,
            5,
            True,
            set(),
        ),
        (
            {"supervised": {"rest_channel": 5}, "on_fault": "report"},
            Supervision.CHANGE_OVER,
            5,
            False,
            set(),
        ),
    ],
)
def test_the_settings_say_how_it_is_wired(fire, supervision, channel, inverted, releasing):
    alarm = fire_alarm_of(_settings(fire))
    assert (alarm.supervision, alarm.second_channel) == (supervision, channel)
    assert (alarm.second_inverted, alarm.releasing) == (inverted, releasing)


@pytest.mark.parametrize(
    "second", [{}, {"fault_channel": 5, "rest_channel": 6}, {"fault_channel": FIRE}]
)
def test_a_second_contact_that_cannot_be_is_refused(second):
    with pytest.raises(SettingsError, match="fire_alarm"):
        _settings({"supervised": second})


# --- what the doctor says ------------------------------------------------------------------------


def _doctor(rig) -> dict:
    status = status_of("t", "c", rig.parts.memory, rig.parts.recorder, rig.loop.now())
    fire = msgspec.to_builtins(status)["fire_alarm"]
    return {found.check: found for found in doctor.fire(fire)}


def test_the_doctor_looks_at_the_line(make_wired):
    rig = make_wired(on_fault=False)
    assert _doctor(rig)["fire line"].ok
    rig.set_input(SECOND, False)
    rig.go(2)
    found = _doctor(rig)["fire line"]
    assert (found.ok, found.detail) == (False, "cut")
    assert "wires" in found.remedy


def test_the_doctor_names_devices_that_are_kept_against_the_policy(make_wired):
    rig = make_wired()
    strike = "another-device"
    rig.parts.memory.fire.kept_causes[strike] = "dropped_by_policy"
    found = _doctor(rig)[f"fire release {strike}"]
    assert not found.ok
    assert "kagimori-edge fire forget" in found.remedy
