"""Schemathesis against every operation of the API: nothing it can think of finds a defect."""

from __future__ import annotations

from typing import Any, Final

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python import asgi
from schemathesis.specs.openapi import checks

from hub.app import ROUTERS
from hub.web import health

UNTOUCHED: Final = {
    "/api/v1/events/stream": "it answers for as long as somebody listens; its own tests read it",
}
HIDDEN: Final = ("/api/v1/openapi.json", "/api/v1/docs")


def _labels() -> list[str]:
    routes = [route for router in (health.router, *ROUTERS) for route in router.routes]
    return sorted(
        f"{method} {route.path_format}"
        for route in routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods
        if route.path_format not in UNTOUCHED
    )


@pytest.fixture(scope="session")
def api(example_town_file: tuple[Any, Any]) -> Any:
    """The schema as schemathesis sees it."""
    _, town = example_town_file
    config = schemathesis.Config.from_dict(
        {
            "generation": {"deterministic": True, "max-examples": 10, "database": "none"},
            "phases": {"examples": {"enabled": True}, "coverage": {"enabled": True}, "fuzzing": {"enabled": True}},
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    )
    return schemathesis.openapi.from_dict(town.document, config=config)


@pytest.mark.parametrize("label", _labels())
def test_fuzz(label: str, api: Any, example_town: Any) -> None:
    method, path = label.split()
    operation = api[path][method]
    client = asgi.get_client(example_town.app)
    client.headers["Authorization"] = f"Bearer {example_town.token}"
    n = 0

    def one(case: Any) -> None:
        nonlocal n
        n += 1
        response = case.call(base_url="https://doors.test", session=client)
        case.validate_response(response)

    run = build_operation_test(
        config=api.config, operation=operation, test_func=one, given_kwargs={}, feedback=FeedbackSources()
    )
    run()
    print("RAN", label, n)
