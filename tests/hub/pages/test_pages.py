"""The pages over HTTP: who gets which, and what never leaves the hub."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.catalogue import Language, Translator
from hub.clock import HandMovedClock
from hub.entries.domain import Entry, Topic
from hub.entries.live import Live
from hub.entries.projector import PROJECTOR
from hub.pages.naming import names_of
from hub.pages.words import Words
from hub.projection.memory_journal import MemoryJournal
from hub.projection.worker import ProjectionWorker
from hub.web.rights import Principal, PrincipalKind, Role
from wire import events as ev
from wire import samples
from wire.clock import ClockState
from wire.events import EventKind, decode_event_body
from wire.policy_bodies import DoorMode

HTML = {"Accept": "text/html"}


def project(hub: Hub, journal: MemoryJournal) -> None:
    """Let the hub take in a journal."""
    work = ProjectionWorker(hub.core.db, journal.after, [PROJECTOR], hub.services.get(Live).ring)
    while work.step():
        continue


def test_each_visitor_is_led_to_what_is_theirs(
    client: TestClient, as_role: Callable[[Role], TestClient]
) -> None:
    """Residents to booking, staff to their own month, the console to the board."""
    assert client.get("/").headers["Location"] == "/book"
    assert as_role(Role.STAFF).get("/").headers["Location"] == "/my/month"
    assert as_role(Role.VIEWER).get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/bookings", "/entries", "/attendance", "/book"])
@pytest.mark.parametrize("role", list(Role))
def test_every_role_gets_a_page_or_a_plain_no(
    as_role: Callable[[Role], TestClient], role: Role, path: str
) -> None:
    """No page breaks for a role that may see less."""
    answer = as_role(role).get(path, headers=HTML)
    assert answer.status_code in (200, 303, 403)


def test_a_page_that_needs_a_login_leads_to_it_and_back(client: TestClient) -> None:
    """With its filters kept."""
    answer = client.get("/entries?kind=denied", headers=HTML)
    assert answer.headers["Location"] == "/login?next=%2Fentries%3Fkind%3Ddenied"


def test_a_form_without_its_token_books_nothing(client: TestClient) -> None:
    """The public form too."""
    answer = client.post("/book/any", data={"day": "2026-04-06"}, headers=HTML)
    assert answer.status_code == 403


def test_a_link_is_not_used_up_by_opening_it(client: TestClient) -> None:
    """GET shows a button; the answer is kept by nobody and tells nobody where one came from."""
    answer = client.get("/p/" + "x" * 22, headers=HTML)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers or "-pin" not in answer.headers["set-cookie"]


def test_without_a_cookie_the_pin_page_shows_no_booking(client: TestClient) -> None:
    """Nor with one that is none of ours."""
    for cookie in ("", "guess", ".".join(["x" * 22] * 9)):
        client.cookies.set("__Host-kagimori-pin", cookie)
        assert "もう使えません" in client.get("/pin", headers=HTML).text


@pytest.mark.parametrize("day", ["", "2026-02-30", "0001-01-01", "9999-12-31", "'; --"])
def test_a_strange_day_in_an_address_is_today(admin: TestClient, day: str) -> None:
    """No address breaks a page."""
    for path in ("/book", "/bookings", "/attendance", "/entries"):
        asked = {"day": day, "from": day, "to": day}
        assert admin.get(path, params=asked, headers=HTML).status_code == 200


def test_names_of_people_need_the_right_to_know_them(hub: Hub, admin: TestClient) -> None:
    """A viewer reads the log without learning who; everybody knows their own name."""
    made = admin.post("/api/v1/people", json={"name": "田中 一郎"}).json()["id"]
    now = hub.core.clock.now()
    entry = Entry(
        id=1, kind="punch", topic=Topic.ACCESS, controller_id="c", at=now, occurred_at=now,
        received_at=now, clock=ClockState.TRUSTED, person_id=made,
    )  # fmt: skip
    words = Words(Translator(Language.JA), hub.core.settings.town.zone, now)

    def known(role: Role, person: str | None = None) -> dict[str, str]:
        who = Principal(PrincipalKind.SESSION, "u", "u", role, None, person)
        with hub.core.db.read() as scope:
            return dict(names_of(scope, who, words, [entry]).people)

    assert known(Role.VIEWER) == {}
    assert known(Role.VIEWER, made) == known(Role.CLERK) == {made: "田中 一郎"}


def test_the_board_leaves_out_what_controllers_do_by_themselves(
    hub: Hub, as_role: Callable[[Role], TestClient]
) -> None:
    """Clock and agent are in the log, where one looks for them; the door is on both."""
    journal = MemoryJournal()
    for kind in (EventKind.CLOCK_STATE, EventKind.AGENT_STARTED, EventKind.DOOR_OPENED):
        journal.add(kind, decode_event_body(samples.sample_event(kind)))
    project(hub, journal)
    client = as_role(Role.VIEWER)
    titles = ("時計の状態が変わりました", "制御装置が起動しました", "扉が開きました")
    board = client.get("/", headers=HTML).text
    log = client.get("/entries", headers=HTML).text.split("<table")[1]
    assert [title in board for title in titles] == [False, False, True]
    assert [title in log for title in titles] == [True, True, True]


def test_a_door_page_shows_the_lock_and_the_pause_of_its_reader(
    hub: Hub, hub_town: Any, clock: HandMovedClock, as_role: Callable[[Role], TestClient]
) -> None:
    """As its controller told them."""
    site = hub_town.site()
    controller = hub_town.controller(site)
    door = hub_town.door(site, controller)
    reader = hub_town.reader(controller, door)
    journal = MemoryJournal(clock.now(), controller)
    mode = ev.ModeEventBody(door=door, mode=DoorMode.LOCKED, order=1)
    journal.add(EventKind.MODE_APPLIED, mode)
    pause = ev.LockoutBody(reader=reader, lockout_s=300, door=door)
    journal.add(EventKind.PIN_LOCKOUT, pause)
    cards = ev.LockoutBody(reader=reader, lockout_s=3_600, door=door, kind=ev.TryKind.CARD)
    journal.add(EventKind.PIN_LOCKOUT, cards)
    project(hub, journal)
    page = as_role(Role.ADMIN).get(f"/doors/{door}", headers=HTML).text
    assert "いま開けられる人はいません（施錠中）。" in page
    assert re.search(r"暗証番号は \d\d:\d\d まで受け付けません", page)
