"""The Pi itself: clock, disk, power, heat, and the unit that runs the agent."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from edge.control_socket import AgentAbsentError, Request, ask_agent
from edge.core.clock_anchors import EARLIEST
from edge.doctor.finding import ENGLISH, Finding, Say
from edge.machine import Machine
from edge.ports import KernelClock
from edge.settings import Settings

FREE_BYTES: Final = 200_000_000
HOT_DEGREES: Final = 80
RESTARTS_MOST: Final = 5
KMSG: Final = Path("/dev/kmsg")
THROTTLED: Final = "devices/platform/soc/soc:firmware/get_throttled"
THERMAL: Final = "class/thermal/thermal_zone0/temp"
SYS: Final = Path("/sys")
UNIT: Final = "kagimori-edge.service"
_UNDER_VOLTAGE, _UNDER_VOLTAGE_PAST = 1 << 0, 1 << 16
_DISK_ERROR: Final = re.compile(
    r"mmcblk\d.*error|mmc\d: .*(error|timeout)"
    r"|(I/O error,|Buffer I/O error on) dev(ice)? (mmcblk|sd|nvme)"
    r"|EXT4-fs error \(device (mmcblk|sd|nvme)"
    r"|EXT4-fs \((mmcblk|sd|nvme)\S*\): Remounting filesystem read-only",
    re.IGNORECASE,
)
_ANSWER_S: Final = 5.0


def clock(
    settings: Settings, say: Say = ENGLISH, kernel: Callable[[], KernelClock] | None = None
) -> list[Finding]:
    """Whether NTP disciplines the clock, and whether a battery keeps it."""
    told = (kernel or Machine().kernel)()
    code = "ntp_ok" if told.synchronised else "ntp_missing"
    shown = Machine().rtc() if settings.rtc else None
    return [
        say("ntp", code, error_ms=told.error_ms),
        battery_clock(settings, shown, _pin_doors(settings), say),
    ]


def battery_clock(
    settings: Settings,
    shown: datetime | None,
    pin_doors: list[str] | None,
    say: Say = ENGLISH,
) -> Finding:
    """Judge the battery clock by what it shows; `pin_doors` take PINs, None where nobody knows."""
    if not settings.rtc:
        if pin_doors == []:
            return say("rtc", "rtc_not_needed")
        doors = ", ".join(pin_doors) if pin_doors else "?"
        return say("rtc", "rtc_none", doors=doors)
    if shown is None:
        return say("rtc", "rtc_missing")
    code = "rtc_ok" if shown >= EARLIEST else "rtc_flat"
    return say("rtc", code, shown=f"{shown:%Y-%m-%d %H:%M:%S} UTC")


def _pin_doors(settings: Settings) -> list[str] | None:
    try:
        status = ask_agent(settings.socket_path, Request("status"))
    except AgentAbsentError:
        return None
    return [door["id"] for door in status["doors"] if door.get("takes_pins")]


def disk(settings: Settings, say: Say = ENGLISH) -> list[Finding]:
    """Room, rights, and whether the file system is writable at all."""
    folder = Path(settings.data_dir)
    try:
        free = shutil.disk_usage(folder).free
        flags = _flags(folder)
    except OSError as error:
        return [say("disk", "disk_missing", problem=error.strerror or error, folder=folder)]
    values = {"folder": folder, "free_mb": free // 1_000_000}
    if flags & os.ST_RDONLY:
        code = "disk_read_only"
    elif not os.access(folder, os.W_OK):
        code = "disk_rights"
    else:
        code = "disk_full" if free < FREE_BYTES else "disk_ok"
    return [say("disk", code, **values)]


def _flags(folder: Path) -> int:
    return os.statvfs(folder).f_flag


def disk_errors(say: Say = ENGLISH, kmsg: Path = KMSG) -> list[Finding]:
    """What the kernel says of the disk, where we may read it (Debian: root)."""
    found = [line for line in _kernel_lines(kmsg) if _DISK_ERROR.search(line)]
    if not found:
        return []
    return [say("disk errors", "disk_errors", count=len(found), line=found[-1][:100])]


def _kernel_lines(kmsg: Path) -> list[str]:
    try:
        fd = os.open(kmsg, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return []
    lines: list[str] = []
    try:
        while data := os.read(fd, 65_536):
            text = data.decode("utf-8", "replace")
            lines += [line.partition(";")[2] or line for line in text.splitlines()]
    except OSError:
        pass  # the end of what there is, or overwritten while we read
    finally:
        os.close(fd)
    return lines


def power(say: Say = ENGLISH, sys: Path = SYS) -> list[Finding]:
    """Under-voltage, as the Pi's firmware tells it; nothing on another machine."""
    text = _text(sys / THROTTLED)
    try:
        flags = int(text, 16)
    except ValueError:
        return []
    now, past = flags & _UNDER_VOLTAGE, flags & _UNDER_VOLTAGE_PAST
    code = "power_now" if now else "power_past" if past else "power_ok"
    return [say("power", code, flags=f"0x{flags:x}")]


def heat(say: Say = ENGLISH, sys: Path = SYS) -> list[Finding]:
    """The processor's temperature; nothing where it is not told."""
    text = _text(sys / THERMAL)
    if not text.lstrip("-").isdecimal():
        return []
    degrees = round(int(text) / 1_000)
    return [say("heat", "heat_ok" if degrees < HOT_DEGREES else "heat_high", degrees=degrees)]


def unit(say: Say = ENGLISH, show: Callable[[], str] | None = None) -> list[Finding]:
    """How systemd has the agent; nothing where no systemd runs."""
    told = dict(line.partition("=")[::2] for line in (show or _show_unit)().splitlines())
    if told.get("LoadState") != "loaded":
        return []
    state, watchdog = told.get("ActiveState", ""), told.get("WatchdogUSec", "0")
    restarts = int(told.get("NRestarts") or 0)
    if state != "active":
        return [say("unit", "unit_inactive", state=state)]
    if watchdog in ("0", "infinity", ""):
        return [say("unit", "unit_unwatched")]
    if told.get("UnitFileState") == "disabled":
        return [say("unit", "unit_disabled")]
    if restarts > RESTARTS_MOST:
        return [say("unit", "unit_restarts", restarts=restarts)]
    return [say("unit", "unit_ok", watchdog_s=watchdog.removesuffix("s"))]


def _show_unit() -> str:
    program = shutil.which("systemctl")
    if program is None or not Path("/run/systemd/system").is_dir():
        return ""
    wanted = "LoadState,ActiveState,WatchdogUSec,NRestarts,UnitFileState"
    try:
        done = subprocess.run(  # noqa: S603 - our own unit's name
            [program, "show", UNIT, f"--property={wanted}"],
            capture_output=True,
            text=True,
            timeout=_ANSWER_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
