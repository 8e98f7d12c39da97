"""A nursery with two of staff and its head, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.bootstrap import Hub
from hub.database.scope import Scope
from hub.people.tables import people
from hub.rosters.service import RostersService
from hub.staff.tables import departments, employments
from hub.web.rights import Principal, PrincipalKind, Role
from wire.policy_bodies import EntryState

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Nursery:
    """Its hub, and who works there."""

    hub: Hub

    @property
    def service(self) -> RostersService:
        return self.hub.services.get(RostersService)

    def employ(
        self,
        person_id: str,
        department_id: str = "d-nursery",
        *,
        heads: bool = False,
        ends_on: date | None = None,
    ) -> None:
        row: dict[str, Any] = {
            "id": person_id,
            "name": person_id,
            "name_kana": "",
            "name_en": "",
            "staff_number": f"n-{person_id}",
            "organisation": "",
            "state": EntryState.ACTIVE,
            "anti_passback_exempt": False,
            "long_unlock": False,
            "starts_at": None,
            "ends_at": None,
            "forgiven": 0,
            "forgiven_at": None,
            "created_at": LONG_AGO,
            "updated_at": LONG_AGO,
        }
        employment = {
            "id": f"e-{person_id}",
            "person_id": person_id,
            "starts_on": date(2020, 4, 1),
            "ends_on": ends_on,
            "department_id": department_id,
            "kind": "regular",
            "post": "",
            "heads": heads,
            "created_at": LONG_AGO,
            "updated_at": LONG_AGO,
        }

        def work(scope: Scope) -> None:
            scope.insert(people, row)
            scope.insert(employments, employment)

        self.hub.core.db.write(work)

    def as_staff(self, person_id: str | None) -> Principal:
        return Principal(PrincipalKind.SESSION, "u", "u", Role.STAFF, None, person_id)


def department_row(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "code": name,
        "name": name,
        "name_kana": "",
        "name_en": "",
        "parent_id": None,
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    }


@pytest.fixture
def nursery(hub: Hub) -> Nursery:
    """A nursery below the town's office: Hanako and Taro, their head, and somebody elsewhere."""
    made = Nursery(hub)

    def departments_of(scope: Scope) -> None:
        for name in ("d-nursery", "d-other"):
            scope.insert(departments, department_row(name))

    hub.core.db.write(departments_of)
    made.employ("hanako")
    made.employ("taro")
    made.employ("head", heads=True)
    made.employ("other", "d-other")
    return made
