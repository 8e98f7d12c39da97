"""A club's members: one joins or leaves, nobody else's PIN changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hub.bookings.members import MembersService
from hub.bookings.records import BookingWish, HolderWish
from hub.bookings.tables import BookingState
from hub.happenings import repository as happenings
from hub.web.problems import Problem as Refused


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """One kind of database: nothing here depends on it."""
    return sqlite_at


@pytest.fixture
def members(hall: Any) -> MembersService:
    """The service, and a club of two."""
    two = tuple(HolderWish(name) for name in ("青木", "伊藤"))
    hall.bookings.put(hall.clerk, "club", hall.wish(holders=two))
    return MembersService(hall.town.db, hall.bookings)


def pins(hall: Any) -> dict[str, str]:
    view = hall.bookings.get(hall.clerk, "club")
    names = {each.holder_id: each.holder for each in view.credentials}
    return {names[each.holder_id]: each.pin for each in hall.bookings.reveal(hall.clerk, "club")}


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.kind.code


def test_who_joins_gets_a_pin_and_who_leaves_loses_theirs(
    hall: Any, members: MembersService
) -> None:
    before = pins(hall)
    members.add(hall.clerk, "club", HolderWish("上田"))
    joined = pins(hall)
    assert before.items() < joined.items()
    view = members.add(hall.clerk, "club", HolderWish("上田"))
    assert pins(hall) == joined
    gone = next(each.holder_id for each in view.credentials if each.holder == "青木")
    members.remove(hall.clerk, "club", gone)
    assert pins(hall) == {name: pin for name, pin in joined.items() if name != "青木"}
    assert code_of(lambda: members.remove(hall.clerk, "club", gone)) == "holder_unknown"


def test_the_last_one_stays_and_there_is_a_limit(hall: Any, members: MembersService) -> None:
    first, second = (each.holder_id for each in hall.bookings.get(hall.clerk, "club").credentials)
    members.remove(hall.clerk, "club", first)
    assert code_of(lambda: members.remove(hall.clerk, "club", second)) == "last_holder"
    hall.facilities.change(hall.clerk, hall.id, holders_max=2)
    members.add(hall.clerk, "club", HolderWish("上田"))
    assert (
        code_of(lambda: members.add(hall.clerk, "club", HolderWish("遠藤"))) == "too_many_holders"
    )
    assert code_of(lambda: members.add(hall.clerk, "none", HolderWish("遠藤"))) == "booking_unknown"


def test_naming_the_same_members_again_tells_nothing(hall: Any, members: MembersService) -> None:
    two = tuple(HolderWish(name) for name in ("伊藤", "青木"))
    view, _ = hall.bookings.put(hall.clerk, "club", BookingWish(holders=two))
    with hall.town.db.read() as scope:
        assert len(happenings.of_booking(scope, view.booking.id)) == 1
    members.add(hall.clerk, "club", HolderWish("上田"))
    with hall.town.db.read() as scope:
        told = happenings.of_booking(scope, view.booking.id)
    assert told[-1].details == {"changed": ["holders"]}


def test_a_cancelled_booking_stands_again_with_other_pins_if_its_state_is_named(
    hall: Any, members: MembersService
) -> None:
    before = pins(hall)
    number = hall.bookings.get(hall.clerk, "club").booking.number
    hall.bookings.cancel(hall.clerk, "club")
    stale = BookingWish(purpose="x")
    assert code_of(lambda: hall.bookings.put(hall.clerk, "club", stale)) == "booking_over"
    again = BookingWish(state=BookingState.CONFIRMED)
    view, new = hall.bookings.put(hall.clerk, "club", again)
    assert not new
    assert view.booking.stands
    after = pins(hall)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    assert len(number) == len(view.booking.number) == 6
    overlapping = hall.wish()
    put = hall.bookings.put
    assert code_of(lambda: put(hall.clerk, "other", overlapping)) == "double_booked"
    hall.bookings.cancel(hall.clerk, "club")
    put(hall.clerk, "other", overlapping)
    assert code_of(lambda: put(hall.clerk, "club", again)) == "double_booked"


def test_no_booking_gets_the_number_of_one_that_stands_or_stood_lately(
    hall: Any, members: MembersService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the dice fall the same way."""
    monkeypatch.setattr("hub.bookings.repository.secrets.randbelow", lambda _: next(dice))
    dice = iter([7, 7, 8, 7, 9, 7])
    numbers = []
    for key, hour in (("a", 5), ("b", 9)):
        view, _ = hall.bookings.put(hall.clerk, key, hall.wish(start_h=hour))
        numbers.append(view.booking.number)
    assert [each[:5] for each in numbers] == ["10007", "10008"]
    hall.town.clock.advance(timedelta(days=20))
    view, _ = hall.bookings.put(hall.clerk, "c", hall.wish())
    assert view.booking.number[:5] == "10009"
    hall.town.clock.advance(timedelta(days=20))
    view, _ = hall.bookings.put(hall.clerk, "d", hall.wish())
    assert view.booking.number == numbers[0]


def test_a_booking_made_before_the_door_had_a_controller_gets_its_pin_placed_once_it_has(
    hall: Any, make_facility: Callable[..., Any]
) -> None:
    from hub.pins.placement import Problem, Readiness

    controller = hall.town.controller(hall.site, enrolled=False)
    door = hall.town.door(hall.site, controller)
    room = hall.facilities.create(hall.clerk, make_facility(hall.site, (door,)))
    hall.bookings.put(hall.clerk, "early", hall.wish(facility_id=room.id))
    pin = hall.digits("early")
    hall.town.compile()
    view = hall.bookings.get(hall.clerk, "early")
    assert view.problems == (Problem.NO_CONTROLLER,)
    assert view.readiness is Readiness.PROBLEM
    other = next(iter(hall.town.links.values()))
    hall.town.links[controller] = other
    from hub.policy.touch import touch_controller

    hall.town.db.write(lambda scope: touch_controller(scope, controller))
    hall.town.compile()
    view = hall.bookings.get(hall.clerk, "early")
    assert view.problems == ()
    assert view.readiness is Readiness.PLACING
    assert any(key.kind == "credential" for key in hall.town.held(controller))
    assert hall.digits("early") == pin
