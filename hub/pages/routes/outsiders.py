"""People who are not staff: contractors, clubs' key-holders, volunteers. Made, changed, ended."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.audit.rows import AuditedRows
from hub.pages.frame import Speaking, go_to
from hub.pages.outsider_pages import MOST, OutsiderPages, may_write
from hub.pages.sealed_words import opened_words, sealed_words
from hub.pages.views.outsider import OutsiderForm, begin_of, end_of
from hub.pages.views.staff import day_or_none
from hub.pages.words import Words
from hub.people.kinds import PERSON
from hub.people.service import PeopleService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right
from wire.policy_bodies import EntryState

router = APIRouter(include_in_schema=False)
Pages = Annotated[OutsiderPages, provided(OutsiderPages)]
Rows = Annotated[AuditedRows, provided(AuditedRows)]
People = Annotated[PeopleService, provided(PeopleService)]
Reader = Annotated[Principal, requires(Right.PEOPLE_READ)]
Writer = Annotated[Principal, requires(Right.PEOPLE_WRITE)]
Text = Annotated[str, Form(max_length=100)]
Day = Annotated[str, Form(max_length=10)]
Ids = Annotated[list[str] | None, Form(max_length=200)]
_SEARCH: Final = "outsiders"
_NEW: Final[dict[str, Any]] = {
    "name_en": "",
    "staff_number": None,
    "state": EntryState.ACTIVE,
    "anti_passback_exempt": False,
    "long_unlock": False,
    "forgiven": 0,
    "forgiven_at": None,
}


@router.get("/outsiders")
def outsiders(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    q: Annotated[str, Query(max_length=1000, description="Sealed.")] = "",
) -> Response:
    """All of them, and a form for one more."""
    asked = opened_words(pages.core.keys, who, _SEARCH, q)
    return _list(request, words, pages, who, asked=asked)


@router.post("/outsiders/find")
def find_outsiders(pages: Pages, who: Reader, text: Text = "") -> Response:
    """The same for a name, which does not belong into an address."""
    sealed = sealed_words(pages.core.keys, who, _SEARCH, text)
    return go_to(f"/outsiders?q={sealed}" if sealed else "/outsiders")


@router.post("/outsiders")
def add_outsider(
    request: Request,
    words: Speaking,
    pages: Pages,
    rows: Rows,
    who: Writer,
    name: Text = "",
    kana: Text = "",
    organisation: Text = "",
    first: Day = "",
    last: Day = "",
) -> Response:
    """Take somebody up; what they may open, and with which card, comes on their page."""
    typed = OutsiderForm(name.strip(), kana.strip(), organisation.strip(), first, last)
    values, error = _values(typed, words)
    if error:
        return _list(request, words, pages, who, error, typed)
    made = rows.add(who, PERSON, {**_NEW, **values})
    return go_to(f"/outsiders/{made.id}")


@router.get("/outsiders/{person_id}")
def outsider(
    request: Request, words: Speaking, pages: Pages, who: Reader, person_id: str
) -> Response:
    """One of them."""
    return _one(request, words, pages, who, person_id)


@router.post("/outsiders/{person_id}")
def change_outsider(
    request: Request,
    words: Speaking,
    pages: Pages,
    rows: Rows,
    who: Writer,
    person_id: str,
    name: Text = "",
    kana: Text = "",
    organisation: Text = "",
    first: Day = "",
    last: Day = "",
) -> Response:
    """Change somebody. Another last day lets in again who was over, unless they are blocked."""
    typed = OutsiderForm(name.strip(), kana.strip(), organisation.strip(), first, last)
    values, error = _values(typed, words)
    if error:
        return _one(request, words, pages, who, person_id, error, typed)
    rows.change(who, PERSON, person_id, values)
    return go_to(f"/outsiders/{person_id}")


@router.post("/outsiders/{person_id}/groups")
def set_groups(people: People, who: Writer, person_id: str, groups: Ids = None) -> Response:
    """Make them a member of these groups and no others."""
    people.set_groups(who, person_id, groups or [])
    return go_to(f"/outsiders/{person_id}")


@router.post("/outsiders/{person_id}/end")
def end_outsider(pages: Pages, rows: Rows, who: Writer, person_id: str) -> Response:
    """Nothing lets them in from now on."""
    now = pages.core.clock.now()
    start = rows.get(who, PERSON, person_id).starts_at
    begun = start is not None and start < now
    rows.change(who, PERSON, person_id, {"starts_at": start if begun else None, "ends_at": now})
    return go_to(f"/outsiders/{person_id}")


def _values(typed: OutsiderForm, words: Words) -> tuple[dict[str, Any], str]:
    """The columns of what was typed, and what is wrong with it."""
    start, end = day_or_none(typed.first), day_or_none(typed.last)
    if not typed.name or "\x00" in f"{typed.name}{typed.kana}{typed.organisation}":
        return {}, words.t("outsiders.error_name")
    for text, day in ((typed.first, start), (typed.last, end)):
        if text and (day is None or not 2000 <= day.year < 2199):
            return {}, words.t("outsiders.error_day")
    if start is not None and end is not None and end < start:
        return {}, words.t("outsiders.error_span")
    values = {
        "name": typed.name,
        "name_kana": typed.kana,
        "organisation": typed.organisation,
        "starts_at": begin_of(start, words) if start else None,
        "ends_at": end_of(end, words) if end else None,
    }
    return values, ""


def _list(
    request: Request,
    words: Words,
    pages: OutsiderPages,
    who: Principal,
    error: str = "",
    typed: OutsiderForm | None = None,
    *,
    asked: str = "",
) -> Response:
    return render(
        request,
        "pages/outsiders.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        lines=pages.found(who, asked, words),
        asked=asked,
        most=MOST,
        form=typed or OutsiderForm(),
        may_write=may_write(who),
        error=error,
    )


def _one(
    request: Request,
    words: Words,
    pages: OutsiderPages,
    who: Principal,
    person_id: str,
    error: str = "",
    typed: OutsiderForm | None = None,
) -> Response:
    return render(
        request,
        "pages/outsider.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        page=pages.page(who, person_id, words, typed),
        error=error,
    )
