"""What a scope promises, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from hub.database.engine import Database
from hub.database.errors import DuplicateError, MissingReferenceError, TownLeakError
from hub.database.scope import Scope


def _names(scope: Scope, sample: Any) -> list[str]:
    halls = sample.halls
    return [row.name for row in scope.all(scope.select(halls.c.name).order_by(halls.c.name))]


@pytest.fixture
def two_towns(db: Database, sample: Any, other_town: str) -> Any:
    """Each town has a hall h1 with a key k1; ours also a hall without a key."""

    def fill(scope: Scope) -> None:
        for name, where in (("ours", scope), ("theirs", Scope(scope.connection, other_town))):
            where.insert(sample.halls, {"id": "h1", "name": name, "seats": 10})
            where.insert(sample.keys, {"id": "k1", "hall_id": "h1", "hook": 1})
        scope.insert(sample.halls, {"id": "h2", "name": "without key", "seats": 20})
        Scope(scope.connection, other_town).insert(sample.halls, {"id": "h3", "name": "far"})

    db.write(fill)
    return sample


def test_a_select_sees_its_own_town_only(db: Database, two_towns: Any) -> None:
    with db.read() as scope:
        assert _names(scope, two_towns) == ["ours", "without key"]
        assert scope.scalar(sa.select(sa.func.count()).select_from(two_towns.keys)) == 1


def test_joins_aliases_subqueries_unions_and_exists_stay_within_the_town(
    db: Database, two_towns: Any
) -> None:
    halls, keys = two_towns.halls, two_towns.keys
    other = halls.alias("other")
    newest = sa.select(halls.c.id, halls.c.name).subquery()
    common = sa.select(halls.c.name).cte()
    statements = {
        "inner join": sa.select(halls.c.name).join(keys, sa.true()),
        "join tree": sa.select(halls.c.name).select_from(sa.join(halls, keys, sa.true())),
        "alias": sa.select(other.c.name).where(other.c.id == "h1"),
        "subquery": sa.select(newest.c.name).where(newest.c.id == "h1"),
        "cte": sa.select(common.c.name).where(common.c.name != "without key"),
        "union": sa.union(
            sa.select(halls.c.name).where(halls.c.id == "h1"),
            sa.select(halls.c.name).where(halls.c.id == "h3"),
        ),
        "exists": sa.select(halls.c.name).where(
            sa.exists().where(keys.c.hall_id == halls.c.id).correlate(halls)
        ),
        "in": sa.select(halls.c.name).where(halls.c.id.in_(sa.select(keys.c.hall_id))),
        "scalar": sa.select(sa.select(halls.c.name).where(halls.c.id == "h1").scalar_subquery()),
        "two of the same table": sa.select(other.c.name)
        .where(halls.c.id == "h1")
        .where(other.c.id == halls.c.id),
    }
    with db.read() as scope:
        for what, statement in statements.items():
            found = {row[0] for row in scope.all(statement)}
            if what in ("inner join", "join tree"):
                assert found == {"ours", "without key"}, what
            else:
                assert found == {"ours"}, what


def test_an_outer_join_along_a_reference_stays_within_the_town(
    db: Database, two_towns: Any
) -> None:
    halls, keys = two_towns.halls, two_towns.keys
    statement = sa.select(halls.c.name, keys.c.id).outerjoin(keys).order_by(halls.c.name)
    with db.read() as scope:
        assert [tuple(row) for row in scope.all(statement)] == [
            ("ours", "k1"),
            ("without key", None),
        ]


def test_an_outer_join_that_forgets_the_town_is_refused(db: Database, two_towns: Any) -> None:
    halls, keys = two_towns.halls, two_towns.keys
    forgetful = sa.select(halls.c.name, keys.c.id).outerjoin(keys, keys.c.hall_id == halls.c.id)
    either = sa.or_(keys.c.town_id == halls.c.town_id, keys.c.hall_id == halls.c.id)
    with db.read() as scope:
        for statement in (
            forgetful,
            sa.select(halls.c.name).outerjoin(keys, either),
            sa.select(halls.c.name).outerjoin(keys, full=True),
        ):
            with pytest.raises(TownLeakError):
                scope.execute(statement)


def test_updates_and_deletes_never_touch_another_town(
    db: Database, two_towns: Any, other_town: str
) -> None:
    halls, keys = two_towns.halls, two_towns.keys
    changed = db.write(lambda scope: scope.update(halls, {"seats": 99}, halls.c.id == "h1"))
    assert changed == 1
    assert db.write(lambda scope: scope.delete(keys, sa.true())) == 1
    with db.read() as scope:
        theirs = Scope(scope.connection, other_town)
        seats = theirs.scalar(sa.select(halls.c.seats).where(halls.c.id == "h1"))
        assert seats == 10
        assert theirs.scalar(sa.select(sa.func.count()).select_from(keys)) == 1


def test_many_rows_are_updated_at_once_each_by_its_key_and_in_its_own_town(
    db: Database, two_towns: Any, other_town: str
) -> None:
    halls = two_towns.halls
    rows = [{"id": "h1", "seats": 11, "name": "one"}, {"id": "h2", "seats": 22, "name": "two"}]
    db.write(lambda scope: scope.update_rows(halls, rows, key=("id",)))
    db.write(lambda scope: scope.update_rows(halls, [], key=("id",)))
    with db.read() as scope:
        query = sa.select(halls.c.id, halls.c.seats, halls.c.name).order_by(halls.c.id)
        assert [tuple(row) for row in scope.all(query)] == [("h1", 11, "one"), ("h2", 22, "two")]
        theirs = Scope(scope.connection, other_town)
        assert _names(theirs, two_towns) == ["far", "theirs"]


def test_a_lock_taken_in_a_savepoint_that_was_undone_is_taken_again(db: Database) -> None:
    """The database lets go of it with the savepoint; who asks again must not believe it held."""

    def fails(scope: Scope) -> None:
        with scope.savepoint():
            scope.lock("inner")
            raise LookupError

    def work(scope: Scope) -> list[int]:
        scope.lock("outer")
        with pytest.raises(LookupError):
            fails(scope)
        scope.lock("inner")
        scope.lock("inner")
        if scope.dialect != "postgresql":
            return [2]
        held = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        return [scope.connection.exec_driver_sql(held).scalar_one()]

    assert db.write(work) == [2]


def test_an_update_over_a_second_table_is_refused(db: Database, two_towns: Any) -> None:
    halls, keys = two_towns.halls, two_towns.keys
    with pytest.raises(TownLeakError):
        db.write(lambda scope: scope.update(halls, {"seats": 1}, halls.c.id == keys.c.hall_id))


def test_an_upsert_changes_the_own_town_only(db: Database, two_towns: Any, other_town: str) -> None:
    halls = two_towns.halls
    row = {"id": "h1", "name": "renamed", "seats": 5}
    db.write(lambda scope: scope.upsert(halls, row, key=["id"]))
    with db.read() as scope:
        assert "renamed" in _names(scope, two_towns)
        assert "theirs" in _names(Scope(scope.connection, other_town), two_towns)


def test_a_row_of_another_town_cannot_be_written_nor_referred_to(
    db: Database, two_towns: Any, other_town: str
) -> None:
    halls, keys = two_towns.halls, two_towns.keys
    with pytest.raises(TownLeakError):
        db.write(lambda s: s.insert(halls, {"id": "x", "name": "x", "town_id": other_town}))
    with pytest.raises(MissingReferenceError):  # h3 exists, but in the other town
        db.write(lambda scope: scope.insert(keys, {"id": "k9", "hall_id": "h3"}))


def test_plain_text_and_bare_inserts_are_refused(db: Database, two_towns: Any) -> None:
    with db.read() as scope:
        raw = "(SELECT name FROM sample_halls LIMIT 1)"
        for statement in (
            sa.text("SELECT 1"),
            sa.insert(two_towns.halls).values(id="q"),
            sa.select(sa.text(raw)),
            sa.select(sa.literal_column(raw)),
            sa.select(two_towns.halls.c.id).where(sa.text(f"name = {raw}")),
        ):
            with pytest.raises(TownLeakError):
                scope.execute(statement)


def test_upsert_ignore_counts_what_was_new(db: Database, sample: Any) -> None:
    rows = [{"id": f"h{n}", "name": f"hall {n}"} for n in range(5)]
    assert db.write(lambda scope: scope.upsert_ignore(sample.halls, rows[:3])) == 3
    assert db.write(lambda scope: scope.upsert_ignore(sample.halls, rows)) == 2
    assert db.write(lambda scope: scope.upsert_ignore(sample.halls, [])) == 0


def test_a_uniqueness_violation_names_table_and_columns(db: Database, sample: Any) -> None:
    db.write(lambda scope: scope.insert(sample.halls, {"id": "a", "name": "gym"}))
    with pytest.raises(DuplicateError) as caught:
        db.write(lambda scope: scope.insert(sample.halls, {"id": "b", "name": "gym"}))
    assert (caught.value.table, caught.value.columns) == ("sample_halls", ("name",))
    with pytest.raises(DuplicateError) as caught:
        db.write(lambda scope: scope.insert(sample.halls, {"id": "a", "name": "hall"}))
    assert (caught.value.table, caught.value.columns) == ("sample_halls", ("id",))


def test_after_a_savepoint_was_undone_the_transaction_goes_on(db: Database, sample: Any) -> None:
    def work(scope: Scope) -> str:
        scope.insert(sample.halls, {"id": "a", "name": "gym"})
        try:
            with scope.savepoint():
                scope.insert(sample.halls, {"id": "lost", "name": "lost"})
                scope.insert(sample.halls, {"id": "b", "name": "gym"})
        except DuplicateError:
            scope.insert(sample.halls, {"id": "b", "name": "gym 2"})
        return "done"

    assert db.write(work) == "done"
    with db.read() as scope:
        assert _names(scope, sample) == ["gym", "gym 2"]


def test_numbers_are_taken_in_order_and_given_back_by_a_rollback(db: Database) -> None:
    assert db.write(lambda scope: scope.take_numbers("events", 3)) == range(1, 4)

    def fail(scope: Scope) -> None:
        assert scope.take_numbers("events") == range(4, 5)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        db.write(fail)
    assert db.write(lambda scope: scope.take_numbers("events")) == range(4, 5)
    assert db.write(lambda scope: scope.take_numbers("others")) == range(1, 2)


def test_instants_come_back_in_utc_and_naive_ones_are_refused(db: Database, sample: Any) -> None:
    halls = sample.halls
    tokyo = datetime(2026, 4, 1, 9, 30, 15, 123456, tzinfo=timezone(timedelta(hours=9)))
    db.write(lambda s: s.insert(halls, {"id": "a", "name": "gym", "opened_at": tokyo}))
    with db.read() as scope:
        found = scope.scalar(sa.select(halls.c.opened_at))
        assert found == tokyo
        assert found.tzinfo is UTC
        assert scope.scalar(sa.select(halls.c.id).where(halls.c.opened_at <= tokyo)) == "a"
    naive = tokyo.replace(tzinfo=None)
    with pytest.raises(sa.exc.StatementError, match="carries its offset"):
        db.write(lambda s: s.insert(halls, {"id": "b", "name": "b", "opened_at": naive}))
