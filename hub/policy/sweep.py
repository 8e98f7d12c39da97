"""What time does to policies: windows enter the horizon, entries run out, years and keys change.

It only marks; the compiler does the rest.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.clock import Clock
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.people.tables import calendars, grants
from hub.pins import confirmation
from hub.pins.placement import PlacementState
from hub.pins.tables import pin_placements
from hub.policy import repository
from hub.policy.repository import StoredEntry
from hub.policy.tables import policy_entries, policy_keys, policy_sweeps
from hub.policy.touch import (
    touch_calendar,
    touch_card,
    touch_controller,
    touch_credential,
    touch_grant,
    touch_mode,
    touch_person,
)
from hub.sites.tables import doors, sites
from provisioning.hub_keys import ControllerKeys
from wire.policy import EntryKind, decode_entry
from wire.policy_bodies import ModeBody

HORIZON: Final = "horizon"
OVERLAP: Final = timedelta(seconds=10)
"""Sweeps overlap a little: processes' clocks may differ, and a mark too many does no harm."""

KEPT_HISTORY: Final = timedelta(days=14)


class Sweep:
    """A chore of the worker: `is_due` reads, `run` writes."""

    def __init__(self, clock: Clock, keys: HubKeys) -> None:
        self._clock = clock
        self._keys = keys
        self._began = False

    def is_due(self, scope: Scope) -> bool:
        """Tell whether anything has to be written."""
        now = self._clock.now()
        since = self._swept_to(scope)
        return bool(
            since is None
            or not self._began
            or now - since > timedelta(minutes=1)
            or repository.expired(scope, now)
            or any(_entering(scope, since, now))
            or self._rekeyed(scope)
            or confirmation.is_due(scope, now)
        )

    def run(self, scope: Scope) -> None:
        """Mark what time has changed."""
        now = self._clock.now()
        since = self._swept_to(scope)
        for controller_id, entry in repository.expired(scope, now):
            _touch_expired(scope, entry)
            # Once marked, an entry is not marked again: the compiler decides what becomes of it.
            repository.set_expiry(scope, controller_id, entry.key, None)
        if since is not None:
            found_grants, found_pins = _entering(scope, since, now)
            for grant_id in found_grants:
                touch_grant(scope, grant_id)
            for credential_id in found_pins:
                touch_credential(scope, credential_id)
            if since.year != now.year:
                repository.forget_versions(scope, now - KEPT_HISTORY)
            if since.year != now.year or not self._began:
                # A new year needs the next one's dates; a new version of the hub may know others.
                for row in scope.all(scope.select(calendars.c.id)):
                    touch_calendar(scope, row.id)
        for controller_id, print_ in self._rekeyed(scope).items():
            scope.upsert(
                policy_keys,
                {"controller_id": controller_id, "print": print_},
                key=("controller_id",),
            )
            touch_controller(scope, controller_id)
        confirmation.tick(scope, now)
        scope.upsert(policy_sweeps, {"name": HORIZON, "swept_to": now}, key=("name",))
        scope.after_commit(self._begin)

    def _begin(self) -> None:
        self._began = True

    def _swept_to(self, scope: Scope) -> datetime | None:
        since: datetime | None = scope.scalar(
            scope.select(policy_sweeps.c.swept_to).where(policy_sweeps.c.name == HORIZON)
        )
        return since

    def _rekeyed(self, scope: Scope) -> dict[str, str]:
        """Controllers whose keys are not those their entries were made with, with their print."""
        before = {row.controller_id: row.print for row in scope.all(scope.select(policy_keys))}
        now = {each: self._print(keys) for each, keys in self._keys.controllers().items()}
        return {each: print_ for each, print_ in now.items() if before.get(each) != print_}

    def _print(self, keys: ControllerKeys) -> str:
        point = keys.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return self._keys.blind("policy-keys", keys.pin.secret, point)


def _touch_expired(scope: Scope, entry: StoredEntry) -> None:
    if entry.pin_id is not None:
        touch_credential(scope, entry.pin_id)
    elif entry.key.kind == EntryKind.GRANT.value:
        touch_grant(scope, entry.key.id)
    elif entry.key.kind == EntryKind.CREDENTIAL.value:
        touch_card(scope, entry.key.id)
    elif entry.key.kind == EntryKind.PERSON_FLAGS.value:
        touch_person(scope, entry.key.id)
    else:
        body = msgspec.json.decode(decode_entry(entry.data).body, type=ModeBody)
        touch_mode(scope, body.door)


def _entering(scope: Scope, since: datetime, now: datetime) -> tuple[list[str], list[str]]:
    """Grants and PINs whose start came within the horizon of their site since the last sweep."""
    hours = {row.horizon_hours for row in scope.all(scope.select(sites.c.horizon_hours).distinct())}
    found_grants: set[str] = set()
    found_pins: set[str] = set()
    for each in hours:
        horizon = timedelta(hours=each)
        there = (
            sa.select(doors.c.id)
            .join(sites, sa.and_(sites.c.town_id == doors.c.town_id, sites.c.id == doors.c.site_id))
            .where(sites.c.horizon_hours == each)
        )
        into = sa.select(doors.c.zone_in).where(doors.c.id.in_(there))
        out_of = sa.select(doors.c.zone_out).where(doors.c.id.in_(there))
        after, until = since + horizon - OVERLAP, now + horizon
        g, p = grants, pin_placements
        entering_grants = scope.select(g.c.id).where(
            g.c.start_at > after,
            g.c.start_at <= until,
            sa.or_(g.c.door_id.in_(there), g.c.zone_id.in_(into), g.c.zone_id.in_(out_of)),
        )
        entering_pins = scope.select(p.c.credential_id).where(
            p.c.starts_at > after,
            p.c.starts_at <= until,
            p.c.state == PlacementState.SCHEDULED,
            p.c.door_id.in_(there),
        )
        found_grants |= {
            row.id for row in scope.all(entering_grants) if not _is_held(scope, row.id)
        }
        found_pins |= {row.credential_id for row in scope.all(entering_pins)}
    return sorted(found_grants), sorted(found_pins)


def _is_held(scope: Scope, grant_id: str) -> bool:
    t = policy_entries
    query = scope.select(t.c.entry_id).where(
        t.c.kind == EntryKind.GRANT.value, t.c.entry_id == grant_id
    )
    return scope.one(query.limit(1)) is not None
