"""When whereabouts are forgotten, at any time and in any time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sites.domain import Zone
from hub.zones.domain import (
    Passage,
    Way,
    Whereabouts,
    forgotten_until,
    is_remembered,
    last_reset,
    trail_after,
)
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
    remembered = is_remembered(Whereabouts("p", "z", 0, since, "d"), until, None)
    reset = last_reset(strict, now)
    assert reset is not None
    assert remembered == (since > reset and ago_s < forget_s)


def test_without_rules_nothing_is_forgotten_but_what_was_forgiven() -> None:
    where = Whereabouts("p", "z", 0, THEN, "d")
    assert forgotten_until(zone(), THEN + timedelta(days=900)) is None
    assert is_remembered(where, None, None)
    assert not is_remembered(where, None, THEN)
    assert is_remembered(where, None, THEN - timedelta(seconds=1))
    assert not is_remembered(where, forgotten_until(zone(forgiven_at=THEN), THEN), None)


OUT, HALL, ROOM, SAFE, ELSEWHERE = None, "hall", "room", "safe", "elsewhere"


@pytest.mark.parametrize(
    ("gone", "trail"),
    [
        ([(OUT, HALL, True)], [HALL]),
        ([(OUT, HALL, True), (HALL, ROOM, True)], [HALL, ROOM]),
        ([(OUT, HALL, True), (HALL, ROOM, True), (ROOM, SAFE, True)], [HALL, ROOM, SAFE]),
        ([(OUT, HALL, True), (HALL, ROOM, True), (ROOM, HALL, False)], [HALL]),
        ([(OUT, HALL, True), (HALL, ROOM, True), (ROOM, OUT, False)], []),
        ([(OUT, HALL, True), (OUT, ELSEWHERE, True)], [ELSEWHERE]),
        ([(HALL, ROOM, True)], [HALL, ROOM]),  # in both: nobody saw them come into the hall
        ([(ROOM, HALL, False)], [HALL]),
        ([(OUT, HALL, True), (OUT, HALL, True)], [HALL]),
        ([(OUT, HALL, True), (HALL, ROOM, True), (OUT, HALL, True)], [HALL]),
        ([(OUT, ELSEWHERE, True), (HALL, ROOM, True)], [HALL, ROOM]),
    ],
)
def test_a_trail_follows_the_rows_of_the_policy_page(
    gone: list[tuple[str | None, str | None, bool]], trail: list[str]
) -> None:
    """docs/policy.md, Zones: anti-passback; the edge keeps the same."""
    marks: tuple[Whereabouts, ...] = ()
    for number, (leaving, into, inward) in enumerate(gone):
        way = Way(leaving, into, inward)
        marks = trail_after(marks, Passage("p", way, THEN + timedelta(minutes=number), "d"))
    assert [mark.zone_id for mark in marks] == trail


PLACES = st.sampled_from([HALL, ROOM, SAFE, ELSEWHERE])
WAYS = st.builds(Way, st.none() | PLACES, st.none() | PLACES, st.booleans())


@given(st.lists(WAYS, max_size=12))
def test_nobody_is_twice_in_a_zone_and_is_where_they_went_last(ways: list[Way]) -> None:
    marks: tuple[Whereabouts, ...] = ()
    for number, way in enumerate(ways):
        if way.leaving == way.into:
            continue
        marks = trail_after(marks, Passage("p", way, THEN + timedelta(minutes=number), "d"))
        zones = [mark.zone_id for mark in marks]
        assert len(set(zones)) == len(zones)
        assert [mark.depth for mark in marks] == list(range(len(marks)))
        assert zones[-1:] == ([way.into] if way.into else [])
        assert [mark.since for mark in marks] == sorted(mark.since for mark in marks)
