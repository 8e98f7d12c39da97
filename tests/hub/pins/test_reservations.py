"""No two PINs of a door are the same at the same time, nor for 30 days after."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from hub.pins.reservations import NO_REUSE, PinTakenError, Reservations
from hub.pins.tables import pin_reservations

Reserve = Callable[..., None]


@pytest.fixture
def door(town: Any) -> str:
    site = town.site()
    made: str = town.door(site, town.controller(site))
    return made


@pytest.fixture
def kept(town: Any) -> Reservations:
    return Reservations(town.ids, town.keys)


@pytest.fixture
def reserve(town: Any, kept: Reservations, door: str) -> Reserve:
    def take(credential: str, digits: str, start_h: float, hours: float, at: str = door) -> None:
        start = town.clock.now() + timedelta(hours=start_h)
        window = start, start + timedelta(hours=hours)
        town.db.write(lambda scope: kept.reserve(scope, credential, [at], digits, window))

    return take


def hours(town: Any, start_h: float, length_h: float) -> tuple[datetime, datetime]:
    start = town.clock.now() + timedelta(hours=start_h)
    return start, start + timedelta(hours=length_h)


def test_the_same_digits_are_refused_within_the_window_and_thirty_days_after(
    reserve: Reserve,
) -> None:
    month_h = NO_REUSE / timedelta(hours=1)
    reserve("a", "830472", 100, 2)
    for start_h in (99, 101, 103, 102 + month_h - 1, 100 - month_h):
        with pytest.raises(PinTakenError):
            reserve("b", "830472", start_h, 2)
    reserve("b", "830472", 102 + month_h, 2)


def test_other_digits_and_other_doors_do_not_matter(town: Any, reserve: Reserve) -> None:
    site = town.site()
    elsewhere = town.door(site, town.controller(site))
    reserve("a", "830472", 1, 2)
    reserve("b", "830473", 1, 2)
    reserve("b", "830472", 1, 2, elsewhere)


def test_of_two_who_draw_the_same_digits_at_once_exactly_one_gets_them(reserve: Reserve) -> None:
    for digits in ("830471", "830472", "830473", "830475"):
        barrier = Barrier(2)

        def take(credential: str, digits: str = digits, barrier: Barrier = barrier) -> bool:
            barrier.wait()
            try:
                reserve(credential, digits, 1, 2)
            except PinTakenError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(take, ["a", "b"])) == [False, True]


def test_moving_into_anothers_digits_is_refused_and_moves_nothing(
    town: Any, kept: Reservations, reserve: Reserve
) -> None:
    month_h = NO_REUSE / timedelta(hours=1)
    reserve("a", "830472", 1, 2)
    reserve("b", "830472", 10 + month_h, 2)
    with pytest.raises(PinTakenError):
        town.db.write(lambda scope: kept.move(scope, "a", hours(town, 20, 2)))
    town.db.write(lambda scope: kept.move(scope, "a", hours(town, 2, 2)))
    with town.db.read() as scope:
        t = pin_reservations
        row = scope.one(scope.select(t).where(t.c.credential_id == "a"))
    assert row.starts_at == hours(town, 2, 2)[0]


def test_retired_digits_are_free_after_thirty_days_from_then(
    town: Any, kept: Reservations, reserve: Reserve
) -> None:
    month_h = NO_REUSE / timedelta(hours=1)
    reserve("a", "830472", -1, 500)
    now = town.clock.now()
    town.db.write(lambda scope: kept.retire(scope, "a", now))
    with pytest.raises(PinTakenError):
        reserve("b", "830472", month_h - 3, 2)
    reserve("b", "830472", month_h, 2)


def test_digits_that_were_given_up_are_not_drawn_again_for_their_own_credential(
    town: Any, kept: Reservations, reserve: Reserve, door: str
) -> None:
    reserve("a", "830472", -1, 5)
    now = town.clock.now()
    town.db.write(lambda scope: kept.retire(scope, "a", now))
    with town.db.read() as scope:
        assert kept.is_taken(scope, [door], "830472", hours(town, 0, 1), "a")


def test_live_pins_are_those_found_out_together_with_the_window_and_those_they_meet(
    town: Any, kept: Reservations, reserve: Reserve, door: str
) -> None:
    """Each can be found out from an hour before its window."""

    def live(but_not_by: str = "") -> dict[int, tuple[datetime, datetime]]:
        with town.db.read() as scope:
            found = kept.live_around(scope, door, hours(town, 10, 1), but_not_by)
        return {each.digits: (each.starts_at, each.ends_at) for each in found}

    reserve("over", "8304", 7, 2)
    assert live() == {}
    reserve("a", "830472", 8, 2)
    reserve("b", "8304729", 11, 2)
    assert live() == {4: hours(town, 7, 2), 6: hours(town, 8, 2), 7: hours(town, 11, 2)}
    reserve("later", "83047291", 13, 2)
    reserve("too late", "830472915", 15, 2)
    assert live().keys() == {4, 6, 7, 8}
    assert live("b").keys() == {4, 6}


def test_what_is_stored_does_not_tell_the_digits(town: Any, reserve: Reserve) -> None:
    reserve("a", "830472", 1, 2)
    with town.db.read() as scope:
        (row,) = scope.all(scope.select(pin_reservations))
    assert len(row.blind) == 64
    assert "830472" not in row.blind
