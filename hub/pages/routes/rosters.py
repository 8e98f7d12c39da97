"""Rosters: a department's four weeks as a grid to read, print and type into; one's own plan."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub.pages.days import day_or
from hub.pages.frame import Speaking, go_to
from hub.pages.views.roster import days_typed, plan_lines, roster_page
from hub.pages.words import Words
from hub.rosters.domain import ROSTER_DAYS
from hub.rosters.grid import RosterGrid
from hub.rosters.service import RostersService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Service = Annotated[RostersService, provided(RostersService)]
Staff = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
First = Annotated[str, Query(alias="from", max_length=10)]
Editing = Annotated[str, Query(alias="edit", max_length=1)]
Part = Annotated[int, Query(ge=0, le=999)]
PEOPLE_AT_ONCE: Final = 30
"""Four weeks of so many are fewer fields than the thousand that a form may have."""


@router.get("/my/roster")
def my_roster(
    request: Request, words: Speaking, service: Service, who: Staff, first: First = ""
) -> Response:
    """One's own plan of four weeks."""
    start = service.start_of(day_or(first, words.today))
    last = start + timedelta(days=ROSTER_DAYS - 1)
    days = service.planned(who, start, last) if who.person_id else ()
    step = timedelta(days=ROSTER_DAYS)
    return render(
        request,
        "pages/my_roster.html",
        no_person=who.person_id is None,
        days=plan_lines(days, words),
        weeks=words.t("roster.weeks", first=words.day(start), last=words.day(last)),
        before=(start - step).isoformat(),
        after=(start + step).isoformat(),
    )


@router.get("/rosters")
def roster_list(request: Request, words: Speaking, service: Service, who: Staff) -> Response:
    """The departments whose rosters one may see."""
    found = service.departments(who)
    listed = [(each.id, words.name(each.name, each.name_en)) for each in found]
    return render(request, "pages/rosters.html", departments=listed)


@router.get("/rosters/{department_id}")
def one_roster(
    request: Request,
    words: Speaking,
    service: Service,
    who: Staff,
    department_id: str,
    first: First = "",
    editing: Editing = "",
    part: Part = 0,
) -> Response:
    """A department's four weeks; with `edit=1` to type into, so many people at once as a form can
    carry."""
    grid = service.grid(who, department_id, _start(service, words, first))
    return _page(request, words, grid, editing=editing == "1" and grid.may_write, part=part)


@router.get("/rosters/{department_id}/csv")
def roster_csv(
    words: Speaking, service: Service, who: Staff, department_id: str, first: First = ""
) -> Response:
    """The grid as a CSV file, which can be imported again: people by dates."""
    grid = service.grid(who, department_id, _start(service, words, first))
    page = roster_page(grid, words)
    text = io.StringIO()
    lines = csv.writer(text)
    numbers = words.t("roster.number")
    lines.writerow([numbers, words.t("roster.name"), *(day.isoformat() for day in grid.days)])
    for line in page.lines:
        named = [_plain(line.number), _plain(line.name)]
        lines.writerow([*named, *(_plain(cell.text) for cell in line.cells)])
    name = f"roster-{grid.first.isoformat()}.csv"
    return Response(
        "\ufeff" + text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.post("/rosters/{department_id}/draft")
async def save_draft(
    request: Request,
    words: Speaking,
    service: Service,
    who: Staff,
    department_id: str,
    first: First = "",
    part: Part = 0,
) -> Response:
    """Keep what was typed as a draft; a code that is none is shown where it stands."""
    form = await request.form()
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    grid = service.grid(who, department_id, _start(service, words, first))
    days, errors = days_typed(grid, typed, words)
    if errors:
        return _page(request, words, grid, editing=True, part=part, typed=typed, errors=errors)
    if days:
        service.draft(who, department_id, grid.first, days)
    return go_to(f"/rosters/{department_id}?from={grid.first.isoformat()}")


@router.post("/rosters/{department_id}/publish")
def publish(
    words: Speaking, service: Service, who: Staff, department_id: str, first: First = ""
) -> Response:
    """Publish the four weeks."""
    start = _start(service, words, first)
    service.publish(who, department_id, start)
    return go_to(f"/rosters/{department_id}?from={start.isoformat()}")


@router.post("/rosters/{department_id}/discard")
def discard(
    words: Speaking, service: Service, who: Staff, department_id: str, first: First = ""
) -> Response:
    """Throw the draft away."""
    start = _start(service, words, first)
    service.discard(who, department_id, start)
    return go_to(f"/rosters/{department_id}?from={start.isoformat()}")


def _page(
    request: Request,
    words: Words,
    grid: RosterGrid,
    *,
    editing: bool,
    part: int = 0,
    typed: dict[str, str] | None = None,
    errors: list[str] | None = None,
) -> Response:
    return render(
        request,
        "pages/roster.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        roster=roster_page(_portion(grid, part) if editing else grid, words, typed),
        editing=editing,
        part=part,
        parts=range(-(-len(grid.rows) // PEOPLE_AT_ONCE)),
        errors=errors or [],
    )


def _portion(grid: RosterGrid, part: int) -> RosterGrid:
    rows = grid.rows[part * PEOPLE_AT_ONCE : (part + 1) * PEOPLE_AT_ONCE]
    return replace(grid, rows=rows)


def _start(service: RostersService, words: Words, first: str) -> date:
    """The Sunday of an address; the present four weeks where it names none."""
    chosen = day_or(first, words.today)
    return chosen if first and chosen.weekday() == 6 else service.start_of(chosen)


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; the sign of a day off is none."""
    return f"'{text}" if text.startswith(("=", "+", "@", "-")) and text != "-" else text
