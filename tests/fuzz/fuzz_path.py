"""The whole way from a driver's word to the bolt: a loop with its journal takes what a script of
bytes makes drivers say. Nothing opens but by the one right entry, and nothing unexpected is raised.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Final

from edge.agent_log import configure_log
from edge.core.model import CardFailed, CardPresented, InputChanged, KeysPressed, Source
from tests.edge.conftest import DEVICE, PIN, HandTime, Town, made_id
from tests.edge.service.conftest import Rig
from tests.fuzz.osdp_scripts import Script
from tests.fuzz.target import PythonTarget
from wire.policy_bodies import Assurance

_MAX_STEPS: Final = 24
_TIMEOUT_S: Final = 10
_ASSURANCES: Final = tuple(Assurance)
_NAMESPACES: Final = ("uid", "idm", "", "x" * 99)


class Op(IntEnum):
    """What a driver says next."""

    KEYS = 0
    CARD = 1
    FAILED = 2
    INPUT = 3
    WAIT = 4
    STALE_KEYS = 5
    OTHER_DEVICE = 6


@cache
def _rig() -> Rig:
    """One loop for all scripts of a process: starting one costs more than a script."""
    configure_log()
    shared = Path("/dev/shm")  # in memory where that is possible
    folder = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    rig = Rig(folder / "edge.sqlite3", HandTime(), Town()).usual()
    rig.policy(rig.town.pin(PIN, made_id(64)), rig.town.grant(made_id(65), credential=made_id(64)))
    return rig


def one_presentation(data: bytes) -> None:
    """Whatever drivers say, the door opens exactly as often as the PIN stood alone between two
    confirm keys, typed without a pause."""
    rig, script = _rig(), Script(data)
    rig.time.go(2 * _TIMEOUT_S)
    rig.site.advance(rig.time.mono)
    rig.loop.tick()
    rig.parts.memory.budgets.clear()
    rig.parts.memory.collectors.clear()
    acts, errors = len(rig.site.acts()), rig.parts.memory.counters["internal_errors"]
    standing, exact = "", 0
    for _ in range(_MAX_STEPS):
        step = script.bytes(1)
        if not step:
            break
        op = step[0] % len(Op)
        if op == Op.WAIT:
            rig.time.go(_TIMEOUT_S + 1)
            standing = ""
            continue
        if op == Op.KEYS:
            keys = script.block().decode("latin-1")
            for key in keys:
                exact += key == "#" and standing == PIN
                standing = standing + key if key in "0123456789" else ""
            rig.loop.handle(KeysPressed(Source(DEVICE), keys, rig.time.mono))
        else:
            standing = "" if op == Op.STALE_KEYS else standing
            rig.loop.handle(_said(Op(op), script, rig.time.mono))
        rig.parts.memory.budgets.clear()
        rig.settle()
    journal = rig.journal.journal
    journal.offer(journal.last_seq)
    journal.acknowledge(journal.epoch, journal.last_seq)
    assert rig.parts.memory.counters["internal_errors"] == errors
    moved = sum(act.pulse_ms > 0 for act in rig.site.acts()[acts:])
    assert moved == exact, (moved, exact)


def _said(op: Op, script: Script, at_ns: int) -> object:
    source = Source(DEVICE)
    match op:
        case Op.CARD:
            namespace = _NAMESPACES[script.byte() % len(_NAMESPACES)]
            assurance = _ASSURANCES[script.byte() % len(_ASSURANCES)]
            return CardPresented(source, namespace, b"\xff" + script.block(), assurance, at_ns)
        case Op.FAILED:
            return CardFailed(source, script.block().decode("latin-1"), at_ns)
        case Op.INPUT:
            return InputChanged(Source(DEVICE, 20 + script.byte() % 8), bool(script.byte()), at_ns)
        case Op.STALE_KEYS:
            return KeysPressed(source, script.block().decode("latin-1"), at_ns, stale=True)
        case _:
            keys = script.block().decode("latin-1")
            return KeysPressed(Source("x" * script.byte(), script.byte()), keys, at_ns)


TARGETS: Final = [
    PythonTarget("path_presentations", one_presentation, "tests.fuzz.fuzz_path", "edge", 400)
]
