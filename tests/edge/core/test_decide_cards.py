"""Cards: who holds them, how sure the reader is, and what a tap means for attendance."""

from __future__ import annotations

from datetime import timedelta

import pytest

from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.events import Factor, PunchDirection, TryKind
from wire.policy import EntryKind
from wire.reasons import Reason

HOUR = timedelta(hours=1)


def test_a_persons_card_opens_by_the_persons_grant(staffed):
    decision = staffed.card("suica")
    assert decision.reason is Reason.CARD_VALID
    assert decision.person == staffed.id("person")
    assert decision.assurance is pb.Assurance.READER_VERIFIED


def test_a_card_opens_by_a_grant_to_one_of_its_holders_groups(staffed):
    staffed.drop(EntryKind.GRANT, staffed.id("grant"))
    assert staffed.card("suica").reason is Reason.NO_GRANT
    staffed.add_person(groups=(staffed.id("cleaners"), staffed.id("caretakers")))
    staffed.add_grant("for the group", group=staffed.id("caretakers"))
    assert staffed.card("suica").grant == staffed.id("for the group")


def test_an_unknown_card_is_told_by_its_digest_so_that_it_can_be_enrolled(staffed):
    decision = staffed.card("pasmo")
    assert decision.reason is Reason.UNKNOWN_CARD
    assert decision.card is not None
    assert decision.namespace == "uid"
    assert not decision.spends_try


def test_the_same_bytes_in_another_namespace_are_another_card(staffed):
    assert staffed.card("suica", namespace="wiegand26").reason is Reason.UNKNOWN_CARD


@pytest.mark.parametrize(
    ("driver", "reader", "door", "opens"),
    [
        ("reader_verified", "reader_verified", "reader_verified", True),
        ("identifier", "reader_verified", "reader_verified", False),
        ("reader_verified", "identifier", "reader_verified", False),
        ("identifier", "identifier", "identifier", True),
        ("challenge", "challenge", "challenge", True),
        ("reader_verified", "challenge", "challenge", False),
    ],
)
def test_assurance_is_the_lesser_of_driver_and_policy_and_must_reach_the_doors(
    staffed, driver, reader, door, opens
):
    staffed.add_door(min_assurance=pb.Assurance(door))
    staffed.add_reader(assurance=pb.Assurance(reader))
    decision = staffed.card("suica", assurance=pb.Assurance(driver))
    assert decision.granted == opens
    assert opens or decision.reason is Reason.ASSURANCE_TOO_LOW


def test_a_verified_challenge_outranks_what_is_said_of_the_reader(staffed):
    staffed.add_door(min_assurance=pb.Assurance.CHALLENGE)
    staffed.add_card("suica", person=staffed.id("person"), public_key="AA==")
    staffed.add_reader(assurance=pb.Assurance.IDENTIFIER)
    decision = staffed.card("suica", proof=lambda card: card.public_key == "AA==")
    assert decision.assurance is pb.Assurance.CHALLENGE
    assert decision.granted


def test_a_wrong_answer_to_a_challenge_is_denied_even_where_a_number_would_do(staffed):
    staffed.add_door(min_assurance=pb.Assurance.IDENTIFIER)
    staffed.add_card("suica", person=staffed.id("person"), public_key="AA==")
    assert staffed.card("suica", proof=lambda _card: False).reason is Reason.CHALLENGE_FAILED


def test_a_proof_for_a_card_without_a_key_proves_nothing(staffed):
    staffed.add_door(min_assurance=pb.Assurance.CHALLENGE)
    assert staffed.card("suica", proof=lambda _card: True).reason is Reason.ASSURANCE_TOO_LOW


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (pb.EntryState.BLOCKED, Reason.CREDENTIAL_BLOCKED),
        (pb.EntryState.REVOKED, Reason.CREDENTIAL_REVOKED),
    ],
)
def test_a_blocked_card_opens_nothing_and_punches_nothing(staffed, state, reason):
    staffed.add_reader(punch=pb.PunchRule.IN)
    staffed.add_card("suica", person=staffed.id("person"), state=state)
    decision = staffed.card("suica")
    assert (decision.reason, decision.punch) == (reason, None)


def test_a_blocked_person_opens_nothing_with_any_card(staffed):
    staffed.add_person(state=pb.EntryState.BLOCKED)
    assert staffed.card("suica").reason is Reason.PERSON_BLOCKED


