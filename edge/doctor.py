"""What `kagimori-edge doctor` looks at: each check says what it found and what to do about it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec

from edge.boot_levels import boots_on
from edge.control_socket import AgentAbsentError, Request, ask_agent
from edge.controller_files import load_controller, tls_context
from edge.core.clock_anchors import EARLIEST
from edge.machine import Machine
from edge.settings import OsdpPort, SerialLockPort, Settings, SettingsError
from edge.settings_gpio import GpioPort

_EXPIRY: Final = timedelta(days=30)
_FREE_BYTES: Final = 200_000_000
_FIRE: Final = {
    "": "",
    "not_in_policy": "Enter the device at the hub, or correct fire_alarm.device: nothing hears it",
    "dropped_by_policy": "Enter the device at the hub again; it is served as it was last known",
    "changed_by_policy": "Correct the device at the hub; it is served as it last answered",
}
_DEV: Final = Path("/dev")
_BOOT_CONFIG: Final = Path("/boot/firmware/config.txt")


class Finding(msgspec.Struct, frozen=True):
    """One check: its name, whether all is well, what was found, and the remedy if not."""

    check: str
    ok: bool
    detail: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; a check that fails hides no other."""
    checks: tuple[Callable[[Settings], list[Finding]], ...] = (
        _controller,
        _ports,
        _clock,
        _disk,
        _agent,
    )
    return [finding for check in checks for finding in check(settings)]


def _controller(settings: Settings) -> list[Finding]:
    try:
        controller = load_controller(settings)
        tls_context(settings)
    except (SettingsError, OSError) as error:
        remedy = error.remedy if isinstance(error, SettingsError) else "Look at the files"
        return [Finding("identity", ok=False, detail=str(error), remedy=remedy)]
    findings = [Finding("identity", ok=True, detail=controller.id)]
    if controller.demo:
        remedy = "Enrol this controller with kagimori-provision"
        findings.append(Finding("demo", ok=False, detail="demonstration keys", remedy=remedy))
    ends = controller.certificate.not_valid_after_utc
    soon = ends - Machine().wall() < _EXPIRY
    remedy = "Renew the certificate with kagimori-provision" if soon else ""
    findings.append(Finding("certificate", not soon, f"ends {ends:%Y-%m-%d}", remedy))
    return findings


def _ports(settings: Settings) -> list[Finding]:
    findings = []
    for name, port in settings.ports.items():
        if isinstance(port, GpioPort):
            findings += _pins(name, port)
        if not isinstance(port, OsdpPort | SerialLockPort):
            continue
        there = Path(port.path).exists()
        usable = there and os.access(port.path, os.R_OK | os.W_OK)
        remedy = ""
        if not there:
            remedy = f"Plug the adapter in, or correct ports.{name}.path"
        elif not usable:
            remedy = "Put the agent's user into the group dialout"
        findings.append(Finding(f"port {name}", usable, port.path, remedy))
    return findings


def _pins(name: str, port: GpioPort) -> list[Finding]:
    chips = sorted(_DEV.glob("gpiochip*")) if port.chip is None else [_DEV / f"gpiochip{port.chip}"]
    usable = [chip for chip in chips if os.access(chip, os.R_OK | os.W_OK)]
    remedy = ""
    if not any(chip.exists() for chip in chips):
        remedy = f"Is this a Raspberry Pi? Or correct ports.{name}.chip"
    elif not usable:
        remedy = "Put the agent's user into the group gpio"
    found = ", ".join(map(str, chips)) or "no gpiochip"
    findings = [Finding(f"port {name}", bool(usable), found, remedy)]
    missing = [one for one in ("gpiozero", "lgpio") if find_spec(one) is None]
    remedy = "pip install 'kagimori[edge,gpio]'" if missing else ""
    detail = f"missing: {', '.join(missing)}" if missing else "installed"
    findings.append(Finding(f"port {name} libraries", not missing, detail, remedy))
    config = _BOOT_CONFIG.read_text(encoding="utf-8") if _BOOT_CONFIG.is_file() else ""
    for board in port.boards:
        outputs = [(f"output {n}", one.pin, one.label) for n, one in enumerate(board.outputs)]
        inputs = [(f"input {n}", one.pin, one.label) for n, one in enumerate(board.inputs)]
        wiring = ", ".join(
            f"{what} = GPIO{pin}" + (f" ({label})" if label else "")
            for what, pin, label in (*outputs, *inputs)
        )
        findings.append(Finding(f"port {name} board {board.address}", ok=True, detail=wiring))
        findings += [
            Finding(
                f"port {name} board {board.address} output {number}",
                ok=False,
                detail=f"GPIO{one.pin} is on from power-on until the agent runs",
                remedy=f"Add gpio={one.pin}=op,{'dl' if one.active == 'high' else 'dh'} to "
                f"{_BOOT_CONFIG}, or choose another pin (docs/drivers.md, Pins)",
            )
            for number, one in enumerate(board.outputs)
            if boots_on(one, config)
        ]
    return findings


