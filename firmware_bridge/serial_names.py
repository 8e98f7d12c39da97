"""Which device node a serial adapter has now: by its USB identity, whatever number it was given.

A port is named by a path, best one of /dev/serial/by-id, or as `usb:VID:PID[:SERIAL[:INTERFACE]]`
(`usb:0403:6001:FT4X2Z9A`): vendor and product in hexadecimal, the adapter's serial number, the
interface of one with several ports. The kernel tells all of it in /sys/class/tty (Linux,
Documentation/ABI/testing/sysfs-bus-usb). A name that fits two adapters fits none: at a door the
wrong line is worse than none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

USB: Final = "usb:"
SYS_TTY: Final = Path("/sys/class/tty")
DEV: Final = Path("/dev")
_NAME: Final = re.compile(
    r"usb:(?P<vendor>[0-9a-f]{4}):(?P<product>[0-9a-f]{4})"
    r"(:(?P<serial>[^:/\s]{1,64})(:(?P<interface>[0-9]{1,2}))?)?",
    re.IGNORECASE,
)
_UP: Final = 6
"""An interface lies some steps above its tty, the USB device one more."""


class SerialNameError(ValueError):
    """A name of a port that cannot be read, or fits none or several of the adapters."""


@dataclass(frozen=True, slots=True)
class UsbName:
    """An adapter by its USB identity; None for whatever it has."""

    vendor: str
    product: str
    serial: str | None = None
    interface: int | None = None

    @classmethod
    def of(cls, name: str) -> Self:
        """Read a name; raise `SerialNameError`."""
        found = _NAME.fullmatch(name)
        if found is None:
            raise SerialNameError(f"{name}: write usb:VID:PID or usb:VID:PID:SERIAL")
        interface = found["interface"]
        return cls(
            found["vendor"].lower(),
            found["product"].lower(),
            found["serial"],
            None if interface is None else int(interface),
        )

    def fits(self, adapter: UsbAdapter) -> bool:
        """Whether it names that adapter's port."""
        return (
            (self.vendor, self.product) == (adapter.vendor, adapter.product)
            and self.serial in (None, adapter.serial)
            and self.interface in (None, adapter.interface)
        )


@dataclass(frozen=True, slots=True)
class UsbAdapter:
    """A port that is plugged in: its device node, and its USB identity."""

    node: str
    vendor: str
    product: str
    serial: str
    interface: int

    @property
    def name(self) -> str:
        """How the settings would name it for good."""
        serial = self.serial or "?"
        return f"{USB}{self.vendor}:{self.product}:{serial}:{self.interface}"


def adapters(sys_tty: Path = SYS_TTY, dev: Path = DEV) -> list[UsbAdapter]:
    """Give the USB serial ports that are plugged in, by node."""
    found = []
    for entry in sorted(sys_tty.glob("tty*")):
        try:
            place = (entry / "device").resolve(strict=True)
        except OSError:
            continue  # no hardware behind it, or just pulled out
        adapter = _adapter(str(dev / entry.name), place)
        if adapter is not None:
            found.append(adapter)
    return found


def resolve(name: str, sys_tty: Path = SYS_TTY, dev: Path = DEV) -> str:
    """Give the path that a name stands for now. Raises `SerialNameError` for a USB name that fits
    none or several; a path is given as it is, its symbolic links are followed when it is opened."""
    if not name.lower().startswith(USB):
        return name
    wanted = UsbName.of(name)
    there = adapters(sys_tty, dev)
    fitting = [one for one in there if wanted.fits(one)]
    if not fitting:
        others = ", ".join(one.name for one in there) or "none"
        raise SerialNameError(f"{name}: not plugged in (there are: {others})")
    if len(fitting) > 1:
        both = ", ".join(f"{one.node} = {one.name}" for one in fitting)
        raise SerialNameError(f"{name}: fits several ({both}); name the one with its serial number")
    return fitting[0].node


def _adapter(node: str, place: Path) -> UsbAdapter | None:
    interface = 0
    for folder in (place, *place.parents[:_UP]):
        number = _read(folder / "bInterfaceNumber")
        if number:
            interface = int(number, 16)
        vendor, product = _read(folder / "idVendor"), _read(folder / "idProduct")
        if vendor and product:
            serial = _read(folder / "serial")
            return UsbAdapter(node, vendor.lower(), product.lower(), serial, interface)
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()[:64]
    except OSError:
        return ""
