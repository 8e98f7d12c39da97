"""Turns problems into answers: RFC 9457 documents for programs, pages for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match

from hub.catalogue import Language, Translator, choose_language
from hub.database.errors import DuplicateError, MissingReferenceError
from hub.keys import KeyFileError
from hub.web.core import core_of
from hub.web.problems import (
    ALREADY_EXISTS,
    BAD_REQUEST,
    HTTP_ERROR,
    IN_USE,
    INVALID,
    OF_STATUS,
    PROBLEM_MEDIA_TYPE,
    UNAUTHENTICATED,
    UNAVAILABLE,
    FieldProblem,
    Problem,
    ProblemKind,
)

LANGUAGE_COOKIE: Final = "kagimori-language"
_PARAMETER: Final = re.compile(r"\{[^}]*\}")
_log = structlog.get_logger("hub.web")


def language_of(request: Request) -> Language:
    """Give the visitor's language: `?lang=`, the cookie it left, Accept-Language, 日本語."""
    return choose_language(
        request.query_params.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
        request.headers.get("Accept-Language"),
    )


def problem_document(request: Request, problem: Problem) -> dict[str, Any]:
    """Give the RFC 9457 document of a problem, in the asker's language."""
    kind = problem.kind
    base = core_of(request).settings.public_url
    document: dict[str, Any] = {
        "type": f"{base}/problems/{kind.code}",
        "title": Translator(language_of(request))(f"problem.{kind.code}.title"),
        "status": int(kind.status),
        "code": kind.code,
        "request_id": getattr(request.state, "request_id", ""),
    }
    if problem.detail:
        document["detail"] = problem.detail
    if problem.fields:
        document["errors"] = [
            {"field": one.field, "code": one.code, "message": one.message} for one in problem.fields
        ]
    return {**dict(problem.extra), **document}


def problem_response(request: Request, problem: Problem) -> Response:
    """Answer with a problem: a page where a person asked for one, else a document."""
    if _wants_page(request):
        if problem.kind is UNAUTHENTICATED and request.method == "GET":
            target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?next={quote(target, safe='')}", status_code=303)
        from hub.web.pages import problem_page  # pages are made of templates that may fail in turn

        return problem_page(request, problem)
    return JSONResponse(
        problem_document(request, problem),
        status_code=problem.kind.status,
        headers=dict(problem.headers),
        media_type=PROBLEM_MEDIA_TYPE,
    )


def _wants_page(request: Request) -> bool:
    if request.url.path.startswith("/api/"):
        return False
    return "text/html" in request.headers.get("Accept", "")


# --- what the framework and the layers below raise ---------------------------------------------


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  # registered for this class alone
    return problem_response(request, error)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # the same
    kind = OF_STATUS.get(error.status_code) or ProblemKind(
        HTTP_ERROR.code, HTTPStatus(error.status_code)
    )
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    # The framework's detail only repeats the status; ours stands in the title.
    detail = error.detail if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else ""
    return problem_response(request, Problem(kind, detail, headers=headers))


def _methods_at(request: Request) -> set[str]:
    """What the address of a request takes: the framework names one route's methods alone."""
    by_path: dict[str, set[str]] = {}
    for route in request.app.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            path = _PARAMETER.sub("{}", getattr(route, "path", ""))
            by_path.setdefault(path, set()).update(getattr(route, "methods", None) or ())
    # `/cards/lookup` is no card: of the paths that match, the one with the fewest parameters.
    return by_path[min(by_path, key=lambda path: path.count("{}"))] if by_path else set()


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # the same
    return problem_response(request, Problem(INVALID, "", fields_of(error.errors())))


async def _on_duplicate(request: Request, error: Exception) -> Response:
    assert isinstance(error, DuplicateError)  # noqa: S101  # the same
    fields = tuple(
        FieldProblem(f"body.{name}", "taken", "another one has this value already")
        for name in error.columns
    )
    return problem_response(request, Problem(ALREADY_EXISTS, "", fields))


async def _on_reference(request: Request, error: Exception) -> Response:
    assert isinstance(error, MissingReferenceError)  # noqa: S101  # the same
    detail = "something named does not exist, or something still depends on it"
    return problem_response(request, Problem(IN_USE, detail))


async def _on_bad_data(request: Request, error: Exception) -> Response:
    _log.warning("bad_data", error=type(error).__name__)
    return problem_response(request, Problem(BAD_REQUEST, "a value is none that can be kept"))


async def _on_unavailable(request: Request, error: Exception) -> Response:
    _log.error("unavailable", error=type(error).__name__)
    return problem_response(request, Problem(UNAVAILABLE, headers={"Retry-After": "5"}))


def fields_of(errors: Any) -> tuple[FieldProblem, ...]:
    """Name the fields of pydantic's errors, without the values that were refused."""
    return tuple(_field_of(one) for one in errors)


def _field_of(error: Mapping[str, Any]) -> FieldProblem:
    where = ".".join(str(part) for part in error.get("loc", ()))
    message = str(error.get("msg", "")).removeprefix("Value error, ")
    return FieldProblem(where, str(error.get("type", "invalid")), message)


def install_handlers(app: FastAPI) -> None:
    """Make every error of the app a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(DuplicateError, _on_duplicate)
    app.add_exception_handler(MissingReferenceError, _on_reference)
    app.add_exception_handler(DataError, _on_bad_data)
    app.add_exception_handler(UnicodeEncodeError, _on_bad_data)
    app.add_exception_handler(OverflowError, _on_bad_data)
    app.add_exception_handler(OperationalError, _on_unavailable)
    app.add_exception_handler(KeyFileError, _on_unavailable)
