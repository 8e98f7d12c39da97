"""One month through the real thing: staff and a pattern by the API, raw punch events through the
projection, an order approved, a forgotten punch corrected, signed, closed, and a late punch.

Worked out by hand. Hanako is hired on Tuesday 7 April 2026; until 30 April she has 17 workdays (the
29th is a holiday) of 7 h 45: 7905 minutes. The 8th is ordered until 19:15, two hours. On the 9th
she forgets to go out by the reader; the correction makes it a whole day. On the 14th, ordered until
18:15, her out reaches the hub after the closing: until then the day has neither regular hours nor
overtime. So 16 days, 7440 minutes and 120 of overtime are signed; later come 465 and 60 more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.applications.bodies import (
    ApplicationKind,
    Body,
    PunchBody,
    PunchCause,
    PunchChange,
    SpanBody,
    WorkBody,
)
from hub.applications.deciding import Ballot, DecisionsService, Verdict
from hub.applications.missing import MissingKind
from hub.applications.neighbours import Neighbours
from hub.applications.reminders import RemindersService
from hub.applications.service import ApplicationsService
from hub.attendance.domain import start_of
from hub.attendance.projector import PROJECTOR
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.projection.memory_journal import MemoryJournal
from hub.projection.worker import ProjectionWorker
from hub.timesheets.chores import ReckonStale
from hub.timesheets.closing_service import ClosingService
from hub.timesheets.closing_sheets import ClosingSheets
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.service import TimesheetsService
from hub.timesheets.touched_chore import SettleTouched
from hub.web.rights import Principal, PrincipalKind, Role
from hub.worktime.domain import Month
from wire.events import EventKind
from wire.events import PunchBody as Tap
from wire.events import PunchDirection as Way

API = "/api/v1"
APRIL = Month(2026, 4)
WORKDAYS = [date(2026, 4, n) for n in (*range(7, 11), *range(13, 18), *range(20, 25), 27, 28, 30)]
LONG, FORGOTTEN, LATE = date(2026, 4, 8), date(2026, 4, 9), date(2026, 4, 14)
BASE = datetime(2026, 4, 6, tzinfo=UTC)
"""Second 0 of the journal."""


@dataclass
class Town:
    """A department under another that the head leads; Hanako works there."""

    hub: Hub
    clock: HandMovedClock
    admin: TestClient
    hanako: str
    head: str
    department: str
    journal: MemoryJournal
    worker: ProjectionWorker

    def who(self, person_id: str, role: Role = Role.STAFF) -> Principal:
        return Principal(PrincipalKind.SESSION, f"u-{person_id}", "u", role, None, person_id)

    @property
    def personnel(self) -> Principal:
        return Principal(PrincipalKind.SESSION, "u-personnel", "p", Role.PERSONNEL)

    def tap(self, day: date, minute: int, way: Way) -> None:
        """A punch as its raw event; projected at once."""
        at = start_of(day) + timedelta(minutes=minute)
        body = Tap(reader="r", person=self.hanako, credential="c", direction=way)
        self.journal.add(EventKind.PUNCH, body, (at - BASE) // timedelta(seconds=1))
        while self.worker.step():
            continue

    def at(self, day: date, minute: int = 540) -> None:
        self.clock.set(start_of(day) + timedelta(minutes=minute))

    def approve(self, kind: ApplicationKind, body: Body) -> None:
        """Hanako applies, her head approves."""
        services = self.hub.services
        made = services.get(ApplicationsService).create(
            self.who(self.hanako), kind, body, submit=True
        )
        ballot = Ballot(made.id, made.version, made.step)
        decided = services.get(DecisionsService).decide(
            self.who(self.head), ballot, Verdict.APPROVE
        )
        assert decided.state.value == "approved"

    def order(self, day: date, end: int) -> None:
        body = WorkBody(work_date=day, spans=(SpanBody(1035, end),), reason="議会の準備")
        self.approve(ApplicationKind.OVERTIME, body)

    def month(self) -> Any:
        answer = self.admin.get(f"{API}/attendance/months/2026-04", params={"person": self.hanako})
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()
        return found

    def run_chores(self) -> None:
        services, core = self.hub.services, self.hub.core
        timesheets, reckoner = services.get(TimesheetsService), services.get(Reckoner)
        chores: list[Any] = [
            SettleTouched(core.clock, services),
            ReckonStale(timesheets, reckoner, core.clock),
        ]
        for chore in chores:
            while True:
                with core.db.read() as scope:
                    if not chore.is_due(scope):
                        break
                core.db.write(chore.run)


def made(client: TestClient, path: str, body: dict[str, Any]) -> str:
    answer = client.post(f"{API}/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def town(hub: Hub, clock: HandMovedClock, admin: TestClient) -> Town:
    """Staff and the pattern, all by the API."""
    office = made(admin, "staff/departments", {"code": "01", "name": "総務部"})
    section = {"code": "0101", "name": "総務課", "parent_id": office}
    department = made(admin, "staff/departments", section)
    ids = []
    for name, number, place, heads in (
        ("山田 花子", "101", department, False),
        ("鈴木 一郎", "102", office, True),
    ):
        person = made(admin, "people", {"name": name, "staff_number": number})
        place_in = {"starts_on": "2026-04-07", "department_id": place, "kind": "regular"}
        made(admin, f"staff/people/{person}/employments", {**place_in, "heads": heads})
        ids.append(person)
    code = made(
        admin,
        "shift_codes",
        {
            "code": "日",
            "name": "日勤",
            "stretches": [{"start": 510, "end": 1035}],
            "breaks": [{"start": 720, "end": 780}],
        },
    )
    pattern = made(
        admin,
        "work_patterns",
        {
            "name": "平日",
            "kind": "weekly",
            "anchor": "2026-04-06",
            "codes": [code] * 5 + [None, None],
            "rostered": False,
        },
    )
    subject = {"subject_kind": "department", "subject_id": department}
    made(
        admin,
        "pattern_assignments",
        {**subject, "pattern_id": pattern, "starts_on": "2026-04-01"},
    )
    journal = MemoryJournal()
    worker = ProjectionWorker(hub.core.db, journal.after, [PROJECTOR])
    return Town(hub, clock, admin, ids[0], ids[1], department, journal, worker)


def played(town: Town) -> None:
    """April as it is lived, up to the end of the month; nothing is derived meanwhile."""
    for day in WORKDAYS:
        town.at(day, 480)
        if day == LONG:
            town.order(day, 1155)
        if day == LATE:
            town.order(day, 1095)
        town.tap(day, 505, Way.IN)
        if day not in (FORGOTTEN, LATE):
            town.tap(day, 1160 if day == LONG else 1040, Way.OUT)
        town.at(day, 1200)


def test_a_month_from_raw_punches_to_an_adjustment(town: Town) -> None:
    """Every step is seen by the API as soon as it is taken."""
    played(town)
    town.at(date(2026, 5, 1))
    before = town.month()
    assert (before["regular_min"], before["days_worked"]) == (15 * 465, 15)
    assert "missing_punch" in before["days"][FORGOTTEN.day - 1]["notes"]

    reminders = town.hub.services.get(RemindersService)
    listed = reminders.listed(town.who(town.hanako))
    assert {(each.kind, each.day) for each in listed} >= {
        (MissingKind.MISSING_OUT, FORGOTTEN),
        (MissingKind.MISSING_OUT, LATE),
        (MissingKind.MONTH_NOT_SIGNED, APRIL.last),
    }

    body = PunchBody(
        change=PunchChange.ADD,
        work_date=FORGOTTEN,
        cause=PunchCause.FORGOTTEN,
        direction=Way.OUT,
        minute=1040,
        reason="押し忘れ",
    )
    town.approve(ApplicationKind.PUNCH, body)
    after = town.month()
    assert (after["regular_min"], after["days_worked"]) == (16 * 465, 16)
    overtime = {"pay_class": "overtime", "night": False, "raw_min": 120, "rounded_min": 120}
    assert [{n: total[n] for n in overtime} for total in after["totals"]] == [overtime]

    figures = town.hub.services.get(Neighbours).figures
    with town.hub.core.db.read() as scope:
        month = figures.caps(scope, [town.hanako], APRIL.first)[town.hanako]
        assert (month.counted_min, month.cap_min) == (120, 2700)
        assert figures.day(scope, town.hanako, LONG).present == ((505, 1160),)
        assert not figures.closed(scope, town.hanako, LONG)

    closings = town.hub.services.get(ClosingService)
    sheets = town.hub.services.get(ClosingSheets)
    closings.sign_own(town.who(town.hanako), APRIL, None)
    closings.sign_department(town.who(town.head), town.department, APRIL, None)
    closings.close(town.personnel, town.department, APRIL, "リーダーの記録が届かないため")
    closed = town.month()
    assert closed["closed_at"] is not None
    assert closed["regular_min"] == 16 * 465
    town.run_chores()
    assert sheets.adjustments(town.personnel, None) == ()

    town.tap(LATE, 1100, Way.OUT)  # the reader's controller is back
    town.run_chores()
    (adjustment,) = sheets.adjustments(town.personnel, None)
    (line,) = adjustment.figures.lines.values()
    assert (line.raw_min, line.rounded_min) == (60, 60)
    assert adjustment.figures.counters["regular_min"] == 465
    assert [cause.value for cause in adjustment.causes] == ["late_punch"]
    assert town.month()["regular_min"] == 16 * 465  # what was signed stays
    with town.hub.core.db.read() as scope:
        assert figures.closed(scope, town.hanako, LONG)


def test_what_is_derived_day_by_day_is_what_is_derived_at_the_end(town: Town) -> None:
    """The same month looked at every evening, and at its end by a hub that kept nothing."""
    for day in WORKDAYS[:6]:
        town.at(day, 480)
        town.tap(day, 505, Way.IN)
        town.at(day, 1200)
        town.tap(day, 1040, Way.OUT)
        assert town.month()["days"][day.day - 1]["regular_min"] == 465
    town.at(date(2026, 5, 1))
    kept = town.month()
    reckoner = town.hub.services.get(Reckoner)
    with town.hub.core.db.read() as scope:
        now = town.hub.core.clock.now()
        anew = reckoner.derive(scope, [town.hanako], APRIL, now)[town.hanako].result
    assert kept["regular_min"] == anew.regular_min == 6 * 465
    assert kept["missing_min"] == anew.missing_min == 11 * 465


@pytest.mark.parametrize("change", ["transfer", "retire", "term", "pattern"])
def test_whatever_a_month_is_reckoned_from_is_seen_at_once_and_adjusts_a_closed_month(
    town: Town, change: str
) -> None:
    """After each change the open month shows it; a closed month's difference is an adjustment."""
    played(town)
    town.at(date(2026, 5, 1))
    before = town.month()
    closings = town.hub.services.get(ClosingService)
    sheets = town.hub.services.get(ClosingSheets)
    closings.close(town.personnel, town.department, APRIL, "試し")
    town.run_chores()
    staff = f"{API}/staff"
    if change == "transfer":
        path = f"{staff}/people/{town.hanako}/transfer"
        other = made(town.admin, "staff/departments", {"code": "02", "name": "福祉課"})
        body = {"starts_on": "2026-04-20", "department_id": other, "kind": "manager"}
        answer = town.admin.post(path, json=body)
    elif change == "retire":
        path = f"{staff}/people/{town.hanako}/retire"
        answer = town.admin.post(path, json={"ends_on": "2026-04-29"})
    elif change == "term":
        path = f"{staff}/departments/{town.department}/terms/2026-04-01"
        answer = town.admin.put(path, json={"cap_type": "other_led", "article_36": False})
    else:
        listed = town.admin.get(f"{API}/pattern_assignments").json()["items"]
        answer = town.admin.delete(f"{API}/pattern_assignments/{listed[0]['id']}")
    assert answer.status_code < 300, answer.text
    with town.hub.core.db.read() as scope:
        reckoner = town.hub.services.get(Reckoner)
        stands = reckoner.stands(scope, [town.hanako], APRIL, town.clock.now())
    assert not stands
    town.run_chores()
    assert town.month()["regular_min"] == before["regular_min"]  # as it was signed
    adjustments = sheets.adjustments(town.personnel, None)
    assert bool(adjustments) == (change == "retire")
