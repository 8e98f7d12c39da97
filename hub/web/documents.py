"""The API's own documentation: OpenAPI, a page that renders it, and what each problem means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from hub.catalogue import Translator
from hub.web.identity import Public, RightNeeded, Signed, public
from hub.web.pages import render
from hub.web.problems import NOT_FOUND, PROBLEM_MEDIA_TYPE, Problem
from hub.web.responses import language_of

router = APIRouter()

API_DESCRIPTION: Final = """\
Kagimori, the open controller for a town's doors.

Send `Authorization: Bearer kgm_...`. Times are RFC 3339 with an offset. Lists take `limit` and
`cursor`; follow `next_cursor` until it is null. Every error is a problem document (RFC 9457):
branch on `code`, show `title`, and quote `request_id` when you ask for help. Each operation names
the right it needs in `x-kagimori-right`.
"""
RIGHT_FIELD: Final = "x-kagimori-right"
_METHODS: Final = ("get", "put", "post", "patch", "delete")
_PROBLEM: Final[dict[str, Any]] = {
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
                "properties": {
                    "field": {"type": "string", "description": "Where, as in `body.starts_at`."},
                    "code": {"type": "string", "description": "What, stable."},
                    "message": {"type": "string", "description": "What, for people."},
                },
            },
        },
    },
}


def guard_of(route: APIRoute) -> RightNeeded | Public | Signed | None:
    """Give what a route demands, or None if it names nothing (a test fails for such a route)."""
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, RightNeeded | Public | Signed):
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
        schemas["Problem"] = _PROBLEM
        for unused in ("HTTPValidationError", "ValidationError"):  # ours are problems
            schemas.pop(unused, None)
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "description": "An API token."}
        }
        for route in api_routes(app):
            _complete(document, route)
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
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = {
            "description": "A problem.",
            "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if isinstance(guard, RightNeeded):
            operation[RIGHT_FIELD] = guard.right.value
            operation["security"] = [{"bearer": []}]
        else:
            operation[RIGHT_FIELD] = "public"


@router.get("/api/v1/openapi.json", dependencies=[public()], include_in_schema=False)
def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(openapi_of(request.app))


@router.get("/api/v1/docs", dependencies=[public()], include_in_schema=False)
def docs(request: Request) -> Response:
    """The OpenAPI document as a page: no script, nothing from outside."""
    document = openapi_of(request.app)
    operations = [
        {"path": path, "method": method.upper(), **item[method]}
        for path, item in sorted(document["paths"].items())
        for method in _METHODS
        if method in item
    ]
    schemas = sorted(document["components"]["schemas"].items())
    return render(request, "docs.html", document=document, operations=operations, schemas=schemas)


@router.get("/problems/{code}", dependencies=[public()], include_in_schema=False)
def explain_problem(request: Request, code: str) -> Response:
    """What a problem's `type` points to."""
    if not code.isidentifier() or not Translator(language_of(request)).has(f"problem.{code}.title"):
        raise Problem(NOT_FOUND, "no such problem")
    return render(request, "problem_kind.html", status=HTTPStatus.OK, code=code)
