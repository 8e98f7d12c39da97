"""Facilities that cannot be used at once, also when two ask at the same moment; shared doors."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from hub.bookings import parts
from hub.bookings.records import BookingWish
from hub.bookings.windows import BookedWindow
from hub.database.errors import OverlapError
from hub.web.problems import Problem as Refused


@pytest.fixture
def gym(hall: Any, make_facility: Callable[..., Any]) -> dict[str, str]:
    """The whole gym, its halves A and B, and a stage beside it: all with the same entrance."""
    made = {}
    for name in ("a", "b", "stage", "whole"):
        excludes = (made["a"], made["b"]) if name == "whole" else ()
        wanted = replace(make_facility(hall.site, hall.doors[:1]), excludes=excludes)
        made[name] = hall.facilities.create(hall.clerk, wanted).id
    return made


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.kind.code


def test_the_hall_and_its_stage_share_an_entrance_and_each_has_a_pin(
    hall: Any, gym: dict[str, str]
) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish(facility_id=gym["whole"]))
    hall.bookings.put(hall.clerk, "k2", hall.wish(facility_id=gym["stage"]))
    assert hall.digits("k1") != hall.digits("k2")


def test_the_whole_excludes_its_halves_and_the_halves_not_each_other(
    hall: Any, gym: dict[str, str]
) -> None:
    put = hall.bookings.put
    put(hall.clerk, "a", hall.wish(facility_id=gym["a"]))
    put(hall.clerk, "b", hall.wish(facility_id=gym["b"]))
    whole = hall.wish(start_h=2, facility_id=gym["whole"])
    assert code_of(lambda: put(hall.clerk, "w", whole)) == "double_booked"
    hall.bookings.cancel(hall.clerk, "a")
    assert code_of(lambda: put(hall.clerk, "w", whole)) == "double_booked"
    hall.bookings.cancel(hall.clerk, "b")
    put(hall.clerk, "w", whole)
    half = hall.wish(facility_id=gym["a"])
    assert code_of(lambda: put(hall.clerk, "a2", half)) == "double_booked"
    day = hall.at(2).date()
    slots = hall.facilities.availability(gym["b"], day)
    assert sum(slot.state.value == "taken" for slot in slots) == 4


def test_a_half_and_the_whole_asked_for_at_once_are_not_both_made(
    hall: Any, gym: dict[str, str]
) -> None:
    for round_ in range(4):
        barrier = Barrier(3)

        def book(room: str, start: Barrier = barrier, hour: int = round_) -> str:
            wish = hall.wish(start_h=1 + 3 * hour, facility_id=gym[room])
            start.wait()
            try:
                hall.bookings.put(hall.clerk, f"{room}{hour}", wish)
            except Refused as refused:
                return refused.kind.code
            return room

        with ThreadPoolExecutor(3) as pool:
            made = {*pool.map(book, ("a", "b", "whole"))} - {"double_booked"}
        assert made in ({"whole"}, {"a", "b"})


@pytest.mark.postgres
def test_the_database_itself_refuses_what_nobody_looked_for(
    hall: Any, gym: dict[str, str], database_at: str
) -> None:
    """Past every lock of ours, as another program would write: the exclusion constraint holds."""
    if not database_at.startswith("postgresql"):
        return  # SQLite has one writer, which looks before it writes
    view, _ = hall.bookings.put(hall.clerk, "w", hall.wish(facility_id=gym["whole"]))
    other, _ = hall.bookings.put(hall.clerk, "a", hall.wish(start_h=5, facility_id=gym["a"]))
    pair = parts.pair(gym["whole"], gym["a"])
    with pytest.raises(OverlapError):
        hall.town.db.write(
            lambda scope: parts.occupy(scope, other.booking.id, [pair], view.booking.booked)
        )


def test_what_stands_at_once_cannot_begin_to_exclude_each_other(
    hall: Any, gym: dict[str, str]
) -> None:
    hall.bookings.put(hall.clerk, "s", hall.wish(facility_id=gym["stage"]))
    hall.bookings.put(hall.clerk, "a", hall.wish(facility_id=gym["a"]))

    def exclude() -> None:
        hall.facilities.change(hall.clerk, gym["stage"], excludes=(gym["a"],))

    with pytest.raises(Refused) as refused:
        exclude()
    assert refused.value.kind.code == "exclusion_impossible"
    assert refused.value.extra["bookings"] == ["s"]
    hall.bookings.put(hall.clerk, "a", hall.wish(start_h=9, facility_id=gym["a"]))
    exclude()
    both = hall.wish(start_h=9, facility_id=gym["stage"])
    assert code_of(lambda: hall.bookings.put(hall.clerk, "s2", both)) == "double_booked"
    hall.facilities.change(hall.clerk, gym["a"], excludes=())
    hall.bookings.put(hall.clerk, "s2", both)


def test_only_facilities_of_the_same_site_exclude_each_other(
    hall: Any, gym: dict[str, str], make_facility: Callable[..., Any]
) -> None:
    site = hall.town.site()
    door = hall.town.door(site, hall.town.controller(site))
    far = replace(make_facility(site, (door,)), excludes=(gym["a"],))
    assert code_of(lambda: hall.facilities.create(hall.clerk, far)) == "exclusion_impossible"
    own = (gym["a"],)
    change = hall.facilities.change
    assert code_of(lambda: change(hall.clerk, gym["a"], excludes=own)) == "exclusion_impossible"


def test_a_booking_that_moves_to_another_room_frees_the_first(
    hall: Any, gym: dict[str, str]
) -> None:
    hall.bookings.put(hall.clerk, "k", hall.wish(facility_id=gym["whole"]))
    hall.bookings.put(hall.clerk, "k", BookingWish(facility_id=gym["stage"]))
    hall.bookings.put(hall.clerk, "w", hall.wish(facility_id=gym["whole"]))
    with hall.town.db.read() as scope:
        window = BookedWindow(hall.at(0), hall.at(9))
        assert len(parts.taken(scope, [gym["stage"]], window)) == 1
