"""Tables of commands, mode orders and emergencies."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String

from hub.commands.states import CommandState
from hub.database.columns import Closed, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from wire.events import Observed
from wire.policy_bodies import DoorMode
from wire.reasons import Reason


class EmergencyKind(StrEnum):
    """What an emergency does to its doors."""

    OPEN = "open"
    LOCKDOWN = "lockdown"


door_commands: Final = town_table(
    "door_commands",
    Column("id", id_text(), primary_key=True),
    Column("door_id", id_text(), nullable=False),
    Column("controller_id", id_text(), nullable=False),
    Column("session", String(32), nullable=False),
    Column("pulse_ms", Integer, nullable=False),
    Column("actor", id_text(), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("state", Closed(CommandState), nullable=False),
    Column("observed", Closed(Observed)),
    Column("cause", Closed(Reason)),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    belongs_to("door_id", "doors"),
)
"""Remote unlocks. `observed` is what bolt or door contact saw, `cause` the controller's reason."""
Index(
    "ix_door_commands_open",
    door_commands.c.town_id,
    door_commands.c.state,
    door_commands.c.expires_at,
)
Index(
    "ix_door_commands_door",
    door_commands.c.town_id,
    door_commands.c.door_id,
    door_commands.c.sent_at,
)

emergencies: Final = town_table(
    "emergencies",
    Column("id", id_text(), primary_key=True),
    Column("kind", Closed(EmergencyKind), nullable=False),
    Column("site_id", id_text()),
    Column("area", String(80), nullable=False),
    Column("shelters_only", Boolean, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("actor", id_text(), nullable=False),
    Column("ordered_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
)
"""One order to many doors: of a site, of an area, or without either of the whole town."""

mode_orders: Final = town_table(
    "mode_orders",
    Column("id", id_text(), primary_key=True),
    Column("order_no", BigInteger, nullable=False),
    Column("door_id", id_text(), nullable=False),
    Column("mode", Closed(DoorMode), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("actor", id_text(), nullable=False),
    Column("ordered_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("withdrawn_at", UtcDateTime),
    Column("emergency_id", id_text()),
    Column("applied_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    unique("order_no"),
    belongs_to("door_id", "doors"),
    belongs_to("emergency_id", "emergencies"),
)
"""Orders, kept for ever. One stands while it is not withdrawn and not expired; `applied_at` and
`ended_at` are what the door reported."""
Index(
    "ix_mode_orders_door", mode_orders.c.town_id, mode_orders.c.door_id, mode_orders.c.withdrawn_at
)
