"""Keys that cards share with us: sealed to the controllers where the card is granted, to no others,
and in the same bytes at each compilation."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.people.card_key_domain import card_key_row
from hub.people.domain import CardState
from hub.people.tables import cards, grants, people
from hub.policy import repository, touch
from hub.sites.tables import readers
from provisioning.hub_keys import ControllerKeys
from provisioning.keys import new_tls_key
from wire.errors import WireError
from wire.policy import EntryKey, EntryKind
from wire.policy_bodies import Assurance, EntryState, PunchRule, Side
from wire.sealing import open_secret, seal_context

KEY = bytes.fromhex("a7b1c2d3e4f5061728394a5b6c7d8e92")
OTHER = bytes.fromhex("3911f2337455a67788996abb2cddee0f")


class Place:
    """Two controllers of one site, each with a TLS key of its own, a door each, and a card."""

    def __init__(self, town: Any) -> None:
        self.town = town
        site = town.site()
        self.here, self.there = town.controller(site), town.controller(site)
        self.private = {each: self.give_key(each) for each in (self.here, self.there)}
        self.door, self.elsewhere = town.door(site, self.here), town.door(site, self.there)
        self.person = town.person()
        self.card = town.card(self.person, KEY)

    def give_key(self, controller: str) -> Any:
        key, links = new_tls_key(), self.town.links
        before = links[controller]
        links[controller] = ControllerKeys(before.link, before.pin, key.public_key())
        return key

    def body(self, controller: str, card: str | None = None) -> dict[str, Any] | None:
        held = self.town.held(controller).get(EntryKey("credential", card or self.card))
        return None if held is None else dict(json.loads(held))

    def sealed(self, controller: str, card: str | None = None) -> str | None:
        found = self.body(controller, card)
        return None if found is None else found.get("sealed")

    def opened(self, controller: str) -> bytes:
        context = seal_context(controller, "card", self.card)
        return open_secret(self.private[controller], self.sealed(controller) or "", context)

    def version(self, controller: str) -> int:
        found = self.town.db.write(lambda scope: repository.held(scope, controller))
        return int(found.version)

    def again(self) -> None:
        """Look at everything once more."""
        for each in (self.here, self.there):
            self.town.db.write(lambda scope, each=each: touch.touch_controller(scope, each))
        self.town.compile()

    def agrees(self) -> None:
        """Step by step comes to the same as from nothing."""
        for each in (self.here, self.there):
            held = self.town.held(each)
            wanted = self.town.db.write(
                lambda scope, each=each: self.town.compiler.desired(scope, each)
            )
            assert held == dict(wanted)


@pytest.fixture
def place(town: Any) -> Place:
    return Place(town)


def test_a_granted_cards_key_is_sealed_to_its_controller_and_to_no_other(place: Place) -> None:
    town = place.town
    town.grant(place.door, person_id=place.person)
    town.compile()
    assert place.opened(place.here) == KEY
    assert place.body(place.there) is None
    sealed = place.sealed(place.here) or ""
    context = seal_context(place.here, "card", place.card)
    with pytest.raises(WireError):
        open_secret(place.private[place.there], sealed, context)
    town.grant(place.elsewhere, person_id=place.person)
    town.compile()
    assert place.opened(place.there) == KEY
    assert place.sealed(place.here) != place.sealed(place.there)
    place.agrees()


def test_the_same_policy_is_the_same_bytes_however_often_it_is_compiled(place: Place) -> None:
    place.town.grant(place.door, person_id=place.person)
    place.town.compile()
    held, version = place.town.held(place.here), place.version(place.here)
    place.again()
    assert (place.town.held(place.here), place.version(place.here)) == (held, version)


def test_another_key_another_seal_and_a_controller_with_new_keys_too(place: Place) -> None:
    town = place.town
    town.grant(place.door, person_id=place.person)
    town.compile()
    seals = [place.sealed(place.here)]
    row = town.keys.seal(OTHER, card_key_row(place.card))
    town.set(cards, touch.touch_card, place.card, shared_key=row)
    town.compile()
    assert place.opened(place.here) == OTHER
    seals.append(place.sealed(place.here))
    resealed = town.keys.seal(OTHER, card_key_row(place.card))
    version = place.version(place.here)
    town.set(cards, touch.touch_card, place.card, shared_key=resealed)
    town.compile()
    assert place.version(place.here) == version, "the hub's own keys changed, nothing else"
    place.private[place.here] = place.give_key(place.here)
    town.db.write(town.sweep.run)
    town.compile()
    assert place.opened(place.here) == OTHER
    seals.append(place.sealed(place.here))
    assert len({each[:120] for each in seals if each}) == 3, "no two share an ephemeral key"


def test_a_card_that_is_over_leaves_its_key_behind_and_is_still_told_that_it_is(
    place: Place,
) -> None:
    """At its very end, unasked; while it lasts, and where the end is put off, the key is there."""
    town = place.town
    town.grant(place.door, person_id=place.person)
    end = town.clock.now() + timedelta(days=3)
    town.set(cards, touch.touch_card, place.card, valid_until=end)
    town.compile()
    town.clock.advance(timedelta(days=3) - timedelta(seconds=1))
    _time_passes(town)
    assert place.opened(place.here) == KEY
    town.clock.advance(timedelta(seconds=1))
    _time_passes(town)
    body = place.body(place.here)
    assert body is not None
    assert (body.get("sealed"), body.get("state", "active")) == (None, "active")
    assert body["end"] is not None
    place.agrees()
    town.set(cards, touch.touch_card, place.card, valid_until=end + timedelta(days=1))
    town.compile()
    assert place.opened(place.here) == KEY
    place.agrees()
    town.clock.advance(timedelta(days=1))
    _time_passes(town)
    assert place.sealed(place.here) is None
    version = place.version(place.here)
    _time_passes(town)
    assert place.version(place.here) == version


def _time_passes(town: Any) -> None:
    """What the worker does each second."""
    with town.db.read() as scope:
        due = town.sweep.is_due(scope)
    if due:
        town.db.write(town.sweep.run)
    town.compile()


@pytest.mark.parametrize("how", ["withdrawn", "lost", "blocked", "person", "grant", "revoked"])
def test_a_card_that_opens_nothing_any_more_takes_its_key_with_it(place: Place, how: str) -> None:
    town = place.town
    grant = town.grant(place.door, person_id=place.person)
    town.compile()
    assert place.sealed(place.here) is not None
    if how in ("grant", "revoked"):
        state = EntryState.BLOCKED if how == "grant" else EntryState.REVOKED
        town.set(grants, touch.touch_grant, grant, state=state)
    elif how == "person":
        town.set(people, touch.touch_person, place.person, state=EntryState.BLOCKED)
    else:
        town.set(cards, touch.touch_card, place.card, state=CardState(how))
    town.compile()
    assert place.sealed(place.here) is None
    place.agrees()


def test_a_terminal_for_punches_knows_the_card_and_not_its_key(place: Place) -> None:
    town = place.town
    town.reader(place.there, None, punch=PunchRule.CHOSEN, side=Side.TERMINAL)
    town.grant(place.door, person_id=place.person)
    town.compile()
    assert place.body(place.there) is not None
    assert place.sealed(place.there) is None
    assert place.opened(place.here) == KEY


def test_a_card_granted_by_itself_brings_its_own_key_and_not_its_holders_others(
    place: Place,
) -> None:
    town = place.town
    second = town.card(place.person, OTHER)
    town.grant(place.door, card_id=place.card)
    town.compile()
    assert place.opened(place.here) == KEY
    assert place.body(place.here, second) is not None
    assert place.sealed(place.here, second) is None
    place.agrees()


def test_a_groups_card_gets_and_loses_its_key_with_the_membership(place: Place) -> None:
    town = place.town
    group = town.group()
    town.grant(place.door, group_id=group)
    town.join(place.person, group)
    town.compile()
    assert place.opened(place.here) == KEY
    town.leave(place.person, group)
    town.compile()
    assert place.body(place.here) is None
    place.agrees()


def test_somebody_is_let_in_within_their_time_alone(place: Place) -> None:
    """The end stands with the card, so that the door keeps to it by itself; begin and end reach it
    unasked, and the card's key is there in between alone."""
    town = place.town
    town.grant(place.door, person_id=place.person)
    begin, end = town.clock.now() + timedelta(days=1), town.clock.now() + timedelta(days=2)
    town.set(people, touch.touch_person, place.person, starts_at=begin, ends_at=end)
    town.compile()

    def told() -> tuple[str, bool]:
        flags = json.loads(
            town.held(place.here)[EntryKey(EntryKind.PERSON_FLAGS.value, place.person)]
        )
        return flags.get("state", "active"), place.sealed(place.here) is not None

    assert told() == ("blocked", False)
    town.clock.advance(timedelta(days=1) - timedelta(seconds=1))
    _time_passes(town)
    assert told() == ("blocked", False)
    town.clock.advance(timedelta(seconds=1))
    _time_passes(town)
    assert told() == ("active", True)
    body = place.body(place.here)
    assert body is not None
    assert datetime.fromisoformat(body["end"]) == end
    place.agrees()
    town.clock.advance(timedelta(days=1))
    _time_passes(town)
    assert told() == ("blocked", False)
    place.agrees()
    version = place.version(place.here)
    _time_passes(town)
    assert place.version(place.here) == version


