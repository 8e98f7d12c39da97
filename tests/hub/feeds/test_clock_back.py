"""A clock that ran ahead, as one without a battery may until it hears the time, is put back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.feeds import repository
from hub.feeds.absence import ABSENT_FOR, KeptEvent, judge
from hub.feeds.job import FeedsJob
from hub.feeds.polling import Poller


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def test_a_feed_that_was_polled_in_the_future_is_polled_now(desk: Any) -> None:
    feed = desk.add(every_s=300)
    desk.publish(desk.event("a", 24 * 500))
    desk.clock.advance(timedelta(days=400))
    desk.poll(feed)
    desk.clock.advance(timedelta(days=-400))
    with desk.hub.core.db.read() as scope:
        assert repository.due_feeds(scope, desk.clock.now()) == [feed]
    asked = len(desk.server.asked)
    FeedsJob(desk.hub.core.db, desk.clock, desk.hub.services.get(Poller)).run()
    assert len(desk.server.asked) == asked + 1
    with desk.hub.core.db.read() as scope:
        assert repository.due_feeds(scope, desk.clock.now()) == []


def test_a_calendar_read_in_the_future_is_read_again(desk: Any) -> None:
    """Or its horizon would stand still until that day comes."""
    feed = desk.add(horizon_days=7)
    desk.publish(desk.event("a", 24 * 10))
    desk.clock.advance(timedelta(days=-1))
    desk.poll(feed)
    desk.clock.advance(timedelta(days=401))
    desk.poll(feed)
    desk.clock.advance(timedelta(days=-395))
    desk.poll(feed)
    assert desk.standing(feed) == {"a"}


def test_an_absence_that_began_in_the_future_begins_now(desk: Any) -> None:
    now = desk.clock.now()
    many = [KeptEvent(f"k{n}", now + timedelta(days=3), True) for n in range(9)]
    gone = KeptEvent("gone", now + timedelta(days=3), False, now + timedelta(days=400))
    verdict = judge([*many, gone], now, now + timedelta(days=90))
    assert (verdict.begins, verdict.due) == (frozenset({"gone"}), frozenset())
    again = KeptEvent("gone", now + timedelta(days=3), False, now)
    later = now + ABSENT_FOR
    assert judge([*many, again], later, now + timedelta(days=90)).due == {"gone"}


def test_what_was_forgotten_in_the_future_is_known_again_and_keeps_its_booking(desk: Any) -> None:
    """Its row was deleted as long over; the booking that stands under its key is its own."""
    feed = desk.add()
    desk.publish(desk.event("a", 48))
    desk.poll(feed)
    before = desk.booked()
    desk.clock.advance(timedelta(days=400))
    desk.poll(feed)
    assert desk.events(feed) == {}
    desk.clock.advance(timedelta(days=-400))
    desk.poll(feed)
    assert desk.standing(feed) == {"a"}
    assert desk.booked() == before
