"""What a technician asks of the running agent about an OSDP device: install it, change its key.

Both are physical acts with somebody at the device: asked at the controller's own socket, never by
the hub, bounded in time, and journaled by what follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edge.ports import Installer, InstallError
from edge.service.loop import Parts
from wire.errors import WireError

SHORTEST_S: Final = 10
LONGEST_S: Final = 600


def begin_install(
    parts: Parts, installer_of: Callable[[str], object], device: str, seconds: int
) -> str:
    """Let a device take its key under the default key for a while; give what to do now. Raises
    `InstallError`."""
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise InstallError(f"seconds: {SHORTEST_S} to {LONGEST_S}")
    _installer(parts, installer_of, device).begin_install(device, seconds)
    return f"{device}: takes its key for {seconds} s; put it into installation mode now"


def change_key(
    parts: Parts,
    installer_of: Callable[[str], object],
    open_secret: Callable[[str, str], bytes],
    device: str,
) -> str:
    """Move a device to the policy's key, over the line secured by the one it has. Raises
    `InstallError`."""
    installer = _installer(parts, installer_of, device)
    # What the fire alarm hangs on is served under its old key until it is known to have another.
    wanted = parts.memory.index.devices.get(device) or parts.memory.served[device]
    sealed = wanted.sealed
    if sealed is None:
        raise InstallError(f"{device}: the policy has no key for it; draw one in the hub")
    try:
        key = open_secret(device, sealed)
    except WireError as error:
        raise InstallError(f"{device}: its key is sealed to another controller") from error
    installer.change_key(device, key)
    return f"{device}: moves to the policy's key; the journal tells device_key_changed when it has"


def _installer(parts: Parts, installer_of: Callable[[str], object], device: str) -> Installer:
    if device not in parts.memory.served:
        known = ", ".join(sorted(parts.memory.served)) or "none"
        raise InstallError(f"{device}: not in the policy; known are {known}")
    driver = installer_of(device)
    if not isinstance(driver, Installer):
        raise InstallError(f"{device}: its driver installs nothing")
    return driver
