"""Exactly once is judged by the sets themselves: what is lost, doubled or altered is counted."""

from __future__ import annotations

import json
import sqlite3

import msgspec
import pytest

from deploy.demo.delivered import compare
from edge.control_socket import ControlSocket

EVENTS = [b'{"kind":"rex","n":%d}' % n for n in range(4)]


@pytest.fixture
def journal(tmp_path):
    """An agent that answers for a journal of four events in epoch 7."""
    rows = [{"seq": n + 1, "event": msgspec.Raw(body)} for n, body in enumerate(EVENTS)]
    answers = {
        "status": lambda _: {"journal": {"epoch": 7}},
        "journal": lambda _: rows,
    }
    made = ControlSocket(tmp_path / "edge.sock", answers)
    made.start()
    yield tmp_path / "edge.sock"
    made.stop()


def hub_with(tmp_path, rows):
    connection = sqlite3.connect(tmp_path / "hub.db")
    connection.execute("CREATE TABLE raw_events (controller_id, epoch, seq, body)")
    connection.executemany("INSERT INTO raw_events VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return tmp_path / "hub.db"


def all_rows():
    return [("c", 7, n + 1, body) for n, body in enumerate(EVENTS)]


def test_equal_sets_agree_whatever_other_controllers_and_epochs_hold(journal, tmp_path):
    others = [("other", 7, 1, b"{}"), ("c", 6, 1, b"{}")]
    database = hub_with(tmp_path, all_rows() + others)
    found = compare(journal, database, "c")
    assert found.agrees
    assert (found.journaled, found.delivered) == (4, 4)


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        (all_rows()[:3], (1, 0, 0)),
        ([*all_rows(), all_rows()[0]], (0, 1, 0)),
        ([*all_rows()[:3], ("c", 7, 4, json.dumps({"kind": "forged"}).encode())], (0, 0, 1)),
        ([], (4, 0, 0)),
    ],
)
def test_lost_doubled_and_altered_are_counted(journal, tmp_path, rows, counts):
    found = compare(journal, hub_with(tmp_path, rows), "c")
    assert not found.agrees
    assert (found.lost, found.doubled, found.altered) == counts
