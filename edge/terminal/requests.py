"""Which requests the page server answers: those of its own page, on this machine. Pure.

A browser sends a page of the web to any address that a name resolves to, so a request has to name
us as we are (`Host`, against DNS rebinding) and to come from our own page (`Origin`,
`Sec-Fetch-Site`). Nothing is shared by CORS.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

import msgspec

from wire.events import PunchDirection

Header: TypeAlias = Callable[[str], str | None]
"""Gives a request's header by name."""

PAGE_HEADER: Final = "X-Kagimori-Page"
BODY_MAX: Final = 256
_NAMES: Final = ("127.0.0.1", "localhost")
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_CHOOSABLE: Final = frozenset(PunchDirection) - {PunchDirection.INFERRED}


class RefusedRequestError(Exception):
    """A request that is not answered, and with which status."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status
        super().__init__(status.phrase)


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key of the page, and the question it answers."""

    direction: PunchDirection
    answers: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None


_decode: Final = msgspec.json.Decoder(Choice).decode


def check_sender(header: Header, port: int) -> None:
    """Raise `RefusedRequestError` for a request that does not come from our own page."""
    host = (header("Host") or "").lower()
    if host not in {f"{name}:{port}" for name in _NAMES}:
        raise RefusedRequestError(HTTPStatus.MISDIRECTED_REQUEST)
    origin = header("Origin")
    if origin is not None and origin.lower() != f"http://{host}":
        raise RefusedRequestError(HTTPStatus.FORBIDDEN)
    if (header("Sec-Fetch-Site") or "none").lower() not in _OWN_SITES:
        raise RefusedRequestError(HTTPStatus.FORBIDDEN)


def check_token(header: Header, token: str) -> None:
    """Raise `RefusedRequestError` where the page's token is missing or another's."""
    given = header(PAGE_HEADER) or ""
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise RefusedRequestError(HTTPStatus.FORBIDDEN)


def body_length(header: Header) -> int:
    """Give the length of a small body; raise `RefusedRequestError` for any other."""
    text = header("Content-Length") or ""
    if not text.isascii() or not text.isdecimal():
        raise RefusedRequestError(HTTPStatus.LENGTH_REQUIRED)
    if len(text) > 4 or int(text) > BODY_MAX:
        raise RefusedRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return int(text)


def choice_of(body: bytes) -> Choice:
    """Read a choice; raise `RefusedRequestError` for anything else."""
    try:
        choice = _decode(body)
    except (ValueError, RecursionError) as error:
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST) from error
    if choice.direction not in _CHOOSABLE:
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST)
    return choice


def owner_of(table: str, port: int, server_port: int) -> int | None:
    """Find in /proc/net/tcp whose socket is at the other end of a connection to us: its user's
    number, None where it is not to be found."""
    near, far = f"0100007F:{port:04X}", f"0100007F:{server_port:04X}"
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and fields[1] == near and fields[2] == far:
            return int(fields[7])
    return None
