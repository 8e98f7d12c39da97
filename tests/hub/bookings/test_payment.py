"""A PIN is shown, placed and sent only once its booking is paid, where the facility says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hub.bookings.door_reissues import DoorReissues
from hub.bookings.records import BookingWish
from hub.bookings.tables import Payment
from hub.happenings import repository as happenings
from hub.pins.placement import Pending, PlacementState, Readiness
from hub.web.problems import Problem as Refused
from hub.web.rights import Role


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """One kind of database: nothing here depends on it."""
    return sqlite_at


@pytest.fixture
def paid_hall(hall: Any, make_facility: Callable[..., Any]) -> Callable[..., Any]:
    """`paid_hall(payment)` gives a wish for a hall that wants to be paid so."""

    def make(payment: Payment = Payment.BEFORE_PIN, **more: Any) -> BookingWish:
        wanted = replace(make_facility(hall.site, hall.doors), payment=payment)
        made = hall.facilities.create(hall.clerk, wanted)
        return hall.wish(facility_id=made.id, **more)

    return make


def held_pins(hall: Any) -> set[str]:
    import json

    hall.town.compile()
    return {
        json.loads(body).get("state", "active")
        for key, body in hall.town.held(hall.controller).items()
        if key.kind == "credential"
    }


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.kind.code


def test_no_door_sees_the_pin_of_an_unpaid_booking(hall: Any, paid_hall: Any) -> None:
    view, _ = hall.bookings.put(hall.clerk, "k1", paid_hall())
    assert not view.booking.released
    assert view.readiness is Readiness.DRAFT
    assert view.pending == (Pending.PAYMENT,)
    states = {place.state for place in view.credentials[0].placements}
    assert states == {PlacementState.DRAFT}
    assert held_pins(hall) == set()
    assert code_of(lambda: hall.bookings.reveal(hall.clerk, "k1")) == "payment_missing"


def test_paying_lets_the_pin_out_and_says_so(hall: Any, paid_hall: Any) -> None:
    first, _ = hall.bookings.put(hall.clerk, "k1", paid_hall())
    view, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(paid=True))
    assert view.readiness is Readiness.SCHEDULED
    assert view.pending == (Pending.HORIZON,)
    assert held_pins(hall) == {"active"}
    assert len(hall.digits("k1")) == 6
    with hall.town.db.read() as scope:
        told = happenings.of_booking(scope, first.booking.id)
    assert told[-1].details == {"changed": ["paid", "released"]}


def test_a_payment_taken_back_takes_the_pin_from_the_door_and_paying_again_brings_it_back(
    hall: Any, paid_hall: Any
) -> None:
    hall.bookings.put(hall.clerk, "k1", paid_hall(paid=True))
    pin = hall.digits("k1")
    assert held_pins(hall) == {"active"}
    view, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(paid=False))
    assert {p.state for p in view.credentials[0].placements} == {PlacementState.REVOKING}
    assert Pending.PAYMENT in view.pending
    assert Pending.REVOCATION in view.pending
    assert view.readiness is Readiness.DRAFT
    assert held_pins(hall) == {"revoked"}
    assert code_of(lambda: hall.bookings.reveal(hall.clerk, "k1")) == "payment_missing"
    again, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(paid=True))
    assert {p.state for p in again.credentials[0].placements} == {PlacementState.SCHEDULED}
    assert held_pins(hall) == {"active"}
    assert hall.digits("k1") == pin
    assert hall.town.held(hall.controller) == hall.town.from_nothing(hall.controller)


def test_an_unpaid_booking_can_be_moved_and_gets_its_pin_in_the_new_window(
    hall: Any, paid_hall: Any
) -> None:
    hall.bookings.put(hall.clerk, "k1", paid_hall(paid=True))
    pin = hall.digits("k1")
    held_pins(hall)
    hall.bookings.put(hall.clerk, "k1", BookingWish(paid=False))
    start, end = hall.at(30), hall.at(31)
    hall.bookings.put(hall.clerk, "k1", BookingWish(starts_at=start, ends_at=end))
    view, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(paid=True))
    assert hall.digits("k1") == pin
    assert view.readiness is Readiness.SCHEDULED
    from hub.pins.tables import pin_placements

    with hall.town.db.read() as scope:
        starts = {row.starts_at for row in scope.all(scope.select(pin_placements))}
    assert starts == {view.booking.effective.starts_at}


def test_where_approval_counts_instead_somebody_who_may_lets_it_out_unpaid(
    hall: Any, paid_hall: Any
) -> None:
    wish = paid_hall(Payment.BEFORE_PIN_OR_APPROVED)
    hall.bookings.put(hall.clerk, "k1", wish)
    assert code_of(lambda: hall.bookings.reveal(hall.clerk, "k1")) == "payment_missing"
    view = hall.bookings.decide(hall.clerk, "k1", approve=True)
    assert view.booking.released
    assert hall.bookings.decide(hall.clerk, "k1", approve=True) == view
    assert held_pins(hall) == {"active"}


def test_approval_alone_lets_nothing_out_where_it_must_be_paid(hall: Any, paid_hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", paid_hall())
    hall.bookings.decide(hall.clerk, "k1", approve=True)
    assert held_pins(hall) == set()


def test_a_facility_that_begins_to_want_money_leaves_standing_bookings_alone(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish())
    hall.facilities.change(hall.clerk, hall.id, payment=Payment.BEFORE_PIN)
    view, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(purpose="卓球"))
    assert view.booking.released
    later, _ = hall.bookings.put(hall.clerk, "k2", hall.wish(start_h=9))
    assert not later.booking.released


def test_a_resident_sees_no_pin_until_it_is_paid(hall: Any, paid_hall: Any) -> None:
    from hub.bookings.windows import BookedWindow

    wish = paid_hall(start_h=24)
    window = BookedWindow(wish.starts_at, wish.ends_at)
    asked = hall.residents.request_booking(wish.facility_id, window, wish.contact)
    opened = hall.residents.open_link(asked.token)
    assert hall.residents.shown(opened.cookie).revealed == ()
    key = asked.view.booking.reservation_key
    hall.bookings.put(hall.clerk, key, BookingWish(paid=True))
    assert len(hall.residents.shown(opened.cookie).revealed) == 1


def test_a_pin_held_back_does_not_come_back_with_digits_that_leaked_at_its_door(
    hall: Any, paid_hall: Any
) -> None:
    hall.bookings.put(hall.clerk, "k1", paid_hall(paid=True))
    leaked = hall.digits("k1")
    held_pins(hall)
    hall.bookings.put(hall.clerk, "k1", BookingWish(paid=False))
    held_pins(hall)
    admin = replace(hall.clerk, role=Role.ADMIN)
    reissues = DoorReissues(hall.town.db, hall.town.clock, hall.town.pins)
    done = reissues.reissue(admin, hall.doors[0], "controller stolen")
    assert len(done.reissued) == 1
    hall.bookings.put(hall.clerk, "k1", BookingWish(paid=True))
    assert hall.digits("k1") != leaked
    assert held_pins(hall) == {"active"}
