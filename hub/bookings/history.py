"""Everything that happened to a booking, in order: its PINs at each door, what was told of it, and
what was done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from hub.audit.tables import audit_entries
from hub.bookings import repository
from hub.bookings.refusals import Refusal, refused
from hub.database.columns import UtcDateTime
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.happenings.tables import happenings
from hub.pins.tables import pin_credentials, placement_history
from hub.web.paging import Page, beyond, page_of
from hub.web.rights import Principal, Right


class HistorySource(StrEnum):
    """Where a line of the history comes from; at one instant in this order."""

    ACTION = "action"
    """Somebody did something: the audit log."""
    HAPPENING = "happening"
    """What those who listen were told."""
    PLACEMENT = "placement"
    """A PIN at one door went from one state to the next."""


_RANK: Final = {each: rank for rank, each in enumerate(HistorySource)}
_SOURCE: Final = {rank: each for each, rank in _RANK.items()}


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that happened. `what` is an action, a kind of happening or an event of a placement;
    `state` the placement's after it; `cause` who or what brought it about."""

    at: datetime
    source: HistorySource
    seq: int
    what: str
    cause: str = ""
    door_id: str | None = None
    holder_id: str | None = None
    state: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


class HistoryService:
    """Reads the history of a booking."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def page(
        self, who: Principal, reservation_key: str, cursor: str | None, limit: int
    ) -> Page[HistoryLine]:
        """Give a page, the oldest first. Who did something is told to those who may read the audit
        log; that it was done, to everybody who may see the booking."""
        with self._db.read() as scope:
            found = repository.by_key(scope, reservation_key)
            if found is None or not who.reaches(found.site_id):
                raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
            lines = _lines(found.id)
            order = [lines.c.at, lines.c.rank, lines.c.seq]
            rows = scope.all(
                sa.select(lines).where(beyond(order, cursor)).order_by(*order).limit(limit + 1)
            )
            shown = _shown(scope, rows, named=who.may(Right.AUDIT_READ))
        return page_of(shown, limit, lambda each: [each.at, _RANK[each.source], each.seq])


def _lines(booking_id: str) -> sa.Subquery:
    """The three logs as one, in columns that all of them have."""
    a, h, p, c = audit_entries.c, happenings.c, placement_history.c, pin_credentials.c
    nothing = sa.null()

    def text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.cast(column, sa.String)

    def columns(
        source: HistorySource,
        at: sa.ColumnElement[Any],
        seq: sa.ColumnElement[Any],
        *others: sa.ColumnElement[Any],
    ) -> list[sa.ColumnElement[Any]]:
        rank = sa.literal(_RANK[source], sa.Integer).label("rank")
        names = ("what", "cause", "door_id", "holder_id", "state")
        typed = [text(each).label(name) for each, name in zip(others, names, strict=True)]
        return [
            sa.type_coerce(at, UtcDateTime()).label("at"),
            rank,
            sa.type_coerce(seq, sa.BigInteger()).label("seq"),
            *typed,
        ]

    actions = sa.select(
        *columns(HistorySource.ACTION, a.at, a.seq, a.action, a.actor, nothing, nothing, nothing)
    ).where(a.target_kind == "booking", a.target_id == booking_id)
    told = sa.select(
        *columns(HistorySource.HAPPENING, h.at, h.seq, h.kind, h.cause, h.door_id, nothing, nothing)
    ).where(h.booking_id == booking_id)
    placed = (
        sa.select(
            *columns(
                HistorySource.PLACEMENT, p.at, p.seq, p.event, p.cause, p.door_id, c.holder_id,
                p.state,
            )
        )
        .select_from(
            placement_history.join(
                pin_credentials, sa.and_(p.town_id == c.town_id, p.credential_id == c.id)
            )
        )
        .where(c.booking_id == booking_id)
    )  # fmt: skip
    return sa.union_all(actions, told, placed).subquery("history")


def _shown(scope: Scope, rows: Any, *, named: bool) -> list[HistoryLine]:
    t = happenings.c
    seqs = [row.seq for row in rows if _SOURCE[row.rank] is HistorySource.HAPPENING]
    found = scope.all(scope.select(t.seq, t.details).where(t.seq.in_(seqs))) if seqs else []
    details = {row.seq: row.details for row in found}
    return [_line(row, details, named=named) for row in rows]


def _line(row: Any, details: Mapping[int, Any], *, named: bool) -> HistoryLine:
    source = _SOURCE[row.rank]
    is_action = source is HistorySource.ACTION
    return HistoryLine(
        at=row.at,
        source=source,
        seq=int(row.seq),
        what=row.what,
        cause="" if is_action and not named else row.cause or "",
        door_id=row.door_id,
        holder_id=row.holder_id,
        state=row.state,
        details=details.get(row.seq, {}) if source is HistorySource.HAPPENING else {},
    )
