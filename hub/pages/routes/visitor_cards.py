"""The pool of visitors' cards for the desk: what is in the drawer, lent or missing; enrolling."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.pages.card_pages import CardPages
from hub.pages.frame import Speaking, go_to
from hub.pages.visitor_pages import VisitorPages
from hub.people.domain import CardState
from hub.people.enrolment_domain import EnrolmentWish
from hub.people.enrolment_service import EnrolmentService
from hub.people.service import PeopleService
from hub.visitors.service import VisitorsService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[VisitorPages, provided(VisitorPages)]
Cards = Annotated[CardPages, provided(CardPages)]
Enrolments = Annotated[EnrolmentService, provided(EnrolmentService)]
Register = Annotated[VisitorsService, provided(VisitorsService)]
People = Annotated[PeopleService, provided(PeopleService)]
Reader = Annotated[Principal, requires(Right.VISITORS_READ)]
Writer = Annotated[Principal, requires(Right.VISITORS_WRITE)]
Blocker = Annotated[Principal, requires(Right.CARDS_BLOCK)]
Id = Annotated[str, Form(max_length=80)]
_POOL = "/visitors/cards"


@router.get("/visitors/cards")
def pool(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """Every card that is lent to visitors, and where it is."""
    return _pool(request, words, pages, who)


@router.post("/visitors/cards/enrol")
def enrol(
    request: Request,
    words: Speaking,
    pages: Pages,
    enrolments: Enrolments,
    who: Writer,
    reader_id: Id = "",
    label: Annotated[str, Form(max_length=100)] = "",
    site_id: Id = "",
) -> Response:
    """Let the next unknown card at a reader be one for visitors: nobody's, opening nothing."""
    try:
        started = enrolments.start(who, reader_id, EnrolmentWish(label=label.strip()))
    except Problem as problem:
        told = words.t("words.comma").join(each.message for each in problem.fields)
        error = words.t("cards.refused", why=told or problem.detail)
        return _pool(request, words, pages, who, error)
    return go_to(f"/visitors/cards/enrolments/{started.id}?site={site_id}")


@router.get("/visitors/cards/enrolments/{enrolment_id}")
def enrolment(
    request: Request,
    words: Speaking,
    cards: Cards,
    enrolments: Enrolments,
    who: Writer,
    enrolment_id: str,
    site: Annotated[str, Query(max_length=80, pattern=r"^[0-9a-f-]*$")] = "",
) -> Response:
    """Hold the card now; once it was read, put it into the pool."""
    seen = enrolments.seen(who, enrolment_id)
    page = cards.enrolment(who, enrolment_id, words)
    card_id = seen.card.id if seen.card is not None else ""
    return render(request, "pages/visitor_enrolment.html", page=page, card_id=card_id, site_id=site)


@router.post("/visitors/cards/add")
def add(register: Register, who: Writer, card_id: Id = "", site_id: Id = "") -> Response:
    """Put a card into the pool."""
    register.add_to_pool(who, card_id, site_id or None)
    return go_to(_POOL)


@router.post("/visitors/cards/remove")
def remove(register: Register, who: Writer, card_id: Id = "") -> Response:
    """Lend it no more."""
    register.remove_from_pool(who, card_id)
    return go_to(_POOL)


@router.post("/visitors/cards/lost")
def lost(register: Register, people: People, who: Blocker, card_id: Id = "") -> Response:
    """Every door denies it from now on; only a card of the pool is lost here."""
    if any(each.card_id == card_id for each in register.pool(who)):
        people.move_card(who, card_id, CardState.LOST, "")
    return go_to(_POOL)


def _pool(
    request: Request, words: Speaking, pages: VisitorPages, who: Principal, error: str = ""
) -> Response:
    may_write = who.may(Right.VISITORS_WRITE)
    return render(
        request,
        "pages/visitor_cards.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        cards=pages.cards(who, words),
        readers=pages.readers(who) if may_write else (),
        desks=pages.desks(who, words),
        may_write=may_write,
        may_block=who.may(Right.CARDS_BLOCK),
        error=error,
    )
