"""What attendance speaks of: punches, the rules they are read by, shifts and days.

Instants are UTC; a work date is a date in Asia/Tokyo; durations are whole minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from wire.events import PunchDirection
from wire.policy_bodies import Assurance
from wire.reasons import Reason

TOKYO: Final = ZoneInfo("Asia/Tokyo")
_NINE_HOURS: Final = timedelta(hours=9)
"""Asia/Tokyo is that far ahead of UTC, without summer time since 1951."""
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Punch:
    """A tap as it was journaled, and what corrections made of it.

    `corrected_at` is the instant to reckon with; `at` what the reader's clock showed. `trusted` is
    False while no trusted time is known for it. `corrected_by` is the last correction in force:
    then `original_at` and `original_direction` are what stood there before any, None for a punch
    that a correction added (its `id` is negative, its `reader_id` empty); `voided`: it counts no
    longer.
    """

    id: int
    person_id: str
    reader_id: str
    door_id: str | None
    credential_id: str
    direction: PunchDirection
    at: datetime
    corrected_at: datetime
    trusted: bool
    received_at: datetime
    time_error_ms: int | None = None
    corrected_by: str | None = None
    original_at: datetime | None = None
    original_direction: PunchDirection | None = None
    voided: bool = False

    @property
    def added(self) -> bool:
        """Whether nobody tapped: a correction says that somebody came or went."""
        return self.id < 0


@dataclass(frozen=True, slots=True)
class RefusedPunch:
    """A tap at a reader that takes punches, which is none: `reason` says why. Without a
    `person_id` nobody knows whose it was. `corrected_at` is the instant to reckon with."""

    id: int
    person_id: str | None
    reader_id: str
    door_id: str | None
    credential_id: str | None
    reason: Reason
    assurance: Assurance | None
    at: datetime
    corrected_at: datetime
    trusted: bool
    received_at: datetime


class CorrectionAction(StrEnum):
    """What a correction does to a punch. To confirm the time of an untrusted one is to move it."""

    ADD = "add"
    MOVE = "move"
    """To another instant; or it confirms the one there is."""
    TURN = "turn"
    """To another direction."""
    VOID = "void"
    RESTORE = "restore"
    """A voided one counts again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionWish:
    """What somebody wants corrected, before it is a record. `punch_id` None: `ADD`."""

    action: CorrectionAction
    person_id: str
    punch_id: int | None = None
    at: datetime | None = None
    direction: PunchDirection | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A record of its own that points at the punch it is about; neither is ever changed.

    `seq` orders them; a punch that `ADD` makes has the id `-seq`. `original_at` and
    `original_direction` are what stood there just before, None for `ADD`. `at` is the new instant
    of `ADD` and `MOVE`, `direction` the new one of `ADD` and `TURN`.
    """

    id: str
    seq: int
    person_id: str
    punch_id: int
    action: CorrectionAction
    at: datetime | None
    direction: PunchDirection | None
    original_at: datetime | None
    original_direction: PunchDirection | None
    cause: str
    asked_by: str
    approved_by: str
    application_id: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """How punches are read; the defaults are those of common municipal rules.

    `day_starts_min`: a door tap before this minute of the day belongs to the day before, if the
    person was already there then. `late_after_s`: a punch that reached the hub later than this
    is flagged. `ahead_s`: one that claims to come from further in the future is not counted.
    `back_within_min`: an `in` so soon after an `out`, within rostered hours that run past midnight,
    goes on with the shift; 0: never. `early_within_min`: an `in` so shortly before the regular
    hours of its own date is theirs, and no late arrival of the night before.
    """

    duplicate_s: int = 60
    shift_max_min: int = 16 * 60
    day_starts_min: int = 5 * 60
    break_from_min: int = 12 * 60
    break_to_min: int = 13 * 60
    late_after_s: int = 300
    ahead_s: int = 120
    back_within_min: int = 120
    early_within_min: int = 60


@dataclass(frozen=True, slots=True)
class Night:
    """Rostered hours that run past midnight, `[starts_at, ends_at)`. `next_at`: from when on an
    `in` is early for the regular hours of the next date; None where it has none."""

    starts_at: datetime
    ends_at: datetime
    next_at: datetime | None = None


Nights = Mapping[date, Night]
"""One person's rostered nights by their work date."""


