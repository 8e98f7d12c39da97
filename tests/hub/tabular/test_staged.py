"""Files between their trial run and the real one: sealed, for their owner alone, for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.tabular.digests import plan_digest
from hub.tabular.encodings import UnreadableFileError, decode
from hub.tabular.staged import (
    ForgetStagedFiles,
    StagedFiles,
    Upload,
    same_plan,
    shown_name,
    unreadable,
)
from hub.tabular.tables import staged_files
from hub.web.problems import CONFLICT, INVALID, Problem

FILE = "職員番号,氏名\r\n1,山田 花子\r\n".encode("cp932")


@pytest.fixture
def db(hub: Hub) -> Database:
    return hub.core.db


@pytest.fixture
def staged(keys: HubKeys, clock: HandMovedClock) -> StagedFiles:
    return StagedFiles(keys, clock, "rows", max_bytes=100, life_minutes=30)


def test_a_file_comes_back_as_it_was_sent_with_what_was_shown(
    db: Database, staged: StagedFiles
) -> None:
    upload = staged.take("C:\\職員\\四月.csv", FILE)
    assert upload.name == "四月.csv"
    db.write(lambda scope: staged.keep(scope, "profile", "k", upload, plan_digest([1])))
    with db.read() as scope:
        found = staged.waiting(scope, "profile", "k")
        assert (found.upload, found.plan_digest) == (upload, plan_digest([1]))
        held = scope.scalar(scope.select(staged_files.c.data))
        assert "山田".encode("cp932") not in held, "a database holds it sealed"


def test_another_topic_another_owner_or_another_key_does_not_find_it(
    db: Database, staged: StagedFiles, keys: HubKeys, clock: HandMovedClock
) -> None:
    other = StagedFiles(keys, clock, "others", max_bytes=100, life_minutes=30)
    db.write(lambda scope: staged.keep(scope, "profile", "k", Upload("a.csv", FILE)))
    with db.read() as scope:
        assert other.find(scope, "profile", "k") is None
        assert staged.find(scope, "someone", "k") is None
        with pytest.raises(Problem, match="send it again"):
            staged.waiting(scope, "profile", "j")


def test_the_same_file_again_waits_anew_and_is_forgotten_once_its_time_is_over(
    db: Database, staged: StagedFiles, clock: HandMovedClock
) -> None:
    chore = ForgetStagedFiles(clock)

    def keep() -> None:
        db.write(lambda scope: staged.keep(scope, "profile", "k", Upload("a.csv", FILE)))

    keep()
    clock.advance(timedelta(minutes=29))
    keep()
    clock.advance(timedelta(minutes=29))
    with db.read() as scope:
        assert staged.find(scope, "profile", "k") is not None
        assert not chore.is_due(scope)
    clock.advance(timedelta(minutes=1))
    with db.read() as scope:
        assert staged.find(scope, "profile", "k") is None, "also before the chore ran"
        assert chore.is_due(scope)
    db.write(chore.run)
    with db.read() as scope:
        assert scope.all(scope.select(staged_files)) == []


def test_what_was_done_is_forgotten_alone_and_an_owner_with_all_of_it(
    db: Database, staged: StagedFiles
) -> None:
    def work(scope: Scope) -> None:
        for owner, key in (("p", "1"), ("p", "2"), ("p", "3"), ("q", "1")):
            staged.keep(scope, owner, key, Upload("a.csv", FILE))

    def left() -> list[tuple[str, str]]:
        with db.read() as scope:
            rows = scope.all(scope.select(staged_files))
            return sorted((row.owner_id, row.key) for row in rows)

    db.write(work)
    db.write(lambda scope: staged.forget(scope, "p", "1"))
    assert left() == [("p", "2"), ("p", "3"), ("q", "1")]
    db.write(lambda scope: staged.forget(scope, "p"))
    assert left() == [("q", "1")]


def test_a_file_too_large_is_refused_to_the_byte(staged: StagedFiles) -> None:
    assert staged.take("a.csv", b"x" * 100).sha256 == Upload("", b"x" * 100).sha256
    with pytest.raises(Problem) as told:
        staged.take("a.csv", b"x" * 101)
    assert told.value.kind.status == 413


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (None, "upload.csv"),
        ("", "upload.csv"),
        ("../../etc/四月.csv", "四月.csv"),
        ("a\x00\nb.csv", "ab.csv"),
        ("\ud800.csv", "?.csv"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_files_name_is_fit_to_be_shown(given: str | None, shown: str) -> None:
    assert shown_name(given) == shown


def test_what_would_be_done_differently_by_now_is_refused() -> None:
    same_plan(plan_digest({"a": 1, "b": 2}), plan_digest({"b": 2, "a": 1}), CONFLICT)
    with pytest.raises(Problem) as told:
        same_plan(plan_digest([1]), plan_digest([2]), CONFLICT)
    assert told.value.kind is CONFLICT


def test_a_file_that_cannot_be_read_names_the_place() -> None:
    with pytest.raises(UnreadableFileError) as error:
        decode(
            b"a,b\r\n1,\x81",
        )
    problem = unreadable(INVALID, error.value)
    assert problem.extra == {"cause": "bad_bytes", "row": 2, "column": 3}


def test_neither_a_name_nor_bytes_stand_in_a_repr() -> None:
    assert "1,2" not in repr(Upload("a.csv", b"1,2"))
