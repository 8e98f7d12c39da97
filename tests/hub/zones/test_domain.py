"""When whereabouts are forgotten, at any time and in any time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from hub.sites.domain import Zone
from hub.zones.domain import Whereabouts, forgotten_until, is_remembered, last_reset
from wire.policy_bodies import AntiPassback

THEN = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 500_000_000).map(lambda s: THEN + timedelta(seconds=s))
ZONES_OF_TIME = st.sampled_from(
    ["Asia/Tokyo", "UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
)


def zone(**changed: object) -> Zone:
    values: dict[str, object] = {
        "id": "z",
        "site_id": "s",
        "name": "",
        "name_en": "",
        "anti_passback": AntiPassback.HARD,
        "occupancy_max": None,
        "soft": False,
        "forget_after_s": None,
        "reset_min": None,
        "tz": "Asia/Tokyo",
        "forgiven": 0,
        "forgiven_at": None,
        "created_at": THEN,
        "updated_at": THEN,
    }
    return Zone(**(values | changed))  # type: ignore[arg-type]  # by name


@given(INSTANTS, st.integers(0, 1_439), ZONES_OF_TIME)
def test_the_last_reset_lies_within_a_day_or_so_and_shows_the_time_that_was_set(
    now: datetime, minute: int, tz: str
) -> None:
    found = last_reset(zone(reset_min=minute, tz=tz), now)
    assert found is not None
    # A day has up to 25 hours where clocks change; one that is skipped doubles it.
    assert timedelta(0) <= now - found <= timedelta(hours=49)
    local = found.astimezone(ZoneInfo(tz))
    shown = local.hour * 60 + local.minute
    assert shown == minute or abs(shown - minute) % 1440 in (30, 60, 1410, 1380)


@given(INSTANTS, st.integers(0, 1_439), st.integers(60, 604_800), st.integers(0, 700_000))
def test_whoever_is_remembered_went_in_after_everything_that_forgets(
    now: datetime, minute: int, forget_s: int, ago_s: int
) -> None:
    strict = zone(reset_min=minute, forget_after_s=forget_s)
    since = now - timedelta(seconds=ago_s)
    until = forgotten_until(strict, now)
    assert until is not None
    remembered = is_remembered(Whereabouts("p", "z", since, "d"), until, None)
    reset = last_reset(strict, now)
    assert reset is not None
    assert remembered == (since > reset and ago_s < forget_s)


def test_without_rules_nothing_is_forgotten_but_what_was_forgiven() -> None:
    where = Whereabouts("p", "z", THEN, "d")
    assert forgotten_until(zone(), THEN + timedelta(days=900)) is None
    assert is_remembered(where, None, None)
    assert not is_remembered(where, None, THEN)
    assert is_remembered(where, None, THEN - timedelta(seconds=1))
    assert not is_remembered(where, forgotten_until(zone(forgiven_at=THEN), THEN), None)
