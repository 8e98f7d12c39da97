"""/api/v1/feeds: set up, tried, polled, answered and removed over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.accounts.service import AccountsService
from hub.feeds import run_schemas, schemas
from hub.feeds.job import FeedsJob
from hub.feeds.polling import Poller
from hub.feeds.schemas import FeedIn
from hub.web.rights import SYSTEM, Role

AT = "/api/v1/feeds"


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is asked here does not depend on the kind of database: once is enough."""
    return sqlite_at


@pytest.fixture
def clerk(as_role: Callable[[Role], TestClient]) -> TestClient:
    """The client with a clerk's token."""
    return as_role(Role.CLERK)


def body(desk: Any, **changed: Any) -> dict[str, Any]:
    return {"name": "予約システム", "url": desk.server.url, "facility_id": desk.hall} | changed


def add(clerk: TestClient, desk: Any, **changed: Any) -> str:
    answer = clerk.post(AT, json=body(desk, **changed))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_a_feed_is_set_up_polled_and_read(clerk: TestClient, desk: Any) -> None:
    feed = add(clerk, desk, auth="bearer", secret="t0ken-t0ken")
    assert clerk.get(f"{AT}/{feed}").json()["state"] == "new"
    desk.publish(desk.event("a", 24), desk.event("b", 26).replace("DTSTART", "DTSTAR"))
    run = clerk.post(f"{AT}/{feed}/poll").json()
    assert (run["result"], run["made"], run["refused"]) == ("ok", 1, 1)
    assert run["by"].startswith("token:")
    assert desk.server.asked[0]["Authorization"] == "Bearer t0ken-t0ken"
    (listed,) = clerk.get(AT).json()
    assert (listed["state"], listed["counts"]["booked"]) == ("fine", 1)
    assert listed["unread"][0]["problem"] == "start_missing"
    assert listed["url"].endswith("/•••")
    assert [each["id"] for each in clerk.get(f"{AT}/{feed}/runs").json()["items"]] == [run["id"]]
    (event,) = clerk.get(f"{AT}/{feed}/events?which=booked").json()["items"]
    assert clerk.get(f"/api/v1/bookings/{event['reservation_key']}").json()["source"] == "feed"
    for path in ("", f"/{feed}", f"/{feed}/runs", f"/{feed}/events"):
        assert "t0ken" not in clerk.get(AT + path).text
        assert "s3cr3t" not in clerk.get(AT + path).text


def test_what_is_left_out_of_a_change_stays(clerk: TestClient, desk: Any) -> None:
    feed = add(clerk, desk, auth="basic", user="u", secret="pässwörd")
    before = clerk.get(f"{AT}/{feed}").json()
    after = clerk.patch(f"{AT}/{feed}", json={"every_s": 900}).json()
    changed = {"every_s", "updated_at", "next_at"}
    assert {k: v for k, v in after.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }
    assert after["every_s"] == 900
    desk.publish()
    clerk.post(f"{AT}/{feed}/poll")
    assert desk.server.asked[-1]["Authorization"].startswith("Basic ")
    assert clerk.patch(f"{AT}/{feed}", json={"name": None}).status_code == 422
    assert clerk.patch(f"{AT}/{feed}", json={"facility_id": None}).status_code == 422
    moved = clerk.patch(f"{AT}/{feed}", json={"url": desk.server.url + "2", "active": False})
    assert moved.json()["state"] == "paused"


def test_another_address_is_another_calendar_judged_by_what_was_kept(
    clerk: TestClient, desk: Any
) -> None:
    feed = add(clerk, desk)
    desk.publish(*(desk.event(f"e{i}", 24 + i) for i in range(5)))
    clerk.post(f"{AT}/{feed}/poll")
    desk.publish()
    clerk.patch(f"{AT}/{feed}", json={"url": desk.server.url + "&other=1"})
    assert clerk.post(f"{AT}/{feed}/poll").json()["result"] == "shrank"
    assert len(desk.standing(feed)) == 5


def test_a_dry_run_tells_everything_and_writes_nothing(clerk: TestClient, desk: Any) -> None:
    places = [
        {"on": "LOCATION", "text": "図書室", "facility_id": None},
        {"on": "LOCATION", "text": "体育館", "facility_id": desk.hall},
    ]
    desk.publish(
        desk.event("a", 24, 1, "LOCATION:体育館", "ATTENDEE;CN=山田:mailto:y@example.jp"),
        desk.event("twice", 24.5, 1, "LOCATION:体育館"),
        desk.event("b", 26, 1, "LOCATION:新館"),
        desk.event("l", 26, 1, "LOCATION:図書室"),
        desk.event("x", 26, 1).replace("DTEND", "DTENT"),
    )
    before = desk.booked(), clerk.get(AT).json()
    trial = clerk.post(f"{AT}/try", json=body(desk, facility_id=None, places=places)).json()
    assert (trial["result"], trial["events"], trial["ahead"]) == ("ok", 5, 3)
    assert {e["uid"]: e["problem"] for e in trial["tried"]} == {
        "a": "", "twice": "double_booked", "b": "no_facility",
    }  # fmt: skip
    assert trial["tried"][0]["contact_email"] == "y@example.jp"
    assert [u["problem"] for u in trial["unread"]] == ["no_length"]
    assert trial["not_ours"] == {"図書室": 1}
    assert (desk.booked(), clerk.get(AT).json()) == before
    desk.server.content = b"<html>"
    assert clerk.post(f"{AT}/try", json=body(desk)).json()["result"] == "not_a_calendar"


