"""What batteries speak of: readings, changes of cells, what a device runs on, and forecasts.

Voltages are whole millivolts of the whole pack, temperatures tenths of a degree Celsius, instants
UTC-aware, shares of a charge 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

SILENT_AFTER_HEARTBEATS: Final = 2.5
"""A level is unknown when it was not heard of for so many times its heartbeat."""


class ChemistryKind(StrEnum):
    """The kinds of cells; `chemistries.toml` has a table for each."""

    ALKALINE = "alkaline"
    LITHIUM_AA = "lithium_aa"
    LITHIUM_CR = "lithium_cr"
    LITHIUM_THIONYL = "lithium_thionyl"
    LITHIUM_ION = "lithium_ion"
    NICKEL_METAL_HYDRIDE = "nickel_metal_hydride"


class HeardBy(StrEnum):
    """How a device's readings come: over the network, or carried by whoever visits it."""

    NETWORK = "network"
    VISITS = "visits"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a device runs on. `cells` are those in series; `cutoff_mv` is the pack's voltage at
    which the device stops; a reading is expected each `heartbeat_s`."""

    device_id: str
    chemistry: ChemistryKind
    cells: int
    cutoff_mv: int
    heartbeat_s: int
    heard_by: HeardBy = HeardBy.NETWORK

    @property
    def silent_after(self) -> timedelta:
        """How long a level may be unheard of before it is unknown."""
        return timedelta(seconds=self.heartbeat_s * SILENT_AFTER_HEARTBEATS)


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """One reading. `uses` counts openings since the device was made."""

    at: datetime
    millivolts: int
    temperature_dc: int | None = None
    uses: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """New cells. `inferred`: nobody recorded it, the voltage jumped up."""

    device_id: str
    at: datetime
    inferred: bool
    by: str | None = None
    chemistry: ChemistryKind | None = None
    note: str = ""
    recorded_at: datetime | None = None


class WhyNot(StrEnum):
    """Why there is no forecast."""

    NO_PROFILE = "no_profile"
    """Nobody said what the device runs on."""
    TOO_FEW = "too_few"
    """Not enough readings since the cells were new."""
    TOO_SHORT = "too_short"
    """The readings span too few days."""
    TOO_FLAT = "too_flat"
    """The curve does not yet tell: the range would be too wide to plan by."""
    FAILED = "failed"
    """The reckoning itself went wrong; the hub's log has more."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the cells will be used up. With 80 % the day lies in `[earliest, latest]`; `median` is
    as likely too early as too late. `left` is the median share of the charge that remains.
    Where `why_not` says why, the instants are None. It stands as of `as_of`, the last reading."""

    as_of: datetime | None
    since: datetime | None
    """When the cells were new, as far as known."""
    readings: int
    median: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    left: float | None = None
    why_not: WhyNot | None = None
    course: tuple[tuple[int, int], ...] = ()
    """The readings in few points, for a chart: seconds since 1970, millivolts of the pack."""
