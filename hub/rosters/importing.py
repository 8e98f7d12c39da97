"""Rosters that come back as files: try one, see all that it would change, then draft it.

Nobody works by a draft: what a file did is looked at in the grid and published there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from hub.attendance.domain import work_date_of
from hub.rosters import repository
from hub.rosters.grid import RosterGrid
from hub.rosters.service import RostersService
from hub.rosters.settings import RostersSettings
from hub.rosters.sheet import SheetPlan, plan_sheet, read_head
from hub.tabular.cells import raw_rows
from hub.tabular.digests import plan_digest
from hub.tabular.encodings import UnreadableFileError, decode
from hub.tabular.staged import StagedFiles, Upload, same_plan, unreadable
from hub.web.core import Core
from hub.web.problems import CONFLICT, FORBIDDEN, NOT_FOUND, Problem, ProblemKind
from hub.web.rights import Principal

UNREADABLE: Final = ProblemKind("roster_unreadable", HTTPStatus.UNPROCESSABLE_ENTITY)
CHANGED: Final = ProblemKind("roster_changed", HTTPStatus.CONFLICT)
_ROWS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class TriedRoster:
    """A file that was tried. `key` names it for whoever confirms; empty where it has errors."""

    grid: RosterGrid
    plan: SheetPlan
    file_name: str
    encoding: str
    key: str


class RosterImports:
    """Takes rosters back."""

    def __init__(self, core: Core, rosters: RostersService, settings: RostersSettings) -> None:
        self._core = core
        self._rosters = rosters
        self._staged = StagedFiles(
            core.keys,
            core.clock,
            "roster",
            max_bytes=settings.max_bytes,
            life_minutes=settings.staged_minutes,
        )

    def try_file(
        self, who: Principal, department_id: str, name: str | None, data: bytes
    ) -> TriedRoster:
        """Say all that a file would change in a department's four weeks, and keep it for whoever
        confirms. Raises `403 forbidden`, `413 too_large`, and `422 roster_unreadable` with row and
        column for a file of which nothing can be read."""
        upload = self._staged.take(name, data, "roster.csv")
        found = self._tried(who, department_id, upload)
        if found.plan.wrong or not found.plan.changes:
            return found
        self._core.db.write(
            lambda scope: self._staged.keep(scope, department_id, found.key, upload, _digest(found))
        )
        return found

    def confirm(self, who: Principal, department_id: str, key: str) -> TriedRoster:
        """Draft all of a file that was tried; raises `404 not_found` once it is done or its time is
        over, `409 roster_changed` where it would do something else by now than was shown."""
        with self._core.db.read() as scope:
            waiting = self._staged.waiting(scope, department_id, key)
        if key != _key(who, waiting.upload):
            raise Problem(NOT_FOUND, "no such file waits for you")
        found = self._tried(who, department_id, waiting.upload)
        if found.plan.wrong:
            raise Problem(CONFLICT, "it has errors by now")
        same_plan(waiting.plan_digest, _digest(found), CHANGED)
        self._rosters.draft(who, department_id, found.grid.first, found.plan.days)
        self._core.db.write(lambda scope: self._staged.forget(scope, department_id, key))
        return found

    def _tried(self, who: Principal, department_id: str, upload: Upload) -> TriedRoster:
        try:
            decoded = decode(upload.data)
            rows = list(raw_rows(decoded.text, _delimiter(decoded.text), _ROWS_MAX))
            head, lines = read_head(rows)
        except UnreadableFileError as error:
            raise unreadable(UNREADABLE, error) from error
        sunday = repository.sunday_of(min(head.dates.values()))
        grid = self._rosters.grid(who, department_id, sunday)
        if not grid.may_write:
            raise Problem(FORBIDDEN, "a roster is written by the head, or with attendance:write")
        plan = plan_sheet(head, lines, grid, who.person_id, self._today)
        key = "" if plan.wrong or not plan.changes else _key(who, upload)
        return TriedRoster(grid, plan, upload.name, decoded.encoding.value, key)

    @property
    def _today(self) -> date:
        return work_date_of(self._core.clock.now())


def _digest(found: TriedRoster) -> str:
    """All that is shown: what stands there now as well, and from where."""
    changes = [
        (
            each.row.person.id,
            each.day,
            each.before.code.id if each.before.code else None,
            each.before.source.value,
            each.before.plan.spans,
            each.after,
        )
        for each in found.plan.changes
    ]
    return plan_digest([found.grid.first, changes])


def _key(who: Principal, upload: Upload) -> str:
    """What was shown to one is confirmed by nobody else: the same file of two waits twice."""
    return sha256(f"{who.actor}\n{upload.sha256}".encode()).hexdigest()


def _delimiter(text: str) -> str:
    """The sign that stands most often in the first line: Excel writes tabs where it is asked to."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    return max((",", "\t", ";"), key=first.count)
