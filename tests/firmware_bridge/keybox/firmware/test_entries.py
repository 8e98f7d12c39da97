"""What becomes of the digits at the keypad: verdicts, tries, lockouts."""

from __future__ import annotations

import struct
from typing import Any

import pytest

HOUR, ONCE_HOUR, DAY = 0, 10, 13
"""Shapes of profile `quarter`: an hour, an hour once, a day."""
GRANTED = ["feedback granted", "released"]
DENIED = ["feedback denied"]


def refusals(installed: Any) -> list[int]:
    """The reasons of all refused codes, oldest first."""
    installed.host.open(1)
    return [reason for _, kind, reason, _ in installed.host.log() if kind == 3]


def test_a_right_code_opens_for_five_seconds(installed: Any, noon: int) -> None:
    box = installed.box
    assert box.enter(installed.code(HOUR, noon)) == GRANTED
    box.say("advance 4999")
    assert "secured" not in box.events
    box.say("advance 1")
    assert box.events[-1] == "secured"
    assert box.show()["uses"] == 1


def test_a_code_opens_again_and_again_within_its_window(installed: Any, noon: int) -> None:
    code = installed.code(DAY, noon)
    for _ in range(3):
        assert installed.box.enter(code) == GRANTED
        installed.box.say("advance 6000")


def test_an_early_code_spends_no_try_and_a_late_one_does(installed: Any, noon: int) -> None:
    assert installed.box.enter(installed.code(HOUR, noon + 3000)) == DENIED
    assert installed.box.show()["tries_left"] == 5
    assert installed.box.enter(installed.code(HOUR, noon + 9000)) == DENIED
    assert installed.box.show()["tries_left"] == 4
    assert installed.box.enter(installed.code(HOUR, noon - 9000)) == DENIED
    assert installed.box.show()["tries_left"] == 3
    assert refusals(installed) == [5, 4, 6]


def test_a_one_time_code_opens_once_also_after_a_power_cut(installed: Any, noon: int) -> None:
    code = installed.code(ONCE_HOUR, noon)
    assert installed.box.enter(code) == GRANTED
    installed.box.say("power-cut")
    assert installed.box.enter(code) == DENIED
    assert refusals(installed) == [7]


def test_a_one_time_code_is_forgotten_two_hours_after_its_window(installed: Any, noon: int) -> None:
    assert installed.box.enter(installed.code(ONCE_HOUR, noon)) == GRANTED
    for hours, remembered in ((2, 2), (6, 1)):
        installed.box.say(f"advance {(hours - (2 if hours == 6 else 0)) * 3_600_000}")
        code = installed.code(ONCE_HOUR, noon + hours * 3600)
        assert installed.box.enter(code) == GRANTED
        assert installed.box.show()["used"] == remembered


def test_the_65th_living_one_time_code_is_refused_and_spends_no_try(
    installed: Any, noon: int
) -> None:
    # Twelve hours long, four variants, starts every quarter: plenty that are open now.
    codes = [installed.code(12, noon - 900 * i, 0, v) for i in range(17) for v in range(4)]
    for code in codes[:64]:
        assert installed.box.enter(code) == GRANTED
        installed.box.say("advance 5001")
    assert installed.box.enter(codes[64]) == DENIED
    assert installed.box.show()["tries_left"] == 5
    assert refusals(installed)[-1] == 10


def test_a_code_of_a_newer_generation_retires_the_older_ones(installed: Any, noon: int) -> None:
    old, new = installed.code(DAY, noon), installed.code(DAY, noon, generation=2)
    assert installed.box.enter(old) == GRANTED
    installed.box.say("advance 6000")
    assert installed.box.enter(new) == GRANTED
    installed.box.say("advance 6000")
    assert installed.box.enter(old) == DENIED
    assert installed.box.show()["generation"] == 2
    installed.host.open()
    log = installed.host.log()
    assert [data[0] for _, kind, _, data in log if kind == 28] == [2]
    assert [reason for _, kind, reason, _ in log if kind == 3] == [3]


@pytest.mark.parametrize("digits", ["1", "12345678", "1234567890", "123456789012"])
def test_an_entry_of_another_length_is_no_code_and_spends_a_try(
    installed: Any, digits: str
) -> None:
    assert installed.box.enter(digits) == DENIED
    assert installed.box.show()["tries_left"] == 4


def test_no_entry_spends_no_try(installed: Any) -> None:
    installed.box.say("keys ###*#")
    assert installed.box.show()["tries_left"] == 5


def test_there_is_no_sliding_window_in_a_long_row_of_keys(installed: Any, noon: int) -> None:
    code = installed.code(DAY, noon)
    assert installed.box.enter("12" + code) == DENIED
    assert installed.box.enter(code[0] + "0" * 10 + code[1:]) == DENIED
    assert installed.box.enter("12*" + code) == GRANTED


