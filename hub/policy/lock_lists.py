"""The locks of a controller that keep a list of PINs of their own, for when the controller is dead.

The hub makes each PIN's digest under the lock's list key, which the controller does not hold
(`wire.lock_list`).
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from hub.database.scope import Scope
from hub.keys import HubKeys, SealBrokenError
from hub.sites import repository as site_rows
from hub.sites.device_keys import LOCK_SECRET_LEN, sealed_row
from hub.sites.domain import Device, Door
from wire.keybox_keys import MaintenanceSecret
from wire.lock_list import lock_pin_digest
from wire.policy_bodies import DeviceDriver

_log = structlog.get_logger(__name__)


class LockLists:
    """The list keys of one controller's serial locks, by the doors whose strike they are."""

    def __init__(
        self, scope: Scope, keys: HubKeys, controller_id: str, doors: Mapping[str, Door]
    ) -> None:
        self._keys = keys
        self._locks: dict[str, tuple[str, bytes]] = {}
        struck = {door.strike.device: door.id for door in doors.values() if door.strike is not None}
        for device in site_rows.devices_of_controller(scope, controller_id):
            if device.driver is DeviceDriver.SERIAL_LOCK and device.id in struck:
                self._add(struck[device.id], device)

    def _add(self, door_id: str, device: Device) -> None:
        if device.secret is None:
            return
        try:
            secret = self._keys.unseal(device.secret, sealed_row(device.id))
        except SealBrokenError:  # the door goes on by its controller; the lock alone has no list
            _log.error("device_seal_broken", device=device.id)
            return
        if len(secret) != LOCK_SECRET_LEN:  # it was entered for another driver
            _log.warning("device_secret_of_another_driver", device=device.id)
            return
        self._locks[door_id] = (device.id, MaintenanceSecret(secret).list_key(device.id))

    def digest(self, door_id: str, digits: str) -> str | None:
        """Give the digest by which a door's own lock knows a PIN; None where it keeps no list."""
        lock = self._locks.get(door_id)
        return None if lock is None else lock_pin_digest(lock[1], lock[0], digits)
