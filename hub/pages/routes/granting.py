"""Rights for staff: those that were given, giving one, and ending it."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from hub.audit.rows import AuditedRows
from hub.pages.frame import Speaking, go_to
from hub.pages.granting_pages import GrantingPages
from hub.pages.views.granting import RightForm, read_right, refused
from hub.pages.words import Words
from hub.people.kinds import GRANT
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import Problem
from hub.web.rights import Principal, Right
from wire.policy_bodies import EntryState

router = APIRouter(include_in_schema=False)
Pages = Annotated[GrantingPages, provided(GrantingPages)]
Rows = Annotated[AuditedRows, provided(AuditedRows)]
Reader = Annotated[Principal, requires(Right.GRANTS_READ)]
Writer = Annotated[Principal, requires(Right.GRANTS_WRITE)]
Id = Annotated[str, Query(max_length=80)]
_ONLY: Final = ("person", "group", "door", "zone", "schedule")


class Given(BaseModel):
    """What the form of a right sends; `find` looks for people by name and keeps nothing yet."""

    subject: str = Field("", max_length=200)
    name: str = Field("", max_length=100)
    sought: str = Field("", max_length=100)
    place: str = Field("", max_length=200)
    starts_at: str = Field("", max_length=40)
    ends_at: str = Field("", max_length=40)
    schedule_id: str = Field("", max_length=80)
    needs_pin: str = Field("", max_length=10)
    first_person: str = Field("", max_length=10)
    note: str = Field("", max_length=200)
    find: str = Field("", max_length=10)

    def form(self) -> RightForm:
        """The same without what was pressed."""
        return RightForm(**self.model_dump(exclude={"find"}))


class Only(BaseModel):
    """What a list of rights is limited to; `ended` shows those that ended as well."""

    person: str = Field("", max_length=80)
    group: str = Field("", max_length=80)
    door: str = Field("", max_length=80)
    zone: str = Field("", max_length=80)
    schedule: str = Field("", max_length=80)
    before: str = Field("", max_length=80)
    ended: str = Field("", max_length=1)


@router.get("/rights/given")
def given(
    request: Request, words: Speaking, pages: Pages, who: Reader, only: Annotated[Only, Query()]
) -> Response:
    """Rights that were given, the newest first."""
    columns = {f"{name}_id": getattr(only, name) for name in _ONLY}
    found = pages.given(who, words, columns, only.before, ended=bool(only.ended))
    chosen = {name: value for name in _ONLY if (value := getattr(only, name))}
    return render(
        request,
        "pages/rights_given.html",
        found=found,
        chosen=chosen,
        ended=only.ended,
        may_write=who.may(Right.GRANTS_WRITE),
    )


@router.get("/rights/new")
def new_right(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Writer,
    person: Id = "",
    group: Id = "",
    door: Id = "",
    zone: Id = "",
) -> Response:
    """The form, with what is chosen already."""
    subject = f"person:{person}" if person else f"group:{group}" if group else ""
    place = f"door:{door}" if door else f"zone:{zone}" if zone else ""
    return _form(request, words, pages, who, RightForm(subject=subject, place=place))


@router.post("/rights/new")
def give_right(
    request: Request,
    words: Speaking,
    pages: Pages,
    rows: Rows,
    who: Writer,
    given: Annotated[Given, Form()],
) -> Response:
    """Give it, or say what is wrong with everything still in the form. A name that was not looked
    for yet is looked for first: nobody is given a right whom one has not seen."""
    form = given.form()
    if given.find or form.name.strip() != form.sought:
        return _search(request, words, pages, who, form)
    read = read_right(form, words)
    errors = read.errors
    if not errors:
        try:
            made = rows.add(who, GRANT, read.values)
        except Problem as problem:
            if not problem.fields:
                raise
            errors = refused(problem, words)
        else:
            return go_to(f"/rights/given/{made.id}")
    return _form(request, words, pages, who, form, errors)


@router.get("/rights/given/{grant_id}")
def right(request: Request, words: Speaking, pages: Pages, who: Reader, grant_id: str) -> Response:
    """One right, and its end."""
    line = pages.one(who, words, grant_id)
    return render(request, "pages/right.html", line=line, may_write=who.may(Right.GRANTS_WRITE))


@router.post("/rights/given/{grant_id}/end")
def end_right(rows: Rows, who: Writer, grant_id: str) -> Response:
    """It opens nothing from now on, and stays in the list of those that ended."""
    rows.change(who, GRANT, grant_id, {"state": EntryState.REVOKED})
    return go_to(f"/rights/given/{grant_id}")


def _search(
    request: Request, words: Words, pages: GrantingPages, who: Principal, form: RightForm
) -> Response:
    """Show the form with the people of a name; the only one is chosen."""
    name = form.name.replace("\x00", "").strip()
    found = pages.people(who, words, name, kind="person:") if name else ()
    form = replace(form, name=name, sought=name)
    if len(found) == 1:
        form = replace(form, subject=found[0].value)
    elif form.subject.startswith("person:") and form.subject not in {one.value for one in found}:
        form = replace(form, subject="")
    errors = {"name": words.t("granting.error.nobody")} if name and not found else {}
    return _form(request, words, pages, who, form, errors, sought=len(found))


def _form(
    request: Request,
    words: Words,
    pages: GrantingPages,
    who: Principal,
    form: RightForm,
    errors: dict[str, str] | None = None,
    sought: int = 0,
) -> Response:
    return render(
        request,
        "pages/right_form.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        form=form,
        choices=pages.choices(who, words, form),
        errors=errors or {},
        sought=sought,
    )