def test_digits_are_forgotten_ten_seconds_after_the_last_key(installed: Any, noon: int) -> None:
    code = installed.code(DAY, noon)
    installed.box.say(f"keys {code[:4]}")
    installed.box.say("advance 9999")
    assert installed.box.enter(code[4:]) == GRANTED
    installed.box.say(f"keys {code[:4]}")
    installed.box.say("advance 10000")
    assert installed.box.enter(code[4:]) == DENIED


def test_the_fifth_wrong_try_locks_out_and_doubles_with_each_round(
    installed: Any, noon: int
) -> None:
    box = installed.box
    right = installed.code(DAY, noon)
    for level, length_s in enumerate((300, 600, 1200)):
        for _ in range(4):
            assert box.enter(installed.wrong(level)) == DENIED
        assert box.enter(installed.wrong(level)) == [*DENIED, "feedback locked-out"]
        assert box.show()["lockout_s"] == length_s
        box.say(f"advance {length_s * 1000 - 1000}")
        assert box.enter(right) == ["feedback locked-out"]
        box.say("advance 1000")
        assert box.show()["tries_left"] == 5
        assert box.show()["level"] == level + 1
    assert box.enter(right) == GRANTED


def test_a_lockout_lasts_a_day_at_most_and_the_level_ends_at_nine(installed: Any) -> None:
    box = installed.box
    lengths = []
    for round_ in range(12):
        for _ in range(5):
            box.enter(installed.wrong(round_))
        lengths.append(box.show()["lockout_s"])
        box.say(f"advance {lengths[-1] * 1000}")
    assert lengths == [min(300 << min(level, 9), 86_400) for level in range(12)]
    assert box.show()["level"] == 9


def test_power_cuts_never_shorten_a_lockout(installed: Any) -> None:
    box = installed.box
    for _ in range(5):
        box.enter(installed.wrong(1))
    served_s = cuts = 0
    while (before := box.show()["lockout_s"]) > 0:
        box.say("advance 70000")
        box.say("power-cut 3600000")
        after = box.show()["lockout_s"]
        assert before - 60 <= after <= before
        assert box.show()["tries_left"] == (0 if after else 5)
        served_s, cuts = served_s + 70, cuts + 1
    assert served_s >= 300
    assert cuts == 5


def test_a_success_restores_no_tries_and_a_calm_day_does(installed: Any, noon: int) -> None:
    box = installed.box
    for _ in range(5):
        box.enter(installed.wrong(1))
    box.say("advance 300000")
    box.enter(installed.wrong(2))
    assert box.enter(installed.code(DAY, noon)) == GRANTED
    assert box.show()["tries_left"] == 4
    box.say("advance 86399000")
    assert (box.show()["tries_left"], box.show()["level"]) == (4, 1)
    box.say("advance 1000")
    assert (box.show()["tries_left"], box.show()["level"]) == (5, 0)


def test_a_wrong_try_begins_the_calm_day_anew(installed: Any) -> None:
    for number in range(2):
        installed.box.enter(installed.wrong(number))
        installed.box.say("advance 82800000")
    assert installed.box.show()["tries_left"] == 3


def test_an_early_code_on_the_last_try_begins_no_lockout(installed: Any, noon: int) -> None:
    for number in range(4):
        installed.box.enter(installed.wrong(number))
    assert installed.box.enter(installed.code(HOUR, noon + 3000)) == DENIED
    shown = installed.box.show()
    assert (shown["tries_left"], shown["level"], shown["lockout_s"]) == (1, 0, 0)
    assert refusals(installed)[-1] == 5
    assert 4 not in [kind for _, kind, _, _ in installed.host.log()]


def test_entries_in_a_lockout_are_logged_once_a_minute(installed: Any) -> None:
    box = installed.box
    for _ in range(5):
        box.enter(installed.wrong(1))
    for _ in range(12):
        box.enter(installed.wrong(2))
        box.say("advance 10000")
    assert refusals(installed).count(8) == 2
    kinds = [(kind, data) for _, kind, _, data in installed.host.log() if kind == 4]
    assert kinds == [(4, struct.pack(">I4x", 300))]


def test_without_a_clock_every_code_is_refused_and_none_spends_a_try(
    installed: Any, noon: int
) -> None:
    box = installed.box
    box.say("rtc lost")
    assert box.enter(installed.code(DAY, noon)) == DENIED
    assert box.enter(installed.wrong(1)) == DENIED
    box.say("power-cut")
    box.say(f"rtc {noon}")
    assert box.enter(installed.code(DAY, noon)) == DENIED
    assert box.show()["tries_left"] == 5
    assert set(refusals(installed)) == {9}


def test_a_blank_box_opens_for_nothing(workshop: Any) -> None:
    box = workshop.start()
    box.say("rtc 1000000")
    assert box.enter("123456789") == DENIED
    assert box.show()["tries_left"] == 5


@pytest.mark.parametrize("profile", ["hour", "hour_8", "stay"])
def test_every_profile_opens(workshop: Any, noon: int, profile: str) -> None:
    installed = workshop.installed(profile=profile)
    assert installed.box.enter(installed.code(0, noon)) == GRANTED
