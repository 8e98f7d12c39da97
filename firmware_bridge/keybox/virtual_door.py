"""The bolt and the switches of a virtual device: releases, jams, doors forced or held open.

Knows nothing of codes or sessions; the rules are those of the reference firmware's `kb_door.c`, and
`test_twins.py` holds them to one another.
"""

from __future__ import annotations

from typing import Final

from firmware_bridge.keybox.codes import Driven, Input, Output, RecordKind

_MS: Final = 1_000_000
UNLOCK_MS: Final = 5_000
JAM_NS: Final = 1_500 * _MS
HELD_NS: Final = 300_000 * _MS

_EDGES: Final = {
    Input.KEY_ABSENT: (RecordKind.KEY_TAKEN, RecordKind.KEY_RETURNED),
    Input.TAMPER: (RecordKind.TAMPER, RecordKind.TAMPER_CLEARED),
    Input.MECHANICAL_KEY: (RecordKind.MECHANICAL_KEY, None),
    Input.REX: (RecordKind.REX, None),
}


class VirtualDoor:
    """`bolt_fitted`: the bolt has a switch, which follows the output; a `stuck` bolt does not."""

    def __init__(self, bolt_fitted: bool) -> None:
        self.bolt_fitted, self.stuck = bolt_fitted, False
        self.hands = Input(0)
        """The switches as people and things move them."""
        self.inputs = Input(0)
        self.outcome: Driven | None = Driven.DONE
        self._released = self._held = self._watching = False
        self._told_held = False
        self._driven_ns = self._until_ns = self._opened_ns = 0
        self._forgiven_ns: int | None = None

    @property
    def outputs(self) -> Output:
        """What the bolt is told."""
        if self._held:
            return Output.HELD
        return Output.RELEASED if self._released else Output(0)

    def start(self, now_ns: int) -> None:
        """Begin secured; what stands open was not opened now."""
        self._released = self._held = self._watching = self._told_held = False
        self._forgiven_ns, self._opened_ns, self.outcome = None, now_ns, Driven.DONE
        self.inputs = self._switches()

    def release(self, now_ns: int, pulse_ms: int) -> None:
        """Retract the bolt for a while; of two pulses the later end counts."""
        end_ns = now_ns + pulse_ms * _MS
        if not self._released or end_ns > self._until_ns:
            self._until_ns = end_ns
        self._drive(now_ns)
        self._forgive(self._until_ns + JAM_NS)

    def hold(self, now_ns: int) -> None:
        """Keep the bolt retracted."""
        self._held = True
        self._drive(now_ns)

    def secure(self, now_ns: int) -> None:
        """Let it go at once."""
        if self._released:  # whoever stands in the doorway is no burglar
            self._forgive(now_ns + JAM_NS)
        self._held = self._released = self._watching = False
        self.outcome = Driven.DONE

    def poll(self, now_ns: int) -> list[RecordKind]:
        """Let time pass and look at the switches; give what has happened, in the log's order."""
        if self._released and not self._held and now_ns >= self._until_ns:
            self._released = False
            if self._watching:
                self.outcome, self._watching = Driven.JAMMED, False
        events, jam = self._bolt(now_ns)
        before, self.inputs = self.inputs & ~Input.JAMMED, self._switches() | jam
        rose, fell = self._switches() & ~before, before & ~self._switches()
        if rose & Input.REX:  # the way out is never refused
            self.release(now_ns, UNLOCK_MS)
        events += self._leaf(now_ns, rose, fell)
        for which, (at_rise, at_fall) in _EDGES.items():
            if rose & which:
                events.append(at_rise)
            if fell & which and at_fall is not None:
                events.append(at_fall)
        return sorted(events)

    def due_ns(self) -> int | None:
        """When `poll` has something to do."""
        times = []
        if self._released and not self._held:
            times.append(self._until_ns)
        if self._watching:
            times.append(self._driven_ns + JAM_NS)
        if self.inputs & Input.LEAF and not self._held and not self._told_held:
            times.append(self._opened_ns + HELD_NS)
        return min(times, default=None)

    # --- inside ----------------------------------------------------------------------------------

    def _switches(self) -> Input:
        if not self.bolt_fitted:
            return self.hands
        back = self._released and not self.stuck
        return self.hands | Input.BOLT if back else self.hands & ~Input.BOLT

    def _drive(self, now_ns: int) -> None:
        if not self._released:
            self._driven_ns = now_ns
        self._released = True
        late = (
            not self._watching
            and bool(self.inputs & Input.JAMMED)
            and now_ns - self._driven_ns >= JAM_NS
        )
        back = bool(self.inputs & Input.BOLT)
        self._watching = self.bolt_fitted and not back and not late
        if late:
            self.outcome = Driven.JAMMED
        else:
            self.outcome = None if self._watching else Driven.DONE

    def _forgive(self, until_ns: int) -> None:
        self._forgiven_ns = max(self._forgiven_ns or 0, until_ns)

    def _bolt(self, now_ns: int) -> tuple[list[RecordKind], Input]:
        jam = self.inputs & Input.JAMMED
        if self._switches() & Input.BOLT:
            if self._watching:
                self.outcome, self._watching = Driven.DONE, False
            return ([RecordKind.JAM_CLEARED] if jam else []), Input(0)
        if self._watching and now_ns - self._driven_ns >= JAM_NS:
            self.outcome, self._watching = Driven.JAMMED, False
            return ([] if jam else [RecordKind.JAMMED]), Input.JAMMED
        return [], jam

    def _leaf(self, now_ns: int, rose: Input, fell: Input) -> list[RecordKind]:
        events: list[RecordKind] = []
        if rose & Input.LEAF:
            forgiven = self._forgiven_ns is not None and now_ns <= self._forgiven_ns
            keyed = bool(self.inputs & Input.MECHANICAL_KEY)
            events.append(RecordKind.OPENED)
            if not (self._released or keyed or forgiven):
                events.append(RecordKind.FORCED)
            self._opened_ns, self._told_held = now_ns, False
        if fell & Input.LEAF:
            events.append(RecordKind.CLOSED)
        is_open = self.inputs & Input.LEAF and not self._held and not self._told_held
        if is_open and now_ns - self._opened_ns >= HELD_NS:
            self._told_held = True
            events.append(RecordKind.HELD)
        return events
