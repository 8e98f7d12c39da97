"""The real pin factory over a library that writes down what it is told, line by line."""

from __future__ import annotations

import subprocess
import sys
import threading
from types import ModuleType, SimpleNamespace

import pytest

from edge.drivers.gpio_chip import ChipError, open_chip
from edge.drivers.gpio_watch import PinWatch


class Lgpio(ModuleType):
    """As much of lgpio as gpiozero uses: every call is written down."""

    BOTH_EDGES, RISING_EDGE, FALLING_EDGE = 3, 1, 2
    SET_PULL_NONE, SET_PULL_UP, SET_PULL_DOWN = 128, 32, 64
    error = type("error", (Exception,), {})

    def __init__(self) -> None:
        super().__init__("lgpio")
        self.calls: list[tuple] = []
        self.mode: dict[int, int] = {}
        self.takers: list = []

    def gpiochip_open(self, chip):
        self.calls.append(("open", chip))
        return 7

    def gpiochip_close(self, handle):
        self.calls.append(("close", handle))

    def gpio_claim_input(self, handle, pin, flags=0):
        self.calls.append(("input", pin, flags))
        self.mode[pin] = flags

    def gpio_claim_output(self, handle, pin, level=0, flags=0):
        self.calls.append(("output", pin, level))
        self.mode[pin] = 2

    def gpio_claim_alert(self, handle, pin, edges, flags=0):
        self.calls.append(("alert", pin, edges, flags))

    def gpio_free(self, handle, pin):
        self.calls.append(("free", pin))

    def gpio_get_mode(self, handle, pin):
        return self.mode.get(pin, 0)

    def gpio_write(self, handle, pin, level):
        self.calls.append(("write", pin, level))

    def gpio_read(self, handle, pin):
        return 1

    def callback(self, handle, pin, edges, take):
        self.takers.append(take)
        return SimpleNamespace(cancel=lambda: self.takers.remove(take))


@pytest.fixture
def lgpio(monkeypatch):
    made = Lgpio()
    monkeypatch.setitem(sys.modules, "lgpio", made)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    from gpiozero.pins.local import LocalPiFactory

    monkeypatch.setattr(LocalPiFactory, "_get_revision", lambda _self: 0xD04170)  # a Pi 5
    monkeypatch.setattr(LocalPiFactory, "pins", {})
    yield made
    sys.modules.pop("gpiozero.pins.lgpio", None)


def test_an_output_is_claimed_in_one_step_at_its_level_and_as_nothing_else_before(lgpio):
    chip = open_chip(0)
    chip.pin(17).output_with_state(True)
    assert lgpio.calls == [("open", 0), ("output", 17, 1)]
    chip.pin(17).state = False
    chip.pin(17).state = True
    assert lgpio.calls[2:] == [("write", 17, False), ("write", 17, True)]


def test_gpiozeros_own_pin_would_have_pulsed_an_active_low_relay(lgpio):
    """Why `KeptPin` is there: an output at level 0 first, which is on."""
    from gpiozero.pins.lgpio import LGPIOFactory

    LGPIOFactory(chip=0).pin(17).output_with_state(True)
    assert ("output", 17, 0) in lgpio.calls


def test_closing_a_pin_or_the_chip_moves_no_line(lgpio):
    chip = open_chip(0)
    chip.pin(17).output_with_state(True)
    before = len(lgpio.calls)
    chip.pin(17).close()
    chip.close()
    assert lgpio.calls[before:] == [("close", 7)]


def test_an_input_has_its_pull_and_its_edges(lgpio):
    pin = open_chip(0).pin(22)
    pin.input_with_pull("up")
    keep = SimpleNamespace(changed=lambda *_: None)

    def take(_ticks, _state) -> None:
        keep.changed()

    pin.edges = "falling"
    pin.when_changed = take
    assert lgpio.calls[-1] == ("alert", 22, lgpio.FALLING_EDGE, lgpio.SET_PULL_UP)


def test_an_edge_for_a_watch_that_is_gone_claims_nothing_and_raises_nothing(lgpio):
    """It comes in the thread of all edges: what were raised would end them all."""
    chip = open_chip(0)
    pin = chip.pin(22)
    pin.input_with_pull("up")
    heard = []

    def take(ticks, state) -> None:
        heard.append((ticks, state))

    pin.when_changed = take
    (told,) = lgpio.takers
    told(0, 22, 1, 2_500_000_000)
    told(0, 22, 2, 2_600_000_000)  # lgpio's own watchdog, no edge
    assert heard == [(2.5, 1)]
    del take
    chip.close()
    before = len(lgpio.calls)
    told(0, 22, 0, 3_000_000_000)
    assert len(lgpio.calls) == before


def test_a_watch_that_ends_is_taken_out_of_the_librarys_list(lgpio):
    pin = open_chip(0).pin(22)
    pin.input_with_pull("up")
    watch = PinWatch(pin, lambda *_: None, threading.Condition())
    pin.when_changed = watch.changed
    assert len(lgpio.takers) == 1
    watch.end()
    assert lgpio.takers == []
    lgpio.gpio_claim_input = None  # a line that fails now
    pin.when_changed = watch.changed
    watch.end()
    assert lgpio.takers == []


def test_each_chip_has_pins_of_its_own(lgpio):
    assert open_chip(0).pin(17) is not open_chip(4).pin(17)


def test_without_the_library_the_remedy_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(ChipError) as missing:
        open_chip(0)
    assert missing.value.cause == "gpio_not_installed"
    assert "gpio" in missing.value.remedy


def test_a_folder_that_cannot_be_written_is_named(monkeypatch):
    from edge.drivers import gpio_chip

    def no_pipe(name):
        raise PermissionError(13, "Permission denied", ".lgd-nfy0")

    monkeypatch.setattr(gpio_chip, "import_module", no_pipe)
    with pytest.raises(ChipError) as refused:
        open_chip(0)
    assert refused.value.cause == "gpio_no_working_directory"


def test_a_chip_that_is_not_there_is_named(lgpio):
    def fails(_chip):
        raise lgpio.error("can not open gpiochip")

    lgpio.gpiochip_open = fails
    with pytest.raises(ChipError) as refused:
        open_chip(0)
    assert refused.value.cause == "gpio_not_opened"


def test_an_agent_without_pins_loads_neither_library():
    look = "import sys, edge.bootstrap, edge.drivers.gpio; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, check=True).stdout
    assert not {b"gpiozero", b"lgpio"} & set(loaded.split())
