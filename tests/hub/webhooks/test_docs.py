"""What docs/webhooks.md shows is so."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.happenings.domain import HappeningKind
from hub.webhooks.mapping import read
from hub.webhooks.schemas import WebhookIn
from hub.webhooks.settings import WebhooksSettings
from hub.webhooks.signatures import headers, secret_text
from hub.webhooks.source_schemas import SourceIn

DOCUMENT = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", DOCUMENT, re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def test_its_ten_lines_verify_what_the_hub_signs() -> None:
    (snippet,) = blocks("python")
    assert len([line for line in snippet.splitlines() if line.strip()]) <= 10
    space: dict[str, Any] = {}
    exec(snippet, space)
    secret, body = bytes(range(32)), '{"name":"山田 花子"}'.encode()
    made = headers([bytes(32), secret], "m", datetime.now(UTC), body)
    assert space["verify"](secret_text(secret), made, body)
    assert not space["verify"](secret_text(secret), made, body + b" ")
    assert not space["verify"](secret_text(b"x" * 32), made, body)
    old = headers([secret], "m", datetime(2026, 4, 6, tzinfo=UTC), body)
    assert not space["verify"](secret_text(secret), old, body)


def test_its_json_is_taken_as_it_stands() -> None:
    webhook, _, message, source = (json.loads(text) for text in blocks("json"))
    assert WebhookIn.model_validate(webhook).wish().kinds == ("booking.*", "entry.denied")
    preset = SourceIn.model_validate({"name": "施設予約システム"}).wish().profile
    assert read(preset, message).key == "R-2026-0412"
    profile = SourceIn.model_validate(source).wish().profile
    sent = {"event": "reserved", "reservation": {"no": 7, "room": "301", "revision": 3}}
    assert read(profile, sent).key == "kominkan-7"


def test_its_settings_are_those_there_are() -> None:
    (text,) = blocks("toml")
    named = tomllib.loads(text)["webhooks"]
    assert set(named) == set(WebhooksSettings.model_fields)
    WebhooksSettings.model_validate(named)


@pytest.mark.parametrize("kind", list(HappeningKind))
def test_every_kind_is_told_of(kind: HappeningKind) -> None:
    topic, _, name = kind.value.partition(".")
    line = next(
        line for line in DOCUMENT.splitlines() if line.startswith("| `") and f"`{topic}." in line
    )
    told = [
        found
        for found in DOCUMENT.splitlines()
        if found.startswith("| `") and f"`{topic}." in found
    ]
    assert line
    assert any(f".{name}`" in each or f"`{topic}.*`" in each for each in told)
