"""Staff for personnel: who is there on a date, and who has left and is still let in."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.pages.frame import Speaking, go_to
from hub.pages.sealed_words import opened_words, sealed_words
from hub.pages.staff_pages import StaffPages
from hub.pages.views.staff import day_or_none
from hub.staff.service import StaffFilter, StaffService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[StaffPages, provided(StaffPages)]
Staff = Annotated[StaffService, provided(StaffService)]
Reader = Annotated[Principal, requires(Right.STAFF_READ)]
Writer = Annotated[Principal, requires(Right.STAFF_WRITE)]
Text = Annotated[str, Form(max_length=100)]
Day = Annotated[str, Form(max_length=10)]
Id = Annotated[str, Form(max_length=80)]
_SEARCH = "staff"


@router.get("/staff")
def staff_list(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    on: Annotated[str, Query(max_length=10)] = "",
    department: Annotated[str, Query(max_length=80)] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    q: Annotated[str, Query(max_length=1000, description="Sealed.")] = "",
    cursor: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Who is employed on a date."""
    day = day_or_none(on) or words.today
    text = opened_words(pages.core.keys, who, _SEARCH, q)
    wanted = StaffFilter(day, department or None, kind or None, text)
    asked = {"on": day.isoformat(), "department": department, "kind": kind, "text": text, "q": q}
    listed = pages.listed(who, wanted, cursor or None, words)
    return render(request, "pages/staff.html", staff=listed, asked=asked)


@router.post("/staff/find")
def find_staff(
    pages: Pages,
    who: Reader,
    on: Day = "",
    department: Id = "",
    kind: Text = "",
    text: Text = "",
) -> Response:
    """The same for a name, which does not belong into an address."""
    sealed = sealed_words(pages.core.keys, who, _SEARCH, text)
    asked = {"on": on, "department": department, "kind": kind, "q": sealed}
    return go_to(f"/staff?{urlencode({name: said for name, said in asked.items() if said})}")


@router.get("/staff/leavers")
def leavers_page(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """Who has left and is still let in."""
    return render(
        request,
        "pages/staff_leavers.html",
        lines=pages.leavers(who, words),
        by_hub=pages.core.settings.staff.block_leavers,
        may_write=who.may(Right.STAFF_WRITE),
    )


@router.post("/staff/leavers/{person_id}/block")
def block_leaver(staff: Staff, who: Writer, person_id: str) -> Response:
    """Deny somebody who has left every door."""
    staff.block(who, person_id)
    return go_to("/staff/leavers")
