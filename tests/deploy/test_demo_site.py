"""A simulated door on a real OSDP line: the bolt follows the strike, the leaf follows the bolt."""

from __future__ import annotations

import queue
import secrets
import time

import pytest

from deploy.demo.site import BAUD, BOLT, CONTACT, REX, STRIKE, BoardPlan, Site
from firmware_bridge.osdp import (
    Bus,
    CardRead,
    InputReport,
    KeysPressed,
    Online,
    PDConfig,
    SerialBus,
    SetOutput,
)
from firmware_bridge.osdp.codes import OutputControl
from firmware_bridge.serial_link import SerialSettings


class Panel:
    """A control panel at the site's port, and what it heard."""

    def __init__(self, port: str, key: bytes) -> None:
        bus = Bus([PDConfig(1, key)], baud=BAUD, nonce=lambda: secrets.token_bytes(8))
        self.heard: queue.Queue = queue.Queue()
        self.bus = SerialBus(SerialSettings(port, BAUD), bus, self.heard.put)
        self.bus.start()

    def next_of(self, kind: type, deadline_s: float = 5.0):
        end = time.monotonic() + deadline_s
        while True:
            found = self.heard.get(timeout=max(0.01, end - time.monotonic()))
            if isinstance(found, kind):
                return found

    def inputs_become(self, number: int, active: bool) -> None:
        while self.next_of(InputReport).states[number] is not active:
            continue


@pytest.fixture
def site():
    key = secrets.token_bytes(16)
    made = Site("gym", [BoardPlan("door", 1, key, bolt_switch=True)], lambda: None)
    panel = Panel(made.port, key)
    panel.next_of(Online)
    panel.inputs_become(CONTACT, False)
    yield made.doors["door"], panel
    panel.bus.stop()
    made.close()


def wait_for(condition, deadline_s: float = 5.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_leaf_opens_only_while_the_bolt_is_in(site):
    door, panel = site
    assert not door.pull()
    pulse = SetOutput(STRIKE, OutputControl.ON_TIMED, time_100ms=5)
    panel.bus.submit(1, pulse, life_s=2.0).result(5)
    panel.inputs_become(BOLT, True)
    assert door.view().bolt_retracted
    assert door.pull()
    panel.inputs_become(CONTACT, True)
    wait_for(lambda: not door.view().bolt_retracted)
    assert door.view().leaf_open
    assert door.released == 1
    door.shut()
    panel.inputs_become(CONTACT, False)
    assert not door.pull()


def test_keys_cards_and_the_exit_button_reach_the_panel(site):
    door, panel = site
    door.press("12#")
    assert panel.next_of(KeysPressed).keys == "12#"
    door.hold_card(64, b"\x01\x14abcdef")
    assert panel.next_of(CardRead).data == b"\x01\x14abcdef"
    door.press_exit()
    panel.inputs_become(REX, True)
    panel.inputs_become(REX, False)


def test_a_forced_leaf_is_open_with_the_bolt_out(site):
    door, panel = site
    door.force()
    panel.inputs_become(CONTACT, True)
    assert not door.view().bolt_retracted
    assert door.view().secure
