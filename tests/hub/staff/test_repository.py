"""Rows of staff: what both databases refuse, and what other topics read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.catalogue import Language
from hub.database.engine import Database
from hub.database.errors import CheckError, OverlapError
from hub.database.scope import Scope
from hub.staff import repository
from hub.staff.domain import DepartmentTerm, StaffContact
from hub.staff.tables import department_terms, departments, employments
from hub.worktime.domain import CapType

THEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def hall(db: Database) -> str:
    return _department(db, "hall", None)


def _department(db: Database, name: str, parent: str | None) -> str:
    row = {"id": name, "code": name, "name": name, "name_kana": "", "name_en": ""}
    row |= {"parent_id": parent, "created_at": THEN, "updated_at": THEN}  # type: ignore[dict-item]
    db.write(lambda scope: scope.insert(departments, row))
    return name


def _employ(
    db: Database, person: str, department: str, first: str, last: str | None, **more: Any
) -> str:
    row = {
        "id": f"{person[-4:]}-{first}",
        "person_id": person,
        "starts_on": date.fromisoformat(first),
        "ends_on": date.fromisoformat(last) if last else None,
        "department_id": department,
        "kind": "regular",
        "post": "",
        "heads": False,
        "created_at": THEN,
        "updated_at": THEN,
        **more,
    }
    db.write(lambda scope: scope.insert(employments, row))
    return str(row["id"])


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-04-30", "2026-05-31"),
        ("2026-03-01", "2026-04-01"),
        ("2026-04-10", "2026-04-11"),
        ("2026-03-01", None),
        ("2026-04-01", "2026-04-30"),
    ],
)
def test_the_database_itself_refuses_two_employments_on_one_day(
    db: Database, town: Any, hall: str, first: str, last: str | None
) -> None:
    person = town.person()
    _employ(db, person, hall, "2026-04-01", "2026-04-30")
    with pytest.raises(OverlapError) as refused:
        _employ(db, person, hall, first, last, id="second")
    assert refused.value.table == "employments"


def test_it_refuses_them_also_where_one_is_changed(db: Database, town: Any, hall: str) -> None:
    person = town.person()
    early = _employ(db, person, hall, "2026-04-01", "2026-04-30")
    _employ(db, person, hall, "2026-05-01", None)
    with pytest.raises(OverlapError):
        db.write(
            lambda scope: scope.update(employments, {"ends_on": None}, employments.c.id == early)
        )
    with pytest.raises(CheckError):
        db.write(
            lambda scope: scope.update(
                employments, {"ends_on": date(2026, 3, 31)}, employments.c.id == early
            )
        )


def test_others_may_be_employed_that_day_and_the_next_day_is_free(
    db: Database, town: Any, hall: str
) -> None:
    one, other = town.person(), town.person()
    _employ(db, one, hall, "2026-04-01", "2026-04-30")
    _employ(db, other, hall, "2026-04-01", None)
    _employ(db, one, hall, "2026-05-01", None)


def test_employments_between_are_those_in_force_on_any_day_of_the_range(
    db: Database, town: Any, hall: str
) -> None:
    one, other = town.person(), town.person()
    for first, last in (
        ("2026-03-01", "2026-03-31"),
        ("2026-04-01", "2026-04-14"),
        ("2026-04-15", None),
    ):
        _employ(db, one, hall, first, last)
    _employ(db, other, hall, "2026-05-01", None)
    april = (date(2026, 4, 1), date(2026, 4, 30))
    with db.read() as scope:
        found = repository.employments_between(scope, *april)
        assert [str(each.starts_on) for each in found.pop(one)] == ["2026-04-01", "2026-04-15"]
        assert found == {}
        assert repository.employments_between(scope, *april, [other]) == {}
        assert repository.employments_between(scope, *april, []) == {}
        edge = repository.employments_between(scope, date(2026, 3, 31), date(2026, 3, 31), [one])
        assert [str(each.starts_on) for each in edge[one]] == ["2026-03-01"]
        assert len(repository.employments_between(scope, *april, [one, "nobody"])[one]) == 2


def test_terms_between_begin_with_the_ones_in_force_on_the_first_day(
    db: Database, hall: str
) -> None:
    def term(month: int, kind: CapType) -> DepartmentTerm:
        return DepartmentTerm(hall, date(2026, month, 1), kind, article_36=month == 3)

    terms = [term(1, CapType.ORDINARY), term(3, CapType.OTHER_LED), term(6, CapType.ORDINARY)]

    def write(scope: Scope) -> None:
        for each in terms:
            repository.write_term(scope, each)

    db.write(write)
    with db.read() as scope:
        assert repository.terms_between(scope, date(2025, 1, 1), date(2025, 12, 31)) == {}
        found = repository.terms_between(scope, date(2026, 4, 1), date(2026, 6, 30))
        assert found == {hall: (terms[1], terms[2])}
        found = repository.terms_between(scope, date(2026, 3, 1), date(2026, 5, 31))
        assert found == {hall: (terms[1],)}
        found = repository.terms_between(scope, date(2025, 12, 1), date(2026, 2, 28))
        assert found == {hall: (terms[0],)}
    db.write(
        lambda scope: scope.delete(department_terms, department_terms.c.starts_on.is_not(None))
    )


def test_heads_are_those_of_the_department_itself_on_that_day(
    db: Database, town: Any, hall: str
) -> None:
    part = _department(db, "part", hall)
    head, next_head, of_part = (town.person() for _ in range(3))
    _employ(db, head, hall, "2020-04-01", "2026-03-31", heads=True)
    _employ(db, next_head, hall, "2026-04-01", None, heads=True)
    _employ(db, of_part, part, "2020-04-01", None, heads=True)
    _employ(db, town.person(), hall, "2020-04-01", None)
    with db.read() as scope:
        assert repository.heads_of(scope, hall, date(2026, 3, 31)) == (head,)
        assert repository.heads_of(scope, hall, date(2026, 4, 1)) == (next_head,)
        assert repository.heads_of(scope, part, date(2026, 4, 1)) == (of_part,)
        assert repository.heads_of(scope, "none", date(2026, 4, 1)) == ()
        assert repository.within(repository.departments(scope), hall) == {hall, part}


def test_contacts_are_those_that_are_known(db: Database, town: Any) -> None:
    person = town.person()
    contact = StaffContact(person, "hanako@example.jp", Language.EASY.value)
    db.write(lambda scope: repository.write_contact(scope, contact))
    with db.read() as scope:
        assert repository.contacts(scope, [person, "nobody"]) == {person: contact}
        assert repository.contacts(scope, []) == {}
