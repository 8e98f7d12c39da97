"""The Pi's own pins: nothing twitches, pulses end, bounces and lost edges tell nothing false."""

from __future__ import annotations

import queue
import threading
import time

import pytest

from edge.cards.profile_files import load_faces
from edge.core.model import (
    Act,
    ActFinished,
    CardFailed,
    CardPresented,
    DeviceFault,
    DeviceOffline,
    DeviceOnline,
    Feedback,
    InputChanged,
    KeysPressed,
    OutputChanged,
    OutputMode,
    Source,
    TamperChanged,
)
from edge.drivers.gpio import GpioDriver, GpioTimes
from edge.drivers.gpio_chip import ChipError
from edge.running_clock import running_ns
from edge.settings_gpio import GpioBoard, GpioPort, InputPin, OutputPin, WiegandReader
from firmware_bridge.wiegand import encode, encode_key
from tests.edge.drivers.mock_pins import HandChip, bits_of
from wire.events import ActOutcome
from wire.policy_bodies import Assurance, DeviceBody, DeviceDriver

RELAY, SPARE, CONTACT, REX, TAMPER, D0, D1, LED, BUZZER = 17, 18, 22, 23, 24, 5, 6, 12, 13
BOARD = GpioBoard(
    address=3,
    outputs=(OutputPin(pin=RELAY, active="low"), OutputPin(pin=SPARE)),
    inputs=(InputPin(pin=CONTACT), InputPin(pin=REX, active="high", pull="down")),
    tamper=InputPin(pin=TAMPER, active="high"),
    readers=(
        WiegandReader(
            d0=D0,
            d1=D1,
            led=OutputPin(pin=LED, active="low"),
            buzzer=OutputPin(pin=BUZZER, active="low"),
        ),
    ),
)
BODY = DeviceBody(driver=DeviceDriver.GPIO, port="pins", address=3)
TIMES = GpioTimes(look_ms=20, retry_first_s=0.02, retry_most_s=0.04)


class Site:
    """A driver, its chip, and what it told."""

    def __init__(self, board: GpioBoard = BOARD, faces=None) -> None:
        self.chip = HandChip()
        self.refusals: list[ChipError] = []
        self.opened = 0
        self.heard: queue.Queue = queue.Queue()
        self.seen: list = []
        self.driver = GpioDriver(
            GpioPort(boards=(board,)), faces or {}, open_chip=self.open, times=TIMES
        )

    def open(self, _number):
        self.opened += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return self.chip

    def begin(self) -> Site:
        self.driver.configure({"door": BODY}, {})
        self.driver.start(self.heard.put)
        self.wait(DeviceOnline)
        return self

    def wait(self, kind, **values):
        deadline = time.monotonic() + 5
        while True:
            item = self.heard.get(timeout=max(deadline - time.monotonic(), 0.001))
            self.seen.append(item)
            if isinstance(item, kind) and all(getattr(item, k) == v for k, v in values.items()):
                return item

    def drain(self) -> list:
        """Everything that was told up to now: a look at all pins has passed since."""
        for _ in range(2):
            with self.driver._changed:
                before = self.driver._look_ns
            self.until(lambda before=before: self.driver._look_ns > before)
        while not self.heard.empty():
            self.seen.append(self.heard.get())
        return self.seen

    def until(self, holds) -> None:
        deadline = time.monotonic() + 5
        while not holds():
            assert time.monotonic() < deadline, "did not come to hold"
            time.sleep(0.002)

    def act(self, mode: OutputMode, pulse_ms: int = 0, channel: int = 0, life_s=2) -> str:
        deadline_ns = running_ns() + round(life_s * 1e9)
        act = Act(f"{mode}-{time.monotonic_ns()}", Source("door", channel), mode, deadline_ns)
        self.driver.act(Act(act.act, act.target, mode, deadline_ns, pulse_ms))
        return act.act

    def pin(self, number: int):
        return self.chip.pin(number)

    @property
    def released(self) -> bool:
        return self.pin(RELAY)._state is False and self.pin(RELAY)._function == "output"

    def send(self, *bursts: list[int]) -> None:
        with self.driver._changed:
            self.chip.send_bits((D0, D1), bursts)


