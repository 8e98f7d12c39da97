"""Tables of PINs: credentials, where each is placed, what digits a door has seen, links."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, column, func
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from hub.database.columns import Closed, UtcDateTime, id_text, json_document
from hub.database.tables import belongs_to, town_table, unique
from hub.pins.placement import PlacementEvent, PlacementState

pin_credentials: Final = town_table(
    "pin_credentials",
    Column("id", id_text(), primary_key=True),
    Column("booking_id", id_text(), nullable=False),
    Column("holder_id", id_text(), nullable=False),
    Column("person_id", id_text()),
    Column("sealed", LargeBinary, nullable=False),
    Column("digits", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    unique("holder_id"),
)
"""One PIN for all doors of a booking's holder. `sealed` is AES-GCM bound to this row; `digits` is
how many, never which."""
Index("ix_pin_credentials_booking", pin_credentials.c.town_id, pin_credentials.c.booking_id)
Index("ix_pin_credentials_person", pin_credentials.c.town_id, pin_credentials.c.person_id)

pin_placements: Final = town_table(
    "pin_placements",
    Column("credential_id", id_text(), primary_key=True),
    Column("door_id", id_text(), primary_key=True),
    Column("grant_id", id_text(), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("state", Closed(PlacementState), nullable=False),
    Column("problems", json_document(), nullable=False),
    Column("wanted_version", BigInteger),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("placed_at", UtcDateTime),
    belongs_to("credential_id", "pin_credentials", ondelete="CASCADE"),
    belongs_to("door_id", "doors"),
    unique("grant_id"),
)
"""A credential at a door, with the grant that lets it in there: its id and its effective window,
which stands nowhere else. `wanted_version` is the policy version of the
door's controller that put or dropped its entries last: only a digest of it or later confirms."""
_of = pin_placements.c
Index("ix_pin_placements_door", _of.town_id, _of.door_id, _of.state)
Index("ix_pin_placements_starts", _of.town_id, _of.state, _of.starts_at)
Index("ix_pin_placements_ends", _of.town_id, _of.state, _of.ends_at)

placement_history: Final = town_table(
    "placement_history",
    Column("seq", BigInteger, primary_key=True),
    Column("credential_id", id_text(), nullable=False),
    Column("door_id", id_text(), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("event", Closed(PlacementEvent), nullable=False),
    Column("state", Closed(PlacementState), nullable=False),
    Column("cause", String(120), nullable=False),
)
"""Everything that happened to a placement, with its cause: who asked, or which policy version."""
Index(
    "ix_placement_history_of",
    placement_history.c.town_id,
    placement_history.c.credential_id,
    placement_history.c.door_id,
)

pin_reservations: Final = town_table(
    "pin_reservations",
    Column("id", id_text(), primary_key=True),
    Column("credential_id", id_text(), nullable=False),
    Column("door_id", id_text(), nullable=False),
    Column("blind", String(64), nullable=False),
    Column("digits", Integer, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("reserved_until", UtcDateTime, nullable=False),
    Column("retired_at", UtcDateTime),
    ExcludeConstraint(
        (column("town_id"), "="),
        (column("door_id"), "="),
        (column("blind"), "="),
        (func.tstzrange(column("starts_at"), column("reserved_until")), "&&"),
        using="gist",
        name="ex_pin_reservations_once",
    ).ddl_if(dialect="postgresql"),
)
"""Digits that a door knows, by keyed blind index, from the start of the effective window until 30
days after its end; retired once the credential has other digits or is revoked. On PostgreSQL the
exclusion constraint refuses an overlap, on SQLite the one writer looks before it writes."""
Index(
    "ix_pin_reservations_blind",
    pin_reservations.c.town_id,
    pin_reservations.c.door_id,
    pin_reservations.c.blind,
)
Index(
    "ix_pin_reservations_credential", pin_reservations.c.town_id, pin_reservations.c.credential_id
)

pin_links: Final = town_table(
    "pin_links",
    Column("id", id_text(), primary_key=True),
    Column("booking_id", id_text(), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("cookie_hash", String(64)),
    unique("token_hash"),
    unique("cookie_hash"),
)
"""Links that show a booking and its PIN: the token once, then the cookie it was exchanged for."""
Index("ix_pin_links_booking", pin_links.c.town_id, pin_links.c.booking_id)
