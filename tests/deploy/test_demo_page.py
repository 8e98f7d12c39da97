"""The page of simulated doors: it does what a hand would do, and says DEMO."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from deploy.demo.page.app import build_page
from deploy.demo.plan import CLOCK_IN, CLOCK_OUT, DOORS, GYM, GYM_DOOR, TERMINALS
from deploy.demo.tap_answers import TapAnswers
from deploy.demo.virtual_card_service import VirtualReader
from deploy.demo.visit import VisitFailedError
from deploy.demo.world import World
from edge.control_socket import ControlSocket, Request


class Journal:
    """An agent's control socket; each look at its journal finds the next of some events."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.coming: list[dict] = []
        self._rows: list[dict] = [{"seq": 7, "event": punch(door=None)}]
        self._socket = ControlSocket(path, {"journal": self._look})
        self._socket.start()

    def _look(self, _request: Request) -> list[dict]:
        rows = list(self._rows)
        if self.coming:
            self._rows.append({"seq": rows[-1]["seq"] + 1, "event": self.coming.pop(0)})
        return rows

    def stop(self) -> None:
        self._socket.stop()


def punch(door: str | None) -> dict:
    return {"kind": "punch", "body": {"door": door}}


def denied(reason: str, door: str | None = None) -> dict:
    return {"kind": "access_denied", "body": {"reason": reason, "door": door}}


@pytest.fixture
def agent():
    """What answers in an agent's place."""
    with tempfile.TemporaryDirectory(prefix="kgm-") as short:
        made = Journal(Path(short) / "agent.sock")
        yield made
        made.stop()


@pytest.fixture
def world():
    made = World(1, {plan.key: VirtualReader(plan.reader_name).port for plan in TERMINALS})
    yield made
    made.close()


class Visits:
    """In place of a clerk with a laptop."""

    def __init__(self) -> None:
        self.fails = False

    def visit(self, purpose: str) -> dict:
        if self.fails:
            raise VisitFailedError("kagimori-edge: no_answer")
        return {"journaled": 7}


@pytest.fixture
def visits():
    return Visits()


@pytest.fixture
def page(world, agent, visits):
    built = build_page(world, 8081, "https://hub", TapAnswers(agent.path, deadline_s=0.5), visits)
    with TestClient(built, base_url="http://127.0.0.1:8081") as it:
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
        (f"/terminals/{CLOCK_IN}", {"card": "gold"}, 404),
        ("/terminals/moon", {"card": "hanako"}, 404),
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


@pytest.mark.parametrize("terminal", [CLOCK_IN, CLOCK_OUT])
@pytest.mark.parametrize(
    ("events", "answer"),
    [
        ([punch(door=None)], "accepted"),
        ([denied("unknown_card")], "unknown"),
        ([denied("card_unreadable")], "unreadable"),
        ([denied("challenge_failed")], "refused"),
        ([denied("unknown_card", door="staff"), {"kind": "link_lost"}, punch(None)], "accepted"),
        ([punch(door="staff")], "silent"),
        ([], "silent"),
    ],
)
def test_a_tap_is_answered_with_what_the_agent_journaled_of_it(
    page, world, agent, terminal, events, answer
):
    """What lay in the journal before, and what happens at doors, is no answer to a tap."""
    agent.coming = list(events)
    said = page.post(f"/terminals/{terminal}", json={"card": "hanako"})
    assert said.json() == {"answer": answer}
    assert set(world.snapshot()["terminals"].values()) == {""}


def test_a_tap_where_no_agent_runs_is_answered_as_silence(page, agent):
    agent.stop()
    said = page.post(f"/terminals/{CLOCK_IN}", json={"card": "hanako"})
    assert said.json() == {"answer": "silent"}


# --- the key box without a network -------------------------------------------------------------


def seen(world, **values) -> bool:
    """Whether the box comes to show that; it has a thread of its own."""
    version = -1
    for _ in range(50):
        view = world.box.view()
        if all(getattr(view, name) == value for name, value in values.items()):
            return True
        version = world.wait_beyond(version, 0.2)
    return False


def test_a_box_without_a_secret_opens_for_nothing_and_says_so(page, world):
    assert page.post("/box/keys", json={"keys": "123456789#"}).status_code == 204
    assert seen(world, light="refused", entries=1, released=False)


def test_the_lid_of_a_locked_box_stays_shut_and_its_key_inside(page, world):
    for act in ("open", "take"):
        assert page.post(f"/box/{act}").status_code == 409
    assert page.post("/box/fly").status_code == 404
    assert seen(world, lid_open=False, key_inside=True)


def test_a_key_is_taken_from_an_open_box_and_hung_back(page, world):
    world.box._simulated.do(lambda box, _now_ns: box.release(60_000))
    assert seen(world, released=True)
    assert page.post("/box/open").status_code == 204
    assert seen(world, lid_open=True)
    assert page.post("/box/take").status_code == 204
    assert seen(world, key_inside=False)
    assert page.post("/box/return").status_code == 204
    assert page.post("/box/close").status_code == 204
    assert seen(world, lid_open=False, key_inside=True)


def test_a_visit_tells_how_many_records_it_brought_or_what_went_wrong(page, visits):
    assert page.post("/box/visit").json() == {"answer": "visited", "records": "7"}
    visits.fails = True
    answer = page.post("/box/visit")
    assert (answer.status_code, "no_answer" in answer.json()["detail"]) == (502, True)
