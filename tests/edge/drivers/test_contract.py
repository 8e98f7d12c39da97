"""What every driver owes the loop, the virtual one included. A new driver adds its bench here."""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from edge.cards.profile_files import DEFAULT_PROFILES, choose_profiles, load_profiles
from edge.core.model import (
    Act,
    ActFinished,
    CardPresented,
    DeviceOffline,
    DeviceOnline,
    Feedback,
    InputChanged,
    KeysPressed,
    OutputMode,
    Source,
)
from edge.drivers.osdp import OsdpDriver
from edge.drivers.pcsc import PcscDriver
from edge.drivers.pcsc_api import PNP, ReaderState
from edge.drivers.pcsc_watch import PcscTimes
from edge.drivers.pcsc_worker import CardReading
from edge.drivers.virtual import VirtualDriver
from edge.ports import Driver
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort, SerialSettings
from wire.events import ActOutcome, Observed
from wire.policy_bodies import DeviceBody, DeviceDriver

DEVICES = ("device-a", "device-b")
PATIENCE_S = 5.0


@dataclass
class Bench:
    """A driver with two devices, and the hands of who stands before them."""

    driver: Driver
    bodies: dict[str, DeviceBody]
    secrets: dict[str, bytes]
    press: Callable[[str, str], None]
    tap: Callable[[str], None]
    set_input: Callable[[str, int, bool], None]
    output: Callable[[str, int], bool]
    unplug: Callable[[str], None]
    plug: Callable[[str], None]
    tells_inputs: bool = False
    """Whether each device tells its inputs' states once what it reports is fresh."""

    def __post_init__(self) -> None:
        self.heard: queue.Queue = queue.Queue()
        self.seen: list = []

    def begin(self) -> None:
        self.driver.configure(self.bodies, self.secrets)
        self.driver.start(self.heard.put)
        for device in DEVICES:
            self.wait(DeviceOnline, device)
        fresh = set(DEVICES) if self.tells_inputs else set()
        while fresh:
            fresh.discard(self.wait(InputChanged, initial=True).source.device)

    def lives(self, device: str) -> None:
        """A card that is shown there reaches the loop."""
        self.tap(device)
        self.wait(CardPresented, device, stale=False)

    def wait(self, kind: type, device: str | None = None, **values):
        """The next item of that kind; what else comes is kept in `seen`."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            item = self.heard.get(timeout=max(deadline - time.monotonic(), 0.001))
            self.seen.append(item)
            of = getattr(item, "device", None) or getattr(
                getattr(item, "source", None), "device", None
            )
            if (
                isinstance(item, kind)
                and device in (None, of)
                and all(getattr(item, name) == value for name, value in values.items())
            ):
                return item

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, "did not come to hold"
            time.sleep(0.01)

    def act(self, device: str, mode: OutputMode, pulse_ms: int = 0, life_s: float = 2) -> Act:
        deadline_ns = time.monotonic_ns() + round(life_s * 1e9)
        act = Act(secrets.token_hex(4), Source(device, 0), mode, deadline_ns, pulse_ms)
        self.driver.act(act)
        return act


def _virtual() -> Iterator[Bench]:
    driver = VirtualDriver()
    bodies = {
        device: DeviceBody(driver=DeviceDriver.VIRTUAL, port="p", address=number)
        for number, device in enumerate(DEVICES)
    }
    yield Bench(
        driver,
        bodies,
        {},
        press=driver.press,
        tap=lambda device: driver.tap(device, "uid", b"\x01\x02\x03\x04"),
        set_input=driver.set_input,
        output=lambda device, number: driver.outputs().get(Source(device, number), False),
        unplug=driver.unplug,
        plug=driver.plug,
    )
    driver.stop()


def _osdp() -> Iterator[Bench]:
    keys = {device: secrets.token_bytes(16) for device in DEVICES}
    addresses = {device: number for number, device in enumerate(DEVICES, start=1)}
    bodies = {
        device: DeviceBody(driver=DeviceDriver.OSDP, port="p", address=address)
        for device, address in addresses.items()
    }
    with ExitStack() as stack:
        pty = stack.enter_context(PtyPort())
        boards = [
            SimulatedDoor(PeripheralConfig(addresses[device], keys[device])) for device in DEVICES
        ]
        line = stack.enter_context(SimulatedLine(pty, boards))
        driver = OsdpDriver(SerialSettings(pty.far_path, 115_200))
        stack.callback(driver.stop)
        yield Bench(
            driver,
            bodies,
            keys,
            press=lambda device, pressed: line.press(addresses[device], pressed),
            tap=lambda device: line.present_card(addresses[device], 32, b"\x01\x02\x03\x04"),
            set_input=lambda device, number, on: line.set_input(addresses[device], number, on),
            output=lambda device, number: line.outputs(addresses[device])[number],
            unplug=lambda device: line.set_mute(addresses[device], True),
            plug=lambda device: line.set_mute(addresses[device], False),
            tells_inputs=True,
        )


def _pcsc(service) -> Iterator[Bench]:
    """Two readers of cards: no keys, no inputs, no outputs."""
    readers = {device: f"Reader {number:02} 00" for number, device in enumerate(DEVICES)}
    taps = dict.fromkeys(DEVICES, -1)
    service.uid, service.names = b"\x01\x02\x03\x04", list(readers.values())

    def tap(device: str) -> None:
        taps[device] += 2  # laid down and taken away
        service.card(taps[device], reader=readers[device])

    def plug(device: str, there: bool) -> None:
        others = [name for name in service.names if name != readers[device]]
        service.names = [*others, readers[device]] if there else others
        service.changes.put([ReaderState(PNP, 0, 0, b"")])

    reading = CardReading(choose_profiles(load_profiles(), DEFAULT_PROFILES))
    times = PcscTimes(retry_first_s=0.01, retry_most_s=0.02)
    driver = PcscDriver(reading, times, service.opener)
    yield Bench(
        driver,
        {
            device: DeviceBody(driver=DeviceDriver.PCSC, port="p", reader_name=name)
            for device, name in readers.items()
        },
        {},
        press=_has_none,
        tap=tap,
        set_input=_has_none,
        output=lambda _device, _number: False,
        unplug=lambda device: plug(device, there=False),
        plug=lambda device: plug(device, there=True),
    )
    driver.stop()


def _has_none(*_: object) -> None:
    raise AssertionError("a card reader has neither keys nor inputs")


BOARDS = {"virtual": _virtual, "osdp": _osdp}


@pytest.fixture(params=[*BOARDS, "pcsc"])
def bench(request, pcsc) -> Iterator[Bench]:
    """Every driver."""
    making = BOARDS[request.param]() if request.param in BOARDS else _pcsc(pcsc)
    bench = next(making)
    yield bench
    next(making, None)


@pytest.fixture(params=BOARDS)
def board(request) -> Iterator[Bench]:
    """The drivers of devices that have keys, inputs and outputs as well."""
    making = BOARDS[request.param]()
    bench = next(making)
    yield bench
    next(making, None)


def test_a_card_reaches_the_loop_with_its_source_and_time(bench):
    bench.begin()
    for device in DEVICES:
        bench.tap(device)
        card = bench.wait(CardPresented, device, stale=False)
        assert card.identity == b"\x01\x02\x03\x04"
        assert card.source == Source(device, 0)
        assert abs(time.monotonic_ns() - card.at_ns) < 2e9


def test_keys_and_inputs_reach_the_loop_with_their_source(board):
    board.begin()
    board.press("device-b", "42#")
    pressed = ""
    while len(pressed) < 3:
        item = board.wait(KeysPressed, "device-b", stale=False)
        pressed += item.keys
        assert abs(time.monotonic_ns() - item.at_ns) < 2e9
    assert pressed == "42#"
    board.set_input("device-a", 1, True)
    changed = board.wait(InputChanged, "device-a", active=True)
    assert (changed.source, changed.initial) == (Source("device-a", 1), False)


@pytest.mark.parametrize(
    ("mode", "on", "observed"),
    [
        (OutputMode.PULSE, True, Observed.OUTPUT_ON),
        (OutputMode.ON, True, Observed.OUTPUT_ON),
        (OutputMode.OFF, False, Observed.NOTHING),
    ],
)
def test_an_act_moves_its_output_and_finishes_exactly_once(board, mode, on, observed):
    board.begin()
    act = board.act("device-a", mode, pulse_ms=60_000)
    finished = board.wait(ActFinished)
    assert (finished.act, finished.outcome) == (act.act, ActOutcome.DONE)
    assert finished.observed is observed
    board.until(lambda: board.output("device-a", 0) == on)
    assert not board.output("device-b", 0)
    board.press("device-a", "1")
    board.wait(KeysPressed)
    assert [one for one in board.seen if isinstance(one, ActFinished)] == [finished]


def test_a_pulse_ends_by_itself(board):
    board.begin()
    board.act("device-a", OutputMode.PULSE, pulse_ms=200)
    board.until(lambda: board.output("device-a", 0))
    board.until(lambda: not board.output("device-a", 0))


def test_an_act_past_its_deadline_never_reaches_the_door(board):
    board.begin()
    act = board.act("device-a", OutputMode.ON, life_s=-0.001)
    finished = board.wait(ActFinished)
    assert (finished.act, finished.outcome) == (act.act, ActOutcome.EXPIRED)
    assert not board.output("device-a", 0)


def test_an_act_that_cannot_be_done_finishes_exactly_once(bench):
    """On a device that nobody knows, or one without outputs."""
    bench.begin()
    act = bench.act("device-z", OutputMode.ON)
    finished = bench.wait(ActFinished)
    assert finished.act == act.act
    assert finished.outcome in {ActOutcome.FAILED, ActOutcome.REFUSED}
    bench.lives("device-a")
    assert [one for one in bench.seen if isinstance(one, ActFinished)] == [finished]


def test_an_act_on_a_device_that_is_gone_has_a_result_and_is_not_done_when_it_returns(bench):
    bench.begin()
    bench.unplug("device-a")
    bench.wait(DeviceOffline, "device-a")
    bench.act("device-a", OutputMode.ON)
    assert bench.wait(ActFinished).outcome is not ActOutcome.DONE
    bench.plug("device-a")
    bench.wait(DeviceOnline, "device-a")
    bench.lives("device-b")
    assert not bench.output("device-a", 0)


def test_one_device_that_leaves_disturbs_no_other(bench):
    bench.begin()
    bench.unplug("device-a")
    bench.wait(DeviceOffline, "device-a")
    bench.lives("device-b")
    assert not [
        one for one in bench.seen if isinstance(one, DeviceOffline) and one.device == "device-b"
    ]


def test_a_change_of_the_policy_disturbs_no_device_that_stays(bench):
    bench.begin()
    only = {"device-b": bench.bodies["device-b"]}
    bench.driver.configure(only, {name: bench.secrets[name] for name in only if bench.secrets})
    bench.lives("device-b")
    bench.driver.configure(bench.bodies, bench.secrets)
    bench.wait(DeviceOnline, "device-a")
    changed = [one for one in bench.seen if isinstance(one, DeviceOnline | DeviceOffline)]
    assert [one.device for one in changed].count("device-b") == 1


def test_feedback_of_every_kind_delays_and_breaks_nothing(bench):
    bench.begin()
    for feedback in Feedback:
        bench.driver.show(Source("device-a", 0), feedback)
    bench.driver.show(Source("device-z", 9), Feedback.GRANTED)
    act = bench.act("device-a", OutputMode.ON)
    assert bench.wait(ActFinished).act == act.act
    bench.lives("device-a")


def test_it_may_be_configured_after_its_start(bench):
    bench.driver.start(bench.heard.put)
    bench.driver.configure(bench.bodies, bench.secrets)
    for device in DEVICES:
        bench.wait(DeviceOnline, device)


def test_stopping_ends_its_threads_within_two_seconds(bench):
    before = set(threading.enumerate())
    bench.begin()
    bench.lives("device-a")
    begun = time.monotonic()
    bench.driver.stop()
    assert time.monotonic() - begun < 2
    assert not [one for one in threading.enumerate() if one not in before]


def test_stopping_moves_no_output(board):
    board.begin()
    board.act("device-a", OutputMode.ON)
    board.wait(ActFinished)
    board.until(lambda: board.output("device-a", 0))
    board.driver.stop()
    assert board.output("device-a", 0)
