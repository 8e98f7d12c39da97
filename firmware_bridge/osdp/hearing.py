"""What a panel hears on its line: frames, broken bytes, and what should never have come.

Broken bytes are counted and dropped, attacks are told apart from them (`attacks.py`), and both are
reported now and then.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from firmware_bridge.osdp.attacks import AttackKind, AttackLog
from firmware_bridge.osdp.codes import Malformed
from firmware_bridge.osdp.config import Timing
from firmware_bridge.osdp.events import AttackSeen, BusEvent, BytesDropped
from firmware_bridge.osdp.followups import NEVER_NS
from firmware_bridge.osdp.framing import Decoder, Frame

_BROKEN: Final = (
    Malformed.NOISE,
    Malformed.LENGTH,
    Malformed.CHECK,
    Malformed.SECURITY_BLOCK,
    Malformed.TRUNCATED,
)


class Hearing:
    """The receiving half of one line."""

    def __init__(self, timing: Timing) -> None:
        self.attacks = AttackLog()
        self._timing = timing
        self._decoder = Decoder()
        self._last_byte_ns = 0
        self._broken_before = 0
        self._reported: Counter[Malformed] = Counter()
        self._report_ns = 0

    @property
    def malformed(self) -> Counter[Malformed]:
        """Dropped input by cause; whoever drops something counts it here."""
        return self._decoder.malformed

    @property
    def is_waiting(self) -> bool:
        """Whether the beginning of a frame waits for its end."""
        return self._decoder.is_waiting

    @property
    def fragment_ns(self) -> int:
        """When the line has been silent too long for a frame to go on."""
        return self._last_byte_ns + self._timing.character_gap_ns

    @property
    def is_spoilt(self) -> bool:
        """Whether bytes came since `listen` that were no frame."""
        return self._broken() != self._broken_before

    def listen(self) -> None:
        """A call goes out: what was heard before it is no answer."""
        self._decoder.clear()
        self._broken_before = self._broken()

    def clear(self) -> None:
        """The line is another one: what was heard is worth nothing."""
        self._decoder.clear()

    def take(self, received: bytes, now_ns: int) -> list[Frame]:
        """The frames that are whole now. A start byte in noise does not hide a frame for long."""
        frames: list[Frame] = []
        if received:
            self._last_byte_ns = now_ns
            broken = self.malformed[Malformed.CHECK]
            frames = self._decoder.feed(received)
            if self.malformed[Malformed.CHECK] != broken:
                self.attacks.noise(now_ns)
        if self.is_waiting and now_ns >= self.fragment_ns:
            frames += self._decoder.give_up()
        return frames

    def refuse(self, frame: Frame, cause: Malformed, kind: AttackKind | None, now_ns: int) -> None:
        """Drops a frame; `kind` where nothing honest explains it."""
        self.malformed[cause] += 1
        if kind is not None:
            self.attacks.note(frame.address, kind, frame.check, now_ns)

    def reports(self, now_ns: int) -> list[BusEvent]:
        """What is to be told now of dropped bytes and of attacks."""
        told: list[BusEvent] = []
        if now_ns >= self._report_ns and self.malformed != self._reported:
            fresh = self.malformed - self._reported
            self._reported = self.malformed.copy()
            self._report_ns = now_ns + self._timing.malformed_report_ns
            told.append(BytesDropped(tuple(sorted(fresh.items()))))
        return told + [AttackSeen(*attack) for attack in self.attacks.due(now_ns)]

    @property
    def wake_ns(self) -> int:
        """When there is something to do without new bytes."""
        fragment_ns = self.fragment_ns if self.is_waiting else NEVER_NS
        report_ns = self._report_ns if self.malformed != self._reported else NEVER_NS
        return min(fragment_ns, report_ns, self.attacks.wake_ns)

    def _broken(self) -> int:
        return sum(self.malformed[cause] for cause in _BROKEN)
