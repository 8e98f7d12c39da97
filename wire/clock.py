"""Clock states and how far a holdover clock may have strayed."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec

Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant with its offset; RFC 3339 on the wire, UTC (`Z`) whenever we write it."""


class ClockState(StrEnum):
    """How far an edge may rely on its clock (WIRE.md, Time)."""

    TRUSTED = "trusted"
    """Disciplined by NTP (the kernel's word) or by a welcome."""
    HOLDOVER = "holdover"
    """A battery RTC, or the monotonic clock since trusted, within the stated drift bound."""
    UNTRUSTED = "untrusted"
    """Anything else, however plausible it looks."""


class ClockRefusal(StrEnum):
    """Why an edge did not believe a source of time; the `source` of its `clock_state`."""

    BELOW_FLOOR = "below_floor"
    """It lies before what is certainly past."""
    AGAINST_WELCOME = "against_welcome"
    """The hub's signed time says otherwise."""
    AGAINST_RECKONING = "against_reckoning"
    """NTP said otherwise before, and the monotonic clock since."""
    BEYOND_REACH = "beyond_reach"
    """It leaps too far ahead."""
    RTC_UNSET = "rtc_unset"
    """There is no RTC, it cannot be read, or it shows a time before this was made."""
    RTC_UNCHECKED = "rtc_unchecked"
    """It was never compared with a clock that was trusted, or shows less than it did then."""


class ClockReading(msgspec.Struct, frozen=True, kw_only=True):
    """What an edge says of its clock: state, wall time, and a bound of its error in ms."""

    state: ClockState
    now: Instant
    error_ms: Annotated[int, msgspec.Meta(ge=0)] | None = None


def drift_bound_ms(elapsed_s: int, drift_ppm: int, error_ms: int) -> int:
    """Give the error bound (ms) of a clock set `elapsed_s` ago with `error_ms`, drifting at most
    `drift_ppm` parts per million. Rounded up: a bound must never be too small."""
    return error_ms + -(-elapsed_s * drift_ppm // 1000)


def utc(instant: datetime) -> datetime:
    """Give an aware instant in UTC; raise `ValueError` for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant carries its offset")
    return instant.astimezone(UTC)
