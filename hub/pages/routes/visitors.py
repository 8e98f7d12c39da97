"""The visitors' register for the desk: the day's visits, who is inside, which cards are out."""

from __future__ import annotations

from datetime import UTC, date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.pages.frame import Speaking, go_to
from hub.pages.routes.visits import instant_of
from hub.pages.visitor_pages import VisitorPages
from hub.pages.words import Words
from hub.visitors.service import VisitorsService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import invalid
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[VisitorPages, provided(VisitorPages)]
Register = Annotated[VisitorsService, provided(VisitorsService)]
Reader = Annotated[Principal, requires(Right.VISITORS_READ)]
Writer = Annotated[Principal, requires(Right.VISITORS_WRITE)]
Short = Annotated[str, Form(max_length=200)]
Day = Annotated[str, Query(pattern=r"^(2[01]\d\d-\d\d-\d\d)?$")]


@router.get("/visitors")
def register(
    request: Request, words: Speaking, pages: Pages, who: Reader, day: Day = ""
) -> Response:
    """The day's visits, printable, and the cards that are out."""
    page = pages.day(who, words, _day(day, words))
    return render(request, "pages/visitors.html", page=page)


@router.post("/visitors/{visitor_id}/arrive")
def arrives(
    register: Register,
    who: Writer,
    visitor_id: str,
    card_id: Short = "",
    day: Annotated[str, Form(pattern=r"^[0-9-]{0,10}$")] = "",
) -> Response:
    """Somebody comes, with or without a card."""
    register.arrive(who, visitor_id, card_id or None)
    return go_to(f"/visitors?day={day}")


@router.post("/visitors/{visitor_id}/leave")
def leaves(
    register: Register,
    who: Writer,
    visitor_id: str,
    card: Short = "back",
    day: Annotated[str, Form(pattern=r"^[0-9-]{0,10}$")] = "",
) -> Response:
    """Somebody goes."""
    register.leave(who, visitor_id, card_returned=card == "back")
    return go_to(f"/visitors?day={day}")


@router.post("/visitors/visits/{visit_id}/add")
def add(
    register: Register,
    who: Writer,
    visit_id: str,
    name: Annotated[str, Form(max_length=100)] = "",
    day: Annotated[str, Form(pattern=r"^[0-9-]{0,10}$")] = "",
) -> Response:
    """One more comes along."""
    if name.strip():
        register.add_visitor(who, visit_id, name.strip(), "")
    return go_to(f"/visitors?day={day}")


@router.post("/visitors/visits/{visit_id}/until")
def until(
    words: Speaking,
    register: Register,
    who: Writer,
    visit_id: str,
    ends_at: Short = "",
    day: Annotated[str, Form(pattern=r"^[0-9-]{0,10}$")] = "",
) -> Response:
    """It ends at another time, or now where none is told: lent cards follow at once."""
    try:
        end = instant_of(ends_at, words) if ends_at else words.now
    except ValueError as error:
        raise invalid("ends_at", "not_a_time", words.t("visitors.not_a_time")) from error
    register.change(who, visit_id, {"ends_at": end.astimezone(UTC)})
    return go_to(f"/visitors?day={day}")


@router.post("/visitors/visits/{visit_id}/cancel")
def cancel(
    register: Register,
    who: Writer,
    visit_id: str,
    day: Annotated[str, Form(pattern=r"^[0-9-]{0,10}$")] = "",
) -> Response:
    """Nobody comes."""
    register.cancel(who, visit_id)
    return go_to(f"/visitors?day={day}")


def _day(text: str, words: Words) -> date:
    try:
        return date.fromisoformat(text) if text else words.today
    except ValueError:
        return words.today
