"""CSV files on the console: tried, then done; profiles with a sample beside."""

from __future__ import annotations

import re
from typing import Any

import pytest

HTML = {"Accept": "text/html"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def form(desk: Any) -> dict[str, str]:
    """The profile's form as the page shows it."""
    text = desk.client.get(f"/joins/csv/profiles/{desk.profile}", headers=HTML).text
    found = dict(re.findall(r'name="(column_\w+)" value="([^"]*)"', text))
    assert found["column_key"] == "予約番号"
    return {
        **found,
        "name": "町の予約",
        "encoding": "cp932",
        "delimiter": ",",
        "header_row": "1",
        "facilities": "大ホール = 公民館 大ホール",
        "facility": "",
        "complete_days": "60",
    }


def test_a_file_is_tried_on_the_page_and_then_done_by_its_hash(desk: Any) -> None:
    data = desk.file(desk.line("a-1"), desk.line("a-2", 利用日="?"))
    sent = desk.client.post(
        "/joins/csv", data={"profile": desk.profile}, files={"file": ("a.csv", data)}, headers=HTML
    )
    assert sent.status_code == 200, sent.text
    assert "文字コード cp932、2 行" in sent.text
    assert "日付として読めません" in sent.text
    assert desk.booking("a-1") == {}
    sha = re.search(r'name="sha256" value="([0-9a-f]{64})"', sent.text)
    assert sha
    body = {"profile": desk.profile, "sha256": sha[1]}
    done = desk.client.post("/joins/csv/do", data=body, headers=HTML)
    assert "取り込んだ結果" in done.text
    assert desk.booking("a-1")["state"] == "confirmed"
    again = desk.client.post("/joins/csv/do", data=body, headers=HTML)
    assert again.status_code == 422
    assert "もう一度選んでください" in again.text


def test_a_trial_says_what_it_read_and_offers_nothing_where_nothing_would_change(desk: Any) -> None:
    sent = {"files": {"file": ("a.csv", desk.file(desk.line("r-1")))}, "headers": HTML}
    given = {"profile": desk.profile}
    tried = desk.client.post("/joins/csv", data=given, **sent)
    assert "髙橋㈱①" in tried.text
    assert re.search(r"\d+月\d+日.*\d\d:\d\d–\d\d:\d\d 髙橋㈱①", tried.text)
    assert 'action="/joins/csv/do"' in tried.text
    sha256 = re.search(r'name="sha256" value="([0-9a-f]{64})"', tried.text)
    assert sha256
    desk.client.post("/joins/csv/do", data=given | {"sha256": sha256[1]}, headers=HTML)
    again = desk.client.post("/joins/csv", data=given, **sent)
    assert 'action="/joins/csv/do"' not in again.text


def test_a_broken_file_says_where(desk: Any) -> None:
    data = desk.file(desk.line("a-1")) + b"\x82\xff"
    sent = desk.client.post(
        "/joins/csv", data={"profile": desk.profile}, files={"file": ("a.csv", data)}, headers=HTML
    )
    assert sent.status_code == 422
    assert "4 行目 1 文字目" in sent.text


def test_a_profile_is_changed_by_its_form_and_keeps_what_the_form_does_not_show(desk: Any) -> None:
    desk.set_profile(cancelled_words=["ボツ"], key_prefix="town-")
    path = f"/joins/csv/profiles/{desk.profile}"
    saved = desk.client.post(path, data=form(desk) | {"what": "save"}, headers=HTML)
    assert saved.status_code == 303, saved.text
    shape = desk.client.get(f"/api/v1/csv_profiles/{desk.profile}").json()["shape"]
    assert shape["facilities"] == {"大ホール": desk.halls[1]}
    assert (shape["encoding"], shape["key_prefix"]) == ("cp932", "town-")
    assert shape["words"]["cancelled"] == ["ボツ"]
    bad = desk.client.post(
        path, data=form(desk) | {"what": "save", "facilities": "a = どこか"}, headers=HTML
    )
    assert bad.status_code == 422


def test_a_sample_is_shown_as_it_is_read_and_not_kept(desk: Any) -> None:
    data = desk.file(desk.line("sample-1"))
    path = f"/joins/csv/profiles/{desk.profile}"
    shown = desk.client.post(
        path,
        data=form(desk) | {"what": "preview"},
        files={"sample": ("s.csv", data)},
        headers=HTML,
    )
    assert shown.status_code == 200, shown.text
    assert "髙橋㈱①" in shown.text
    assert desk.client.get("/api/v1/csv_imports").json()["items"] == []


def test_a_new_profile_is_made_and_an_old_one_removed(desk: Any) -> None:
    made = desk.client.post(
        "/joins/csv/profiles/new", data=form(desk) | {"what": "save", "name": "新"}, headers=HTML
    )
    assert made.status_code == 303
    names = [each["name"] for each in desk.client.get("/api/v1/csv_profiles").json()]
    assert names == ["新", "町の予約"] or names == ["町の予約", "新"]
    path = f"/joins/csv/profiles/{desk.profile}"
    assert desk.client.post(path, data={"what": "drop"}, headers=HTML).status_code == 303
    assert desk.client.get(path, headers=HTML).status_code == 404
