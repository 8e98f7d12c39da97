"""Remote unlock: sent to the controller's present session, and followed until its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.audit.service import record
from hub.clock import Clock, Ids
from hub.commands import repository
from hub.commands.problems import COMMAND_ID_USED, CONTROLLER_OFFLINE, NO_STRIKE
from hub.commands.repository import DoorCommand
from hub.commands.states import CommandEvent, CommandState, advance
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.link.sessions import current_session
from hub.policy.outlet import Outlet
from hub.sites import repository as site_rows
from hub.sites.domain import Door, SiteState
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal
from wire.messages import MAX_LIFE_MS, Command, encode
from wire.topics import Channel

LIFE: Final = timedelta(milliseconds=MAX_LIFE_MS)
GRACE: Final = timedelta(seconds=5)
"""What a result may take after the command's life: the door's own time and the way back."""


def reachable_door(scope: Scope, who: Principal, door_id: str) -> Door:
    """Give a door in use at a site of the principal's; else the problem `not_found`."""
    found = site_rows.door(scope, door_id)
    if found is None or found.state is not SiteState.ACTIVE or not who.reaches(found.site_id):
        raise Problem(NOT_FOUND, "no such door")
    return found


@dataclass(frozen=True, slots=True)
class UnlockOrder:
    """What somebody asks for. The caller may choose the command's id: the same id is the same
    command, however often it is asked for."""

    door_id: str
    reason: str
    command_id: str | None = None


class CommandsService:
    """Sends commands and tells what became of them."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, outlet: Outlet) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._outlet = outlet

    def unlock(self, who: Principal, order: UnlockOrder) -> DoorCommand:
        """Send an unlock. Raises `controller_offline` where it would reach nobody."""
        command, new = self._db.write(lambda scope: self._prepare(scope, who, order))
        if not new:
            return command
        message = Command(
            command_id=command.id,
            session=command.session,
            sent_at=command.sent_at,
            door=command.door_id,
            action="unlock",
            pulse_ms=command.pulse_ms,
            life_ms=MAX_LIFE_MS,
            actor=command.actor,
            reason=command.reason,
        )
        if self._outlet.publish(command.controller_id, Channel.COMMANDS, encode(message)):
            return command
        self._db.write(lambda scope: _fail(scope, command, self._clock))
        raise Problem(CONTROLLER_OFFLINE, "the broker is away; nothing was sent")

    def get(self, who: Principal, command_id: str) -> DoorCommand:
        """Give a command of a door the principal may see; else `not_found`."""
        with self._db.read() as scope:
            found = repository.command(scope, command_id)
            if found is None:
                raise Problem(NOT_FOUND, "no such command")
            reachable_door(scope, who, found.door_id)
        return found

    def of_door(self, who: Principal, door_id: str, limit: int = 20) -> tuple[DoorCommand, ...]:
        """Give a door's last commands, the newest first."""
        with self._db.read() as scope:
            reachable_door(scope, who, door_id)
            return repository.commands_of_door(scope, door_id, limit)

    def _prepare(
        self, scope: Scope, who: Principal, order: UnlockOrder
    ) -> tuple[DoorCommand, bool]:
        door = reachable_door(scope, who, order.door_id)
        if order.command_id is not None:
            scope.lock(f"command:{order.command_id}")
            known = repository.command(scope, order.command_id)
            if known is not None:
                if known.door_id != door.id or known.actor != who.id:
                    raise Problem(COMMAND_ID_USED, "that id names another command")
                return known, False
        if door.strike is None:
            raise Problem(NO_STRIKE, "no strike is wired at this door")
        session = current_session(scope, door.controller_id)
        if session is None or self._outlet.seems_offline(door.controller_id):
            raise Problem(CONTROLLER_OFFLINE, "the door's controller is not connected")
        now = self._clock.now()
        command = DoorCommand(
            id=order.command_id or self._ids.new(),
            door_id=door.id,
            controller_id=door.controller_id,
            session=session,
            pulse_ms=door.unlock_ms,
            actor=who.id,
            reason=order.reason,
            state=CommandState.SENT,
            observed=None,
            cause=None,
            sent_at=now,
            expires_at=now + LIFE,
            received_at=None,
            ended_at=None,
        )
        repository.add_command(scope, command)
        record(scope, now, who, "door.unlock_sent", ("door", door.id), {"command": command.id})
        return command, True


def _fail(scope: Scope, command: DoorCommand, clock: Clock) -> None:
    repository.set_command(scope, command.id, state=CommandState.FAILED, ended_at=clock.now())


class CommandExpiry:
    """A chore: whatever was not answered in its life is unknown, and is never sent again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def is_due(self, scope: Scope) -> bool:
        """Tell whether a command's life is over without an outcome."""
        return bool(repository.silent_commands(scope, self._clock.now() - GRACE))

    def run(self, scope: Scope) -> None:
        """Say so."""
        now = self._clock.now()
        for command in repository.silent_commands(scope, now - GRACE):
            state = advance(command.state, CommandEvent.LIFE_OVER)
            repository.set_command(scope, command.id, state=state, ended_at=now)
