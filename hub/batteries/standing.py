"""How a battery stands now: low, soon to be replaced, good, or unknown. Pure.

A level that was not heard of for its heartbeat is unknown, never good; what the forecast said is
still shown, with its age and a wider range, because nobody knows how much was drawn since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Final

from hub.batteries.chemistries import chemistries
from hub.batteries.domain import Forecast, Profile, Reading
from hub.batteries.evidence import levels

SOON: Final = timedelta(days=31)
LOW_LEFT: Final = 0.10
"""Low: so much of what the device can use is left."""
RISEN_LEFT: Final = 0.25
"""No longer low: so much is left again."""
_NEAR_CUTOFF: Final = 1.02
_CLEAR_OF_CUTOFF: Final = 1.05
LOW_READINGS: Final = 3
"""The median of so many readings decides: one wild value raises no alarm."""
_AGE_WIDENS: Final = 0.25
"""A silent day adds so much of a day to each end of the range."""


class BatteryState(StrEnum):
    """What is to be done about a battery, the most urgent first."""

    LOW = "low"
    """Replace the cells at once."""
    SOON = "soon"
    """The range of the forecast begins within 31 days."""
    UNKNOWN = "unknown"
    """Not heard of for too long, never heard of, or nobody said what the device runs on."""
    NO_FORECAST = "no_forecast"
    """Heard of and not low; when it will be cannot be said yet."""
    GOOD = "good"


class WhyUnknown(StrEnum):
    """Why a level is unknown."""

    NEVER_HEARD = "never_heard"
    SILENT = "silent"
    NO_PROFILE = "no_profile"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a battery stands. `unknown_since` is when it was heard of last; None before the first
    reading. `forecast` is widened by its age."""

    state: BatteryState
    why_unknown: WhyUnknown | None
    unknown_since: datetime | None
    forecast: Forecast | None
    age_days: int

    def due_before(self, end: datetime) -> bool:
        """Tell whether the cells belong on the list of those to replace before an instant: they
        are low, or the range begins before it."""
        if self.state is BatteryState.LOW:
            return True
        begins = self.forecast.earliest if self.forecast else None
        return begins is not None and begins < end


def standing(
    profile: Profile | None,
    last_at: datetime | None,
    low_since: datetime | None,
    forecast: Forecast | None,
    now: datetime,
) -> Standing:
    """Judge a battery by what is known of it now."""
    silent = now - last_at if last_at else timedelta(0)
    why = _why_unknown(profile, last_at, silent)
    shown = aged(forecast, now, profile.silent_after if profile else timedelta(0))
    state = _state(why, low_since, shown, now)
    return Standing(state, why, last_at if why else None, shown, max(0, silent.days))


def aged(forecast: Forecast | None, now: datetime, expected: timedelta) -> Forecast | None:
    """Widen a forecast by the time since its last reading, beyond what is usual."""
    if forecast is None or forecast.as_of is None or forecast.earliest is None:
        return forecast
    silent = now - forecast.as_of
    if silent <= expected or forecast.latest is None:
        return forecast
    slack = silent * _AGE_WIDENS
    return replace(
        forecast,
        earliest=max(forecast.earliest - slack, forecast.as_of),
        latest=forecast.latest + slack,
    )


def is_low(readings: Sequence[Reading], profile: Profile, *, was_low: bool) -> bool:
    """Tell from the newest readings whether the cells are at their end; what was low has to rise
    well above it to count as good again. False without readings."""
    newest = sorted(readings, key=lambda each: each.at)[-LOW_READINGS:]
    if not newest:
        return was_low
    chemistry = chemistries()[profile.chemistry]
    cutoff = profile.cutoff_mv / profile.cells
    margin, left = (_CLEAR_OF_CUTOFF, RISEN_LEFT) if was_low else (_NEAR_CUTOFF, LOW_LEFT)
    level = median(levels(newest, profile.cells, chemistry.sag_mv_per_k))
    raw = median(each.millivolts for each in newest)
    gone = chemistry.depth_at(level) / max(chemistry.depth_at(cutoff), 0.01)
    return raw <= profile.cutoff_mv * margin or gone >= 1 - left


def _why_unknown(
    profile: Profile | None, last_at: datetime | None, silent: timedelta
) -> WhyUnknown | None:
    if last_at is None:
        return WhyUnknown.NEVER_HEARD
    if profile is None:
        return WhyUnknown.NO_PROFILE
    return WhyUnknown.SILENT if silent > profile.silent_after else None


def _state(
    why: WhyUnknown | None, low_since: datetime | None, forecast: Forecast | None, now: datetime
) -> BatteryState:
    if low_since is not None:
        return BatteryState.LOW
    if why is not None:
        return BatteryState.UNKNOWN
    if forecast is None or forecast.earliest is None:
        return BatteryState.NO_FORECAST
    return BatteryState.SOON if forecast.earliest < now + SOON else BatteryState.GOOD
