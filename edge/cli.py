"""`kagimori-edge`: `run`, `status`, `journal`, `doctor`, `test`, `fire`, `shelter`, `osdp`,
`keybox`.

`run` imports nothing but what the agent needs. Exit codes: 0 ok, 1 failed, 2 usage, 3 partly.
"""

# ruff: noqa: E402  structlog has to be imported light, before whatever imports it
from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.light_start import few_arenas, give_back, import_light

import_light()

from edge.control_socket import AgentAbsentError, Request, ask_agent
from edge.keybox.cli import add_commands
from edge.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from edge.agent import Agent
    from edge.service_manager import ServiceManager

DEFAULT_SETTINGS: Final = Path("/etc/kagimori/edge.toml")
OK, FAILED, PARTLY = 0, 1, 3
TEST_S: Final = 30
_LOOK_S: Final = 0.25
_STDERR: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.alone is not None:
            return int(options.alone(options))
        settings = load_settings(options.settings)
        return int(options.command(settings, options))
    except (SettingsError, AgentAbsentError) as error:
        print(f"kagimori-edge: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kagimori-edge", description=__doc__)
    parser.set_defaults(alone=None)  # what runs on a computer that is no controller
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--settings", "--config", type=Path, default=DEFAULT_SETTINGS, metavar="FILE"
    )
    shared.add_argument("--json", action="store_true", help="one JSON document on stdout")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, text in (
        ("run", _run, "serve the doors until stopped"),
        ("status", _status, "how the running agent stands"),
        ("journal", _journal, "the newest events of the running agent"),
        ("doctor", _doctor, "look for what is wrong, and say what to do"),
        ("test", _test, "watch a door's contact while somebody opens and closes it"),
        ("fire", _fire, "forget what the fire alarm releases and the policy no longer has"),
        ("shelter", _shelter, "open the doors of a shelter now, without any network"),
    ):
        sub = commands.add_parser(name, parents=[shared], help=text, description=text)
        sub.set_defaults(command=command)
        if name == "journal":
            sub.add_argument("-n", "--count", type=int, default=20, metavar="EVENTS")
        if name == "test":
            sub.add_argument("door", metavar="DOOR", help="its id, as `status` shows it")
        if name == "doctor":
            sub.add_argument("--lang", choices=("ja", "ja-easy", "en"), help="default: settings")
        if name == "status":
            sub.add_argument("--watch", action="store_true", help="show it again each second")
        if name == "fire":
            sub.add_argument("what", choices=["forget"])
        if name == "shelter":
            sub.add_argument("what", choices=["open", "close"])
    _add_osdp(commands, shared)
    add_commands(commands, shared)
    return parser


def _add_osdp(commands: Any, shared: argparse.ArgumentParser) -> None:
    text = "give an OSDP device its key; be at the device"
    osdp = commands.add_parser("osdp", help=text, description=text)
    acts = osdp.add_subparsers(required=True, metavar="ACT")
    install = acts.add_parser(
        "install", parents=[shared], help="let a new device take its key, for a while"
    )
    install.add_argument("device", metavar="DEVICE")
    install.add_argument("--seconds", type=int, default=60)
    rekey = acts.add_parser(
        "rekey", parents=[shared], help="move a device to the policy's key over the secured line"
    )
    rekey.add_argument("device", metavar="DEVICE")
    install.set_defaults(command=_osdp, ask="osdp_install")
    rekey.set_defaults(command=_osdp, ask="osdp_rekey", seconds=0)


def _osdp(settings: Settings, options: argparse.Namespace) -> int:
    request = Request(options.ask, device=options.device, seconds=options.seconds)
    answer = ask_agent(settings.socket_path, request)
    if options.json:
        _print_json({"answer": answer})
    else:
        print(answer)
    return OK


def _run(settings: Settings, _options: argparse.Namespace) -> int:
    import faulthandler

    from edge.agent_log import lost_exceptions_logged

    few_arenas()
    from edge.bootstrap import build
    from edge.service_manager import ServiceManager, systemd_notifier
    from edge.words import Words

    words = Words("status", settings.language)
    manager = ServiceManager(systemd_notifier(), words, Path(settings.data_dir))
    manager.starting()
    agent = build(settings)
    with suppress(OSError):  # the watchdog's SIGABRT shows where each thread stood
        faulthandler.enable(_STDERR)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with lost_exceptions_logged():
        return _serve(agent, manager, stopping)


