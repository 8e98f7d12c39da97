"""Cards for staff: whose they are, enrolling and losing them, and who may open what."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.pages.card_pages import MOST, CardPages
from hub.pages.frame import Speaking, go_to
from hub.pages.sealed_words import opened_words, sealed_words
from hub.pages.views.card_profile import profile_lines
from hub.pages.words import Words
from hub.people.domain import CardState
from hub.people.enrolment_domain import EnrolmentWish
from hub.people.enrolment_service import EnrolmentService
from hub.people.service import PeopleService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[CardPages, provided(CardPages)]
People = Annotated[PeopleService, provided(PeopleService)]
Enrolments = Annotated[EnrolmentService, provided(EnrolmentService)]
Reader = Annotated[Principal, requires(Right.PEOPLE_READ)]
Writer = Annotated[Principal, requires(Right.PEOPLE_WRITE)]
Blocker = Annotated[Principal, requires(Right.CARDS_BLOCK)]
GrantsReader = Annotated[Principal, requires(Right.GRANTS_READ)]
Id = Annotated[str, Form(max_length=80)]
Day = Annotated[str, Query(pattern=r"^(2[01]\d\d-\d\d-\d\d)?$")]
_LAST = timedelta(days=6)
_SEARCH = "cards"


@router.get("/cards")
def card_list(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    q: Annotated[str, Query(max_length=1000, description="Sealed.")] = "",
) -> Response:
    """People, by name or number."""
    asked = opened_words(pages.core.keys, who, _SEARCH, q)
    found = pages.found(who, asked, words)
    return render(request, "pages/cards.html", people=found, asked=asked, most=MOST)


@router.post("/cards/find")
def find_people(
    pages: Pages, who: Reader, text: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    """The same for a name, which does not belong into an address."""
    sealed = sealed_words(pages.core.keys, who, _SEARCH, text)
    return go_to(f"/cards?q={sealed}" if sealed else "/cards")


@router.get("/cards/profiles")
def profiles(request: Request, words: Speaking, _who: Reader) -> Response:
    """What each kind of card proves, and who could copy it."""
    return render(request, "pages/card_profiles.html", profiles=profile_lines(words))


@router.get("/cards/people/{person_id}")
def cards_of_person(
    request: Request, words: Speaking, pages: Pages, who: Reader, person_id: str
) -> Response:
    """Somebody's cards, and what they could open."""
    page = pages.person(who, person_id, words)
    return render(request, "pages/person_cards.html", page=page, error="")


@router.post("/cards/people/{person_id}/enrol")
def enrol(
    request: Request,
    words: Speaking,
    pages: Pages,
    enrolments: Enrolments,
    who: Writer,
    person_id: str,
    reader_id: Id = "",
    label: Annotated[str, Form(max_length=100)] = "",
    valid_until: Annotated[str, Form(max_length=10)] = "",
    replaces_id: Id = "",
    key_set_id: Id = "",
) -> Response:
    """Let the next card at a reader be theirs, in the place of another if one is named."""
    try:
        wish = EnrolmentWish(
            person_id,
            label.strip(),
            _end_of(valid_until, words),
            replaces_id or None,
            key_set_id or None,
        )
        started = enrolments.start(who, reader_id, wish)
    except Problem as problem:
        told = words.t("words.comma").join(each.message for each in problem.fields)
        error = words.t("cards.refused", why=told or problem.detail)
        page = pages.person(who, person_id, words)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "pages/person_cards.html", status=status, page=page, error=error)
    return go_to(f"/cards/enrolments/{started.id}")


@router.get("/cards/enrolments/{enrolment_id}")
def enrolment(
    request: Request, words: Speaking, pages: Pages, who: Reader, enrolment_id: str
) -> Response:
    """Hold the card now: asks again each second, without a script."""
    page = pages.enrolment(who, enrolment_id, words)
    return render(request, "pages/enrolment.html", page=page)


@router.post("/cards/enrolments/{enrolment_id}/cancel")
def cancel_enrolment(enrolments: Enrolments, who: Writer, enrolment_id: str) -> Response:
    """Enrol nothing."""
    enrolments.cancel(who, enrolment_id)
    return go_to(f"/cards/enrolments/{enrolment_id}")


@router.post("/cards/enrolments/{enrolment_id}/again")
def enrol_again(enrolments: Enrolments, who: Writer, enrolment_id: str) -> Response:
    """The same anew: its time was over, or two different cards came."""
    return go_to(f"/cards/enrolments/{enrolments.again(who, enrolment_id).id}")


@router.post("/cards/people/{person_id}/lost")
def lost(people: People, who: Blocker, person_id: str, card_id: Id = "") -> Response:
    """Every door denies it from now on."""
    people.move_card(who, card_id, CardState.LOST, "")
    return go_to(f"/cards/people/{person_id}")


@router.post("/cards/people/{person_id}/move")
def move(
    people: People,
    who: Writer,
    person_id: str,
    card_id: Id = "",
    to: Annotated[str, Form(pattern=r"^(active|withdrawn)$")] = "active",
) -> Response:
    """It was found again, or is given up."""
    people.move_card(who, card_id, CardState(to), "")
    return go_to(f"/cards/people/{person_id}")


@router.get("/rights")
def rights(request: Request, words: Speaking, pages: Pages, who: GrantsReader) -> Response:
    """Of which doors one may ask who could open them, and what each group may open."""
    matrix, doors = pages.matrix(who, words), pages.doors(who, words)
    return render(request, "pages/rights.html", matrix=matrix, doors=doors)


@router.get("/doors/{door_id}/who")
def who_could_open(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: GrantsReader,
    door_id: str,
    first: Annotated[Day, Query(alias="from")] = "",
    last: Annotated[Day, Query(alias="to")] = "",
) -> Response:
    """Who could open a door on some days, when and why."""
    start = _day(first, words.today)
    end = max(_day(last, start + _LAST), start)
    error = ""
    if end - start > timedelta(days=30):
        error, end = words.t("rights.too_long"), start + _LAST
    name, ways = pages.of_door(who, door_id, start, end, words)
    return render(
        request,
        "pages/door_who.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        door_id=door_id,
        name=name,
        ways=ways,
        first=start.isoformat(),
        last=end.isoformat(),
        error=error,
    )


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        return otherwise


def _end_of(text: str, words: Words) -> datetime | None:
    """A card that is good through a day ends when the next begins."""
    if not text:
        return None
    day = _day(text, words.today)
    if not 2000 <= day.year < 2199:
        day = words.today
    return datetime.combine(day + timedelta(days=1), time(), words.zone)
