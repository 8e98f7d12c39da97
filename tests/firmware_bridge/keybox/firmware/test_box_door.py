"""Bolt, leaf and key: jams, doors forced and held open, keys taken, the way out."""

from __future__ import annotations

from typing import Any

DAY = 13


def kinds(installed: Any) -> list[int]:
    """The kinds of all records since the last start but those of link and battery."""
    installed.host.open(1)
    log = [kind for _, kind, _, _ in installed.host.log()]
    last = len(log) - 1 - log[::-1].index(1)
    return [kind for kind in log[last:] if kind not in (1, 9, 15, 16, 20)]


def test_an_opening_after_a_code_is_no_break_in(installed: Any, noon: int) -> None:
    box = installed.box
    box.enter(installed.code(DAY, noon))
    box.say("advance 6400")
    box.say("input leaf 1")
    box.say("input absent 1")
    box.say("advance 20000")
    box.say("input absent 0")
    box.say("input leaf 0")
    assert kinds(installed) == [2, 5, 7, 8, 6]


def test_an_opening_without_or_too_late_after_a_release_is_forced(
    installed: Any, noon: int
) -> None:
    box = installed.box
    box.say("input leaf 1")
    box.say("input leaf 0")
    box.enter(installed.code(DAY, noon))
    box.say("advance 6501")
    box.say("input leaf 1")
    assert kinds(installed) == [5, 25, 6, 2, 5, 25]


def test_a_mechanical_key_and_the_way_out_are_no_break_in(installed: Any) -> None:
    box = installed.box
    box.say("input key 1")
    box.say("input leaf 1")
    box.say("input leaf 0")
    box.say("input key 0")
    box.say("input rex 1")
    assert "released" in box.events
    box.say("input leaf 1")
    assert kinds(installed) == [14, 5, 6, 27, 5]


def test_a_leaf_left_open_for_five_minutes_is_told_once(installed: Any, noon: int) -> None:
    box = installed.box
    box.enter(installed.code(DAY, noon))
    box.say("input leaf 1")
    box.say("advance 299999")
    assert kinds(installed) == [2, 5]
    box.say("advance 1000000")
    assert kinds(installed) == [2, 5, 26]


def test_a_bolt_that_does_not_move_is_jammed_until_it_does(installed: Any, noon: int) -> None:
    box = installed.box
    box.say("bolt stuck")
    box.enter(installed.code(DAY, noon))
    box.say("advance 6000")
    installed.host.open(1)
    assert installed.host.status()["inputs"] & 32
    box.say("bolt free")
    box.enter(installed.code(DAY, noon))
    box.say("advance 1000")
    installed.host.open(1)
    assert not installed.host.status()["inputs"] & 32
    assert kinds(installed) == [2, 12, 2, 13]


def test_a_box_without_a_bolt_switch_knows_no_jam(workshop: Any, noon: int) -> None:
    installed = workshop.installed("--fitted", "leaf,absent")
    installed.box.enter(installed.code(DAY, noon))
    installed.box.say("advance 6000")
    assert kinds(installed) == [2]


def test_tampering_is_told_and_its_end(installed: Any) -> None:
    installed.box.say("input tamper 1")
    installed.box.say("input tamper 0")
    assert kinds(installed) == [10, 11]


def test_a_start_moves_no_bolt_and_logs_no_opening_of_what_stood_open(
    installed: Any, noon: int
) -> None:
    box = installed.box
    box.enter(installed.code(DAY, noon))
    box.say("input leaf 1")
    box.events.clear()
    box.say("power-cut")
    assert box.events == ["secured"]
    assert kinds(installed) == []


def test_the_battery_is_logged_at_a_step_of_50_mv_or_once_a_day(installed: Any, noon: int) -> None:
    box = installed.box
    for mv, ms in ((2960, 21_600_000), (2949, 21_600_000), (2930, 21_600_000), (2925, 86_400_000)):
        box.say(f"battery {mv} -35")
        box.say(f"advance {ms}")
    installed.host.open(1)
    records = [data for _, kind, _, data in installed.host.log() if kind == 9]
    assert [int.from_bytes(data[:2], "big") for data in records] == [3000, 2949, 2925]
    assert int.from_bytes(records[-1][2:4], "big", signed=True) == -35
    box.say("battery 2300 -35")
    box.say("advance 21600000")
    installed.host.open(1)
    assert installed.host.status()["inputs"] & 128