class Ignored(StrEnum):
    """Why a punch does not count. It is kept and shown all the same."""

    DUPLICATE = "duplicate"
    """The same person and direction again within `duplicate_s`."""
    CLOCK_UNTRUSTED = "clock_untrusted"
    """No trusted time is known for it: it waits for a person to look at it."""
    CLOCK_AHEAD = "clock_ahead"
    """It claims to come from the future."""
    BETWEEN = "between"
    """A door tap between the first and the last of the day."""
    PRESENCE_ONLY = "presence_only"
    """A door tap on a day with explicit in or out."""
    VOIDED = "voided"
    """A correction says that it does not count."""


class Flag(StrEnum):
    """What a person should know about a punch that counts."""

    CORRECTED = "corrected"
    """The clock was wrong, and an anchor told the right time."""
    LATE = "late"
    INFERRED = "inferred"
    ADDED = "added"
    """Nobody tapped: a correction added it."""
    MOVED = "moved"
    """A correction moved it in time, or confirmed its time."""
    TURNED = "turned"
    """A correction gave it another direction."""


class DayProblem(StrEnum):
    """What is missing or odd in a day."""

    MISSING_IN = "missing_in"
    MISSING_OUT = "missing_out"
    MISSING_BREAK_START = "missing_break_start"
    MISSING_BREAK_END = "missing_break_end"
    WAITING = "waiting"
    """A punch of that day waits to be looked at (see `Ignored.CLOCK_UNTRUSTED`)."""


class BreakSource(StrEnum):
    """Where a shift's break comes from."""

    PUNCHED = "punched"
    REGULAR = "regular"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ReadPunch:
    """A punch with what derivation made of it."""

    punch: Punch
    ignored: Ignored | None
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch of work. `ends_at` is None while it goes on (`open`) or where it is missing.

    `present_min` runs from in to out; `worked_min` is that less `break_min`. `breaks` are the
    punched ones that have both their ends.
    """

    starts_at: datetime | None
    ends_at: datetime | None
    open: bool
    present_min: int
    break_min: int
    break_source: BreakSource
    worked_min: int
    breaks: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """One person's work date: its shifts, every punch that belongs to it, and what is missing."""

    person_id: str
    work_date: date
    shifts: tuple[Shift, ...]
    punches: tuple[ReadPunch, ...]
    problems: tuple[DayProblem, ...]

    @property
    def first_in(self) -> datetime | None:
        """The first `in` of the day."""
        return next((shift.starts_at for shift in self.shifts if shift.starts_at), None)

    @property
    def last_out(self) -> datetime | None:
        """The last `out` of the day; None while the person is in."""
        if not self.shifts or self.shifts[-1].open:
            return None
        return self.shifts[-1].ends_at

    @property
    def is_in(self) -> bool:
        """Whether the person is at work now."""
        return bool(self.shifts) and self.shifts[-1].open

    @property
    def present_min(self) -> int:
        """Minutes from in to out over all shifts."""
        return sum(shift.present_min for shift in self.shifts)

    @property
    def break_min(self) -> int:
        """Minutes of break over all shifts."""
        return sum(shift.break_min for shift in self.shifts)

    @property
    def worked_min(self) -> int:
        """Minutes worked over all shifts."""
        return sum(shift.worked_min for shift in self.shifts)


def work_date_of(instant: datetime) -> date:
    """Give the date in Asia/Tokyo on which an instant falls."""
    if instant.tzinfo is UTC:
        return (instant + _NINE_HOURS).date()
    return instant.astimezone(TOKYO).date()


def start_of(work_date: date) -> datetime:
    """Give the instant at which a date begins in Asia/Tokyo."""
    return datetime(work_date.year, work_date.month, work_date.day, tzinfo=TOKYO)


def whole_minutes(start: datetime, end: datetime) -> int:
    """Give the minutes between two instants, each read as its clock minute shows; 0 if reversed."""
    return max(0, clock_minute(end) - clock_minute(start))


def clock_minute(instant: datetime) -> int:
    """Give the minute that an instant's clock shows, counted from the year 1 in UTC."""
    return (instant - _BEGINNING) // _MINUTE
