"""The login page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from hub.accounts.login import LoginService
from hub.web.core import provided
from hub.web.identity import FORM_COOKIE, SESSION_COOKIE, public_form, requires
from hub.web.pages import render
from hub.web.problems import TOO_MANY_TRIES, Problem
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Service = Annotated[LoginService, provided(LoginService)]


def local_path(target: str | None) -> str:
    """Give a path on this hub to go on to; anything else, such as `//elsewhere`, becomes `/`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    return target if target.isprintable() else "/"


@router.get("/login", dependencies=[public_form()])
def login_page(
    request: Request, next_: Annotated[str | None, Query(alias="next", max_length=500)] = None
) -> Response:
    """The form."""
    return render(request, "accounts/login.html", next=local_path(next_), wrong=None, login="")


@router.post("/login", dependencies=[public_form()])
def log_in(
    request: Request,
    service: Service,
    login: Annotated[str, Form(max_length=100)],
    password: Annotated[str, Form(max_length=1000)],
    next_: Annotated[str | None, Form(alias="next", max_length=500)] = None,
) -> Response:
    """Begin a session and go on to where one wanted to go."""
    address = request.client.host if request.client else ""
    wrong, status = "login.wrong", HTTPStatus.UNAUTHORIZED
    try:
        entered = service.log_in(login, password, address)
    except Problem as problem:
        if problem.kind is not TOO_MANY_TRIES:
            raise
        entered, wrong, status = None, "login.wait", HTTPStatus.TOO_MANY_REQUESTS
    if entered is None:
        return render(
            request,
            "accounts/login.html",
            status=status,
            next=local_path(next_),
            wrong=wrong,
            login=login,
        )
    response = RedirectResponse(local_path(next_), status_code=HTTPStatus.SEE_OTHER)
    response.set_cookie(
        SESSION_COOKIE,
        entered.cookie,
        max_age=int(entered.lasts.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    response.delete_cookie(FORM_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response


@router.post("/logout")
def log_out(
    request: Request, service: Service, who: Annotated[Principal, requires(Right.SELF)]
) -> Response:
    """End the session, here and in the database."""
    service.log_out(who, request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/login", status_code=HTTPStatus.SEE_OTHER)
    response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response
