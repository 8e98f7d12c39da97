"""SQL of the ledger of leave."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date
from typing import Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.leave.domain import Entry, EntryKind
from hub.leave.tables import leave_entries

LEDGER: Final = "leave_ledger"
"""The lock of whoever adds to the ledger by what stands in it: taken before the audit log's."""
_AT_ONCE: Final = 500


def add(scope: Scope, entries: Sequence[Entry]) -> int:
    """Add entries; one whose source is there already changes nothing. Give how many are new."""
    rows = [asdict(each) for each in entries]
    return sum(
        scope.upsert_ignore(leave_entries, rows[at : at + _AT_ONCE])
        for at in range(0, len(rows), _AT_ONCE)
    )


def entries_of(
    scope: Scope, person_id: str, leave_kind: str | None = None, year: int | None = None
) -> tuple[Entry, ...]:
    """Give a person's entries, by the day on which they count."""
    where: list[ColumnElement[bool]] = [leave_entries.c.person_id == person_id]
    if leave_kind is not None:
        where.append(leave_entries.c.leave_kind == leave_kind)
    if year is not None:
        where.append(leave_entries.c.year == year)
    return _listed(scope, *where)


def entries_of_years(
    scope: Scope, leave_kind: str, years: Collection[int]
) -> dict[str, list[Entry]]:
    """Give everybody's entries of a kind in some years, by person."""
    where = (leave_entries.c.leave_kind == leave_kind, leave_entries.c.year.in_(sorted(years)))
    found: dict[str, list[Entry]] = {}
    for each in _listed(scope, *where):
        found.setdefault(each.person_id, []).append(each)
    return found


def taken_between(scope: Scope, first: date, last: date) -> dict[str, list[Entry]]:
    """Give what everybody's applications took on a range of dates, by person; what was given back
    since is among it."""
    t = leave_entries.c
    where = (t.kind == EntryKind.TAKEN, t.day >= first, t.day <= last)
    found: dict[str, list[Entry]] = {}
    for each in _listed(scope, *where):
        found.setdefault(each.person_id, []).append(each)
    return found


def entries_of_application(scope: Scope, application_id: str) -> tuple[Entry, ...]:
    """Give what an application took and gave back."""
    return _listed(scope, leave_entries.c.application_id == application_id)


def _listed(scope: Scope, *where: ColumnElement[bool]) -> tuple[Entry, ...]:
    query = sa.select(leave_entries).where(*where)
    return as_all(Entry, scope.all(query.order_by(leave_entries.c.day, leave_entries.c.id)))
