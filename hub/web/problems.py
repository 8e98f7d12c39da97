"""Problem details for HTTP APIs (RFC 9457): every error that leaves the hub has this one shape.

`type` is a stable address, `/problems/<code>`, where the catalogue explains it; `title` comes from
the catalogue in the asker's language; `errors` names the fields. Nothing internal is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem: its code (for `type` and the catalogue's `problem.<code>`) and status."""

    code: str
    status: HTTPStatus


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field. `field` is a path such as `body.starts_at`; `code` is stable,
    `message` is for people. The refused value is never repeated."""

    field: str
    code: str
    message: str


@dataclass(slots=True)
class Problem(Exception):  # noqa: N818  # RFC 9457 calls it so
    """Raised anywhere below a route to answer with this problem.

    `detail` is one sentence about this occurrence, in English, for whoever integrates; `fields`
    name what to correct; `extra` are further members of the document.
    """

    kind: ProblemKind
    detail: str = ""
    fields: tuple[FieldProblem, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind.code}: {self.detail}"


def invalid(field_name: str, code: str, message: str) -> Problem:
    """The problem of one field that a service refused: `422 invalid`."""
    return Problem(INVALID, message, (FieldProblem(f"body.{field_name}", code, message),))


def invalid_fields(fields: Iterable[FieldProblem]) -> Problem:
    """The problem of several fields at once: `422 invalid`."""
    return Problem(INVALID, "", tuple(fields))


INVALID: Final = ProblemKind("invalid", HTTPStatus.UNPROCESSABLE_ENTITY)
BAD_REQUEST: Final = ProblemKind("bad_request", HTTPStatus.BAD_REQUEST)
NOT_FOUND: Final = ProblemKind("not_found", HTTPStatus.NOT_FOUND)
METHOD_NOT_ALLOWED: Final = ProblemKind("method_not_allowed", HTTPStatus.METHOD_NOT_ALLOWED)
CONFLICT: Final = ProblemKind("conflict", HTTPStatus.CONFLICT)
ALREADY_EXISTS: Final = ProblemKind("already_exists", HTTPStatus.CONFLICT)
IN_USE: Final = ProblemKind("in_use", HTTPStatus.CONFLICT)
CHANGED_MEANWHILE: Final = ProblemKind("changed_meanwhile", HTTPStatus.PRECONDITION_FAILED)
UNAUTHENTICATED: Final = ProblemKind("unauthenticated", HTTPStatus.UNAUTHORIZED)
FORBIDDEN: Final = ProblemKind("forbidden", HTTPStatus.FORBIDDEN)
CSRF_REFUSED: Final = ProblemKind("csrf_refused", HTTPStatus.FORBIDDEN)
TOO_MANY_TRIES: Final = ProblemKind("too_many_tries", HTTPStatus.TOO_MANY_REQUESTS)
TOO_LARGE: Final = ProblemKind("too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
IDEMPOTENCY_REUSED: Final = ProblemKind("idempotency_reused", HTTPStatus.UNPROCESSABLE_ENTITY)
UNAVAILABLE: Final = ProblemKind("unavailable", HTTPStatus.SERVICE_UNAVAILABLE)
INTERNAL: Final = ProblemKind("internal", HTTPStatus.INTERNAL_SERVER_ERROR)
HTTP_ERROR: Final = ProblemKind("http_error", HTTPStatus.BAD_REQUEST)

OF_STATUS: Final[dict[int, ProblemKind]] = {
    400: BAD_REQUEST,
    401: UNAUTHENTICATED,
    403: FORBIDDEN,
    404: NOT_FOUND,
    405: METHOD_NOT_ALLOWED,
    409: CONFLICT,
    413: TOO_LARGE,
    422: INVALID,
    429: TOO_MANY_TRIES,
    503: UNAVAILABLE,
}
"""What the framework's own errors are called."""
