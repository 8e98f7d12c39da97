"""One new member of staff: a form that makes the person and their first employment."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from hub.pages.frame import Speaking, go_to
from hub.pages.staff_pages import StaffPages
from hub.pages.staff_refusals import day_of, last_day_of, refusal_of
from hub.pages.words import Words
from hub.staff.domain import Place
from hub.staff.newcomers import Newcomer, Newcomers
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[StaffPages, provided(StaffPages)]
Service = Annotated[Newcomers, provided(Newcomers)]
Writer = Annotated[Principal, requires(Right.STAFF_WRITE)]
Text = Annotated[str, Form(max_length=200)]
Day = Annotated[str, Form(max_length=10)]
Id = Annotated[str, Form(max_length=80)]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, which the form shows again where it is refused."""

    name: str = ""
    kana: str = ""
    name_en: str = ""
    number: str = ""
    department: str = ""
    kind: str = "regular"
    post: str = ""
    heads: bool = False
    starts_on: str = ""
    ends_on: str = ""

    @property
    def place(self) -> Place:
        """Where and as what."""
        return Place(self.department, self.kind, self.post.strip(), self.heads)


def _typed(
    name: Text = "",
    kana: Text = "",
    name_en: Text = "",
    number: Text = "",
    department: Id = "",
    kind: Text = "",
    post: Text = "",
    heads: Text = "",
    starts_on: Day = "",
    ends_on: Day = "",
) -> Typed:
    said = (name, kana, name_en, number, department, kind, post)
    return Typed(*said, heads == "yes", starts_on, ends_on)


@router.get("/staff/new")
def newcomer_form(
    request: Request, words: Speaking, pages: Pages, _who: Writer, department: str = ""
) -> Response:
    """The form, for somebody who begins today until somebody says otherwise."""
    form = Typed(department=department[:80], starts_on=words.today.isoformat())
    return _form(request, words, pages, form)


@router.post("/staff/new")
def take_up(
    request: Request,
    words: Speaking,
    pages: Pages,
    newcomers: Service,
    who: Writer,
    typed: Annotated[Typed, Depends(_typed)],
) -> Response:
    """Take somebody up and go to their page."""
    made: list[str] = []

    def work() -> None:
        first, last = day_of(typed.starts_on), last_day_of(typed.ends_on)
        newcomer = Newcomer(typed.number, typed.name, typed.kana, typed.name_en)
        made.append(newcomers.take_up(who, newcomer, typed.place, first, last).id)

    error = refusal_of(work, words)
    if error:
        return _form(request, words, pages, typed, error)
    return go_to(f"/staff/people/{made[0]}")


def _form(
    request: Request, words: Words, pages: StaffPages, form: Typed, error: str = ""
) -> Response:
    return render(
        request,
        "pages/staff_newcomer.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        form=form,
        departments=pages.tree(words, words.today),
        kinds=pages.staff.kinds,
        error=error,
    )
