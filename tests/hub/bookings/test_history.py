"""The history of a booking: everything once, in order, page by page, on either database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.bookings.history import HistoryService, HistorySource
from hub.bookings.outcomes import SettleOutcomes
from hub.bookings.records import BookingWish
from hub.bookings.tables import Attendance
from hub.web.problems import Problem as Refused


def test_pages_of_any_size_give_every_line_once_and_in_order(hall: Any) -> None:
    put = hall.bookings.put
    put(hall.clerk, "k", hall.wish())
    put(hall.clerk, "k", BookingWish(purpose="卓球"))
    put(hall.clerk, "k", hall.wish(start_h=5))
    hall.town.compile()
    hall.bookings.cancel(hall.clerk, "k")
    put(hall.clerk, "other", hall.wish())
    history = HistoryService(hall.town.db)
    whole = history.page(hall.clerk, "k", None, 100).items
    assert whole == tuple(sorted(whole, key=lambda line: (line.at, line.source, line.seq)))
    actions = [line.what for line in whole if line.source is HistorySource.ACTION]
    assert actions == [
        "booking.created",
        "booking.changed",
        "booking.changed",
        "booking.cancelled",
    ]
    told = [line.what for line in whole if line.source is HistorySource.HAPPENING]
    assert told == ["booking.confirmed", "booking.changed", "booking.changed", "booking.cancelled"]
    steps = {(line.what, line.state) for line in whole if line.source is HistorySource.PLACEMENT}
    assert steps >= {("make", "scheduled"), ("send", "placing"), ("revoke", "revoking")}
    assert {line.door_id for line in whole if line.state} == set(hall.doors)
    for limit in (3, 8):
        lines, cursor = [], None
        while True:
            page = history.page(hall.clerk, "k", cursor, limit)
            lines += page.items
            if (cursor := page.next_cursor) is None:
                break
        assert tuple(lines) == whole


def test_a_stranger_and_a_wrong_cursor_are_refused(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k", hall.wish())
    history = HistoryService(hall.town.db)
    stranger = replace(hall.clerk, sites=frozenset({"elsewhere"}))
    for who, cursor, code in (
        (stranger, None, "booking_unknown"),
        (hall.clerk, "x", "invalid"),
    ):
        with pytest.raises(Refused) as refused:
            history.page(who, "k", cursor, 10)
        assert refused.value.kind.code == code


def test_the_chore_that_settles_outcomes_runs_on_either_database(hall: Any) -> None:
    """Nothing was ever heard: nobody is a no-show, and after a month the asking ends."""
    hall.bookings.put(hall.clerk, "k", hall.wish())
    chore = SettleOutcomes(hall.town.clock)
    for days in (0, 0.2, 31):
        hall.town.clock.advance(timedelta(days=days, seconds=31))
        with hall.town.db.read() as scope:
            assert chore.is_due(scope)
        hall.town.db.write(chore.run)
    found = hall.bookings.get(hall.clerk, "k").outcome
    assert found.attendance is Attendance.UNKNOWN
    assert set(found.unheard) == set(hall.doors)
    assert found.settled_at is not None
    hall.town.clock.advance(timedelta(seconds=31))
    with hall.town.db.read() as scope:
        assert not chore.is_due(scope)
