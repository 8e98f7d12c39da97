"""From a presentation to the bolt, and what is journaled on the way: one stimulus, one event."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edge.core.model import CardFailed, Feedback, KeysPressed, Source
from wire.events import ActOutcome, EventKind, Factor, Observed
from wire.policy import EntryKind
from wire.policy_bodies import Assurance, DoorMode, Point, PunchRule, Side
from wire.reasons import Outcome, Reason

AccessKind = (EventKind.ACCESS_GRANTED, EventKind.ACCESS_DENIED)
PIN, WRONG, DURESS = "482915", "777777", "482916"


def test_a_valid_pin_opens_and_its_result_names_what_the_bolt_did(rig):
    rig.press(f"{PIN}#")
    assert rig.unlocked
    granted = rig.last(EventKind.ACCESS_GRANTED)
    assert (granted.reason, granted.factor, granted.digits) == (Reason.PIN_VALID, Factor.PIN, 6)
    result = rig.last(EventKind.ACT_RESULT)
    assert result.act == granted.act
    assert (result.outcome, result.observed) == (ActOutcome.DONE, Observed.BOLT_RETRACTED)
    rig.go(5)
    assert not rig.unlocked


def test_the_decision_is_committed_before_anything_moves(rig):
    acts_at_commit = []
    append = rig.journal.journal.append

    def watched(events, *rest, **named):
        if any(event.kind is EventKind.ACCESS_GRANTED for event in events):
            acts_at_commit.append(len(rig.site.acts()))
        return append(events, *rest, **named)

    rig.journal.journal.append = watched
    rig.press(f"{PIN}#")
    assert acts_at_commit == [0]
    assert len(rig.site.acts()) == 1


def test_an_opening_leaves_exactly_these_events(rig):
    mark = len(rig.kinds())
    rig.press(f"{PIN}#")
    rig.set_input(0, True)
    rig.set_input(0, False)
    rig.go(6)
    assert rig.since(mark) == [
        "access_granted",
        "bolt_retracted",
        "act_result",
        "door_opened",
        "door_closed",
        "bolt_extended",
    ]


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (f"{WRONG}#", Reason.UNKNOWN_PIN),
        ("4829#", Reason.PIN_TOO_SHORT),
        (f"{PIN}00000#", Reason.PIN_TOO_LONG),
        (f"9{PIN}#", Reason.UNKNOWN_PIN),
    ],
)
def test_a_wrong_entry_is_one_denial_and_moves_nothing(rig, keys, reason):
    mark = len(rig.kinds())
    rig.press(keys)
    assert rig.since(mark) == ["access_denied"]
    assert rig.last(EventKind.ACCESS_DENIED).reason is reason
    assert rig.site.acts() == []


def test_a_pin_without_its_confirm_key_is_nothing(rig):
    mark = len(rig.kinds())
    rig.press(PIN)
    rig.go(11)
    rig.press("#")
    assert rig.since(mark) == []


def test_a_booked_pin_dies_at_its_end_without_any_network(rig):
    rig.press(f"{PIN}#")
    rig.go(10)
    rig.time.go(7_200)
    rig.press(f"{PIN}#")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.EXPIRED
    assert len(rig.site.acts()) == 1


def test_a_duress_pin_opens_alike_and_shows_alike(rig):
    rig.policy(
        rig.town.pin(DURESS, credential=rig.town_id(50), duress=True),
        rig.town.grant(rig.town_id(51), credential=rig.town_id(50)),
    )
    rig.press(f"{PIN}#")
    rig.go(6)
    usual = [(act.target, act.mode, act.pulse_ms) for act in rig.site.acts()], rig.site.shown()
    mark = len(rig.kinds())
    rig.press(f"{DURESS}#")
    duress = [(act.target, act.mode, act.pulse_ms) for act in rig.site.acts()], rig.site.shown()
    assert duress == (usual[0] * 2, usual[1] * 2)
    assert rig.since(mark)[0] == "access_duress"


@pytest.mark.parametrize("mode", [DoorMode.LOCKED, DoorMode.LOCKDOWN])
def test_a_duress_pin_at_a_shut_door_is_journaled_as_duress_and_shows_as_any_denial(rig, mode):
    rig.policy(
        rig.town.mode(mode, 1),
        rig.town.pin(DURESS, credential=rig.town_id(50), duress=True),
        rig.town.grant(rig.town_id(51), credential=rig.town_id(50)),
    )
    rig.press(f"{PIN}#")
    usual, mark = rig.site.shown(), len(rig.kinds())
    rig.press(f"{DURESS}#")
    assert rig.site.shown() == usual * 2
    assert rig.since(mark) == ["access_duress"]
    assert rig.last(EventKind.ACCESS_DURESS).reason.outcome is Outcome.DENY
    assert not rig.unlocked


def test_a_duress_pin_raises_its_alarm_though_the_journal_failed_and_the_door_stays_shut(rig):
    rig.policy(
        rig.town.pin(DURESS, credential=rig.town_id(50), duress=True),
        rig.town.grant(rig.town_id(51), credential=rig.town_id(50)),
    )
    rig.journal.cause = "read_only"
    rig.press(f"{DURESS}#")
    assert not rig.unlocked
    rig.journal.cause = None
    rig.loop.tick()
    assert rig.last(EventKind.ACCESS_DURESS).reason is Reason.JOURNAL_FAILED


def test_what_readers_show(rig):
    rig.press(f"{PIN}#")
    rig.press("123456#")
    for _ in range(5):
        rig.press(f"{WRONG}#")
    shown = [feedback for _, feedback in rig.site.shown()]
    assert shown[:2] == [Feedback.GRANTED, Feedback.DENIED]
    assert shown[-1] is Feedback.LOCKED_OUT


def test_five_wrong_pins_lock_pins_out_with_one_event_and_cards_go_on(rig):
    for _ in range(5):
        rig.press(f"{WRONG}#")
    assert rig.last(EventKind.PIN_LOCKOUT).lockout_s == 300
    rig.press(f"{PIN}#")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.THROTTLED
    assert rig.site.acts() == []
    rig.tap(assurance=Assurance.READER_VERIFIED)
    assert rig.unlocked
    rig.go(300, step_s=10)
    rig.press(f"{PIN}#")
    assert rig.last(EventKind.ACCESS_GRANTED).reason is Reason.PIN_VALID
    assert len(rig.events(EventKind.PIN_LOCKOUT)) == 1


def test_a_success_in_between_restores_no_try(rig):
    for _ in range(4):
        rig.press(f"{WRONG}#")
    rig.press(f"{PIN}#")
    rig.press(f"{WRONG}#")
    assert len(rig.events(EventKind.PIN_LOCKOUT)) == 1


def test_a_stale_pin_is_journaled_and_half_of_it_helps_nobody_later(rig):
    rig.press("482", stale=True)
    rig.press("915#")
    reasons = [body.reason for body in rig.bodies(EventKind.ACCESS_DENIED)]
    assert reasons == [Reason.STALE_PRESENTATION, Reason.PIN_TOO_SHORT]
    assert rig.site.acts() == []


def test_a_stale_tap_opens_nothing(rig):
    rig.tap(assurance=Assurance.READER_VERIFIED, stale=True)
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.STALE_PRESENTATION
    assert not rig.unlocked


def test_what_waited_in_our_own_queue_for_too_long_is_stale(rig):
    source_ns = rig.time.mono
    rig.time.go(11)
    device = next(iter(rig.parts.memory.index.devices))
    rig.loop.handle(KeysPressed(Source(device), f"{PIN}#", source_ns))
    rig.settle()
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.STALE_PRESENTATION


def test_a_card_that_could_not_be_read_is_journaled(rig):
    device = next(iter(rig.parts.memory.index.devices))
    rig.loop.handle(CardFailed(Source(device), "removed", rig.time.mono))
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.CARD_UNREADABLE


def test_a_card_with_an_impossible_identity_is_unreadable(rig):
    rig.tap(b"")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.CARD_UNREADABLE


def test_an_unknown_card_leaves_its_digest_never_its_number(rig):
    rig.tap(bytes.fromhex("0badcafe"))
    denied = rig.last(EventKind.ACCESS_DENIED)
    assert denied.reason is Reason.UNKNOWN_CARD
    assert len(denied.card) == 64
    assert b"0badcafe" not in rig.journal.tail(1)[0][1]


def test_a_terminal_punches_in_one_event_and_opens_nothing(rig):
    rig.policy(rig.town.reader(door=None, side=Side.TERMINAL, punch=PunchRule.IN))
    mark = len(rig.kinds())
    rig.tap()
    assert rig.since(mark) == ["punch"]
    assert rig.site.shown()[-1][1] is Feedback.GRANTED
    assert rig.site.acts() == []


def test_where_people_choose_the_key_before_the_tap_is_the_direction(rig):
    rig.policy(rig.town.reader(door=None, side=Side.TERMINAL, punch=PunchRule.CHOSEN))
    rig.press("2")
    rig.tap()
    rig.tap()
    directions = [body.direction.value for body in rig.bodies(EventKind.PUNCH)]
    assert directions == ["out", "inferred"]


def test_a_tap_at_a_door_with_a_punch_rule_is_both_in_one_commit(rig):
    rig.policy(rig.town.reader(punch=PunchRule.INFERRED))
    mark = len(rig.kinds())
    rig.tap(assurance=Assurance.READER_VERIFIED)
    assert rig.since(mark)[:2] == ["access_granted", "punch"]


def _two_factors(rig):
    rig.policy(
        rig.town.grant(rig.town_id(20), person=rig.town_id(6), needs_pin=True),
        rig.town.pin("135790", credential=rig.town_id(52), person=rig.town_id(6)),
    )


@pytest.mark.parametrize(("typed", "kind"), [("135790#", "granted"), ("", "denied")])
def test_a_card_that_waits_for_its_pin_is_told_once_to_be_no_punch(rig, typed, kind):
    _two_factors(rig)
    rig.policy(rig.town.reader(punch=PunchRule.IN, min_assurance=Assurance.CHALLENGE))
    mark = len(rig.kinds())
    rig.tap(assurance=Assurance.READER_VERIFIED)
    rig.press(typed)
    rig.go(20)
    told = [body for one in AccessKind for body in rig.bodies(one) if body.unpunched]
    assert [(body.unpunched, body.person) for body in told] == [
        (Reason.ASSURANCE_TOO_LOW, rig.town_id(6))
    ]
    assert f"access_{kind}" in rig.since(mark)
    assert "punch" not in rig.since(mark)


def test_card_and_pin_open_together(rig):
    _two_factors(rig)
    mark = len(rig.kinds())
    rig.tap(assurance=Assurance.READER_VERIFIED)
    assert rig.since(mark) == []
    assert rig.site.shown()[-1][1] is Feedback.KEY
    rig.press("135790#")
    assert rig.last(EventKind.ACCESS_GRANTED).factor is Factor.CARD_AND_PIN
    assert rig.unlocked


@pytest.mark.parametrize(("keys", "opens"), [("135790#", True), ("999999#", False)])
def test_the_tap_before_a_pin_counts_for_attendance_once(rig, keys, opens):
    _two_factors(rig)
    rig.policy(rig.town.reader(punch=PunchRule.IN))
    rig.tap(assurance=Assurance.READER_VERIFIED)
    rig.press(keys)
    rig.go(11)
    assert len(rig.events(EventKind.ACCESS_GRANTED)) == opens
    assert [body.direction.value for body in rig.bodies(EventKind.PUNCH)] == ["in"]


def test_the_pin_of_a_booking_is_no_second_factor_not_even_in_its_window(rig):
    _two_factors(rig)
    rig.policy(
        rig.town.pin(
            "135790",
            credential=rig.town_id(52),
            person=rig.town_id(6),
            booking=rig.town_id(8),
        )
    )
    rig.tap(assurance=Assurance.READER_VERIFIED)
    rig.press("135790#")
    assert not rig.unlocked
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.NO_GRANT


def test_a_card_whose_pin_does_not_come_is_denied_once(rig):
    _two_factors(rig)
    mark = len(rig.kinds())
    rig.tap(assurance=Assurance.READER_VERIFIED)
    rig.go(11)
    assert rig.since(mark) == ["access_denied"]
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.SECOND_FACTOR_MISSING
    rig.press("135790#")
    assert not rig.unlocked


def test_one_use_means_once_over_a_restart_too(rig):
    once = rig.town.grant(
        start=rig.time.wall_now, end=rig.time.wall_now + timedelta(hours=1), max_uses=1
    )
    rig.policy(once)
    rig.press(f"{PIN}#")
    rig.restart(crash=True)
    rig.press(f"{PIN}#")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.USED_UP


def test_what_is_remembered_of_a_grant_that_is_no_more_is_forgotten_at_a_start(rig):
    rig.policy(rig.town.grant(max_uses=3))
    rig.press(f"{PIN}#")
    rig.restart()
    assert list(rig.journal.state("uses/")) == [f"uses/{rig.town_id(5)}"]
    rig.policy(drop=[rig.town.drop(EntryKind.GRANT, rig.town_id(5))])
    rig.restart()
    assert rig.journal.state("uses/") == {}


def test_a_bolt_that_does_not_move_makes_the_act_fail(rig):
    rig.site._bolts.clear()
    rig.press(f"{PIN}#")
    assert rig.events(EventKind.ACT_RESULT) == []
    rig.go(8)
    result = rig.last(EventKind.ACT_RESULT)
    assert (result.outcome, result.observed) == (ActOutcome.FAILED, Observed.OUTPUT_ON)


def test_with_a_contact_alone_nobody_opening_is_unknown_and_opening_is_done(rig):
    rig.policy(rig.town.door(bolt=None))
    rig.press(f"{PIN}#")
    rig.go(8)
    assert rig.last(EventKind.ACT_RESULT).outcome is ActOutcome.OUTCOME_UNKNOWN
    rig.press(f"{PIN}#")
    rig.set_input(0, True)
    result = rig.last(EventKind.ACT_RESULT)
    assert (result.outcome, result.observed) == (ActOutcome.DONE, Observed.DOOR_OPENED)


def test_without_bolt_and_contact_the_devices_word_is_the_result(rig):
    rig.policy(rig.town.door(bolt=None, contact=None))
    rig.press(f"{PIN}#")
    result = rig.last(EventKind.ACT_RESULT)
    assert (result.outcome, result.observed) == (ActOutcome.DONE, Observed.OUTPUT_ON)


def test_a_device_that_is_gone_makes_the_act_fail(rig):
    rig.policy(rig.town.door(strike=Point("elsewhere", 0)))
    rig.press(f"{PIN}#")
    result = rig.last(EventKind.ACT_RESULT)
    assert (result.outcome, result.detail) == (ActOutcome.FAILED, "no driver")


def test_no_digits_and_no_card_number_are_in_any_file(rig, tmp_path):
    rig.press(f"{PIN}#")
    rig.press("8080808080#")
    rig.tap(bytes.fromhex("04a1b2c3d4e5f6"))
    rig.restart()
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        for secret in (PIN.encode(), b"8080808080", bytes.fromhex("04a1b2c3d4e5f6")):
            assert secret not in data, path.name
        assert b"04a1b2c3d4e5f6" not in data


def test_a_right_pin_typed_days_early_locks_out_as_a_wrong_one_does(rig):
    start = rig.time.wall_now + timedelta(hours=40)
    rig.policy(
        rig.town.pin(WRONG, credential=rig.town_id(70), booking=rig.town_id(8)),
        rig.town.grant(rig.town_id(71), credential=rig.town_id(70), start=start),
    )
    for keys in ("111222#", "333444#", f"{WRONG}#", "555666#", "888999#"):
        rig.press(keys)
    assert len(rig.events(EventKind.PIN_LOCKOUT)) == 1