def test_a_terminal_that_asks_for_a_proof_knows_the_keys_of_staff_who_may_punch(
    place: Place,
) -> None:
    """Without a grant anywhere; and forgets them once it asks no more."""
    town = place.town
    asks = {"punch": PunchRule.CHOSEN, "side": Side.TERMINAL, "profiles": ("desfire-aes",)}
    reader = town.reader(place.there, None, min_assurance=Assurance.CHALLENGE, **asks)
    nobodys = town.card(None, OTHER)
    town.compile()
    assert place.opened(place.there) == KEY
    assert place.sealed(place.here) is None
    assert place.body(place.there, nobodys) is None
    place.agrees()
    town.set(readers, touch.touch_reader, reader, min_assurance=Assurance.IDENTIFIER)
    town.compile()
    assert place.body(place.there) is not None
    assert place.sealed(place.there) is None
    place.agrees()


def test_the_pin_of_somebody_ends_at_the_door_with_their_time(place: Place) -> None:
    """Whether the door can hear us or not; and goes with a time that is changed."""
    town = place.town
    pin = town.pin(place.door, starts_h=1, hours=4, person=place.person)
    other = town.pin(place.door, starts_h=1, hours=4)
    start = town.clock.now() + timedelta(hours=1)

    def told(credential: str) -> tuple[datetime, str]:
        entries = town.held(place.here).items()
        bodies = [json.loads(held) for key, held in entries]
        mine = [each for each in bodies if each.get("credential") == credential]
        (end,) = [each["end"] for each in mine if "end" in each]
        (state,) = [each.get("state", "active") for each in mine if "digest" in each]
        return datetime.fromisoformat(end), state

    whole = start + timedelta(hours=4), "active"
    town.compile()
    assert told(pin) == told(other) == whole
    ends = start + timedelta(hours=2)
    town.set(people, touch.touch_person, place.person, ends_at=ends)
    town.compile()
    assert (told(pin), told(other)) == ((ends, "active"), whole)
    place.agrees()
    town.set(people, touch.touch_person, place.person, ends_at=start)
    town.compile()
    assert told(pin) == (whole[0], "blocked")
    place.agrees()
    town.set(people, touch.touch_person, place.person, ends_at=None)
    town.compile()
    assert told(pin) == whole
    place.agrees()
