"""SQL of which digits each door knows: by keyed blind index, once at a time and not again for 30
days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from hub.clock import Ids
from hub.database.errors import OverlapError
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.pins.guess_risk import EARLY_GRACE, LivePin
from hub.pins.tables import pin_reservations
from wire.identity import uuid_bytes

NO_REUSE: Final = timedelta(days=30)


class PinTakenError(Exception):
    """Another credential has these digits at one of the doors, at that time or within 30 days."""


class Reservations:
    """Keeps PINs apart at each door."""

    def __init__(self, ids: Ids, keys: HubKeys) -> None:
        self._ids = ids
        self._keys = keys

    def is_taken(
        self,
        scope: Scope,
        doors: Iterable[str],
        digits: str,
        window: tuple[datetime, datetime],
        but_not_by: str = "",
    ) -> bool:
        """Tell whether another credential (or this one, earlier and retired) has these digits at
        one of the doors within the window or 30 days of it."""
        t = pin_reservations
        start, until = window[0], window[1] + NO_REUSE
        same = [
            sa.and_(t.c.door_id == door, t.c.blind == self._blind(door, digits)) for door in doors
        ]
        own = sa.and_(t.c.credential_id == but_not_by, t.c.retired_at.is_(None))
        statement = scope.select(sa.func.count()).where(
            sa.or_(sa.false(), *same),
            sa.not_(own),
            t.c.starts_at < until,
            t.c.reserved_until > start,
        )
        return bool(scope.scalar(statement))

    def reserve(
        self,
        scope: Scope,
        credential_id: str,
        doors: Sequence[str],
        digits: str,
        window: tuple[datetime, datetime],
        *,
        duress: bool = False,
    ) -> None:
        """Take digits at doors; raise `PinTakenError`, nothing taken, if one has them."""
        if self.is_taken(scope, doors, digits, window, credential_id):
            raise PinTakenError
        rows = [
            {
                "id": self._ids.new(),
                "credential_id": credential_id,
                "door_id": door,
                "blind": self._blind(door, digits),
                "digits": len(digits),
                "starts_at": window[0],
                "ends_at": window[1],
                "reserved_until": window[1] + NO_REUSE,
                "duress": duress,
            }
            for door in doors
        ]
        try:
            with scope.savepoint():
                scope.insert(pin_reservations, rows)
        except OverlapError as error:  # somebody was quicker, in a transaction unseen so far
            raise PinTakenError from error

    def move(self, scope: Scope, credential_id: str, window: tuple[datetime, datetime]) -> None:
        """Move a credential's digits to another window; raise `PinTakenError`, nothing moved, if
        they would collide there."""
        t = pin_reservations
        own = sa.and_(t.c.credential_id == credential_id, t.c.retired_at.is_(None))
        other = t.alias()
        collides = scope.scalar(
            scope.select(sa.func.count())
            .select_from(
                t.join(other, sa.and_(t.c.door_id == other.c.door_id, t.c.blind == other.c.blind))
            )
            .where(
                own,
                other.c.id != t.c.id,
                other.c.starts_at < window[1] + NO_REUSE,
                other.c.reserved_until > window[0],
            )
        )
        if collides:
            raise PinTakenError
        values = {
            "starts_at": window[0],
            "ends_at": window[1],
            "reserved_until": window[1] + NO_REUSE,
        }
        try:
            with scope.savepoint():
                scope.update(t, values, own)
        except OverlapError as error:
            raise PinTakenError from error

    def retire(
        self,
        scope: Scope,
        credential_id: str,
        now: datetime,
        doors: Sequence[str] | None = None,
    ) -> None:
        """Say that a credential no longer uses its digits at these doors, or at any; the 30 days
        begin now, or at the window's end if that has passed."""
        t = pin_reservations
        own = [t.c.credential_id == credential_id, t.c.retired_at.is_(None)]
        if doors is not None:
            own.append(t.c.door_id.in_(doors))
        begun = {"ends_at": now, "reserved_until": now + NO_REUSE}
        scope.update(t, begun, *own, t.c.starts_at < now, t.c.ends_at > now)
        scope.update(t, {"retired_at": now}, *own)

    def take_back(
        self, scope: Scope, credential_id: str, doors: Sequence[str], digits: str
    ) -> None:
        """Let a credential have its own digits again at doors from which it was taken away: to
        those who know them nothing changes."""
        t = pin_reservations
        for door in doors:
            scope.delete(
                t,
                t.c.credential_id == credential_id,
                t.c.door_id == door,
                t.c.blind == self._blind(door, digits),
                t.c.retired_at.is_not(None),
            )

    def live_around(
        self,
        scope: Scope,
        door_id: str,
        window: tuple[datetime, datetime],
        but_not_by: str = "",
    ) -> list[LivePin]:
        """Give the other PINs in use at a door that are exposed together with the window, and those
        exposed together with them."""
        met = self._exposed(scope, door_id, window, but_not_by)
        starts_at = min((window[0], *(each.starts_at for each in met)))
        ends_at = max((window[1], *(each.ends_at for each in met)))
        return self._exposed(scope, door_id, (starts_at, ends_at), but_not_by) if met else []

    @staticmethod
    def _exposed(
        scope: Scope, door_id: str, window: tuple[datetime, datetime], but_not_by: str
    ) -> list[LivePin]:
        t = pin_reservations
        rows = scope.all(
            scope.select(t.c.digits, t.c.starts_at, t.c.ends_at, t.c.duress).where(
                t.c.door_id == door_id,
                t.c.retired_at.is_(None),
                t.c.credential_id != but_not_by,
                t.c.starts_at < window[1] + EARLY_GRACE,
                t.c.ends_at > window[0] - EARLY_GRACE,
            )
        )
        return [LivePin(row.digits, row.starts_at, row.ends_at, row.duress) for row in rows]

    @staticmethod
    def live_of_door(scope: Scope, door_id: str, since: datetime) -> list[tuple[str, LivePin]]:
        """Give the PINs in use at a door whose windows end after an instant, each with its
        credential: to look at many windows of one door."""
        t = pin_reservations
        rows = scope.all(
            scope.select(
                t.c.credential_id, t.c.digits, t.c.starts_at, t.c.ends_at, t.c.duress
            ).where(t.c.door_id == door_id, t.c.retired_at.is_(None), t.c.ends_at > since)
        )
        return [
            (r.credential_id, LivePin(r.digits, r.starts_at, r.ends_at, r.duress)) for r in rows
        ]

    def _blind(self, door_id: str, digits: str) -> str:
        return self._keys.blind("pin", uuid_bytes(door_id), digits.encode())
