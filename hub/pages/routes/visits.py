"""A visit for the desk: the form in which it is entered and changed, and its visitors' PINs."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from hub.pages.frame import Speaking, go_to
from hub.pages.visitor_pages import VisitorPages
from hub.pages.words import Words
from hub.visitors.service import VisitorsService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[VisitorPages, provided(VisitorPages)]
Register = Annotated[VisitorsService, provided(VisitorsService)]
Reader = Annotated[Principal, requires(Right.VISITORS_READ)]
Writer = Annotated[Principal, requires(Right.VISITORS_WRITE)]


class Given(BaseModel):
    """What the form of a visit sends; `find` asks for hosts by name and keeps nothing yet."""

    site_id: str = Field("", max_length=200)
    names: str = Field("", max_length=5_000)
    organisation: str = Field("", max_length=100)
    host_id: str = Field("", max_length=200)
    host_name: str = Field("", max_length=100)
    purpose: str = Field("", max_length=200)
    starts_at: str = Field("", max_length=200)
    ends_at: str = Field("", max_length=200)
    daily: str = Field("", max_length=10)
    opens: list[str] = Field(default_factory=list, max_length=40)
    escort: str = Field("", max_length=10)
    find: str = Field("", max_length=10)


@router.get("/visitors/new")
def new_visit(request: Request, words: Speaking, pages: Pages, who: Writer) -> Response:
    """Enter a visit."""
    form = pages.form(who, words)
    return render(
        request,
        "pages/visit_form.html",
        form=form,
        given=Given.model_validate({}),
        error="",
        visit=None,
    )


@router.post("/visitors/new")
def plan_visit(
    request: Request,
    words: Speaking,
    pages: Pages,
    register: Register,
    who: Writer,
    given: Annotated[Given, Form()],
) -> Response:
    """Keep it, or say what is wrong with everything still in the form."""
    wanted = _wanted(given, words, pages, who)
    if isinstance(wanted, str):
        return _again(request, words, pages, who, given, wanted)
    lines = [(line.strip()[:100], "") for line in given.names.splitlines() if line.strip()]
    try:
        made = register.plan(who, wanted, lines[:100])
    except Problem as problem:
        error = words.t("visitors.refused", why=_why(problem, words))
        return _again(request, words, pages, who, given, error)
    return go_to(f"/visitors?day={words.day_of(made.visit.starts_at).isoformat()}")


@router.get("/visitors/visits/{visit_id}")
def visit(request: Request, words: Speaking, pages: Pages, who: Reader, visit_id: str) -> Response:
    """A visit: everything about it, to be changed, and its visitors' PINs."""
    page = pages.visit(who, words, visit_id)
    form = pages.form(who, words, host_id=str(page.given["host_id"]))
    return render(
        request, "pages/visit_form.html", form=form, given=page.given, error="", visit=page
    )


@router.post("/visitors/visits/{visit_id}")
def change_visit(
    request: Request,
    words: Speaking,
    pages: Pages,
    register: Register,
    who: Writer,
    visit_id: str,
    given: Annotated[Given, Form()],
) -> Response:
    """Change it; cards and PINs follow at once."""
    before = register.seen(who, visit_id).visit
    wanted = _wanted(given, words, pages, who)
    if isinstance(wanted, str):
        return _again(request, words, pages, who, given, wanted, visit_id)
    kept = ("site_id", "escort_s", "escorts", "note")
    changes = {name: value for name, value in wanted.items() if name not in kept}
    try:
        register.change(who, before.id, changes)
    except Problem as problem:
        error = words.t("visitors.refused", why=_why(problem, words))
        return _again(request, words, pages, who, given, error, visit_id)
    return go_to(f"/visitors/visits/{before.id}")


@router.post("/visitors/{visitor_id}/pin")
def give_pin(register: Register, who: Writer, visitor_id: str) -> Response:
    """Give them a PIN; its digits are shown on their sheet alone."""
    register.give_pin(who, visitor_id)
    return go_to(f"/visitors/visits/{register.visitor(who, visitor_id).visit_id}")


@router.post("/visitors/{visitor_id}/pin/take")
def take_pin(register: Register, who: Writer, visitor_id: str) -> Response:
    """Take it away."""
    register.take_pin(who, visitor_id)
    return go_to(f"/visitors/visits/{register.visitor(who, visitor_id).visit_id}")


@router.post("/visitors/{visitor_id}/sheet")
def sheet(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Annotated[Principal, requires(Right.PINS_REVEAL)],
    visitor_id: str,
) -> Response:
    """The digits, in the answer to this form alone; that is in the audit log."""
    made = pages.sheet(who, words, visitor_id)
    headers = {"Cache-Control": "no-store"}
    return render(request, "pages/visitor_sheet.html", headers=headers, sheet=made)


def instant_of(text: str, words: Words) -> datetime:
    """Read what `<input type="datetime-local">` sends; raise `ValueError`."""
    wall = datetime.fromisoformat(text)
    if wall.tzinfo is not None or not 2000 <= wall.year < 2199:
        raise ValueError("a wall time of these centuries")
    return wall.replace(tzinfo=words.zone) + timedelta(0)


def _why(problem: Problem, words: Words) -> str:
    told = [field.message for field in problem.fields]
    return words.t("words.comma").join(told) or problem.detail


def _wanted(
    given: Given, words: Words, pages: VisitorPages, who: Principal
) -> dict[str, Any] | str:
    """Give a visit's columns, or what is to be said where the form is shown again; "" where hosts
    were only looked for."""
    if given.find:
        return ""
    host_id = given.host_id
    if given.host_name.strip():
        found = pages.hosts(who, words, given.host_name)
        ids = {each.id for each in found}
        if len(found) == 1:
            host_id = found[0].id
        elif host_id not in ids:
            return words.t("visitors.choose_host" if found else "visitors.no_such_host")
    try:
        start, end = instant_of(given.starts_at, words), instant_of(given.ends_at, words)
    except ValueError:
        return words.t("visitors.not_a_time")
    values = {**given.model_dump(), "host_id": host_id}
    return pages.values(values, start, end)


def _again(
    request: Request,
    words: Words,
    pages: VisitorPages,
    who: Principal,
    given: Given,
    error: str,
    visit_id: str = "",
) -> Response:
    """Show the form again with everything in it."""
    form = pages.form(who, words, given.host_name, given.host_id)
    page = pages.visit(who, words, visit_id) if visit_id else None
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return render(
        request,
        "pages/visit_form.html",
        status=status,
        form=form,
        given=given,
        error=error,
        visit=page,
    )
