"""Typing into a roster, as a browser sends it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.catalogue import Language, Translator

PATH = "/rosters/d-nursery"
SUNDAY = "2026-04-12"
HTML = {"Accept": "text/html", "Origin": "https://doors.test"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Pages do not depend on the kind of database."""
    return sqlite_at


@pytest.fixture
def night(nursery: Any, admin: TestClient) -> TestClient:
    """A client in a town with one shift code."""
    body = {"code": "夜", "name": "夜勤", "stretches": [{"start": 1020, "end": 1950}]}
    assert admin.post("/api/v1/shift_codes", json=body).status_code == 201
    return admin


def send(client: TestClient, path: str, **data: str) -> Any:
    return client.post(f"{path}?from={SUNDAY}", data=data, headers=HTML)


@pytest.mark.parametrize("language", list(Language))
def test_the_grid_is_read_in_every_language(night: TestClient, language: Language) -> None:
    """Codes, dates, and that nothing is published."""
    text = night.get(f"{PATH}?from={SUNDAY}&lang={language}", headers=HTML).text
    assert Translator(language)("roster.not_published") in text
    assert "17:00" in text


def test_what_is_typed_becomes_a_draft_and_is_published(night: TestClient) -> None:
    """A code and a sign for a day off; empty fields leave their day as it is."""
    cells = {"hanako.2026-04-14": "夜", "taro.2026-04-15": "-", "head.2026-04-15": ""}
    assert send(night, f"{PATH}/draft", **cells).status_code == 303
    text = night.get(f"{PATH}?from={SUNDAY}&lang=ja", headers=HTML).text
    assert Translator(Language.JA)("roster.drafted", count=2) in text
    assert send(night, f"{PATH}/publish").status_code == 303
    sheet = night.get(f"{PATH}/csv?from={SUNDAY}").text
    hanako = next(line for line in sheet.splitlines() if line.startswith("n-hanako,hanako,"))
    assert hanako.split(",")[4] == "夜"


def test_an_unknown_code_is_named_and_nothing_is_lost(night: TestClient) -> None:
    """The page comes back with what was typed, and says whose date it is."""
    answer = send(night, f"{PATH}/draft", **{"hanako.2026-04-14": "謎", "taro.2026-04-15": "夜"})
    assert answer.status_code == 422
    assert re.search(r'name="hanako.2026-04-14" value="謎"', answer.text)
    assert re.search(r'name="taro.2026-04-15" value="夜"', answer.text)
    assert 'role="alert"' in answer.text