@pytest.fixture
def make():
    made = []

    def make(*args, **named) -> Site:
        made.append(Site(*args, **named))
        return made[-1]

    yield make
    for site in made:
        site.driver.stop()


@pytest.fixture
def site(make) -> Site:
    return make().begin()


# --- nothing moves by itself ---------------------------------------------------------------------


def test_an_output_is_claimed_idle_and_never_at_the_other_level(site):
    site.drain()
    assert site.pin(RELAY).driven == [True]  # active low
    assert site.pin(SPARE).driven == [False]


def test_a_relay_that_is_held_stays_on_when_the_driver_stops(site):
    site.act(OutputMode.ON)
    site.driver.stop()
    assert site.released
    assert site.pin(RELAY).driven == [True, False]
    assert not site.chip.closed


def test_a_pulse_under_way_ends_with_the_driver_since_nobody_else_would_end_it(site):
    site.act(OutputMode.PULSE, 60_000)
    assert site.released
    site.driver.stop()
    assert not site.released


def test_an_act_before_the_pins_are_ours_is_what_they_are_claimed_as(make):
    """A door that a fire alarm holds open is not shut for a moment by a restart of the agent."""
    site = make()
    site.driver.configure({"door": BODY}, {})
    held = site.act(OutputMode.ON)
    late = site.act(OutputMode.ON, channel=1, life_s=-1)
    site.driver.start(site.heard.put)
    assert site.wait(ActFinished, act=held).outcome is ActOutcome.DONE
    assert site.wait(ActFinished, act=late).outcome is ActOutcome.EXPIRED
    assert site.pin(RELAY).driven == [False]
    assert site.pin(SPARE).driven == [False]


def test_a_board_that_the_policy_drops_lets_its_outputs_go(site):
    site.act(OutputMode.ON)
    site.driver.configure({}, {})
    assert not site.released


# --- pulses --------------------------------------------------------------------------------------


def test_a_pulse_ends_while_the_loop_is_busy(make):
    """Nobody takes what the driver tells, and the pulse ends all the same."""
    site = make().begin()
    begun = time.monotonic()
    site.act(OutputMode.PULSE, 120)
    assert site.released
    site.until(lambda: not site.released)
    assert 0.115 < time.monotonic() - begun < 2


def test_of_overlapping_pulses_the_later_end_counts(site):
    for pulse_ms in (60_000, 30, 50):
        site.act(OutputMode.PULSE, pulse_ms)
    site.drain()
    site.drain()
    assert site.released
    site.act(OutputMode.OFF)
    assert not site.released


def test_a_pulse_ends_no_hold(site):
    site.act(OutputMode.ON)
    site.act(OutputMode.PULSE, 5)
    site.drain()
    assert site.released


def test_each_move_is_told_once(site):
    site.act(OutputMode.PULSE, 30)
    site.wait(OutputChanged, active=False)
    moves = [one.active for one in site.drain() if isinstance(one, OutputChanged)]
    assert moves == [True, False]


def test_an_output_that_does_not_follow_is_a_failed_act(site, monkeypatch):
    monkeypatch.setattr(type(site.pin(RELAY)), "_change_state", lambda self, value: False)
    act = site.act(OutputMode.ON)
    finished = site.wait(ActFinished, act=act)
    assert (finished.outcome, finished.detail) == (ActOutcome.FAILED, "output does not follow")
    assert site.wait(DeviceFault).cause == "output_does_not_follow"


def test_a_line_that_something_else_moved_is_put_right(site):
    site.pin(RELAY)._state = False  # released, and not by us
    site.until(lambda: not site.released)
    assert site.wait(DeviceFault).cause == "output_does_not_follow"


def test_an_act_on_an_output_that_is_not_wired_fails(site):
    act = site.act(OutputMode.ON, channel=9)
    assert site.wait(ActFinished, act=act).detail == "no such output"


# --- inputs --------------------------------------------------------------------------------------


