"""The pages of key boxes, and what a holder sees of a code."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.catalogue import Language
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.keyboxes.domain import BoxState
from hub.keyboxes.projector import PROJECTOR as KEYBOXES
from hub.pages.views.key_box import clock_doubt
from hub.projection.worker import ProjectionWorker
from hub.web.rights import Role
from wire import events as ev
from wire.events import EventKind
from wire.keybox_ticket import decode_ticket

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}


def page(hut: Any, path: str, role: Role = Role.CLERK, language: str = "ja") -> str:
    separator = "&" if "?" in path else "?"
    answer = hut.use(role).get(f"{path}{separator}lang={language}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def visit(hut: Any) -> None:
    """Bring the box's log in."""
    hut.tell(EventKind.BATTERY, ev.BatteryBody(device=hut.box, millivolts=5_900), visitor=True)
    gap = ev.DeviceEventBody(device=hut.box, cause="0000004d 0-11", count=12)
    hut.tell(EventKind.DEVICE_LOG_GAP, gap, visitor=True)
    hut.tell(
        EventKind.DEVICE_CLOCK_SET,
        ev.DeviceClockBody(device=hut.box, offset_ms=42_000, error_ms=1_000, set=True),
    )
    work = ProjectionWorker(hut.hub.core.db, hut.journal.after, [ENTRIES, KEYBOXES])
    while work.step():
        continue


@pytest.mark.parametrize("language", list(Language))
def test_the_list_and_a_boxs_page_tell_what_was_seen_at_the_last_visit(
    hut: Any, language: Language
) -> None:
    visit(hut)
    hut.put("k1", contact={"name": "山田 花子"})
    for path in ("/key_boxes", f"/key_boxes/{hut.box}", f"/key_boxes/{hut.box}/live"):
        text = page(hut, path, language=language)
        assert "5.90" in text
    assert "山田 花子" in page(hut, f"/key_boxes/{hut.box}", language=language)
    assert "山田 花子" in page(hut, f"/key_boxes/{hut.box}/retire", language=language)


def test_a_viewer_sees_the_box_and_nothing_to_do(hut: Any) -> None:
    text = page(hut, f"/key_boxes/{hut.box}", role=Role.VIEWER)
    assert "/ticket" not in text
    assert "/retire" not in text
    retire = hut.use(Role.VIEWER).get(f"/key_boxes/{hut.box}/retire", headers=HTML)
    assert retire.status_code == 403


def test_a_box_that_nobody_visits_in_time_is_due_on_the_board(hut: Any, clock: Any) -> None:
    assert "訪問するキーボックス" not in page(hut, "/")
    visit(hut)
    clock.advance(timedelta(days=89))
    assert "訪問するキーボックス" not in page(hut, "/")
    clock.advance(timedelta(days=2))
    assert "訪問するキーボックス" in page(hut, "/")
    assert f"/key_boxes/{hut.box}" in page(hut, "/")
    visit(hut)
    assert "訪問するキーボックス" not in page(hut, "/")


