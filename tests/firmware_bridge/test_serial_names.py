"""A port named by its USB identity is found under whatever node it has now, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.serial_names import SerialNameError, UsbName, adapters, resolve


class Sys:
    """A /sys and a /dev in which adapters are plugged and pulled."""

    def __init__(self, folder: Path) -> None:
        self.tty, self.dev = folder / "class" / "tty", folder / "dev"
        self._devices = folder / "devices"
        for one in (self.tty, self.dev):
            one.mkdir(parents=True)

    def plug(self, node: str, vendor: str, product: str, serial: str, interface: int = 0) -> None:
        usb = self._devices / f"1-{vendor}-{product}-{serial}"
        place = usb / f"1-1:1.{interface}" / node
        place.mkdir(parents=True)
        (place.parent / "bInterfaceNumber").write_text(f"{interface:02x}\n")
        for name, text in (("idVendor", vendor), ("idProduct", product), ("serial", serial)):
            (usb / name).write_text(text + "\n")
        (self.tty / node).mkdir()
        (self.tty / node / "device").symlink_to(place)

    def pull(self, node: str) -> None:
        (self.tty / node / "device").unlink()
        (self.tty / node).rmdir()

    def resolve(self, name: str) -> str:
        return resolve(name, self.tty, self.dev)


@pytest.fixture
def sys(tmp_path) -> Sys:
    made = Sys(tmp_path)
    made.plug("ttyUSB0", "0403", "6001", "FT1")
    made.plug("ttyUSB1", "0403", "6001", "FT2")
    made.plug("ttyACM0", "2e8a", "000a", "E66")
    (made.tty / "ttyS0").mkdir()  # a port that is not on USB
    return made


def test_an_adapter_is_found_again_under_another_number(sys):
    assert sys.resolve("usb:0403:6001:FT1") == str(sys.dev / "ttyUSB0")
    sys.pull("ttyUSB0")
    with pytest.raises(SerialNameError, match="not plugged in"):
        sys.resolve("usb:0403:6001:FT1")
    sys.plug("ttyUSB7", "0403", "6001", "FT1-again"[:3], interface=1)
    assert sys.resolve("usb:0403:6001:FT1") == str(sys.dev / "ttyUSB7")


def test_a_name_that_fits_two_fits_none_and_says_which(sys):
    with pytest.raises(SerialNameError, match=r"ttyUSB0 = usb:0403:6001:FT1:0.*FT2"):
        sys.resolve("usb:0403:6001")
    assert sys.resolve("usb:2E8A:000A") == str(sys.dev / "ttyACM0")


def test_what_is_there_is_named_where_the_wanted_one_is_not(sys):
    with pytest.raises(SerialNameError, match="usb:2e8a:000a:E66:0"):
        sys.resolve("usb:1a86:7523")


def test_the_ports_of_one_adapter_are_told_apart_by_interface(sys):
    sys.plug("ttyUSB4", "0403", "6011", "QUAD", interface=0)
    sys.plug("ttyUSB5", "0403", "6011", "QUADB", interface=3)
    assert sys.resolve("usb:0403:6011:QUADB:3") == str(sys.dev / "ttyUSB5")
    with pytest.raises(SerialNameError):
        sys.resolve("usb:0403:6011:QUADB:2")


def test_paths_stay_as_they_are(sys):
    for path in ("/dev/ttyAMA0", "/dev/serial/by-id/usb-FTDI-if00"):
        assert sys.resolve(path) == path


@pytest.mark.parametrize(
    "name", ["usb:", "usb:403:6001", "usb:0403", "usb:0403:6001:", "usb:0403:6001:a b", "usb:x:y"]
)
def test_a_name_that_cannot_be_read_says_how_to_write_it(name):
    with pytest.raises(SerialNameError, match="usb:VID:PID"):
        UsbName.of(name)


@given(st.text(max_size=40))
def test_no_name_breaks_the_reader(text):
    try:
        UsbName.of("usb:" + text)
    except SerialNameError:
        return


def test_ports_without_usb_are_no_adapters(sys):
    assert [Path(one.node).name for one in adapters(sys.tty, sys.dev)] == [
        "ttyACM0",
        "ttyUSB0",
        "ttyUSB1",
    ]
