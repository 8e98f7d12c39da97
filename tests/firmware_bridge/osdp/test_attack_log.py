"""Kind and rate tell an attack from noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.osdp.attacks import AttackKind, AttackLog
from firmware_bridge.osdp.config import SECOND
from firmware_bridge.osdp.framing import Check

FORGED, BROKEN = AttackKind.FORGED_REPLY, AttackKind.FORCED_RECONNECTS


def told(log: AttackLog, at_s: float) -> list[tuple[int, AttackKind, int]]:
    return log.due(round(at_s * SECOND))


def note(log: AttackLog, kind: AttackKind, at_s: float, check: Check | None = Check.CRC16) -> None:
    log.note(1, kind, check, round(at_s * SECOND))


def test_one_wrong_mac_on_a_clean_line_is_told_at_once() -> None:
    log = AttackLog()
    note(log, FORGED, 100)
    assert told(log, 100) == [(1, FORGED, 1)]
    assert told(log, 200) == []


def test_an_attack_that_goes_on_is_told_every_ten_seconds_with_its_count() -> None:
    log = AttackLog()
    times = []
    for tenth in range(1_000, 1_300):
        note(log, FORGED, tenth / 10)
        times += [(tenth, count) for _, _, count in told(log, tenth / 10)]
    assert times == [(1_000, 1), (1_100, 100), (1_200, 100)]


@pytest.mark.parametrize(("kind", "needed", "window_s"), [(BROKEN, 3, 60), (FORGED, 1, 10)])
def test_what_an_honest_board_may_do_now_and_then_is_told_when_it_comes_often(
    kind: AttackKind, needed: int, window_s: int
) -> None:
    log = AttackLog()
    for no in range(needed):
        assert told(log, no) == []
        note(log, kind, no)
    assert told(log, needed) == [(1, kind, needed)]
    seldom = AttackLog()
    for no in range(1, 20):
        note(seldom, BROKEN, no * window_s * 3)
        assert told(seldom, no * window_s * 3) == []


@pytest.mark.parametrize(
    ("noisy", "check", "needed"), [(True, Check.CRC16, 3), (False, Check.CHECKSUM, 8)]
)
def test_a_noisy_line_and_a_weak_check_need_more(noisy: bool, check: Check, needed: int) -> None:
    log = AttackLog()
    if noisy:
        log.noise(100 * SECOND)
    for no in range(needed):
        assert told(log, 100 + no / 10) == []
        note(log, FORGED, 100 + no / 10, check)
    assert told(log, 101) == [(1, FORGED, needed)]


@given(st.lists(st.tuples(st.sampled_from(AttackKind), st.integers(0, 3), st.integers(0, 60))))
def test_nothing_is_told_twice_and_no_more_than_was_noted(
    notes: list[tuple[AttackKind, int, int]],
) -> None:
    log = AttackLog()
    now_s, counted = 0, 0
    for kind, address, wait_s in notes:
        now_s += wait_s
        log.note(address, kind, Check.CRC16, now_s * SECOND)
        counted += sum(count for _, _, count in told(log, now_s))
    counted += sum(count for _, _, count in told(log, now_s + 100))
    assert counted <= len(notes)
    assert told(log, now_s + 200) == []
