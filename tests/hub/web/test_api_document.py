"""The API's document: every call has its examples, its answers, its problems and its right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator
from pydantic import TypeAdapter

from hub.web.documents import RIGHT_FIELD, api_routes, resolved
from hub.web.examples import CURL_FIELD, METHODS, NoExampleError, example_of
from hub.web.problems import PROBLEM_MEDIA_TYPE
from hub.web.refusals import PROBLEMS_FIELD


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


@pytest.fixture
def document(example_town_file: tuple[Any, Any]) -> dict[str, Any]:
    """The OpenAPI document, made once: it is the same for every hub."""
    made: dict[str, Any] = example_town_file[1].document
    return made


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


_VALIDATORS: Final[dict[str, Draft202012Validator]] = {}


def _validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    name = json.dumps(schema, sort_keys=True)
    if name not in _VALIDATORS:  # every problem has the same shape, and compiling takes long
        whole = {**schema, "components": document["components"]}
        _VALIDATORS[name] = Draft202012Validator(whole, validate_formats=True)
    return _VALIDATORS[name]


def _contents(
    document: dict[str, Any],
) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Where, what, media type and content, of everything sent and answered."""
    for where, operation in _operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            yield where, "body", kind, content
        for status, answer in operation["responses"].items():
            for kind, content in resolved(document, answer).get("content", {}).items():
                yield where, status, kind, content


def _examples_in(content: dict[str, Any]) -> list[Any]:
    if "example" in content:
        return [content["example"]]
    return [one["value"] for one in content.get("examples", {}).values()]


# --- examples ------------------------------------------------------------------------------------


def test_every_operation_has_an_example_of_its_body_and_of_each_answer(
    document: dict[str, Any],
) -> None:
    without = [
        f"{where}: {what}"
        for where, what, _, content in _contents(document)
        if not _examples_in(content)
    ]
    assert without == []


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    unfit = []
    for where, what, _, content in _contents(document):
        validator = _validator(document, content["schema"])
        for example in _examples_in(content):
            for error in validator.iter_errors(example):
                unfit.append(f"{where}: {what}: {error.instance_path}: {error.message}")
    assert unfit == []


def test_every_example_of_a_body_is_taken_by_its_model(
    app: FastAPI, document: dict[str, Any]
) -> None:
    seen = 0
    for route in api_routes(app):
        for method in route.methods or ():
            body = document["paths"].get(route.path_format, {}).get(method.lower(), {})
            content = body.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None or route.body_field is None:
                continue
            for example in _examples_in(content):
                _model_of(route).validate_python(example)
                seen += 1
    assert seen > 20


def _model_of(route: APIRoute) -> TypeAdapter[Any]:
    assert route.body_field is not None
    return TypeAdapter(route.body_field.field_info.annotation)


def test_every_parameter_that_has_to_be_given_has_an_example_that_fits(
    document: dict[str, Any],
) -> None:
    for where, operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            name = f"{where}: {parameter['name']}"
            try:
                example = example_of(parameter)
            except NoExampleError:
                assert not parameter["required"], name
            else:
                assert _validator(document, parameter["schema"]).is_valid(example), name


def test_every_operation_has_a_line_for_the_shell(document: dict[str, Any]) -> None:
    for where, operation in _operations(document):
        method, _ = where.split()
        (sample,) = operation[CURL_FIELD]
        said = sample["source"]
        assert said.startswith("curl -sS"), where
        assert ("$TOKEN" in said) is (operation[RIGHT_FIELD] != "public"), where
        assert (f"-X {method}" in said) is (method != "GET"), where
        assert "{" not in said.split('"')[1], where


SECRETS: Final = (
    re.compile(r"kgm_[A-Za-z0-9_-]{43}"),  # a bearer token
    re.compile(r"-----BEGIN"),
    re.compile(r"\$argon2"),
    re.compile(r"0[789]0-\d{4}-\d{4}"),  # a mobile telephone
    re.compile(r"[\w.+-]+@(?!([\w-]+\.)*example\.(jp|com|org|net)\b)[\w-]+\.[\w.]+"),
    re.compile(r"(?<![\d-])\d{12}(?!\d)"),  # a personal number
)


def test_no_example_holds_a_secret_or_anybody_real(document: dict[str, Any]) -> None:
    for where, what, _, content in _contents(document):
        for example in _examples_in(content):
            for pattern in SECRETS:
                assert not pattern.search(str(example)), f"{where}: {what}: {pattern.pattern}"


# --- answers -------------------------------------------------------------------------------------


