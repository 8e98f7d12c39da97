"""Which driver serves a port. A driver's library is imported only where a port asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cards.faces import ReaderFace
from edge.cards.keyring import CardKeys
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
from edge.settings_gpio import GpioPort

if TYPE_CHECKING:
    from edge.drivers.pcsc_api import Pcsc


LOCK_BAUD: Final = 115_200


def make_driver(
    port: Port,
    settings: Settings,
    open_pcsc: Callable[[], Pcsc] | None,
    keys: CardKeys | None = None,
) -> Driver:
    """Make the driver of a port. A driver's library is imported only where it is used; `keys` are
    those that cards share with us."""
    if isinstance(port, OsdpPort):
        from edge.drivers.osdp import OsdpDriver
        from firmware_bridge.serial_link import SerialSettings

        faces = load_faces(*card_folders(settings, "faces"))
        _check_face(port.face, faces, "ports.face")
        face = faces[port.face] if port.face is not None else None
        return OsdpDriver(SerialSettings(port.path, port.baud, port.rs485), face)
    if isinstance(port, GpioPort):
        from edge.drivers.gpio import GpioDriver

        faces = load_faces(*card_folders(settings, "faces"))
        for board in port.boards:
            for reader in board.readers:
                _check_face(reader.face, faces, "ports.boards.readers.face")
        return GpioDriver(port, faces)
    if isinstance(port, PcscPort):
        from edge.drivers.pcsc import PcscDriver
        from edge.drivers.pcsc_worker import CardReading

        profiles = load_profiles(*card_folders(settings, "profiles"))
        chosen = choose_profiles(profiles, port.profiles or DEFAULT_PROFILES)
        reading = CardReading(chosen, port.narrow_to, keys=keys)
        return PcscDriver(reading) if open_pcsc is None else PcscDriver(reading, opener=open_pcsc)
    if isinstance(port, SerialLockPort):
        from edge.drivers.serial_lock import SerialLockDriver
        from firmware_bridge.serial_link import SerialSettings

        return SerialLockDriver(SerialSettings(port.path, LOCK_BAUD))
    from edge.drivers.virtual import VirtualDriver

    return VirtualDriver()


def _check_face(face: str | None, faces: Mapping[str, ReaderFace], key: str) -> None:
    if face is not None and face not in faces:
        known = ", ".join(sorted(faces))
        raise SettingsError("settings", key, f"{face!r} is not known", f"Known are {known}")


def card_folders(settings: Settings, kind: str) -> list[Path]:
    if settings.cards_dir is None:
        return []
    folder = Path(settings.cards_dir) / kind
    return [folder] if folder.is_dir() else []