def test_a_shrink_is_looked_at_and_answered(clerk: TestClient, desk: Any) -> None:
    feed = add(clerk, desk)
    assert clerk.get(f"{AT}/{feed}/shrink").status_code == 404
    assert clerk.post(f"{AT}/{feed}/confirm_shrink", json={"token": "x"}).status_code == 409
    events = [desk.event(f"e{i}", 24 + i) for i in range(4)]
    desk.publish(*events)
    clerk.post(f"{AT}/{feed}/poll")
    desk.publish(*events[:2])
    assert clerk.post(f"{AT}/{feed}/poll").json()["result"] == "shrank"
    asked = clerk.get(f"{AT}/{feed}/shrink").json()
    assert [e["uid"] for e in asked["events"]] == ["e2", "e3"]
    assert clerk.post(f"{AT}/{feed}/confirm_shrink", json={"token": "x"}).status_code == 412
    answer = clerk.post(f"{AT}/{feed}/confirm_shrink", json={"token": asked["token"]})
    assert answer.json() == {"cancelled": 2, "kept": 0}
    assert desk.standing(feed) == {"e0", "e1"}
    desk.publish()
    clerk.post(f"{AT}/{feed}/poll")
    asked = clerk.get(f"{AT}/{feed}/shrink").json()
    answer = clerk.post(f"{AT}/{feed}/dismiss_shrink", json={"token": asked["token"]})
    assert answer.json() == {"cancelled": 0, "kept": 2}


def test_a_feed_is_removed_with_a_word_about_its_bookings(clerk: TestClient, desk: Any) -> None:
    feed = add(clerk, desk)
    desk.publish(desk.event("a", 24))
    clerk.post(f"{AT}/{feed}/poll")
    assert clerk.delete(f"{AT}/{feed}").status_code == 422
    assert clerk.delete(f"{AT}/{feed}?bookings=cancel").json() == {"cancelled": 1}
    assert clerk.get(f"{AT}/{feed}").status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "ftp://example.jp/a"}, {"url": "https://u:p@example.jp/"}, {"url": ""},
        {"url": "http://example.jp/a", "auth": "basic"}, {"zone": "Mars/Base"}, {"zone": "../etc"},
        {"facility_id": None}, {"facility_id": "nobody"}, {"every_s": 1}, {"horizon_days": 10**30},
        {"name": "a\x00"}, {"name": "\ud800"}, {"places": [{"text": "", "facility_id": None}]},
        {"places": [{"text": "x", "facility_id": "nobody"}]}, {"contact": {"source": "rumour"}},
        {"unknown": 1}, {"secret": "x" * 501},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    clerk: TestClient, desk: Any, changed: dict[str, Any]
) -> None:
    content = json.dumps(body(desk, **changed))
    for path in ("", "/try"):
        headers = {"Content-Type": "application/json"}
        answer = clerk.post(AT + path, content=content, headers=headers)
        assert answer.status_code == 422, answer.text
        assert "s3cr3t" not in answer.text
    assert desk.server.asked == []


def test_who_serves_one_site_sees_the_feeds_of_that_site_alone(
    clerk: TestClient, desk: Any, hub: Any
) -> None:
    ours = add(clerk, desk)
    elsewhere = desk.town.site()
    accounts = hub.services.get(AccountsService)
    token = accounts.create_token(SYSTEM, name="there", role=Role.CLERK, sites=[elsewhere])[1]
    there = {"Authorization": f"Bearer {token}"}
    assert clerk.get(AT, headers=there).json() == []
    for method, path in (
        ("GET", ""), ("GET", "/runs"), ("GET", "/events"), ("GET", "/shrink"), ("POST", "/poll"),
        ("DELETE", "?bookings=keep"),
    ):  # fmt: skip
        answer = clerk.request(method, f"{AT}/{ours}{path}", headers=there)
        assert answer.status_code == 404, path
    assert clerk.post(AT, json=body(desk), headers=there).status_code == 422


def test_the_job_polls_what_is_due_and_nothing_else(clerk: TestClient, desk: Any) -> None:
    feeds = [add(clerk, desk, name=f"feed {i}", active=i != 2) for i in range(3)]
    core = desk.hub.core
    job = FeedsJob(core.db, core.clock, desk.hub.services.get(Poller))
    desk.publish()
    job.run()
    assert len(desk.server.asked) == 2
    job.run()
    assert len(desk.server.asked) == 2
    desk.clock.advance(timedelta(minutes=6))
    job.run()
    assert len(desk.server.asked) == 4
    assert desk.view(feeds[2]).feed.last_try_at is None


def test_two_polls_of_one_feed_do_not_run_at_once(clerk: TestClient, desk: Any) -> None:
    feed = add(clerk, desk)
    with desk.feeds._locks.held(feed):
        assert clerk.post(f"{AT}/{feed}/poll").status_code == 409
    desk.publish()
    assert clerk.post(f"{AT}/{feed}/poll").status_code == 200


def test_every_shape_has_an_example_that_holds() -> None:
    shapes = [
        shape
        for module in (schemas, run_schemas)
        for name, shape in vars(module).items()
        if name.endswith(("In", "Out")) and shape.__module__ == module.__name__
    ]
    assert len(shapes) > 12
    for shape in shapes:
        (example,) = shape.model_config["json_schema_extra"]["examples"]
        made = shape.model_validate(example)
        if shape.__name__.endswith("Out"):
            assert set(example) == set(shape.model_fields)
            assert made.model_dump(mode="json").keys() == example.keys()
    assert FeedIn.model_validate(FeedIn.model_config["json_schema_extra"]["examples"][0]).wish()
