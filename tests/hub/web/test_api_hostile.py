"""What nobody would send in earnest is refused by both databases alike: NUL, halves of characters,
numbers beyond 64 bits, years that no clock reckons with, absurd lengths and depths."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient

from hub.web import example_ids as ids
from hub.web.examples import METHODS, NoExampleError, example_of

TEXTS: Final = ("\x00", "a\x00b", "\ud800", "x" * 20_000, 2**64, True, None, {}, [])
TIMES: Final = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2200-01-01T00:00:00Z",
    "1999-12-31T23:59:59Z",
    "0001-01-01",
    "9999-12-31",
    "1775804400",
    1_775_804_400,
    "\x00",
)
NUMBERS: Final = (2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 1e308, True, "1", None, [])
OTHERS: Final = (True, None, {}, [], [[[[[[[[]]]]]]]], 2**64, "\x00", "\ud800", ["\x00"])
REFUSED: Final = ("\x00", "a\x00b", "\ud800", *TIMES)
"""What no field takes, whatever it is."""

IN_ADDRESSES: Final = (
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF%FE",
    "..%2F..%2Fetc%2Fpasswd",
    "%25%27%22%3B--",
    "x" * 5_000,
    "9" * 400,
    "-1",
    "9223372036854775808",
    "0001-01-01T00:00:00%2B14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31",
    "%F0%9F%97%9D",
)
REACHING_THE_DATABASE: Final = ("%00", "%FF%FE", "x" * 5_000, "9" * 400)
NO_STREAM: Final = "/api/v1/events/stream"
THERE: Final = {"reservation_key": ids.RESERVATION_KEY, "facility_id": ids.FACILITY}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def hostile_town(request: pytest.FixtureRequest) -> Any:
    """The town of the examples on each kind of database."""
    if request.param == "sqlite":
        return request.getfixturevalue("example_town")
    return request.getfixturevalue("example_town_on_postgresql")


def _operations(town: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in town.document["paths"].items():
        for method in METHODS:
            if method in item and path != NO_STREAM:
                yield method.upper(), path, item[method]


def _address(path: str, operation: dict[str, Any], **over: str) -> str:
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", over.get(name) or str(_shown(parameter)))
    asked = {
        parameter["name"]: over.get(parameter["name"]) or str(_shown(parameter))
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and (parameter["required"] or parameter["name"] in over)
    }
    return path + (
        "?" + "&".join(f"{name}={value}" for name, value in asked.items()) if asked else ""
    )


def _shown(parameter: dict[str, Any]) -> Any:
    try:
        return example_of(parameter)
    except NoExampleError:
        return THERE.get(parameter["name"], "x")


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    found: dict[str, Any] = schema.get("properties", {})
    return found


def _send(client: TestClient, method: str, address: str, body: Any) -> Any:
    content = None if body is None else json.dumps(body).encode()
    headers = {} if body is None else {"Content-Type": "application/json"}
    return client.request(method, address, content=content, headers=headers)


def _hostile_to(field: dict[str, Any]) -> tuple[Any, ...]:
    shapes = [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]
    if len(shapes) != 1:
        return OTHERS
    kind = shapes[0].get("type")
    if kind == "string":
        return TIMES if shapes[0].get("format", "").startswith("date") else TEXTS
    return NUMBERS if kind in ("integer", "number") else OTHERS


def _bodies(town: Any) -> Iterator[tuple[str, str, dict[str, Any], str, dict[str, Any], Any]]:
    """Method, address, operation, field, its schema and a good body, of everything that is sent."""
    for method, path, operation in _operations(town):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            address, good = _address(path, operation), content.get("example", {})
            for name, field in _fields(town.document, content["schema"]).items():
                yield method, address, operation, name, field, good


def test_no_field_of_a_body_can_hurt(example_town: Any) -> None:
    _send_hostile_bodies(example_town)


@pytest.mark.soak
@pytest.mark.postgres
def test_no_field_of_a_body_can_hurt_on_postgresql(example_town_on_postgresql: Any) -> None:
    _send_hostile_bodies(example_town_on_postgresql)


def _send_hostile_bodies(town: Any) -> None:
    hurt = []
    with town.client() as client:
        for method, address, operation, name, field, good in _bodies(town):
            for value in _hostile_to(field):
                answer = _send(client, method, address, {**good, name: value})
                status = answer.status_code
                undocumented = status >= 500 or str(status) not in operation["responses"]
                if undocumented or (value in REFUSED and status != 422):
                    hurt.append(
                        (method, address, name, repr(value)[:40], status, answer.text[:200])
                    )
    assert hurt == []


@pytest.mark.postgres
def test_what_a_shape_allows_a_column_keeps(example_town_on_postgresql: Any) -> None:
    """At the edges of what the document allows PostgreSQL refuses nothing that SQLite keeps."""
    refused = []
    sent = 0
    with example_town_on_postgresql.client() as client:
        for method, address, _, name, field, good in _bodies(example_town_on_postgresql):
            for value in _edges_of(field):
                answer = _send(client, method, address, {**good, name: value})
                sent += 1
                if answer.status_code >= 500 or '"code":"bad_request"' in answer.text:
                    refused.append((method, address, name, repr(value)[:40], answer.text[:200]))
    assert sent > 100
    assert refused == []


def _edges_of(field: dict[str, Any]) -> list[Any]:
    edges: list[Any] = []
    for shape in field.get("anyOf", [field]):
        if shape.get("type") == "string" and "maxLength" in shape and "pattern" not in shape:
            edges += ["\U00020bb7" * shape["maxLength"], "\U0001f5dd" * shape.get("minLength", 0)]
        edges += [shape[name] for name in ("minimum", "maximum") if name in shape]
        if shape.get("format") == "date-time":
            edges += ["2000-01-01T00:00:00Z", "2199-12-31T23:59:59.999999-12:00"[:26] + "Z"]
    return edges


def test_no_address_can_hurt(hostile_town: Any) -> None:
    hurt = []
    on_sqlite = hostile_town.hub.core.db.dialect == "sqlite"
    values = IN_ADDRESSES if on_sqlite else REACHING_THE_DATABASE
    with hostile_town.client() as client:
        for method, path, operation in _operations(hostile_town):
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "header":
                    continue
                for value in values:
                    address = _address(path, operation, **{parameter["name"]: value})
                    answer = _send(client, method, address, body and body.get("example", {}))
                    allowed = {*operation["responses"], "405"}
                    if answer.status_code >= 500 or str(answer.status_code) not in allowed:
                        hurt.append((method, address[:120], answer.status_code, answer.text[:200]))
                    if "%00" in value and answer.status_code != 422:
                        hurt.append((method, address[:120], answer.status_code))
    assert hurt == []


BODIES: Final = (
    (b"", "application/json"),
    (b"{", "application/json"),
    (b"\xff\xfe", "application/json"),
    (b"[" * 100_000 + b"]" * 100_000, "application/json"),
    (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "application/json"),
    (b"NaN", "application/json"),
    (b'"text"', "application/json"),
    (b"null", "application/json"),
    (b"[]", "application/json"),
    (b"a=1&b=2", "application/x-www-form-urlencoded"),
    (b"{}", "text/plain"),
    (b"{}", "application/json; charset=utf-16"),
    (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
    (b"{}", ""),
)


def test_no_body_that_is_none_can_hurt(example_town: Any) -> None:
    with example_town.client() as client:
        for method, path, operation in _operations(example_town):
            if "requestBody" not in operation:
                continue
            for content, kind in BODIES:
                headers = {"Content-Type": kind} if kind else {}
                answer = client.request(
                    method, _address(path, operation), content=content, headers=headers
                )
                told = (method, path, content[:20], kind, answer.status_code, answer.text[:200])
                assert answer.status_code < 500, told
                assert str(answer.status_code) in operation["responses"], told


CURSORS: Final = (
    "",
    "x",
    "%%%",
    "W10",
    "bnVsbA",
    "Ww" * 200,
    *(
        base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
        for values in (
            ["a\x00b"],
            ["\ud800"],
            [2**70],
            [-(2**63) - 1],
            [True],
            [None],
            [[]],
            ["0001-01-01T00:00:00+14:00", 1],
            ["9999-12-31T23:59:59-14:00", 1],
            ["2026-04-01T00:00:00", 1],
            ["2026-04-01T00:00:00Z", 2**70],
            ["2026-04-01T00:00:00Z", "x"],
            ["9999-12-31T23:59:59-14:00", "x"],
        )
    ),
)


def test_no_cursor_made_by_somebody_else_can_hurt(hostile_town: Any) -> None:
    lists = 0
    with hostile_town.client() as client:
        for method, path, operation in _operations(hostile_town):
            if not any(each["name"] == "cursor" for each in operation.get("parameters", ())):
                continue
            lists += 1
            for cursor in CURSORS:
                answer = client.request(method, path, params={"cursor": cursor})
                assert answer.status_code in (200, 422), (path, cursor, answer.text)
    assert lists > 10
