"""The questions that a panel asks of its own accord: states after a connect or a command."""

from __future__ import annotations

from typing import Final

from firmware_bridge.osdp.codes import CapabilityCode, OutputControl
from firmware_bridge.osdp.commands import (
    AskInputs,
    AskLocalStatus,
    AskOutputs,
    AskReaders,
    Command,
    SetOutput,
)
from firmware_bridge.osdp.config import MS
from firmware_bridge.osdp.replies import Capabilities

NEVER_NS: Final = 1 << 62
_TIMED: Final = frozenset({OutputControl.ON_TIMED, OutputControl.OFF_TIMED})
_SETTLE_NS: Final = 50 * MS


class FollowUps:
    """Questions with the time from which they may be asked."""

    __slots__ = ("_capabilities", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Command]] = []
        self._capabilities = Capabilities()

    @property
    def due_ns(self) -> int:
        """When the next question wants to be asked."""
        return min((due for due, _ in self._waiting), default=NEVER_NS)

    def take(self, now_ns: int) -> Command | None:
        """The next question that is due."""
        for item in self._waiting:
            if item[0] <= now_ns:
                self._waiting.remove(item)
                return item[1]
        return None

    def clear(self) -> None:
        """Forgets all questions."""
        self._waiting.clear()

    def learn(self, capabilities: Capabilities) -> None:
        """Keeps what the peripheral has, so that only what exists is asked for."""
        self._capabilities = capabilities

    def after_connect(self, now_ns: int) -> None:
        """Every state that the peripheral can report, once."""
        self._waiting.append((now_ns, AskLocalStatus()))
        if self._has(CapabilityCode.CONTACT_STATUS):
            self._waiting.append((now_ns, AskInputs()))
        self._ask_outputs(now_ns)
        if self._has(CapabilityCode.READERS):
            self._waiting.append((now_ns, AskReaders()))

    def after_output(self, command: SetOutput, now_ns: int) -> None:
        """The outputs now and, for a timed setting, when its time has passed."""
        self._ask_outputs(now_ns)
        if command.control in _TIMED:
            self._ask_outputs(now_ns + command.time_100ms * 100 * MS + _SETTLE_NS)

    def _ask_outputs(self, due_ns: int) -> None:
        if self._has(CapabilityCode.OUTPUT_CONTROL):
            self._waiting.append((due_ns, AskOutputs()))

    def _has(self, function: CapabilityCode) -> bool:
        return self._capabilities.count(function) > 0
