"""The interval of the true time: set, drifting, capped, narrowed by codes, lost with the RTC."""

from __future__ import annotations

import random
from typing import Any

import pytest

DAY_MS = 86_400_000
DAY = 13
"""Shape of profile `quarter`: a day."""


def width_s(box: Any) -> int:
    """How far apart the ends are."""
    shown = box.show()
    return int(shown["latest_s"] - shown["earliest_s"])


def test_a_setting_leaves_its_error_on_either_side(workshop: Any, noon: int) -> None:
    box = workshop.start()
    host = workshop.provision(box)
    host.open()
    assert not host.status()["clock"]
    assert host.set_clock(noon, 7) == (0x7FFFFFFF, 0x7FFF)
    shown = host.status()
    assert shown["clock"] == 1
    assert (shown["earliest"], shown["latest"], shown["time"]) == (noon - 7, noon + 7, noon)


def test_the_doubt_grows_by_20_ppm_to_either_side(installed: Any) -> None:
    for days, doubt_s in ((1, 2), (100, 173), (200, 346)):
        installed.box.say(f"advance {days * DAY_MS - 10_000 if days == 1 else 0}")
        so_far_days = installed.box.show()["true_ms"] // DAY_MS
        installed.box.say(f"advance {(days - so_far_days) * DAY_MS}")
        # The error of the setting, the growth, and a second for the whole ones an RTC shows.
        assert width_s(installed.box) == 2 * (1 + doubt_s + 1)


def test_the_interval_is_never_wider_than_twice_the_drift(installed: Any) -> None:
    installed.box.say(f"advance {400 * DAY_MS}")
    assert width_s(installed.box) == 1200
    shown = installed.box.show()
    middle = (shown["earliest_s"] + shown["latest_s"]) // 2
    assert abs(middle - shown["rtc_s"]) <= 1


@pytest.mark.parametrize("ppm", [-80, -15, 0, 15, 80])
def test_the_rate_is_measured_by_two_settings_and_then_corrected(
    workshop: Any, noon: int, ppm: int
) -> None:
    installed = workshop.installed("--rtc-ppm", str(ppm))
    box, host = installed.box, installed.host
    box.say(f"advance {30 * DAY_MS - 10_000}")
    host.open()
    offset_s, rate = host.set_clock(noon + 30 * 86_400, 1)
    assert abs(offset_s - ppm * 30 * 0.0864) <= 2
    assert abs(rate - 10 * ppm) <= 20
    box.say(f"advance {30 * DAY_MS}")
    host.open()
    offset_s, _ = host.set_clock(noon + 60 * 86_400, 1)
    assert abs(offset_s) <= 5


def test_a_measured_rate_halves_the_doubt_for_sixty_days(installed: Any, noon: int) -> None:
    box, host = installed.box, installed.host
    box.say(f"advance {30 * DAY_MS - 10_000}")
    host.open()
    host.set_clock(noon + 30 * 86_400, 1)
    box.say(f"advance {60 * DAY_MS}")
    sharp = width_s(box)
    assert sharp == 2 * (1 + 26 + 1)
    box.say(f"advance {30 * DAY_MS}")
    assert width_s(box) == sharp + 2 * 52


@pytest.mark.parametrize(
    ("hours", "error_s", "is_measured"),
    [(23, 0, False), (24, 0, True), (24, 1, False), (48, 1, True), (24 * 30, 60, False)],
)
def test_a_rate_is_measured_where_that_says_more_than_any_crystals_20_ppm(
    workshop: Any, noon: int, hours: int, error_s: int, is_measured: bool
) -> None:
    box = workshop.start()
    host = workshop.provision(box)
    host.open()
    host.set_clock(noon, error_s)
    box.say(f"advance {hours * 3_600_000}")
    host.open()
    _, rate = host.set_clock(noon + hours * 3600, error_s)
    assert (rate != 0x7FFF) == is_measured
    box.say(f"advance {30 * DAY_MS}")
    assert width_s(box) <= 2 * (error_s + 52 + 1)