def test_what_is_read_at_the_start_is_a_state_and_no_happening(make):
    site = make()
    site.pin(CONTACT).wire = False
    site.pin(TAMPER).wire = True
    site.begin()
    site.wait(TamperChanged, active=True)
    told = [(one.source.channel, one.active) for one in site.seen if isinstance(one, InputChanged)]
    assert told == [(0, True), (1, False)]
    assert all(one.initial for one in site.seen if isinstance(one, InputChanged))


def test_a_bounce_shorter_than_its_time_tells_nothing(site):
    now = time.monotonic()
    with site.driver._changed:
        for level in (False, True, False, True):
            site.pin(CONTACT).put(level, now)
    site.drain()
    assert not [one for one in site.seen if isinstance(one, InputChanged) and not one.initial]


def test_a_change_that_stands_is_told_once_with_the_time_it_began(site):
    began = time.monotonic()
    with site.driver._changed:
        for level in (False, True, False):
            site.pin(CONTACT).put(level, began)
    changed = site.wait(InputChanged, initial=False)
    assert (changed.source, changed.active) == (Source("door", 0), True)
    assert abs(changed.at_ns - running_ns.offset_ns() - round(began * 1e9)) < 5_000_000
    assert len([o for o in site.drain() if isinstance(o, InputChanged) and not o.initial]) == 1


def test_an_edge_that_was_lost_is_found_by_looking(site):
    site.pin(REX)._state = True
    assert site.wait(InputChanged, initial=False).source == Source("door", 1)


def test_tamper_comes_and_goes(site):
    site.pin(TAMPER).put(False)
    site.drain()
    site.pin(TAMPER).put(True)
    assert site.wait(TamperChanged, active=True).device == "door"
    site.pin(TAMPER).put(False)
    site.wait(TamperChanged, active=False)


def test_a_kernel_that_stamps_by_the_wall_clock_confuses_nobody(site):
    site.pin(CONTACT).put(False, time.time())
    changed = site.wait(InputChanged, initial=False)
    assert abs(running_ns() - changed.at_ns) < 2e9


# --- Wiegand -------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [26, 34, 37])
def test_a_card_is_its_frame_and_worth_an_identifier(site, bits):
    value = encode(bits, 77, 4_711)
    site.send(bits_of(value, bits))
    card = site.wait(CardPresented)
    assert (card.namespace, card.assurance) == (f"wiegand{bits}", Assurance.IDENTIFIER)
    assert int.from_bytes(card.identity, "big") >> (len(card.identity) * 8 - bits) == value


def test_a_frame_with_a_wrong_parity_is_dropped_and_counted_and_the_next_one_read(site):
    value = encode(26, 7, 9)
    site.send(bits_of(value ^ 4, 26), bits_of(value, 26)[1:], [1], bits_of(value, 26))
    site.wait(CardPresented)
    faults = [one for one in site.seen if isinstance(one, DeviceFault)]
    assert [one.cause for one in faults] == ["wiegand_parity", "wiegand_length", "wiegand_lone_bit"]
    assert all(one.noise for one in faults)
    assert len([one for one in site.seen if isinstance(one, CardPresented)]) == 1


@pytest.mark.parametrize("bits", [4, 8])
def test_keys_come_one_burst_each(site, bits):
    site.send(*(bits_of(encode_key(key, bits), bits) for key in "10*#"))
    assert "".join(site.wait(KeysPressed).keys for _ in range(4)) == "10*#"


def test_with_a_face_a_card_is_the_one_that_every_other_reader_reads(make):
    reader = WiegandReader(d0=D0, d1=D1, face="wiegand-34")
    site = make(GpioBoard(address=3, readers=(reader,)), load_faces()).begin()
    site.send(bits_of(encode(34, 0x01A2, 0xB3C4), 34))
    card = site.wait(CardPresented)
    assert (card.identity.hex(), card.assurance) == ("01a2b3c4", Assurance.IDENTIFIER)
    site.send(bits_of(encode(37, 1, 1), 37))
    assert site.wait(CardFailed).cause == "wrong_length"


def test_a_data_line_that_hangs_low_is_a_fault(site):
    site.pin(D1)._state = False
    assert site.wait(DeviceFault).cause == "wiegand_line_low"


