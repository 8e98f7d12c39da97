"""In which order applications take the town's locks."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.database.scope import STORY, Scope
from hub.leave.repository import LEDGER


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Locks are asked for by name on every kind of database."""
    return sqlite_at


def test_leave_is_locked_before_the_story_by_whoever_applies_and_whoever_decides(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another order two such transactions would wait for one another."""
    office.grant(4)
    locked: list[str] = []
    lock = Scope.lock

    def seen(scope: Scope, name: str) -> bool:
        locked.append(name)
        return lock(scope, name)

    monkeypatch.setattr(Scope, "lock", seen)
    found = office.take_leave(date(2026, 4, 8))
    assert locked.index(LEDGER) < locked.index(STORY)
    del locked[:]
    office.decide(office.chief, found)
    assert locked.index(LEDGER) < locked.index(STORY)
