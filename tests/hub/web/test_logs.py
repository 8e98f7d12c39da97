"""What a log may hold: never a secret, a query string, a resident's link or a row's values."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from hub.logs import bare_traceback, hide_secrets
from hub.web.identity import public


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


@pytest.fixture
def written(capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """`written()` gives what was logged since the last call."""
    return lambda: capfd.readouterr().err


def _lines(captured: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.splitlines() if line.startswith("{")]


def test_a_request_is_one_json_line_without_path_query_or_token(
    admin: TestClient, written: Callable[[], str]
) -> None:
    admin.get("/api/v1/doors/canary-id", params={"cursor": "canary-query"})
    log = written()
    (line,) = [line for line in _lines(log) if line["event"] == "request"]
    assert (line["route"], line["method"], line["status"]) == ("/api/v1/doors/{row_id}", "GET", 404)
    assert line["actor"].startswith("token:")
    assert line["request_id"]
    assert "canary" not in log
    assert "kgm_" not in log


def test_an_exception_is_told_by_type_and_place_and_not_by_what_it_repeats(
    app: FastAPI, client: TestClient, written: Callable[[], str]
) -> None:
    @app.get("/api/v1/broken", dependencies=[public()])
    def broken() -> None:
        raise ValueError("canary: PIN 482716")

    assert client.get("/api/v1/broken").status_code == 500
    log = written()
    (line,) = [line for line in _lines(log) if line["event"] == "request_failed"]
    assert line["exception"][0]["type"] == "builtins.ValueError"
    assert any("broken" in place for place in line["exception"][0]["at"])
    assert "canary" not in log


def test_a_database_error_repeats_no_values(hub: Any) -> None:
    def work(scope: Any) -> None:
        scope.connection.exec_driver_sql("SELECT * FROM nowhere WHERE x = ?", ("canary",))

    with pytest.raises(Exception, match="nowhere") as caught:
        hub.core.db.write(work)
    assert "canary" not in str(caught.value)


def test_a_field_that_names_a_secret_is_blanked() -> None:
    event = hide_secrets(None, "info", {"event": "x", "pin": "1234", "Password": "p", "door": "d"})
    assert event == {"event": "x", "pin": "(hidden)", "Password": "(hidden)", "door": "d"}


def test_the_cause_of_an_exception_is_told_too() -> None:
    try:
        try:
            raise KeyError("canary")
        except KeyError as error:
            raise RuntimeError("canary") from error
    except RuntimeError:
        event = bare_traceback(None, "error", {"event": "x", "exc_info": sys.exc_info()})
    assert [one["type"] for one in event["exception"]] == [
        "builtins.RuntimeError",
        "builtins.KeyError",
    ]
    assert "canary" not in json.dumps(event)
