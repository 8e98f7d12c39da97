"""What one peripheral is known for, so that an odd frame from its address can be judged.

A late answer and one that repeats itself are honest; a wrong proof counts only of a peripheral
that has proved its key before.
"""

from __future__ import annotations

from typing import Final

from firmware_bridge.osdp.attacks import AttackKind, AttackLog
from firmware_bridge.osdp.codes import Malformed
from firmware_bridge.osdp.config import SECOND
from firmware_bridge.osdp.framing import Frame

# How long after its time an answer may still come, and repeat itself.
_LATE_NS: Final = 1 * SECOND
_FORGERIES: Final = {
    Malformed.MAC: AttackKind.FORGED_REPLY,
    Malformed.CLEAR_TEXT: AttackKind.CLEAR_REPLY,
    Malformed.SECURITY_BLOCK: AttackKind.CLEAR_REPLY,
}


class Watch:
    """Judges the frames under one address."""

    __slots__ = ("_is_proved", "_last_answer", "_late_until_ns", "_log")

    def __init__(self, log: AttackLog) -> None:
        self._log = log
        self._is_proved = False
        self._late_until_ns = 0
        self._last_answer: Frame | None = None

    def proved(self) -> None:
        """The peripheral has proved its key."""
        self._is_proved = True

    def answered(self, frame: Frame) -> None:
        """An answer was taken."""
        self._last_answer = frame

    def timed_out(self, now_ns: int) -> None:
        """An answer did not come; it may yet."""
        self._late_until_ns = now_ns + _LATE_NS

    def explains(self, frame: Frame, now_ns: int) -> bool:
        """Whether an answer that nobody waits for is a late one, or the last one once more."""
        return now_ns < self._late_until_ns or frame == self._last_answer

    def out_of_turn(self, frame: Frame, now_ns: int) -> None:
        """A frame of this session with another sequence than was asked for."""
        if frame.has_mac and not self.explains(frame, now_ns):
            self._log.note(frame.address, AttackKind.REPLAYED_REPLY, frame.check, now_ns)

    def unreadable(self, frame: Frame, cause: Malformed, now_ns: int) -> None:
        """A frame in a session that the session does not allow."""
        kind = _FORGERIES.get(cause)
        if kind is not None:
            self._log.note(frame.address, kind, frame.check, now_ns)

    def session_refused(self, frame: Frame, now_ns: int) -> None:
        """A refusal in clear ended a session: honest once, not again and again."""
        self._log.note(frame.address, AttackKind.FORCED_RECONNECTS, None, now_ns)

    def not_proved(self, frame: Frame, kind: AttackKind | None, now_ns: int) -> None:
        """No key proved right in a whole round."""
        if self._is_proved and kind is not None:
            self._log.note(frame.address, kind, None, now_ns)
