"""A duress PIN: its holder's own, well apart from the other, placed, counted and dead with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.pins import placements, repository
from hub.pins.apart import confusable, confusable_at_most
from hub.pins.draw import draw_pin
from hub.pins.guess_risk import LivePin, TryBudget, digits_needed, guess_risk
from hub.pins.placement import PlacementState
from hub.pins.service import Issue
from hub.pins.tables import PinVariant, pin_reservations
from hub.pins.weak import weakness
from wire.events import EventKind
from wire.reasons import Reason

NOW = datetime(2026, 4, 6, tzinfo=UTC)
lengths = st.integers(4, 8)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The same on both: one is enough."""
    return sqlite_at


@settings(deadline=None)
@given(st.data(), lengths)
def test_being_confusable_goes_both_ways_and_a_pin_is_confusable_with_itself(
    data: st.DataObject, length: int
) -> None:
    digits = st.text("0123456789", min_size=length, max_size=length)
    one, other = data.draw(digits), data.draw(digits)
    assert confusable(one, other) == confusable(other, one)
    assert confusable(one, one)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9_999))
def test_no_pin_has_more_confusable_ones_than_the_guess_risk_takes_off(number: int) -> None:
    """Counted out over every PIN of four digits."""
    one = f"{number:04d}"
    found = sum(confusable(one, f"{other:04d}") for other in range(10_000))
    assert 500 < found <= confusable_at_most(4)


@pytest.mark.parametrize(
    "slip", ["482916", "482951", "842915", "519284", "829153", "048291", "593026", "482909"]
)
def test_no_slip_of_the_finger_raises_a_silent_alarm(slip: str) -> None:
    assert confusable("482915", slip)


def test_what_is_far_apart_is_not_confusable() -> None:
    assert not confusable("482915", "716304")


def order(town: Any, *doors: str, **more: Any) -> Issue:
    start = town.clock.now() + timedelta(hours=1)
    return Issue(
        booking_id=more.pop("booking", "") or town.ids.new(),
        holder_id=more.pop("holder", "") or town.ids.new(),
        person_id=None,
        doors=doors,
        window=(start, start + timedelta(hours=2)),
        digits=more.pop("digits", None),
        approved=True,
        cause="test",
        duress=True,
        **more,
    )


def issued(town: Any, wanted: Issue) -> dict[PinVariant, str]:
    """Issue, and give the credentials' ids by variant."""

    def work(scope: Any) -> dict[PinVariant, str]:
        town.pins.issue(scope, wanted)
        return {each.variant: each.id for each in repository.of_holder(scope, wanted.holder_id)}

    found: dict[PinVariant, str] = town.db.write(work)
    return found


def digits_of(town: Any, credential_id: str) -> str:
    with town.db.read() as scope:
        found: str = town.pins.reveal(scope, credential_id)
    return found


@pytest.fixture
def doors(town: Any) -> list[str]:
    site = town.site()
    controller = town.controller(site)
    made = [town.door(site, controller) for _ in range(2)]
    for each in made:
        town.reader(controller, each)
    return made


def test_a_holder_has_two_pins_of_the_same_length_well_apart(town: Any, doors: list[str]) -> None:
    for _ in range(30):
        pair = issued(town, order(town, *doors))
        ordinary, duress = (digits_of(town, pair[each]) for each in list(PinVariant)[:2])
        assert len(ordinary) == len(duress)
        assert not confusable(ordinary, duress)


def test_both_are_reserved_and_neither_is_anybody_elses(town: Any, doors: list[str]) -> None:
    pair = issued(town, order(town, *doors))
    with town.db.read() as scope:
        rows = scope.all(scope.select(pin_reservations))
    assert len(rows) == 4
    assert len({(row.door_id, row.blind) for row in rows}) == 4
    assert {row.credential_id for row in rows if row.duress} == {pair[PinVariant.DURESS]}


def test_a_reissue_keeps_the_new_ones_apart(town: Any, doors: list[str]) -> None:
    pair = issued(town, order(town, *doors))
    before = {digits_of(town, each) for each in pair.values()}
    for credential_id in pair.values():
        town.db.write(lambda scope, c=credential_id: town.pins.reissue(scope, c, "leak"))
    after = [digits_of(town, each) for each in pair.values()]
    assert not before & set(after)
    assert not confusable(*after)


def test_a_duress_pin_is_given_later_and_taken_away_alone(town: Any, doors: list[str]) -> None:
    plain = replace(order(town, *doors), duress=False)
    ordinary = issued(town, plain)[PinVariant.ORDINARY]
    holder = plain.holder_id

    def own(scope: Any) -> list[PinVariant]:
        return [each.variant for each in repository.of_holder(scope, holder)]

    def take(scope: Any) -> list[PinVariant]:
        for each in repository.of_holder(scope, holder):
            if each.variant is PinVariant.DURESS:
                town.pins.revoke(scope, each.id, "not wanted")
        return own(scope)

    added = town.db.write(lambda scope: town.pins.add_duress(scope, ordinary, "wanted"))
    assert added == town.db.write(lambda scope: town.pins.add_duress(scope, ordinary, "again"))
    assert not confusable(digits_of(town, ordinary), digits_of(town, added))
    with town.db.read() as scope:
        assert set(own(scope)) == {PinVariant.ORDINARY, PinVariant.DURESS}
    assert town.db.write(take) == [PinVariant.ORDINARY]


