"""An adapter that is pulled out is told, tried again, and found by whatever name it comes back."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from edge.core.model import DeviceOffline, DeviceOnline
from edge.drivers.osdp import OsdpDriver
from edge.drivers.serial_lock import SerialLockDriver
from edge.settings import SettingsError, settings_from
from firmware_bridge.keybox.codes import Kind
from firmware_bridge.keybox.simulator import SimulatedBox
from firmware_bridge.keybox.virtual_box import VirtualBox
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PortError, PtyPort, SerialPort, SerialSettings
from firmware_bridge.serial_names import resolve
from tests.firmware_bridge.test_serial_names import Sys
from wire.keybox_keys import MaintenanceSecret
from wire.policy_bodies import DeviceBody, DeviceDriver
from wire.samples import sample_id

DEVICE = sample_id(77)
SECRET = MaintenanceSecret(bytes(range(32)))
KEY = secrets.token_bytes(16)
USB = "usb:0403:6001:FT1"


class Heard:
    """What the driver tells; `expect` waits for it."""

    def __init__(self) -> None:
        self.items: list[object] = []
        self._news = threading.Condition()

    def __call__(self, item: object) -> None:
        with self._news:
            self.items.append(item)
            self._news.notify_all()

    def expect(self, kind: type, count: int) -> list[object]:
        def found() -> list[object]:
            return [one for one in self.items if isinstance(one, kind)]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, 15), self.items
            return found()


class Machine:
    """A machine into which one adapter with devices behind it is plugged, as ever another node."""

    def __init__(self, folder: Path, play: Callable[[PtyPort], ExitStack]) -> None:
        self.sys = Sys(folder)
        self.by_id = folder / "by-id-link"
        self._play = play
        self._plugged: ExitStack | None = None
        self._node = ""

    def plug(self, node: str) -> None:
        self._plugged, self._node = ExitStack(), node
        pty = self._plugged.enter_context(PtyPort())
        self._plugged.enter_context(self._play(pty))
        (self.sys.dev / node).symlink_to(pty.far_path)
        self.by_id.symlink_to(self.sys.dev / node)
        self.sys.plug(node, "0403", "6001", "FT1", interface=int(node[-1]))

    def pull(self) -> None:
        """The nodes vanish, and whoever has the line open reads its end."""
        if self._plugged is None:
            return
        self.by_id.unlink()
        (self.sys.dev / self._node).unlink()
        self.sys.pull(self._node)
        self._plugged.close()
        self._plugged = None


def _boards(pty: PtyPort) -> ExitStack:
    stack = ExitStack()
    stack.enter_context(SimulatedLine(pty, [SimulatedDoor(PeripheralConfig(1, KEY))]))
    return stack


def _lock(pty: PtyPort) -> ExitStack:
    stack = ExitStack()
    box = VirtualBox(DEVICE, Kind.SERIAL_LOCK, SECRET.secret)
    stack.enter_context(SimulatedBox(pty, box))
    return stack


CASES = {
    "osdp": (
        OsdpDriver,
        _boards,
        DeviceBody(driver=DeviceDriver.OSDP, port="p", address=1),
        KEY,
        115_200,
    ),
    "serial_lock": (
        SerialLockDriver,
        _lock,
        DeviceBody(driver=DeviceDriver.SERIAL_LOCK, port="p"),
        SECRET.link_key(DEVICE),
        115_200,
    ),
}


@pytest.fixture(params=CASES)
def case(request, tmp_path, monkeypatch) -> Iterator[tuple[Machine, Callable[[str], Heard]]]:
    make, play, body, secret, baud = CASES[request.param]
    machine = Machine(tmp_path, play)
    look_up = partial(resolve, sys_tty=machine.sys.tty, dev=machine.sys.dev)
    monkeypatch.setattr("firmware_bridge.serial_link.resolve", look_up)
    drivers = []

    def start(path: str) -> Heard:
        driver, heard = make(SerialSettings(path, baud)), Heard()
        driver.configure({DEVICE: body}, {DEVICE: secret})
        driver.start(heard)
        drivers.append(driver)
        return heard

    yield machine, start
    for driver in drivers:
        driver.stop()
    machine.pull()


@pytest.mark.parametrize("named", ["by_id", "usb"])
def test_a_line_that_is_pulled_and_plugged_elsewhere_serves_again(case, named):
    machine, start = case
    machine.plug("ttyUSB0")
    heard = start(USB if named == "usb" else str(machine.by_id))
    heard.expect(DeviceOnline, 1)
    machine.pull()
    heard.expect(DeviceOffline, 1)
    machine.plug("ttyUSB3")
    heard.expect(DeviceOnline, 2)
    kinds = [type(one) for one in heard.items if isinstance(one, DeviceOnline | DeviceOffline)]
    assert kinds[0] is DeviceOnline
    assert kinds[-1] is DeviceOnline
    assert DeviceOffline in kinds[1:-1]


def test_a_line_that_is_missing_at_the_start_is_told_once_and_served_once_it_is_there(case):
    machine, start = case
    heard = start(USB)
    heard.expect(DeviceOffline, 1)
    machine.plug("ttyUSB2")
    heard.expect(DeviceOnline, 1)
    assert sum(isinstance(one, DeviceOffline) for one in heard.items) == 1


def test_a_visit_opens_the_port_by_its_usb_name(tmp_path, monkeypatch):
    """As `kagimori-edge keybox sync --port usb:...` does: by `SerialPort`, at each visit."""
    machine = Machine(tmp_path, _lock)
    look_up = partial(resolve, sys_tty=machine.sys.tty, dev=machine.sys.dev)
    monkeypatch.setattr("firmware_bridge.serial_link.resolve", look_up)
    with pytest.raises(PortError, match="not plugged in"):
        SerialPort(SerialSettings(USB, 115_200))
    machine.plug("ttyUSB1")
    SerialPort(SerialSettings(USB, 115_200)).close()
    machine.pull()


def test_a_usb_name_that_cannot_be_read_is_an_error_of_the_settings(tmp_path):
    table = {
        "data_dir": "data",
        "mqtt": {"host": "h"},
        "identity": {"directory": "keys"},
        "ports": {"bus0": {"driver": "osdp", "path": "usb:403:6001"}},
    }
    with pytest.raises(SettingsError, match="usb:VID:PID"):
        settings_from(table, "edge.toml", tmp_path)
