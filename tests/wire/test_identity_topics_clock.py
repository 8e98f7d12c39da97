"""Identities, topics and clock bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.clock import drift_bound_ms, utc
from wire.errors import WireError, WireFault
from wire.identity import (
    check_controller_id,
    check_uuid7,
    controller_id_from,
    pin_policy_id,
    uuid7,
    uuid_bytes,
)
from wire.reasons import GRANTING, Outcome, Reason
from wire.topics import RETAINED, SIGNED, Channel, down_filter, parse_topic, topic_of, up_filter

A = "a1b2c3d4e5f6g7h8"


@given(st.binary(min_size=16, max_size=64))
def test_any_entropy_makes_a_valid_controller_id(entropy: bytes) -> None:
    assert check_controller_id(controller_id_from(entropy)) == controller_id_from(entropy)


def test_a_controller_id_needs_enough_entropy() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        controller_id_from(b"short")


@pytest.mark.parametrize(
    "text", ["", "a" * 15, "a" * 17, "A" * 16, "a" * 15 + "+", "a" * 15 + "\n"]
)
def test_what_is_no_controller_id_is_refused(text: str) -> None:
    with pytest.raises(WireError) as caught:
        topic_of(text, Channel.HELLO)
    assert caught.value.fault is WireFault.BAD_IDENTITY


@given(st.integers(0, (1 << 48) - 1), st.binary(min_size=10, max_size=10))
def test_a_uuid7_is_well_formed_and_sorts_by_time(ms: int, entropy: bytes) -> None:
    made = uuid7(ms, entropy)
    assert check_uuid7(made) == made
    assert int.from_bytes(uuid_bytes(made)[:6], "big") == ms
    assert len(uuid_bytes(made)) == 16


@pytest.mark.parametrize("text", ["", "x", "01a0c450-6c01-4000-8000-000000000001"])
def test_what_is_no_uuid7_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        check_uuid7(text)


def test_a_pin_is_named_by_credential_and_door() -> None:
    assert pin_policy_id("c", "d") == "c@d"


@pytest.mark.parametrize("channel", list(Channel))
def test_a_topic_comes_apart_as_it_was_made(channel: Channel) -> None:
    topic = topic_of(A, channel)
    assert parse_topic(topic) == (A, channel)
    assert topic == f"kagimori/v1/{A}/{channel.value}"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        f"kagimori/v2/{A}/up/hello",
        f"kagimori/v1/{A}",
        f"kagimori/v1/{A}/up",
        f"kagimori/v1/{A}/up/hello/x",
        f"kagimori/v1/{A}/up/+",
        "kagimori/v1/+/up/hello",
        f"/kagimori/v1/{A}/up/hello",
        f"kagimori/v1/{A}/down/hello",
    ],
)
def test_what_is_not_in_the_list_of_topics_is_refused(topic: str) -> None:
    with pytest.raises(WireError) as caught:
        parse_topic(topic)
    assert caught.value.fault is WireFault.BAD_TOPIC


def test_filters_cover_one_direction_only() -> None:
    assert down_filter(A) == f"kagimori/v1/{A}/down/+"
    assert up_filter() == "kagimori/v1/+/up/+"
    assert up_filter("hub") == "$share/hub/kagimori/v1/+/up/+"


def test_commands_policy_and_welcome_are_signed_and_only_status_is_retained() -> None:
    assert {Channel.WELCOME, Channel.POLICY, Channel.COMMANDS} == SIGNED
    assert {Channel.STATUS} == RETAINED
    assert not any(channel.is_up for channel in SIGNED)


def test_each_reason_belongs_to_one_outcome() -> None:
    assert {r for r in Reason if r.outcome is Outcome.GRANT} == GRANTING
    assert Reason.INTERNAL_ERROR.outcome is Outcome.DENY


@given(st.integers(0, 10**7), st.integers(0, 500), st.integers(0, 10_000))
def test_a_drift_bound_is_never_too_small(elapsed_s: int, ppm: int, error_ms: int) -> None:
    exact = error_ms + elapsed_s * ppm / 1000
    assert exact <= drift_bound_ms(elapsed_s, ppm, error_ms) < exact + 1


def test_instants_without_an_offset_are_refused() -> None:
    jst = timezone(timedelta(hours=9))
    assert utc(datetime(2026, 11, 22, 18, 30, tzinfo=jst)) == datetime(
        2026, 11, 22, 9, 30, tzinfo=UTC
    )
    with pytest.raises(ValueError, match="offset"):
        utc(datetime(2026, 11, 22))  # noqa: DTZ001 (a naive one is the point)
