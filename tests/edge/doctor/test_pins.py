"""The doctor on pins: what is missing has a remedy, the wiring is read back to the electrician."""

from __future__ import annotations

import pytest

from edge.doctor import port_checks as doctor
from edge.settings_gpio import GpioBoard, GpioPort, InputPin, OutputPin

PORT = GpioPort(
    boards=(
        GpioBoard(
            address=4,
            outputs=(OutputPin(pin=17, label="strike"),),
            inputs=(InputPin(pin=22, label="contact"), InputPin(pin=23)),
        ),
    )
)


def _findings(monkeypatch, folder, port=PORT):
    monkeypatch.setattr(doctor, "DEV", folder)
    return {one.check: one for one in doctor.pins("pins", port)}


def test_a_machine_without_pins_is_told_and_has_a_remedy(monkeypatch, tmp_path):
    found = _findings(monkeypatch, tmp_path)["port pins"]
    assert not found.ok
    assert "Raspberry Pi" in found.remedy


def test_a_chip_that_may_be_used_is_well(monkeypatch, tmp_path):
    (tmp_path / "gpiochip0").touch()
    assert _findings(monkeypatch, tmp_path)["port pins"].ok
    other = GpioPort(boards=PORT.boards, chip=4)
    assert "ports.pins.chip" in _findings(monkeypatch, tmp_path, other)["port pins"].remedy


def test_missing_libraries_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "lgpio" else name)
    found = _findings(monkeypatch, tmp_path)["port pins libraries"]
    assert (found.ok, found.detail) == (False, "missing: lgpio")
    assert "gpio" in found.remedy


def test_the_wiring_is_told_channel_by_channel(monkeypatch, tmp_path):
    assert _findings(monkeypatch, tmp_path)["port pins board 4"].detail == (
        "output 0 = GPIO17 (strike), input 0 = GPIO22 (contact), input 1 = GPIO23"
    )


@pytest.mark.parametrize(
    ("pin", "active", "config", "on"),
    [
        (17, "high", "", False),
        (17, "low", "", True),
        (7, "low", "", False),
        (7, "high", "", True),
        (17, "low", "gpio=17=op,dh", False),
        (17, "low", "dtparam=i2c\ngpio=4,16-18=op,dh\n", False),
        (17, "low", "gpio=4,18-20=op,dh", True),
        (17, "low", "#gpio=17=op,dh", True),
        (17, "low", "gpio=17=ip,pu", True),
        (17, "high", "gpio=17=op,dh", True),
        (7, "high", "gpio=7=op,dl", False),
        (17, "low", "gpio=-=op,dh", True),
        (17, "low", "gpio=,-17,=op,dh", True),
    ],
)
def test_an_output_that_is_on_while_nothing_runs_is_found(
    monkeypatch, tmp_path, pin, active, config, on
):
    (tmp_path / "config.txt").write_text(config, encoding="utf-8")
    monkeypatch.setattr(doctor, "BOOT_CONFIG", tmp_path / "config.txt")
    port = GpioPort(boards=(GpioBoard(outputs=(OutputPin(pin=pin, active=active),)),))
    found = _findings(monkeypatch, tmp_path, port).get("port pins board 0 output 0")
    assert (found is not None) == on
    assert found is None or f"gpio={pin}=op," in found.remedy
