"""Card key sets for those who keep the town's cards: masters made, taken over, and renewed.

A master comes in a form's body, is sealed, and is never shown again: neither by a page that tells
what was wrong with it, nor in an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from hub.database.errors import DuplicateError
from hub.pages.frame import Speaking, go_to
from hub.pages.key_set_pages import KeySetPages
from hub.pages.views.key_set import offered_profiles
from hub.pages.words import Words
from hub.people.card_keys import CardKeys
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import CONFLICT, INVALID, Problem, invalid
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Pages = Annotated[KeySetPages, provided(KeySetPages)]
Keys = Annotated[CardKeys, provided(CardKeys)]
Reader = Annotated[Principal, requires(Right.PEOPLE_READ)]
Writer = Annotated[Principal, requires(Right.PEOPLE_WRITE)]
Text = Annotated[str, Form(max_length=200)]
Id = Annotated[str, Form(max_length=80)]
_KEY: Final = re.compile(r"[0-9A-Fa-f]{32}")
_APPLICATION: Final = re.compile(r"([0-9A-Fa-f]{2}){0,30}")
_SPOKEN: Final = frozenset({"weak", "too_long", "bad_master", "bad_application", "no_name", "sure"})


@router.get("/cards/keys")
def key_sets(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """Every set, and a form for one more."""
    return _list(request, words, pages, who)


@router.post("/cards/keys")
def add_key_set(
    request: Request,
    words: Speaking,
    pages: Pages,
    keys: Keys,
    who: Writer,
    name: Text = "",
    profile: Id = "",
    application: Text = "",
    master: Text = "",
) -> Response:
    """Add a set; its master is drawn where none is given."""
    typed = (name.strip()[:100], profile, application.replace(" ", ""))
    made: list[str] = []

    def work() -> None:
        if not typed[0]:
            raise invalid("name", "no_name", "a set has a name")
        if not _APPLICATION.fullmatch(typed[2]):
            raise invalid("application", "bad_application", "at most 30 bytes, hexadecimal")
        found = keys.add_set(
            who,
            name=typed[0],
            profile=profile,
            application=bytes.fromhex(typed[2]),
            master=_master(master),
        )
        made.append(found.id)

    error = _error_of(work, words)
    if error:
        return _list(request, words, pages, who, error, typed)
    return go_to(f"/cards/keys/{made[0]}")


@router.get("/cards/keys/{set_id}")
def key_set(request: Request, words: Speaking, pages: Pages, who: Reader, set_id: str) -> Response:
    """One set: who holds its cards' keys, and how far its cards are."""
    return _one(request, words, pages, who, set_id)


@router.post("/cards/keys/{set_id}/master")
def renew_master(
    request: Request,
    words: Speaking,
    pages: Pages,
    keys: Keys,
    who: Writer,
    set_id: str,
    master: Text = "",
    sure: Text = "",
) -> Response:
    """Give it a new master: from then on its cards are to be written anew, one by one."""

    def work() -> None:
        _asked(sure)
        keys.renew(who, set_id, _master(master))

    return _done(request, words, pages, who, set_id, work)


@router.post("/cards/keys/{set_id}/rekey")
def rekey(
    request: Request,
    words: Speaking,
    pages: Pages,
    keys: Keys,
    who: Writer,
    set_id: str,
    card_id: Id = "",
) -> Response:
    """A card was written with its new key."""

    def work() -> None:
        keys.rekey(who, card_id, key_set_id=set_id, key=None)

    return _done(request, words, pages, who, set_id, work)


@router.post("/cards/keys/{set_id}/finish")
def finish(
    request: Request,
    words: Speaking,
    pages: Pages,
    keys: Keys,
    who: Writer,
    set_id: str,
    sure: Text = "",
) -> Response:
    """Block the cards that never came."""

    def work() -> None:
        _asked(sure)
        keys.finish(who, set_id, words.t("key_sets.never_came"))

    return _done(request, words, pages, who, set_id, work)


def _master(typed: str) -> bytes | None:
    found = re.sub(r"[\s:-]", "", typed)
    if not found:
        return None
    if not _KEY.fullmatch(found):
        raise invalid("master", "bad_master", "32 hexadecimal digits")
    return bytes.fromhex(found)


def _asked(sure: str) -> None:
    if sure != "yes":
        raise invalid("sure", "sure", "tick that you are sure")


def _error_of(work: Callable[[], object], words: Words) -> str:
    """Do something; give what is wrong in the page's language, empty for nothing."""
    try:
        work()
    except DuplicateError:
        return words.t("key_sets.error_twice")
    except Problem as problem:
        if problem.kind not in (INVALID, CONFLICT):
            raise
        code = next((each.code for each in problem.fields), "")
        return words.t(f"key_sets.error_{code if code in _SPOKEN else 'form'}")
    return ""


def _done(
    request: Request,
    words: Words,
    pages: KeySetPages,
    who: Principal,
    set_id: str,
    work: Callable[[], object],
) -> Response:
    error = _error_of(work, words)
    if error:
        return _one(request, words, pages, who, set_id, error)
    return go_to(f"/cards/keys/{set_id}")


def _one(
    request: Request,
    words: Words,
    pages: KeySetPages,
    who: Principal,
    set_id: str,
    error: str = "",
) -> Response:
    return render(
        request,
        "pages/key_set.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        page=pages.page(who, set_id, words),
        error=error,
    )


def _list(
    request: Request,
    words: Words,
    pages: KeySetPages,
    who: Principal,
    error: str = "",
    typed: tuple[str, str, str] = ("", "", ""),
) -> Response:
    return render(
        request,
        "pages/key_sets.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        lines=pages.listed(words),
        profiles=offered_profiles(words),
        may_write=who.may(Right.PEOPLE_WRITE) and who.sites is None,
        typed=typed,
        error=error,
    )
