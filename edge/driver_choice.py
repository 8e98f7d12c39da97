"""Which driver serves a port. A driver's library is imported only where a port asks for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cards.profile_files import (
    DEFAULT_PROFILES,
    choose_profiles,
    load_faces,
    load_profiles,
)
from edge.ports import Driver
from edge.settings import (
    OsdpPort,
    PcscPort,
    Port,
    SerialLockPort,
    Settings,
    SettingsError,
)

if TYPE_CHECKING:
    from edge.drivers.pcsc_api import Pcsc


LOCK_BAUD: Final = 115_200


def make_driver(port: Port, settings: Settings, open_pcsc: Callable[[], Pcsc] | None) -> Driver:
    """Make the driver of a port. A driver's library is imported only where it is used."""
    if isinstance(port, OsdpPort):
        from edge.drivers.osdp import OsdpDriver
        from firmware_bridge.serial_link import SerialSettings

        faces = load_faces(*card_folders(settings, "faces"))
        if port.face is not None and port.face not in faces:
            known = ", ".join(sorted(faces))
            raise SettingsError(
                "settings", "ports.face", f"{port.face!r} is not known", f"Known are {known}"
            )
        face = faces[port.face] if port.face is not None else None
        return OsdpDriver(SerialSettings(port.path, port.baud, port.rs485), face)
    if isinstance(port, PcscPort):
        from edge.drivers.pcsc import PcscDriver
        from edge.drivers.pcsc_worker import CardReading

        profiles = load_profiles(*card_folders(settings, "profiles"))
        chosen = choose_profiles(profiles, port.profiles or DEFAULT_PROFILES)
        reading = CardReading(chosen, port.narrow_to)
        return PcscDriver(reading) if open_pcsc is None else PcscDriver(reading, opener=open_pcsc)
    if isinstance(port, SerialLockPort):
        from edge.drivers.serial_lock import SerialLockDriver
        from firmware_bridge.serial_link import SerialSettings

        return SerialLockDriver(SerialSettings(port.path, LOCK_BAUD))
    from edge.drivers.virtual import VirtualDriver

    return VirtualDriver()


def card_folders(settings: Settings, kind: str) -> list[Path]:
    if settings.cards_dir is None:
        return []
    folder = Path(settings.cards_dir) / kind
    return [folder] if folder.is_dir() else []
