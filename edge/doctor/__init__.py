"""`kagimori-edge doctor`: looks for what is wrong, and says in plain words what to do about it.

A check is a function of one file here that gives findings by code; `edge/words/doctor.toml` has the
words. May import the agent's shell but its loop. To add one: a function, its codes in the
catalogue, a line in `CHECKS`, a test for each code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from edge.doctor.agent_checks import running
from edge.doctor.broker_checks import broker
from edge.doctor.finding import Finding as Finding
from edge.doctor.finding import Say, speaker
from edge.doctor.identity_checks import identity
from edge.doctor.machine_checks import clock, disk, disk_errors, heat, power, unit
from edge.doctor.port_checks import ports
from edge.doctor.terminal_checks import terminal
from edge.settings import Settings
from edge.words import Language

CHECKS: Final[tuple[Callable[[Settings, Say], list[Finding]], ...]] = (
    identity,
    ports,
    clock,
    disk,
    lambda _settings, say: disk_errors(say),
    lambda _settings, say: power(say),
    lambda _settings, say: heat(say),
    lambda _settings, say: unit(say),
    broker,
    running,
    terminal,
)
_log = structlog.get_logger(__name__)


def examine(settings: Settings, language: Language | None = None) -> list[Finding]:
    """Look at everything; a check that fails hides no other."""
    say = speaker(language or settings.language)
    findings: list[Finding] = []
    for check in CHECKS:
        try:
            findings += check(settings, say)
        except Exception as error:
            _log.exception("check_failed")
            findings.append(Finding("doctor", False, repr(error), "", "check_failed"))
    return findings
