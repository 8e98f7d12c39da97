"""What the repository gives beside the domain's own: things with cells, and their rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.batteries.domain import Forecast, Profile


@dataclass(frozen=True, slots=True)
class Holder:
    """A thing that may run on cells. `controller_id` is whose events may speak of it; None where
    any controller or visitor may bring them."""

    id: str
    name: str
    site_id: str
    controller_id: str | None


@dataclass(frozen=True, slots=True)
class State:
    """The newest reading of a device, whether it is low, and what a forecast stands on."""

    device_id: str
    touched: int = 0
    at: datetime | None = None
    millivolts: int | None = None
    temperature_dc: int | None = None
    uses: int | None = None
    controller_id: str | None = None
    reading_id: int | None = None
    low_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of one holder's battery. `is_current` is False while a newer reading,
    change or profile has not been reckoned with."""

    holder: Holder
    profile: Profile | None
    state: State | None
    forecast: Forecast | None
    is_current: bool
