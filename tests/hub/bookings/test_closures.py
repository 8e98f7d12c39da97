"""Closed days: refused for everybody who does not say otherwise, standing bookings listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bookings.closures import Closure, ClosuresService, local_days
from hub.bookings.records import BookingWish
from hub.bookings.windows import BookedWindow, local_day
from hub.people.domain import CalendarSource
from hub.people.tables import calendars
from hub.web.problems import Problem as Refused
from hub.web.rights import Principal, PrincipalKind, Role


@pytest.fixture
def closures(hall: Any) -> ClosuresService:
    """The service."""
    return ClosuresService(hall.town.db, hall.town.clock, hall.town.ids)


def closed(
    hall: Any, first: date, last: date | None = None, facility: str | None = None
) -> Closure:
    return Closure("", hall.site, facility, first, last or first, "点検")


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.kind.code


def test_a_booking_that_touches_a_closed_day_is_refused_with_the_day(
    hall: Any, closures: ClosuresService
) -> None:
    """The clock stands at Monday 2026-04-06, 09:00 in Tokyo."""
    tuesday = date(2026, 4, 7)
    closures.create(hall.clerk, closed(hall, tuesday))
    late = hall.wish(start_h=14.5, hours=1)  # 23:30 until 00:30
    with pytest.raises(Refused) as refused:
        hall.bookings.put(hall.clerk, "k", late)
    assert refused.value.kind.code == "closed"
    assert refused.value.extra["closed_on"] == ["2026-04-07"]
    until_midnight = hall.wish(start_h=14, hours=1)
    view, _ = hall.bookings.put(hall.clerk, "k", until_midnight)
    later = view.booking.booked.ends_at + timedelta(seconds=1)
    assert (
        code_of(lambda: hall.bookings.put(hall.clerk, "k", BookingWish(ends_at=later))) == "closed"
    )
    assert hall.facilities.availability(hall.id, tuesday) == []
    assert hall.facilities.availability(hall.id, date(2026, 4, 8))


def test_who_may_approve_can_book_it_all_the_same_and_says_so(
    hall: Any, closures: ClosuresService
) -> None:
    closures.create(hall.clerk, closed(hall, date(2026, 4, 7)))
    wish = hall.wish(start_h=20)
    system = Principal(PrincipalKind.TOKEN, "system", "system", Role.INTEGRATION)
    forced = replace(wish, override_closed=True)
    assert code_of(lambda: hall.bookings.put(hall.clerk, "k", wish)) == "closed"
    assert code_of(lambda: hall.bookings.put(system, "k", forced)) == "closed"
    hall.bookings.put(hall.clerk, "k", forced)
    hall.bookings.put(hall.clerk, "k", BookingWish(purpose="点検の立会い"))


def test_standing_bookings_are_listed_and_stay(hall: Any, closures: ClosuresService) -> None:
    hall.bookings.put(hall.clerk, "stands", hall.wish(start_h=20))
    hall.bookings.put(hall.clerk, "elsewhere", hall.wish(start_h=60))
    made = closures.create(hall.clerk, closed(hall, date(2026, 4, 7)))
    assert [each.reservation_key for each in made.standing] == ["stands"]
    assert hall.bookings.get(hall.clerk, "stands").booking.stands
    hall.bookings.cancel(hall.clerk, "stands")
    (listed,) = closures.listed(hall.clerk)
    assert listed.standing == ()
    closures.delete(hall.clerk, made.closure.id)
    hall.bookings.put(hall.clerk, "again", hall.wish(start_h=20))
    assert code_of(lambda: closures.delete(hall.clerk, made.closure.id)) == "closure_unknown"


def test_one_facility_closes_and_the_other_stays_open(
    hall: Any, closures: ClosuresService, make_facility: Callable[..., Any]
) -> None:
    other = hall.facilities.create(hall.clerk, make_facility(hall.site, hall.doors)).id
    closures.create(hall.clerk, closed(hall, date(2026, 4, 7), facility=hall.id))
    assert code_of(lambda: hall.bookings.put(hall.clerk, "k", hall.wish(start_h=20))) == "closed"
    hall.bookings.put(hall.clerk, "o", hall.wish(start_h=20, facility_id=other))


def test_a_facility_closes_on_the_days_of_its_holiday_calendar(hall: Any) -> None:
    from hub.policy.touch import touch_calendar

    calendar = hall.town.calendar()
    hall.town.set(calendars, touch_calendar, calendar, source=CalendarSource.JAPAN)
    hall.facilities.change(hall.clerk, hall.id, calendar_id=calendar)
    showa_day = 24 * 23  # 2026-04-29
    wish = hall.wish(start_h=showa_day + 1)
    assert code_of(lambda: hall.bookings.put(hall.clerk, "k", wish)) == "closed"
    hall.bookings.put(hall.clerk, "k", hall.wish(start_h=showa_day + 25))


def test_a_clerk_of_another_site_neither_sees_nor_closes(
    hall: Any, closures: ClosuresService
) -> None:
    made = closures.create(hall.clerk, closed(hall, date(2026, 4, 7)))
    stranger = replace(hall.clerk, sites=frozenset({"elsewhere"}))
    assert closures.listed(stranger) == []
    assert code_of(lambda: closures.delete(stranger, made.closure.id)) == "closure_unknown"
    wanted = closed(hall, date(2026, 5, 1))
    assert code_of(lambda: closures.create(stranger, wanted)) == "site_unknown"


@given(
    day=st.dates(date(2024, 2, 27), date(2028, 3, 2)),
    second=st.integers(0, 86_399),
    lasts=st.integers(1, 3 * 86_400),
)
def test_a_window_touches_exactly_the_days_it_has_an_instant_in(
    day: date, second: int, lasts: int
) -> None:
    from hub.bookings.records import Facility
    from hub.bookings.tables import Approval
    from hub.bookings.windows import BookingRules

    rules = BookingRules()
    facility = Facility("f", "s", "館", "館", "hall", (), Approval.AUTOMATIC, rules)
    start = local_day(day).starts_at + timedelta(seconds=second)
    window = BookedWindow(start, start + timedelta(seconds=lasts))
    first, last = local_days(window, facility)
    for offset in range(-1, 6):
        one = day + timedelta(days=offset)
        assert (first <= one <= last) == window.overlaps(local_day(one))
