"""Device secrets (OSDP keys): kept sealed in the hub, and sealed once to the device's controller.

Sealing is not repeatable (each has an ephemeral key), so the sealed text is made when the secret
or the controller changes, and kept: the policy's bytes stay the same until then.
"""

from __future__ import annotations

from hub.audit.rows import AuditedRows
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.sites.device_keys import draw_key, is_weak
from hub.sites.domain import Device
from hub.sites.kinds import DEVICE
from hub.web.problems import invalid
from hub.web.rights import Principal
from wire.sealing import seal_context, seal_secret


def sealed_row(device_id: str) -> str:
    """The row a device's secret is sealed for in the hub."""
    return f"devices:{device_id}"


class DeviceSecrets:
    """Sets a device's secret; nobody reads one back over the API."""

    def __init__(self, db: Database, rows: AuditedRows, keys: HubKeys) -> None:
        self._db = db
        self._rows = rows
        self._keys = keys

    def set_secret(self, who: Principal, device_id: str, secret: bytes) -> Device:
        """Keep a device's secret and seal it to its controller.

        Raises a problem for a weak key, and if the controller has no keys yet: enrol it first.
        """
        if is_weak(secret):
            raise invalid(
                "secret", "weak", "OSDP's default key, constants and ramps are refused: draw one"
            )

        def work(scope: Scope) -> Device:
            device = self._rows.change_in(scope, who, DEVICE, device_id, {})
            changes = {
                "secret": self._keys.seal(secret, sealed_row(device_id)),
                "sealed": self.sealed_for(device, secret),
            }
            return self._rows.change_in(scope, who, DEVICE, device_id, changes)

        return self._db.write(work)

    def draw_secret(self, who: Principal, device_id: str) -> Device:
        """Give a device a new key that nobody has seen. Raises a problem like `set_secret`."""
        return self.set_secret(who, device_id, draw_key())

    def sealed_for(self, device: Device, secret: bytes) -> str:
        """Seal a secret to the device's controller, for this device's policy entry alone."""
        found = self._keys.controller(device.controller_id)
        if found is None:
            raise invalid("secret", "not_enrolled", "enrol the device's controller first")
        context = seal_context(device.controller_id, "device", device.id)
        return seal_secret(found.public_key, secret, context)

    def secret_of(self, device: Device) -> bytes | None:
        """Give a device's secret in clear: for moving it to another controller."""
        if device.secret is None:
            return None
        return self._keys.unseal(device.secret, sealed_row(device.id))
