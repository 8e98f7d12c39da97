"""Logins for administrators: made, changed, disabled. A password stands once, in the answer to the
form that makes it: in no address and in no log."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from hub.accounts.domain import User, UserState
from hub.accounts.passwords import made_password
from hub.accounts.service import LAST_ADMIN, AccountsService
from hub.database.errors import DuplicateError
from hub.pages.account_pages import AccountForm, AccountPages, form_of, may_write, roles
from hub.pages.frame import Speaking, go_to
from hub.pages.words import Words
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import INVALID, Problem
from hub.web.rights import Principal, Right, Role

router = APIRouter(include_in_schema=False)
Pages = Annotated[AccountPages, provided(AccountPages)]
Accounts = Annotated[AccountsService, provided(AccountsService)]
Reader = Annotated[Principal, requires(Right.ACCOUNTS_READ)]
Writer = Annotated[Principal, requires(Right.ACCOUNTS_WRITE)]
Text = Annotated[str, Form(max_length=200)]
Id = Annotated[str, Form(max_length=80)]
Ids = Annotated[list[str] | None, Form(max_length=500)]
_LOGIN: Final = re.compile(r"[^\s:\x00]{1,100}")
_NAME_MAX: Final = 100


def _typed(
    login: Text = "",
    name: Text = "",
    role: Annotated[Role, Form()] = Role.STAFF,
    sites: Ids = None,
    town: Text = "",
    person: Id = "",
    number: Text = "",
) -> AccountForm:
    return AccountForm(
        login.strip(), name.strip(), role, tuple(sites or ()), town == "yes", person, number.strip()
    )


Typed = Annotated[AccountForm, Depends(_typed)]


@router.get("/accounts")
def accounts_list(
    request: Request,
    words: Speaking,
    pages: Pages,
    who: Reader,
    cursor: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Everybody who logs in."""
    lines, following = pages.listed(cursor or None, words)
    return render(
        request,
        "pages/accounts.html",
        lines=lines,
        next_cursor=following,
        may_write=may_write(who),
    )


@router.get("/accounts/new")
def new_account(
    request: Request,
    words: Speaking,
    pages: Pages,
    _who: Writer,
    person: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """The form for one more, for somebody where `person` names them."""
    return _form(request, words, pages, pages.for_person(person, words))


@router.post("/accounts/new")
def add_account(
    request: Request, words: Speaking, pages: Pages, accounts: Accounts, who: Writer, typed: Typed
) -> Response:
    """Make a login and show its password, this once."""
    error = "" if _LOGIN.fullmatch(typed.login) else words.t("accounts.error_login")
    values, wrong = _values(typed, pages, words)
    password, made = made_password(), list[User]()
    error = error or wrong
    if not error:
        given = {**values, "login": typed.login, "password": password}
        error = _refusal(lambda: made.append(accounts.add_user(who, **given)), words)
    if error:
        return _form(request, words, pages, typed, error)
    return _password(request, made[0], password)


@router.get("/accounts/{user_id}")
def one_account(
    request: Request,
    words: Speaking,
    pages: Pages,
    accounts: Accounts,
    who: Reader,
    user_id: str,
) -> Response:
    """One of them."""
    return _one(request, words, pages, who, accounts.user(user_id))


@router.post("/accounts/{user_id}")
def change_account(
    request: Request,
    words: Speaking,
    pages: Pages,
    accounts: Accounts,
    who: Writer,
    user_id: str,
    typed: Typed,
    unlink: Text = "",
) -> Response:
    """Change name, role, sites or person; the login's name stays."""
    user = accounts.user(user_id)
    values, error = _values(typed, pages, words)
    if unlink == "yes":
        values["person_id"] = None
    changed = {name: value for name, value in values.items() if getattr(user, name) != value}
    if not error and changed:
        error = _refusal(lambda: accounts.change_user(who, user_id, changed), words)
    if error:
        return _one(request, words, pages, who, user, error, typed)
    return go_to(f"/accounts/{user_id}")


@router.post("/accounts/{user_id}/state")
def set_state(
    request: Request,
    words: Speaking,
    pages: Pages,
    accounts: Accounts,
    who: Writer,
    user_id: str,
    state: Annotated[UserState, Form()],
) -> Response:
    """Keep somebody from logging in, or let them again."""
    user = accounts.user(user_id)
    error = _refusal(lambda: accounts.change_user(who, user_id, {"state": state}), words)
    if error:
        return _one(request, words, pages, who, user, error)
    return go_to(f"/accounts/{user_id}")


@router.post("/accounts/{user_id}/password")
def new_password(request: Request, accounts: Accounts, who: Writer, user_id: str) -> Response:
    """Another password, shown this once; the one before works no more."""
    password = made_password()
    user = accounts.change_user(who, user_id, {"password": password})
    return _password(request, user, password)


def _values(typed: AccountForm, pages: AccountPages, words: Words) -> tuple[dict[str, Any], str]:
    """What of the form goes into a login, and what is wrong with it."""
    if not 1 <= len(typed.name) <= _NAME_MAX or "\x00" in typed.name:
        return {}, words.t("accounts.error_name")
    person = typed.person_id or None
    if person is None and typed.number:
        person = None if "\x00" in typed.number else pages.id_by_number(typed.number)
        if person is None:
            return {}, words.t("accounts.error_number")
    if typed.whole_town == bool(typed.sites):
        return {}, words.t("accounts.error_sites")
    sites = None if typed.whole_town else tuple(sorted(set(typed.sites)))
    if any("\x00" in each for each in (person or "", *(sites or ()))):
        return {}, words.t("accounts.error_form")
    return {"name": typed.name, "role": typed.role, "sites": sites, "person_id": person}, ""


def _refusal(work: Callable[[], object], words: Words) -> str:
    """Do something; give what is wrong in the page's language, empty for nothing."""
    try:
        work()
    except DuplicateError:
        return words.t("accounts.error_taken")
    except Problem as problem:
        if problem.kind is LAST_ADMIN:
            return f"{words.t('problem.last_admin.title')} {words.t('problem.last_admin.advice')}"
        if problem.kind is not INVALID:
            raise
        return words.t("accounts.error_form")
    return ""


def _password(request: Request, user: User, password: str) -> Response:
    """A password as nobody will see it again; no address leads here."""
    response = render(request, "pages/account_password.html", user=user, password=password)
    response.headers["Cache-Control"] = "no-store"
    return response


def _form(
    request: Request, words: Words, pages: AccountPages, form: AccountForm, error: str = ""
) -> Response:
    return render(
        request,
        "pages/account_new.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        form=form,
        person=pages.person_name(form.person_id, words) if form.person_id else "",
        roles=roles(words),
        sites=pages.sites(words),
        error=error,
    )


def _one(
    request: Request,
    words: Words,
    pages: AccountPages,
    who: Principal,
    user: User,
    error: str = "",
    typed: AccountForm | None = None,
) -> Response:
    (line,) = pages.lines((user,), words)
    return render(
        request,
        "pages/account.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        line=line,
        form=typed or form_of(user),
        active=user.state is UserState.ACTIVE,
        roles=roles(words),
        sites=pages.sites(words),
        may_write=may_write(who),
        error=error,
    )
