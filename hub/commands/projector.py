"""What doors report of commands and modes, out of the events."""

from __future__ import annotations

from typing import Final

from hub.commands import repository
from hub.commands.repository import DoorCommand
from hub.commands.states import BY_OUTCOME, CommandEvent, CommandState, advance
from hub.database.scope import Scope
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Projector
from hub.sites import repository as site_rows
from wire.events import (
    CommandReceivedBody,
    CommandResultBody,
    EventKind,
    ModeEventBody,
    Observed,
)
from wire.reasons import Reason


def project(scope: Scope, event: ProjectedEvent) -> None:
    """Take in one event. A controller can say nothing of another's commands or doors; the first
    result it gives of a command is the last."""
    match event.body:
        case CommandReceivedBody(command_id=command_id, act=act):
            if act is not None:  # one that moves nothing is told by the result beside it
                _learn(scope, event, command_id, CommandEvent.RECEIVED)
        case CommandResultBody() as body:
            _learn(scope, event, body.command_id, BY_OUTCOME[body.outcome], body)
        case ModeEventBody() as body:
            _mode(scope, event, body)
        case _:
            return


def _learn(
    scope: Scope,
    event: ProjectedEvent,
    command_id: str,
    learnt: CommandEvent,
    result: CommandResultBody | None = None,
) -> None:
    command = repository.command(scope, command_id)
    if command is None or command.controller_id != event.controller:
        return
    if command.observed is not None or _is_of_a_copy(command, result):
        return
    if learnt is CommandEvent.DONE and result and result.observed is Observed.NOTHING:
        learnt = CommandEvent.OUTCOME_UNKNOWN  # done needs the bolt, the contact or the output
    state = advance(command.state, learnt)
    if state is command.state and state is not CommandState.UNKNOWN:
        return
    at = event.corrected_at
    changed: dict[str, object] = {"state": state}
    if result is None:
        changed["received_at"] = at
    else:
        changed |= {"observed": result.observed, "cause": result.reason, "ended_at": at}
        changed["received_at"] = command.received_at or at
    repository.set_command(scope, command_id, **changed)


def _is_of_a_copy(command: DoorCommand, result: CommandResultBody | None) -> bool:
    """Tell whether a refusal is that of a copy, brought into a later session while the command
    itself was taken up: what became of that is still to be told."""
    refused = result is not None and result.reason is Reason.COMMAND_SESSION
    return refused and command.received_at is not None


def _mode(scope: Scope, event: ProjectedEvent, body: ModeEventBody) -> None:
    door = site_rows.door(scope, body.door)
    order = repository.order_by_number(scope, body.door, body.order)
    if order is None or door is None or door.controller_id != event.controller:
        return
    if event.kind is EventKind.MODE_APPLIED:
        repository.set_order(scope, order.id, applied_at=event.corrected_at)
    else:
        repository.set_order(scope, order.id, ended_at=event.corrected_at)


PROJECTOR: Final = Projector(
    name="commands",
    kinds=frozenset(
        {
            EventKind.COMMAND_RECEIVED,
            EventKind.COMMAND_RESULT,
            EventKind.MODE_APPLIED,
            EventKind.MODE_ENDED,
        }
    ),
    project=project,
)