def test_a_stale_tap_opens_nothing_but_says_who(staffed):
    staffed.add_reader(punch=pb.PunchRule.IN)
    decision = staffed.card("suica", stale=True)
    assert decision.reason is Reason.STALE_PRESENTATION
    assert decision.credential == staffed.id("card")
    assert decision.punch is None


def test_cards_go_on_without_a_clock_unless_a_schedule_or_window_speaks_against_it(staffed):
    staffed.state = ClockState.UNTRUSTED
    assert staffed.card("suica").granted
    staffed.add_schedule(week=())
    staffed.add_grant(person=staffed.id("person"), schedule=staffed.id("schedule"))
    assert staffed.card("suica").reason is Reason.CLOCK_UNTRUSTED
    staffed.add_grant(person=staffed.id("person"), end=staffed.floor)
    assert staffed.card("suica").reason is Reason.BELOW_FLOOR
    staffed.add_grant(person=staffed.id("person"), start=staffed.floor + HOUR)
    assert staffed.card("suica").reason is Reason.CLOCK_UNTRUSTED
    staffed.add_grant(person=staffed.id("person"), start=staffed.floor, end=staffed.floor + HOUR)
    assert staffed.card("suica").granted


def test_a_throttled_reader_still_takes_cards(staffed):
    staffed.throttled = True
    assert staffed.card("suica").granted


def test_of_several_denials_the_nearest_to_an_opening_is_told(staffed):
    person = staffed.id("person")
    staffed.add_schedule(week=())
    staffed.add_grant(person=person, end=staffed.NOON - HOUR)
    assert staffed.card("suica").reason is Reason.EXPIRED
    staffed.add_grant("2", person=person, start=staffed.NOON + HOUR)
    assert staffed.card("suica").reason is Reason.NOT_YET_VALID
    staffed.add_grant("3", person=person, schedule=staffed.id("schedule"))
    assert staffed.card("suica").reason is Reason.OUTSIDE_SCHEDULE


def test_a_grant_whose_schedule_is_not_held_is_closed(staffed):
    staffed.add_grant(person=staffed.id("person"), schedule=staffed.id("lost"))
    assert staffed.card("suica").reason is Reason.OUTSIDE_SCHEDULE


# --- card and PIN --------------------------------------------------------------------------------


def _two_factors(world):
    world.add_grant(person=world.id("person"), needs_pin=True)
    world.add_pin("1357", person=world.id("person"))
    world.add_door(min_digits=4)


def test_a_grant_that_needs_both_waits_for_the_pin(staffed):
    _two_factors(staffed)
    decision = staffed.card("suica")
    assert decision.reason is Reason.SECOND_FACTOR_MISSING
    assert decision.await_pin
    both = staffed.pin("1357", card=staffed.card_attempt("suica"))
    assert (both.reason, both.factor) == (Reason.CARD_AND_PIN_VALID, Factor.CARD_AND_PIN)


def test_neither_factor_opens_alone(staffed):
    _two_factors(staffed)
    alone = staffed.pin("1357")
    assert alone.reason is Reason.SECOND_FACTOR_MISSING
    assert not alone.await_pin


def test_a_card_with_somebody_elses_pin_costs_a_try(staffed):
    _two_factors(staffed)
    wrong = staffed.pin("2468", card=staffed.card_attempt("suica"))
    assert (wrong.reason, wrong.spends_try) == (Reason.UNKNOWN_PIN, True)


def test_somebody_else_may_type_a_good_pin_after_a_card_that_waits(staffed):
    _two_factors(staffed)
    staffed.add_pin("482915", name="guest")
    staffed.add_grant("guest grant", credential=staffed.id("guest"))
    decision = staffed.pin("482915", card=staffed.card_attempt("suica"))
    assert (decision.reason, decision.person) == (Reason.PIN_VALID, None)


def test_a_duress_pin_as_second_factor_raises_the_silent_alarm(staffed):
    _two_factors(staffed)
    staffed.add_pin("1358", name="duress", person=staffed.id("person"), duress=True)
    assert staffed.pin("1358", card=staffed.card_attempt("suica")).reason is Reason.DURESS_PIN


def test_a_blocked_card_with_its_pin_stays_blocked(staffed):
    _two_factors(staffed)
    staffed.add_card("suica", person=staffed.id("person"), state=pb.EntryState.BLOCKED)
    both = staffed.pin("1357", card=staffed.card_attempt("suica"))
    assert both.reason is Reason.CREDENTIAL_BLOCKED


