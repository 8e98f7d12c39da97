"""Settings: what is wrong is told with file, key and remedy."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from edge.driver_choice import make_driver
from edge.journal.limits import Limits
from edge.settings import (
    OsdpPort,
    PcscPort,
    SerialLockPort,
    SettingsError,
    VirtualPort,
    load_settings,
)

GOOD = """
data_dir = "data"
rtc = true

[identity]
directory = "keys"

[mqtt]
host = "hub.example"
protocol = "3.1.1"

[ports.bus0]
driver = "osdp"
path = "/dev/ttyUSB0"
baud = 9600

[ports.desk]
driver = "pcsc"

[ports.store]
driver = "serial_lock"
path = "/dev/ttyAMA0"

[ports.sim]
driver = "virtual"

[fire_alarm]
device = "d"
inverted = true
"""

PINS = """
[ports.pins]
driver = "gpio"

[[ports.pins.boards]]
address = 1
outputs = [{ pin = 17, active = "low" }]
inputs = [{ pin = 22, label = "contact" }]
readers = [{ d0 = 5, d1 = 6 }]
"""


@pytest.fixture
def load(tmp_path: Path):
    def load(text: str):
        file = tmp_path / "edge.toml"
        file.write_text(text, encoding="utf-8")
        return load_settings(file)

    return load


def test_a_whole_file_is_read_and_relative_paths_count_from_it(load, tmp_path):
    settings = load(GOOD)
    assert settings.journal_path == tmp_path / "data" / "edge.sqlite3"
    assert settings.socket_path == tmp_path / "data" / "edge.sock"
    assert settings.identity_file("ca.pem") == tmp_path / "keys" / "ca.pem"
    assert settings.ports == {
        "bus0": OsdpPort(path="/dev/ttyUSB0", baud=9_600),
        "desk": PcscPort(),
        "store": SerialLockPort(path="/dev/ttyAMA0"),
        "sim": VirtualPort(),
    }
    assert settings.fire_alarm is not None
    assert settings.fire_alarm.inverted


@pytest.mark.parametrize(
    ("change", "key", "problem"),
    [
        (('data_dir = "data"', ""), "(top level)", "data_dir"),
        (("rtc = true", "rtc = 1"), "rtc", "bool"),
        (("rtc = true", "rct = true"), "(top level)", "rct"),
        (('"3.1.1"', '"4"'), "mqtt.protocol", "'4'"),
        (("baud = 9600", "baud = 9601"), "ports[...]", "baud"),
        (('driver = "pcsc"', 'driver = "wiegand"'), "ports[...].driver", "wiegand"),
        (('path = "/dev/ttyUSB0"', ""), "ports[...]", "path"),
        (("rtc = true", "journal_days = 13"), "journal_days", ">= 14"),
        (("rtc = true", "journal_mb = 63"), "(top level)", "at least 64 for journal_events = 1"),
    ],
)
def test_a_bad_value_names_file_key_and_remedy(load, tmp_path, change, key, problem):
    with pytest.raises(SettingsError) as caught:
        load(GOOD.replace(*change))
    assert caught.value.key == key
    assert problem in caught.value.problem
    assert caught.value.remedy
    assert str(caught.value).startswith(str(tmp_path / "edge.toml"))


def test_a_file_that_is_no_toml_says_where(load):
    with pytest.raises(SettingsError, match="line 1"):
        load("data_dir == 3")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"nothing\.toml"):
        load_settings(tmp_path / "nothing.toml")


def test_a_file_that_is_not_utf_8_is_named(tmp_path):
    file = tmp_path / "edge.toml"
    file.write_bytes(b"data_dir = '\xff'")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(file)


def test_the_file_shown_in_the_documentation_is_read(load):
    text = (Path(__file__).parents[2] / "docs" / "edge.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    settings = load(example)
    assert set(settings.ports) == {"bus0", "desk", "pins", "storehouse"}
    everything = example.replace("# socket", "socket").replace("# journal_events", "journal_events")
    everything = everything.replace("# cards_dir", "cards_dir").replace("# doors", "doors")
    everything = everything.replace("# journal_days", "journal_days")
    limits = load(everything.replace("# journal_mb", "journal_mb")).journal_limits
    assert limits == Limits(100_000, 10_000, timedelta(days=14), 320_000_000)
    assert limits.bytes_in_use == Limits().bytes_in_use


def test_pins_are_wired_board_by_board(load):
    port = load(GOOD + PINS).ports["pins"]
    (board,) = port.boards
    assert (port.chip, board.address, board.outputs[0].active) == (None, 1, "low")
    assert sorted(board.pins()) == [5, 6, 17, 22]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("pin = 22", "pin 22 is used twice"),
        ("pin = 1", ">= 2"),
        ('pin = 17, activ = "low"', "activ"),
    ],
)
def test_pins_that_cannot_be_are_told(load, wrong, problem):
    with pytest.raises(SettingsError) as refused:
        load(GOOD + PINS.replace('pin = 17, active = "low"', wrong))
    assert problem in str(refused.value)


def test_a_port_of_pins_has_its_driver_and_an_unknown_face_is_told(load):
    settings = load(GOOD + PINS)
    assert type(make_driver(settings.ports["pins"], settings, None)).__name__ == "GpioDriver"
    settings = load(GOOD + PINS.replace("d1 = 6", 'd1 = 6, face = "moon"'))
    with pytest.raises(SettingsError, match=r"moon.*is not known.*wiegand-34"):
        make_driver(settings.ports["pins"], settings, None)
