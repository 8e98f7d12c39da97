"""The leave of a month goes out by kind: days, hours, and what is left at the month's end."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from typing import Any

import openpyxl
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from hub.applications.claims import Claims
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.leave.domain import Amount, Entry, EntryKind
from hub.leave.kind_files import load_kinds
from hub.leave.repository import add
from hub.payroll.cells import in_days
from hub.payroll.domain import LeaveGroup
from hub.payroll.leave_gathering import leave_name
from hub.timesheets import repository as timesheets
from hub.worktime.domain import Explained, ExplainedKind, Swap, SwapKind
from hub.worktime.minutes import Span
from tests.hub.payroll.offices import Office

DAY, MORNING, HOURS = (Span(510, 720), Span(780, 1035)), (Span(510, 720),), (Span(510, 630),)
HTML = {"Accept": "text/html"}


class LeaveOffice(Office):
    """Hanako's leave, as approved applications and the ledger have it."""

    explained: tuple[Explained, ...] = ()
    swaps: tuple[Swap, ...] = ()
    hanako: str = ""

    def enter(self, kind: EntryKind, code: str, day: date, amount: Amount, by: str | None) -> None:
        source = f"{kind}:{code}:{day}:{by}"
        entry = Entry(
            id=self.hub.core.ids.new(),
            person_id=self.hanako,
            leave_kind=code,
            year=2026,
            kind=kind,
            half_days=amount.half_days,
            minutes=amount.minutes,
            day=day,
            source=source,
            application_id=by,
            reason="",
            made_by="test",
            made_at=self.clock.now(),
        )
        self.hub.core.db.write(lambda scope: add(scope, [entry]))

    def takes(
        self,
        code: str,
        day: date,
        amount: Amount,
        spans: tuple[Span, ...],
        kind: ExplainedKind = ExplainedKind.LEAVE,
    ) -> None:
        by = f"a{len(self.explained)}"
        self.enter(EntryKind.TAKEN, code, day, amount.negative, by)
        self.explained = (*self.explained, Explained(by, day, kind, spans))


@pytest.fixture
def office(
    hub: Hub, admin: TestClient, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch
) -> LeaveOffice:
    """Hanako takes a day, a morning and two hours of annual leave, and a sick day."""
    made = LeaveOffice(hub, admin, clock)

    def claims(_scope: Any, person_ids: Any, *_range: Any, **_kinds: Any) -> dict[str, Claims]:
        theirs = Claims(explained=made.explained, swaps=made.swaps)
        return {p: theirs for p in person_ids if p == made.hanako}

    monkeypatch.setattr(timesheets, "claims_between", claims)
    made.hanako = made.hire("山田 花子", "やまだ はなこ", "1234")
    made.enter(EntryKind.GRANTED, "annual", date(2026, 1, 1), Amount(40), None)
    made.takes("annual", date(2026, 4, 6), Amount(2), DAY)
    made.takes("annual", date(2026, 4, 7), Amount(1), MORNING)
    made.takes("annual", date(2026, 4, 8), Amount(0, 120), HOURS)
    made.takes("sick", date(2026, 4, 9), Amount(2), DAY)
    return made


def monthly(client: TestClient, **query: str) -> pd.Series[str]:
    answer = client.get("/api/v1/payroll/months/2026-04/files/monthly-classes", params=query)
    assert answer.status_code == 200, answer.text
    found = pd.read_csv(io.BytesIO(answer.content), encoding="cp932", dtype=str)
    return found.iloc[0]


class TestOnEachDatabase:
    """The whole path, from claims to bytes, is the same on SQLite and PostgreSQL."""

    def test_a_month_says_days_hours_and_what_is_left(
        self, office: LeaveOffice, admin: TestClient
    ) -> None:
        office.close()
        row = monthly(admin)
        assert (row["年休（日）"], row["年休（時間）"]) == ("1.5", "2:00")
        assert (row["病休（日）"], row["特休（日）"], row["代休（日）"]) == ("1", "0", "0")
        # 20 days less 1.5 days and 2 hours of 8: 18 days and 2 hours are left, 6 h = half + 2 h.
        assert (row["年休残（日）"], row["年休残（時間）"]) == ("18", "2:00")
        # Absent for the rest of April's workdays, which is what 欠勤等 tells.
        hours, minutes = row["欠勤等（時間）"].split(":")
        leave_min = 465 + 210 + 120 + 465
        assert int(hours) * 60 + int(minutes) == 21 * 465 - leave_min

    def test_what_is_cancelled_after_the_closing_stays_in_the_month_that_was_signed(
        self, office: LeaveOffice, admin: TestClient
    ) -> None:
        office.close()
        before = monthly(admin)
        office.clock.advance(timedelta(minutes=1))
        first, *others = office.explained
        office.explained = tuple(others)
        office.enter(EntryKind.GIVEN_BACK, "annual", first.work_date, Amount(2), first.id)
        assert monthly(admin).equals(before)

    def test_a_cancelled_day_is_not_in_an_open_month(
        self, office: LeaveOffice, admin: TestClient
    ) -> None:
        first, *others = office.explained
        office.explained = tuple(others)
        office.enter(EntryKind.GIVEN_BACK, "annual", first.work_date, Amount(2), first.id)
        row = monthly(admin, draft="true")
        assert (row["年休（日）"], row["年休残（日）"]) == ("0.5", "19")


