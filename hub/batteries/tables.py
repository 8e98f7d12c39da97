"""Tables of batteries. Readings, states, forecasts and inferred changes follow from raw events;
profiles and recorded changes are people's, and outlast a replay."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String

from hub.batteries.domain import ChemistryKind, HeardBy, WhyNot
from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import town_table, unique

battery_profiles: Final = town_table(
    "battery_profiles",
    Column("device_id", id_text(), primary_key=True),
    Column("chemistry", Closed(ChemistryKind), nullable=False),
    Column("cells", Integer, nullable=False),
    Column("cutoff_mv", Integer, nullable=False),
    Column("heartbeat_s", Integer, nullable=False),
    Column("heard_by", Closed(HeardBy), nullable=False),
)
"""What a device runs on (`domain.Profile`). `device_id` need be no row of `devices`."""

battery_readings: Final = town_table(
    "battery_readings",
    Column("id", BigInteger, primary_key=True),
    Column("device_id", id_text(), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("millivolts", Integer, nullable=False),
    Column("temperature_dc", Integer),
    Column("uses", BigInteger),
    Column("controller_id", id_text(), nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("boot", String(36), nullable=False),
    Column("mono_ns", BigInteger, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
)
"""Raw readings; `id` is the raw event's, so that none can be there twice. `at` is the best time
known, never after the hub received it; an anchor may better it while it is not `trusted`."""
Index(
    "ix_battery_readings_device",
    battery_readings.c.town_id,
    battery_readings.c.device_id,
    battery_readings.c.at,
)
Index(
    "ix_battery_readings_boot",
    battery_readings.c.town_id,
    battery_readings.c.controller_id,
    battery_readings.c.boot,
)

battery_changes: Final = town_table(
    "battery_changes",
    Column("id", id_text(), primary_key=True),
    Column("device_id", id_text(), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("inferred", Boolean, nullable=False),
    Column("by", String(120)),
    Column("chemistry", Closed(ChemistryKind)),
    Column("note", String(200), nullable=False),
    Column("recorded_at", UtcDateTime),
    unique("device_id", "at", "inferred"),
)
"""New cells: recorded by somebody, or inferred from a jump of the voltage."""

battery_states: Final = town_table(
    "battery_states",
    Column("device_id", id_text(), primary_key=True),
    Column("touched", BigInteger, nullable=False),
    Column("at", UtcDateTime),
    Column("millivolts", Integer),
    Column("temperature_dc", Integer),
    Column("uses", BigInteger),
    Column("controller_id", id_text()),
    Column("reading_id", BigInteger),
    Column("low_since", UtcDateTime),
)
"""The newest reading of a device, since when it is low, and a number that moves with whatever a
forecast stands on."""

battery_forecasts: Final = town_table(
    "battery_forecasts",
    Column("device_id", id_text(), primary_key=True),
    Column("touched", BigInteger, nullable=False),
    Column("as_of", UtcDateTime),
    Column("since", UtcDateTime),
    Column("readings", Integer, nullable=False),
    Column("median", UtcDateTime),
    Column("earliest", UtcDateTime),
    Column("latest", UtcDateTime),
    Column("left", Float),
    Column("why_not", Closed(WhyNot)),
    Column("course", Structured(tuple[tuple[int, int], ...]), nullable=False),
)
"""The forecast of a device as of `touched`; one that is behind its state is made anew."""
