"""Groups for staff: made, renamed, and who is in them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from hub.audit.rows import AuditedRows
from hub.database.errors import DuplicateError
from hub.pages.frame import Speaking, go_to
from hub.pages.group_pages import MOST, GroupPages, may_write
from hub.pages.sealed_words import opened_words, sealed_words
from hub.pages.words import Words
from hub.people.kinds import GROUP
from hub.people.service import PeopleService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[GroupPages, provided(GroupPages)]
Rows = Annotated[AuditedRows, provided(AuditedRows)]
People = Annotated[PeopleService, provided(PeopleService)]
Reader = Annotated[Principal, requires(Right.PEOPLE_READ)]
Writer = Annotated[Principal, requires(Right.PEOPLE_WRITE)]
Text = Annotated[str, Form(max_length=100)]
Id = Annotated[str, Form(max_length=80, pattern=r"^[^\x00]*$")]
Kept = Annotated[str, Form(max_length=1000)]
Sealed = Annotated[str, Query(max_length=1000, description="Sealed.")]
_LIST: Final = "/rights/groups"
_SEARCH: Final = "groups"


def _typed(name: Text = "", name_en: Text = "") -> dict[str, str]:
    return {"name": name.strip(), "name_en": name_en.strip()}


Typed = Annotated[dict[str, str], Depends(_typed)]


@router.get("/rights/groups")
def group_list(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """Every group, and a form for one more."""
    return _list(request, words, pages, who)


@router.post("/rights/groups")
def add_group(
    request: Request,
    words: Speaking,
    pages: Pages,
    rows: Rows,
    who: Writer,
    typed: Typed,
) -> Response:
    """Make a group; its people come on its page."""
    errors = _wrong(typed, words)
    if not errors:
        try:
            return go_to(f"{_LIST}/{rows.add(who, GROUP, typed).id}")
        except DuplicateError:
            errors = {"name": words.t("groups.twice")}
    return _list(request, words, pages, who, typed, errors)


@router.get("/rights/groups/{group_id}")
def group(
    request: Request, words: Speaking, pages: Pages, who: Reader, group_id: str, q: Sealed = ""
) -> Response:
    """A group, and the people who were looked for."""
    return _one(request, words, pages, who, group_id, q)


@router.post("/rights/groups/{group_id}")
def rename_group(
    request: Request,
    words: Speaking,
    pages: Pages,
    rows: Rows,
    who: Writer,
    group_id: str,
    typed: Typed,
) -> Response:
    """Give it another name."""
    errors = _wrong(typed, words)
    if not errors:
        try:
            rows.change(who, GROUP, group_id, typed)
            return go_to(f"{_LIST}/{group_id}")
        except DuplicateError:
            errors = {"name": words.t("groups.twice")}
    return _one(request, words, pages, who, group_id, "", typed, errors)


@router.post("/rights/groups/{group_id}/find")
def find_people(pages: Pages, who: Reader, group_id: str, text: Text = "") -> Response:
    """Look for people by a name, which does not belong into an address."""
    sealed = sealed_words(pages.core.keys, who, _SEARCH, text)
    return go_to(_place(group_id, sealed))


@router.post("/rights/groups/{group_id}/add")
def add_member(
    people: People, who: Writer, group_id: str, person_id: Id = "", q: Kept = ""
) -> Response:
    """Put somebody into it: what it may open, they may open from now on."""
    people.change_members(who, group_id, added=[person_id])
    return go_to(_place(group_id, q))


@router.post("/rights/groups/{group_id}/remove")
def remove_member(
    people: People, who: Writer, group_id: str, person_id: Id = "", q: Kept = ""
) -> Response:
    """Take somebody out of it."""
    people.change_members(who, group_id, removed=[person_id])
    return go_to(_place(group_id, q))


def _place(group_id: str, sealed: str) -> str:
    return f"{_LIST}/{group_id}{f'?q={quote(sealed)}' if sealed else ''}"


def _wrong(typed: dict[str, str], words: Words) -> dict[str, str]:
    if not typed["name"] or "\x00" in f"{typed['name']}{typed['name_en']}":
        return {"name": words.t("groups.no_name")}
    return {}


def _list(
    request: Request,
    words: Words,
    pages: GroupPages,
    who: Principal,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    return render(
        request,
        "pages/groups.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        lines=pages.every(who, words),
        form=typed or {"name": "", "name_en": ""},
        errors=errors or {},
        may_write=may_write(who),
    )


def _one(
    request: Request,
    words: Words,
    pages: GroupPages,
    who: Principal,
    group_id: str,
    q: str,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    asked = opened_words(pages.core.keys, who, _SEARCH, q)
    page = pages.page(who, group_id, asked, words)
    return render(
        request,
        "pages/group.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        page=page,
        form=typed or {"name": page.name, "name_en": page.name_en},
        errors=errors or {},
        asked=asked,
        q=q if asked else "",
        most=MOST,
    )
