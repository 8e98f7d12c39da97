"""SQL of commands, mode orders and emergencies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.commands.modes import ModeOrder
from hub.commands.states import CommandState
from hub.commands.tables import EmergencyKind, door_commands, emergencies, mode_orders
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from wire.events import Observed
from wire.policy_bodies import DoorMode
from wire.reasons import Reason


@dataclass(frozen=True, slots=True)
class DoorCommand:
    """A remote unlock and what is known of it."""

    id: str
    door_id: str
    controller_id: str
    session: str
    pulse_ms: int
    actor: str
    reason: str
    state: CommandState
    observed: Observed | None
    cause: Reason | None
    sent_at: datetime
    expires_at: datetime
    received_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A mode order, and what the door reported of it."""

    id: str
    order_no: int
    door_id: str
    mode: DoorMode
    reason: str
    actor: str
    ordered_at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None
    emergency_id: str | None
    applied_at: datetime | None
    ended_at: datetime | None

    @property
    def order(self) -> ModeOrder:
        """The same as the rules of modes see it."""
        return ModeOrder(self.id, self.mode, self.order_no, self.expires_at)


@dataclass(frozen=True, slots=True)
class Emergency:
    """One order to many doors: of a site, of an area, or of the whole town; of shelters alone, or
    of all."""

    id: str
    kind: EmergencyKind
    site_id: str | None
    area: str
    shelters_only: bool
    reason: str
    actor: str
    ordered_at: datetime
    ended_at: datetime | None


# --- commands ------------------------------------------------------------------------------------


def command(scope: Scope, command_id: str) -> DoorCommand | None:
    """Give a command."""
    query = scope.select(door_commands).where(door_commands.c.id == command_id)
    return as_one(DoorCommand, scope.one(query))


def add_command(scope: Scope, made: DoorCommand) -> None:
    """Insert a command."""
    names = DoorCommand.__dataclass_fields__
    scope.insert(door_commands, {name: getattr(made, name) for name in names})


def set_command(scope: Scope, command_id: str, **changed: Any) -> None:
    """Write what was learnt of a command."""
    scope.update(door_commands, changed, door_commands.c.id == command_id)


def silent_commands(scope: Scope, expired_before: datetime) -> tuple[DoorCommand, ...]:
    """Give the commands whose life ended before that instant and that have no outcome."""
    t = door_commands
    open_states = [CommandState.SENT, CommandState.RECEIVED]
    query = scope.select(t).where(t.c.state.in_(open_states), t.c.expires_at < expired_before)
    return as_all(DoorCommand, scope.all(query))


def commands_of_door(scope: Scope, door_id: str, limit: int) -> tuple[DoorCommand, ...]:
    """Give a door's last commands, the newest first."""
    t = door_commands
    query = scope.select(t).where(t.c.door_id == door_id).order_by(t.c.sent_at.desc(), t.c.id)
    return as_all(DoorCommand, scope.all(query.limit(limit)))


# --- modes ---------------------------------------------------------------------------------------


def standing(scope: Scope, door_ids: Iterable[str], now: datetime) -> list[OrderRow]:
    """Give the orders that stand at doors: neither withdrawn nor expired."""
    t = mode_orders
    query = scope.select(t).where(
        t.c.door_id.in_(sorted(door_ids)),
        t.c.withdrawn_at.is_(None),
        sa.or_(t.c.expires_at.is_(None), t.c.expires_at > now),
    )
    return list(as_all(OrderRow, scope.all(query.order_by(t.c.order_no))))


def add_order(scope: Scope, made: OrderRow) -> OrderRow:
    """Insert an order with the town's next number, and give it."""
    numbered = replace(made, order_no=scope.take_numbers("mode_orders")[0])
    names = OrderRow.__dataclass_fields__
    scope.insert(mode_orders, {name: getattr(numbered, name) for name in names})
    return numbered


def withdraw(scope: Scope, order_ids: Sequence[str], now: datetime) -> None:
    """Take orders away."""
    scope.update(mode_orders, {"withdrawn_at": now}, mode_orders.c.id.in_(list(order_ids)))


def order_by_number(scope: Scope, door_id: str, order_no: int) -> OrderRow | None:
    """Give an order by its number, if it is that door's."""
    t = mode_orders
    query = scope.select(t).where(t.c.order_no == order_no, t.c.door_id == door_id)
    return as_one(OrderRow, scope.one(query))


def set_order(scope: Scope, order_id: str, **changed: Any) -> None:
    """Write what a door reported of an order."""
    scope.update(mode_orders, changed, mode_orders.c.id == order_id)


# --- emergencies ---------------------------------------------------------------------------------


def add_emergency(scope: Scope, made: Emergency) -> None:
    """Insert an emergency."""
    names = Emergency.__dataclass_fields__
    scope.insert(emergencies, {name: getattr(made, name) for name in names})


def emergency(scope: Scope, emergency_id: str) -> Emergency | None:
    """Give an emergency."""
    query = scope.select(emergencies).where(emergencies.c.id == emergency_id)
    return as_one(Emergency, scope.one(query))


def end_emergency(scope: Scope, emergency_id: str, now: datetime) -> None:
    """Write down that an emergency is over."""
    scope.update(emergencies, {"ended_at": now}, emergencies.c.id == emergency_id)


def open_emergencies(scope: Scope) -> tuple[Emergency, ...]:
    """Give the emergencies that are not over, the newest first."""
    t = emergencies
    query = scope.select(t).where(t.c.ended_at.is_(None)).order_by(t.c.ordered_at.desc())
    return as_all(Emergency, scope.all(query))


def orders_of_emergency(scope: Scope, emergency_id: str) -> tuple[OrderRow, ...]:
    """Give what an emergency ordered, door by door."""
    t = mode_orders
    query = scope.select(t).where(t.c.emergency_id == emergency_id).order_by(t.c.order_no)
    return as_all(OrderRow, scope.all(query))