def form(hut: Any, path: str, on: str, **data: str) -> Any:
    """Send a form of a page as a browser does, with the page's own token."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', page(hut, on))
    token = {"csrf": csrf[1]} if csrf else {}
    return hut.use(Role.CLERK).post(path, data={**token, **data}, headers=HTML)


def test_a_ticket_is_made_on_the_page(hut: Any) -> None:
    hut.use(Role.ADMIN).post(f"/api/v1/key_boxes/{hut.box}/provisioning")
    at = f"/key_boxes/{hut.box}"
    made = form(hut, f"{at}/ticket", at, day="2026-04-07", purpose="巡回")
    assert made.status_code == 200, made.text
    assert decode_ticket(made.content).device == hut.box
    assert "attachment" in made.headers["Content-Disposition"]
    assert "巡回" in page(hut, at)
    refused = form(hut, f"{at}/ticket", at, day="2027-04-07", purpose="巡回")
    assert refused.status_code == 422


def test_retiring_on_the_page_asks_for_a_reason_and_a_tick(hut: Any) -> None:
    hut.put("k1")
    at = f"/key_boxes/{hut.box}"
    assert form(hut, f"{at}/retire", f"{at}/retire", sure="yes").status_code == 422
    assert form(hut, f"{at}/retire", f"{at}/retire", reason="漏れた").status_code == 422
    assert hut.kept().generation == 0
    done = form(hut, f"{at}/retire", f"{at}/retire", reason="漏れた", sure="yes")
    assert (done.status_code, done.headers["Location"]) == (303, at)
    assert hut.kept().generation == 1


def test_a_bookings_page_counts_codes_apart_and_shows_them_on_demand(hut: Any) -> None:
    hut.put("k1", contact={"name": "山田 花子"})
    booking = hut.booking("k1")["id"]
    text = page(hut, f"/bookings/{booking}")
    assert "グラウンド小屋" in text
    assert "確認はありません" in text
    shown = form(hut, f"/bookings/{booking}/pin", f"/bookings/{booking}")
    digits = hut.digits("k1")
    assert f"<span>{digits[:3]}</span><span>{digits[3:6]}</span>" in shown.text
    hut.put("k1", start_h=9)
    assert "まだ開く番号があります" in page(hut, f"/bookings/{booking}")


@pytest.mark.parametrize("language", list(Language))
def test_the_residents_page_shows_the_code_in_threes_with_its_own_window(
    hut: Any, language: Language
) -> None:
    hut.put("k1", start_h=30)
    link = hut.use(Role.CLERK).post("/api/v1/bookings/k1/pin/link").json()["path"]
    del hut.client.headers["Authorization"]
    offered = hut.client.get(f"{link}?lang={language}", headers=HTML).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', offered)
    assert csrf is not None
    opened = hut.client.post(link, data={"csrf": csrf[1]}, headers=HTML)
    assert opened.headers["Location"] == "/pin"
    text = hut.client.get(f"/pin?lang={language}", headers=HTML).text
    (shown,) = hut.shown("k1")
    digits = shown["digits"]
    grouped = "".join(f"<span>{digits[at : at + 3]}</span>" for at in (0, 3, 6))
    assert grouped in text
    start = datetime.fromisoformat(shown["effective"]["starts_at"]) + timedelta(hours=9)
    assert f"{start:%H:%M}" in text
    assert '<span class="key">#</span>' in text
    assert "0123-45-6789" in text
    assert "pin_changed" not in hut.booking("k1")["problems"]


def test_what_a_resident_saw_counts_as_shown_and_a_new_code_is_told_once(hut: Any) -> None:
    hut.put("k1", start_h=30)
    link = hut.use(Role.CLERK).post("/api/v1/bookings/k1/pin/link").json()["path"]
    del hut.client.headers["Authorization"]
    offered = hut.client.get(link, headers=HTML).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', offered)
    assert csrf is not None
    hut.client.post(link, data={"csrf": csrf[1]}, headers=HTML)
    hut.client.get("/pin", headers=HTML)
    moved = hut.put("k1", start_h=40).json()
    assert "pin_changed" in moved["problems"]
    del hut.client.headers["Authorization"]
    assert "前の番号は使わないでください" in hut.client.get("/pin?lang=ja", headers=HTML).text
    assert "pin_changed" not in hut.booking("k1")["problems"]


def test_the_doubt_of_a_clock_grows_with_time_and_never_beyond_the_profile(hut: Any) -> None:
    box, then = hut.kept(), datetime(2026, 4, 6, tzinfo=UTC)
    state = BoxState(box.id, clock_set_at=then, clock_error_ms=2_000)
    assert clock_doubt(box, BoxState(box.id), then) is None
    assert clock_doubt(box, state, then) == timedelta(seconds=2)
    year = clock_doubt(box, state, then + timedelta(days=365))
    assert year == timedelta(seconds=600)
    day = clock_doubt(box, state, then + timedelta(days=1))
    assert day == timedelta(seconds=2 + 86_400 * 20e-6)
