"""A reservation key is given to one event alone, whatever becomes of names."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest

from hub.bookings.facilities import FacilitiesService
from hub.bookings.tables import BookingState
from hub.web.problems import Problem


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def test_a_name_that_was_left_behind_lends_its_key_to_no_other_event(desk: Any, ical: Any) -> None:
    """A single event becomes a series, which keeps the booking of its day; later the UID is a
    single event again, on another day. That day has a booking of its own, and the first one's end
    does not end it."""
    feed = desk.add()
    others = [desk.event(f"other{n}", 200 + 24 * n) for n in range(8)]
    start = desk.since.astimezone(UTC).replace(hour=1, minute=0, second=0, microsecond=0)
    start += timedelta(days=2)
    end = start + timedelta(hours=1)
    desk.publish(desk.timed("s", start, end), *others)
    desk.poll(feed)
    desk.publish(desk.timed("s", start, end, "RRULE:FREQ=DAILY;COUNT=2"), *others)
    desk.poll(feed, after=5)
    (first, second) = sorted(k for k in desk.events(feed) if k.startswith("s/"))
    kept = desk.events(feed)[first].reservation_key
    days = timedelta(days=4)
    desk.publish(desk.timed("s", start + days, end + days), *others)
    desk.poll(feed, after=5)
    assert desk.booked()[kept][1] == start, "it stays where it is while its absence lasts"
    desk.poll(feed, after=11)
    assert desk.booked()[kept][0] is BookingState.CANCELLED
    assert "s" in desk.standing(feed)
    assert {first, second}.isdisjoint(desk.standing(feed))
    assert desk.booked()[desk.events(feed)["s"].reservation_key][1] == start + days


def test_an_event_of_last_year_that_is_put_on_again_is_booked_again(desk: Any) -> None:
    """What is kept of an event is forgotten a month after its end; its booking is not."""
    feed = desk.add()
    desk.publish(desk.event("festival", 24), desk.event("x", 50))
    desk.poll(feed)
    desk.poll(feed, after=60 * 24 * 40)
    assert "festival" not in desk.events(feed)
    desk.publish(desk.event("festival", 24 * 60))
    run = desk.poll(feed, after=5)
    assert (run.made, run.refused) == (1, 0)
    assert desk.standing(feed) == {"festival"}


def test_a_feed_of_a_facility_that_is_not_used_any_more_can_be_paused(desk: Any, ical: Any) -> None:
    """It went on being polled, for nothing about it could be changed."""
    feed = desk.add()
    desk.hub.services.get(FacilitiesService).change(ical.clerk, desk.hall, active=False)
    assert desk.feeds.change(ical.clerk, feed, {"active": False}, {}).feed.wish.active is False
    with pytest.raises(Problem):
        desk.feeds.change(ical.clerk, feed, {"active": True}, {})
