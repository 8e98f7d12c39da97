"""What `status` shows: what is wrong first, in 80 columns and 24 rows, in every language."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.control_socket import AgentAbsentError, ControlSocket
from edge.status_view import Decisions, fit, painted, view, width_of
from edge.status_watch import StatusWatch
from edge.words import Language, Words
from hub.catalogue import Language as HubLanguage
from hub.catalogue import sentences as catalogue
from wire.reasons import Reason
from wire.samples import sample_id

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
DOORS = [sample_id(number) for number in range(1, 4)]


def _status(**changes):
    door = {"bolt_retracted": None, "mode": None, "fire": False}
    return {
        "agent": "0.1.0",
        "controller": "k7w2m9x4c1t8z5qa",
        "link_up": True,
        "welcomed_at": "2026-11-24T09:00:00Z",
        "clock": {"state": "trusted", "error_ms": 20},
        "journal": {"failure": None},
        "counters": {"rows": 50, "unacknowledged": 3},
        "doors": [{"id": one, "leaf": "closed", **door} for one in DOORS],
        "devices": [
            {"id": sample_id(9), "online": True, "cause": "", "detail": "4b474d-1 1.0.0"},
            {"id": sample_id(8), "online": False, "cause": "no_reply", "detail": ""},
        ],
        "threads": [{"part": "bus0: bus", "state": "well", "age_ms": 1, "revived": 0}],
        "codes": [{"door": DOORS[0], "generation": 4, "newest": 4, "used": 2}],
        "fire_alarm": None,
        **changes,
    }


ROWS = [
    {"seq": 1, "event": {"kind": "access_denied", "at": "2026-11-24T08:00:00Z",
     "body": {"door": DOORS[0], "reason": "unknown_card", "person": "Sato"}}},
    {"seq": 2, "event": {"gap": [2, 3], "reason": "malformed"}},
    {"seq": 4, "event": {"kind": "access_granted", "at": "2026-11-24T17:00:00Z",
     "body": {"door": DOORS[0], "reason": "card_valid", "person": "Sato"}}},
    {"seq": 5, "event": {"kind": "access_duress", "at": "2026-11-24T17:30:00Z",
     "body": {"door": DOORS[1], "reason": "duress_pin", "factor": "pin", "person": "Sato"}}},
    {"seq": 6, "event": {"kind": "access_duress", "at": "2026-11-24T17:40:00Z",
     "body": {"door": DOORS[2], "reason": "zone_full", "factor": "pin", "person": "Sato"}}},
]  # fmt: skip


def _shown(status, language=Language.EN, height=24, width=80) -> str:
    decisions = Decisions()
    decisions.take(ROWS)
    words = Words("status", language)
    lines = view(status, decisions, words, height=height, width=width, now=NOW)
    assert len(lines) <= height
    return "\n".join(painted(lines, width, colour=False))


def test_a_door_shows_its_last_decision_and_nobodys_name():
    shown = _shown(_status())
    assert "17:00:00 granted Card" in shown
    assert "Unknown card" not in shown
    assert "Sato" not in shown


def test_a_duress_looks_like_any_opening_and_at_a_door_that_stays_shut_like_any_denial():
    shown = _shown(_status())
    assert "17:30:00 granted PIN\n" in shown
    assert "17:40:00 denied The zone is full\n" in shown
    assert "duress" not in shown.lower()


@pytest.mark.parametrize("language", list(Language))
def test_reasons_read_as_on_the_hubs_pages(language):
    hub = {
        key.removeprefix("reason."): texts[HubLanguage(language.value)]
        for key, texts in catalogue().items()
        if key.startswith("reason.")
    }
    words = Words("reasons", language)
    assert {reason.value: words(f"reason.{reason.value}") for reason in Reason} == hub


def test_since_when_the_hub_is_not_reached_is_told_not_when_it_came():
    away = _shown(_status(link_up=False, lost_at="2026-11-24T17:12:00Z"))
    assert "not reached since 17:12:00" in away
    assert "09:00:00" not in away
    assert "not reached since the agent started" in _shown(_status(link_up=False, lost_at=None))


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("width", [40, 80, 132])
def test_no_line_is_wider_than_the_terminal(language, width):
    for line in _shown(_status(), language, width=width).splitlines():
        assert width_of(line) <= width, line


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"link_up": False, "lost_at": None}, "not reached"),
        ({"clock": {"state": "untrusted", "error_ms": None}}, "NOT TO BE RELIED ON"),
        ({"journal": {"failure": "disk_io"}}, "FAILS (disk_io)"),
        (
            {"threads": [{"part": "bus0: bus", "state": "hanging", "age_ms": 9, "revived": 0}]},
            "bus0: bus: hangs",
        ),
        ({"fire_alarm": {"burning": True, "cause": "", "fault": "", "line": "active"}}, "FIRE"),
    ],
)
def test_what_is_wrong_is_marked(changes, text):
    (line,) = [one for one in _shown(_status(**changes)).splitlines() if text in one]
    assert line.startswith("! ")


def test_of_many_doors_and_devices_the_bad_ones_are_shown_and_the_others_counted():
    door = {"bolt_retracted": None, "mode": None, "fire": False}
    doors = [{"id": sample_id(100 + n), "leaf": "closed", **door} for n in range(60)]
    doors[55]["leaf"] = "forced"
    devices = [
        {"id": sample_id(200 + n), "online": n != 40, "cause": "no_reply", "detail": ""}
        for n in range(60)
    ]
    shown = _shown(_status(doors=doors, devices=devices))
    assert "FORCED" in shown
    assert "no_reply" in shown
    assert re.search(r"… \d+ more", shown)


@given(st.text(max_size=60), st.integers(1, 40))
def test_a_text_is_fitted_to_exactly_its_columns(text, width):
    assert width_of(fit(text, width)) == width


def test_the_watch_goes_on_while_the_agent_is_away(tmp_path):
    answers = iter([AgentAbsentError("gone"), _status(), ROWS])

    def ask(_request):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    turns = iter([True, False])
    out = io.StringIO()
    size = lambda: os.terminal_size((80, 24))  # noqa: E731
    settings = SimpleNamespace(language=Language.EN)
    StatusWatch(settings, out, ask, lambda _s: next(turns), size).screens()
    first, second = out.getvalue().split("\x1b[H")[1:]
    assert "does not answer" in first
    assert "granted Card" in second
    assert out.getvalue().endswith("\x1b[?1049l"), "the terminal is as it was"


def test_the_stream_is_one_document_a_line():
    import json

    out, turns = io.StringIO(), iter([True, False])
    ask = lambda request: _status() if request.ask == "status" else ROWS  # noqa: E731
    settings = SimpleNamespace(language=Language.EN)
    StatusWatch(settings, out, ask, lambda _s: next(turns)).stream()
    documents = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(documents) == 2
    assert documents[0]["decisions"][DOORS[0]]["reason"] == "card_valid"
    assert "Sato" not in out.getvalue()


def test_a_real_terminal_of_80_by_24_shows_it_and_is_given_back(tmp_path):
    file = tmp_path / "edge.toml"
    file.write_text(
        'data_dir = "data"\nlanguage = "ja"\n[identity]\ndirectory = "keys"\n[mqtt]\nhost = "h"\n',
        encoding="utf-8",
    )
    answers = {"status": lambda _: _status(), "journal": lambda _: ROWS}
    served = ControlSocket(tmp_path / "data" / "edge.sock", answers)
    served.start()
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "edge.cli", "status", "--watch", "--settings", str(file)],
        stdin=far, stdout=far, stderr=far, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    try:
        said, until_s = b"", time.monotonic() + 20
        while said.count(b"\x1b[H") < 2 and time.monotonic() < until_s:
            if select.select([near], [], [], 0.2)[0]:
                said += os.read(near, 65_536)
        process.send_signal(2)
        while time.monotonic() < until_s:
            ended = process.poll() is not None
            if select.select([near], [], [], 0.2)[0]:
                said += os.read(near, 65_536)
            elif ended:
                break
    finally:
        process.kill()
        os.close(near)
        os.close(far)
        served.stop()
    frame = said.decode().split("\x1b[H")[1]
    assert "許可" in frame
    assert "\x1b[31m! " in frame, "what is wrong is red"
    assert frame.count("\r\n") <= 24
    assert said.endswith(b"\x1b[?1049l")
