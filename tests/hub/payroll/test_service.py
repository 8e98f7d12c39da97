"""What is handed out, to whom, and what is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import openpyxl
import pandas as pd
import pytest

from hub.bootstrap import Hub
from hub.catalogue import Language, Translator
from hub.database.errors import DuplicateError
from hub.payroll.domain import MonthRow, PunchRow
from hub.payroll.profile import Column, Profile, RowKind
from hub.payroll.punch_formats import PunchFormat
from hub.payroll.service import MONTH_OPEN, UNWRITABLE, PayrollService
from hub.payroll.source import Asked
from hub.web.problems import INVALID, NOT_FOUND, Problem
from hub.web.rights import SYSTEM, Principal
from hub.worktime.domain import Month
from tests.hub.payroll.samples import HANAKO, TAKAHASHI, month, punch

ASKED = Asked(Month(2026, 11))
CLOSED_AT = datetime(2026, 12, 2, tzinfo=UTC)
T = Translator(Language.JA)
PROFILE = Profile(
    title="試験",
    rows=RowKind.MONTH,
    columns=(
        Column(title="番号", field="staff_number"),
        Column(title="氏名", field="name"),
    ),
)


class Months:
    """A source that holds what a test gives it."""

    def __init__(self, *held: MonthRow) -> None:
        self.held = list(held)
        self.taps: list[PunchRow] = []

    def months(self, who: Principal, asked: Asked) -> Sequence[MonthRow]:
        return self.held

    def punches(self, who: Principal, asked: Asked) -> Sequence[PunchRow]:
        return self.taps

    def department(self, department_id: str) -> tuple[str, str]:
        return ("0101", "総務課")

    def departments(self, who: Principal) -> Sequence[tuple[str, str]]:
        return ()


@pytest.fixture
def source() -> Months:
    return Months(month(closed_at=CLOSED_AT), month(TAKAHASHI, closed_at=CLOSED_AT))


@pytest.fixture
def service(hub: Hub, source: Months) -> PayrollService:
    return PayrollService(hub.core, source)


def test_a_closed_months_file_is_handed_out_and_kept_on_record(service: PayrollService) -> None:
    kept = service.make_profile(SYSTEM, "庶務", PROFILE)
    made = service.file(SYSTEM, kept.id, ASKED, draft=False)
    frame = pd.read_csv(io.BytesIO(made.data), encoding="cp932", dtype=str)
    assert frame["氏名"].tolist() == ["山田 花子", "髙橋 一郎"]
    assert (made.name, made.draft) == ("kintai_2026-11.csv", False)
    (line,) = service.handovers(None, 10).items
    assert (line.what, line.people, line.bytes) == ("庶務", 2, len(made.data))
    assert line.actor == SYSTEM.actor


def test_an_open_month_goes_out_as_a_draft_alone(service: PayrollService, source: Months) -> None:
    source.held[1] = month(TAKAHASHI)
    with pytest.raises(Problem) as refused:
        service.file(SYSTEM, "monthly-classes", ASKED, draft=False)
    assert refused.value.kind is MONTH_OPEN
    assert service.handovers(None, 10).items == ()
    assert service.file(SYSTEM, "monthly-classes", ASKED, draft=True).draft
    assert service.handovers(None, 10).items[0].draft


def test_an_unwritable_name_stops_the_file_and_leaves_no_record(
    service: PayrollService, source: Months
) -> None:
    source.held[1] = month(replace(TAKAHASHI, name="𠮷田"), closed_at=CLOSED_AT)
    with pytest.raises(Problem) as refused:
        service.file(SYSTEM, "monthly-classes", ASKED, draft=False)
    assert refused.value.kind is UNWRITABLE
    (field,) = refused.value.fields
    assert (field.field, field.code) == ("row 3, column 2", "no_such_character")
    assert service.handovers(None, 10).items == ()


def test_a_preview_shows_the_rows_beside_what_stops_the_file(
    service: PayrollService, source: Months
) -> None:
    source.held[1] = month(replace(TAKAHASHI, name="𠮷田"))
    found = service.preview(SYSTEM, PROFILE, ASKED)
    assert found.rows == (("番号", "氏名"), ("1234", "山田 花子"), ("77", "𠮷田"))
    assert [(each.row, each.column) for each in found.wrong] == [(3, 2)]
    assert (found.people, found.open_people) == (2, 1)


def test_a_profile_is_changed_and_removed_and_its_name_is_its_own(service: PayrollService) -> None:
    kept = service.make_profile(SYSTEM, "庶務", PROFILE)
    with pytest.raises(DuplicateError):
        service.make_profile(SYSTEM, "庶務", PROFILE)
    service.change_profile(SYSTEM, kept.id, "給与", PROFILE)
    assert [each.name for each in service.profiles()] == ["給与"]
    service.drop_profile(SYSTEM, kept.id)
    with pytest.raises(Problem) as refused:
        service.profile(kept.id)
    assert refused.value.kind is NOT_FOUND


def test_a_profile_that_cannot_be_used_is_refused_by_field(service: PayrollService) -> None:
    odd = Profile(title="x", rows=RowKind.MONTH, columns=(Column(field="shoe_size"),))
    with pytest.raises(Problem) as refused:
        service.make_profile(SYSTEM, "x", odd)
    assert refused.value.kind is INVALID
    assert refused.value.fields[0].field == "body.columns.0.field"


def test_the_workbook_holds_durations_that_excel_adds_up(service: PayrollService) -> None:
    made = service.book(SYSTEM, ASKED, T, draft=False)
    book = openpyxl.load_workbook(io.BytesIO(made.data))
    assert book.sheetnames == ["一覧", "1234 山田 花子", "77 髙橋 一郎"]
    sheet = book["1234 山田 花子"]
    first = [cell.value for cell in sheet[4]]
    assert first[0] == "令和8年11月5日（木）"
    assert first[2:4] == ["08:30", "25:30"]
    assert first[4] == timedelta(hours=1)
    assert first[6] == timedelta(hours=8, minutes=15)
    overview = [[cell.value for cell in row] for row in book["一覧"].iter_rows(min_row=4)]
    assert overview[0][1] == "山田 花子"
    assert timedelta(hours=10) in overview[0]


def test_a_name_that_looks_like_a_formula_stays_a_name(
    service: PayrollService, source: Months
) -> None:
    odd = replace(HANAKO, name="=1+1", staff_number="[7]*")
    source.held = [month(odd, closed_at=CLOSED_AT), month(odd, closed_at=CLOSED_AT)]
    made = service.book(SYSTEM, ASKED, T, draft=False)
    book = openpyxl.load_workbook(io.BytesIO(made.data))
    cell = book["一覧"].cell(row=4, column=2)
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert len(set(book.sheetnames)) == 3


def test_punches_go_out_in_another_systems_words(service: PayrollService, source: Months) -> None:
    source.taps = [punch(HANAKO, 23, 30, "in", day=4)]
    made = service.punches(SYSTEM, PunchFormat.FREEE, ASKED)
    assert json.loads(made.data)[0]["time_clocks"][0]["type"] == "clock_in"
    assert made.media_type == "application/json"
