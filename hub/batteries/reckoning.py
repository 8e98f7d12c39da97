"""What follows from new readings, changes and profiles: states, alarms, forecasts.

All of it is made from what stands in the tables, in whatever order it came: doing it again changes
nothing. Called by the projector and by the service, in their transactions.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from hub.batteries import repository
from hub.batteries.domain import Change, Forecast, WhyNot
from hub.batteries.forecast import forecast
from hub.batteries.records import State
from hub.batteries.replaced import lives_days, replaced_at
from hub.batteries.standing import LOW_READINGS, is_low
from hub.database.scope import Scope
from hub.entries import alarm_repository
from hub.entries.alarms import AlarmKind, Clear, Raise

_log = structlog.get_logger(__name__)
A_ROUND = 4
"""Forecasts made in one transaction: on SQLite nobody else writes meanwhile."""


def reckon(scope: Scope, device_id: str) -> State:
    """Bring a device's state up to its newest reading, change and profile, with its alarm."""
    before = repository.state(scope, device_id)
    row = repository.newest_reading(scope, device_id)
    after = replace(before, touched=before.touched + 1)
    if row is not None:
        after = replace(
            after,
            at=row.at,
            millivolts=row.millivolts,
            temperature_dc=row.temperature_dc,
            uses=row.uses,
            controller_id=row.controller_id,
            reading_id=row.id,
        )
    after = replace(after, low_since=_low_since(scope, after))
    repository.keep_state(scope, after)
    _tell(scope, before, after, row.received_at if row is not None else None)
    return after


def _low_since(scope: Scope, state: State) -> datetime | None:
    """Since when the cells are low; None where they are not, or were replaced since."""
    profile = repository.profile(scope, state.device_id)
    if profile is None or state.at is None:
        return None
    recorded = _last_recorded(repository.changes_of(scope, state.device_id))
    if recorded is not None and recorded > state.at:
        return None
    newest = repository.readings_of(scope, state.device_id, recorded, LOW_READINGS)
    was_low = state.low_since is not None
    if not is_low(newest, profile, was_low=was_low):
        return None
    return state.low_since or state.at


def _tell(scope: Scope, before: State, after: State, received_at: datetime | None) -> None:
    """Raise the alarm when cells become low, and clear it when they no longer are. It comes once:
    each further low reading would ask anew for what somebody has taken note of."""
    device = after.device_id
    if after.low_since is not None and before.low_since is None:
        if after.reading_id is not None and received_at is not None:
            alarm = Raise(
                kind=AlarmKind.BATTERY_LOW,
                subject=device,
                controller_id=after.controller_id or "",
                raw_id=after.reading_id,
                at=after.low_since,
                received_at=received_at,
                device_id=device,
                cause=f"{after.millivolts} mV",
            )
            alarm_repository.raise_alarm(scope, alarm)
    elif after.low_since is None and before.low_since is not None and after.at is not None:
        recorded = _last_recorded(repository.changes_of(scope, device))
        over_at = max(after.at, recorded) if recorded else after.at
        alarm_repository.clear_alarm(scope, Clear(AlarmKind.BATTERY_LOW, device, over_at))


def reckoned_forecast(scope: Scope, device_id: str) -> tuple[Forecast, tuple[datetime, ...]]:
    """Give a device's forecast from what stands in the tables, and the changes inferred since the
    last recorded one. Writes nothing."""
    profile = repository.profile(scope, device_id)
    changes = repository.changes_of(scope, device_id)
    recorded = _last_recorded(changes)
    if profile is None:
        return Forecast(None, recorded, 0, why_not=WhyNot.NO_PROFILE), ()
    readings = repository.readings_of(scope, device_id, recorded)
    inferred = replaced_at(readings, profile)
    new_at = inferred[-1] if inferred else recorded
    earlier = {each.at for each in changes if not each.inferred or _before(each, recorded)}
    lives = lives_days(sorted({*earlier, *inferred}))
    try:
        return forecast(readings, profile, new_at, lives), inferred
    except Exception:  # one device's strange readings must not stop what is reckoned of others
        _log.exception("forecast_failed", device_id=device_id, readings=len(readings))
        return Forecast(None, new_at, len(readings), why_not=WhyNot.FAILED), inferred


def make_forecast(scope: Scope, device_id: str) -> None:
    """Make a device's forecast and keep it, with the changes that the readings tell of."""
    state = repository.state(scope, device_id)
    made, inferred = reckoned_forecast(scope, device_id)
    recorded = _last_recorded(repository.changes_of(scope, device_id))
    repository.set_inferred(scope, device_id, recorded, inferred)
    repository.keep_forecast(scope, device_id, state.touched, made)


class ForecastChore:
    """A chore: makes the forecasts that are behind, a few at a time."""

    def is_due(self, scope: Scope) -> bool:
        """Tell whether any forecast is behind."""
        return bool(repository.stale_devices(scope, 1))

    def run(self, scope: Scope) -> None:
        """Make some."""
        for device_id in repository.stale_devices(scope, A_ROUND):
            make_forecast(scope, device_id)


def _last_recorded(changes: tuple[Change, ...]) -> datetime | None:
    return max((each.at for each in changes if not each.inferred), default=None)


def _before(change: Change, instant: datetime | None) -> bool:
    return instant is not None and change.at < instant
