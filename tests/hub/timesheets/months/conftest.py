"""An office of two departments whose staff, claims and punches a test writes down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hub.timesheets.neighbours import Claims

from hub.attendance.domain import start_of
from hub.attendance.tables import punches
from hub.attendance.touched import touch
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.database.scope import Scope
from hub.people.tables import people
from hub.rosters import neighbours as staff
from hub.staff.domain import Department, DepartmentTerm, Employment
from hub.timesheets import neighbours
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.service import TimesheetsService
from hub.web.rights import Principal, PrincipalKind, Role
from hub.worktime.domain import CapType, Month, Order
from hub.worktime.minutes import Span
from wire.events import PunchDirection
from wire.policy_bodies import EntryState

HANAKO, TARO, HEAD = "p-hanako", "p-taro", "p-head"
OFFICE, BRANCH = "d-office", "d-branch"
APRIL, MARCH = Month(2026, 4), Month(2026, 3)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Office:
    """What is known of the office; `statements` counts what is asked of the database."""

    hub: Hub
    clock: HandMovedClock
    employments: dict[str, tuple[Employment, ...]] = field(default_factory=dict)
    claims: dict[str, Claims] = field(default_factory=dict)
    terms: dict[str, tuple[DepartmentTerm, ...]] = field(default_factory=dict)
    _last: int = 0

    @property
    def service(self) -> TimesheetsService:
        return self.hub.services.get(TimesheetsService)

    @property
    def reckoner(self) -> Reckoner:
        return self.hub.services.get(Reckoner)

    def employ(
        self,
        person_id: str,
        department_id: str = OFFICE,
        since: date = date(2020, 4, 1),
        until: date | None = None,
        *,
        kind: str = "regular",
        heads: bool = False,
    ) -> None:
        row = {
            "id": person_id,
            "name": person_id,
            "name_kana": "",
            "name_en": "",
            "staff_number": None,
            "department": "",
            "state": EntryState.ACTIVE,
            "anti_passback_exempt": False,
            "long_unlock": False,
            "forgiven": 0,
            "forgiven_at": None,
            "created_at": LONG_AGO,
            "updated_at": LONG_AGO,
        }
        known = self.employments.get(person_id, ())
        if not known:
            self.hub.core.db.write(lambda scope: scope.insert(people, row))
        made = Employment(
            f"e-{person_id}-{len(known)}",
            person_id,
            since,
            until,
            department_id,
            kind,
            "",
            heads,
            LONG_AGO,
            LONG_AGO,
        )
        self.employments[person_id] = (*known, made)

    def transfer(self, person_id: str, department_id: str, on: date) -> None:
        *before, last = self.employments[person_id]
        ended = replace(last, ends_on=on - timedelta(days=1))
        self.employments[person_id] = (*before, ended)
        self.employ(person_id, department_id, on)

    def punch(
        self,
        person_id: str,
        day: date,
        minute: int,
        direction: PunchDirection,
        *,
        mark: bool = True,
    ) -> None:
        """A punch at a minute of a date, journaled at once, with its mark."""
        at = start_of(day).astimezone(UTC) + timedelta(minutes=minute)
        self._last += 1
        row = {
            "id": self._last,
            "person_id": person_id,
            "reader_id": "r",
            "door_id": None,
            "credential_id": "c",
            "controller_id": "k7m2q9x4w8e3r6t1",
            "direction": direction,
            "at": at,
            "corrected_at": at,
            "trusted": True,
            "time_error_ms": 0,
            "boot": "b",
            "mono_ns": 0,
            "received_at": at,
        }

        def work(scope: Scope) -> None:
            scope.insert(punches, row)
            if mark:
                touch(scope, person_id, day - timedelta(days=1), day, at)

        self.hub.core.db.write(work)

    def worked(self, person_id: str, day: date, start: int = 510, end: int = 1035) -> None:
        """A day from in to out."""
        self.punch(person_id, day, start, PunchDirection.IN)
        self.punch(person_id, day, end, PunchDirection.OUT)

    def order(self, person_id: str, day: date, start: int, end: int) -> None:
        """An approved order, marked as its topic would."""
        made = Order(f"o-{person_id}-{day}-{start}", day, (Span(start, end),))
        known = self.claims.get(person_id, Claims())
        self.claims[person_id] = replace(known, orders=(*known.orders, made))
        at = self.clock.now()
        self.hub.core.db.write(lambda scope: touch(scope, person_id, day, day, at))


@pytest.fixture
def office(hub: Hub, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An empty office; its staff and claims are answered for by the test."""
    made = Office(hub, clock)

    def employments_between(
        _scope: Scope, first: date, last: date, person_ids: Collection[str] | None = None
    ) -> dict[str, tuple[Employment, ...]]:
        found = {
            person_id: tuple(
                e
                for e in places
                if e.starts_on <= last and (e.ends_on is None or e.ends_on >= first)
            )
            for person_id, places in made.employments.items()
            if person_ids is None or person_id in person_ids
        }
        return {person_id: places for person_id, places in found.items() if places}

    def departments(_scope: Scope) -> tuple[Department, ...]:
        return tuple(
            Department(each, each, each, "", "", parent, LONG_AGO, LONG_AGO)
            for each, parent in ((OFFICE, None), (BRANCH, OFFICE))
        )

    def claims_between(
        _scope: Scope, person_ids: Collection[str], _first: date, _last: date
    ) -> dict[str, Claims]:
        return {each: made.claims[each] for each in person_ids if each in made.claims}

    def terms_between(*_: Any) -> dict[str, tuple[DepartmentTerm, ...]]:
        ordinary = {
            each: (DepartmentTerm(each, date(2020, 4, 1), CapType.ORDINARY, False),)
            for each in (OFFICE, BRANCH)
        }
        return ordinary | made.terms

    monkeypatch.setattr(staff, "employments_between", employments_between)
    monkeypatch.setattr(staff, "departments", departments)
    monkeypatch.setattr(neighbours, "claims_between", claims_between)
    monkeypatch.setattr(neighbours, "terms_between", terms_between)
    return made


@pytest.fixture
def personnel() -> Principal:
    """Somebody who may see everybody."""
    return Principal(PrincipalKind.SESSION, "u", "u", Role.PERSONNEL)


def as_person(person_id: str) -> Principal:
    """A member of staff."""
    return Principal(
        PrincipalKind.SESSION, f"u-{person_id}", person_id, Role.STAFF, None, person_id
    )
