"""Who asks, and may they: the dependencies that every route names.

`requires(Right.X)` gives the `Principal`; `public()` lets everybody read; `public_form()` is for
forms that need no login. A route that names none of them fails a test.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from hub.web.addresses import address_kind
from hub.web.core import core_of
from hub.web.problems import CSRF_REFUSED, FORBIDDEN, UNAUTHENTICATED, Problem
from hub.web.queries import refuse_repeated
from hub.web.rights import Principal, Right

SESSION_COOKIE: Final = "__Host-kagimori"
FORM_COOKIE: Final = "__Host-kagimori-form"
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
TOKEN_PREFIX: Final = "kgm_"  # noqa: S105  # how a token begins, no token
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Identifier(Protocol):
    """Knows tokens and sessions; `hub.accounts` is one. Both may ask the database."""

    def by_token(self, token: str) -> Principal | None:
        """Give whose bearer token this is, if it holds now."""
        ...

    def by_session(self, cookie: str) -> Principal | None:
        """Give whose session this is, if it holds now, and note that it was used."""
        ...


async def identify(request: Request) -> Principal | None:
    """Give the principal of a request, or None. Asked once, kept for the request.

    A bad bearer token is a 401 even beside a good cookie: the caller should learn of it.
    """
    if not hasattr(request.state, "principal"):
        found = await _identify(request)
        if found is not None:
            host = request.client.host if request.client else None
            found = replace(found, came_from=address_kind(host))
        request.state.principal = found
    principal: Principal | None = request.state.principal
    return principal


async def _identify(request: Request) -> Principal | None:
    identifier: Identifier = request.app.state.identifier
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        found = None
        if scheme.lower() == "bearer" and token.startswith(TOKEN_PREFIX):
            found = await run_in_threadpool(identifier.by_token, token)
        if found is None:
            raise _unauthenticated("the bearer token is unknown, revoked or expired")
        request.state.by_cookie = False
        return found
    if cookie := request.cookies.get(SESSION_COOKIE):
        request.state.by_cookie = True
        return await run_in_threadpool(identifier.by_session, cookie)
    return None


def _unauthenticated(detail: str) -> Problem:
    return Problem(UNAUTHENTICATED, detail, headers={"WWW-Authenticate": "Bearer"})


# --- CSRF --------------------------------------------------------------------------------------


def csrf_token(request: Request) -> str:
    """Give the token that forms of this visitor carry: bound to their session, or without one to
    a cookie that `render` sets."""
    session = getattr(request.state, "principal", None) is not None
    secret = request.cookies.get(SESSION_COOKIE) if session else form_cookie(request)
    return core_of(request).keys.token_hash("csrf", secret or "")


def form_cookie(request: Request) -> str:
    """Give the visitor's form cookie, a new one where there is none yet."""
    if not hasattr(request.state, "form_cookie"):
        found = request.cookies.get(FORM_COOKIE, "")
        request.state.form_cookie = found if len(found) == 43 else secrets.token_urlsafe(32)
    value: str = request.state.form_cookie
    return value


async def check_csrf(request: Request) -> None:
    """Refuse an unsafe request unless this hub's own page made it: the Origin must be ours, and
    the synchroniser token must stand in the header or the form."""
    if not _is_of_our_page(request):
        raise Problem(CSRF_REFUSED, "the Origin is not this hub's")
    given = request.headers.get(CSRF_HEADER)
    if given is None and "form" in request.headers.get("Content-Type", ""):
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if not hmac.compare_digest((given or "").encode(), csrf_token(request).encode()):
        raise Problem(CSRF_REFUSED, "the form's token is missing or out of date")


def _is_of_our_page(request: Request) -> bool:
    """Tell whether the browser says that a page of ours sent this.

    Under `Referrer-Policy: no-referrer` a browser sends `Origin: null` with a form (Fetch, 3.2);
    then Sec-Fetch-Site, which no page can set, has to say `same-origin`.
    """
    origin = request.headers.get("Origin")
    if origin == "null":
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return origin == core_of(request).settings.public_url


# --- what routes name --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RightNeeded:
    """Lets those pass who have the right, and gives the `Principal`."""

    right: Right

    async def __call__(self, request: Request) -> Principal:
        """Raise `unauthenticated`, `forbidden` or `csrf_refused`, or give the principal."""
        refuse_repeated(request)
        principal = await identify(request)
        if principal is None:
            raise _unauthenticated("log in, or send a bearer token")
        if request.state.by_cookie and request.method not in SAFE_METHODS:
            await check_csrf(request)
        if not principal.may(self.right):
            raise Problem(FORBIDDEN, f"this needs the right {self.right.value}")
        return principal


@dataclass(frozen=True, slots=True)
class Public:
    """Lets everybody pass, known or not; `forms` means that it takes forms and checks CSRF."""

    forms: bool

    async def __call__(self, request: Request) -> Principal | None:
        """Give the principal if there is one; raise `csrf_refused` for a strange form."""
        principal = await identify(request)
        if self.forms and request.method not in SAFE_METHODS:
            await check_csrf(request)
        return principal


def requires(right: Right) -> Any:
    """For `dependencies=[requires(Right.X)]`, or `who: Annotated[Principal, requires(Right.X)]`."""
    return Depends(RightNeeded(right))


def public() -> Any:
    """For routes that everybody may read."""
    return Depends(Public(forms=False))


def public_form() -> Any:
    """For routes that take a form from somebody who need not be known."""
    return Depends(Public(forms=True))
