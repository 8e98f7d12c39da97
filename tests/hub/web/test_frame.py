"""Every answer's frame: headers, request ids, problems, limits."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from hub.web.identity import public


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


def test_healthz_answers_everybody(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for path in ("/healthz", "/nowhere", "/login", "/static/kagimori.css", "/api/v1/docs"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert (headers.get("Cache-Control") == "no-store") is not path.startswith("/static/")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("PUT", "/api/v1/users", 405, "method_not_allowed"),
        ("GET", "/api/v1/users", 401, "unauthenticated"),
    ],
)
def test_every_error_is_a_problem(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path, headers={"Accept-Language": "en"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["type"] == f"https://doors.test/problems/{code}"
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert problem["title"].isascii()


def test_a_problem_is_told_in_the_askers_language(client: TestClient) -> None:
    def title(language: str) -> str:
        found = client.get("/api/v1/nowhere", headers={"Accept-Language": language}).json()
        return str(found["title"])

    assert title("ja") == "見つかりません"
    assert title("en-GB,en;q=0.9,ja;q=0.1") == "Not found"
    assert title("fr") == "見つかりません"


def test_invalid_input_names_its_fields_and_repeats_no_value(admin: TestClient) -> None:
    body = {"login": "a", "password": "s3cret-s3cret", "role": "king", "extra": 1}
    answer = admin.post("/api/v1/users", json=body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid")
    assert {one["field"] for one in problem["errors"]} == {"body.name", "body.role", "body.extra"}
    assert "king" not in answer.text
    assert "s3cret" not in answer.text


def test_broken_json_is_a_problem(admin: TestClient) -> None:
    answer = admin.post("/api/v1/users", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_an_unexpected_error_tells_nothing_of_the_inside(app: FastAPI, client: TestClient) -> None:
    @app.get("/api/v1/broken", dependencies=[public()])
    def broken() -> None:
        raise RuntimeError("a secret of the inside")

    answer = client.get("/api/v1/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_a_body_beyond_the_limit_is_refused_whatever_it_announces(admin: TestClient) -> None:
    large = b'{"name": "' + b"x" * (2 * 1024 * 1024) + b'"}'
    announced = admin.post("/api/v1/users", content=large)
    assert (announced.status_code, announced.json()["code"]) == (413, "too_large")

    def pieces() -> Any:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    streamed = admin.post(
        "/api/v1/users", content=pieces(), headers={"Content-Type": "application/json"}
    )
    assert (streamed.status_code, streamed.json()["code"]) == (413, "too_large")


def test_a_strange_host_gets_nothing(client: TestClient) -> None:
    answer = client.get("/healthz", headers={"Host": "rebound.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_callers_request_id_is_kept_if_it_is_one(client: TestClient) -> None:
    kept = client.get("/healthz", headers={"X-Request-ID": "booking-7.retry_2"})
    assert kept.headers["X-Request-ID"] == "booking-7.retry_2"
    strange = client.get("/healthz", headers={"X-Request-ID": "a\tb"})
    assert strange.headers["X-Request-ID"] != "a\tb"


def test_a_person_gets_a_page_and_a_program_a_document(client: TestClient) -> None:
    page = client.get("/nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert 'lang="ja"' in page.text
    assert "見つかりません" in page.text


@pytest.mark.parametrize("language", ["ja", "ja-easy", "en"])
def test_every_problem_has_a_page_in_every_language(client: TestClient, language: str) -> None:
    for code in ("invalid", "not_found", "internal", "too_many_tries"):
        answer = client.get(f"/problems/{code}", params={"lang": language})
        assert answer.status_code == 200
        assert code in answer.text
    assert client.get("/problems/nothing_such").status_code == 404