# --- attendance ----------------------------------------------------------------------------------


def test_a_terminal_punches_and_opens_nothing(staffed):
    staffed.add_reader(door=None, side=pb.Side.TERMINAL, punch=pb.PunchRule.IN)
    decision = staffed.card("suica", assurance=pb.Assurance.IDENTIFIER)
    assert decision.punch is not None
    assert (decision.punch.direction, decision.punch.door) == (PunchDirection.IN, None)
    assert not decision.granted
    assert decision.release_ms is None


def test_a_tap_at_a_door_with_a_punch_rule_counts_whether_or_not_it_opens(staffed):
    staffed.add_reader(punch=pb.PunchRule.INFERRED)
    decision = staffed.card("suica")
    assert decision.granted
    assert decision.punch.direction is PunchDirection.INFERRED
    staffed.drop(EntryKind.GRANT, staffed.id("grant"))
    decision = staffed.card("suica")
    assert decision.reason is Reason.NO_GRANT
    assert decision.punch is not None


@pytest.mark.parametrize(
    ("keys", "direction"),
    [
        ("1", "in"),
        ("2", "out"),
        ("3", "break_start"),
        ("4", "break_end"),
        ("", "inferred"),
        ("9", "inferred"),
    ],
)
def test_where_people_choose_the_last_key_before_the_tap_counts(staffed, keys, direction):
    staffed.add_reader(door=None, punch=pb.PunchRule.CHOSEN)
    assert staffed.card("suica", chosen=keys).punch.direction == direction


@pytest.mark.parametrize(
    ("asked", "shown", "counts"),
    [
        ("identifier", "identifier", True),
        ("reader_verified", "identifier", False),
        ("reader_verified", "reader_verified", True),
        ("challenge", "reader_verified", False),
    ],
)
def test_a_punch_needs_the_assurance_that_its_reader_asks_for(staffed, asked, shown, counts):
    staffed.add_reader(
        door=None,
        assurance=pb.Assurance.READER_VERIFIED,
        punch=pb.PunchRule.IN,
        min_assurance=pb.Assurance(asked),
    )
    decision = staffed.card("suica", assurance=pb.Assurance(shown))
    assert (decision.punch is not None) == counts
    assert decision.reason is (Reason.NO_DOOR if counts else Reason.ASSURANCE_TOO_LOW)
    told = decision.body()
    assert told.unpunched is (None if counts else Reason.ASSURANCE_TOO_LOW)
    assert (told.person, told.assurance) == (staffed.id("person"), pb.Assurance(shown))
    assert not decision.spends_try, "staff with the wrong card do not close a terminal"


def test_a_card_that_proves_itself_punches_where_a_challenge_is_asked_for(staffed):
    staffed.add_reader(door=None, punch=pb.PunchRule.IN, min_assurance=pb.Assurance.CHALLENGE)
    staffed.add_card("suica", person=staffed.id("person"), public_key="AA==")
    decision = staffed.card("suica", proof=lambda _card: True)
    assert decision.punch is not None
    assert decision.punch.assurance is pb.Assurance.CHALLENGE
    assert decision.unpunched is None


def test_a_door_opens_for_a_card_that_is_too_weak_for_its_punch_and_says_so(staffed):
    """And the other way round: what a door refuses is a punch all the same."""
    staffed.add_reader(punch=pb.PunchRule.IN, min_assurance=pb.Assurance.CHALLENGE)
    decision = staffed.card("suica")
    assert (decision.granted, decision.punch) == (True, None)
    assert decision.body().unpunched is Reason.ASSURANCE_TOO_LOW
    staffed.add_reader(punch=pb.PunchRule.IN, assurance=pb.Assurance.IDENTIFIER)
    decision = staffed.card("suica")
    assert decision.reason is Reason.ASSURANCE_TOO_LOW
    assert (decision.punch is not None, decision.unpunched) == (True, None)
    assert decision.spends_try, "at a door it is a guess as ever"


