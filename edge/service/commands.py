"""Remote unlock: received, committed, acted upon once, and answered by what the door did."""

from __future__ import annotations

from typing import Final

from edge.core.clock_now import ClockNow
from edge.core.commands import decide_command
from edge.ports import CommandArrived, CommandRefused, NewEvent
from edge.service.acts import Acts
from edge.service.memory import Memory
from edge.service.recorder import Recorder
from wire.events import (
    ActOutcome,
    CommandReceivedBody,
    CommandResultBody,
    EventKind,
    Observed,
)
from wire.messages import Command
from wire.policy_bodies import OnJournalFailure
from wire.reasons import Outcome, Reason

_MS: Final = 1_000_000


class Commands:
    """Handles the commands the session passes on."""

    def __init__(self, memory: Memory, recorder: Recorder, acts: Acts) -> None:
        self._memory = memory
        self._recorder = recorder
        self._acts = acts

    def run(self, arrived: CommandArrived, now: ClockNow) -> None:
        """Run a command, or refuse it by name."""
        command = arrived.command
        reason = decide_command(command, arrived.at_ns, self._memory.circumstances(now))
        if reason is not Reason.REMOTE_UNLOCK:
            self._answer(command, reason, now)
            return
        act_id = self._acts.new_id()
        if not self._recorder.commit([_received(command, act_id)], now):
            rule = self._memory.index.doors[command.door].on_journal_failure
            if rule is OnJournalFailure.DENY:
                self._answer(command, Reason.JOURNAL_FAILED, now)
                return
            self._recorder.hold([_received(command, act_id)], now)
        self._acts.release(
            act_id,
            command.door,
            command.pulse_ms,
            now,
            command_id=command.command_id,
            deadline_ns=arrived.at_ns + command.life_ms * _MS,
        )

    def refused(self, refused: CommandRefused, now: ClockNow) -> None:
        """The session refused one. A repeated one is counted only: its first run has a result, and
        a second result would overwrite it."""
        self._memory.counters[f"command_refused.{refused.cause}"] += 1
        if refused.cause == "session":
            self._answer(refused.command, Reason.COMMAND_SESSION, now)

    def _answer(self, command: Command, reason: Reason, now: ClockNow) -> None:
        """Journal a command that moves nothing, with its result."""
        outcome, observed = ActOutcome.REFUSED, Observed.NOTHING
        if reason is Reason.COMMAND_EXPIRED:
            outcome = ActOutcome.EXPIRED
        elif reason.outcome is Outcome.GRANT:  # driven open already
            outcome, observed = self._as_it_stands(command.door)
        result = CommandResultBody(
            command_id=command.command_id,
            door=command.door,
            outcome=outcome,
            reason=reason,
            observed=observed,
        )
        events = [_received(command, None), NewEvent(EventKind.COMMAND_RESULT, result)]
        self._recorder.record(events, now)

    def _as_it_stands(self, door_id: str) -> tuple[ActOutcome, Observed]:
        door = self._memory.doors[door_id]
        observed = door.observed()
        if observed is not Observed.NOTHING:
            return ActOutcome.DONE, observed
        if door.body.bolt is None and door.body.contact is None:
            return ActOutcome.DONE, Observed.OUTPUT_ON
        return ActOutcome.OUTCOME_UNKNOWN, Observed.NOTHING


def _received(command: Command, act_id: str | None) -> NewEvent:
    body = CommandReceivedBody(
        command_id=command.command_id,
        door=command.door,
        action=command.action,
        actor=command.actor,
        act=act_id,
    )
    return NewEvent(EventKind.COMMAND_RECEIVED, body)
