"""A roster that comes back as a file: try it, see what it would change, draft it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, UploadFile
from fastapi.responses import Response

from hub.pages.days import day_or
from hub.pages.frame import Speaking, go_to
from hub.pages.views.roster_import import tried_roster
from hub.pages.words import Words
from hub.rosters.importing import CHANGED, UNREADABLE, RosterImports, TriedRoster
from hub.rosters.service import RostersService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import CONFLICT, FORBIDDEN, NOT_FOUND, TOO_LARGE, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Imports = Annotated[RosterImports, provided(RosterImports)]
Rosters = Annotated[RostersService, provided(RostersService)]
Staff = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
First = Annotated[str, Query(alias="from", max_length=10)]


@router.get("/rosters/{department_id}/import")
def import_page(
    request: Request,
    words: Speaking,
    rosters: Rosters,
    who: Staff,
    department_id: str,
    first: First = "",
) -> Response:
    """The form."""
    return _page(request, words, rosters, who, department_id, first=first)


@router.post("/rosters/{department_id}/import")
def try_file(
    request: Request,
    words: Speaking,
    rosters: Rosters,
    imports: Imports,
    who: Staff,
    department_id: str,
    file: UploadFile | None = None,
) -> Response:
    """Say what a file would change; nothing is changed."""
    data = file.file.read() if file is not None and file.filename else b""
    if not data:
        error = words.t("csv.no_file")
        return _page(request, words, rosters, who, department_id, error=error)
    try:
        found = imports.try_file(who, department_id, file.filename if file else "", data)
    except Problem as problem:
        error = _told(problem, words)
        return _page(request, words, rosters, who, department_id, error=error)
    return _page(request, words, rosters, who, department_id, found=found)


@router.post("/rosters/{department_id}/import/{key}")
def confirm(
    request: Request,
    words: Speaking,
    rosters: Rosters,
    imports: Imports,
    who: Staff,
    department_id: str,
    key: str,
) -> Response:
    """Draft the file that was tried, and go to the grid."""
    try:
        found = imports.confirm(who, department_id, key)
    except Problem as problem:
        if problem.kind not in (NOT_FOUND, CONFLICT, CHANGED):
            raise
        what = "gone" if problem.kind is NOT_FOUND else "moved"
        error = words.t(f"roster_import.{what}")
        return _page(request, words, rosters, who, department_id, error=error)
    return go_to(f"/rosters/{department_id}?from={found.grid.first.isoformat()}")


def _page(
    request: Request,
    words: Words,
    rosters: RostersService,
    who: Principal,
    department_id: str,
    *,
    first: str = "",
    found: TriedRoster | None = None,
    error: str = "",
) -> Response:
    start = found.grid.first if found else rosters.start_of(day_or(first, words.today))
    grid = found.grid if found else rosters.grid(who, department_id, start)
    if not grid.may_write:
        raise Problem(FORBIDDEN, "a roster is written by the head, or with attendance:write")
    wrong = bool(error) or bool(found and found.plan.wrong)
    return render(
        request,
        "pages/roster_import.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        id=department_id,
        name=words.name(grid.department.name, grid.department.name_en),
        first=start.isoformat(),
        tried=tried_roster(found, words) if found else None,
        error=error,
    )


def _told(problem: Problem, words: Words) -> str:
    """A file's problem in the page's language, with its place."""
    cause = problem.extra.get("cause")
    if cause is None:
        if problem.kind in (UNREADABLE, TOO_LARGE):
            return words.t(f"problem.{problem.kind.code}.title")
        raise problem
    place = words.t("csv.place", row=problem.extra["row"], column=problem.extra["column"])
    key = f"roster_import.code.{cause}"
    text = words.t(key) if words.t.has(key) else words.t(f"csv_code.{cause}")
    return f"{text} ({place})"
