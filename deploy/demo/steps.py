"""Tells a story step by step: each told once, with what was seen; the first failure ends it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Detail: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One step as it came out."""

    step: str
    ok: bool
    detail: Detail

    def as_json(self) -> str:
        """Give the step as one JSON line."""
        line = {"step": self.step, "ok": self.ok, "detail": self.detail}
        return json.dumps(line, ensure_ascii=False)


class StepFailedError(Exception):
    """What was seen is not what the step promises."""


def expect(holds: bool, otherwise: str) -> None:
    """Raise `StepFailedError` unless it holds."""
    if not holds:
        raise StepFailedError(otherwise)


def tell(steps: list[tuple[str, Callable[[], Detail]]], say: Callable[[Told], None]) -> bool:
    """Take the steps in order and say each; give whether all of them held.

    What is left after a failure is said too, as not reached: every story has the same lines.
    """
    holds = True
    for name, take in steps:
        if not holds:
            say(Told(name, False, {"why": "not reached"}))
            continue
        began = time.monotonic()
        try:
            detail = take()
        except Exception as error:  # a step fails for whatever reason: said, never raised
            holds = False
            say(Told(name, False, {"why": f"{type(error).__name__}: {error}"}))
            continue
        say(Told(name, True, {**detail, "took_ms": round((time.monotonic() - began) * 1000)}))
    return holds
