"""The API's own documentation: OpenAPI, a page that renders it, and what each problem means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from hub.catalogue import Translator
from hub.web.examples import METHODS, Examples
from hub.web.identity import Public, RightNeeded, public
from hub.web.pages import render
from hub.web.problems import NOT_FOUND, Problem
from hub.web.refusals import PROBLEM, PROBLEM_SCHEMA, REQUEST_ID_DOCUMENT, document_problems
from hub.web.responses import language_of

router = APIRouter()

API_DESCRIPTION: Final = """\
Kagimori, the open controller for a town's doors.

Send `Authorization: Bearer kgm_...`. Times are RFC 3339 with an offset. Lists take `limit` and
`cursor`; follow `next_cursor` until it is null. Every error is a problem document (RFC 9457):
branch on `code`, show `title`, and quote `request_id` when you ask for help. Each operation names
the right it needs in `x-kagimori-right`.
"""
_FRAMEWORKS_WORDS: Final = "Successful Response"
_WORDS: Final = {"201": "Made.", "202": "Taken, and under way."}
RIGHT_FIELD: Final = "x-kagimori-right"


def guard_of(route: APIRoute) -> RightNeeded | Public | None:
    """Give what a route demands, or None if it names nothing (a test fails for such a route)."""
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, RightNeeded | Public):
            return dependency.call
    return None


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """Give the OpenAPI document: each operation with its right and its problems. Made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        components = document.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        schemas[PROBLEM_SCHEMA] = PROBLEM
        for unused in ("HTTPValidationError", "ValidationError"):  # ours are problems
            schemas.pop(unused, None)
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "description": "An API token."}
        }
        for route in api_routes(app):
            _complete(document, route)
        Examples(document).fill_in()
        app.openapi_schema = document
    return app.openapi_schema


def api_routes(app: FastAPI) -> list[APIRoute]:
    """Give every route that has a handler of ours, those of included routers too (routers are
    included without a prefix, so that each route's path is its own)."""
    return list(_handlers(app.routes))


def _handlers(routes: Sequence[BaseRoute]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (included := getattr(route, "original_router", None)) is not None:
            yield from _handlers(included.routes)


def _complete(document: dict[str, Any], route: APIRoute) -> None:
    guard = guard_of(route)
    for method in route.methods or ():
        operation = document["paths"].get(route.path_format, {}).get(method.lower())
        if operation is None:
            continue
        if operation["operationId"] == route.unique_id:
            operation["operationId"] = route.operation_id or route.name
        document_problems(document, route, method, operation)
        for status, answer in operation["responses"].items():
            if "$ref" not in answer:
                if answer["description"] == _FRAMEWORKS_WORDS:
                    answer["description"] = _WORDS.get(status, "Done.")
                answer.setdefault("headers", {})["X-Request-ID"] = REQUEST_ID_DOCUMENT
            for content in answer.get("content", {}).values():
                content.get("schema", {}).pop("title", None)
        if isinstance(guard, RightNeeded):
            operation[RIGHT_FIELD] = guard.right.value
            operation["security"] = [{"bearer": []}]
        else:
            operation[RIGHT_FIELD] = "public"


def resolved(document: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Give a response of an operation itself where it is a reference to a shared one."""
    if "$ref" not in answer:
        return answer
    found: dict[str, Any] = document["components"]["responses"][answer["$ref"].split("/")[-1]]
    return found


@router.get("/api/v1/openapi.json", dependencies=[public()], include_in_schema=False)
def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(openapi_of(request.app))


@router.get("/api/v1/docs", dependencies=[public()], include_in_schema=False)
def docs(request: Request) -> Response:
    """The OpenAPI document as a page: no script, nothing from outside."""
    document = openapi_of(request.app)
    operations = [
        {"path": path, "method": method.upper(), **item[method], **_answers(document, item[method])}
        for path, item in sorted(document["paths"].items())
        for method in METHODS
        if method in item
    ]
    schemas = sorted(document["components"]["schemas"].items())
    return render(request, "docs.html", document=document, operations=operations, schemas=schemas)


def _answers(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """An operation's answers, and the examples of those that tell of success, as text."""
    answers = {
        status: resolved(document, answer) for status, answer in operation["responses"].items()
    }
    shown = [
        (kind, _as_text(content["example"]))
        for status, answer in answers.items()
        for kind, content in answer.get("content", {}).items()
        if status.startswith("2") and "example" in content
    ]
    return {"answers": answers.items(), "shown": shown}


def _as_text(example: Any) -> str:
    if isinstance(example, str):
        return example
    return json.dumps(example, ensure_ascii=False, indent=2)


@router.get("/problems/{code}", dependencies=[public()], include_in_schema=False)
def explain_problem(request: Request, code: str) -> Response:
    """What a problem's `type` points to."""
    if not code.isidentifier() or not Translator(language_of(request)).has(f"problem.{code}.title"):
        raise Problem(NOT_FOUND, "no such problem")
    return render(request, "problem_kind.html", status=HTTPStatus.OK, code=code)
