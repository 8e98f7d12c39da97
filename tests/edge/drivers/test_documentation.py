"""What docs/drivers.md shows works: its driver passes the contract (`test_contract.py`) and has its
one result for an act on a line that breaks; its settings are settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from edge.core.model import Act, ActFinished, OutputMode, Source
from edge.settings import settings_from
from edge.settings_gpio import GpioPort
from firmware_bridge.serial_link import PortError, SerialSettings
from tests.edge.drivers.benches.documented import PAGE, load
from wire.policy_bodies import DeviceBody, DeviceDriver

BASE = {"data_dir": "d", "mqtt": {"host": "h"}, "identity": {"directory": "i"}}
TOML = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("block", TOML, ids=lambda block: block.split("\n", 1)[0])
def test_its_settings_are_settings(block):
    settings_from({**BASE, **tomllib.loads(block)}, "drivers.md", Path("/"))


def test_the_board_of_the_page_has_the_pins_that_the_fire_panel_is_shown_on():
    pins = settings_from({**BASE, **tomllib.loads(TOML[0])}, "drivers.md", Path("/")).ports["pins"]
    assert isinstance(pins, GpioPort)
    fire = settings_from({**BASE, **tomllib.loads(TOML[1])}, "drivers.md", Path("/")).fire_alarm
    labels = [one.label for one in pins.boards[0].inputs]
    assert labels[fire.channel] == "fire"
    assert labels[fire.supervised.rest_channel] == "fire rest side"


def test_its_driver_has_one_result_for_an_act_on_a_line_that_breaks():
    class Broken:
        def write(self, data: bytes) -> None:
            raise PortError("gone")

    heard = []
    driver = load().RelayDriver(SerialSettings("nowhere", 9_600))
    driver._emit, driver._port = heard.append, Broken()
    driver.configure({"d": DeviceBody(driver=DeviceDriver.VIRTUAL, port="p", address=3)}, {})
    driver._boards[3].online = True
    driver.act(Act("a", Source("d", 0), OutputMode.ON, 1 << 62))
    driver._finish(driver._boards[3], heard[0].outcome)
    assert [type(one) for one in heard] == [ActFinished]
