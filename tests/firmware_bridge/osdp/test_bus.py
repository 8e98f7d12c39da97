"""The scheduler on a wire whose clock is moved by hand: turns, silence, back-off, busy boards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from firmware_bridge.osdp import (
    BytesDropped,
    CommunicationChanged,
    ComSet,
    ConfigError,
    InputReport,
    KeysPressed,
    LocalStatus,
    Offline,
    OfflineReason,
    Online,
    OutputReport,
    PDConfig,
    ReaderStatus,
    SetOutput,
    Timing,
)
from firmware_bridge.osdp.codes import Malformed
from firmware_bridge.osdp.config import MS, SECOND
from firmware_bridge.osdp.framing import Check, Decoder, Frame, encode_frame
from firmware_bridge.osdp.states import LinkState

MakeWire = Callable[..., Any]


def frames(wire: Any) -> list[Frame]:
    return Decoder().feed(b"".join(wire.sent))


def calls(wire: Any) -> Counter[int]:
    """How often each board was called since the last look."""
    count = Counter(frame.address for frame in frames(wire))
    wire.sent.clear()
    return count


def test_a_connect_asks_in_this_order_and_reports_in_this_order(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    asked = [(frame.sequence, frame.payload[0], frame.block) for frame in frames(wire)[:10]]
    assert asked == [
        (0, 0x61, None),  # ID in clear: is somebody there?
        (1, 0x76, 0x11),  # CHLNG
        (2, 0x77, 0x13),  # SCRYPT
        (3, 0x61, 0x17),  # ID, encrypted
        (1, 0x62, 0x17),  # CAP, encrypted
        (2, 0x60, 0x15),  # POLL until nothing old is left
        (3, 0x64, 0x15),  # LSTAT
        (1, 0x65, 0x15),  # ISTAT
        (2, 0x66, 0x15),  # OSTAT
        (3, 0x67, 0x15),  # RSTAT
    ]
    device = wire.devices[1]
    assert wire.events == [
        Online(1, device.identity, device.capabilities),
        LocalStatus(1, tamper=False, power_failure=False, stale=False),
        InputReport(1, (False,) * 4, stale=False),
        OutputReport(1, (False, False), stale=False),
        ReaderStatus(1, (0,), stale=False),
    ]


def test_the_next_poll_goes_out_as_soon_as_the_answer_is_in(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.devices[1].press("1")
    wire.until(lambda: wire.of(KeysPressed))
    calls(wire)
    wire.run(100)
    # POLL and ACK take 2.4 ms and the turnaround 0.2 ms: 38 fit.
    assert 36 <= calls(wire)[1] <= 39


def test_a_quiet_board_is_polled_every_50_ms_and_eight_of_them_every_100(
    make_wire: MakeWire,
) -> None:
    for count, per_second in ((1, 20), (4, 20), (8, 10)):
        wire = make_wire(count)
        wire.until(lambda wire=wire, count=count: len(wire.of(ReaderStatus)) == count)
        wire.run(6_000)
        calls(wire)
        wire.run(1_000)
        polled = calls(wire)
        assert set(polled) == set(range(1, count + 1))
        assert all(per_second - 1 <= polls <= per_second for polls in polled.values())


def test_the_first_key_after_a_quiet_minute_is_heard_within_150_ms(make_wire: MakeWire) -> None:
    wire = make_wire(8)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 8)
    wire.run(60_000)
    pressed_ns = wire.now_ns
    wire.devices[5].press("7")
    wire.until(lambda: wire.of(KeysPressed))
    assert wire.now_ns - pressed_ns <= 110 * MS


def test_an_active_board_takes_turns_with_the_others(make_wire: MakeWire) -> None:
    wire = make_wire(8)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 8)
    wire.run(6_000)
    wire.devices[1].press("1")
    wire.until(lambda: wire.of(KeysPressed))
    calls(wire)
    wire.run(1_000)
    polled = calls(wire)
    assert polled[1] > 250
    assert all(polled[address] >= 9 for address in range(2, 9))


def test_a_command_goes_out_before_the_next_poll(make_wire: MakeWire) -> None:
    wire = make_wire(4)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 4)
    wire.run(6_003)
    asked_ns = wire.now_ns
    wire.bus.submit(3, SetOutput(0, 2), wire.now_ns + SECOND, wire.now_ns)
    wire.until(lambda: wire.devices[3].outputs[0])
    assert wire.now_ns - asked_ns <= 10 * MS


def test_a_mute_board_is_offline_in_about_a_second_and_probed_at_a_growing_distance(
    make_wire: MakeWire,
) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.run(6_000)
    wire.mute.add(1)
    muted_ns = wire.now_ns
    wire.until(lambda: wire.of(Offline))
    assert wire.now_ns - muted_ns <= 1200 * MS
    assert wire.of(Offline) == [Offline(1, OfflineReason.NO_REPLY, was_online=True)]
    wire.sent.clear()
    probes = []
    for _ in range(300):
        wire.run(100)
        probes += [wire.now_ns] * sum(calls(wire).values())
    gaps = [(after - before) / SECOND for before, after in pairwise(probes)]
    assert gaps[:3] == pytest.approx([1, 2, 4], abs=0.45)
    assert all(4.8 <= gap <= 5.4 for gap in gaps[3:])
    assert wire.of(Offline) == [Offline(1, OfflineReason.NO_REPLY, was_online=True)]


def test_a_board_that_comes_back_is_online_within_its_back_off(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.mute.add(1)
    wire.run(60_000)
    wire.mute.clear()
    back_ns = wire.now_ns
    wire.until(lambda: wire.of(Online))
    assert wire.now_ns - back_ns <= 5_300 * MS


def test_mute_boards_hardly_slow_the_others(make_wire: MakeWire) -> None:
    wire = make_wire(8)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 8)
    wire.mute |= {2, 3, 4, 5, 6, 7, 8}
    wire.until(lambda: len(wire.of(Offline)) == 7)
    delays = []
    for _ in range(80):
        wire.run(211)
        pressed_ns = wire.now_ns
        heard = len(wire.of(KeysPressed))
        wire.devices[1].press("1")
        wire.until(lambda heard=heard: len(wire.of(KeysPressed)) > heard)
        delays.append((wire.now_ns - pressed_ns) / MS)
    delays.sort()
    assert delays[40] < 10
    assert delays[76] < 100
    assert delays[-1] < 260


def test_a_lost_answer_is_asked_for_again_with_the_same_bytes_and_counted_once(
    make_wire: MakeWire,
) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.devices[1].press("5")
    lose = iter([b""])
    wire.spoil = lambda data, to_panel: next(lose, data) if to_panel else data
    wire.sent.clear()
    wire.until(lambda: wire.of(KeysPressed))
    assert wire.sent[0] == wire.sent[1]
    wire.run(500)
    assert wire.of(KeysPressed) == [KeysPressed(1, 0, "5", stale=False)]
    assert wire.of(Offline) == []


def test_a_lost_command_is_carried_out_once(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.run(6_000)
    toggles: list[bool] = []
    lose = iter([b"", b""])
    wire.spoil = lambda data, to_panel: next(lose, data)
    command_id = wire.bus.submit(1, SetOutput(0, 2), wire.now_ns + 3 * SECOND, wire.now_ns)
    wire.until(lambda: command_id in wire.results())
    toggles += [change.is_on for change in wire.devices[1].take_changes()]
    assert toggles == [True]
    assert wire.results()[command_id].outcome.value == "done"


def test_a_busy_board_is_asked_again_and_its_neighbour_meanwhile(make_wire: MakeWire) -> None:
    wire = make_wire(2)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 2)
    wire.devices[1].busy_until_ns = wire.now_ns + SECOND
    command_id = wire.bus.submit(1, SetOutput(0, 2), wire.now_ns + 3 * SECOND, wire.now_ns)
    calls(wire)
    wire.run(900)
    polled = calls(wire)
    assert 12 <= polled[1] <= 20
    assert polled[2] >= 17
    assert not wire.devices[1].outputs[0]
    wire.until(lambda: command_id in wire.results())
    assert wire.results()[command_id].outcome.value == "done"
    assert wire.of(Offline) == []


def test_a_board_that_stays_busy_is_given_up(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.devices[1].busy_until_ns = wire.now_ns + 60 * SECOND
    wire.until(lambda: wire.of(Offline))
    assert wire.of(Offline)[0].reason is OfflineReason.BUSY_TOO_LONG


def test_boards_come_go_and_change_keys_while_the_bus_runs(make_wire: MakeWire) -> None:
    wire = make_wire(2)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 2)
    wire.bus.remove(2, wire.now_ns)
    calls(wire)
    wire.run(1_000)
    assert set(calls(wire)) == {1}
    assert wire.of(Offline) == [Offline(2, OfflineReason.REMOVED, was_online=True)]
    wire.bus.add(PDConfig(2, wire.boards[2].config.scbk))
    wire.until(lambda: len(wire.of(Online)) == 3)
    new_key = bytes.fromhex("7b3c1e9a5d2f8046b1c7e3a9d5f02846")
    wire.boards[2].config.scbk = new_key
    wire.bus.rekey(PDConfig(2, new_key), wire.now_ns)
    wire.until(lambda: len(wire.of(Online)) == 4)


def test_two_boards_with_one_address_are_refused(make_wire: MakeWire) -> None:
    wire = make_wire()
    with pytest.raises(ConfigError, match="address 1 is used twice"):
        wire.bus.add(PDConfig(1, wire.boards[1].config.scbk))
    with pytest.raises(ConfigError, match="no peripheral with address 9"):
        wire.bus.submit(9, SetOutput(0, 1), 0, 0)


def test_our_own_echo_is_no_noise_and_a_second_panel_is_noticed(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.spoil = lambda data, to_panel: wire.sent[-1] + data if to_panel else data
    wire.devices[1].press("3")
    wire.run(1_000)
    assert [event.keys for event in wire.of(KeysPressed)] == ["3"]
    assert wire.bus.malformed == {}
    foreign = encode_frame(Frame(1, False, 1, b"\x60"))
    wire.spoil = lambda data, to_panel: foreign + data if to_panel else data
    wire.run(1_000)
    assert wire.bus.malformed[Malformed.FOREIGN_COMMAND] > 0
    assert wire.of(Offline) == []


def test_dropped_bytes_are_reported_by_cause_at_most_once_a_second(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.spoil = lambda data, to_panel: b"\x00\x01" + data if to_panel else data
    wire.run(3_500)
    reports = wire.of(BytesDropped)
    assert 3 <= len(reports) <= 4
    assert {cause for report in reports for cause, _ in report.counts} == {Malformed.NOISE}
    counted = sum(count for report in reports for _, count in report.counts)
    assert counted <= wire.bus.malformed[Malformed.NOISE]


def test_a_false_start_byte_delays_an_answer_by_the_character_gap_only(
    make_wire: MakeWire,
) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    noise = iter([bytes.fromhex("5381ff0004")])
    wire.spoil = lambda data, to_panel: next(noise, b"") + data if to_panel else data
    began_ns = wire.now_ns
    wire.devices[1].press("4")
    wire.until(lambda: wire.of(KeysPressed))
    assert wire.now_ns - began_ns <= 80 * MS


def test_a_line_that_babbles_without_end_does_not_look_alive(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    bus = wire.bus
    events = []
    start_ns = now_ns = wire.now_ns
    while not any(isinstance(event, Offline) for event in events):
        now_ns += 5 * MS
        events += bus.step(now_ns, bytes.fromhex("5381ff0504") + b"\x53\x81" * 8).events
        assert now_ns - start_ns < 8 * SECOND


def test_a_board_that_knows_checksums_only_is_reached(make_wire: MakeWire) -> None:
    wire = make_wire()

    def only_checksums(data: bytes, to_panel: bool) -> bytes:
        heard = Decoder().feed(data)
        plain = all(frame.check is Check.CHECKSUM for frame in heard)
        return data if to_panel or plain else b""

    wire.spoil = only_checksums
    wire.until(lambda: wire.of(Online), limit_ms=20_000)


def test_a_moved_board_is_followed_to_its_new_address(make_wire: MakeWire) -> None:
    wire = make_wire(2)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 2)
    with pytest.raises(ConfigError, match="address 2"):
        wire.bus.submit(1, ComSet(2, 115200), wire.now_ns + SECOND, wire.now_ns)
    with pytest.raises(ConfigError, match="baud rate 1200"):
        wire.bus.submit(1, ComSet(7, 1200), wire.now_ns + SECOND, wire.now_ns)
    wire.bus.submit(1, ComSet(7, 115200), wire.now_ns + SECOND, wire.now_ns)
    wire.until(lambda: len(wire.of(Online)) == 3)
    assert wire.of(CommunicationChanged) == [CommunicationChanged(1, 7, 115200)]
    assert wire.of(Online)[2].address == 7
    assert [state.address for state in wire.bus.peripherals()] == [7, 2]


def test_a_timed_output_is_seen_to_fall_back(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.run(100)
    first = len(wire.events)
    wire.bus.submit(1, SetOutput(0, 5, 3), wire.now_ns + SECOND, wire.now_ns)
    wire.run(600)
    seen = [event.states[0] for event in wire.events[first:] if isinstance(event, OutputReport)]
    assert seen[0] is True
    assert seen[-1] is False


def test_a_port_that_comes_back_brings_every_board_back_at_once(make_wire: MakeWire) -> None:
    wire = make_wire(2)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 2)
    wire.bus.port_lost(wire.now_ns)
    assert set(wire.bus.take_events()) == {
        Offline(address, OfflineReason.PORT_LOST, was_online=True) for address in (1, 2)
    }
    assert {state.state for state in wire.bus.peripherals()} == {LinkState.OFFLINE}
    wire.now_ns += 60 * SECOND
    wire.bus.port_opened(wire.now_ns)
    wire.run(150)
    assert len(wire.of(Online)) == 4


def test_a_bus_without_boards_sends_nothing(make_wire: MakeWire) -> None:
    wire = make_wire(0)
    assert wire.bus.step(0).send == b""


def test_slow_lines_get_longer_times(make_wire: MakeWire) -> None:
    wire = make_wire(timing=Timing())
    wire.bus.change_baud(9600, wire.now_ns)
    step = wire.bus.step(wire.now_ns)
    assert step.wake_ns - wire.now_ns == 200 * MS + 9 * 10 * SECOND // 9600
    with pytest.raises(ConfigError, match="baud rate 300"):
        wire.bus.change_baud(300, wire.now_ns)
