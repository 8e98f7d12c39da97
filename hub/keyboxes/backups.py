"""Sealed codes of networked doors: set up, taken away, told to the door's controller."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from hub.audit.service import record
from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.keyboxes import repository
from hub.keyboxes.locks import door_row
from hub.keyboxes.repository import DoorBackup
from hub.keys import HubKeys
from hub.policy.touch import touch_door
from hub.sites import repository as site_rows
from hub.sites.domain import Door, SiteState
from hub.web.problems import NOT_FOUND, Problem, invalid
from hub.web.rights import Principal
from wire.offline_profiles import PROFILES
from wire.sealed_codes import SECRET_LENGTH
from wire.sealing import seal_context, seal_secret


class DoorBackups:
    """Draws a door's code secret and seals it to its controller, once: the policy's bytes stay the
    same until then. Drawing another kills every code made before."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        keys: HubKeys,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._db = db
        self._clock = clock
        self._keys = keys
        self._entropy = entropy

    def get(self, who: Principal, door_id: str) -> DoorBackup:
        """Give a door's backup codes; raise `404` where it has none."""
        with self._db.read() as scope:
            self._door(scope, who, door_id)
            found = repository.door_backup(scope, door_id)
        if found is None:
            raise Problem(NOT_FOUND, "the door has no backup codes")
        return found

    def set_up(self, who: Principal, door_id: str, profile: str, grace_s: int) -> DoorBackup:
        """Give a door a new code secret under a profile, in place of one that it had."""
        if profile not in PROFILES:
            raise invalid("profile", "unknown", f"takes {', '.join(sorted(PROFILES))}")

        def work(scope: Scope) -> DoorBackup:
            door = self._door(scope, who, door_id)
            before = repository.door_backup(scope, door_id)
            version = before.version + 1 if before else 1
            secret, now = self._entropy(SECRET_LENGTH), self._clock.now()
            kept = DoorBackup(
                door_id=door_id,
                profile=profile,
                secret=self._keys.seal(secret, door_row(door_id, version)),
                version=version,
                generation=0,
                grace_s=grace_s,
                controller_id=door.controller_id,
                sealed=self._sealed(door, secret),
                changed_at=now,
            )
            repository.keep_backup(scope, kept)
            touch_door(scope, door_id)
            told = {"profile": profile, "version": version, "grace_s": grace_s}
            record(scope, now, who, "door.backup_codes_set", ("door", door_id), told)
            return kept

        return self._db.write(work)

    def take_away(self, who: Principal, door_id: str) -> None:
        """A door takes sealed codes no more; nothing happens to one that took none."""

        def work(scope: Scope) -> None:
            self._door(scope, who, door_id)
            if repository.door_backup(scope, door_id) is None:
                return
            repository.drop_backup(scope, door_id)
            touch_door(scope, door_id)
            now = self._clock.now()
            record(scope, now, who, "door.backup_codes_taken_away", ("door", door_id))

        self._db.write(work)

    def _sealed(self, door: Door, secret: bytes) -> str:
        found = self._keys.controller(door.controller_id)
        if found is None:
            raise invalid("profile", "not_enrolled", "enrol the door's controller first")
        context = seal_context(door.controller_id, "door", door.id)
        return seal_secret(found.public_key, secret, context)

    def _door(self, scope: Scope, who: Principal, door_id: str) -> Door:
        found = site_rows.door(scope, door_id)
        active = found is not None and found.state is SiteState.ACTIVE
        if found is None or not active or not who.reaches(found.site_id):
            raise Problem(NOT_FOUND, "no such door")
        return found
