"""A lock's own list holds what a window says in full, and nothing of anybody who may not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edge.core.clock_now import ClockNow
from edge.core.lock_lists import MOST_ENTRIES, lock_list
from edge.core.policy_index import PolicyIndex
from tests.edge.conftest import BEGIN, DOOR, PERSON, Town, made_id
from wire.clock import ClockState
from wire.keybox_keys import link_seconds
from wire.lock_list import ListEntry
from wire.policy import EntryKind
from wire.policy_bodies import AntiPassback, DoorMode, EntryState, FirstPerson, ZoneBody

NOW = ClockNow("boot", 1, BEGIN, ClockState.TRUSTED, 10, BEGIN)
END = BEGIN + timedelta(hours=2)
AT_LOCK = "ab" * 16
WINDOW = {"start": BEGIN, "end": END}
ENTRY = ListEntry(bytes.fromhex(AT_LOCK), link_seconds(BEGIN), link_seconds(END))


def listed(*entries: bytes, now: ClockNow = NOW) -> tuple[ListEntry, ...]:
    index = PolicyIndex()
    index.swap(index.prepare(entries))
    return lock_list(index, [DOOR], now)


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_pin_with_a_window_is_listed(town):
    assert listed(town.door(), town.pin(at_lock=AT_LOCK), town.grant(**WINDOW)) == (ENTRY,)


@pytest.mark.parametrize(
    ("door", "zone", "of_person", "is_listed"),
    [
        ({"two_person": True}, {}, False, False),
        ({"first_person": FirstPerson.ENTRY}, {}, False, False),
        ({"first_person": FirstPerson.HOLD}, {}, False, True),
        ({}, {"anti_passback": AntiPassback.HARD}, True, False),
        ({}, {"anti_passback": AntiPassback.HARD}, False, True),
        ({}, {"occupancy_max": 3}, True, False),
        ({}, {"occupancy_max": 3, "spans": True}, True, True),
        ({}, {"anti_passback": AntiPassback.SOFT}, True, True),
    ],
)
def test_a_door_that_asks_who_else_is_there_is_not_left_to_its_lock(
    town, door, zone, of_person, is_listed
):
    entries = [
        town.door(zone_in=made_id(71), **door),
        town.put(EntryKind.ZONE, made_id(71), ZoneBody(**zone)),
        town.pin(at_lock=AT_LOCK, person=PERSON if of_person else None),
        town.grant(**WINDOW),
    ]
    assert listed(*entries) == ((ENTRY,) if is_listed else ())


@pytest.mark.parametrize(
    ("pin", "grant", "flags"),
    [
        ({"at_lock": None}, {}, None),
        ({"state": EntryState.BLOCKED}, {}, None),
        ({"state": EntryState.REVOKED}, {}, None),
        ({}, {"state": EntryState.REVOKED}, None),
        ({}, {"schedule": made_id(70)}, None),
        ({}, {"max_uses": 1}, None),
        ({}, {"needs_pin": True}, None),
        ({}, {"end": BEGIN, "start": BEGIN - timedelta(hours=1)}, None),
        ({"person": PERSON}, {}, {"state": EntryState.BLOCKED}),
    ],
    ids=[
        "not meant for the lock",
        "blocked",
        "revoked",
        "grant revoked",
        "with a schedule",
        "with a count of uses",
        "with a second factor",
        "over",
        "of a blocked person",
    ],
)
def test_a_pin_is_left_out(town, pin, grant, flags):
    entries = [
        town.door(),
        town.pin(**{"at_lock": AT_LOCK, **pin}),
        town.grant(**{**WINDOW, **grant}),
    ]
    if flags is not None:
        entries.append(town.person(**flags))
    assert listed(*entries) == ()


@pytest.mark.parametrize(
    ("mode", "kept"),
    [(DoorMode.LOCKDOWN, 0), (DoorMode.LOCKED, 0), (DoorMode.HOLD_OPEN, 1)],
)
def test_a_door_that_is_to_stay_shut_has_an_empty_list(town, mode, kept):
    entries = [town.door(), town.pin(at_lock=AT_LOCK), town.grant(**WINDOW), town.mode(mode, 1)]
    assert len(listed(*entries)) == kept


def test_a_bookings_pin_lives_in_the_bookings_window_alone(town):
    """At the lock as at the Pi: what else its holder may do is done with another PIN or a card."""
    entries = [
        town.door(),
        town.pin(at_lock=AT_LOCK, person=PERSON, booking=made_id(44)),
        town.person(groups=(made_id(40),)),
        town.grant(**WINDOW),
        town.grant(made_id(41), person=PERSON, start=BEGIN),
        town.grant(made_id(42), group=made_id(40), start=BEGIN),
    ]
    assert listed(*entries) == (ENTRY,)


def test_a_person_and_a_group_lend_their_grants(town):
    entries = [
        town.door(),
        town.pin(at_lock=AT_LOCK, person=PERSON),
        town.person(groups=(made_id(40),)),
        town.grant(made_id(41), person=PERSON, start=BEGIN),
        town.grant(made_id(42), group=made_id(40), end=END),
    ]
    forever = 0xFFFF_FFFF
    assert set(listed(*entries)) == {
        ListEntry(ENTRY.digest, ENTRY.start_s, forever),
        ListEntry(ENTRY.digest, 0, ENTRY.end_s),
    }


def test_pins_of_another_door_are_not_listed(town):
    entries = [town.door(), town.pin(at_lock=AT_LOCK), town.grant(**WINDOW)]
    index = PolicyIndex()
    index.swap(index.prepare(entries))
    assert lock_list(index, [made_id(50)], NOW) == ()


def test_of_too_many_those_that_begin_first_are_listed(town):
    entries = [town.door()]
    for number in range(MOST_ENTRIES + 5):
        credential = made_id(1_000 + number)
        start = BEGIN + timedelta(minutes=number)
        at_lock = f"{number:032x}"
        entries += [
            town.pin(f"{100_000 + number}", credential, at_lock=at_lock),
            town.grant(
                made_id(5_000 + number),
                credential=credential,
                start=start,
                end=start + timedelta(hours=1),
            ),
        ]
    found = listed(*entries)
    assert len(found) == MOST_ENTRIES
    assert [int.from_bytes(one.digest, "big") for one in found] == list(range(MOST_ENTRIES))
