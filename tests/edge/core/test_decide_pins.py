"""PINs: exactly in their window, under every state of the clock, and never by guessing on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.core.model import Source
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.events import EventKind
from wire.pins import EARLY_GRACE_S
from wire.policy import EntryKind
from wire.reasons import Reason

MS = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)


def test_a_booked_pin_opens_and_names_grant_and_booking(booked):
    decision = booked.pin("482915")
    assert decision.reason is Reason.PIN_VALID
    assert decision.kind is EventKind.ACCESS_GRANTED
    assert decision.release_ms == 5_000
    assert decision.booking == booked.id("booking")
    assert decision.grant == booked.id("grant")


def test_a_window_is_half_open(booked):
    booked.at = booked.NOON - MS
    assert booked.pin("482915").reason is Reason.NOT_YET_VALID
    booked.at = booked.NOON
    assert booked.pin("482915").granted
    booked.at = booked.NOON + 2 * HOUR - MS
    assert booked.pin("482915").granted
    booked.at = booked.NOON + 2 * HOUR
    assert booked.pin("482915").reason is Reason.EXPIRED


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    start_ms=st.integers(-7_200_000, 7_200_000),
    length_ms=st.integers(1, 7_200_000),
    at_ms=st.integers(-9_000_000, 16_000_000),
)
def test_a_pin_opens_exactly_in_its_window(world, start_ms, length_ms, at_ms):
    start = world.NOON + timedelta(milliseconds=start_ms)
    end = start + timedelta(milliseconds=length_ms)
    world.add_pin("482915")
    world.add_grant(credential=world.id("pin"), start=start, end=end)
    world.at = world.NOON + timedelta(milliseconds=at_ms)
    world.floor = world.at - HOUR
    assert world.pin("482915").granted == (start <= world.at < end)


def test_a_wrong_pin_is_unknown_and_costs_a_try(booked):
    decision = booked.pin("482916")
    assert decision.reason is Reason.UNKNOWN_PIN
    assert decision.spends_try
    assert decision.credential is None


def test_a_known_pin_an_hour_before_its_window_costs_no_try(booked):
    booked.at = booked.NOON - HOUR
    decision = booked.pin("482915")
    assert (decision.reason, decision.spends_try) == (Reason.NOT_YET_VALID, False)


def test_a_throttled_reader_compares_no_pin(booked):
    booked.throttled = True

    def never(_door):
        raise AssertionError("compared")

    decision = booked.pin("482915", digest=never)
    assert (decision.reason, decision.spends_try) == (Reason.THROTTLED, False)


@pytest.mark.parametrize(
    ("digits", "reason"),
    [("48291", Reason.PIN_TOO_SHORT), ("48291548291", Reason.PIN_TOO_LONG)],
)
def test_a_pin_of_impossible_length_is_not_compared(booked, digits, reason):
    def never(_door):
        raise AssertionError("compared")

    assert booked.pin(digits, digest=never).reason is reason


def test_an_overflown_entry_is_too_long_whatever_its_digits(booked):
    assert booked.pin("482915", overflow=True).reason is Reason.PIN_TOO_LONG


def test_a_stale_pin_is_never_compared(booked):
    assert booked.pin("482915", stale=True).reason is Reason.STALE_PRESENTATION


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (pb.EntryState.BLOCKED, Reason.CREDENTIAL_BLOCKED),
        (pb.EntryState.REVOKED, Reason.CREDENTIAL_REVOKED),
    ],
)
def test_a_blocked_or_revoked_pin_says_so(booked, state, reason):
    booked.add_pin("482915", state=state)
    assert booked.pin("482915").reason is reason


def test_a_revoked_grant_says_so(booked):
    booked.add_grant(credential=booked.id("pin"), state=pb.EntryState.REVOKED)
    assert booked.pin("482915").reason is Reason.CREDENTIAL_REVOKED


def test_a_pin_without_a_grant_opens_nothing(booked):
    booked.drop(EntryKind.GRANT, booked.id("grant"))
    assert booked.pin("482915").reason is Reason.NO_GRANT


def test_a_bookings_pin_does_not_live_longer_because_its_holder_is_of_the_staff(booked):
    booked.add_pin("482915", booking=booked.id("booking"), person=booked.id("person"))
    booked.add_person()
    booked.add_grant("always", person=booked.id("person"))
    booked.at = booked.NOON + 3 * HOUR
    assert booked.pin("482915").reason is Reason.EXPIRED


def test_one_pin_in_two_windows_opens_in_both_and_between_says_not_yet(booked):
    booked.add_pin("482915", name="later")
    start = booked.NOON + 4 * HOUR
    booked.add_grant("grant 2", credential=booked.id("later"), start=start, end=start + HOUR)
    assert booked.pin("482915").credential == booked.id("pin")
    booked.at = start
    assert booked.pin("482915").credential == booked.id("later")
    booked.at = start - HOUR
    assert booked.pin("482915").reason is Reason.NOT_YET_VALID


def test_a_duress_pin_opens_like_any_other_and_is_told_apart_in_the_journal_alone(booked):
    booked.add_pin("482916", name="duress", duress=True)
    booked.add_grant("grant 2", credential=booked.id("duress"))
    decision, usual = booked.pin("482916"), booked.pin("482915")
    assert decision.kind is EventKind.ACCESS_DURESS
    assert (decision.granted, decision.release_ms) == (usual.granted, usual.release_ms)


def test_a_pin_of_another_door_is_unknown_here(booked):
    body = pb.PinBody(credential=booked.id("other"), door=booked.id("other door"), digest="5a" * 32)
    entry_id = f"{booked.id('other')}@{booked.id('other door')}"
    booked.put(EntryKind.CREDENTIAL, entry_id, body)
    assert booked.pin("000000", digest=lambda _door: "5a" * 32).reason is Reason.UNKNOWN_PIN


def test_one_use_means_once(booked):
    booked.add_grant(credential=booked.id("pin"), max_uses=1)
    assert booked.pin("482915").counts_use == booked.id("grant")
    booked.uses[booked.id("grant")] = 1
    assert booked.pin("482915").reason is Reason.USED_UP


def test_longer_opening_for_who_needs_it(booked):
    booked.add_pin("482915", booking=booked.id("booking"), person=booked.id("person"))
    booked.add_person(long_unlock=True)
    assert booked.pin("482915").release_ms == 15_000


def test_an_untrusted_clock_denies_pins(booked):
    booked.state = ClockState.UNTRUSTED
    assert booked.pin("482915").reason is Reason.CLOCK_UNTRUSTED


def test_a_holdover_clock_opens(booked):
    booked.state = ClockState.HOLDOVER
    assert booked.pin("482915").granted


def test_an_untrusted_clock_opens_where_the_door_says_so_and_the_floor_is_in_the_window(booked):
    booked.add_door(on_untrusted_clock=pb.OnUntrustedClock.FLOOR_IN_WINDOW)
    booked.state = ClockState.UNTRUSTED
    booked.floor = booked.NOON
    assert booked.pin("482915").reason is Reason.FLOOR_IN_WINDOW
    booked.floor = booked.NOON - MS
    assert booked.pin("482915").reason is Reason.CLOCK_UNTRUSTED
    booked.floor = booked.NOON + 2 * HOUR
    assert booked.pin("482915").reason is Reason.BELOW_FLOOR


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    state=st.sampled_from(ClockState),
    rule=st.sampled_from(pb.OnUntrustedClock),
    at_s=st.integers(-90_000_000, 90_000_000),
    beyond_s=st.integers(0, 90_000_000),
)
def test_a_pin_whose_end_lies_below_the_floor_never_opens(booked, state, rule, at_s, beyond_s):
    booked.add_door(on_untrusted_clock=rule)
    booked.state = state
    booked.at = booked.NOON + timedelta(seconds=at_s)
    booked.floor = booked.NOON + 2 * HOUR + timedelta(seconds=beyond_s)
    assert not booked.pin("482915").granted


def test_a_pin_at_an_unknown_reader_is_not_compared(booked):
    assert booked.pin("482915", channel=5).reason is Reason.UNKNOWN_READER
    assert booked.pin("482915", source=Source("nobody")).reason is Reason.UNKNOWN_READER


def test_a_reader_without_a_door_opens_nothing(booked):
    booked.add_reader(door=None)
    assert booked.pin("482915").reason is Reason.NO_DOOR


def test_a_door_without_a_strike_grants_and_moves_nothing(booked):
    booked.add_door(strike=None)
    decision = booked.pin("482915")
    assert (decision.granted, decision.release_ms) == (True, None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(early_ms=st.integers(1, 72 * 3_600_000), locked=st.booleans(), others=st.booleans())
def test_a_right_pin_costs_a_try_unless_its_window_begins_within_the_hour(
    booked, early_ms, locked, others
):
    """A guesser must not learn of a code to come by the lockout that fails to come; who is a
    little early must not be locked out."""
    if locked:
        booked.add_mode(pb.DoorMode.LOCKED, 1)
    if others:  # of several windows to come the next one counts
        for name, days in (("later", 3), ("latest", 9)):
            start = booked.NOON + timedelta(days=days)
            booked.add_grant(name, credential=booked.id("pin"), start=start)
    booked.at = booked.NOON - timedelta(milliseconds=early_ms)
    decision = booked.pin("482915")
    assert not decision.granted
    assert decision.spends_try == (early_ms > EARLY_GRACE_S * 1_000)


def test_of_two_holders_of_one_code_the_next_one_spares_the_try(booked):
    booked.add_pin("482915", "second", booking=booked.id("second booking"))
    start = booked.NOON + 9 * HOUR
    booked.add_grant("second grant", credential=booked.id("second"), start=start)
    booked.at = booked.NOON - MS
    assert not booked.pin("482915").spends_try
    booked.at = start - MS
    booked.drop(EntryKind.GRANT, booked.id("grant"))
    booked.add_grant(credential=booked.id("pin"), start=start + 9 * HOUR)
    assert not booked.pin("482915").spends_try


def test_a_right_second_factor_far_too_early_costs_a_try_and_a_card_none(staffed):
    start = staffed.NOON + 2 * HOUR
    staffed.add_grant(person=staffed.id("person"), start=start, needs_pin=True)
    staffed.add_pin("135790", person=staffed.id("person"))
    assert staffed.pin("135790", card=staffed.card_attempt("suica")).spends_try
    card = staffed.card("suica")
    assert (card.reason, card.spends_try) == (Reason.NOT_YET_VALID, False)


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        (Reason.CREDENTIAL_BLOCKED, {"pin": {"state": pb.EntryState.BLOCKED}}),
        (Reason.CREDENTIAL_REVOKED, {"pin": {"state": pb.EntryState.REVOKED}}),
        (Reason.PERSON_BLOCKED, {"person": {"state": pb.EntryState.BLOCKED}}),
        (Reason.NO_GRANT, {"grant": {"credential": "another"}}),
        (Reason.EXPIRED, {"grant": {"end": -HOUR}}),
        (Reason.OUTSIDE_SCHEDULE, {"grant": {"schedule": "none"}}),
        (Reason.USED_UP, {"grant": {"max_uses": 1}}),
        (Reason.SECOND_FACTOR_MISSING, {"grant": {"needs_pin": True}}),
        (Reason.CLOCK_UNTRUSTED, {"clock": ClockState.UNTRUSTED}),
    ],
)
def test_a_right_pin_that_does_not_open_costs_a_try_as_a_wrong_one_does(world, reason, changed):
    """A lockout that fails to come must not tell which codes there are."""
    person = world.id("person")
    world.add_pin("482915", person=person, **changed.get("pin", {}))
    world.add_person(**changed.get("person", {}))
    grant = {"credential": "pin", "start": -2 * HOUR, **changed.get("grant", {})}
    for name in ("start", "end"):
        if name in grant:
            grant[name] = world.NOON + grant[name]
    for name in ("credential", "schedule"):
        if name in grant:
            grant[name] = world.id(grant[name])
    world.add_grant(**grant)
    world.uses[world.id("grant")] = 1
    world.state = changed.get("clock", world.state)
    decision = world.pin("482915")
    assert (decision.reason, decision.spends_try) == (reason, True)
    wrong = world.pin("111111")
    assert (wrong.reason, wrong.spends_try) == (Reason.UNKNOWN_PIN, True)


def test_a_right_pin_at_a_locked_door_costs_no_try(booked):
    """It is live, and counted as such; at a locked door nobody is to be locked out besides."""
    booked.add_mode(pb.DoorMode.LOCKED, 1)
    decision = booked.pin("482915")
    assert (decision.reason, decision.spends_try) == (Reason.DOOR_LOCKED, False)
