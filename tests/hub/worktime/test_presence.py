"""Presence has whole stretches only; what could not be read is said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hub.attendance.derivation import derive_days
from hub.attendance.domain import TOKYO, Punch, Rules
from hub.worktime.domain import Presence
from hub.worktime.presence import minute_of, presence_of
from tests.hub.worktime.november import spans
from wire.events import PunchDirection

IN, OUT = PunchDirection.IN, PunchDirection.OUT
REST, BACK = PunchDirection.BREAK_START, PunchDirection.BREAK_END
FRIDAY = date(2026, 11, 20)
LATER = datetime(2026, 12, 31, tzinfo=UTC)


def presence(*taps: tuple[PunchDirection, str], now: datetime = LATER) -> Presence:
    """The first day's presence, of taps at clock times that may exceed 24:00."""
    punches = []
    for number, (direction, clock) in enumerate(taps):
        hour, minute, *second = (int(part) for part in clock.split(":"))
        midnight = datetime(2026, 11, 20, tzinfo=TOKYO).astimezone(UTC)
        at = midnight + timedelta(hours=hour, minutes=minute, seconds=sum(second))
        punches.append(Punch(number, "hanako", "r", None, "c", direction, at, at, True, at))
    return presence_of(derive_days(punches, Rules(), now)[0])


def test_an_instant_counts_as_the_minute_its_clock_shows() -> None:
    """17:15:59 is 17:15, and half a minute of work is none."""
    assert presence((IN, "08:30:59"), (OUT, "17:15:59")).spans == spans("08:30-17:15")
    assert presence((IN, "08:30:01"), (OUT, "08:30:59")).spans == ()


def test_a_night_runs_past_midnight_with_its_breaks() -> None:
    """Minutes past 24:00 stay minutes of the date on which the shift started."""
    found = presence((IN, "17:00"), (REST, "24:30"), (BACK, "25:30"), (OUT, "32:30"))
    assert found == Presence(FRIDAY, spans("17:00-32:30"), spans("24:30-25:30"))


def test_two_stretches_a_day_stay_two() -> None:
    """Each from its in to its out."""
    found = presence((IN, "08:30"), (OUT, "12:00"), (IN, "20:00"), (OUT, "22:00"))
    assert found.spans == spans("08:30-12:00 20:00-22:00")


def test_half_a_shift_has_no_minutes_and_is_said() -> None:
    """A missing in, out or end of a break is `missing`; somebody still there is `open`."""
    assert presence((IN, "08:30")) == Presence(FRIDAY, missing=True)
    assert presence((OUT, "17:15")) == Presence(FRIDAY, missing=True)
    broken = presence((IN, "08:30"), (REST, "12:00"), (OUT, "17:15"))
    assert (broken.spans, broken.breaks, broken.missing) == (spans("08:30-17:15"), (), True)
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert presence((IN, "08:30"), now=now) == Presence(FRIDAY, open=True)


def test_a_door_event_is_a_minute_of_the_date_too() -> None:
    """Seconds are dropped, also before midnight."""
    midnight = datetime(2026, 11, 19, 15, tzinfo=UTC)
    assert minute_of(midnight + timedelta(hours=26, seconds=59), FRIDAY) == 1560
    assert minute_of(midnight - timedelta(seconds=1), FRIDAY) == -1
