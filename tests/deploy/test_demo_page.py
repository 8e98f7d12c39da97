"""The page of simulated doors: it does what a hand would do, and says DEMO."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from deploy.demo.page.app import build_page
from deploy.demo.plan import DOORS, GYM, GYM_DOOR
from deploy.demo.virtual_card_service import VirtualReader
from deploy.demo.world import World


@pytest.fixture
def world():
    made = World(1, VirtualReader("terminal").port)
    yield made
    made.close()


@pytest.fixture
def page(world):
    with TestClient(build_page(world, 8081, "https://hub"), base_url="http://127.0.0.1:8081") as it:
        yield it


def test_the_page_says_demo_and_runs_no_foreign_script(page):
    answer = page.get("/")
    assert answer.text.count("DEMO") >= 2
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert '<script src="/doors.js"' in answer.text
    assert "style=" not in answer.text
    for name in ("/doors.js", "/doors.css"):
        assert page.get(name).status_code == 200
    assert page.get("/app.py").status_code == 404


def test_japanese_stands_before_english(page):
    text = page.get("/").text
    assert text.index("模擬の扉") < text.index("Simulated doors")
    assert '<html lang="ja">' in text


def test_hands_move_the_world(page, world):
    assert page.post(f"/doors/{GYM_DOOR}/pull").status_code == 409
    assert page.post(f"/doors/{GYM_DOOR}/force").status_code == 204
    assert world.snapshot()["doors"][GYM_DOOR]["leaf_open"]
    assert page.post(f"/doors/{GYM_DOOR}/shut").status_code == 204
    assert page.post(f"/sites/{GYM}/cable", json={"plugged": False}).status_code == 204
    assert not world.cables[GYM].plugged
    assert page.post(f"/doors/{GYM_DOOR}/keys", json={"keys": "1"}).status_code == 204
    assert page.post(f"/doors/{GYM_DOOR}/card", json={"card": "hanako"}).status_code == 204


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/doors/nowhere/pull", None, 404),
        (f"/doors/{GYM_DOOR}/dance", None, 404),
        (f"/doors/{GYM_DOOR}/keys", {"keys": "A"}, 422),
        (f"/doors/{GYM_DOOR}/keys", {"keys": "1" * 13}, 422),
        (f"/doors/{GYM_DOOR}/keys", {}, 422),
        (f"/doors/{GYM_DOOR}/card", {"card": "gold"}, 404),
        ("/sites/moon/cable", {"plugged": True}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(page, path, body, status):
    assert page.post(path, json=body).status_code == status


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}],
)
def test_another_sites_page_cannot_move_the_doors(page, world, headers):
    assert page.post(f"/doors/{GYM_DOOR}/force", headers=headers).status_code == 421
    assert not world.snapshot()["doors"][GYM_DOOR]["leaf_open"]


def test_whoever_watches_is_woken_when_something_changes(world):
    before = world.version
    world.door(DOORS[0]).force()
    assert world.wait_beyond(before, 5) > before