class TestOnOne:
    """What does not depend on the kind of database."""

    @pytest.fixture
    def database_at(self, sqlite_at: str) -> str:
        return sqlite_at

    def test_a_compensatory_day_counts_where_it_is_off_not_where_it_was_worked(
        self, office: LeaveOffice, admin: TestClient
    ) -> None:
        swap = Swap("s1", SwapKind.COMPENSATORY, date(2026, 4, 29), date(2026, 4, 30))
        office.swaps = (swap,)
        assert monthly(admin, draft="true")["代休（日）"] == "1"

    def test_a_day_names_its_kinds_of_leave(self, office: LeaveOffice, admin: TestClient) -> None:
        answer = admin.get("/api/v1/payroll/months/2026-04/files/daily?draft=true")
        days = pd.read_csv(io.BytesIO(answer.content), encoding="utf-8-sig", dtype=str)
        by_date = days.set_index("勤務日")["休暇の種類"]
        assert by_date["2026/04/06"] == "年次有給休暇"
        assert by_date["2026/04/09"] == "病気休暇"
        assert pd.isna(by_date["2026/04/10"])

    @pytest.mark.parametrize(
        ("lang", "sick", "note"),
        [("ja", "病気休暇", "年次有給休暇 0.5日"), ("en", "Sick leave", "Annual leave 0.5 d")],
    )
    def test_the_printed_book_shows_leave_by_day_and_what_is_left(
        self, office: LeaveOffice, admin: TestClient, lang: str, sick: str, note: str
    ) -> None:
        page = admin.get(f"/payroll/sheets/2026-04?lang={lang}", headers=HTML).text
        assert note in page
        found = re.search(rf'row">{sick}</th><td class="num">(.*?)</td>', page)
        assert found is not None
        assert found[1].startswith("1")

    def test_the_workbook_shows_leave_of_everybody_and_of_each(
        self, office: LeaveOffice, admin: TestClient
    ) -> None:
        url = "/api/v1/payroll/months/2026-04/workbook?draft=true&lang=ja"
        book = openpyxl.load_workbook(io.BytesIO(admin.get(url).content))
        overview, hanako = book.worksheets
        heads = [cell.value for cell in overview[3]]
        row = [cell.value for cell in overview[4]]
        assert row[heads.index("年次有給休暇")] == "1.5日 2:00"
        lines = {line[0]: line[1:3] for line in hanako.iter_rows(values_only=True)}
        assert lines["年次有給休暇"] == ("1.5日 2:00", "18日 2:00")
        assert lines["病気休暇"] == ("1日", None) or lines["病気休暇"] == ("1日", "")


def test_every_shipped_kind_belongs_to_a_group() -> None:
    groups = {code: leave_name(code, kind).group for code, kind in load_kinds().items()}
    assert groups["annual"] is LeaveGroup.ANNUAL
    assert groups["sick"] is LeaveGroup.SICK
    assert groups["summer"] is LeaveGroup.SPECIAL
    assert set(groups.values()) <= set(LeaveGroup) - {LeaveGroup.COMPENSATORY}
    assert all(
        group is LeaveGroup.UNPAID
        for code, group in groups.items()
        if not load_kinds()[code].paid and code != "sick"
    )
    assert leave_name("forgotten", None).title == "forgotten"


@pytest.mark.parametrize(("half_days", "text"), [(0, "0"), (3, "1.5"), (-1, "-0.5"), (40, "20")])
def test_half_days_are_written_in_days(half_days: int, text: str) -> None:
    assert in_days(half_days) == text
