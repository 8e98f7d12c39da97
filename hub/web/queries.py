"""Query parameters that take one value are sent once: of two, nobody knows which was meant."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_origin

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request

from hub.web.problems import FieldProblem, invalid_fields


def refuse_repeated(request: Request) -> None:
    """Raise `422 invalid` for a parameter that a route of the API takes once and got twice."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.path.startswith("/api/"):
        return
    sent = Counter(name for name, _ in request.query_params.multi_items())
    twice = sorted(name for name, times in sent.items() if times > 1)
    refused = [name for name in twice if _takes_many(route, name) is False]
    if refused:
        text = "sent more than once"
        raise invalid_fields(FieldProblem(f"query.{name}", "repeated", text) for name in refused)


def _takes_many(route: APIRoute, name: str) -> bool | None:
    """Tell whether a route's parameter is a list; None where it has none of that name."""
    for parameter in route.dependant.query_params:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if name in kind.model_fields:
                return _is_list(kind.model_fields[name].annotation)
        elif parameter.alias == name:
            return _is_list(kind)
    return None


def _is_list(kind: Any) -> bool:
    """`list[X]`, or that or none."""
    options = getattr(kind, "__args__", ()) if get_origin(kind) not in (list, tuple) else (kind,)
    return any(get_origin(option) in (list, tuple) for option in options)
