"""Rules of repetition: wall time over changes of clocks, leap days, and nothing without an end."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event, vRecur
from recurring_ical_events import of as recurring_of

from hub.bookings.recurrence import OCCURRENCES_MAX, Recurring, RuleError, read_rule

BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = [BERLIN, TOKYO, NEW_YORK]


def dates(rule: str, first: date, zone: ZoneInfo = TOKYO, but: tuple[date, ...] = ()) -> list[date]:
    start = datetime.combine(first, time(18))
    found = Recurring(
        read_rule(rule, zone), start, start + timedelta(hours=2), zone, frozenset(but)
    )
    return [day for day, _ in found.windows()]


@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    first=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    minute=st.integers(3 * 60, 23 * 60),
    lasts=st.integers(1, 600),
    count=st.integers(1, 35),
    rule=st.sampled_from(
        ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=TU,SA", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=DAILY;INTERVAL=3"]
    ),
)
def test_the_wall_time_stays_over_a_change_of_clocks(
    zone: ZoneInfo, first: date, minute: int, lasts: int, count: int, rule: str
) -> None:
    """Away from the small hours that a change skips or repeats."""
    start = datetime.combine(first, time(minute // 60, minute % 60))
    end = start + timedelta(minutes=lasts)
    if end.time() < time(3):
        end = end.replace(hour=3)
    found = Recurring(read_rule(f"{rule};COUNT={count}", zone), start, end, zone).windows()
    assert len(found) == count
    for day, window in found:
        local = window.starts_at.astimezone(zone)
        assert (local.date(), local.time()) == (day, start.time())
        assert window.ends_at.astimezone(zone).time() == end.time()


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    first=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    rule=st.sampled_from(
        [
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=9",
            "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=5",
            "FREQ=MONTHLY;BYMONTHDAY=-1,15;COUNT=7",
            "FREQ=MONTHLY;BYDAY=-1FR;COUNT=6",
            "FREQ=DAILY;INTERVAL=5;COUNT=12",
        ]
    ),
)
def test_dates_are_those_of_another_reader_of_the_same_rule(
    zone: ZoneInfo, first: date, rule: str
) -> None:
    """Against recurring-ical-events, over a calendar that icalendar wrote. A DTSTART that does not
    match its rule is undefined in RFC 5545: the comparison begins where it does."""
    first = dates(rule, first, zone)[0]
    event = Event()
    event.add("uid", "1")
    event.add("dtstamp", datetime(2026, 1, 1, tzinfo=UTC))
    event.add("dtstart", datetime.combine(first, time(18), zone))
    event.add("dtend", datetime.combine(first, time(20), zone))
    event.add("rrule", vRecur.from_ical(rule))
    calendar = Calendar()
    calendar.add("prodid", "-//test//")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    others = recurring_of(calendar).between(first, first + timedelta(days=3 * 365))
    assert dates(rule, first, zone) == sorted(each["dtstart"].dt.date() for each in others)


def test_an_hour_that_is_skipped_is_read_with_the_offset_before_it() -> None:
    start = datetime.combine(date(2026, 3, 28), time(2, 30))
    found = Recurring(
        read_rule("FREQ=DAILY;COUNT=2", BERLIN), start, start + timedelta(hours=2), BERLIN
    ).windows()
    assert [window.starts_at for _, window in found] == [
        datetime(2026, 3, 28, 1, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ]


def test_a_leap_day_comes_when_it_comes() -> None:
    assert dates("FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=29;COUNT=3", date(2028, 1, 29)) == [
        date(2028, 1, 29),
        date(2028, 2, 29),
        date(2028, 3, 29),
    ]
    assert date(2027, 2, 28) in dates("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", date(2027, 1, 31))


def test_an_excepted_date_counts_and_is_left_out() -> None:
    first = date(2026, 4, 7)
    found = dates("FREQ=WEEKLY;COUNT=4", first, but=(date(2026, 4, 14),))
    assert found == [first, date(2026, 4, 21), date(2026, 4, 28)]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260421", date(2026, 4, 21)),
        ("20260421T085959Z", date(2026, 4, 14)),
        ("20260421T090000Z", date(2026, 4, 21)),
        ("20260421T175959", date(2026, 4, 14)),
    ],
)
def test_until_is_a_date_or_an_instant_and_included(until: str, last: date) -> None:
    assert dates(f"FREQ=WEEKLY;UNTIL={until}", date(2026, 4, 7))[-1] == last


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ",
        "FREQ=WEEKLY",
        "FREQ=HOURLY;COUNT=2",
        "FREQ=WEEKLY;COUNT=2;UNTIL=20270101",
        "FREQ=WEEKLY;COUNT=0",
        "FREQ=WEEKLY;COUNT=999999999999",
        f"FREQ=WEEKLY;COUNT={OCCURRENCES_MAX + 1}",
        "FREQ=WEEKLY;COUNT=2;COUNT=3",
        "FREQ=WEEKLY;COUNT=2;BYSETPOS=1",
        "FREQ=WEEKLY;COUNT=2;BYDAY=XX",
        "FREQ=WEEKLY;COUNT=2;BYDAY=2TU",
        "FREQ=WEEKLY;COUNT=2;BYMONTHDAY=3",
        "FREQ=MONTHLY;COUNT=2;BYMONTHDAY=32",
        "FREQ=DAILY;UNTIL=20271399",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;INTERVAL=0;COUNT=3",
        "FREQ=WEEKLY;COUNT=２",
        "FREQ=WEEKLY;WKST=SU;COUNT=2",
    ],
)
def test_a_rule_that_is_none_of_ours_is_refused(rule: str) -> None:
    with pytest.raises(RuleError):
        read_rule(rule, TOKYO)


@given(
    text=st.text(max_size=60) | st.from_regex(r"FREQ=[A-Z]{5,7};[A-Z]+=[-0-9A-Z,]+", fullmatch=True)
)
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    with suppress(RuleError):
        read_rule(text, BERLIN)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;UNTIL=21000101",
        "FREQ=DAILY;UNTIL=20270101",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30;COUNT=200",
    ],
)
def test_a_rule_with_too_many_dates_or_none_is_refused(rule: str) -> None:
    with pytest.raises(RuleError):
        dates(rule, date(2026, 2, 1))
