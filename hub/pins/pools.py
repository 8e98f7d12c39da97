"""SQL of doors' pools of standing codes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.pins.placement import PlacementState
from hub.pins.tables import pin_credentials, pin_placements, pin_pools, standing_codes


@dataclass(frozen=True, slots=True)
class Pool:
    """How many standing codes a door is to hold, and for how many days each is good."""

    door_id: str
    size: int
    life_days: int


@dataclass(frozen=True, slots=True)
class StandingCode:
    """One code of a pool with its placement. Whose it is: nobody's until `pulled_at`; then `opened`
    is the window that the door had proven when it was pulled."""

    credential_id: str
    door_id: str
    booking_id: str | None
    holder_id: str | None
    digits: int
    window: tuple[datetime, datetime]
    state: PlacementState
    made_at: datetime
    pulled_at: datetime | None
    opened: tuple[datetime, datetime] | None
    held_until: datetime | None

    @property
    def is_proven(self) -> bool:
        """Whether the door has proven that it holds it."""
        return self.state in (PlacementState.PLACED, PlacementState.ACTIVE)


def pools(scope: Scope, door_ids: Collection[str] | None = None) -> list[Pool]:
    """Give the pools of all doors, or of these."""
    t = pin_pools
    statement = scope.select(t.c.door_id, t.c.size, t.c.life_days).order_by(t.c.door_id)
    if door_ids is not None:
        statement = statement.where(t.c.door_id.in_(list(door_ids)))
    return [Pool(row.door_id, row.size, row.life_days) for row in scope.all(statement)]


def hold(scope: Scope, door_ids: Iterable[str]) -> None:
    """Let nobody else fill, turn over or pull from these doors' pools until the transaction ends:
    a code that is replaced must not be pulled meanwhile. All that it needs at once, or two could
    wait for one another."""
    for door_id in sorted(set(door_ids)):
        scope.lock(f"pin-pool:{door_id}")


def keep(scope: Scope, pool: Pool, now: datetime) -> None:
    """Set a door's pool."""
    values = {"door_id": pool.door_id, "size": pool.size, "life_days": pool.life_days}
    scope.upsert(pin_pools, {**values, "changed_at": now}, key=("door_id",))


def drop(scope: Scope, door_id: str) -> None:
    """A door is to hold no standing codes any more."""
    scope.delete(pin_pools, pin_pools.c.door_id == door_id)


def add(scope: Scope, credential_id: str, door_id: str, now: datetime) -> None:
    """Put a code into a door's pool."""
    row = {"credential_id": credential_id, "door_id": door_id, "made_at": now}
    scope.insert(standing_codes, row)


def mark_pulled(
    scope: Scope, credential_id: str, now: datetime, opened: tuple[datetime, datetime]
) -> None:
    """Note when a code was pulled, and the window that its door had proven."""
    values = {"pulled_at": now, "pulled_from": opened[0], "pulled_until": opened[1]}
    scope.update(standing_codes, values, standing_codes.c.credential_id == credential_id)


def of_door(scope: Scope, door_id: str, now: datetime) -> list[StandingCode]:
    """Give the living codes of a door's pool, pulled or not, the oldest first."""
    return _living(scope, now, standing_codes.c.door_id == door_id)


def of_booking(scope: Scope, booking_id: str, now: datetime) -> list[StandingCode]:
    """Give the living codes that a booking pulled."""
    return _living(scope, now, pin_credentials.c.booking_id == booking_id)


def is_unpulled(scope: Scope, credential_id: str) -> bool:
    """Tell whether a credential is a code of a pool that was never given to anybody."""
    t = standing_codes
    return bool(
        scope.scalar(
            scope.select(sa.func.count()).where(
                t.c.credential_id == credential_id, t.c.pulled_at.is_(None)
            )
        )
    )


def _living(scope: Scope, now: datetime, *conditions: sa.ColumnElement[bool]) -> list[StandingCode]:
    s, c, p = standing_codes, pin_credentials.c, pin_placements.c
    rows: Sequence[Any] = scope.all(
        scope.select(
            s,
            c.booking_id,
            c.holder_id,
            c.digits,
            p.starts_at,
            p.ends_at,
            p.state,
            p.held_until,
        )
        .select_from(s)
        .join(pin_credentials, c.id == s.c.credential_id)
        .join(
            pin_placements,
            sa.and_(p.credential_id == s.c.credential_id, p.door_id == s.c.door_id),
        )
        .where(c.revoked_at.is_(None), p.ends_at > now, *conditions)
        .order_by(s.c.made_at, s.c.credential_id)
    )
    return [
        StandingCode(
            credential_id=row.credential_id,
            door_id=row.door_id,
            booking_id=row.booking_id,
            holder_id=row.holder_id,
            digits=row.digits,
            window=(row.starts_at, row.ends_at),
            state=row.state,
            made_at=row.made_at,
            pulled_at=row.pulled_at,
            opened=(row.pulled_from, row.pulled_until) if row.pulled_at else None,
            held_until=row.held_until,
        )
        for row in rows
    ]