def test_every_operation_says_how_it_succeeds_and_how_it_may_fail(
    document: dict[str, Any],
) -> None:
    for where, operation in _operations(document):
        statuses = set(operation["responses"])
        assert any(status in {"200", "201", "202", "204", "207"} for status in statuses), where
        assert "default" not in statuses, where
        expected = {"400", "401"}
        if operation[RIGHT_FIELD] != "public":
            expected |= {"403"}
        if "{" in where:
            expected |= {"404"}
        if operation.get("parameters") or "requestBody" in operation:
            expected |= {"422"}
        if "requestBody" in operation:
            expected |= {"413"}
        if not where.startswith("GET"):
            expected |= {"409"}
        assert expected <= statuses, where
        listed = []
        for status, answer in operation["responses"].items():
            listed += resolved(document, answer).get(PROBLEMS_FIELD, [])
            if status == "204":
                assert "content" not in answer, where
        assert sorted(listed) == sorted(operation[PROBLEMS_FIELD]), where


def test_every_problem_that_is_named_is_explained(
    document: dict[str, Any], client: TestClient
) -> None:
    named = {code for _, operation in _operations(document) for code in operation[PROBLEMS_FIELD]}
    for code in named:
        assert client.get(f"/problems/{code}").status_code == 200, code
    for answer in document["components"]["responses"].values():
        assert set(answer["content"]) == {PROBLEM_MEDIA_TYPE}


def test_every_operation_names_its_right_and_what_authenticates(document: dict[str, Any]) -> None:
    for where, operation in _operations(document):
        is_public = operation[RIGHT_FIELD] == "public"
        assert operation.get("security") == (None if is_public else [{"bearer": []}]), where


def test_every_operation_has_a_summary_a_description_and_an_id_of_its_own(
    document: dict[str, Any], app: FastAPI
) -> None:
    found = dict(_operations(document))
    ids = [operation["operationId"] for operation in found.values()]
    assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)
    for where, operation in found.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", operation["operationId"]), where
        assert "api_v1" not in operation["operationId"], f"{where}: changes with its path"
        assert operation["summary"], where
        assert operation["description"], where


def test_what_surrounds_every_answer_is_documented(document: dict[str, Any]) -> None:
    for where, operation in _operations(document):
        for status, answer in operation["responses"].items():
            headers = resolved(document, answer)["headers"]
            assert "X-Request-ID" in headers, f"{where}: {status}"
        unauthenticated = resolved(document, operation["responses"]["401"])
        assert "WWW-Authenticate" in unauthenticated["headers"], where


def test_no_shape_shows_where_it_lies(document: dict[str, Any]) -> None:
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


def test_streams_and_files_have_their_own_media_types(document: dict[str, Any]) -> None:
    paths = document["paths"]
    stream = paths["/api/v1/events/stream"]["get"]["responses"]["200"]["content"]
    assert set(stream) == {"text/event-stream"}
    assert stream["text/event-stream"]["example"].endswith("\n\n")
    assert set(paths["/metrics"]["get"]["responses"]["200"]["content"]) == {"text/plain"}


# --- the page ------------------------------------------------------------------------------------


def test_the_page_shows_every_operation_with_its_examples(
    client: TestClient, document: dict[str, Any]
) -> None:
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    for where, operation in _operations(document):
        assert f'id="{operation["operationId"]}"' in page.text, where
    assert "中央公民館" in page.text
    assert "curl -sS" in page.text
    assert "digits" in page.text


# --- what comes in -------------------------------------------------------------------------------


def _inputs(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every single value that callers send, with where it stands."""

    def walk(where: str, schema: dict[str, Any], seen: frozenset[str]) -> Any:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            if name not in seen:
                yield from walk(name, document["components"]["schemas"][name], seen | {name})
            return
        for inner in schema.get("anyOf", ()):
            yield from walk(where, inner, seen)
        for name, inner in schema.get("properties", {}).items():
            yield from walk(f"{where}.{name}", inner, seen)
        for inner in (schema.get("items"), *schema.get("prefixItems", ())):
            if isinstance(inner, dict):
                yield from walk(f"{where}[]", inner, seen)
        if "type" in schema:
            yield where, schema

    for where, operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                yield from walk(f"{where}: {parameter['name']}", parameter["schema"], frozenset())
        for content in operation.get("requestBody", {}).get("content", {}).values():
            yield from walk(where, content["schema"], frozenset())


def test_every_text_that_comes_in_is_bounded(document: dict[str, Any]) -> None:
    bounds = {"maxLength", "enum", "const", "format", "pattern", "contentMediaType"}
    unbounded = {
        where
        for where, schema in _inputs(document)
        if schema["type"] == "string" and not bounds & set(schema)
    }
    assert unbounded == set(), "give it a max_length"


def test_every_number_that_comes_in_is_bounded(document: dict[str, Any]) -> None:
    unbounded = {
        where
        for where, schema in _inputs(document)
        if schema["type"] in ("integer", "number") and not {"minimum", "maximum"} <= set(schema)
    }
    assert unbounded == set(), "give it ge= and le="


def test_every_instant_and_date_that_comes_in_is_of_years_that_are_reckoned_with(
    document: dict[str, Any],
) -> None:
    unbounded = {
        where
        for where, schema in _inputs(document)
        if schema.get("format") in ("date", "date-time") and "pattern" not in schema
    }
    assert unbounded == set(), "use Instant or CalendarDate of hub.web.fields"
