"""Where the secret of a lock that takes sealed codes comes from: sealed in its own row."""

from __future__ import annotations

from hub.database.scope import Scope
from hub.keyboxes import repository
from hub.keyboxes.domain import KeyBox, Lock, LockKind
from hub.keyboxes.repository import DoorBackup
from hub.keys import HubKeys
from wire.offline_profiles import PROFILES


def code_row(box_id: str, version: int) -> str:
    """The row a box's code secret is sealed for."""
    return f"key_box_code:{box_id}:{version}"


def maintenance_row(box_id: str, version: int) -> str:
    """The row a box's maintenance secret is sealed for."""
    return f"key_box_maintenance:{box_id}:{version}"


def door_row(door_id: str, version: int) -> str:
    """The row a door's own code secret is sealed for."""
    return f"door_backup:{door_id}:{version}"


class Locks:
    """Opens secrets just long enough to make codes of them."""

    def __init__(self, keys: HubKeys) -> None:
        self._keys = keys

    def of_box(self, scope: Scope, box: KeyBox) -> Lock:
        """Give what it takes to make codes of a box, under the secret codes are made under."""
        kept = repository.secret(scope, box.id, box.code_version)
        assert kept is not None  # noqa: S101  # drawn with the box, kept until a newer is in it
        assert kept.code_secret is not None  # noqa: S101  # only version 0 has none
        opened = self._keys.unseal(kept.code_secret, code_row(box.id, box.code_version))
        return Lock(
            LockKind.KEY_BOX, box.id, box.its_profile, box.generation, box.code_version, opened
        )

    def of_door(self, backup: DoorBackup) -> Lock:
        """Give what it takes to make a door's own sealed codes."""
        opened = self._keys.unseal(backup.secret, door_row(backup.door_id, backup.version))
        return Lock(
            LockKind.DOOR,
            backup.door_id,
            PROFILES[backup.profile],
            backup.generation,
            backup.version,
            opened,
        )

    def maintenance_of(self, scope: Scope, box_id: str, version: int) -> bytes | None:
        """Give a box's maintenance secret of a version; None where that is not kept."""
        kept = repository.secret(scope, box_id, version)
        if kept is None:
            return None
        return self._keys.unseal(kept.maintenance, maintenance_row(box_id, version))
