"""Seals rows anew under the active data key, a batch at a time, while the hub goes on serving.

A value is replaced only if it is still the one that was read, so that nothing written meanwhile is
undone. Whatever is left out, after a crash or a race, is found by the next pass: a row says itself
which key sealed it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
import structlog

from hub.database.engine import Database
from hub.database.scope import Scope
from hub.key_rotation.columns import SEALED, SealedColumn
from hub.keys import HubKeys, KeyFileError

BATCH: Final = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pass:
    """What one batch did: how many rows it sealed anew, how many it could not open, and after which
    row the next begins; None at the column's end."""

    resealed: int
    broken: int
    after: tuple[Any, ...] | None


def reseal_batch(
    scope: Scope, keys: HubKeys, sealed: SealedColumn, after: tuple[Any, ...] | None
) -> Pass:
    """Seal anew the next rows of a column that are not under the active key."""
    needed = [*sealed.key, *(sealed.table.c[name] for name in sealed.needs), sealed.column]
    where = [sealed.column.is_not(None), sa.not_(_under(sealed.column, keys.active_key))]
    if after is not None:
        where.append(sa.tuple_(*sealed.key) > sa.tuple_(*(sa.literal(each) for each in after)))
    rows = scope.all(scope.select(*needed).where(*where).order_by(*sealed.key).limit(BATCH))
    resealed = broken = 0
    for row in rows:
        held = bytes(getattr(row, sealed.name))
        name = sealed.row(row)
        try:
            fresh = keys.seal(keys.unseal(held, name), name)
        except KeyFileError:
            _log.error("row_cannot_be_resealed", column=sealed.label, row=name)
            broken += 1
            continue
        own = [column == getattr(row, column.name) for column in sealed.key]
        resealed += scope.update(sealed.table, {sealed.name: fresh}, *own, sealed.column == held)
    last = tuple(getattr(rows[-1], column.name) for column in sealed.key) if rows else None
    return Pass(resealed, broken, last if len(rows) == BATCH else None)


def reseal_all(
    db: Database, keys: HubKeys, progress: Callable[[str, int], None] | None = None
) -> Counter[str]:
    """Seal every row anew that is not under the active key; give how many, by column, and under
    `broken` how many could not be opened. Each batch is a transaction; `progress` hears of each."""
    counted: Counter[str] = Counter()
    for sealed in SEALED:
        for done in _passes(db, keys, sealed):
            counted[sealed.label] += done.resealed
            counted["broken"] += done.broken
            if progress is not None and done.resealed:
                progress(sealed.label, counted[sealed.label])
    return counted


def _passes(db: Database, keys: HubKeys, sealed: SealedColumn) -> Iterator[Pass]:
    after: tuple[Any, ...] | None = None
    while True:
        done = db.write(partial(reseal_batch, keys=keys, sealed=sealed, after=after))
        yield done
        after = done.after
        if after is None:
            return


def rows_under(scope: Scope, kids: tuple[str, ...]) -> Counter[str]:
    """Count the rows that each of these keys sealed."""
    counted: Counter[str] = Counter(dict.fromkeys(kids, 0))
    for sealed in SEALED:
        for kid in kids:
            statement = scope.select(sa.func.count()).select_from(sealed.table)
            counted[kid] += scope.scalar(statement.where(_under(sealed.column, kid))) or 0
    return counted


def rows_not_under(scope: Scope, kids: tuple[str, ...]) -> int:
    """Count the rows that none of these keys sealed: those whose key is in no file."""
    found = 0
    for sealed in SEALED:
        under = [_under(sealed.column, kid) for kid in kids]
        statement = scope.select(sa.func.count()).select_from(sealed.table)
        where = (sealed.column.is_not(None), sa.not_(sa.or_(*under)))
        found += scope.scalar(statement.where(*where)) or 0
    return found


def _under(column: sa.Column[Any], kid: str) -> sa.ColumnElement[bool]:
    """Whether a value begins as those that this key seals (`HubKeys.seal`)."""
    head = bytes([len(kid.encode())]) + kid.encode()
    return sa.func.substr(column, 1, len(head), type_=sa.LargeBinary) == sa.literal(
        head, sa.LargeBinary
    )


class ResealRows:
    """A chore: once the key file names another active key, a batch a second until every row is
    under it. It begins anew with the process, which finds nothing where all is done."""

    def __init__(self, keys: HubKeys) -> None:
        self._keys = keys
        self._done: str | None = None
        self._at: tuple[int, tuple[Any, ...] | None] = (0, None)
        self._for = ""

    def is_due(self, scope: Scope) -> bool:  # noqa: ARG002  # the file alone decides
        """Tell whether rows may be under another key than the active one."""
        try:
            return self._keys.active_key != self._done
        except KeyFileError:
            return False

    def run(self, scope: Scope) -> int:
        """Seal one batch anew; give how many rows."""
        active = self._keys.active_key
        if self._for != active:
            self._for, self._at = active, (0, None)
        number, after = self._at
        done = reseal_batch(scope, self._keys, SEALED[number], after)
        if done.after is None:
            number += 1
        if number == len(SEALED):
            self._done = active
            _log.info("rows_sealed_anew", key=active)
            number = 0
        self._at = (number, done.after)
        return done.resealed
