"""Series: every date a booking of its own, each reported, changes of one date kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from hub.bookings.closures import Closure, ClosuresService
from hub.bookings.records import BookingWish, Contact, HolderWish
from hub.bookings.series import OccurrenceResult as R
from hub.bookings.series import SeriesService, SeriesWish
from hub.bookings.tables import BookingState, OnConflict
from hub.happenings import repository as happenings
from hub.web.problems import Problem as Refused

TUESDAY = date(2026, 4, 7)
WEEK = timedelta(days=7)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """One kind of database: what differs between them is tested for single bookings."""
    return sqlite_at


@pytest.fixture
def series(hall: Any) -> SeriesService:
    """The service."""
    return SeriesService(hall.town.db, hall.town.clock, hall.town.ids, hall.bookings)


def weekly(hall: Any, count: int = 3, hour: int = 18, **more: Any) -> SeriesWish:
    return SeriesWish(
        facility_id=more.pop("facility_id", hall.id),
        rule=more.pop("rule", f"FREQ=WEEKLY;BYDAY=TU;COUNT={count}"),
        first_start=datetime.combine(TUESDAY, time(hour)),
        first_end=datetime.combine(TUESDAY, time(hour + 2)),
        contact=Contact("庭球クラブ", "", "0123-45-6789"),
        **more,
    )


def results(report: Any) -> list[tuple[date, R]]:
    return [(each.on, each.result) for each in report.occurrences]


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.kind.code


def test_each_date_is_a_booking_with_a_pin_of_its_own(hall: Any, series: SeriesService) -> None:
    report, new = series.put(hall.clerk, "club", weekly(hall))
    assert new
    assert results(report) == [(TUESDAY + n * WEEK, R.MADE) for n in range(3)]
    keys = [each.reservation_key for each in report.occurrences]
    assert keys == ["club:2026-04-07", "club:2026-04-14", "club:2026-04-21"]
    assert len({hall.digits(key) for key in keys}) == 3
    again, new = series.put(hall.clerk, "club", weekly(hall))
    assert not new
    assert {result for _, result in results(again)} == {R.UNCHANGED}
    with hall.town.db.read() as scope:
        booking = hall.bookings.get(hall.clerk, keys[0]).booking
        assert len(happenings.of_booking(scope, booking.id)) == 1


def test_a_date_that_cannot_be_made_is_reported_and_the_others_are_made(
    hall: Any, series: SeriesService
) -> None:
    taken = datetime.combine(TUESDAY + WEEK, time(17), hall.facilities.get(hall.id).rules.zone)
    wish = BookingWish(facility_id=hall.id, starts_at=taken, ends_at=taken + timedelta(hours=2))
    hall.bookings.put(hall.clerk, "other", wish)
    closures = ClosuresService(hall.town.db, hall.town.clock, hall.town.ids)
    day = TUESDAY + 2 * WEEK
    closures.create(hall.clerk, Closure("", hall.site, None, day, day, "点検"))
    rules = replace(hall.facilities.get(hall.id).rules, ahead_days=25)
    hall.facilities.change(hall.clerk, hall.id, rules=rules)
    report, _ = series.put(hall.clerk, "club", weekly(hall, count=5))
    codes = [each.code for each in report.occurrences]
    assert codes == ["", "double_booked", "closed", "", "too_far_ahead"]
    made = {each.on for each in report.occurrences if each.result is R.MADE}
    assert made == {TUESDAY, TUESDAY + 3 * WEEK}


def test_all_or_nothing_says_every_date_that_stands_against_it(
    hall: Any, series: SeriesService
) -> None:
    taken = datetime.combine(TUESDAY + WEEK, time(18), hall.facilities.get(hall.id).rules.zone)
    wish = BookingWish(facility_id=hall.id, starts_at=taken, ends_at=taken + timedelta(hours=1))
    hall.bookings.put(hall.clerk, "other", wish)
    strict = weekly(hall, on_conflict=OnConflict.REFUSE)
    with pytest.raises(Refused) as refused:
        series.put(hall.clerk, "club", strict)
    assert refused.value.kind.code == "series_conflicts"
    assert refused.value.extra["occurrences"] == [{"on": "2026-04-14", "code": "double_booked"}]
    assert code_of(lambda: hall.bookings.get(hall.clerk, "club:2026-04-07")) == "booking_unknown"
    assert code_of(lambda: series.get(hall.clerk, "club")) == "series_unknown"
    hall.bookings.cancel(hall.clerk, "other")
    report, new = series.put(hall.clerk, "club", strict)
    assert new
    assert {result for _, result in results(report)} == {R.MADE}


def test_what_was_changed_alone_is_kept_when_the_series_changes(
    hall: Any, series: SeriesService
) -> None:
    series.put(hall.clerk, "club", weekly(hall, count=4))
    pin = hall.digits("club:2026-04-28")
    alone, gone = "club:2026-04-14", "club:2026-04-21"
    start = hall.bookings.get(hall.clerk, alone).booking.booked.starts_at
    earlier = BookingWish(starts_at=start - timedelta(hours=1))
    moved, _ = hall.bookings.put(hall.clerk, alone, earlier)
    assert moved.booking.occurrence.detached
    hall.bookings.cancel(hall.clerk, gone)
    hall.bookings.put(hall.clerk, "club:2026-04-28", BookingWish(paid=True))
    report, _ = series.put(hall.clerk, "club", weekly(hall, count=4, hour=13))
    assert [result for _, result in results(report)] == [R.CHANGED, R.KEPT, R.KEPT, R.CHANGED]
    assert hall.bookings.get(hall.clerk, alone).booking.booked == moved.booking.booked
    assert hall.bookings.get(hall.clerk, gone).booking.state is BookingState.CANCELLED
    last = hall.bookings.get(hall.clerk, "club:2026-04-28").booking
    assert (last.paid, last.booked.starts_at.hour) == (True, 4)
    assert hall.digits("club:2026-04-28") == pin


def test_an_excepted_date_is_cancelled_and_comes_back_when_it_is_none_any_more(
    hall: Any, series: SeriesService
) -> None:
    series.put(hall.clerk, "club", weekly(hall))
    without = weekly(hall, except_on=(TUESDAY + WEEK,))
    report, _ = series.put(hall.clerk, "club", without)
    assert results(report)[1] == (TUESDAY + WEEK, R.CANCELLED)
    report, _ = series.put(hall.clerk, "club", weekly(hall))
    assert results(report)[1] == (TUESDAY + WEEK, R.CHANGED)
    assert len(hall.digits("club:2026-04-14")) == 6


def test_cancelling_the_series_cancels_what_lies_ahead_and_leaves_what_was(
    hall: Any, series: SeriesService
) -> None:
    series.put(hall.clerk, "club", weekly(hall))
    hall.town.clock.advance(timedelta(days=1, hours=10))  # Tuesday 19:00: it has begun
    report = series.cancel(hall.clerk, "club")
    assert [result for _, result in results(report)] == [R.KEPT, R.CANCELLED, R.CANCELLED]
    assert hall.bookings.get(hall.clerk, "club:2026-04-07").booking.stands
    assert code_of(lambda: series.put(hall.clerk, "club", weekly(hall))) == "series_over"
    assert [r for _, r in results(series.cancel(hall.clerk, "club"))] == [R.KEPT] * 3


def test_past_dates_are_left_alone(hall: Any, series: SeriesService) -> None:
    hall.town.clock.advance(timedelta(days=9))
    report, _ = series.put(hall.clerk, "club", weekly(hall))
    assert [result for _, result in results(report)] == [R.PAST, R.PAST, R.MADE]


def test_a_club_of_a_series_has_a_pin_each_on_each_date(hall: Any, series: SeriesService) -> None:
    members = tuple(HolderWish(name) for name in ("青木", "伊藤"))
    series.put(hall.clerk, "club", weekly(hall, count=2, holders=members))
    found = {
        each.pin
        for day in ("2026-04-07", "2026-04-14")
        for each in hall.bookings.reveal(hall.clerk, f"club:{day}")
    }
    assert len(found) == 4
    more = (*members, HolderWish("上田"))
    before = hall.bookings.reveal(hall.clerk, "club:2026-04-07")
    series.put(hall.clerk, "club", weekly(hall, count=2, holders=more))
    after = hall.bookings.reveal(hall.clerk, "club:2026-04-07")
    assert {each.pin for each in before} < {each.pin for each in after}


def test_a_rule_that_is_none_leaves_nothing(hall: Any, series: SeriesService) -> None:
    wish = weekly(hall, rule="FREQ=WEEKLY")
    assert code_of(lambda: series.put(hall.clerk, "club", wish)) == "rule_invalid"
    inverted = replace(weekly(hall), first_end=datetime.combine(TUESDAY, time(17)))
    report, _ = series.put(hall.clerk, "inverted", inverted)
    assert {each.code for each in report.occurrences} == {"window_inverted"}
    stranger = replace(hall.clerk, sites=frozenset({"elsewhere"}))
    assert code_of(lambda: series.put(stranger, "s", weekly(hall))) == "facility_unknown"
    series.put(hall.clerk, "club", weekly(hall))
    assert code_of(lambda: series.get(stranger, "club")) == "series_unknown"
    assert code_of(lambda: series.cancel(stranger, "club")) == "series_unknown"
