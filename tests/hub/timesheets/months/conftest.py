"""An office of two departments whose staff, claims and punches are rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from hub.applications import repository as applications
from hub.applications.bodies import (
    ApplicationKind,
    Body,
    SpanBody,
    SwapBody,
    WorkBody,
    first_and_last,
)
from hub.applications.domain import Application, DayClaim, State
from hub.applications.marks import mark_claims
from hub.attendance.domain import start_of
from hub.attendance.tables import punches
from hub.attendance.touched import touch
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.database.scope import Scope
from hub.people.tables import people
from hub.staff import repository as staff
from hub.staff.domain import Department, DepartmentTerm, Employment
from hub.staff.tables import departments, employments
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.service import TimesheetsService
from hub.web.rights import Principal, PrincipalKind, Role
from hub.worktime.domain import CapType, Month
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
        self.hub.core.db.write(lambda scope: scope.insert(employments, asdict(made)))

    def transfer(self, person_id: str, department_id: str, on: date) -> None:
        *before, last = self.employments[person_id]
        ended = replace(last, ends_on=on - timedelta(days=1))
        self.employments[person_id] = (*before, ended)
        values, which = {"ends_on": ended.ends_on}, employments.c.id == ended.id
        self.hub.core.db.write(lambda scope: scope.update(employments, values, which))
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
        """An approved order, marked as its topic does."""
        body = WorkBody(work_date=day, spans=(SpanBody(start, end),))
        claims = (DayClaim(work_date=day, spans=((start, end),)),)
        self._approve(person_id, ApplicationKind.OVERTIME, body, claims)

    def swap(self, person_id: str, worked: date, off: date) -> None:
        """An approved swap."""
        body = SwapBody(worked_date=worked, off_date=off)
        self._approve(person_id, ApplicationKind.SWAP, body, ())

    def _approve(
        self, person_id: str, kind: ApplicationKind, body: Body, claims: tuple[DayClaim, ...]
    ) -> None:
        self._last += 1
        at = self.clock.now()
        first, last = first_and_last(body)
        made = Application(
            id=f"a-{self._last:04}",
            person_id=person_id,
            kind=kind,
            body=body,
            state=State.APPROVED,
            version=1,
            steps=(),
            step=0,
            department_id=None,
            first=first,
            last=last,
            claims=claims,
            warnings=(),
            submitted_at=at,
            waiting_since=None,
            decided_at=at,
            created_by="test",
            created_at=at,
            updated_at=at,
        )

        def work(scope: Scope) -> None:
            applications.add(scope, made)
            mark_claims(scope, made, at)

        self.hub.core.db.write(work)

    def term(self, term: DepartmentTerm) -> None:
        """What holds for a department from a day on."""
        self.hub.core.db.write(lambda scope: staff.write_term(scope, term))


@pytest.fixture
def office(hub: Hub, clock: HandMovedClock) -> Office:
    """An empty office with a branch."""
    made = Office(hub, clock)

    def departments_of(scope: Scope) -> None:
        for name, parent in ((OFFICE, None), (BRANCH, OFFICE)):
            row = Department(name, name, name, "", "", parent, LONG_AGO, LONG_AGO)
            scope.insert(departments, asdict(row))
            staff.write_term(
                scope, DepartmentTerm(name, date(2020, 4, 1), CapType.ORDINARY, article_36=False)
            )

    hub.core.db.write(departments_of)
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
