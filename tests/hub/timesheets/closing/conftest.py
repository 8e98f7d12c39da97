"""A town hall of two departments whose months are derived from the punches that are there.

The derivation is small and honest: it reads the corrected punches of the database, as the real one
does, and the orders that a test approves. Ordered presence beyond 17:15 is overtime, rounded once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from hub.accounts.service import AccountsService
from hub.attendance import repository as punch_rows
from hub.attendance.derivation import derive_days
from hub.attendance.domain import Day, DayProblem, Rules, start_of
from hub.attendance.tables import punches
from hub.attendance.touched import touch
from hub.audit.rows import AuditedRows
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.people.kinds import PERSON
from hub.timesheets.adjusting import Adjusting
from hub.timesheets.closings import Closings
from hub.timesheets.divergence_domain import FoundDivergence
from hub.timesheets.sources import DerivedMonth, OpenApplication, Sources, Unit
from hub.timesheets.touched_chore import SettleTouched
from hub.web.rights import SYSTEM, Principal, PrincipalKind, Role
from hub.worktime.domain import (
    Bucket,
    BucketTotal,
    CapFinding,
    CapType,
    DayFile,
    DayKind,
    DayNote,
    DayPlan,
    DayResult,
    Month,
    MonthFile,
    MonthResult,
    MonthTally,
    Order,
    PayClass,
    Piece,
    Presence,
    Terms,
)
from hub.worktime.minutes import Span, common, total
from wire.events import PunchDirection
from wire.policy_bodies import EntryState

APRIL, MAY = Month(2026, 4), Month(2026, 5)
TAX, WELFARE = "tax", "welfare"
REGULAR = (Span(510, 720), Span(780, 1035))
IN, OUT = PunchDirection.IN, PunchDirection.OUT


class TownHall:
    """Implements the ports of `hub.timesheets.sources`."""

    def __init__(self) -> None:
        self.places: dict[str, list[tuple[date, str]]] = {}
        """Person -> (from when, department); "" has left."""
        self.led_by: dict[str, tuple[str, ...]] = {}
        self.orders: dict[str, list[Order]] = defaultdict(list)
        self.open: list[OpenApplication] = []
        self.differs: dict[str, list[FoundDivergence]] = defaultdict(list)
        self.caps: dict[tuple[str, Month], tuple[CapFinding, ...]] = {}
        self.tallies: dict[tuple[str, Month], int] = {}
        self.percent = 125
        self.unknown: dict[str, date] = {}
        self.now = datetime(2026, 6, 1, tzinfo=start_of(date(2026, 6, 1)).tzinfo)
        self.blind_spans: list[tuple[datetime, datetime]] = []
        self.seen: dict[str, Any] = {}

    # --- staffing ---

    def units(self, _scope: Scope, /) -> tuple[Unit, ...]:
        return (
            Unit(TAX, "0100", "税務課", "Tax"),
            Unit(WELFARE, "0200", "福祉課", "Welfare"),
        )

    def department_on(self, person_id: str, day: date) -> str:
        found = ""
        for since, department in self.places.get(person_id, []):
            if since <= day:
                found = department
        return found

    def placed(self, _scope: Scope, month: Month, by_last_day: bool, /) -> Mapping[str, str]:
        days = _days(month)
        found = {}
        for person_id in self.places:
            held = [each for day in days if (each := self.department_on(person_id, day))]
            if held:
                found[person_id] = held[-1] if by_last_day else held[0]
        return found

    def heads(self, _scope: Scope, department_id: str, _on: date, /) -> tuple[tuple[str, ...], ...]:
        return (self.led_by.get(department_id, ()),)

    def open_applications(
        self, _scope: Scope, person_ids: Collection[str], first: date, last: date, /
    ) -> tuple[OpenApplication, ...]:
        return tuple(
            each
            for each in self.open
            if each.person_id in person_ids and first <= each.work_date <= last
        )

    def blind(
        self, _scope: Scope, _person_id: str, _start: datetime, _end: datetime, /
    ) -> tuple[tuple[datetime, datetime], ...]:
        return tuple(self.blind_spans)

    # --- comparison ---

    def found(
        self, derived: DerivedMonth, seen: Mapping[date, Any], /
    ) -> tuple[FoundDivergence, ...]:
        self.seen[derived.person_id] = seen
        month = derived.file.month
        return tuple(
            each
            for each in self.differs[derived.person_id]
            if month.first <= each.work_date <= month.last
        )

    # --- derivation ---

    def months(
        self, scope: Scope, month: Month, person_ids: Collection[str], /
    ) -> Mapping[str, DerivedMonth]:
        start = start_of(month.first) - timedelta(days=2)
        end = start_of(month.last) + timedelta(days=3)
        found = punch_rows.punches_between(scope, start, end, person_ids=person_ids)
        days: dict[str, dict[date, Day]] = defaultdict(dict)
        for day in derive_days(found, Rules(), self.now):
            days[day.person_id][day.work_date] = day
        return {
            each: self._derived(each, month, days[each])
            for each in sorted(person_ids)
            if any(self.department_on(each, day) for day in _days(month))
        }

    standing = months

    def keep(self, _db: Database, _month: Month, _person_ids: Collection[str], /) -> None:
        """Nothing is kept."""

    def unreckonable(
        self, _scope: Scope, _month: Month, person_ids: Collection[str], /
    ) -> Mapping[str, date]:
        return {each: day for each, day in self.unknown.items() if each in person_ids}

    def _derived(self, person_id: str, month: Month, days: dict[date, Day]) -> DerivedMonth:
        files = tuple(self._day_file(person_id, day, days.get(day)) for day in _days(month))
        results = tuple(self._day(file, days.get(file.work_date)) for file in files)
        raw = sum(piece.minutes for day in results for piece in day.pieces)
        tally = MonthTally(month, CapType.ORDINARY, self.tallies.get((person_id, month), raw), raw)
        totals = {}
        if raw:
            rounded = raw // 60 * 60 + (60 if raw % 60 >= 30 else 0)
            totals[Bucket(PayClass.OVERTIME)] = BucketTotal(raw, rounded, self.percent, True)
        result = MonthResult(
            person_id=person_id,
            month=month,
            days=results,
            totals=totals,
            regular_min=sum(day.regular_min for day in results),
            missing_min=sum(day.missing_min for day in results),
            explained_min={},
            days_worked=sum(1 for day in results if day.present_min),
            counted_60h_min=raw,
            over_full_day_min=raw,
            statutory_min=0,
            caps=self.caps.get((person_id, month), ()),
            tally=tally,
        )
        inside = {day: found for day, found in days.items() if month.first <= day <= month.last}
        return DerivedMonth(
            MonthFile(person_id, month, files), result, inside, "標準 2019-04-01", 30, 2700
        )

    def _day_file(self, person_id: str, day: date, found: Day | None) -> DayFile:
        department = self.department_on(person_id, day)
        terms = Terms(department, CapType.ORDINARY, "regular") if department else None
        spans = []
        for shift in found.shifts if found else ():
            if shift.starts_at and shift.ends_at:
                begin, end = (
                    (at - start_of(day)) // timedelta(minutes=1)
                    for at in (shift.starts_at, shift.ends_at)
                )
                spans += [Span(begin, end)] if begin < end else []
        workday = day.weekday() < 5
        plan = DayPlan(
            day, DayKind.WORKDAY if workday else DayKind.DAY_OFF, REGULAR if workday else ()
        )
        orders = tuple(each for each in self.orders[person_id] if each.work_date == day)
        return DayFile(plan, terms, Presence(day, tuple(spans)), orders)

    def _day(self, file: DayFile, found: Day | None) -> DayResult:
        spans = file.presence.spans
        regular = total(common(spans, file.plan.spans))
        ordered = [(order, common(spans, order.spans)) for order in file.orders]
        pieces = tuple(
            Piece(span.start, span.end, Bucket(PayClass.OVERTIME), PayClass.OVERTIME, order.id)
            for order, there in ordered
            for span in there
        )
        wrong = {DayProblem.MISSING_IN, DayProblem.MISSING_OUT}
        missing = found is not None and bool(wrong & set(found.problems))
        return DayResult(
            work_date=file.work_date,
            kind=file.plan.kind,
            terms=file.terms,
            present_min=total(spans),
            break_min=0,
            regular_min=regular,
            explained_min={},
            missing_min=0,
            extra_min=0,
            unmet_order_min=0,
            credited_min=regular,
            over_full_day_min=0,
            statutory_min=0,
            pieces=pieces,
            notes=(DayNote.MISSING_PUNCH,) if missing else (),
        )


def _days(month: Month) -> list[date]:
    return [month.first + timedelta(days=n) for n in range(month.last.day)]


class Office:
    """The town hall within a hub: people, punches, orders, and who does what."""

    def __init__(self, hub: Hub, clock: HandMovedClock, hall: TownHall) -> None:
        self.hub, self.clock, self.hall = hub, clock, hall
        self.db: Database = hub.core.db
        self.closings = hub.services.get(Closings)
        self.adjusting = hub.services.get(Adjusting)
        self.number = 0
        self.people: dict[str, str] = {}

    def hire(self, name: str, department: str = TAX, since: date = date(2026, 4, 1)) -> str:
        """Put somebody into a department."""
        person = str(self._add_person(name))
        self.hall.places[person] = [(since, department)]
        self.people[name] = person
        return person

    def _add_person(self, name: str) -> str:
        row = self.hub.services.get(AuditedRows).add(
            SYSTEM,
            PERSON,
            {
                "name": name,
                "name_kana": "",
                "name_en": "",
                "staff_number": None,
                "organisation": "",
                "state": EntryState.ACTIVE,
                "anti_passback_exempt": False,
                "long_unlock": False,
                "forgiven": 0,
                "forgiven_at": None,
                "starts_at": None,
                "ends_at": None,
            },
        )
        return row.id

    def moves(self, person: str, since: date, department: str) -> None:
        self.hall.places[person].append((since, department))

    def user(self, person: str | None, role: Role = Role.STAFF) -> Principal:
        """Somebody who is logged in."""
        return Principal(PrincipalKind.SESSION, f"u-{person or role}", "u", role, None, person)

    def log_in(self, client: Any, person: str | None, role: Role) -> Any:
        """Log a person's user in with the browser."""
        accounts = self.hub.services.get(AccountsService)
        login, word = f"login{person or role}"[-30:], "correct horse battery"
        accounts.add_user(
            SYSTEM, login=login, name="花子", password=word, role=role, person_id=person
        )
        client.headers.pop("Authorization", None)
        form = client.get("/login", headers={"Accept": "text/html"}).text
        csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', form)
        made = client.post(
            "/login",
            data={"login": login, "password": word, "csrf": csrf[1] if csrf else ""},
            headers={"Origin": "https://doors.test"},
        )
        assert made.status_code == 303, made.text
        return client

    def punch(
        self, person: str, day: date, minute: int, way: PunchDirection, *, late: bool = False
    ) -> int:
        """A punch at a minute of a date, in the transaction in which projection writes it."""
        return self.db.write(
            lambda scope: self.punch_in(scope, person, day, minute, way, late=late)
        )

    def punch_in(
        self,
        scope: Scope,
        person: str,
        day: date,
        minute: int,
        way: PunchDirection,
        *,
        late: bool = False,
    ) -> int:
        self.number += 1
        at = start_of(day) + timedelta(minutes=minute)
        received = self.clock.now() if late else at
        scope.insert(
            punches,
            {
                "id": self.number,
                "person_id": person,
                "reader_id": "r",
                "door_id": None,
                "credential_id": "c",
                "controller_id": "k7w2m9x4c1t8z5qa",
                "direction": way,
                "at": at,
                "corrected_at": at,
                "trusted": True,
                "time_error_ms": 10,
                "boot": "b",
                "mono_ns": self.number,
                "received_at": received,
            },
        )
        punch_rows.mark(scope, person, at, received)
        return self.number

    def works(
        self, person: str, day: date, start: int = 510, end: int = 1035, *, late: bool = False
    ) -> None:
        self.punch(person, day, start, IN, late=late)
        self.punch(person, day, end, OUT, late=late)

    def approves(self, person: str, day: date, start: int, end: int) -> str:
        """An approved order, written with its mark as an approval does."""
        made = Order(f"o{len(self.hall.orders[person])}-{person[-4:]}", day, (Span(start, end),))

        def work(scope: Scope) -> None:
            self.hall.orders[person].append(made)
            touch(scope, person, day, day, self.clock.now())

        self.db.write(work)
        return made.id

    def at(self, day: date, hour: int = 9) -> datetime:
        """Move the clock."""
        wanted = start_of(day) + timedelta(hours=hour)
        self.clock.advance(wanted - self.clock.now())
        self.hall.now = self.clock.now()
        return self.clock.now()

    def run_chore(self) -> None:
        """Let the hub settle what was touched, as its worker does."""
        chore = SettleTouched(self.hub.core.clock, self.hub.services)
        while True:
            with self.db.read() as scope:
                if not chore.is_due(scope):
                    return
            self.db.write(chore.run)


@pytest.fixture
def hall() -> TownHall:
    """The ports, by hand."""
    return TownHall()


@pytest.fixture
def office(hub: Hub, clock: HandMovedClock, hall: TownHall) -> Office:
    """The hub with the hall's ports plugged in."""
    sources = hub.services.get(Sources)
    sources.derivation = sources.staffing = sources.pending = sources.comparison = hall
    sources.gaps = hall
    return Office(hub, clock, hall)


@pytest.fixture
def closed(office: Office) -> Callable[..., Any]:
    """`closed(department, month)` closes over whatever stands in the way."""

    def close(department: str = TAX, month: Month = APRIL, cause: str = "期限のため") -> Any:
        now = office.clock.now()
        return office.db.write(
            lambda scope: office.closings.close(scope, department, month, "session:p", now, cause)
        )

    return close
