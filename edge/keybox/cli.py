"""`kagimori-edge keybox sync`, `status`, `clock` and `firmware`: at a box, with a ticket; and
`provision`: at the bench, with a blank one.

They speak to the running agent, whose loop journals what is read. Progress goes to stderr, the
result to stdout. Exit codes: 0 ok, 1 failed, 2 usage, 3 partly: some records could not be read.
"""

from __future__ import annotations

import argparse
import base64
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from edge.control_socket import Request, ask_agent
from edge.keybox.orders import Errand, VisitOrder, VisitReport, VisitState
from edge.settings import Settings

OK, FAILED, PARTLY = 0, 1, 3
_LOOK_S: Final = 0.1

REMEDIES: Final = {
    "no_answer": "Is the cable in, is it the right port, has the box a battery? Try again",
    "another_device": "This ticket is for another box: look at the label",
    "bad_proof": "The box does not know this ticket: its secrets were changed. Fetch a new ticket",
    "bad_day": "The ticket is of another day, or older than one it has taken. Fetch today's",
    "try_later": "Too many wrong tickets were shown to this box. Wait a minute",
    "blank": "This box has no secret yet: it must be provisioned at the bench",
    "bad_device_proof": "What answers is not this box. Take it away and tell the office",
    "no_session": "The box was not open any more. Try again",
    "session_gone": "The box started anew meanwhile. Try again",
    "log_changed": "The box began a new log meanwhile. Try again",
    "storage": "The box cannot write to its memory: it needs repair",
    "bad_signature": "The box does not take this firmware: it is not signed for it",
    "too_old": "The box has a newer firmware or secret already",
    "journal_full": "The laptop's journal is full: connect it to the hub first",
    "cancelled": "The agent was stopped. Start it and try again",
}
_REMEDY: Final = "Try again; if that does not help, tell the office what stands here"


