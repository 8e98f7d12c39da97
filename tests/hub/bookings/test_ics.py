"""The one calendar file of a booking: whatever stands in it, a parser that is not ours reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from hub.bookings.ics import ics_of, method_of
from hub.bookings.records import Booking, Contact
from hub.bookings.tables import BookingSource, BookingState
from hub.bookings.windows import BookedWindow

MADE = datetime(2026, 4, 6, 9, tzinfo=UTC)
starts = st.integers(1_704_067_200, 1_988_150_400).map(lambda s: datetime.fromtimestamp(s, UTC))


def booked(start: datetime, minutes: int = 60, **more: Any) -> Booking:
    window = BookedWindow(start, start + timedelta(minutes=minutes))
    given: dict[str, Any] = {
        "id": "01960a2b-7c00-7000-8000-000000000101",
        "reservation_key": "k1",
        "facility_id": None,
        "site_id": "s",
        "state": BookingState.CONFIRMED,
        "source": BookingSource.API,
        "booked": window,
        "effective": window,
        "contact": Contact("山田 花子"),
        "purpose": "",
        "paid": None,
        "digits": None,
        "decision_reason": "",
        "doors": (),
        "created_at": MADE,
        "changed_at": MADE,
    }
    return Booking(**(given | more))


@given(
    title=st.text(max_size=200),
    place=st.text(max_size=200),
    phone=st.text(max_size=40),
    start=starts,
    minutes=st.integers(1, 20_000),
    state=st.sampled_from(BookingState),
)
def test_a_calendar_reads_back_what_was_written(
    title: str, place: str, phone: str, start: datetime, minutes: int, state: BookingState
) -> None:
    booking = booked(start, minutes, state=state)
    raw = ics_of(booking, None, title=title, place=place, phone=phone)
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    read = Calendar.from_ical(raw)
    (event,) = read.walk("VEVENT")
    assert read["METHOD"] == method_of(booking)
    ended = state in (BookingState.CANCELLED, BookingState.REJECTED)
    assert (event["STATUS"] == "CANCELLED", read["METHOD"] == "CANCEL") == (ended, ended)
    assert (event["STATUS"] == "TENTATIVE") == (state is BookingState.REQUESTED)
    window = booking.booked.starts_at, booking.booked.ends_at
    assert (event["DTSTART"].dt, event["DTEND"].dt) == window
    assert str(event["SUMMARY"]) == kept(title or place)
    if place:
        assert str(event["LOCATION"]) == kept(place)
    assert "山田" not in raw.decode()


def kept(text: str) -> str:
    """A TEXT holds no control characters but line ends (RFC 5545, 3.3.11)."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in plain if c == "\n" or c.isprintable())


def test_every_change_counts_up_and_the_entry_stays_the_same() -> None:
    first = booked(MADE)
    later = booked(MADE, changed_at=MADE + timedelta(seconds=70))
    events = [Calendar.from_ical(ics_of(each, None)).walk("VEVENT")[0] for each in (first, later)]
    assert [each["SEQUENCE"] for each in events] == [0, 70]
    assert events[0]["UID"] == events[1]["UID"]
