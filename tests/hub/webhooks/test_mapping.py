"""A message is read by its profile, or refused by name; no message breaks anything."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.webhooks.mapping import (
    BOOKING,
    PAYMENT,
    POINTER,
    Action,
    Misfit,
    MisfitError,
    Profile,
    pointed,
    read,
)

VENDOR = Profile(
    kind="/event",
    kinds={"reserved": Action.PUT, "cancelled": Action.CANCEL, "*": Action.IGNORE},
    reservation_key="/r/no",
    key_prefix="yoyaku-",
    facility="/r/room",
    facilities={"301": "facility-1"},
    starts_at="/r/from",
    ends_at="/r/to",
    zone="Asia/Tokyo",
    state="/r/status",
    states={"確定": "confirmed", "取消": "cancelled"},
    name="/r/user/name",
    paid="/r/pay",
    paid_values=("済",),
    holders="/r/members",
    holder_name="/who/0",
    stamp="/r/rev",
)
DOCUMENT = {
    "event": "reserved",
    "r": {
        "no": 412,
        "room": "301",
        "from": "2026/05/10 18:30",
        "to": "2026-05-10T21:00:00",
        "status": "確定",
        "user": {"name": "山田 花子"},
        "pay": "済",
        "members": [{"who": ["山田 花子"]}, "佐藤 太郎"],
        "rev": "7",
    },
}


def but(**changed: Any) -> dict[str, Any]:
    return {"event": "reserved", "r": {**DOCUMENT["r"], **changed}}  # type: ignore[dict-item]


def test_a_senders_own_shape_is_read() -> None:
    asked = read(VENDOR, DOCUMENT)
    assert (asked.action, asked.key, asked.stamp) == (Action.PUT, "yoyaku-412", 7)
    assert asked.facility == "facility-1"
    assert asked.contact == {"name": "山田 花子"}
    assert asked.fields == {
        "starts_at": datetime(2026, 5, 10, 9, 30, tzinfo=UTC),
        "ends_at": datetime(2026, 5, 10, 12, 0, tzinfo=UTC),
        "state": "confirmed",
        "paid": True,
        "holders": [{"name": "山田 花子"}, {"name": "佐藤 太郎"}],
    }


def test_what_is_left_out_or_null_stays_as_it_is() -> None:
    document = {"event": "reserved", "r": {"no": 1, "from": None}}
    asked = read(VENDOR, document)
    assert (asked.fields, asked.contact, asked.facility, asked.stamp) == ({}, {}, None, None)


def test_a_cancelled_state_is_a_cancellation_whatever_the_kind() -> None:
    assert read(VENDOR, but(status="取消")).action is Action.CANCEL
    assert read(VENDOR, {**DOCUMENT, "event": "cancelled"}).action is Action.CANCEL
    assert read(VENDOR, {"event": "anything", "r": 3}).action is Action.IGNORE


@pytest.mark.parametrize(
    ("changed", "misfit", "field"),
    [
        ({"no": None}, Misfit.MISSING, "reservation_key"),
        ({"no": ""}, Misfit.MISSING, "reservation_key"),
        ({"no": "a b"}, Misfit.BAD_TEXT, "reservation_key"),
        ({"no": "a" * 129}, Misfit.BAD_TEXT, "reservation_key"),
        ({"no": [1]}, Misfit.WRONG_TYPE, "reservation_key"),
        ({"no": True}, Misfit.WRONG_TYPE, "reservation_key"),
        ({"no": 1.5}, Misfit.WRONG_TYPE, "reservation_key"),
        ({"from": "tomorrow"}, Misfit.NO_TIME, "starts_at"),
        ({"from": "2026-05-10"}, Misfit.NO_TIME, "starts_at"),
        ({"from": "0001-01-01T00:00:00"}, Misfit.NO_TIME, "starts_at"),
        ({"from": "9999-12-31T23:59:59Z"}, Misfit.NO_TIME, "starts_at"),
        ({"from": 1_778_000_000}, Misfit.WRONG_TYPE, "starts_at"),
        ({"status": "maybe"}, Misfit.UNKNOWN_VALUE, "state"),
        ({"user": {"name": "a\x00"}}, Misfit.BAD_TEXT, "name"),
        ({"user": {"name": "\ud800"}}, Misfit.BAD_TEXT, "name"),
        ({"user": {"name": "a" * 1001}}, Misfit.TOO_LONG, "name"),
        ({"members": "山田"}, Misfit.WRONG_TYPE, "holders"),
        ({"members": [{}]}, Misfit.MISSING, "holders"),
        ({"members": ["a"] * 101}, Misfit.TOO_LONG, "holders"),
        ({"rev": 2**63}, Misfit.TOO_LONG, "stamp"),
        ({"rev": [1]}, Misfit.WRONG_TYPE, "stamp"),
        ({"rev": "soon"}, Misfit.NO_TIME, "stamp"),
        ({"pay": {}}, Misfit.WRONG_TYPE, "paid"),
    ],
)
def test_what_does_not_fit_is_named(changed: dict[str, Any], misfit: Misfit, field: str) -> None:
    with pytest.raises(MisfitError) as raised:
        read(VENDOR, but(**changed))
    assert (raised.value.misfit, raised.value.field) == (misfit, field)


def test_a_time_without_offset_needs_a_zone() -> None:
    data = {"reservation_key": "k", "starts_at": "2026-05-10T18:00:00"}
    with pytest.raises(MisfitError) as raised:
        read(BOOKING, {"type": "booking.created", "data": data})
    assert raised.value.misfit is Misfit.NO_ZONE


def test_an_unknown_kind_is_refused_unless_the_profile_passes_it_over() -> None:
    with pytest.raises(MisfitError):
        read(BOOKING, {"type": "booking.eaten", "data": {"reservation_key": "k"}})
    with pytest.raises(MisfitError):
        read(BOOKING, {"data": {"reservation_key": "k"}})


@pytest.mark.parametrize(
    ("document", "paid"),
    [
        ({"reservation_key": "R-1", "paid": True}, True),
        ({"reservation_key": "R-1", "paid": "PAID"}, True),
        ({"reservation_key": "R-1", "paid": False}, False),
        ({"reservation_key": "R-1", "paid": "refunded"}, False),
        ({"reservation_key": "R-1"}, True),
    ],
)
def test_whoever_takes_the_money_says_so_in_two_words(document: Any, paid: bool) -> None:
    asked = read(PAYMENT, document)
    assert (asked.action, asked.fields) == (Action.PAY, {"paid": paid})


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        # The hour that comes twice: the first of the two.
        ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00+00:00"),
        # The hour that is leapt over: with the offset of before.
        ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00+00:00"),
        ("America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:30:00+00:00"),
        ("Asia/Tokyo", "2028-02-29T23:59:59.5", "2028-02-29T14:59:59.500000+00:00"),
        # An offset that is said counts, whatever the zone.
        ("Europe/Berlin", "2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00+00:00"),
    ],
)
def test_local_times_where_clocks_are_changed(zone: str, local: str, utc: str) -> None:
    """RFC 5545, 3.3.5."""
    profile = Profile(starts_at="/at", reservation_key="/k", zone=zone)
    asked = read(profile, {"k": "k", "at": local})
    assert asked.fields["starts_at"] == datetime.fromisoformat(utc)


@given(
    at=st.datetimes(datetime.fromisoformat("2000-01-02"), datetime.fromisoformat("2199-12-30")),
    zone=st.sampled_from(
        ["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
    ),
)
def test_any_local_time_keeps_its_reading_or_was_leapt_over(at: datetime, zone: str) -> None:
    profile = Profile(starts_at="/at", reservation_key="/k", zone=zone)
    found = read(profile, {"k": "k", "at": at.isoformat()}).fields["starts_at"]
    shown = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert timedelta(0) <= shown - at <= timedelta(hours=1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMED = st.dictionaries(
    st.sampled_from(["no", "room", "from", "to", "status", "user", "pay", "members", "rev"]), JSON
)


@given(document=JSON | st.builds(lambda r: {"event": "reserved", "r": {"no": "1", **r}}, NAMED))
def test_any_json_is_read_or_refused_by_name(document: Any) -> None:
    for profile in (VENDOR, BOOKING, PAYMENT, Profile()):
        try:
            asked = read(profile, document)
        except MisfitError as error:
            assert error.field
            assert len(str(error)) < 60  # what stood there is not repeated
        else:
            assert asked.action is Action.IGNORE or asked.key


@given(path=st.lists(st.text(max_size=4), max_size=4), document=JSON)
def test_a_pointer_finds_what_it_points_to_and_nothing_else(path: list[str], document: Any) -> None:
    """RFC 6901, with ~ and / escaped."""
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    assert re.match(POINTER, pointer, re.DOTALL)
    wrapped: Any = document
    for part in reversed(path):
        wrapped = {part: wrapped}
    found = pointed(wrapped, pointer)
    assert found is document or found == document or found != found