@pytest.mark.parametrize("door", [True, False])
def test_every_denied_card_says_why_it_is_no_punch_if_it_could_have_been_one(staffed, door):
    at = {} if door else {"door": None}
    staffed.add_card("blocked", "his", person=staffed.id("him"), state=pb.EntryState.BLOCKED)
    staffed.add_card("visitor's", "visitor")
    shown = {"blocked": Reason.CREDENTIAL_BLOCKED, "visitor's": None}
    shown["unknown"] = None if door else Reason.UNKNOWN_CARD
    for rule in (pb.PunchRule.CHOSEN, pb.PunchRule.NONE):
        staffed.add_reader(punch=rule, **at)
        for card, reason in shown.items():
            wanted = reason if rule is pb.PunchRule.CHOSEN else None
            assert staffed.card(card).unpunched is wanted, card
    staffed.add_reader(punch=pb.PunchRule.IN, **at)
    stale = staffed.card("suica", stale=True)
    assert (stale.person, stale.unpunched) == (staffed.id("person"), Reason.STALE_PRESENTATION)


# --- numbers that anybody can copy ---------------------------------------------------------------


def _copied(world, number: str, **changes):
    return world.card(number, assurance=pb.Assurance.IDENTIFIER, **changes)


def test_an_unknown_copyable_card_costs_a_try_and_an_unknown_verified_one_none(staffed):
    unknown = _copied(staffed, "somebody's")
    assert (unknown.reason, unknown.spends_try) == (Reason.UNKNOWN_CARD, True)
    assert unknown.try_kind is TryKind.CARD
    verified = staffed.card("somebody's")
    assert (verified.reason, verified.spends_try) == (Reason.UNKNOWN_CARD, False)


def test_a_reader_that_vouches_for_nothing_has_its_unknown_cards_counted(staffed):
    """Driver and policy must both say that the reader authenticates cards."""
    staffed.add_reader(assurance=pb.Assurance.IDENTIFIER)
    assert staffed.card("somebody's").spends_try


def test_a_known_number_that_is_too_weak_for_the_door_costs_a_try(staffed):
    """Else the lockout that fails to come would tell that the number is known."""
    weak = _copied(staffed, "suica")
    assert (weak.reason, weak.spends_try) == (Reason.ASSURANCE_TOO_LOW, True)


def test_a_challenge_answered_wrongly_costs_a_try_and_is_kept_out_once_they_are_spent(staffed):
    staffed.add_card("suica", person=staffed.id("person"), public_key="AA==")
    wrong = staffed.card("suica", proof=lambda _card: False)
    assert (wrong.reason, wrong.spends_try) == (Reason.CHALLENGE_FAILED, True)
    staffed.cards_throttled = True
    assert staffed.card("suica", proof=lambda _card: False).reason is Reason.THROTTLED
    assert staffed.card("suica", proof=lambda _card: True).granted


def test_a_known_card_that_has_no_right_now_costs_no_try(staffed):
    """Thirty people who come before a door's hours must not keep the others out."""
    staffed.add_door(min_assurance=pb.Assurance.IDENTIFIER)
    start = staffed.NOON + timedelta(minutes=1)
    staffed.add_grant(person=staffed.id("person"), start=start)
    early = _copied(staffed, "suica")
    assert (early.reason, early.spends_try) == (Reason.NOT_YET_VALID, False)


def test_while_copyable_cards_are_locked_out_verified_ones_and_pins_go_on(staffed):
    staffed.add_door(min_assurance=pb.Assurance.IDENTIFIER)
    staffed.add_pin("482915")
    staffed.add_grant("by pin", credential=staffed.id("pin"))
    staffed.add_reader(punch=pb.PunchRule.IN, assurance=pb.Assurance.READER_VERIFIED)
    staffed.cards_throttled = True
    kept_out = _copied(staffed, "suica")
    assert (kept_out.reason, kept_out.release_ms) == (Reason.THROTTLED, None)
    assert (kept_out.grant, kept_out.punch, kept_out.spends_try) == (None, None, False)
    assert kept_out.person == staffed.id("person")
    assert _copied(staffed, "somebody's").reason is Reason.THROTTLED
    assert staffed.card("suica").granted
    assert staffed.pin("482915").granted


def test_while_pins_are_locked_out_cards_of_every_class_go_on(staffed):
    staffed.add_door(min_assurance=pb.Assurance.IDENTIFIER)
    staffed.throttled = True
    assert staffed.card("suica").granted
    assert _copied(staffed, "suica").granted


def test_a_stale_copyable_card_costs_nothing(staffed):
    assert not _copied(staffed, "somebody's", stale=True).spends_try
