"""A request that names itself is done once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from hub.clock import HandMovedClock
from hub.database.engine import Database
from hub.web.idempotency import KEPT_FOR, once, request_hash
from hub.web.problems import IDEMPOTENCY_REUSED, Problem
from hub.web.rights import SYSTEM


def _send(db: Database, clock: HandMovedClock, done: list[int], body: bytes = b"a") -> Any:
    def work() -> tuple[int, Any]:
        done.append(1)
        return 202, {"id": f"command {len(done)}"}

    hashed = request_hash("POST /unlock", body)
    return db.write(lambda scope: once(scope, SYSTEM, "key-1234", hashed, clock.now(), work))


def test_the_second_time_the_first_answer_is_given(db: Database, clock: HandMovedClock) -> None:
    done: list[int] = []
    assert _send(db, clock, done) == (202, {"id": "command 1"})
    assert _send(db, clock, done) == (202, {"id": "command 1"})
    assert len(done) == 1


def test_the_same_key_for_something_else_is_refused(db: Database, clock: HandMovedClock) -> None:
    done: list[int] = []
    _send(db, clock, done)
    with pytest.raises(Problem) as caught:
        _send(db, clock, done, b"b")
    assert caught.value.kind is IDEMPOTENCY_REUSED


def test_after_a_day_the_key_is_forgotten(db: Database, clock: HandMovedClock) -> None:
    done: list[int] = []
    _send(db, clock, done)
    clock.advance(KEPT_FOR + timedelta(seconds=1))
    _send(db, clock, done, b"b")
    assert len(done) == 2


def test_two_at_the_same_moment_are_done_once(db: Database, clock: HandMovedClock) -> None:
    done: list[int] = []
    threads = [threading.Thread(target=_send, args=(db, clock, done)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
