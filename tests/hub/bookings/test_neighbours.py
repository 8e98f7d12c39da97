"""Adjacent bookings at real doors: windows meet, doors follow, PINs stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.bookings.records import BookingWish
from hub.bookings.tables import Handover
from hub.happenings import repository as happenings


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """One kind of database: nothing here depends on it."""
    return sqlite_at


@pytest.fixture
def trimmed(hall: Any, make_facility: Callable[..., Any]) -> str:
    """A hall whose windows meet."""
    wanted = make_facility(hall.site, hall.doors[:1], handover=Handover.TRIM)
    return str(hall.facilities.create(hall.clerk, wanted).id)


def windows_at_door(hall: Any) -> list[tuple[datetime, datetime]]:
    """The windows of the grants that the controller holds."""
    hall.town.compile()
    found = [
        json.loads(body)
        for key, body in hall.town.held(hall.controller).items()
        if key.kind == "grant"
    ]
    return sorted(
        (datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"]))
        for each in found
    )


def test_windows_meet_at_the_boundary_and_widen_again_when_the_neighbour_goes(
    hall: Any, trimmed: str
) -> None:
    hall.bookings.put(hall.clerk, "first", hall.wish(start_h=1, facility_id=trimmed))
    pin = hall.digits("first")
    margin = timedelta(minutes=10)
    assert windows_at_door(hall) == [(hall.at(1) - margin, hall.at(3) + margin)]
    hall.bookings.put(hall.clerk, "next", hall.wish(start_h=3, facility_id=trimmed))
    assert windows_at_door(hall) == [
        (hall.at(1) - margin, hall.at(3)),
        (hall.at(3), hall.at(5) + margin),
    ]
    hall.bookings.put(hall.clerk, "next", hall.wish(start_h=3.25, facility_id=trimmed))
    assert windows_at_door(hall) == [
        (hall.at(1) - margin, hall.at(3) + margin),
        (hall.at(3) + margin, hall.at(5.25) + margin),
    ]
    hall.bookings.cancel(hall.clerk, "next")
    assert windows_at_door(hall)[0] == (hall.at(1) - margin, hall.at(3) + margin)
    assert hall.digits("first") == pin
    assert hall.town.held(hall.controller) == hall.town.from_nothing(hall.controller)


def test_the_neighbour_is_told_of_as_margins_alone(hall: Any, trimmed: str) -> None:
    first, _ = hall.bookings.put(hall.clerk, "first", hall.wish(facility_id=trimmed))
    hall.bookings.put(hall.clerk, "next", hall.wish(start_h=3, facility_id=trimmed))
    with hall.town.db.read() as scope:
        told = happenings.of_booking(scope, first.booking.id)
    assert [each.details.get("changed") for each in told] == [None, ["effective"]]


def test_by_overlap_both_pins_open_for_a_while(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "first", hall.wish(start_h=1))
    hall.bookings.put(hall.clerk, "next", hall.wish(start_h=3))
    (_, end), (start, _) = sorted(set(windows_at_door(hall)))
    assert end - start == timedelta(minutes=20)


def test_new_rules_of_a_facility_leave_standing_bookings_alone(hall: Any) -> None:
    view, _ = hall.bookings.put(hall.clerk, "first", hall.wish())
    facility = hall.facilities.get(hall.id, hall.clerk)
    rules = replace(facility.rules, margin_after_min=0, handover=Handover.TRIM)
    hall.facilities.change(hall.clerk, hall.id, rules=rules)
    same, _ = hall.bookings.put(hall.clerk, "first", BookingWish(purpose="x"))
    assert same.booking.effective == view.booking.effective
    hall.bookings.put(hall.clerk, "next", hall.wish(start_h=3))
    after = hall.bookings.get(hall.clerk, "first").booking
    assert after.effective.ends_at == after.booked.ends_at
