"""When something is sent: pure rules, in zones with and without daylight saving."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.notices.domain import Channel, email_address, line_user, masked
from hub.notices.settings import NoticesSettings
from hub.notices.timing import BUDGET_LEAST, BUDGET_MOST, QuietHours, next_try, settled

ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
instants = st.integers(1_704_067_200, 1_988_150_400).map(lambda s: datetime.fromtimestamp(s, UTC))


@given(
    now=instants,
    ahead_min=st.integers(0, 14 * 24 * 60),
    zone=st.sampled_from(ZONES),
    begins=st.integers(0, 23),
    length_h=st.integers(0, 12),
)
def test_what_has_to_wait_waits_until_quiet_hours_end_and_never_past_the_start(
    now: datetime, ahead_min: int, zone: str, begins: int, length_h: int
) -> None:
    """Also on the days when clocks are put on or back, and on leap days."""
    urgent = timedelta(hours=13)  # an hour more than quiet hours last, for a night put back
    ends = time((begins + length_h) % 24)
    quiet = QuietHours(time(begins), ends, ZoneInfo(zone), urgent)
    starts_at = now + timedelta(minutes=ahead_min)
    until = quiet.until(now, starts_at)
    if until is None:
        assert starts_at - now <= urgent or not quiet.holds(now)
        return
    assert now < until <= starts_at
    assert until.astimezone(quiet.zone).time() == ends or not _exists(until, quiet.zone, ends)
    assert not quiet.holds(until)


def _exists(at: datetime, zone: ZoneInfo, wall: time) -> bool:
    local = datetime.combine(at.astimezone(zone).date(), wall, zone)
    return local.astimezone(UTC).astimezone(zone).time() == wall


def test_by_default_nobody_is_woken() -> None:
    quiet = QuietHours(time(21), time(8), ZoneInfo("Asia/Tokyo"), timedelta(hours=12))
    at = datetime(2026, 4, 6, 12, 0, tzinfo=UTC)  # 21:00
    assert quiet.holds(at)
    assert not quiet.holds(at - timedelta(seconds=1))
    assert quiet.until(at, at + timedelta(hours=24)) == datetime(2026, 4, 6, 23, tzinfo=UTC)
    assert quiet.until(at, at + timedelta(hours=12)) is None


@given(st.integers(1, 40), st.integers(0, 30 * 24 * 60), st.integers(0, 10 * 60))
def test_tries_come_to_an_end_within_their_budget(
    tries: int, ahead_min: int, spent_min: int
) -> None:
    first = datetime(2026, 4, 6, tzinfo=UTC)
    now, starts_at = first + timedelta(minutes=spent_min), first + timedelta(minutes=ahead_min)
    budget = min(BUDGET_MOST, max(BUDGET_LEAST, (starts_at - first) / 4))
    again = next_try(tries, first, starts_at, now)
    if again is None:
        assert now + timedelta(seconds=60) > first + budget
    else:
        assert now < again <= first + budget
    patient = next_try(tries, first, starts_at, now, retry_after_s=7 * 3600)
    assert patient is None or patient <= first + budget


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_what_goes_on_changing_is_told_all_the_same(gaps_s: list[int]) -> None:
    settle = timedelta(seconds=60)
    first = latest = datetime(2026, 4, 6, tzinfo=UTC)
    for gap in gaps_s:
        latest += timedelta(seconds=gap)
    assert settled(first, latest, settle) <= first + 5 * settle


def test_quiet_hours_longer_than_what_is_urgent_are_refused() -> None:
    with pytest.raises(ValueError, match="urgent_h"):
        NoticesSettings(quiet_from=time(20), quiet_until=time(9))
    assert NoticesSettings().urgent_h == 12


# --- addresses and calendars ---------------------------------------------------------------------


@given(st.text(max_size=300))
def test_an_address_is_one_line_of_plain_ascii_or_none(text: str) -> None:
    found = email_address(text)
    if found is not None:
        assert found.isascii()
        assert found.count("@") == 1
        assert not any(c in found for c in '\r\n\t <>,;:"()[]\\')


@pytest.mark.parametrize(
    ("given_", "taken"),
    [
        ("hanako@example.jp", "hanako@example.jp"),
        (" Hanako.Yamada+k@mail.example.co.jp ", "Hanako.Yamada+k@mail.example.co.jp"),
        ("a@札幌.jp", "a@xn--u8jua3f.jp".replace("u8jua3f", "btvr7i")),
        ("花子@example.jp", None),
        ("a@b", None),
        ("a@@example.jp", None),
        ("a@example.jp\nBcc: x@example.jp", None),
        ("a..b@example.jp", None),
        ('"a b"@example.jp', None),
        ("", None),
    ],
)
def test_addresses(given_: str, taken: str | None) -> None:
    found = email_address(given_)
    if taken is not None and "xn--" in taken:
        assert found is not None
        assert found.startswith("a@xn--")
    else:
        assert found == taken


def test_addresses_are_shown_masked() -> None:
    assert masked(Channel.EMAIL, "hanako@example.jp") == "h***@example.jp"
    assert masked(Channel.LINE, "U" + "0" * 28 + "abcd") == "LINE ***abcd"
    assert masked(Channel.EMAIL, "") == ""
    assert line_user("U" + "0" * 31) is None
