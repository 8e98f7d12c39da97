"""SQL of credentials: the PINs of each holder of a booking, and those of doors' pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.pins.tables import PinVariant, pin_credentials, pin_placements


@dataclass(frozen=True, slots=True)
class Guest:
    """Whose PIN it is that is given for a visit; with `escorts`, persons or groups, it opens only
    within `escort_s` after one of them, and `daily` on each day only between the hours of its
    window's ends."""

    visit_id: str
    visitor_id: str
    escorts: tuple[str, ...] = ()
    escort_s: int = 30
    daily: bool = False


@dataclass(frozen=True, slots=True)
class Credential:
    """A PIN as it is kept; `sealed` opens with the hub's keys for this row alone."""

    id: str
    variant: PinVariant
    booking_id: str | None
    holder_id: str | None
    person_id: str | None
    max_uses: int | None
    sealed: bytes = field(repr=False)
    digits: int
    changed_at: datetime
    revoked_at: datetime | None
    guest: Guest | None = None


def _credential(row: Any) -> Credential:
    return Credential(
        id=row.id,
        variant=row.variant,
        booking_id=row.booking_id,
        holder_id=row.holder_id,
        person_id=row.person_id,
        max_uses=row.max_uses,
        sealed=bytes(row.sealed),
        digits=row.digits,
        changed_at=row.changed_at,
        revoked_at=row.revoked_at,
        guest=_guest(row),
    )


def _guest(row: Any) -> Guest | None:
    if row.visit_id is None:
        return None
    return Guest(row.visit_id, row.visitor_id, row.escorts, row.escort_s, row.daily)


def credential(scope: Scope, credential_id: str) -> Credential | None:
    """Give a credential, revoked or not."""
    row = scope.one(scope.select(pin_credentials).where(pin_credentials.c.id == credential_id))
    return None if row is None else _credential(row)


def of_bookings(scope: Scope, booking_ids: Sequence[str]) -> dict[str, list[Credential]]:
    """Give the credentials of bookings, in the order of their making."""
    found: dict[str, list[Credential]] = {booking_id: [] for booking_id in booking_ids}
    rows = scope.all(
        scope.select(pin_credentials)
        .where(pin_credentials.c.booking_id.in_(booking_ids))
        .order_by(pin_credentials.c.id)
    )
    for row in rows:
        found[row.booking_id].append(_credential(row))
    return found


def of_visits(scope: Scope, visit_ids: Sequence[str]) -> list[Credential]:
    """Give the credentials of visits that are not revoked, in the order of their making."""
    t = pin_credentials
    query = scope.select(t).where(t.c.visit_id.in_(visit_ids), t.c.revoked_at.is_(None))
    return [_credential(row) for row in scope.all(query.order_by(t.c.id))]


def set_guest(scope: Scope, credential_id: str, guest: Guest) -> None:
    """Say after whom, and on each day in which hours, a visitor's PIN opens now."""
    values = {"escorts": guest.escorts, "escort_s": guest.escort_s, "daily": guest.daily}
    scope.update(pin_credentials, values, pin_credentials.c.id == credential_id)


def add(scope: Scope, made: Credential) -> None:
    """Insert a credential."""
    guest = made.guest or Guest("", "")
    scope.insert(
        pin_credentials,
        {
            "id": made.id,
            "variant": made.variant,
            "booking_id": made.booking_id,
            "holder_id": made.holder_id,
            "person_id": made.person_id,
            "visit_id": guest.visit_id or None,
            "visitor_id": guest.visitor_id or None,
            "escorts": guest.escorts,
            "escort_s": guest.escort_s,
            "daily": guest.daily,
            "max_uses": made.max_uses,
            "sealed": made.sealed,
            "digits": made.digits,
            "created_at": made.changed_at,
            "changed_at": made.changed_at,
        },
    )


def set_digits(scope: Scope, credential_id: str, sealed: bytes, digits: int, now: datetime) -> None:
    """Give a credential other digits."""
    scope.update(
        pin_credentials,
        {"sealed": sealed, "digits": digits, "changed_at": now},
        pin_credentials.c.id == credential_id,
    )


def of_holder(scope: Scope, holder_id: str) -> list[Credential]:
    """Give a holder's own credentials that are not revoked; no standing code."""
    t = pin_credentials
    rows = scope.all(
        scope.select(t)
        .where(
            t.c.holder_id == holder_id,
            t.c.variant != PinVariant.STANDING,
            t.c.revoked_at.is_(None),
        )
        .order_by(t.c.id)
    )
    return [_credential(row) for row in rows]


def set_max_uses(scope: Scope, credential_id: str, max_uses: int | None) -> None:
    """Say how often a credential opens in all; None: as often as its holder likes."""
    scope.update(pin_credentials, {"max_uses": max_uses}, pin_credentials.c.id == credential_id)


def give_to(
    scope: Scope, credential_id: str, booking_id: str, holder_id: str, person_id: str | None
) -> None:
    """Make a standing code a booking's holder's."""
    values = {"booking_id": booking_id, "holder_id": holder_id, "person_id": person_id}
    scope.update(pin_credentials, values, pin_credentials.c.id == credential_id)


def doors_of_pins(scope: Scope, person_id: str) -> set[str]:
    """Give the doors at which somebody has a PIN, now or later."""
    c, p = pin_credentials.c, pin_placements.c
    theirs = sa.select(c.id).where(c.person_id == person_id, c.revoked_at.is_(None))
    query = scope.select(p.door_id).where(p.credential_id.in_(theirs)).distinct()
    return {row.door_id for row in scope.all(query)}


def set_person(scope: Scope, credential_id: str, person_id: str | None) -> None:
    """Say who holds a credential."""
    scope.update(pin_credentials, {"person_id": person_id}, pin_credentials.c.id == credential_id)


def revoke(scope: Scope, credential_id: str, now: datetime) -> None:
    """Say that a credential opens nothing any more."""
    scope.update(pin_credentials, {"revoked_at": now}, pin_credentials.c.id == credential_id)
