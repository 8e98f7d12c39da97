"""The rules of departments as audited rows."""

from __future__ import annotations

from typing import Final

from hub.audit.rows import RowKind
from hub.database.scope import Scope
from hub.staff import repository
from hub.staff.domain import Department
from hub.staff.tables import departments
from hub.web.problems import invalid


def _check(scope: Scope, before: Department | None, after: Department) -> None:
    """A department belongs to none of those that belong to it."""
    if before is not None and before.parent_id == after.parent_id:
        return
    if after.parent_id is None:
        return
    scope.lock("departments")  # so that of two moved at once each sees the other
    if after.parent_id in repository.within(repository.departments(scope), after.id):
        raise invalid("parent_id", "cycle", "a department cannot belong to itself")


DEPARTMENT: Final = RowKind("department", departments, Department, check=_check)
