"""What `kagimori-edge doctor` looks at: each check says what it found and what to do about it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from edge.control_socket import AgentAbsentError, Request, ask_agent
from edge.controller_files import load_controller, tls_context
from edge.machine import Machine
from edge.settings import OsdpPort, SerialLockPort, Settings, SettingsError

_EXPIRY: Final = timedelta(days=30)
_FREE_BYTES: Final = 200_000_000
_FIRE: Final = {
    "": "",
    "not_in_policy": "Enter the device at the hub, or correct fire_alarm.device: nothing hears it",
    "dropped_by_policy": "Enter the device at the hub again; it is served as it was last known",
    "changed_by_policy": "Correct the device at the hub; it is served as it last answered",
}
_RTC: Final = Path("/dev/rtc0")


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


def _clock(settings: Settings) -> list[Finding]:
    kernel = Machine().kernel()
    if kernel.synchronised:
        found = Finding("ntp", ok=True, detail=f"within {kernel.error_ms} ms")
    else:
        remedy = "Set up systemd-timesyncd or chrony; until then the hub's word is the time"
        found = Finding("ntp", ok=False, detail="not synchronised", remedy=remedy)
    if not settings.rtc:
        remedy = "Fit a battery RTC and set rtc = true: without one PINs wait for the network"
        return [found, Finding("rtc", ok=False, detail="none", remedy=remedy)]
    fitted = _RTC.exists()
    remedy = "" if fitted else "Enable the RTC's device tree overlay, or set rtc = false"
    return [found, Finding("rtc", fitted, str(_RTC), remedy)]


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
        findings.append(
            Finding("fire alarm", not fire["cause"], fire["cause"] or "well", _FIRE[fire["cause"]])
        )
    for device in status["devices"]:
        detail = device["cause"] or "online"
        remedy = "" if device["online"] else "Look at its cable, supply, address and key"
        findings.append(Finding(f"device {device['id']}", bool(device["online"]), detail, remedy))
    return findings


def _flag(check: str, ok: bool, remedy: str) -> Finding:
    return Finding(check, ok, "well" if ok else "not well", "" if ok else remedy)
