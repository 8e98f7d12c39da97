"""The pages of feeds, in every language."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bookings.records import BookingWish
from hub.catalogue import Language, Translator
from hub.feeds.domain import EventProblem, FeedState, FetchResult
from hub.web.rights import SYSTEM, Role

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is asked here does not depend on the kind of database: once is enough."""
    return sqlite_at


@pytest.fixture
def clerk(as_role: Callable[[Role], TestClient]) -> TestClient:
    """The client with a clerk's token."""
    return as_role(Role.CLERK)


def page(client: TestClient, path: str, language: str = "ja") -> str:
    answer = client.get(f"{path}?lang={language}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def send(client: TestClient, path: str, seen_at: str = "", **data: str) -> Any:
    """Send a form as a browser does, with the token of the page that it stands on."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', page(client, seen_at or path))
    return client.post(path, data=data | ({"csrf": csrf[1]} if csrf else {}), headers=HTML)


@pytest.mark.parametrize("language", list(Language))
def test_the_pages_tell_how_a_feed_stands_and_what_is_wrong(
    desk: Any, clerk: TestClient, ical: Any, language: Language
) -> None:
    t = Translator(language)
    assert t("joins.none") in page(clerk, "/joins", language)
    assert t("feeds.none") in page(clerk, "/joins/feeds", language)
    feed = desk.add(name="公民館の予約")
    start = desk.later(24)
    by_hand = BookingWish(facility_id=desk.hall, starts_at=start, ends_at=desk.later(25))
    desk.bookings.put(ical.clerk, "by-hand", by_hand)
    desk.publish(
        desk.event("a@town", 24, 1, "SUMMARY:卓球クラブ"),
        desk.event("b@town", 30, 1, "SUMMARY:書道"),
        desk.event("c@town", 40).replace("DTEND", "DTENT"),
    )
    desk.poll(feed)
    for path in ("/joins", "/joins/feeds"):
        text = page(clerk, path, language)
        assert "公民館の予約" in text
        assert t("feed_state.fine") in text
    text = page(clerk, f"/joins/feeds/{feed}", language)
    for said in (
        t("problem.double_booked.title"), t("feed_problem.no_length"), "a@town", "卓球クラブ",
        t("feed_result.ok"), t("feeds.run_made", count=1), t("feeds.run_refused", count=2),
        "127.0.0.1",
    ):  # fmt: skip
        assert said in text
    assert "s3cr3t" not in text


@pytest.mark.parametrize("language", list(Language))
def test_what_vanished_is_listed_and_cancelled_only_with_a_tick(
    desk: Any, clerk: TestClient, language: Language
) -> None:
    t = Translator(language)
    feed = desk.add()
    events = [desk.event(f"e{i}@town", 24 + i, 1, f"SUMMARY:稽古{i}") for i in range(5)]
    desk.publish(*events)
    desk.poll(feed)
    at = f"/joins/feeds/{feed}/shrink"
    assert clerk.get(at, headers=HTML).status_code == 303
    desk.publish(*events[:2])
    desk.poll(feed, 5)
    assert t("joins.attention", count=1) in page(clerk, "/joins", language)
    assert t("feeds.board", count=1) in page(clerk, "/", language)
    assert t("feeds.shrank_what", count=3) in page(clerk, f"/joins/feeds/{feed}", language)
    text = page(clerk, at, language)
    assert [f"稽古{i}" in text for i in range(5)] == [False, False, True, True, True]
    found = re.search(r'name="token" value="([^"]+)"', text)
    assert found
    assert send(clerk, at, answer="confirm", token=found[1]).status_code == 422
    other = send(clerk, at, answer="confirm", token="x", sure="yes")
    assert other.status_code == 422
    assert len(desk.standing(feed)) == 5
    done = send(clerk, at, answer="confirm", token=found[1], sure="yes")
    assert (done.status_code, done.headers["Location"]) == (303, f"/joins/feeds/{feed}")
    assert len(desk.standing(feed)) == 2


def test_what_vanished_can_be_kept(desk: Any, clerk: TestClient) -> None:
    feed = desk.add()
    events = [desk.event(f"e{i}", 24 + i) for i in range(5)]
    desk.publish(*events)
    desk.poll(feed)
    desk.publish()
    desk.poll(feed, 5)
    at = f"/joins/feeds/{feed}/shrink"
    found = re.search(r'name="token" value="([^"]+)"', page(clerk, at))
    assert found
    assert send(clerk, at, answer="dismiss", token=found[1]).status_code == 303
    desk.poll(feed, 60)
    assert len(desk.standing(feed)) == 5
    assert "残すと決めた予定" in page(clerk, f"/joins/feeds/{feed}")


def test_a_calendar_is_tried_saved_polled_and_removed(desk: Any, clerk: TestClient) -> None:
    at = "/joins/feeds/new"
    form = {
        "name": "公民館",
        "url": desk.server.url,
        "facility": "",
        "places": "大ホール = 体育館\n図書室 = -\n",
        "minutes": "5",
        "days": "90",
        "auth": "none",
    }
    desk.publish(
        desk.event("a", 24, 1, "LOCATION:大ホール"), desk.event("l", 24, 1, "LOCATION:図書室")
    )
    tried = send(clerk, at, do="try", **form)
    assert tried.status_code == 200
    assert "予約できます" in tried.text
    assert "取り込まない場所：図書室（1 件）" in tried.text
    assert desk.feeds.listed(SYSTEM) == []
    for wrong in (
        {"url": "ftp://example.jp/x"}, {"places": "大ホール = 知らない"}, {"minutes": "0"},
        {"days": "x"}, {"places": ""}, {"name": " "},
    ):  # fmt: skip
        refused = send(clerk, at, do="save", **form | wrong)
        assert refused.status_code == 422, wrong
        assert 'role="alert"' in refused.text
    saved = send(clerk, at, do="save", **form)
    assert saved.status_code == 303
    here = saved.headers["Location"]
    assert send(clerk, f"{here}/poll", seen_at=here).status_code == 303
    ((state, *_),) = desk.booked().values()
    assert state.value == "confirmed"
    assert send(clerk, f"{here}/remove", seen_at=here).headers["Location"] == here
    gone = send(clerk, f"{here}/remove", seen_at=here, sure="yes", bookings="cancel")
    assert gone.headers["Location"] == "/joins/feeds"
    assert desk.feeds.listed(SYSTEM) == []
    ((state, *_),) = desk.booked().values()
    assert state.value == "cancelled"


def test_who_may_not_import_sees_none_of_it(
    desk: Any, as_role: Callable[[Role], TestClient]
) -> None:
    feed = desk.add()
    viewer = as_role(Role.VIEWER)
    for path in ("/joins", "/joins/feeds", f"/joins/feeds/{feed}", "/joins/feeds/new"):
        assert viewer.get(path, headers=HTML).status_code == 403


def test_every_state_result_and_problem_has_its_words() -> None:
    t = Translator(Language.JA)
    for prefix, members in (
        ("feed_state", FeedState), ("feed_result", FetchResult), ("feed_problem", EventProblem),
    ):  # fmt: skip
        assert [m for m in members if not t.has(f"{prefix}.{m}")] == []
