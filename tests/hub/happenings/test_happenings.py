"""Happenings are told with their cause, read in order, once, by each reader."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.database.scope import Scope
from hub.happenings.domain import Happening, HappeningKind, Subject
from hub.happenings.readers import BATCH, ForgetHappenings, read_on
from hub.happenings.repository import KEPT, after, of_booking, tell, through


def told(town: Any, booking: str = "b", count: int = 1) -> None:
    """Tell of a booking."""

    def write(scope: Scope) -> None:
        for _ in range(count):
            kind = HappeningKind.BOOKING_CHANGED
            tell(scope, town.clock.now(), kind, Subject(booking_id=booking), "test", {"n": 1})

    town.db.write(write)


def begin(town: Any, reader: str) -> None:
    town.db.write(lambda scope: through(scope, reader))


def test_a_reader_gets_each_happening_once_in_order(town: Any) -> None:
    begin(town, "r")
    told(town, count=BATCH + 3)
    got: list[int] = []
    assert read_on(town.db, "r", lambda _, each: got.append(each.seq)) == BATCH + 3
    assert got == sorted(got)
    assert read_on(town.db, "r", lambda _, each: got.append(each.seq)) == 0
    assert len(got) == BATCH + 3


def test_a_new_reader_begins_at_the_present(town: Any) -> None:
    told(town)
    assert read_on(town.db, "late", lambda *_: None) == 0
    told(town)
    assert read_on(town.db, "late", lambda *_: None) == 1


def test_what_a_reader_raises_brings_its_batch_again(town: Any) -> None:
    begin(town, "r")
    told(town, count=2)
    seen: list[int] = []

    def fails_at_first(_: Scope, each: Happening) -> None:
        seen.append(each.seq)
        if len(seen) == 2:
            raise RuntimeError("the second")

    with pytest.raises(RuntimeError):
        read_on(town.db, "r", fails_at_first)
    assert read_on(town.db, "r", fails_at_first) == 2
    assert seen == [1, 2, 1, 2]


def test_what_is_rolled_back_was_never_told(town: Any) -> None:
    def write(scope: Scope) -> None:
        kind = HappeningKind.BOOKING_CHANGED
        tell(scope, town.clock.now(), kind, Subject(booking_id="b"), "test")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        town.db.write(write)
    with town.db.read() as scope:
        assert after(scope, 0, 10) == []


def test_old_happenings_are_forgotten_once_every_reader_has_had_them(town: Any) -> None:
    begin(town, "slow")
    told(town)
    chore = ForgetHappenings(town.clock)
    with town.db.read() as scope:
        assert chore.is_due(scope)
    town.clock.advance(KEPT + timedelta(days=1))
    assert town.db.write(chore.run) == 0
    read_on(town.db, "slow", lambda *_: None)
    assert town.db.write(chore.run) == 1
    with town.db.read() as scope:
        assert not chore.is_due(scope)
        assert of_booking(scope, "b") == []
