"""The day derived from punches: same punches, same day, whatever happened on their way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.attendance.derivation import derive_days
from hub.attendance.domain import (
    TOKYO,
    BreakSource,
    Day,
    DayProblem,
    Flag,
    Ignored,
    Punch,
    Rules,
    whole_minutes,
    work_date_of,
)
from wire.events import PunchDirection

IN, OUT, TAP = PunchDirection.IN, PunchDirection.OUT, PunchDirection.INFERRED
REST, BACK = PunchDirection.BREAK_START, PunchDirection.BREAK_END
FRIDAY = date(2026, 11, 20)
SATURDAY = FRIDAY + timedelta(days=1)
LATER = datetime(2026, 12, 31, tzinfo=UTC)


def tokyo(day: date, clock: str) -> datetime:
    """An instant in UTC from a date and a clock time in Tokyo."""
    hour, minute, *second = (int(part) for part in clock.split(":"))
    local = datetime(day.year, day.month, day.day, hour, minute, *second, tzinfo=TOKYO)
    return local.astimezone(UTC)


def punch(
    number: int, direction: PunchDirection, clock: str, day: date = FRIDAY, **other: object
) -> Punch:
    """A punch with a trusted clock that reached the hub at once."""
    at = tokyo(day, clock)
    values: dict[str, object] = {
        "person_id": "hanako",
        "door_id": None,
        "at": at,
        "corrected_at": at,
        "trusted": True,
        "received_at": at,
    }
    values |= other
    return Punch(id=number, reader_id="r", credential_id="c", direction=direction, **values)  # type: ignore[arg-type]


def days(*punches: Punch, now: datetime = LATER) -> tuple[Day, ...]:
    return derive_days(punches, Rules(), now)


def test_a_regular_day_is_seven_hours_and_three_quarters() -> None:
    """08:30 to 17:15 less the break from 12:00 to 13:00 is 465 minutes."""
    (day,) = days(punch(1, IN, "08:30"), punch(2, OUT, "17:15"))
    assert (day.work_date, day.present_min, day.break_min, day.worked_min) == (FRIDAY, 525, 60, 465)
    assert (day.first_in, day.last_out) == (tokyo(FRIDAY, "08:30"), tokyo(FRIDAY, "17:15"))
    assert day.problems == ()


def test_seconds_do_not_count() -> None:
    """Minutes are those the clock shows at in and out."""
    (day,) = days(punch(1, IN, "08:30:59"), punch(2, OUT, "08:32:01"))
    assert day.present_min == 2


@pytest.mark.parametrize(("seconds", "ignored"), [(1, True), (59, True), (60, True), (61, False)])
def test_the_same_tap_within_sixty_seconds_is_kept_but_does_not_count(
    seconds: int, ignored: bool
) -> None:
    """A double tap stays visible with its reason; later ones count."""
    first = punch(1, IN, "08:30")
    at = first.at + timedelta(seconds=seconds)
    again = punch(2, IN, "08:30", at=at, corrected_at=at, received_at=at)
    (day,) = days(first, again, punch(3, OUT, "17:15"))
    assert [item.ignored for item in day.punches] == [
        None,
        Ignored.DUPLICATE if ignored else None,
        None,
    ]
    assert len(day.shifts) == (1 if ignored else 2)


def test_in_and_out_in_the_same_second_both_count() -> None:
    """They were chosen explicitly: a shift of no minutes, nothing missing."""
    (day,) = days(punch(1, IN, "08:30"), punch(2, OUT, "08:30"))
    assert (day.present_min, day.problems) == (0, ())


def test_a_shift_over_midnight_belongs_to_the_date_it_started() -> None:
    """Friday 22:00 to Saturday 05:00 is Friday's."""
    (day,) = days(punch(1, IN, "22:00"), punch(2, OUT, "05:00", SATURDAY))
    assert (day.work_date, day.present_min, day.break_min) == (FRIDAY, 420, 0)


def test_midnight_itself_begins_the_next_date() -> None:
    """24:00 on Friday is 00:00 on Saturday."""
    (day,) = days(punch(1, IN, "00:00", SATURDAY), punch(2, OUT, "01:00", SATURDAY))
    assert day.work_date == SATURDAY