class TicketFileError(Exception):
    """A ticket or firmware file that cannot be read; the text says what to do."""


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Put `keybox` and what belongs to it among the commands."""
    text = "visit a key box with a ticket"
    keybox = commands.add_parser("keybox", help=text, description=__doc__)
    errands = keybox.add_subparsers(required=True, metavar="ERRAND")
    for errand, text in (
        (Errand.SYNC, "read its log, set its clock, bring it what the hub sends along"),
        (Errand.STATUS, "how it stands; changes nothing"),
        (Errand.CLOCK, "set its clock"),
        (Errand.FIRMWARE, "send it a firmware"),
    ):
        sub = errands.add_parser(errand.value, parents=[shared], help=text, description=text)
        sub.add_argument("--port", required=True, metavar="PORT", help="/dev/ttyUSB0")
        sub.add_argument("--ticket", required=True, type=Path, metavar="FILE")
        if errand is Errand.FIRMWARE:
            sub.add_argument("image", type=Path, metavar="IMAGE")
        elif errand is Errand.SYNC:
            sub.add_argument("--image", type=Path, metavar="IMAGE", help="send a firmware as well")
        sub.set_defaults(command=_command(errand))
    text = "make a blank box or lock somebody, at the bench; needs no agent and no settings"
    sub = errands.add_parser("provision", parents=[shared], help=text, description=text)
    sub.add_argument("--port", required=True, metavar="PORT", help="/dev/ttyUSB0")
    sub.add_argument("file", type=Path, metavar="FILE", help="as the hub gave it")
    sub.set_defaults(alone=_provision)


def _command(errand: Errand) -> Callable[[Settings, argparse.Namespace], int]:
    return lambda settings, options: visit(settings, options, errand)


def _provision(options: argparse.Namespace) -> int:
    from edge.agent_log import configure_log
    from edge.keybox import bench
    from firmware_bridge.keybox.provisioning import ProvisioningError
    from firmware_bridge.serial_link import PortError

    configure_log()  # to stderr: it opens the port itself
    try:
        message = bench.read_bench_file(options.file)
        made = bench.provision_at(options.port, message)
    except (bench.BenchFileError, PortError) as error:
        print(f"kagimori-edge: {error}", file=sys.stderr)
        return FAILED
    except ProvisioningError as error:
        remedy = bench.REMEDIES.get(error.cause, _REMEDY)
        print(f"kagimori-edge: {error.cause}. {remedy}", file=sys.stderr)
        return FAILED
    device = str(uuid.UUID(bytes=made.device))
    if options.json:
        print(msgspec.json.encode({"device": device, "kind": int(message.kind)}).decode())
    else:
        print(f"provisioned  {device}")
        print("now delete the file; the device's own secrets come with its first ticket")
    return OK


def visit(settings: Settings, options: argparse.Namespace, errand: Errand) -> int:
    """Order a visit, follow it to its end, and say what it came to."""
    image: Path | None = getattr(options, "image", None)
    try:
        order = VisitOrder(
            errand=errand,
            port=options.port,
            ticket=_read(options.ticket).decode("utf-8", "replace"),
            image=None if image is None else base64.b64encode(_read(image)).decode(),
        )
    except TicketFileError as error:
        print(f"kagimori-edge: {error}", file=sys.stderr)
        return FAILED
    state = _follow(settings, order)
    report = state.report or VisitReport()
    if options.json:
        print(msgspec.json.encode({"cause": state.cause, "report": report}).decode())
    elif report.box is not None:
        _print(report)
    if state.cause is not None:
        remedy = REMEDIES.get(state.cause, _REMEDY)
        print(f"kagimori-edge: {state.cause}. {remedy}", file=sys.stderr)
        return FAILED
    if not _did(errand, report):
        return FAILED
    return PARTLY if report.lost else OK


def _did(errand: Errand, report: VisitReport) -> bool:
    """Whether what was asked for by name was done; why not stands in `skipped`."""
    if errand is Errand.CLOCK:
        return report.clock_set
    if errand is Errand.FIRMWARE:
        return report.firmware_sent is not None and "firmware_not_started" not in report.skipped
    return True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TicketFileError(f"{path}: {error.strerror or error}") from error


def _follow(settings: Settings, order: VisitOrder) -> VisitState:
    path = settings.socket_path
    state = _state(ask_agent(path, Request("visit", visit=order)))
    shown = 0
    while True:
        for line in state.lines:
            print(line, file=sys.stderr)
        shown += len(state.lines)
        if state.over:
            return state
        time.sleep(_LOOK_S)
        state = _state(ask_agent(path, Request("visited", shown)))


def _state(answer: object) -> VisitState:
    return msgspec.convert(answer, VisitState)


def _print(report: VisitReport) -> None:
    box = report.box
    if box is None:
        return
    print(f"box        {box.device}  {box.kind}  firmware {box.firmware}")
    print(f"clock      {_clock(report)}")
    print(f"battery    {box.battery_mv} mV  {box.uses} uses")
    locked = f"  LOCKED OUT for {box.lockout_s} s" if box.lockout_s else ""
    print(f"tries      {box.tries_left} left{locked}")
    if box.inputs:
        print(f"inputs     {' '.join(box.inputs)}")
    lost = f"  {report.lost} LOST" if report.lost else ""
    print(f"log        {report.journaled} new of {box.log_next}{lost}")
    if report.cleared_through is not None:
        print(f"cleared    through {report.cleared_through}")
    if report.secret_installed:
        print("secrets    new ones installed")
    if report.firmware_sent is not None:
        print(f"firmware   {report.firmware_sent} sent")
    for reason in report.skipped:
        print(f"not done   {reason}")


def _clock(report: VisitReport) -> str:
    box = report.box
    if box is None or not box.clock_known:
        before = "had none"
    elif box.clock_offset_s is None:
        before = "not compared"
    else:
        before = f"was {box.clock_offset_s:+d} s off"
    return f"{before}, {'set' if report.clock_set else 'not set'}"
