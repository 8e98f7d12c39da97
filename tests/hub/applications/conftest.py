"""An office with people in it: departments, heads, applicants; each one's principal."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.accounts.service import AccountsService
from hub.applications.bodies import (
    ApplicationKind,
    Body,
    LeaveBody,
    LeavePart,
    SpanBody,
    WorkBody,
)
from hub.applications.deciding import Ballot, DecisionsService, Verdict
from hub.applications.delegating import ChainsService, DelegationsService
from hub.applications.domain import Application
from hub.applications.reminders import RemindersService
from hub.applications.service import ApplicationsService
from hub.attendance.domain import Day
from hub.attendance.service import AttendanceService
from hub.attendance.tables import punches
from hub.bootstrap import Hub, build
from hub.clock import HandMovedClock
from hub.leave.domain import Amount
from hub.leave.service import LeaveService
from hub.leave.yearly import YearlyLeave
from hub.people.tables import people
from hub.settings import DatabaseSettings, Settings, TownSettings
from hub.staff import repository as staff
from hub.staff.domain import Department, Employment, StaffContact
from hub.staff.tables import departments, employments
from hub.web.rights import Principal, PrincipalKind, Role
from wire.events import PunchDirection
from wire.policy_bodies import EntryState

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}
_THEN = datetime(2020, 1, 1, tzinfo=UTC)
MONDAY = date(2026, 4, 6)
"""The date on which the hand-moved clock stands."""


@dataclass
class Office:
    """総務部 > 総務課 > 人事係, each with its head; Hana works in the section (係)."""

    hub: Hub
    clock: HandMovedClock
    ids: dict[str, str] = field(default_factory=dict)

    # --- who ---

    def add_person(
        self,
        name: str,
        department: str | None = "section",
        *,
        heads: bool = False,
        since: date = date(2020, 4, 1),
        kind: str = "regular",
        kana: str = "",
    ) -> str:
        core = self.hub.core
        person_id = core.ids.new()
        row = {
            "id": person_id,
            "name": name,
            "name_kana": kana,
            "name_en": "",
            "staff_number": None,
            "department": "",
            "organisation": "",
            "state": EntryState.ACTIVE,
            "anti_passback_exempt": False,
            "long_unlock": False,
            "forgiven": 0,
            "forgiven_at": None,
            "created_at": _THEN,
            "updated_at": _THEN,
        }
        core.db.write(lambda scope: scope.insert(people, row))
        self.ids[name] = person_id
        if department is not None:
            job = Employment(
                core.ids.new(), person_id, since, None, department, kind, "", heads, _THEN, _THEN
            )
            core.db.write(lambda scope: scope.insert(employments, asdict(job)))
        return person_id

    def who(self, name: str, role: Role = Role.STAFF) -> Principal:
        person_id = self.ids.get(name)
        return Principal(PrincipalKind.SESSION, f"u-{name}", name, role, person_id=person_id)

    @property
    def hana(self) -> Principal:
        return self.who("hana")

    @property
    def chief(self) -> Principal:
        return self.who("chief")

    @property
    def manager(self) -> Principal:
        return self.who("manager")

    @property
    def personnel(self) -> Principal:
        """With the right, and of no member of staff: an account that several may share."""
        return Principal(PrincipalKind.SESSION, "u-personnel", "personnel", Role.PERSONNEL)

    @property
    def officer(self) -> Principal:
        """A person of personnel: the director does it."""
        return self.who("director", Role.PERSONNEL)

    def write_to(self, name: str, language: str = "ja") -> None:
        contact = StaffContact(self.ids[name], f"{name}@example.jp", language)
        self.hub.core.db.write(lambda scope: staff.write_contact(scope, contact))

    # --- services ---

    def of(self, kind: type[Any]) -> Any:
        return self.hub.services.get(kind)

    @property
    def applications(self) -> ApplicationsService:
        return self.hub.services.get(ApplicationsService)

    @property
    def decisions(self) -> DecisionsService:
        return self.hub.services.get(DecisionsService)

    @property
    def delegations(self) -> DelegationsService:
        return self.hub.services.get(DelegationsService)

    @property
    def chains(self) -> ChainsService:
        return self.hub.services.get(ChainsService)

    @property
    def leave(self) -> LeaveService:
        return self.hub.services.get(LeaveService)

    @property
    def yearly(self) -> YearlyLeave:
        return self.hub.services.get(YearlyLeave)

    @property
    def reminders(self) -> RemindersService:
        return self.hub.services.get(RemindersService)

    # --- doing ---

    def tap(self, number: int, at: datetime, direction: PunchDirection, name: str = "hana") -> None:
        """Keep a punch as the projection writes it."""
        row = {
            "id": number,
            "person_id": self.ids[name],
            "reader_id": "reader",
            "door_id": None,
            "credential_id": "card",
            "controller_id": "controller",
            "direction": direction,
            "at": at,
            "corrected_at": at,
            "trusted": True,
            "time_error_ms": 5,
            "boot": "boot",
            "mono_ns": number,
            "received_at": at,
        }
        self.hub.core.db.write(lambda scope: scope.insert(punches, row))

    def day(self, day: date, name: str = "hana") -> Day:
        """What attendance reads of a date."""
        who = self.who(name)
        (found,) = self.of(AttendanceService).days(who, day, day, self.ids[name])
        return found

    def apply(self, body: Body, kind: ApplicationKind, who: Principal | None = None) -> Application:
        return self.applications.create(who or self.hana, kind, body, submit=True)

    def overtime(self, day: date = MONDAY, start: int = 1_035, end: int = 1_155) -> Application:
        body = WorkBody(work_date=day, spans=(SpanBody(start, end),), reason="議会対応")
        return self.apply(body, ApplicationKind.OVERTIME)

    def take_leave(
        self, first: date, last: date | None = None, part: LeavePart = LeavePart.DAY, **more: Any
    ) -> Application:
        body = LeaveBody(leave_kind="annual", first=first, last=last or first, part=part, **more)
        return self.apply(body, ApplicationKind.LEAVE)

    def grant(self, half_days: int = 40, name: str = "hana", day: date = date(2026, 1, 1)) -> None:
        self.leave.correct(
            self.personnel, self.ids[name], "annual", Amount(half_days), day, "残日数の引継ぎ"
        )

    def decide(
        self,
        who: Principal,
        found: Application,
        verdict: Verdict = Verdict.APPROVE,
        comment: str = "",
    ) -> Application:
        seen = self.applications.seen(self.personnel, found.id).application
        ballot = Ballot(seen.id, seen.version, seen.step)
        return self.decisions.decide(who, ballot, verdict, comment)

    def told(self, found: Application) -> list[str]:
        return [e.told.value for e in self.applications.seen(self.personnel, found.id).trail]

    def pass_time(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))


@pytest.fixture
def office(hub: Hub, clock: HandMovedClock) -> Office:
    """The office, on Monday 2026-04-06, 09:00."""
    return furnished(hub, clock)


@pytest.fixture
def make_office(town_id: str, hub_directory: Path, tmp_path: Path) -> Callable[[Path], Office]:
    """`make_office(template)`: another office, in a copy of an empty database."""
    made = count()

    def make(template: Path) -> Office:
        file = shutil.copy(template, tmp_path / f"{next(made)}.db")
        clock = HandMovedClock(datetime(2026, 4, 6, 0, 0, tzinfo=UTC))
        settings = Settings(
            public_url="https://doors.test",
            directory=hub_directory,
            town=TownSettings(id=town_id),
            database=DatabaseSettings(url=f"sqlite:///{file}"),
        )
        return furnished(build(settings, clock=clock), clock)

    return make


def furnished(hub: Hub, clock: HandMovedClock) -> Office:
    """Put staff into a hub."""
    made = Office(hub, clock)
    for code, parent in (("division", None), ("office", "division"), ("section", "office")):
        row = asdict(Department(code, code, code, code, code, parent, _THEN, _THEN))
        hub.core.db.write(lambda scope, row=row: scope.insert(departments, row))  # type: ignore[misc]
    made.add_person("director", "division", heads=True)
    made.add_person("manager", "office", heads=True)
    made.add_person("chief", "section", heads=True)
    made.add_person("hana")
    made.add_person("taro")
    return made


class As:
    """A browser's requests by somebody of the office."""

    def __init__(self, client: TestClient, who: Principal) -> None:
        self.client = client
        self.who = who

    def page(self, path: str, language: str = "ja", status: int = 200) -> str:
        self._be()
        sign = "&" if "?" in path else "?"
        answer = self.client.get(f"{path}{sign}lang={language}", headers=HTML)
        assert answer.status_code == status, answer.text
        return str(answer.text)

    def send(self, path: str, **data: Any) -> Any:
        self._be()
        return self.client.post(path, data=data, headers=HTML)

    def _be(self) -> None:
        self.client.app.state.identifier = _Is(self.who)  # type: ignore[attr-defined]
        self.client.headers["Authorization"] = "Bearer kgm_x"


class _Is:
    """Knows one person, by any token."""

    def __init__(self, who: Principal) -> None:
        self._who = who

    def by_token(self, token: str) -> Principal | None:
        return self._who

    def by_session(self, cookie: str) -> Principal | None:
        return None


@pytest.fixture
def browse(office: Any, client: TestClient) -> Iterator[Any]:
    yield lambda who: As(client, who)
    client.app.state.identifier = office.of(AccountsService)  # type: ignore[attr-defined]
