"""Serial ports, pins and the card service: there, allowed, and nobody else's."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.boot_levels import boots_on
from edge.doctor.finding import ENGLISH, Finding, Say
from edge.settings import OsdpPort, PcscPort, SerialLockPort, Settings
from edge.settings_gpio import GpioPort
from firmware_bridge.serial_names import USB, SerialNameError, adapters, resolve

if TYPE_CHECKING:
    from edge.drivers.pcsc_api import Pcsc

DEV: Final = Path("/dev")
PROC: Final = Path("/proc")
BOOT_CONFIG: Final = Path("/boot/firmware/config.txt")
_NUMBERED: Final = ("ttyUSB", "ttyACM")
_PEER: Final = struct.Struct("3i")
"""struct ucred of unix(7): process, user, group."""


def ports(settings: Settings, say: Say = ENGLISH) -> list[Finding]:
    """Look at every port of the settings."""
    findings: list[Finding] = []
    for name, port in settings.ports.items():
        if isinstance(port, GpioPort):
            findings += pins(name, port, say)
        elif isinstance(port, OsdpPort | SerialLockPort):
            findings += serial_port(name, port.path, say, agent_pid(settings.socket_path))
    if any(isinstance(port, PcscPort) for port in settings.ports.values()):
        findings.append(card_service(say))
    return findings


def serial_port(
    name: str, path: str, say: Say = ENGLISH, agent: int | None = None
) -> list[Finding]:
    """Look at one serial port."""
    check = f"port {name}"
    there = adapters()
    others = ", ".join(one.name for one in there) or "-"
    try:
        node = resolve(path)
    except SerialNameError as error:
        return [say(check, "port_missing", path=str(error), name=name, others=others)]
    if not Path(node).exists():
        return [say(check, "port_missing", path=path, name=name, others=others)]
    if not os.access(node, os.R_OK | os.W_OK):
        return [say(check, "port_rights", path=path)]
    holder = holder_of(node, agent)
    if holder:
        return [say(check, "port_held", path=path, holder=holder)]
    numbered = not path.lower().startswith(USB) and Path(path).name.startswith(_NUMBERED)
    better = next((one.name for one in there if one.node == node), "/dev/serial/by-id/...")
    if numbered and not path.startswith("/dev/serial/"):
        return [say(check, "port_unstable", path=path, better=better)]
    return [say(check, "port_ok", path=path if node == path else f"{path} = {node}")]


def agent_pid(path: Path) -> int | None:
    """The process that serves the agent's socket, as the kernel has it; None if nobody does."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(1)
            line.connect(str(path))
            told = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    except OSError:
        return None
    pid: int = _PEER.unpack(told)[0]
    return pid


def holder_of(node: str, agent: int | None = None, proc: Path = PROC) -> str:
    """Name a program beside the agent that has a device open, as far as we may look; else empty."""
    real = os.path.realpath(node)
    for process in proc.glob("[0-9]*"):
        if int(process.name) in (os.getpid(), agent):
            continue
        try:
            held = any(os.path.realpath(one) == real for one in (process / "fd").iterdir())
            if not held:
                continue
            words = (process / "cmdline").read_bytes().split(b"\0")
            command = b" ".join(words).decode("utf-8", "replace")
        except OSError:
            continue  # gone meanwhile, or another user's
        return f"{process.name} {command.strip()[:60]}"
    return ""


def card_service(say: Say = ENGLISH, opener: Callable[[], Pcsc] | None = None) -> Finding:
    """Ask the card service for its readers."""
    from edge.drivers.pcsc_api import PcscCause, PcscError, open_pcsc

    try:
        pcsc = (opener or open_pcsc)()
        context = pcsc.establish()
        try:
            readers = pcsc.readers(context)
        finally:
            pcsc.release(context)
        if not readers:
            raise PcscError(PcscCause.NO_READER, "SCardListReaders")
    except PcscError as error:
        code = f"pcsc_{error.cause.value}"
        if say.words.has(f"{code}.found"):
            return say("card service", code)
        return say("card service", "pcsc_failed", cause=error.cause.value)
    return say("card service", "pcsc_ok", count=len(readers))


def pins(name: str, port: GpioPort, say: Say = ENGLISH) -> list[Finding]:
    """Look at the chip and the libraries, and read the wiring back to the electrician."""
    check = f"port {name}"
    chips = sorted(DEV.glob("gpiochip*")) if port.chip is None else [DEV / f"gpiochip{port.chip}"]
    there = [chip for chip in chips if chip.exists()]
    found = ", ".join(map(str, there))
    if not there:
        findings = [say(check, "pins_missing", name=name)]
    elif not any(os.access(chip, os.R_OK | os.W_OK) for chip in there):
        findings = [say(check, "pins_rights", chips=found)]
    else:
        findings = [say(check, "pins_ok", chips=found)]
    missing = ", ".join(one for one in ("gpiozero", "lgpio") if find_spec(one) is None)
    code = "libraries_missing" if missing else "libraries_ok"
    findings.append(say(f"{check} libraries", code, missing=missing))
    config = BOOT_CONFIG.read_text(encoding="utf-8") if BOOT_CONFIG.is_file() else ""
    for board in port.boards:
        outputs = [(f"output {n}", one.pin, one.label) for n, one in enumerate(board.outputs)]
        inputs = [(f"input {n}", one.pin, one.label) for n, one in enumerate(board.inputs)]
        wiring = ", ".join(
            f"{what} = GPIO{pin}" + (f" ({label})" if label else "")
            for what, pin, label in (*outputs, *inputs)
        )
        at = f"{check} board {board.address}"
        findings.append(say(at, "wiring", wiring=wiring))
        findings += [
            say(
                f"{at} output {number}",
                "boots_on",
                pin=one.pin,
                level="dl" if one.active == "high" else "dh",
                config=BOOT_CONFIG,
            )
            for number, one in enumerate(board.outputs)
            if boots_on(one, config)
        ]
    return findings