def _clock(settings: Settings) -> list[Finding]:
    kernel = Machine().kernel()
    if kernel.synchronised:
        found = Finding("ntp", ok=True, detail=f"within {kernel.error_ms} ms")
    else:
        remedy = "Set up systemd-timesyncd or chrony; until then the hub's word is the time"
        found = Finding("ntp", ok=False, detail="not synchronised", remedy=remedy)
    return [found, _rtc(settings, Machine().rtc(), _pin_doors(settings))]


def _rtc(settings: Settings, shown: datetime | None, pin_doors: list[str] | None) -> Finding:
    """Judge the battery clock by what it shows; `pin_doors` take PINs, None where nobody knows."""
    if not settings.rtc:
        if pin_doors == []:
            return Finding("rtc", ok=True, detail="none; no door here takes PINs")
        whose = f"; PINs are taken at {', '.join(pin_doors)}" if pin_doors else ""
        remedy = "Fit a battery RTC and set rtc = true: without one PINs wait for the network"
        return Finding("rtc", ok=False, detail=f"none{whose}", remedy=remedy)
    if shown is None:
        remedy = "Enable the RTC's device tree overlay, look at its battery, or set rtc = false"
        return Finding("rtc", ok=False, detail="shows no time", remedy=remedy)
    ok = shown >= EARLIEST
    remedy = "" if ok else "Look at its battery, then set it: sudo hwclock --systohc"
    return Finding("rtc", ok, f"shows {shown:%Y-%m-%d %H:%M:%S} UTC", remedy)


def _pin_doors(settings: Settings) -> list[str] | None:
    try:
        status = ask_agent(settings.socket_path, Request("status"))
    except AgentAbsentError:
        return None
    return [door["id"] for door in status["doors"] if door.get("takes_pins")]


def _disk(settings: Settings) -> list[Finding]:
    folder = Path(settings.data_dir)
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        remedy = f"Make {folder} and give it to the agent's user"
        return [Finding("disk", ok=False, detail=str(error), remedy=remedy)]
    ok = free >= _FREE_BYTES and os.access(folder, os.W_OK)
    remedy = "" if ok else f"Make room in {folder}, writable for the agent's user"
    return [Finding("disk", ok, f"{free // 1_000_000} MB free", remedy)]


def _agent(settings: Settings) -> list[Finding]:
    try:
        status = ask_agent(settings.socket_path, Request("status"))
    except AgentAbsentError as error:
        remedy = "systemctl start kagimori-edge"
        return [Finding("agent", ok=False, detail=str(error), remedy=remedy)]
    findings = [
        Finding("agent", ok=True, detail=str(status["agent"])),
        _flag("hub link", bool(status["link_up"]), "Look at mqtt.host, the network, the hub"),
        _flag("journal", status["journal"]["failure"] is None, "Look at the SD card"),
        _flag("policy", status["policy"]["rejected"] == 0, "Bring agent and hub to one version"),
    ]
    fire = status["fire_alarm"]
    if fire is not None:
        findings += _fire(fire)
    for device in status["devices"]:
        detail = device["cause"] or "online"
        remedy = "" if device["online"] else "Look at its cable, supply, address and key"
        findings.append(Finding(f"device {device['id']}", bool(device["online"]), detail, remedy))
    return findings


def _fire(fire: dict[str, Any]) -> list[Finding]:
    found = [
        Finding("fire alarm", not fire["cause"], fire["cause"] or "well", _FIRE[fire["cause"]])
    ]
    line = fire["fault"] or fire["line"]
    ok = not fire["fault"] and fire["line"] != "unknown"
    remedy = "" if ok else "Look at the wires to the fire panel, its fault relay, the device"
    found.append(Finding("fire line", ok, line, remedy))
    for device, cause in fire["kept"].items():
        if device != fire["device"]:
            remedy = f"{_FIRE[cause]}. If it is truly gone: kagimori-edge fire forget"
            found.append(Finding(f"fire release {device}", ok=False, detail=cause, remedy=remedy))
    return found


def _flag(check: str, ok: bool, remedy: str) -> Finding:
    return Finding(check, ok, "well" if ok else "not well", "" if ok else remedy)
