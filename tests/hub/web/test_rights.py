"""Every route names the right it needs, and every role gets exactly what its rights say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Mount

from hub.web.documents import RIGHT_FIELD, api_routes, guard_of, openapi_of
from hub.web.identity import SAFE_METHODS, Public
from hub.web.rights import RIGHTS_OF, Right, Role


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


METHODS = ("get", "put", "post", "patch", "delete")


def _operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in openapi_of(app)["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def _concrete(path: str) -> str:
    """A path whose ids exist nowhere."""
    parts = [
        "0190a000-0000-7000-8000-00000000dead" if part.startswith("{") else part
        for part in path.split("/")
    ]
    return "/".join(parts)


def test_every_route_names_its_right_or_says_that_it_is_public(app: FastAPI) -> None:
    unnamed = [route.path for route in api_routes(app) if guard_of(route) is None]
    assert unnamed == []


def test_nothing_but_handlers_and_the_static_files_is_served(app: FastAPI) -> None:
    handled = {type(route).__name__ for route in app.routes} - {"APIRoute", "_IncludedRouter"}
    assert handled == {"Mount"}
    assert [route.path for route in app.routes if isinstance(route, Mount)] == ["/static"]


def test_every_public_route_that_changes_something_asks_for_proof(app: FastAPI) -> None:
    for route in api_routes(app):
        guard = guard_of(route)
        if isinstance(guard, Public) and set(route.methods or ()) - SAFE_METHODS:
            assert guard.forms or guard.proven, route.path


def test_every_api_route_stands_in_the_documentation(app: FastAPI) -> None:
    documented = set(openapi_of(app)["paths"])
    hidden = {"/api/v1/openapi.json", "/api/v1/docs"}
    for route in api_routes(app):
        if route.path.startswith("/api/") and route.path not in hidden:
            assert route.path_format in documented


def test_every_operation_field_and_parameter_is_described(app: FastAPI) -> None:
    document = openapi_of(app)
    for method, path, operation in _operations(app):
        where = f"{method} {path}"
        assert operation.get("summary"), where
        assert operation.get("description"), where
        assert operation.get("tags"), where
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description") or name.startswith("Body_"), name


def test_nobody_gets_past_a_right_without_a_login(app: FastAPI, client: TestClient) -> None:
    for method, path, operation in _operations(app):
        if operation[RIGHT_FIELD] == "public" or path == "/metrics":
            continue
        answer = client.request(method, _concrete(path))
        assert answer.status_code == 401, f"{method} {path}"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_role_passes_exactly_where_it_has_the_right(
    app: FastAPI, client: TestClient, tokens: Mapping[Role, str]
) -> None:
    for method, path, operation in _operations(app):
        needed = operation[RIGHT_FIELD]
        if needed == "public" or path in ("/metrics", "/api/v1/events/stream"):
            continue
        for role in Role:
            answer = client.request(
                method, _concrete(path), headers={"Authorization": f"Bearer {tokens[role]}"}
            )
            allowed = Right(needed) in RIGHTS_OF[role]
            what = f"{role.value}: {method} {path} gave {answer.status_code}"
            assert (answer.status_code == 403) is not allowed, what
            assert answer.status_code < 500, what


def test_every_right_belongs_to_a_role_and_every_role_has_some() -> None:
    assert RIGHTS_OF[Role.ADMIN] == frozenset(Right)
    assert set(RIGHTS_OF) == set(Role)
    assert all(rights for rights in RIGHTS_OF.values())


@pytest.mark.parametrize("header", ["Bearer kgm_wrong", "Bearer other", "Basic a2dtOmtnbQ==", "x"])
def test_a_bad_authorization_is_refused_even_on_public_pages(
    client: TestClient, header: str
) -> None:
    answer = client.get("/healthz", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_metrics_are_for_this_machine_or_for_those_with_the_right(
    app: FastAPI, client: TestClient, as_role: Callable[[Role], TestClient]
) -> None:
    assert client.get("/metrics").status_code == 401
    near = TestClient(app, base_url="https://doors.test", client=("127.0.0.1", 5000))
    assert "kagimori_http_requests_total" in near.get("/metrics").text
    assert as_role(Role.STAFF).get("/metrics").status_code == 403
    assert as_role(Role.AUDITOR).get("/metrics").status_code == 200
