"""The pages' frame: languages, forms, documentation, static files."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from hub.catalogue import Language, sentences
from hub.web.pages import HUB


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


_KEY_IN_TEMPLATE = re.compile(r"""\bt\(\s*["']([a-z0-9_.-]+)["']\s*[,)]""")


def test_the_docs_page_names_every_operation_and_needs_no_script(client: TestClient) -> None:
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    document = client.get("/api/v1/openapi.json").json()
    for path in document["paths"]:
        assert path.replace("{", "{") in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert not re.search(r"(src|href)=\"https?://", page.text)


@pytest.mark.parametrize("language", list(Language))
def test_the_login_page_speaks_every_language_and_keeps_the_place(
    client: TestClient, language: Language
) -> None:
    page = client.get("/login", params={"next": "/doors/1?day=2", "lang": language})
    assert page.status_code == 200
    assert f'<html lang="{language.html}">' in page.text
    assert sentences()["login.title"][language] in page.text
    for other in Language:
        assert f"/login?next=%2Fdoors%2F1%3Fday%3D2&amp;lang={other.value}" in page.text


def test_the_chosen_language_is_remembered(client: TestClient) -> None:
    client.get("/login", params={"lang": "en"})
    assert "Staff login" in client.get("/login").text


def test_every_sentence_exists_in_every_language() -> None:
    languages = {language.value for language in Language}
    missing = {key: languages ^ set(texts) for key, texts in sentences().items()}
    assert {key: gap for key, gap in missing.items() if gap} == {}
    empty = [key for key, texts in sentences().items() if not all(texts.values())]
    assert empty == []


def test_every_sentence_takes_the_same_values_in_every_language() -> None:
    fields = re.compile(r"\{(\w+)[^}]*\}")
    for key, texts in sentences().items():
        taken = {tuple(sorted(set(fields.findall(text)))) for text in texts.values()}
        assert len(taken) == 1, key


def test_every_sentence_that_a_template_names_exists() -> None:
    for path in HUB.glob("*/templates/**/*.html"):
        for key in _KEY_IN_TEMPLATE.findall(path.read_text(encoding="utf-8")):
            assert key in sentences(), f"{path.name}: {key}"


def test_no_template_holds_an_inline_script_or_style_or_a_foreign_address() -> None:
    for path in HUB.glob("*/templates/**/*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path.name
        if path.name != "roll_call_file.html":  # a file of its own, sent as an attachment
            assert "<style" not in text, path.name
        assert not re.search(r"\sstyle=|\son\w+=", text), path.name
        assert not re.search(r"(src|href|action)=\"(https?:)?//", text), path.name


def test_static_files_are_served_and_nothing_else_of_the_disk(client: TestClient) -> None:
    assert client.get("/static/kagimori.css").headers["Content-Type"].startswith("text/css")
    assert client.get("/static/live.js").status_code == 200
    assert client.get("/static/../pages.py").status_code == 404
    assert client.get("/static/%2e%2e/pages.py").status_code == 404


def test_every_script_that_is_shipped_is_used_and_our_own() -> None:
    """A page loads what it needs and nothing lies about: no library, no licence to carry."""
    static = HUB / "web" / "static"
    shipped = {path.relative_to(static).as_posix() for path in static.rglob("*.js")}
    templates = [path.read_text(encoding="utf-8") for path in HUB.glob("*/templates/**/*.html")]
    loaded = {name for text in templates for name in re.findall(r'src="/static/(\S+\.js)"', text)}
    assert shipped == loaded
    assert all((static / name).stat().st_size < 10_000 for name in shipped)
