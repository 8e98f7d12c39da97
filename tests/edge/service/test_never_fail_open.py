"""An exception anywhere on the way to a door is a denial, journaled; the loop serves the next."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

import edge
import wire
from edge.core.model import CardPresented, KeysPressed, Source
from wire.events import Alarm, EventKind
from wire.policy_bodies import Assurance
from wire.reasons import Reason

OURS = tuple(str(Path(package.__file__).parent) for package in (edge, wire))


class Broken(Exception):
    """What no code of ours expects."""


class FaultAt:
    """Raises at the n-th call of our own code while it is on; counts the calls."""

    def __init__(self, number: int | None) -> None:
        self.number = number
        self.calls = 0
        self.where = ""

    def __enter__(self) -> Self:
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _profile(self, frame, event: str, _arg) -> None:
        if event != "call" or not frame.f_code.co_filename.startswith(OURS):
            return
        if frame.f_code.co_filename.endswith("drivers/virtual.py"):
            return  # the hardware: its own faults have their own test
        self.calls += 1
        if self.calls == self.number:
            self.where = f"{frame.f_code.co_filename}:{frame.f_code.co_qualname}"
            raise Broken(self.where)


def _pin(rig) -> KeysPressed:
    device = next(iter(rig.parts.memory.index.devices))
    return KeysPressed(Source(device), "482915#", rig.time.mono)


def _card(rig) -> CardPresented:
    device = next(iter(rig.parts.memory.index.devices))
    number = bytes.fromhex("04a1b2c3d4e5f6")
    return CardPresented(Source(device), "uid", number, Assurance.READER_VERIFIED, rig.time.mono)


def _decide_with_fault(rig, make: Callable, number: int | None) -> FaultAt:
    """Hand a presentation to the loop; the first call is that itself."""
    item = make(rig)
    with FaultAt(number) as fault:
        rig.loop.handle(item)
    return fault


@pytest.mark.parametrize("make", [_pin, _card])
def test_a_fault_at_any_call_on_the_way_to_the_door_opens_nothing_unjournaled(make_rig, make):
    rig = make_rig().usual()
    total = _decide_with_fault(rig, make, None).calls
    assert total > 40
    opened = 0
    for number in range(2, total + 1):
        rig.time.go(6)
        rig.site.advance(rig.time.mono)
        rig.settle()
        acts, grants = len(rig.site.acts()), len(rig.events(EventKind.ACCESS_GRANTED))
        fault = _decide_with_fault(rig, make, number)
        moved = len(rig.site.acts()) - acts
        granted = len(rig.events(EventKind.ACCESS_GRANTED)) - grants
        assert moved <= granted, f"moved without a committed grant: {fault.where}"
        opened += moved
        if not moved:
            told = rig.kinds()[-3:]
            assert {"access_denied", "act_result", "security_alarm"} & set(told), fault.where
        rig.settle()
    assert opened < total / 2
    rig.time.go(6)
    rig.site.advance(rig.time.mono)
    rig.settle()
    before = len(rig.site.acts())
    rig.loop.handle(make(rig))
    assert len(rig.site.acts()) == before + 1


def test_what_nobody_expected_is_a_denial_with_its_reason_and_an_alarm(rig, monkeypatch):
    def broken(*_):
        raise Broken

    monkeypatch.setattr("edge.service.presentations.decide", broken)
    mark = len(rig.kinds())
    rig.press("482915#")
    assert rig.since(mark) == ["access_denied", "security_alarm"]
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.INTERNAL_ERROR
    assert rig.last(EventKind.SECURITY_ALARM).alarm is Alarm.INTERNAL_ERROR
    monkeypatch.undo()
    rig.press("482915#")
    assert rig.unlocked


@pytest.mark.parametrize("broken", ["act", "show", "configure"])
def test_a_driver_that_raises_stops_nothing(rig, broken, monkeypatch):
    def raising(*_):
        raise Broken

    monkeypatch.setattr(rig.site, broken, raising)
    rig.policy(rig.town.device())
    rig.press("482915#")
    rig.tap(assurance=Assurance.READER_VERIFIED)
    assert len(rig.events(EventKind.ACCESS_GRANTED)) == 2
    results = rig.bodies(EventKind.ACT_RESULT)
    if broken == "act":
        assert [(one.outcome.value, one.detail) for one in results] == [
            ("failed", "driver error"),
            ("failed", "driver error"),
        ]
    else:
        assert [one.outcome.value for one in results] == ["done", "done"]


def test_a_driver_that_never_answers_makes_the_act_fail(rig, monkeypatch):
    monkeypatch.setattr(rig.site, "act", lambda _act: None)
    rig.press("482915#")
    rig.go(7)
    assert rig.last(EventKind.ACT_RESULT).detail == "driver silent"


@pytest.mark.parametrize("part", ["presentations", "acts", "strikes", "uplinks"])
def test_a_tick_that_raises_is_alarmed_and_the_next_one_runs(rig, part, monkeypatch):
    def raising(*_):
        raise Broken

    name = "apply" if part == "strikes" else "tick"
    monkeypatch.setattr(type(getattr(rig.parts, part)), name, raising)
    rig.loop.tick()
    assert rig.last(EventKind.SECURITY_ALARM).cause == "time or hub"
    monkeypatch.undo()
    rig.press("482915#")
    assert rig.unlocked


def test_a_session_that_raises_keeps_no_door_shut(rig, monkeypatch):
    def raising(*_):
        raise Broken

    monkeypatch.setattr(rig.session, "appended", raising)
    rig.press("482915#")
    assert rig.unlocked


def test_a_device_event_nobody_can_handle_is_survived(rig):
    rig.loop.handle(object())
    rig.press("482915#")
    assert rig.unlocked
