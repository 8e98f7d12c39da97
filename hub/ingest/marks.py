"""How far each stream is complete: read and written with every commit.

By the driver's own statements, as in `bulk.py`: for a single event, expression language costs more
than everything else together. The town is the scope's, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from hub.database.scope import Scope
from hub.ingest.tables import raw_watermarks

Stream: TypeAlias = tuple[str, int]
"""(controller, epoch): what a numbering belongs to."""


@dataclass(slots=True)
class Mark:
    """How far a stream is complete, the highest seq that arrived early, and the hashes of the rows
    that were passed since `since`."""

    through: int = 0
    highest: int = 0
    since: int = 0
    passed: list[bytes] = field(default_factory=list)


_SELECT: Final = (
    f"SELECT controller_id, epoch, through_seq, highest_seq FROM {raw_watermarks.name}"  # noqa: S608
    " WHERE town_id = {0} AND "
)
_ONE: Final = _SELECT + "controller_id = {0} AND epoch = {0}"
_SOME: Final = _SELECT + "(controller_id, epoch) IN (VALUES {1})"
_WRITE: Final = (
    f"INSERT INTO {raw_watermarks.name}"  # noqa: S608
    " (town_id, controller_id, epoch, through_seq, highest_seq, changed_at)"
    " VALUES ({0}, {0}, {0}, {0}, {0}, {0}) ON CONFLICT (town_id, controller_id, epoch)"
    " DO UPDATE SET through_seq = excluded.through_seq, highest_seq = excluded.highest_seq,"
    " changed_at = excluded.changed_at"
)


def read_marks(scope: Scope, streams: Iterable[Stream]) -> dict[Stream, Mark]:
    """Give each stream's mark; zeros for one never heard of."""
    marks = {stream: Mark() for stream in streams}
    if not marks:
        return marks
    sign = _sign(scope)
    some = ", ".join([f"({sign}, {sign})"] * len(marks))
    text = (_ONE if len(marks) == 1 else _SOME).format(sign, some)
    values = [scope.town_id, *(value for stream in marks for value in stream)]
    for controller, epoch, through, highest in scope.connection.exec_driver_sql(
        text, tuple(values)
    ):
        marks[controller, epoch] = Mark(through, highest, through)
    return marks


def write_marks(scope: Scope, marks: Mapping[Stream, Mark], at: datetime) -> None:
    """Write marks that moved."""
    if not marks:
        return
    stored_at = scope.as_stored(raw_watermarks.c.changed_at, at)
    town = scope.town_id
    scope.connection.exec_driver_sql(
        _WRITE.format(_sign(scope)),
        [
            (town, controller, epoch, mark.through, mark.highest, stored_at)
            for (controller, epoch), mark in marks.items()
        ],
    )


def _sign(scope: Scope) -> str:
    return "?" if scope.dialect == "sqlite" else "%s"