def test_a_forgotten_out_does_not_turn_the_next_day_round() -> None:
    """The next in opens a day of its own and the day before says what is missing."""
    friday, saturday = days(
        punch(1, IN, "08:30"), punch(2, IN, "08:30", SATURDAY), punch(3, OUT, "17:15", SATURDAY)
    )
    assert friday.problems == (DayProblem.MISSING_OUT,)
    assert (saturday.worked_min, saturday.problems) == (465, ())


def test_an_out_alone_says_that_the_in_is_missing() -> None:
    """Nothing is invented: the day has no minutes."""
    (day,) = days(punch(1, OUT, "17:15"))
    assert (day.problems, day.present_min, day.first_in) == ((DayProblem.MISSING_IN,), 0, None)


def test_an_out_too_long_after_the_in_does_not_close_it() -> None:
    """Beyond the longest shift both ends are reported missing."""
    friday, saturday = days(punch(1, IN, "08:30"), punch(2, OUT, "17:15", SATURDAY))
    assert friday.problems == (DayProblem.MISSING_OUT,)
    assert saturday.problems == (DayProblem.MISSING_IN,)


def test_somebody_at_work_is_in_and_nothing_is_missing_yet() -> None:
    """A shift that goes on is open until the longest shift has passed."""
    started = punch(1, IN, "08:30")
    (day,) = days(started, now=tokyo(FRIDAY, "10:00"))
    assert (day.is_in, day.problems, day.last_out) == (True, (), None)
    (day,) = days(started, now=tokyo(SATURDAY, "08:30"))
    assert (day.is_in, day.problems) == (False, (DayProblem.MISSING_OUT,))


def test_punched_breaks_replace_the_regular_one() -> None:
    """Breaks are summed; one without an end is reported."""
    taps = (punch(1, IN, "08:30"), punch(2, REST, "12:10"), punch(3, BACK, "12:40"))
    (day,) = days(*taps, punch(9, OUT, "17:30"))
    assert (day.break_min, day.shifts[0].break_source) == (30, BreakSource.PUNCHED)
    assert day.shifts[0].breaks == ((tokyo(FRIDAY, "12:10"), tokyo(FRIDAY, "12:40")),)
    (day,) = days(*taps, punch(4, REST, "15:00"), punch(9, OUT, "17:30"))
    assert day.problems == (DayProblem.MISSING_BREAK_END,)
    assert len(day.shifts[0].breaks) == 1
    (day,) = days(punch(1, IN, "08:30"), punch(2, BACK, "12:40"), punch(9, OUT, "17:30"))
    assert day.problems == (DayProblem.MISSING_BREAK_START,)


def test_a_break_that_goes_on_is_no_problem() -> None:
    """Only a break whose shift has ended can miss its end."""
    (day,) = days(punch(1, IN, "08:30"), punch(2, REST, "12:00"), now=tokyo(FRIDAY, "12:30"))
    assert (day.problems, day.is_in) == ((), True)


def test_door_taps_give_first_in_and_last_out() -> None:
    """Those between are shown as such and flagged as inferred."""
    (day,) = days(*(punch(n, TAP, clock) for n, clock in enumerate(("08:25", "10:00", "17:20"))))
    assert (day.first_in, day.last_out) == (tokyo(FRIDAY, "08:25"), tokyo(FRIDAY, "17:20"))
    assert [item.ignored for item in day.punches] == [None, Ignored.BETWEEN, None]
    assert day.punches[0].flags == (Flag.INFERRED,)


def test_door_taps_never_override_an_explicit_day() -> None:
    """They are presence, kept beside the punches; a missing out stays missing."""
    (day,) = days(punch(1, IN, "08:30"), punch(2, TAP, "08:20"), punch(3, TAP, "17:20"))
    assert day.problems == (DayProblem.MISSING_OUT,)
    assert {item.ignored for item in day.punches if item.punch.direction is TAP} == {
        Ignored.PRESENCE_ONLY
    }


def test_a_door_tap_after_midnight_ends_the_evening_before() -> None:
    """A night meeting that ends at 00:40 leaves no day with a lone in."""
    (day,) = days(punch(1, TAP, "18:00"), punch(2, TAP, "00:40", SATURDAY))
    assert (day.work_date, day.present_min) == (FRIDAY, 400)


