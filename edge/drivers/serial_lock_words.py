"""A lock's words and the loop's: notices to presentations and device events, acts to requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.core.model import (
    Act,
    ActFinished,
    BatteryRead,
    Feedback,
    InputChanged,
    JamChanged,
    KeysPressed,
    OutputChanged,
    OutputMode,
    PowerChanged,
    Source,
    TamperChanged,
)
from edge.ports import Incoming
from firmware_bridge.keybox.answers import Drove
from firmware_bridge.keybox.codes import Driven, Input, Signalled
from firmware_bridge.keybox.host_events import (
    Finished,
    Outcome,
    cause_name,
)
from firmware_bridge.keybox.notices import (
    BatteryNotice,
    InputsNotice,
    KeysNotice,
    LoggedNotice,
    Notice,
)
from firmware_bridge.keybox.requests import Hold, Release, Request, SecureBolt
from wire.events import ActOutcome, Observed

CHANNELS: Final = (Input.LEAF, Input.BOLT, Input.REX, Input.MECHANICAL_KEY)
"""The inputs of a lock as the policy counts them: 0 leaf, 1 bolt, 2 REX, 3 mechanical key."""
_LONGEST_MS: Final = 300_000
_NOTHING: Final = Input(0)

SIGNALS: Final = {
    Feedback.GRANTED: Signalled.GRANTED,
    Feedback.DENIED: Signalled.DENIED,
    Feedback.KEY: Signalled.KEY,
    Feedback.LOCKED_OUT: Signalled.LOCKED_OUT,
    Feedback.WAITING: Signalled.BUSY,
    Feedback.BUSY: Signalled.BUSY,
    Feedback.IDLE: Signalled.IDLE,
}


@dataclass(slots=True)
class LockWords:
    """Translates what one lock tells. `opened` forgets what it knew: the first notice of a session
    tells states, no happenings."""

    device: str
    _inputs: Input | None = None
    _outputs: bool | None = None
    _told: Input = _NOTHING
    """Tamper, jam and supply as last told: they outlive a session."""

    def opened(self) -> None:
        """A session has begun."""
        self._inputs = self._outputs = None

    def hear(self, notice: Notice, at_ns: int) -> list[Incoming]:
        """Give what a notice means, in order."""
        match notice:
            case InputsNotice():
                return self._states(notice, at_ns)
            case KeysNotice():
                return [KeysPressed(Source(self.device), notice.keys, at_ns)]
            case BatteryNotice():
                return [
                    BatteryRead(
                        self.device,
                        notice.battery_mv,
                        at_ns,
                        notice.temperature_dc,
                        notice.uses,
                    )
                ]
            case LoggedNotice():
                return []

    def _states(self, notice: InputsNotice, at_ns: int) -> list[Incoming]:
        before, self._inputs = self._inputs, notice.inputs
        on, was_on = bool(notice.outputs), self._outputs
        self._outputs = on
        items: list[Incoming] = [
            InputChanged(
                Source(self.device, channel), bool(notice.inputs & which), at_ns, before is None
            )
            for channel, which in enumerate(CHANNELS)
            if before is None or (before ^ notice.inputs) & which
        ]
        if on != was_on:
            items.append(OutputChanged(Source(self.device), on, at_ns))
        return items + self._conditions(notice.inputs, at_ns)

    def _conditions(self, inputs: Input, at_ns: int) -> list[Incoming]:
        changed, self._told = self._told ^ inputs, inputs
        items: list[Incoming] = []
        if changed & Input.TAMPER:
            items.append(TamperChanged(self.device, bool(inputs & Input.TAMPER), at_ns))
        if changed & Input.JAMMED:
            items.append(JamChanged(self.device, bool(inputs & Input.JAMMED), at_ns))
        if changed & Input.SUPPLY_LOW:
            items.append(PowerChanged(self.device, bool(inputs & Input.SUPPLY_LOW), at_ns))
        return items


def request_for(act: Act) -> Request:
    """Give the request of an act."""
    match act.mode:
        case OutputMode.PULSE:
            return Release(min(max(act.pulse_ms, 1), _LONGEST_MS))
        case OutputMode.ON:
            return Hold()
        case OutputMode.OFF:
            return SecureBolt()


def finished_act(act: Act, done: Finished, at_ns: int) -> ActFinished:
    """Give what became of an act; once it was on the wire and unanswered, nobody knows."""
    if done.outcome is Outcome.DONE and isinstance(done.answer, Drove):
        if done.answer.outcome is Driven.JAMMED:
            return ActFinished(act.act, ActOutcome.FAILED, at_ns, detail="jammed")
        on = act.mode is not OutputMode.OFF
        observed = Observed.OUTPUT_ON if on else Observed.NOTHING
        return ActFinished(act.act, ActOutcome.DONE, at_ns, observed)
    if done.outcome is Outcome.EXPIRED:
        return ActFinished(act.act, ActOutcome.EXPIRED, at_ns)
    if done.outcome is Outcome.REFUSED:
        cause = "refused" if done.cause is None else cause_name(done.cause)
        return ActFinished(act.act, ActOutcome.REFUSED, at_ns, detail=cause)
    outcome = ActOutcome.OUTCOME_UNKNOWN if done.sent else ActOutcome.FAILED
    return ActFinished(act.act, outcome, at_ns, detail=done.outcome.value)
