"""Which problems each operation can answer with: what its frame can, and what its route says.

A route names those of its own with `responses=refuses(KIND, ...)`; `hub.web.documents` puts both
into the API's document, and a test that calls every operation in many ways fails for any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fastapi.routing import APIRoute

from hub.catalogue import Language, Translator
from hub.web.identity import SAFE_METHODS, RightNeeded
from hub.web.problems import (
    ALREADY_EXISTS,
    BAD_REQUEST,
    CSRF_REFUSED,
    FORBIDDEN,
    IN_USE,
    INVALID,
    NOT_FOUND,
    PROBLEM_MEDIA_TYPE,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNAVAILABLE,
    ProblemKind,
)

PROBLEMS_FIELD: Final = "x-kagimori-problems"
PROBLEM_SCHEMA: Final = "ProblemDocument"
_EXAMPLE_ID: Final = "0196a1f3-8c00-7000-8000-00000000abcd"
_ADDRESS: Final = "https://doors.example.jp/problems/"
_OF_READING: Final = frozenset({404, 410, 422})
"""What of a router's refusals can meet somebody who only reads."""

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A problem (RFC 9457).",
    "required": ["type", "title", "status", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Explains the kind."},
        "title": {"type": "string", "description": "The kind in the caller's language."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "code": {"type": "string", "description": "The kind, stable: branch on this."},
        "detail": {"type": "string", "description": "What happened this time."},
        "request_id": {"type": "string", "description": "Finds the request in the hub's log."},
        "errors": {
            "type": "array",
            "description": "The fields to correct.",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string", "description": "Where, as in `body.starts_at`."},
                    "code": {"type": "string", "description": "What, stable."},
                    "message": {"type": "string", "description": "What, for people."},
                },
            },
        },
    },
}


def refuses(*kinds: ProblemKind) -> dict[int | str, dict[str, Any]]:
    """For a route's or router's `responses=`: the problems of its own that it can answer with."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        answer = found.setdefault(int(kind.status), {"description": "", PROBLEMS_FIELD: []})
        answer[PROBLEMS_FIELD].append(kind.code)
    return found


def document_problems(
    document: dict[str, Any], route: APIRoute, method: str, operation: dict[str, Any]
) -> None:
    """Put every problem that an operation can answer with into its responses."""
    responses = operation["responses"]
    responses.pop("default", None)
    if set(responses.get("422", {}).get("content", {})) <= {"application/json"}:
        stated = responses.pop("422", None)  # the framework's own shape; ours are problems
        if stated is not None and PROBLEMS_FIELD in stated:
            responses["422"] = {PROBLEMS_FIELD: stated[PROBLEMS_FIELD]}
    codes: dict[int, list[str]] = {}
    for kind in _of_frame(route, method, operation):
        codes.setdefault(int(kind.status), []).append(kind.code)
    for status in [each for each, answer in responses.items() if PROBLEMS_FIELD in answer]:
        own = responses.pop(status)[PROBLEMS_FIELD]
        if method in SAFE_METHODS and int(status) not in _OF_READING:
            continue
        codes[int(status)] = list(dict.fromkeys([*codes.get(int(status), []), *own]))
    for status, names in sorted(codes.items()):
        responses[str(status)] = {"$ref": _shared(document, status, names)}
    operation[PROBLEMS_FIELD] = [name for _, names in sorted(codes.items()) for name in names]


def _of_frame(route: APIRoute, method: str, operation: dict[str, Any]) -> Iterable[ProblemKind]:
    """What surrounds a route refuses: the host, the caller, the shape of what was sent."""
    needs_right = any(
        isinstance(dependency.call, RightNeeded) for dependency in route.dependant.dependencies
    )
    yield BAD_REQUEST
    yield UNAUTHENTICATED
    if needs_right:
        yield FORBIDDEN
        if method not in SAFE_METHODS:
            yield CSRF_REFUSED
    if "{" in route.path_format:
        yield NOT_FOUND
    if operation.get("parameters") or "requestBody" in operation:
        yield INVALID
    if "requestBody" in operation:
        yield TOO_LARGE
    if method not in SAFE_METHODS:
        yield ALREADY_EXISTS
        yield IN_USE
    if route.path != "/healthz":
        yield UNAVAILABLE


def _shared(document: dict[str, Any], status: int, codes: list[str]) -> str:
    """Give the reference to an answer with these problems; it is written down once."""
    name = f"{status}_{'_or_'.join(codes)}"
    name = name if len(name) <= 80 else f"{status}_{codes[0]}_and_{len(codes) - 1}_more"
    answers = document["components"].setdefault("responses", {})
    while name in answers and answers[name][PROBLEMS_FIELD] != codes:
        name += "_"
    if name not in answers:
        answers[name] = _answer(status, codes)
    return f"#/components/responses/{name}"


def _answer(status: int, codes: list[str]) -> dict[str, Any]:
    say = Translator(Language.EN)
    headers: dict[str, Any] = {"X-Request-ID": REQUEST_ID_DOCUMENT}
    if status == UNAUTHENTICATED.status:
        headers["WWW-Authenticate"] = _header("How to authenticate.", "Bearer")
    if status == UNAVAILABLE.status:
        headers["Retry-After"] = _header("Seconds after which to try again.", "5")
    told = (f"`{code}`: {say(f'problem.{code}.title')}" for code in codes)
    return {
        "description": "; ".join(told),
        PROBLEMS_FIELD: codes,
        "headers": headers,
        "content": {
            PROBLEM_MEDIA_TYPE: {
                "schema": {"$ref": f"#/components/schemas/{PROBLEM_SCHEMA}"},
                "examples": {code: {"value": _problem_example(status, code)} for code in codes},
            }
        },
    }


def _header(description: str, example: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}, "example": example}


REQUEST_ID_DOCUMENT: Final = _header(
    "Finds the request in the hub's log; a caller's own is kept.", _EXAMPLE_ID
)


def _problem_example(status: int, code: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": _ADDRESS + code,
        "title": Translator(Language.JA)(f"problem.{code}.title"),
        "status": status,
        "code": code,
        "request_id": _EXAMPLE_ID,
    }
    if code == INVALID.code:
        made["errors"] = [{"field": "body.name", "code": "missing", "message": "Field required"}]
    return made
