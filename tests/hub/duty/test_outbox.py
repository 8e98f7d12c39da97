"""The duty person's outbox on both kinds of database: gathered once, claimed once, forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hub.database.scope import Scope
from hub.duty import repository
from hub.duty.domain import APART
from hub.happenings.domain import Happening, HappeningKind, Subject
from hub.notices.domain import NoticeState

TO = ("a@example.jp", "b@example.jp")


def test_notes_are_gathered_claimed_and_forgotten(db: Any, clock: Any, ids: Any) -> None:
    def note(scope: Scope, seq: int) -> None:
        subject = Subject(other_id=f"feed {seq}")
        kind = HappeningKind.FEED_FAILING
        repository.add(scope, Happening(seq, ids.new(), clock.now(), kind, subject, "test"))

    def gather() -> int | None:
        found: int | None = db.write(lambda scope: repository.gather(scope, ids, TO, clock.now()))
        return found

    assert gather() is None
    for seq in (1, 2, 2):
        db.write(lambda scope, seq=seq: note(scope, seq))
    assert gather() is None  # what happens together is told together
    clock.advance(timedelta(seconds=10))
    first = gather()
    assert first is not None
    assert gather() is None
    db.write(lambda scope: note(scope, 3))
    clock.advance(APART - timedelta(seconds=1))
    assert gather() is None  # too soon after the first
    clock.advance(timedelta(seconds=1))
    second = gather()
    with db.read() as scope:
        assert [each.seq for each in repository.notes_of(scope, first)] == [1, 2]
        assert [each.seq for each in repository.notes_of(scope, second)] == [3]

    def send(scope: Scope) -> str | None:
        found = repository.claim(scope, clock.now())
        if found is not None:
            repository.keep(scope, replace(found, state=NoticeState.SENT, ended_at=clock.now()))
        return found.address if found else None

    assert sorted(db.write(send) for _ in range(4)) == sorted(TO * 2)
    assert db.write(send) is None
    with db.read() as scope:
        assert repository.counts(scope) == {NoticeState.SENT: 4}
    clock.advance(timedelta(days=1))
    db.write(lambda scope: repository.forget_before(scope, clock.now()))
    with db.read() as scope:
        assert repository.mails(scope) == []
        assert repository.notes_of(scope, first) == []