# --- feedback ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feedback", "light", "tone"), [(Feedback.DENIED, 3, 3), (Feedback.KEY, 1, 1)]
)
def test_light_and_tone_play_their_rhythm_and_end_off(site, feedback, light, tone):
    site.driver.show(Source("door", 0), feedback)
    site.until(lambda: site.pin(LED).driven.count(False) == light and site.pin(LED)._state)
    site.until(lambda: site.pin(BUZZER).driven.count(False) == tone and site.pin(BUZZER)._state)


def test_each_feedback_that_is_told_differs_by_rhythm():
    from edge.drivers.gpio_feedback import LIGHT, TONE

    told = [(LIGHT[one], TONE[one]) for one in Feedback if one is not Feedback.IDLE]
    assert len(set(told)) == len(told)


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_chip_that_cannot_be_opened_is_named_and_tried_again(make):
    site = make()
    site.refusals = [ChipError("gpio_not_opened", "", "")] * 3
    site.driver.configure({"door": BODY}, {})
    waiting = site.act(OutputMode.ON)
    site.driver.start(site.heard.put)
    assert site.wait(DeviceOffline).cause == "gpio_not_opened"
    assert site.wait(ActFinished).act == waiting
    site.wait(DeviceOnline)
    assert [one for one in site.seen if isinstance(one, DeviceOffline)] == site.seen[:1]
    assert site.opened == 4
    assert site.pin(RELAY).driven == [True]


def test_pins_that_fail_are_named_and_claimed_anew_as_they_were_told_to_be(site):
    site.act(OutputMode.ON)
    site.pin(CONTACT).broken = True
    assert site.wait(DeviceOffline).cause == "gpio_failed"
    assert site.released
    gone = site.act(OutputMode.OFF)
    assert site.wait(ActFinished, act=gone).outcome is ActOutcome.FAILED
    site.pin(CONTACT).broken = False
    site.wait(DeviceOnline)
    assert site.pin(RELAY).driven == [True, False, False]


def test_a_chip_none_of_whose_pins_can_be_had_is_opened_anew(site):
    site.pin(CONTACT).broken = True
    site.wait(DeviceOffline, cause="gpio_failed")
    site.wait(DeviceOffline, cause="gpio_not_claimed")
    site.pin(CONTACT).broken = False
    site.wait(DeviceOnline)
    assert site.chip.closed
    assert site.opened >= 2


def test_edges_count_after_the_pins_were_claimed_anew(site):
    site.pin(REX).broken = True
    site.wait(DeviceOffline)
    site.pin(REX).broken = False
    site.wait(DeviceOnline)
    site.send(bits_of(encode(26, 1, 2), 26))
    site.wait(CardPresented)


def test_a_write_that_fails_is_a_failed_act_and_a_board_that_is_gone(site):
    site.pin(RELAY).broken = True
    act = site.act(OutputMode.PULSE, 1_000)
    assert site.wait(ActFinished, act=act).outcome is ActOutcome.FAILED
    assert site.wait(DeviceOffline).cause == "gpio_failed"


def test_a_device_without_wiring_says_so(make):
    site = make()
    site.driver.configure(
        {"a": BODY, "b": BODY, "c": DeviceBody(driver=DeviceDriver.GPIO, port="p", address=9)}, {}
    )
    site.driver.start(site.heard.put)
    site.wait(DeviceOnline, device="a")
    causes = {one.device: one.cause for one in site.seen if isinstance(one, DeviceOffline)}
    assert causes == {"b": "address_taken", "c": "not_wired"}


def test_an_exception_in_an_edge_does_not_end_the_thread_of_all_edges(site, monkeypatch):
    from edge.drivers import gpio_watch

    monkeypatch.setattr(gpio_watch, "_at_ns", lambda *_: 1 / 0)
    site.pin(CONTACT).put(False)  # would raise here, in the library's thread
    assert site.wait(InputChanged, initial=False).active


def test_stopping_before_starting_does_nothing(make):
    make().driver.stop()
    assert not [one for one in threading.enumerate() if one.name == "gpio"]