@pytest.mark.parametrize("ppm", [-20, -13, -5, 0, 5, 13, 20])
def test_the_true_time_never_leaves_the_interval_whoever_sets_it_how_well(
    workshop: Any, noon: int, ppm: int
) -> None:
    """Eight years of visits by laptops whose clocks are off by what they say, at most."""
    draw = random.Random(ppm)
    box = workshop.start("box", "--rtc-ppm", str(ppm))
    host = workshop.provision(box)
    gone_ms = 0
    for _ in range(60):
        error_s = draw.choice((0, 1, 1, 2, 5, 30))
        host.open()
        host.set_clock(noon + gone_ms // 1000 + draw.randint(-error_s, error_s), error_s)
        passed_ms = draw.choice((1, 2, 10, 50, 100)) * DAY_MS + draw.randrange(86_400) * 1000
        box.say(f"advance {passed_ms}")
        gone_ms += passed_ms
        shown = box.show()
        assert shown["earliest_s"] <= noon + gone_ms / 1000 <= shown["latest_s"] + 1


def test_time_is_never_set_back_nor_roughly(installed: Any, noon: int, refused: Any) -> None:
    installed.host.open()
    for time_s, error_s in ((noon - 1, 0), (noon + 100, 61), (0, 0)):
        with pytest.raises(refused) as caught:
            installed.host.set_clock(time_s, error_s)
        assert caught.value.cause == 8
    assert installed.host.status()["clock"] == 1


def test_a_code_narrows_the_interval_to_its_window(installed: Any, noon: int) -> None:
    box = installed.box
    box.say(f"advance {300 * DAY_MS}")
    now_s = noon + 300 * 86_400 + 10
    before = box.show()
    start_s = now_s // 900 * 900
    box.say(f"advance {(start_s + 900 - now_s) * 1000}")
    box.enter(installed.code(0, start_s + 900))
    after = box.show()
    assert after["earliest_s"] == start_s + 900
    assert after["latest_s"] >= before["latest_s"]
    box.say("power-cut")
    assert box.show()["earliest_s"] == start_s + 900


def test_an_early_holder_never_moves_the_interval_out_of_what_was_possible(
    installed: Any, noon: int
) -> None:
    """Codes typed as early as the box takes them push it to the envelope's edge, not beyond."""
    box = installed.box
    for day in range(1, 200):
        box.say(f"advance {DAY_MS}")
        envelope_s = 1 + day * 86_400 * 20 / 1e6 + day
        latest_s = box.show()["latest_s"]
        true_s = noon + 10 + day * 86_400
        box.enter(installed.code(0, latest_s // 900 * 900))
        assert box.show()["earliest_s"] <= true_s + envelope_s


def test_an_rtc_that_stopped_is_unknown_until_it_is_set(installed: Any, noon: int) -> None:
    box = installed.box
    box.say("rtc lost")
    box.say("power-cut 5000")
    assert not box.show()["time_known"]
    # An RTC that runs again by itself shows something, but nobody has set it.
    box.say(f"rtc {noon}")
    assert not box.show()["time_known"]
    installed.host.open()
    assert installed.host.set_clock(noon + 100)[0] == 0x7FFFFFFF
    assert box.show()["time_known"]


def test_an_rtc_that_stopped_or_went_back_for_a_moment_is_not_believed_again(
    workshop: Any, noon: int
) -> None:
    for name, words in (("stopped", ("rtc lost",)), ("back", (f"rtc {noon + 5}", "show"))):
        box = workshop.installed(name=name).box
        for word in words:
            box.say(word)
        assert not box.show()["time_known"]
        box.say(f"rtc {noon + 1000}")
        assert not box.show()["time_known"]
        box.say("power-cut")
        assert not box.show()["time_known"]


@pytest.mark.parametrize(("ppm", "seed"), [(15, 1), (-15, 2), (19, 3), (-19, 4)])
def test_three_years_of_use_keep_a_drifting_clock_right_and_deny_no_code(
    workshop: Any, noon: int, ppm: int, seed: int
) -> None:
    """Twice a week, people who come at random within windows of one to eight hours."""
    draw = random.Random(seed)
    installed = workshop.installed("--rtc-ppm", str(ppm))
    box = installed.box
    start_ms = box.show()["true_ms"]
    worst_s = 0.0
    for _ in range(2 * 52 * 3):
        box.say(f"advance {draw.randrange(1, 7 * DAY_MS)}")
        true_ms = box.show()["true_ms"] - start_ms + noon * 1000 + 10_000
        shape = draw.choice((0, 2, 4, 6, 8))
        duration_s = installed.profile.shapes[shape].duration_s
        # The window was booked without regard to when in it its holder comes.
        slot_s = (true_ms // 1000 - draw.randrange(duration_s)) // 900 * 900 + 900
        if not slot_s <= true_ms / 1000 < slot_s + duration_s:
            slot_s -= 900
        assert box.enter(installed.code(shape, slot_s)) == ["feedback granted", "released"]
        shown = box.show()
        true_s = true_ms / 1000
        worst_s = max(worst_s, abs((shown["earliest_s"] + shown["latest_s"]) / 2 - true_s))
        assert shown["earliest_s"] - 1 <= true_s <= shown["latest_s"] + 1
    assert worst_s <= installed.profile.drift_s
    # Without use the RTC alone would be further off than the profile allows.
    assert abs(ppm) * 3 * 365 * 0.0864 > installed.profile.drift_s
