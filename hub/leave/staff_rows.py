"""What leave and applications ask of the topic of staff (`hub.staff.repository`)."""

# ruff: noqa: ARG002  # nobody is employed before staff are entered, whoever asks

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from importlib import import_module
from typing import Protocol, cast

from hub.database.scope import Scope
from hub.staff.domain import Department, DepartmentTerm, Employment, StaffContact


class StaffRows(Protocol):
    """Employments, departments, heads and contacts, as of a date."""

    def employments_between(
        self, scope: Scope, first: date, last: date, person_ids: Collection[str] | None = None
    ) -> dict[str, tuple[Employment, ...]]:
        """Give the employments in force in a range, by person, in order."""
        ...

    def departments(self, scope: Scope) -> tuple[Department, ...]:
        """Give every department."""
        ...

    def terms_between(
        self, scope: Scope, first: date, last: date
    ) -> dict[str, tuple[DepartmentTerm, ...]]:
        """Give which caps hold for each department in a range."""
        ...

    def heads_of(self, scope: Scope, department_id: str, on: date) -> tuple[str, ...]:
        """Give who leads a department on a date."""
        ...

    def contacts(self, scope: Scope, person_ids: Collection[str]) -> dict[str, StaffContact]:
        """Give where people are written to."""
        ...


class NobodyEmployed:
    """What there is before staff are entered."""

    def employments_between(
        self, scope: Scope, first: date, last: date, person_ids: Collection[str] | None = None
    ) -> dict[str, tuple[Employment, ...]]:
        """Nobody."""
        return {}

    def departments(self, scope: Scope) -> tuple[Department, ...]:
        """None."""
        return ()

    def terms_between(
        self, scope: Scope, first: date, last: date
    ) -> dict[str, tuple[DepartmentTerm, ...]]:
        """None."""
        return {}

    def heads_of(self, scope: Scope, department_id: str, on: date) -> tuple[str, ...]:
        """Nobody."""
        return ()

    def contacts(self, scope: Scope, person_ids: Collection[str]) -> dict[str, StaffContact]:
        """None."""
        return {}


def staff_rows() -> StaffRows:
    """Give the repository of staff."""
    try:
        return cast("StaffRows", import_module("hub.staff.repository"))
    except ModuleNotFoundError:
        return NobodyEmployed()
