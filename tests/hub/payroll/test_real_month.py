"""A month of real staff and punches, reckoned, closed and handed out: files say what was signed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import openpyxl
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from hub.applications.claims import Claims
from hub.attendance.touched import touch
from hub.bootstrap import Hub
from hub.catalogue import Language, Translator
from hub.clock import HandMovedClock
from hub.happenings.tables import happenings
from hub.payroll.fields import lines_of
from hub.payroll.profile import RowKind
from hub.payroll.service import PayrollService
from hub.payroll.source import Asked
from hub.timesheets import repository as timesheets
from hub.timesheets.closing_service import ClosingService
from hub.timesheets.service import TimesheetsService
from hub.timesheets.touched_chore import SettleTouched
from hub.web.problems import FORBIDDEN, Problem
from hub.web.rights import SYSTEM, Principal, PrincipalKind, Role
from hub.worktime.domain import DayNote, Month, Order
from hub.worktime.minutes import Span
from tests.hub.payroll.offices import APRIL, MONDAY, Office

MAY = Month(2026, 5)
HTML = {"Accept": "text/html"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    return sqlite_at


@pytest.fixture
def office(
    hub: Hub, admin: TestClient, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch
) -> Office:
    """Hanako works till 00:15 once and is absent else; Ichiro comes on one day."""
    made = Office(hub, admin, clock)

    def claims(_scope: Any, person_ids: Any, *_range: Any, **_kinds: Any) -> dict[str, Claims]:
        return {p: Claims(orders=made.orders[p]) for p in person_ids if p in made.orders}

    monkeypatch.setattr(timesheets, "claims_between", claims)
    hanako = made.hire("山田 花子", "やまだ はなこ", "1234")
    ichiro = made.hire("髙橋 一郎", "たかはし いちろう", "77")
    made.worked(hanako, MONDAY, 505, 1455)
    made.worked(hanako, MONDAY + timedelta(days=1))
    made.orders[hanako] = (Order("o1", MONDAY, (Span(1035, 1450),)),)
    made.worked(ichiro, MONDAY)
    return made


def frame(client: TestClient, what: str, encoding: str, **query: str) -> pd.DataFrame:
    answer = client.get(f"/api/v1/payroll/months/2026-04/files/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return pd.read_csv(io.BytesIO(answer.content), encoding=encoding, dtype=str)


def test_what_goes_out_adds_up_to_what_was_signed(office: Office, admin: TestClient) -> None:
    office.close()
    sheets = office.hub.services.get(TimesheetsService).month(SYSTEM, APRIL)
    signed = {
        (each.person.staff_number, str(bucket)): total
        for each in sheets
        for bucket, total in each.result.totals.items()
    }
    assert signed["1234", "overtime"].raw_min > 0
    assert signed["1234", "overtime.night"].raw_min > 0
    days = frame(admin, "daily", "utf-8-sig")
    monday = days[(days["職員番号"] == "1234") & (days["勤務日"] == "2026/04/06")].iloc[0]
    assert (monday["出勤"], monday["退勤"]) == ("08:25", "24:15")
    classes = frame(admin, "class-lines", "cp932")
    for _, row in classes.iterrows():
        code = {"101": "overtime", "102": "overtime.night"}[row["区分"]]
        total = signed[row["職員番号"], code]
        assert int(row["実績（分）"]) == total.raw_min
        assert int(row["支給（時間）"]) * 60 == total.rounded_min
    assert len(classes) == len([t for t in signed.values() if t.raw_min])
    answer = admin.get("/api/v1/payroll/months/2026-04/workbook")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["一覧", "77 髙橋 一郎", "1234 山田 花子"]
    daily = admin.get("/api/v1/payroll/months/2026-04/daily").json()
    mine = [each for each in daily if each["employee"] == "1234"]
    worked = [t.raw_min for (who, _), t in signed.items() if who == "1234"]
    assert sum(each["overtime"] for each in mine) == sum(worked)


def test_times_of_a_closed_month_are_those_that_were_signed(
    office: Office, admin: TestClient
) -> None:
    """A punch that comes after the closing changes neither minutes nor times of day."""
    office.close()
    before = frame(admin, "daily", "utf-8-sig")
    person = office.client.get("/api/v1/people?limit=50").json()["items"][0]["id"]
    office.worked(person, MONDAY + timedelta(days=2))
    assert frame(admin, "daily", "utf-8-sig").equals(before)


def test_what_is_owed_to_somebody_who_left_goes_out_with_the_month_that_takes_it_up(
    office: Office, admin: TestClient
) -> None:
    """Hanako was absent on the 8th, left, and a terminal that was away brings her punches late."""
    hanako = admin.get("/api/v1/people?staff_number=1234").json()["items"][0]["id"]
    answer = admin.post(f"/api/v1/staff/people/{hanako}/retire", json={"ends_on": "2026-04-30"})
    assert answer.status_code == 200, answer.text
    office.close()
    office.worked(hanako, MONDAY + timedelta(days=2))
    scope_of = office.hub.core.db
    scope_of.write(lambda scope: touch(scope, hanako, MONDAY, MONDAY, office.clock.now()))
    chore = SettleTouched(office.clock, office.hub.services)
    scope_of.write(chore.run)
    scope_of.write(chore.run)
    office.clock.advance(timedelta(days=31))
    closing = office.hub.services.get(ClosingService)
    closing.close(SYSTEM, office.department, MAY, "試験のため")
    months = {
        each.staff.staff_number: each
        for each in office.hub.services.get(PayrollService).sheets(SYSTEM, Asked(MAY))
    }
    late = months["1234"]
    assert late.closed_at is not None
    assert (late.days_worked, late.staff.department_code) == (0, "0101")
    # A whole day that was missing is given back: 7 h 45.
    assert (late.adjusted["missing_min"], late.adjusted["regular_min"]) == (-465, 465)
    assert not months["77"].adjusted
    line = next(lines_of(RowKind.MONTH, late))
    assert (line["adjusted:missing_min"], line["adjusted:days_worked"]) == (-465, 1)
    assert line["adjusted_dates"] == " ".join(each.isoformat() for each in late.adjusted_dates)
    assert len(late.adjusted_dates) == 1


def test_handing_out_is_told_with_the_hash(office: Office, admin: TestClient) -> None:
    office.close()
    frame(admin, "class-lines", "cp932")
    with office.hub.core.db.read() as scope:
        rows = scope.all(scope.select(happenings))
    told = [row for row in rows if row.kind == "payroll.handed_out"]
    assert [row.details["people"] for row in told] == [2]
    assert len(told[0].details["sha256"]) == 64


def test_punches_of_a_night_bear_their_shifts_date(office: Office, admin: TestClient) -> None:
    found = admin.get("/api/v1/payroll/months/2026-04/punches/king_of_time").json()
    (hanako,) = [each for each in found if each["employee"] == "1234"]
    first, last = hanako["timerecord"][:2]
    assert (first["date"], first["code"]) == ("2026-04-06", "1")
    assert (last["date"], last["time"][:16], last["code"]) == (
        "2026-04-06",
        "2026-04-07T00:15",
        "2",
    )


def test_payroll_is_the_whole_towns_and_ones_own_is_ones_own(office: Office) -> None:
    service = office.hub.services.get(PayrollService)
    person = office.client.get("/api/v1/people?limit=50").json()["items"][0]["id"]
    clerk = Principal(PrincipalKind.SESSION, "u", "u", Role.PERSONNEL, frozenset({"s"}))
    staff = Principal(PrincipalKind.SESSION, "u", "u", Role.STAFF, None, person)
    for who, asked in (
        (clerk, Asked(APRIL)),
        (staff, Asked(APRIL)),
        (staff, Asked(APRIL, person_id="another")),
        (replace(staff, person_id=None), Asked(APRIL)),
    ):
        with pytest.raises(Problem) as refused:
            service.sheets(who, asked)
        assert refused.value.kind is FORBIDDEN
    (own,) = service.sheets(staff, Asked(APRIL, person_id=person))
    assert own.staff.person_id == person


def test_the_pages_hand_out_draft_and_refuse_with_the_place(
    office: Office, admin: TestClient, as_role: Callable[[Role], TestClient]
) -> None:
    base = "/payroll/months/2026-04/files"
    assert admin.get(f"{base}/class-lines?lang=ja", headers=HTML).status_code == 409
    assert admin.get(f"{base}/class-lines?draft=true", headers=HTML).status_code == 200
    office.hire("𠮷田 次郎", "よしだ じろう", "78")
    answer = admin.get(f"{base}/monthly-classes?draft=true&lang=ja", headers=HTML)
    assert answer.status_code == 422
    assert "row 4, column 2" in answer.text or "4 行目 2 列目" in answer.text
    book = admin.get("/payroll/sheets/2026-04?lang=ja", headers=HTML).text
    assert "令和8年4月" in book
    assert book.count('class="sheet"') == 3
    assert as_role(Role.STAFF).get("/payroll", headers=HTML).status_code == 403


def test_every_daily_record_is_json_of_a_known_shape(office: Office, admin: TestClient) -> None:
    answer = admin.get("/api/v1/payroll/months/2026-04/daily?draft=true")
    assert {tuple(each) for each in json.loads(answer.content)} == {
        ("employee", "date", "assigned", "overtime", "night", "breakTime", "classes")
    }


@pytest.mark.parametrize("language", list(Language))
def test_the_book_has_a_word_for_every_note(language: Language) -> None:
    assert all(Translator(language)(f"payroll.note.{note.value}") for note in DayNote)


@pytest.mark.parametrize(
    ("what", "ascii_name", "name"),
    [
        ("files/class-lines", "teate_0101_2026-04.csv", "teate_総務課_2026-04.csv"),
        ("workbook", "shukkinbo_0101_2026-04.xlsx", "shukkinbo_総務課_2026-04.xlsx"),
        ("punches/freee", "freee_0101_2026-04.json", "freee_総務課_2026-04.json"),
        ("daily", "daily_0101_2026-04.json", "daily_総務課_2026-04.json"),
    ],
)
def test_every_file_is_named_by_department_and_month(
    office: Office, admin: TestClient, what: str, ascii_name: str, name: str
) -> None:
    query = {"department": office.department, "draft": "true"}
    answer = admin.get(f"/api/v1/payroll/months/2026-04/{what}", params=query)
    told = answer.headers["content-disposition"]
    assert told == f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
