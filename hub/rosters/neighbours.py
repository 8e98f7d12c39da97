"""What plans ask of topics they stand on, in one place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from hub.database.scope import Scope
from hub.staff.domain import Department, Employment

if TYPE_CHECKING:
    from hub.worktime.ordinance import Ordinance


class Ordinances(Protocol):
    """A town's ordinances (`hub.worktime.ordinance.Ordinances`)."""

    @property
    def versions(self) -> Sequence[Ordinance]:
        """All of them, by the first date on which each holds."""
        ...

    def at(self, day: date) -> Ordinance:
        """Give the one in force on a date; raise `LookupError` before the first."""
        ...


def merged(name: str) -> Any:
    """Give a module, or None while it is not here."""
    return import_module(name) if find_spec(name) else None


def employments_between(
    scope: Scope, first: date, last: date, person_ids: Collection[str] | None = None
) -> dict[str, tuple[Employment, ...]]:
    """Give employments in force within `[first, last]`, by person and in order."""
    there = merged("hub.staff.repository")
    found: dict[str, tuple[Employment, ...]] = (
        there.employments_between(scope, first, last, person_ids) if there else {}
    )
    return found


def departments(scope: Scope) -> tuple[Department, ...]:
    """Give every department."""
    there = merged("hub.staff.repository")
    found: tuple[Department, ...] = there.departments(scope) if there else ()
    return found