def _serve(agent: Agent, manager: ServiceManager, stopping: threading.Event) -> int:
    try:
        agent.start()
        give_back()
        manager.ready(agent)
        print(f"kagimori-edge: controller {agent.controller_id} serves", file=sys.stderr)
        lives = manager.serve(agent, stopping)
        manager.stopping()
        return OK if lives else FAILED
    except TimeoutError:
        print("kagimori-edge: the journal cannot be opened; see the log", file=sys.stderr)
        return FAILED
    finally:
        agent.stop()


def _status(settings: Settings, options: argparse.Namespace) -> int:
    from edge.status_watch import show_status

    show_status(settings, watch=options.watch, as_json=options.json)
    return OK


def _journal(settings: Settings, options: argparse.Namespace) -> int:
    rows = ask_agent(settings.socket_path, Request("journal", options.count))
    if options.json:
        _print_json(rows)
        return OK
    for row in rows:
        event = row["event"]
        if "gap" in event:
            print(f"{row['seq']:>8}  gap {event['gap']}  {event['reason']}")
            continue
        body = " ".join(f"{key}={value}" for key, value in event["body"].items())
        print(f"{row['seq']:>8}  {event['at']}  {event['kind']:<18} {body}")
    return OK


def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    from edge.doctor import examine
    from edge.words import Language, Words

    language = settings.language if options.lang is None else Language(options.lang)
    findings = examine(settings, language)
    bad = sum(not finding.ok for finding in findings)
    if options.json:
        _print_json(findings)
        return FAILED if bad else OK
    words = Words("doctor", language)
    for finding in findings:
        mark = words("title.well" if finding.ok else "title.look")
        print(f"{'  ' if finding.ok else '! '}[{mark}] {finding.check}: {finding.detail}")
        if finding.remedy:
            print(f"      -> {finding.remedy}")
    print(words("title.some" if bad else "title.all_well", bad=bad, count=len(findings)))
    return FAILED if bad else OK


def _test(settings: Settings, options: argparse.Namespace) -> int:
    path, door = settings.socket_path, options.door
    refused = ask_agent(path, Request("test", door=door))["refused"]
    if refused:
        print(f"kagimori-edge: {door}: {refused}", file=sys.stderr)
        return FAILED
    print(f"Open the door and close it again, within {TEST_S} s.", file=sys.stderr)
    result = ask_agent(path, Request("tested", door=door))
    seen_open = False
    while result["passed"] is None:
        if result["seen_open"] and not seen_open:
            seen_open = True
            print("Seen open. Now close it.", file=sys.stderr)
        time.sleep(_LOOK_S)
        result = ask_agent(path, Request("tested", door=door))
    if options.json:
        _print_json({"door": door, "passed": result["passed"], "cause": result["cause"]})
    else:
        print("passed" if result["passed"] else f"FAILED: {result['cause']}")
    return OK if result["passed"] else FAILED


def _fire(settings: Settings, options: argparse.Namespace) -> int:
    answer = ask_agent(settings.socket_path, Request("fire-forget"))
    if options.json:
        _print_json(answer)
    else:
        print(f"{answer['forgotten']} strikes forgotten")
    return OK


def _shelter(settings: Settings, options: argparse.Namespace) -> int:
    answer = ask_agent(settings.socket_path, Request(f"shelter-{options.what}"))
    if options.json:
        _print_json(answer)
    elif options.what == "close":
        print("closed, save what an order, a schedule or a fire alarm holds open")
    for door in () if options.json else answer["doors"]:
        print(f"open {door}")
    if options.what == "open" and not answer["doors"]:
        print("no door of this controller is a shelter's", file=sys.stderr)
        return FAILED
    return OK


def _print_json(value: Any) -> None:
    print(msgspec.json.encode(value).decode())


if __name__ == "__main__":
    sys.exit(main())
