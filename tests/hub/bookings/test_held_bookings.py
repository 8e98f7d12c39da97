"""Two who change one booking at once: whoever comes second sees what the first one did."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from hub.bookings import parts, repository
from hub.bookings.records import BookingWish
from hub.bookings.tables import Approval, BookingState
from hub.web.problems import Problem

pytestmark = pytest.mark.postgres

_WAITERS = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


# On SQLite there is one writer.
@pytest.fixture
def database_at(postgresql_at: str) -> str:
    return postgresql_at


@pytest.fixture
def meanwhile(hall: Any) -> Callable[..., Any]:
    """`meanwhile(first, second)` calls `second()` while the transaction `first(scope)` is not
    committed yet, and gives the code with which it was refused, or what it gave."""

    def run(first: Callable[[Any], object], second: Callable[[], Any]) -> Any:
        came: list[Any] = []

        def later() -> None:
            try:
                came.append(second())
            except Problem as problem:
                came.append(problem.kind.code)
            except BaseException as error:  # told by the test
                came.append(error)

        thread = threading.Thread(target=later)

        def work(scope: Any) -> None:
            first(scope)
            thread.start()
            while thread.is_alive():
                with hall.town.db.read() as watching:
                    if watching.connection.execute(_WAITERS).scalar():
                        return
                thread.join(0.01)

        hall.town.db.write(work)
        thread.join()
        return came[0]

    return run


def cancelling(hall: Any, key: str) -> Callable[[Any], object]:
    def work(scope: Any) -> None:
        booking = repository.by_key(scope, key)
        assert booking is not None
        hall.bookings.cancel_within(scope, booking, hall.clerk)

    return work


def test_a_change_that_comes_after_a_cancellation_does_not_bring_the_booking_back(
    hall: Any, meanwhile: Any
) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish())
    change = lambda: hall.bookings.put(  # noqa: E731
        hall.clerk, "k1", BookingWish(purpose="other")
    )
    assert meanwhile(cancelling(hall, "k1"), change) == "booking_over"
    assert hall.bookings.get(hall.clerk, "k1").booking.state is BookingState.CANCELLED


def test_an_approval_that_comes_after_a_cancellation_confirms_nothing(
    hall: Any, meanwhile: Any, make_facility: Any
) -> None:
    """Confirmed all the same, it would stand without taking up its facility: booked twice."""
    wanted = replace(make_facility(hall.site, hall.doors), approval=Approval.REQUIRED)
    other = hall.facilities.create(hall.clerk, wanted)
    wish = hall.wish(facility_id=other.id)
    hall.bookings.put(hall.clerk, "k1", replace(wish, state=BookingState.REQUESTED))
    approve = lambda: hall.bookings.decide(hall.clerk, "k1", approve=True)  # noqa: E731
    assert meanwhile(cancelling(hall, "k1"), approve) == "state_change"
    found = hall.bookings.get(hall.clerk, "k1").booking
    assert found.state is BookingState.CANCELLED
    with hall.town.db.read() as scope:
        assert parts.taken(scope, parts.parts_of(other.id, ()), found.booked) == []


def test_a_cancellation_that_comes_after_a_move_ends_the_booking_as_it_was_moved(
    hall: Any, meanwhile: Any
) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish())
    moved = hall.wish(start_h=5)

    def move(scope: Any) -> None:
        source = hall.bookings.get(hall.clerk, "k1").booking.source
        hall.bookings.put_within(scope, hall.clerk, "k1", moved, source)

    meanwhile(move, lambda: hall.bookings.cancel(hall.clerk, "k1"))
    found = hall.bookings.get(hall.clerk, "k1").booking
    assert (found.state, found.booked.starts_at) == (BookingState.CANCELLED, moved.starts_at)


def test_other_digits_asked_for_after_a_cancellation_are_not_given(
    hall: Any, meanwhile: Any
) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish())
    reissue = lambda: hall.bookings.reissue(hall.clerk, "k1")  # noqa: E731
    assert meanwhile(cancelling(hall, "k1"), reissue) == "no_pin"


def test_a_change_of_a_facility_does_not_undo_the_exclusion_that_came_before_it(
    hall: Any, meanwhile: Any, make_facility: Any
) -> None:
    """Undone, the whole of it and its half could be booked at the same time."""
    half = hall.facilities.create(hall.clerk, make_facility(hall.site, hall.doors))

    def exclude(scope: Any) -> None:
        before = repository.facility(scope, hall.id)
        assert before is not None
        after = replace(before, excludes=(half.id,))
        hall.facilities._keep(  # within a transaction of the test's own
            scope, hall.clerk, after, "facility.changed", new=False
        )

    meanwhile(exclude, lambda: hall.facilities.change(hall.clerk, hall.id, phone="0123-45-6780"))
    found = hall.facilities.get(hall.id)
    assert (found.phone, found.excludes) == ("0123-45-6780", (half.id,))
