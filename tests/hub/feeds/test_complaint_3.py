"""Complaint 3 of the field: an empty or failed calendar fetch must never clear a code."""

from __future__ import annotations

from typing import Any

import pytest

from hub.feeds.domain import FeedState, FetchResult
from hub.happenings.domain import HappeningKind as H


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is asked here does not depend on the kind of database: once is enough."""
    return sqlite_at


FAULTS = {
    "empty_file": ({"content": b""}, FetchResult.NOT_A_CALENDAR),
    "error_page": ({"content": b"<html>504</html>"}, FetchResult.NOT_A_CALENDAR),
    "server_error": ({"status": 503}, FetchResult.HTTP_ERROR),
    "not_found": ({"status": 404}, FetchResult.HTTP_ERROR),
    "no_login": ({"status": 401}, FetchResult.UNAUTHORIZED),
    "cut_short": ({"cut_at": 60, "validators": False}, FetchResult.PARTIAL),
    "strange_charset": (
        {"content": "BEGIN:VCALENDAR\r\nX:体\r\n".encode("cp932")},
        FetchResult.UNREADABLE,
    ),
    "no_end": ({"content": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"}, FetchResult.PARTIAL),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_empty_or_failed_calendar_fetch_never_clears_a_code(
    desk: Any, ical: Any, fault: str
) -> None:
    """Complaint 3 of the field: codes lost because one fetch came back empty."""
    feed = desk.add()
    desk.publish(*(desk.event(f"e{i}", 24 + i) for i in range(5)))
    desk.poll(feed)
    before = desk.booked()
    pins = {k: desk.bookings.reveal(ical.clerk, k)[0].pin for k in before}
    told, result = FAULTS[fault]
    for name, value in told.items():
        setattr(desk.server, name, value)
    for _ in range(4):
        assert desk.poll(feed, 30).result is result
    assert desk.booked() == before
    assert {k: desk.bookings.reveal(ical.clerk, k)[0].pin for k in before} == pins
    assert desk.view(feed).feed.state is FeedState.FAILING
    assert desk.told(H.FEED_FAILING, H.FEED_RECOVERED) == [H.FEED_FAILING]


def test_an_empty_calendar_never_clears_a_code(desk: Any) -> None:
    """The same where the calendar is whole and valid and has no event: staff are asked."""
    feed = desk.add()
    desk.publish(*(desk.event(f"e{i}", 24 + i) for i in range(5)))
    desk.poll(feed)
    before = desk.booked()
    desk.publish()
    for _ in range(4):
        assert desk.poll(feed, 30).result is FetchResult.SHRANK
    assert desk.booked() == before
    assert desk.told(H.FEED_SHRANK) == [H.FEED_SHRANK]
