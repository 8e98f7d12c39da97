"""A nursery with two of staff and its head, whose employments a test writes down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.bootstrap import Hub
from hub.database.scope import Scope
from hub.people.tables import people
from hub.rosters import neighbours
from hub.rosters.service import RostersService
from hub.staff.domain import Department, Employment
from hub.web.rights import Principal, PrincipalKind, Role
from wire.policy_bodies import EntryState

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Nursery:
    """Its hub, and who works there."""

    hub: Hub
    employments: dict[str, tuple[Employment, ...]] = field(default_factory=dict)

    @property
    def service(self) -> RostersService:
        return self.hub.services.get(RostersService)

    def employ(
        self, person_id: str, department_id: str = "d-nursery", *, heads: bool = False
    ) -> None:
        row: dict[str, Any] = {
            "id": person_id,
            "name": person_id,
            "name_kana": "",
            "name_en": "",
            "staff_number": f"n-{person_id}",
            "department": "",
            "state": EntryState.ACTIVE,
            "anti_passback_exempt": False,
            "long_unlock": False,
            "forgiven": 0,
            "forgiven_at": None,
            "created_at": LONG_AGO,
            "updated_at": LONG_AGO,
        }
        self.hub.core.db.write(lambda scope: scope.insert(people, row))
        since = date(2020, 4, 1)
        made = Employment(
            f"e-{person_id}",
            person_id,
            since,
            None,
            department_id,
            "regular",
            "",
            heads,
            LONG_AGO,
            LONG_AGO,
        )
        self.employments[person_id] = (made,)

    def as_staff(self, person_id: str | None) -> Principal:
        return Principal(PrincipalKind.SESSION, "u", "u", Role.STAFF, None, person_id)


@pytest.fixture
def nursery(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Nursery:
    """A nursery below the town's office: Hanako and Taro, their head, and somebody elsewhere."""
    made = Nursery(hub)

    def employments_between(
        _scope: Scope, first: date, last: date, person_ids: Collection[str] | None = None
    ) -> dict[str, tuple[Employment, ...]]:
        return {
            person_id: places
            for person_id, places in made.employments.items()
            if (person_ids is None or person_id in person_ids)
            and any(
                e.starts_on <= last and (e.ends_on is None or e.ends_on >= first) for e in places
            )
        }

    def departments(_scope: Scope) -> tuple[Department, ...]:
        names = ("d-nursery", "d-other")
        return tuple(Department(n, n, n, "", "", None, LONG_AGO, LONG_AGO) for n in names)

    monkeypatch.setattr(neighbours, "employments_between", employments_between)
    monkeypatch.setattr(neighbours, "departments", departments)
    made.employ("hanako")
    made.employ("taro")
    made.employ("head", heads=True)
    made.employ("other", "d-other")
    return made
