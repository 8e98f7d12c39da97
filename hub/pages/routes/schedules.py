"""Schedules for staff: made, changed, and where they are used."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hub.database.errors import DuplicateError
from hub.pages.frame import Speaking, go_to
from hub.pages.schedule_pages import SchedulePages, may_write
from hub.pages.views.granting import refused
from hub.pages.views.schedule import ScheduleForm, day_fields, form_from, form_of, read_schedule
from hub.pages.words import Words
from hub.people.domain import Schedule
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import FORBIDDEN, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[SchedulePages, provided(SchedulePages)]
Reader = Annotated[Principal, requires(Right.GRANTS_READ)]
Writer = Annotated[Principal, requires(Right.GRANTS_WRITE)]
_LIST: Final = "/rights/schedules"
_FIELDS_MAX: Final = 20


@router.get("/rights/schedules")
def schedule_list(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """Every schedule, and how often it is used."""
    lines = pages.every(who, words)
    return render(request, "pages/schedules.html", lines=lines, may_write=may_write(who))


@router.get("/rights/schedules/new")
def new_schedule(request: Request, words: Speaking, pages: Pages, who: Writer) -> Response:
    """An empty week."""
    if not may_write(who):
        raise Problem(FORBIDDEN, "a schedule belongs to the whole town, not to a site")
    return _form(request, words, pages, who, None, ScheduleForm())


@router.post("/rights/schedules/new")
async def add_schedule(request: Request, words: Speaking, pages: Pages, who: Writer) -> Response:
    """Make it, or say what is wrong with everything still in the form."""
    return await _write(request, words, pages, who, None)


@router.get("/rights/schedules/{schedule_id}")
def schedule(
    request: Request, words: Speaking, pages: Pages, who: Reader, schedule_id: str
) -> Response:
    """A schedule, as a form for those who may change it, and where it is used."""
    found = pages.one(who, schedule_id)
    return _form(request, words, pages, who, found, form_of(found))


@router.post("/rights/schedules/{schedule_id}")
async def change_schedule(
    request: Request, words: Speaking, pages: Pages, who: Writer, schedule_id: str
) -> Response:
    """Change it; every door that follows it hears of it."""
    return await _write(request, words, pages, who, pages.one(who, schedule_id))


async def _write(
    request: Request, words: Words, pages: SchedulePages, who: Principal, before: Schedule | None
) -> Response:
    sent = await request.form(max_fields=_FIELDS_MAX)
    form = form_from({name: value for name, value in sent.items() if isinstance(value, str)})
    values, errors = read_schedule(form, before, words)
    if not errors:
        try:
            return go_to(f"{_LIST}/{pages.keep(who, before, values, words)}")
        except DuplicateError:
            errors = {"name": words.t("groups.twice")}
        except Problem as problem:
            if not problem.fields:
                raise
            errors = refused(problem, words)
    return _form(request, words, pages, who, before, form, errors)


def _form(
    request: Request,
    words: Words,
    pages: SchedulePages,
    who: Principal,
    before: Schedule | None,
    form: ScheduleForm,
    errors: dict[str, str] | None = None,
) -> Response:
    return render(
        request,
        "pages/schedule.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        id=before.id if before else "",
        title=words.name(before.name, before.name_en) if before else words.t("schedules.new"),
        form=form,
        days=day_fields(form, words),
        calendars=pages.calendars(words),
        used=pages.used(who, before.id, words) if before else None,
        errors=errors or {},
        may_write=may_write(who),
    )