def test_an_untrusted_time_waits_and_does_not_count() -> None:
    """It is shown, and the day says that something waits."""
    (day,) = days(punch(1, IN, "08:30", trusted=False), punch(2, OUT, "17:15"))
    assert day.problems == (DayProblem.MISSING_IN, DayProblem.WAITING)
    assert day.punches[0].ignored is Ignored.CLOCK_UNTRUSTED


def test_a_time_in_the_future_waits() -> None:
    """A clock that runs ahead of the hub's is not believed."""
    (day,) = days(punch(1, IN, "08:30", received_at=tokyo(FRIDAY, "08:00")))
    assert (day.punches[0].ignored, day.problems) == (Ignored.CLOCK_AHEAD, (DayProblem.WAITING,))


def test_late_and_corrected_punches_count_and_say_so() -> None:
    """An offline batch is flagged, with the reader's own time kept beside the better one."""
    shown = tokyo(FRIDAY, "03:00")
    (day,) = days(
        punch(1, IN, "08:30", at=shown, received_at=tokyo(FRIDAY, "20:00")), punch(2, OUT, "17:15")
    )
    assert day.punches[0].flags == (Flag.CORRECTED, Flag.LATE)
    assert (day.worked_min, day.punches[0].punch.at) == (465, shown)


_MINUTES = st.integers(0, 4 * 24 * 60)


@st.composite
def _punches(draw: st.DrawFn) -> list[Punch]:
    found: list[Punch] = []
    for number in range(draw(st.integers(0, 12))):
        at = tokyo(FRIDAY, "00:00") + timedelta(seconds=draw(st.integers(0, 4 * 86_400)))
        found.append(
            punch(
                number,
                draw(st.sampled_from(PunchDirection)),
                "00:00",
                person_id=draw(st.sampled_from(["hanako", "taro"])),
                at=at,
                corrected_at=at,
                received_at=at + timedelta(seconds=draw(st.integers(-600, 600))),
                trusted=draw(st.booleans()),
            )
        )
    return found


@given(_punches(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(found: list[Punch], random: object) -> None:
    """Late, replayed and shuffled batches give the same days."""
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert derive_days(shuffled, Rules(), LATER) == derive_days(found, Rules(), LATER)


@given(_punches())
def test_every_punch_stands_in_exactly_one_day_of_its_person(found: list[Punch]) -> None:
    """None is lost, none counted twice."""
    read = [(day.person_id, item.punch.id) for day in days(*found) for item in day.punches]
    assert sorted(read) == sorted((one.person_id, one.id) for one in found)


@given(_punches())
def test_each_person_is_read_alone(found: list[Punch]) -> None:
    """After a punch only its person's days are made anew, with the same result."""
    alone = [
        day
        for person in ("hanako", "taro")
        for day in days(*(one for one in found if one.person_id == person))
    ]
    assert tuple(alone) == days(*found)


@given(_punches())
def test_totals_are_whole_minutes_that_fit_the_shifts(found: list[Punch]) -> None:
    """Worked plus break is present, and neither is negative."""
    for day in days(*found):
        for shift in day.shifts:
            assert shift.worked_min + shift.break_min == shift.present_min >= shift.break_min >= 0


@given(st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_work_date_is_tokyos_whatever_zone_the_instant_is_told_in(instant: datetime) -> None:
    """Reckoned by nine hours from UTC, by the zone's rules from any other."""
    expected = instant.astimezone(TOKYO).date()
    elsewhere = instant.astimezone(ZoneInfo("America/New_York"))
    assert work_date_of(instant) == work_date_of(elsewhere) == expected
    assert whole_minutes(instant, elsewhere + timedelta(seconds=60)) == 1


@given(_MINUTES, _MINUTES)
def test_whole_minutes_never_go_below_zero(first: int, second: int) -> None:
    """Reversed instants give 0; others their difference."""
    base = tokyo(FRIDAY, "00:00")
    start, end = base + timedelta(minutes=first), base + timedelta(minutes=second)
    assert whole_minutes(start, end) == max(0, second - first)
