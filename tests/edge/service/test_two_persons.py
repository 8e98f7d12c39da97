"""A door for two: one opening that names both, one denial for who waited in vain."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.core.model import Feedback
from tests.edge.conftest import CARD, DEVICE, DOOR, PERSON, made_id
from wire.events import EventKind
from wire.policy import EntryKind
from wire.policy_bodies import (
    Assurance,
    DoorBody,
    DoorMode,
    EntryState,
    GrantBody,
    OnJournalFailure,
    PunchRule,
    ReaderBody,
    Side,
    ZoneBody,
)
from wire.reasons import Reason

ANNA, ANNAS_CARD, EXIT_READER = made_id(60), made_id(61), made_id(62)
ANNAS_NUMBER = bytes.fromhex("04aaaaaaaaaaaa")
ANNAS_PIN, ANNAS_DURESS_PIN = "135790", "246801"


@pytest.fixture
def vault(rig):
    """A door for two, and two persons who may open it."""
    town = rig.town
    rig.policy(
        town.door(two_person=True, second_person_ms=30_000),
        town.person(ANNA),
        town.card(ANNAS_NUMBER, credential=ANNAS_CARD, person=ANNA),
        town.grant(made_id(63), person=ANNA),
        town.pin(ANNAS_PIN, credential=made_id(64), person=ANNA),
        town.pin(ANNAS_DURESS_PIN, credential=made_id(65), person=ANNA, duress=True),
    )
    return rig


def mine(rig, channel: int = 0) -> None:
    rig.tap(assurance=Assurance.READER_VERIFIED, channel=channel)


def annas(rig) -> None:
    rig.tap(ANNAS_NUMBER, assurance=Assurance.READER_VERIFIED)


def since(rig, mark: int) -> list[str]:
    return [kind for kind in rig.since(mark) if kind.startswith(("access", "punch"))]


def test_two_persons_make_one_opening_that_names_both(vault):
    mark = len(vault.kinds())
    mine(vault)
    assert vault.since(mark) == []
    assert vault.site.shown()[-1][1] is Feedback.WAITING
    vault.go(29)
    annas(vault)
    assert since(vault, mark) == ["access_granted"]
    granted = vault.last(EventKind.ACCESS_GRANTED)
    assert (granted.credential, granted.partner, granted.person) == (ANNAS_CARD, CARD, ANNA)
    assert vault.unlocked
    vault.go(60)
    assert since(vault, mark) == ["access_granted"]


def test_who_waits_in_vain_is_denied_once(vault):
    mark = len(vault.kinds())
    mine(vault)
    vault.go(60)
    assert since(vault, mark) == ["access_denied"]
    assert vault.last(EventKind.ACCESS_DENIED).reason is Reason.SECOND_PERSON_MISSING
    assert vault.site.shown()[-1][1] is Feedback.DENIED
    annas(vault)
    assert not vault.unlocked


def test_the_time_is_over_at_its_end_whenever_the_loop_looks(vault):
    mine(vault)
    vault.time.go(30)
    annas(vault)
    assert not vault.unlocked
    assert vault.bodies(EventKind.ACCESS_DENIED)[-1].credential == CARD


def test_the_wall_clock_may_leap_meanwhile(vault):
    mine(vault)
    vault.time.wall_now = vault.time.wall_now.replace(year=2031)
    vault.go(10)
    annas(vault)
    assert vault.unlocked


def test_one_person_with_two_credentials_is_one_person(vault):
    vault.policy(vault.town.pin("975310", credential=made_id(66), person=PERSON))
    mine(vault)
    vault.press("975310#")
    assert not vault.unlocked
    denied = vault.bodies(EventKind.ACCESS_DENIED)
    assert [one.credential for one in denied] == [CARD]  # the wait began anew
    annas(vault)
    assert vault.last(EventKind.ACCESS_GRANTED).partner == made_id(66)


def test_the_other_side_of_the_door_is_another_place(vault):
    body = ReaderBody(device=DEVICE, channel=1, door=DOOR, side=Side.EXIT)
    vault.policy(vault.town.put(EntryKind.READER, EXIT_READER, body))
    mine(vault, channel=1)
    annas(vault)
    assert not vault.unlocked


def test_a_stranger_in_between_changes_nothing(vault):
    mine(vault)
    vault.tap(b"\x01\x02\x03\x04")
    vault.press("482915#")  # a booking's PIN belongs to nobody
    denied = [one.reason for one in vault.bodies(EventKind.ACCESS_DENIED)]
    assert denied == [Reason.UNKNOWN_CARD, Reason.SECOND_PERSON_MISSING]
    annas(vault)
    assert vault.unlocked


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda town: town.person(state=EntryState.BLOCKED), Reason.PERSON_BLOCKED),
        (lambda town: town.card(state=EntryState.REVOKED), Reason.CREDENTIAL_REVOKED),
        (lambda town: town.door(two_person=False), Reason.SECOND_PERSON_MISSING),
    ],
)
def test_what_was_withdrawn_from_the_first_meanwhile_opens_nothing(vault, change, reason):
    mine(vault)
    vault.policy(change(vault.town))
    annas(vault)
    first = vault.bodies(EventKind.ACCESS_DENIED)[0]
    assert (first.credential, first.reason) == (CARD, reason)
    partners = [one.partner for one in vault.bodies(EventKind.ACCESS_GRANTED)]
    assert set(partners) <= {None}


def test_who_waits_at_a_reader_that_is_moved_to_another_door_waits_here_no_more(vault):
    """What they may open there says nothing of this door."""
    other, reader = made_id(80), made_id(81)
    beside = ReaderBody(device=DEVICE, channel=1, door=DOOR)
    vault.policy(
        vault.town.put(EntryKind.READER, reader, beside),
        vault.town.put(EntryKind.DOOR, other, DoorBody(two_person=True)),
        vault.town.put(EntryKind.GRANT, made_id(82), GrantBody(door=other, person=PERSON)),
    )
    mine(vault, channel=1)
    vault.policy(
        vault.town.put(EntryKind.READER, reader, replace(beside, door=other)),
        drop=[vault.town.drop(EntryKind.GRANT, made_id(20))],
    )
    annas(vault)
    assert vault.bodies(EventKind.ACCESS_GRANTED) == []
    assert not vault.unlocked
    (denied,) = vault.bodies(EventKind.ACCESS_DENIED)
    assert (denied.credential, denied.door) == (CARD, DOOR)


def test_wrong_guesses_of_others_do_not_undo_the_first(vault):
    vault.press(f"{ANNAS_PIN}#")
    for guess in range(5):
        vault.press(f"90000{guess}#")
    mine(vault)
    assert vault.last(EventKind.ACCESS_GRANTED).partner == made_id(64)


def test_card_and_pin_are_one_presentation_and_wait_as_one(vault):
    vault.policy(vault.town.grant(made_id(63), person=ANNA, needs_pin=True))
    mark = len(vault.kinds())
    annas(vault)
    vault.press(f"{ANNAS_PIN}#")
    assert vault.site.shown()[-1][1] is Feedback.WAITING
    mine(vault)
    assert since(vault, mark) == ["access_granted"]
    assert vault.last(EventKind.ACCESS_GRANTED).partner == ANNAS_CARD


def test_duress_of_the_first_is_told_at_once_and_shown_to_nobody(vault):
    vault.press(f"{ANNAS_PIN}#")
    usual = vault.site.shown()[-2:]
    vault.go(60)
    mark = len(vault.kinds())
    vault.press(f"{ANNAS_DURESS_PIN}#")
    assert since(vault, mark) == ["access_duress"]
    assert vault.last(EventKind.ACCESS_DURESS).reason is Reason.SECOND_PERSON_MISSING
    assert vault.site.shown()[-1:] == usual[-1:]
    mine(vault)
    assert since(vault, mark) == ["access_duress", "access_granted"]
    assert vault.unlocked


def test_duress_of_the_first_in_vain_is_one_event_and_the_same_denial(vault):
    vault.press(f"{ANNAS_DURESS_PIN}#")
    mark = len(vault.kinds())
    vault.go(60)
    assert since(vault, mark) == []
    assert vault.site.shown()[-1][1] is Feedback.DENIED


def test_duress_of_the_second_opens_and_is_told(vault):
    mine(vault)
    mark = len(vault.kinds())
    vault.press(f"{ANNAS_DURESS_PIN}#")
    assert since(vault, mark) == ["access_duress"]
    told = vault.last(EventKind.ACCESS_DURESS)
    assert (told.reason, told.partner) == (Reason.DURESS_PIN, CARD)
    assert vault.unlocked


def test_uses_are_counted_and_persons_moved_for_both(vault):
    hall = made_id(70)
    vault.policy(
        vault.town.put(EntryKind.ZONE, hall, ZoneBody()),
        vault.town.door(two_person=True, zone_in=hall, contact=None),
        vault.town.grant(made_id(20), person=PERSON, max_uses=5),
        vault.town.grant(made_id(63), person=ANNA, max_uses=5),
    )
    mine(vault)
    assert vault.parts.memory.uses == {}
    annas(vault)
    assert vault.parts.memory.uses == {made_id(20): 1, made_id(63): 1}
    assert vault.parts.memory.whereabouts.in_zone(hall) == {PERSON, ANNA}
    vault.restart(crash=True)
    assert vault.parts.memory.uses == {made_id(20): 1, made_id(63): 1}
    assert vault.parts.memory.whereabouts.in_zone(hall) == {PERSON, ANNA}


def test_the_tap_of_who_waits_counts_for_attendance_once(vault):
    vault.policy(vault.town.reader(punch=PunchRule.IN))
    mark = len(vault.kinds())
    mine(vault)
    assert since(vault, mark) == ["punch"]
    annas(vault)
    assert since(vault, mark) == ["punch", "access_granted", "punch"]


def test_without_a_journal_two_open_no_more_than_one_and_may_try_again(vault):
    mine(vault)
    vault.journal.cause = "read_only"
    annas(vault)
    assert not vault.unlocked
    assert vault.parts.memory.index.doors[DOOR].on_journal_failure is OnJournalFailure.DENY
    vault.journal.cause = None
    annas(vault)
    assert vault.unlocked
    assert vault.last(EventKind.ACCESS_GRANTED).partner == CARD


def test_a_hold_that_begins_meanwhile_ends_the_wait(vault):
    mine(vault)
    vault.policy(vault.town.mode(DoorMode.HOLD_OPEN, 1))
    annas(vault)
    assert vault.last(EventKind.ACCESS_GRANTED).reason is Reason.HELD_OPEN
    assert [one.reason for one in vault.bodies(EventKind.ACCESS_DENIED)] == [
        Reason.SECOND_PERSON_MISSING
    ]


def test_an_agent_that_stops_forgets_who_waited(vault):
    mine(vault)
    vault.restart(crash=True)
    annas(vault)
    assert not vault.unlocked


def test_no_digits_are_remembered_of_who_waits(vault):
    vault.press(f"{ANNAS_PIN}#")
    firsts = vault.parts.presentations._seconds._firsts
    (first,) = firsts.values()
    kept = [first.attempt.digest.args, first.attempt.digest.keywords, first.attempt.opened]
    assert ANNAS_PIN not in repr(kept)
    assert first.attempt.digits == len(ANNAS_PIN)


def test_a_command_asks_for_no_second_person(vault):
    vault.command()
    assert vault.unlocked
    assert vault.events(EventKind.ACCESS_GRANTED) == []


def test_a_first_persons_tap_that_is_no_punch_is_told_at_once_and_once(vault):
    """Whoever joins, nobody would hear of it from the pair's opening."""
    vault.policy(vault.town.reader(punch=PunchRule.IN, min_assurance=Assurance.CHALLENGE))
    mark = len(vault.kinds())
    mine(vault)
    assert since(vault, mark) == ["access_denied"]
    told = vault.last(EventKind.ACCESS_DENIED)
    assert (told.reason, told.unpunched, told.person) == (
        Reason.SECOND_PERSON_MISSING,
        Reason.ASSURANCE_TOO_LOW,
        PERSON,
    )
    annas(vault)
    assert since(vault, mark) == ["access_denied", "access_granted"]
    granted = vault.last(EventKind.ACCESS_GRANTED)
    assert (granted.person, granted.unpunched) == (ANNA, Reason.ASSURANCE_TOO_LOW)
    mark = len(vault.kinds())
    mine(vault)
    vault.go(60)
    assert since(vault, mark) == ["access_denied"]