@settings(deadline=None)
@given(
    digits=lengths, hours=st.integers(1, 24 * 7), others=st.integers(0, 20), seed=st.integers(0, 99)
)
def test_a_duress_pin_counts_as_one_more_that_opens(
    digits: int, hours: int, others: int, seed: int
) -> None:
    window = NOW, NOW + timedelta(hours=hours)
    live = [LivePin(digits, *window)] * others
    own = LivePin(digits, *window)
    budget = TryBudget(tries=3 + seed % 5)
    plain = guess_risk(budget, own, [*live, LivePin(digits, *window)])
    with_duress = guess_risk(budget, own, [*live, LivePin(digits, *window, duress=True)])
    assert with_duress >= plain > guess_risk(budget, own, live) or plain == 1
    alone = digits_needed(budget, window, live, 4, 0.01)
    both = digits_needed(budget, window, live, 4, 0.01, new=(False, True))
    assert both is None or (alone is not None and both >= alone)


def test_the_pair_drawn_over_and_over_is_hit_no_more_often_than_computed() -> None:
    """Played: an independent guesser tries the same codes against pairs drawn as the hub draws."""
    random, games, tries, hits = Random(5), 6_000, 120, 0
    space = [f"{n:04d}" for n in range(10_000) if weakness(f"{n:04d}") is None]
    guesses = set(random.sample(space, tries))
    for _ in range(games):
        one = draw_pin(4, random.randrange, lambda _d: False)
        other = draw_pin(4, random.randrange, lambda d, o=one: confusable(d, o) or d == o)
        hits += one in guesses or other in guesses
    window = NOW, NOW + timedelta(hours=1)
    pins = [LivePin(4, *window), LivePin(4, *window, duress=True)]
    at_once = TryBudget(tries=tries, lockout_s=10**6, lockout_max_s=10**6)
    computed = guess_risk(at_once, pins[0], pins[1:])
    assert hits / games <= computed
    assert computed <= 1.5 * hits / games


# --- at the door -------------------------------------------------------------------------------


@pytest.fixture
def hall(town: Any, agent: Callable[..., Any]) -> Any:
    """A controller with two doors, and its agent."""
    site = town.site()
    controller = town.controller(site)
    made = [town.door(site, controller) for _ in range(2)]
    for each in made:
        town.reader(controller, each)
    found = agent(town, controller)
    found.doors = made
    return found


def test_a_duress_pin_opens_as_the_other_does_and_says_that_it_was_duress(hall: Any) -> None:
    town = hall.town
    pair = issued(town, order(town, *hall.doors))
    town.clock.advance(timedelta(hours=1, minutes=1))
    hall.prove()
    ordinary = hall.type(digits_of(town, pair[PinVariant.ORDINARY]), hall.doors[0])
    duress = hall.type(digits_of(town, pair[PinVariant.DURESS]), hall.doors[0])
    assert (ordinary.kind, duress.kind) == (EventKind.ACCESS_GRANTED, EventKind.ACCESS_DURESS)
    assert ordinary.reason is Reason.PIN_VALID
    assert duress.reason is Reason.DURESS_PIN
    assert duress.release_ms == ordinary.release_ms
    assert duress.booking == ordinary.booking


def test_both_are_placed_by_the_digest_and_dead_by_it(hall: Any) -> None:
    town = hall.town
    pair = issued(town, order(town, *hall.doors))
    typed = {each: digits_of(town, pair[each]) for each in pair}
    hall.prove()

    def states() -> set[PlacementState]:
        with town.db.read() as scope:
            return {each.state for each in placements.of_credentials(scope, pair.values())}

    assert states() == {PlacementState.PLACED}
    for credential_id in pair.values():
        town.db.write(lambda scope, c=credential_id: town.pins.revoke(scope, c, "cancelled"))
    assert states() == {PlacementState.REVOKING}
    hall.prove()
    assert states() == {PlacementState.REVOKED}
    town.clock.advance(timedelta(hours=2))
    for digits in typed.values():
        assert not hall.type(digits, hall.doors[0]).granted


# --- so many uses ------------------------------------------------------------------------------


def test_a_one_time_pin_opens_once_at_whichever_door_of_its_controller(hall: Any) -> None:
    town = hall.town
    pair = issued(town, order(town, *hall.doors, max_uses=1))
    town.clock.advance(timedelta(hours=1, minutes=1))
    hall.prove()
    digits = digits_of(town, pair[PinVariant.ORDINARY])
    assert hall.type(digits, hall.doors[0]).granted
    again = hall.type(digits, hall.doors[1])
    assert again.reason is Reason.USED_UP
    under_duress = hall.type(digits_of(town, pair[PinVariant.DURESS]), hall.doors[1])
    assert not under_duress.granted


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8
)
@given(uses=st.integers(1, 5), chosen=st.lists(st.integers(0, 1), min_size=6, max_size=9))
def test_a_pin_opens_as_often_as_it_may_and_not_once_more(
    hall: Any, uses: int, chosen: list[int]
) -> None:
    town = hall.town
    pair = issued(town, order(town, *hall.doors, max_uses=uses))
    digits = digits_of(town, pair[PinVariant.ORDINARY])
    town.clock.advance(timedelta(hours=1, minutes=1))
    hall.learn()
    opened = [hall.type(digits, hall.doors[at]).granted for at in chosen]
    assert opened == [at < uses for at in range(len(chosen))]
