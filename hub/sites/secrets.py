"""Device secrets (OSDP keys, serial locks' maintenance secrets): kept sealed in the hub, and sealed
once to the device's controller.

Sealing is not repeatable (each has an ephemeral key), so the sealed text is made when the secret
or the controller changes, and kept: the policy's bytes stay the same until then.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.audit.rows import AuditedRows
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.policy.touch import touch_controller
from hub.sites.device_keys import LOCK_SECRET_LEN, draw_key, is_weak, sealed_row
from hub.sites.domain import Device
from hub.sites.kinds import DEVICE
from hub.web.problems import invalid
from hub.web.rights import Principal
from wire.keybox_keys import MaintenanceSecret
from wire.policy_bodies import DeviceDriver
from wire.sealing import seal_context, seal_secret


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
        return self._keep(who, device_id, lambda _device: secret)

    def draw_secret(self, who: Principal, device_id: str) -> Device:
        """Give a device a new key that nobody has seen. Raises a problem like `set_secret`, and for
        a serial lock, which takes its secret at the bench alone."""

        def drawn(device: Device) -> bytes:
            if device.driver is DeviceDriver.SERIAL_LOCK:
                raise invalid("driver", "provisioned", "a serial lock is provisioned at the bench")
            return draw_key()

        return self._keep(who, device_id, drawn)

    def provision(self, who: Principal, device_id: str, *, renew: bool = False) -> bytes:
        """Draw the maintenance secret of a serial lock and give it to the bench, this once.

        Raises a problem for any other device, and for a lock that has one already unless `renew`
        says that another is meant: a lock that works would be cut off.
        """
        made = draw_key(LOCK_SECRET_LEN)

        def only_locks(device: Device) -> bytes:
            if device.driver is not DeviceDriver.SERIAL_LOCK:
                raise invalid("driver", "not_provisioned", "only a serial lock is provisioned")
            if device.secret is not None and not renew:
                raise invalid("renew", "provisioned", "the lock has a secret: `renew` cuts it off")
            return made

        self._keep(who, device_id, only_locks)
        return made

    def _keep(self, who: Principal, device_id: str, of: Callable[[Device], bytes]) -> Device:
        def work(scope: Scope) -> Device:
            device = self._rows.change_in(scope, who, DEVICE, device_id, {})
            secret = of(device)
            if device.driver is DeviceDriver.SERIAL_LOCK and len(secret) != LOCK_SECRET_LEN:
                raise invalid("secret", "length", f"a serial lock's has {LOCK_SECRET_LEN} bytes")
            changes = {
                "secret": self._keys.seal(secret, sealed_row(device_id)),
                "sealed": self.sealed_for(device, _for_controller(device, secret)),
            }
            changed = self._rows.change_in(scope, who, DEVICE, device_id, changes)
            if device.driver is DeviceDriver.SERIAL_LOCK:
                touch_controller(scope, device.controller_id)  # its PINs' digests for the lock too
            return changed

        return self._db.write(work)

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


def _for_controller(device: Device, secret: bytes) -> bytes:
    """What the controller gets: of a serial lock the link key alone, never its maintenance secret,
    from which receipts and the lock's own list are made."""
    if device.driver is DeviceDriver.SERIAL_LOCK:
        return MaintenanceSecret(secret).link_key(device.id)
    return secret
