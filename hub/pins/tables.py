"""Tables of PINs: credentials, where each is placed, what digits a door has seen, links."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    column,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from hub.database.columns import Closed, Structured, UtcDateTime, id_text, json_document
from hub.database.tables import belongs_to, town_table, unique
from hub.pins.placement import PlacementEvent, PlacementState


class PinVariant(StrEnum):
    """What a PIN is to its holder."""

    ORDINARY = "ordinary"
    DURESS = "duress"
    """Opens as the ordinary one does, and raises a silent alarm."""
    STANDING = "standing"
    """One of a door's pool: nobody's until a booking pulls it while the door is away."""


pin_credentials: Final = town_table(
    "pin_credentials",
    Column("id", id_text(), primary_key=True),
    Column("variant", Closed(PinVariant), nullable=False),
    Column("booking_id", id_text()),
    Column("holder_id", id_text()),
    Column("person_id", id_text()),
    Column("visit_id", id_text()),
    Column("visitor_id", id_text()),
    Column("escorts", Structured(tuple[str, ...]), nullable=False),
    Column("escort_s", Integer, nullable=False),
    Column("daily", Boolean, nullable=False),
    Column("max_uses", Integer),
    Column("sealed", LargeBinary, nullable=False),
    Column("digits", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)
"""One PIN for all doors of a booking's holder, and beside it, where wanted, the one that is typed
under duress. `sealed` is AES-GCM bound to this row; `digits` is how many, never which. A standing
code has neither booking nor holder until it is pulled. A visitor's has a visit in place of both;
with `escorts` it opens only within `escort_s` after one of them, a `daily` one on each day only
between the hours of its window's ends."""
Index(
    "uq_pin_credentials_holder",
    pin_credentials.c.town_id,
    pin_credentials.c.holder_id,
    pin_credentials.c.variant,
    unique=True,
    sqlite_where=text("variant <> 'standing'"),
    postgresql_where=text("variant <> 'standing'"),
)
Index("ix_pin_credentials_booking", pin_credentials.c.town_id, pin_credentials.c.booking_id)
Index("ix_pin_credentials_visit", pin_credentials.c.town_id, pin_credentials.c.visit_id)
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
    Column("old_digits_since", UtcDateTime),
    Column("held_until", UtcDateTime),
    belongs_to("credential_id", "pin_credentials", ondelete="CASCADE"),
    belongs_to("door_id", "doors"),
    unique("grant_id"),
)
"""A credential at a door, with the grant that lets it in there: its id and its effective window,
which stands nowhere else. `wanted_version` is the policy version of the
door's controller that put or dropped its entries last: only a digest of it or later confirms.
`old_digits_since`: other digits were given then and the door has not proven that it holds them, so
that the old ones may open; `held_until`: the latest end of a window that the door may hold beside
the one that is wanted. Both are NULL once it has proven what is wanted."""
_of = pin_placements.c
Index("ix_pin_placements_door", _of.town_id, _of.door_id, _of.state)
Index("ix_pin_placements_starts", _of.town_id, _of.state, _of.starts_at)
Index(
    "ix_pin_placements_left",
    _of.town_id,
    _of.door_id,
    sqlite_where=text("held_until IS NOT NULL"),
    postgresql_where=text("held_until IS NOT NULL"),
)
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
    Column("duress", Boolean, nullable=False),
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

pin_pools: Final = town_table(
    "pin_pools",
    Column("door_id", id_text(), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("life_days", Integer, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    belongs_to("door_id", "doors"),
)
"""Doors that hold standing codes, for when their controller is away: how many, and for how long
each is good."""

standing_codes: Final = town_table(
    "standing_codes",
    Column("credential_id", id_text(), primary_key=True),
    Column("door_id", id_text(), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("pulled_at", UtcDateTime),
    Column("pulled_from", UtcDateTime),
    Column("pulled_until", UtcDateTime),
    belongs_to("credential_id", "pin_credentials", ondelete="CASCADE"),
    belongs_to("door_id", "doors"),
)
"""The codes of doors' pools. Once pulled, the credential is the booking's; `pulled_from` and
`pulled_until` are the window that the door had proven by then: it opens through all of it until the
door has proven the booking's own."""
Index("ix_standing_codes_door", standing_codes.c.town_id, standing_codes.c.door_id)
