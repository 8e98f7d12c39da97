"""Files of staff: tried and then done as a whole; the same file again changes nothing."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from hub.audit.tables import audit_entries
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.tabular.staged import ForgetStagedFiles
from hub.tabular.tables import staged_files

STAFF = "/api/v1/staff"


def _wrong(tried: Any) -> list[tuple[int, str, str]]:
    return [(each["row"], each["column"], each["code"]) for each in tried["wrong"]]


def _audit_count(hub: Hub) -> int:
    with hub.core.db.read() as scope:
        return len(scope.all(scope.select(audit_entries.c.seq)))


def test_a_file_as_windows_writes_it_is_read_to_the_character(office: Any) -> None:
    """CP932 with NEC's and IBM's characters, half-width kana, full-width digits, 和暦."""
    rows = [
        office.row("１０４２７", 氏名="髙橋　①郎㈱", カナ="ﾀｶﾊｼ ｲﾁﾛｳ", 発令日="昭和63年4月1日"),
        office.row("10428", 氏名="﨑山 花子", 職名="主査", 退職日="R9.3.31", 区分="再任用"),
    ]
    data = office.file(*rows)
    written = list(csv.DictReader(StringIO(data.decode("cp932"))))
    tried = office.tried(data)
    assert tried["encoding"] == "cp932"
    assert [each["done"] for each in tried["rows"]] == ["made", "made"]
    assert office.client.get("/api/v1/people").json()["items"] == []
    office.confirm(tried)
    found = {
        each["staff_number"]: each for each in office.client.get("/api/v1/people").json()["items"]
    }
    assert [found["10427"]["name"], found["10428"]["name"]] == [
        " ".join(each["氏名"].split()) for each in written
    ]
    assert found["10427"]["name_kana"] == "タカハシ イチロウ"
    assert office.career(found["10427"]["id"]) == [("1988-04-01", None, "0101", "主事")]
    assert office.career(found["10428"]["id"]) == [("2020-04-01", "2027-03-31", "0101", "主査")]


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
def test_the_same_file_again_changes_nothing_in_any_encoding(
    office: Any, hub: Hub, encoding: str
) -> None:
    rows = [
        office.row("1"),
        office.row("2", 退職日="2027/3/31", 所属コード="0102", 所属名="税務課"),
    ]
    assert office.import_file(office.file(*rows, encoding=encoding)) == {"made": 2}
    before = _audit_count(hub)
    assert office.import_file(office.file(*rows, encoding=encoding)) == {"unchanged": 2}
    assert _audit_count(hub) == before + 1  # that it was done, and nothing else


def test_a_file_of_a_later_day_transfers_ends_and_hires(office: Any) -> None:
    office.import_file(office.file(*(office.row(each) for each in "123")))
    second = office.file(
        office.row("1", 所属コード="0102", 所属名="税務課", 発令日="2026/4/1", 職名="係長"),
        office.row("2", 退職日="2026-06-30"),
        office.row("3", 氏名="山田 三郎"),
        office.row("4", 発令日="2026.4.1"),
    )
    tried = office.tried(second)
    assert [each["done"] for each in tried["rows"]] == ["moved", "ended", "changed", "made"]
    assert [each["code"] for each in tried["new_departments"]] == ["0102"]
    (change,) = tried["rows"][0]["changes"]
    assert change["before"] == "2020-04-01 – 総務課 主事"
    assert change["after"] == "2020-04-01 – 2026-03-31 総務課 主事 / 2026-04-01 – 税務課 係長"
    office.confirm(tried)
    assert office.career(office.person_id("1")) == [
        ("2020-04-01", "2026-03-31", "0101", "主事"),
        ("2026-04-01", None, "0102", "係長"),
    ]
    assert office.career(office.person_id("2")) == [("2020-04-01", "2026-06-30", "0101", "主事")]


def test_without_a_date_in_the_row_the_files_own_day_counts(office: Any) -> None:
    office.import_file(office.file(office.row("1", 発令日="")), on="2026-04-01")
    office.import_file(office.file(office.row("1", 発令日="", 職名="主査")), on="2026-07-01")
    assert office.career(office.person_id("1")) == [
        ("2026-04-01", "2026-06-30", "0101", "主事"),
        ("2026-07-01", None, "0101", "主査"),
    ]


def test_every_error_is_named_by_row_and_column_and_nothing_is_done(office: Any) -> None:
    office.department("09", "同名"), office.department("10", "同名")
    data = office.file(
        office.row("1"),
        office.row("", 氏名=""),
        office.row("番号", 所属コード="", 所属名="同名"),
        office.row("1", 発令日="令和8年2月30日"),
        office.row("4", 区分="皇帝", 退職日="昨日"),
        office.row("5", 所属コード="", 所属名=""),
        office.row("6", 所属名="別の名前"),
        office.row("7", 氏名="長" * 101),
        office.row("8", 退職日="2019-01-01", 発令日="2020-01-01"),
    )
    tried = office.tried(data, on="2018-01-01")
    assert _wrong(tried) == [
        (3, "氏名", "no_name"),
        (3, "職員番号", "no_number"),
        (4, "職員番号", "bad_number"),
        (5, "職員番号", "number_twice"),
        (5, "発令日", "bad_date"),
        (6, "退職日", "bad_date"),
        (6, "区分", "kind_unknown"),
        (7, "所属コード", "no_department"),
        (8, "所属名", "department_named_twice"),
        (9, "氏名", "too_long_text"),
        (10, "退職日", "inverted"),
    ]
    assert all(each["sentence"] for each in tried["wrong"])
    assert tried["staff_import"]["state"] == "failed"
    assert office.confirm(tried, 409)["code"] == "conflict"
    assert office.client.get("/api/v1/people").json()["items"] == []


def test_a_department_by_name_alone_has_to_be_the_only_one_of_it(office: Any) -> None:
    office.department("09", "同名")
    other = office.department("10", "同名")
    row = office.row("1", 所属コード="", 所属名="同名")
    assert _wrong(office.tried(office.file(row))) == [(2, "所属名", "department_ambiguous")]
    office.client.delete(f"{STAFF}/departments/{other}")
    assert office.import_file(office.file(row)) == {"made": 1}
    row = office.row("2", 所属コード="", 所属名="ない課")
    assert _wrong(office.tried(office.file(row))) == [(2, "所属名", "department_unknown")]


def test_departments_come_with_their_parents_in_any_order(office: Any) -> None:
    office.set_profile(columns=office.profile["columns"] | {"parent_code": ["職名"]})
    data = office.file(
        office.row("1", 所属コード="010101", 所属名="係", 職名="0101"),
        office.row("2", 所属コード="0101", 所属名="課", 職名="01"),
        office.row("3", 所属コード="01", 所属名="部", 職名=""),
    )
    office.import_file(data)
    found = office.client.get(f"{STAFF}/departments").json()["items"]
    ids = {each["code"]: each["id"] for each in found}
    assert {each["code"]: each["parent_id"] for each in found} == {
        "01": None,
        "0101": ids["01"],
        "010101": ids["0101"],
    }
    loop = office.file(
        office.row("8", 所属コード="A", 所属名="甲", 職名="B"),
        office.row("9", 所属コード="B", 所属名="乙", 職名="A"),
    )
    assert {each[2] for each in _wrong(office.tried(loop))} == {"parent_unknown"}


def test_a_file_that_cannot_be_read_names_the_place(office: Any) -> None:
    broken = office.file(office.row("1")).replace("総務課".encode("cp932"), b"\x81 ")
    answer = office.try_file(broken)
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["code"], problem["cause"], problem["row"]) == (
        "staff_file_unreadable",
        "bad_bytes",
        2,
    )
    answer = office.try_file("職員番号,氏名\r\n1,名\r\n".encode())
    assert answer.json()["cause"] == "no_column"
    assert office.try_file(b"").json()["cause"] == "no_header"


def test_who_is_missing_in_a_complete_file_is_proposed_and_never_ended_in_silence(
    office: Any,
) -> None:
    office.set_profile(complete=True)
    office.import_file(office.file(*(office.row(each) for each in "12345")))
    tried = office.tried(office.file(*(office.row(each) for each in "1234")))
    assert [each["staff_number"] for each in tried["leavers"]] == ["5"]
    assert tried["shrinks"] is False
    office.confirm(tried)
    assert office.career(office.person_id("5")) == [("2020-04-01", None, "0101", "主事")]
    tried = office.tried(office.file(*(office.row(each) for each in "1234")))
    gone = tried["leavers"][0]["person_id"]
    assert office.confirm(tried, 422, leavers=[gone, office.person_id("1")])["code"] == "invalid"
    office.confirm(tried, leavers=[gone])
    assert office.career(gone) == [("2020-04-01", "2026-03-31", "0101", "主事")]


def test_a_file_that_was_cut_off_ends_nobody_unless_that_is_said_expressly(office: Any) -> None:
    office.set_profile(complete=True)
    office.import_file(office.file(*(office.row(each) for each in "12345")))
    tried = office.tried(office.file(office.row("1")))
    assert tried["shrinks"] is True
    gone = [each["person_id"] for each in tried["leavers"]]
    assert office.confirm(tried, 409, leavers=gone)["code"] == "staff_shrinks"
    done = office.confirm(tried, leavers=gone, accept_shrink=True)
    assert done["staff_import"]["counts"] == {"unchanged": 1, "leavers": 4}


def test_a_row_without_a_number_makes_nobody_missing(office: Any) -> None:
    office.set_profile(complete=True)
    office.import_file(office.file(office.row("1"), office.row("2")))
    assert office.tried(office.file(office.row("1"), office.row("")))["leavers"] == []


def test_what_is_confirmed_is_what_was_shown(office: Any) -> None:
    tried = office.tried(office.file(office.row("1")))
    office.person("1", "先に 登録")
    assert office.confirm(tried, 409)["code"] == "staff_changed"
    again = office.tried(office.file(office.row("1")))
    office.confirm(again)
    assert office.confirm(again, 409)["code"] == "conflict"


def test_a_file_waits_for_an_hour_and_is_then_forgotten(
    office: Any, hub: Hub, clock: HandMovedClock
) -> None:
    file = office.file(office.row("1"))
    tried = office.tried(file)
    chore = ForgetStagedFiles(clock)
    with hub.core.db.read() as scope:
        assert not chore.is_due(scope)
        kept = scope.scalar(scope.select(staged_files.c.data))
    assert "髙橋".encode("cp932") in file
    assert "髙橋".encode("cp932") not in kept  # sealed
    clock.advance(timedelta(hours=1))
    assert office.confirm(tried, 404)["code"] == "not_found"
    with hub.core.db.read() as scope:
        assert chore.is_due(scope)
    hub.core.db.write(chore.run)
    with hub.core.db.read() as scope:
        assert scope.scalar(scope.select(staged_files.c.data)) is None
    assert [each["state"] for each in office.client.get(f"{STAFF}/imports").json()["items"]] == [
        "tried"
    ]


def test_a_card_comes_with_its_owner_and_is_nobody_elses(office: Any) -> None:
    columns = office.profile["columns"] | {"card": ["職名"], "mail": ["カナ"]}
    office.set_profile(columns={k: v for k, v in columns.items() if k not in ("post", "name_kana")})
    mail = "hanako@example.jp"
    row = office.row("1", 職名="01:23 45-67 89ab cdef", カナ=mail)
    assert office.import_file(office.file(row)) == {"made": 1}
    hana = office.person_id("1")
    (card,) = office.client.get(f"/api/v1/cards?person_id={hana}").json()["items"]
    lookup = {"namespace": "felica", "identity": "0123456789ABCDEF"}
    assert office.client.post("/api/v1/cards/lookup", json=lookup).json()["id"] == card["id"]
    assert office.client.get(f"{STAFF}/people/{hana}").json()["contact"]["mail"] == mail
    assert office.import_file(office.file(row)) == {"unchanged": 1}
    other = office.row("2", 職名="0123456789ABCDEF", カナ="")
    assert _wrong(office.tried(office.file(other))) == [(2, "職名", "card_of_other")]
    new = [office.row(each, 職名="AA", カナ="") for each in "34"]
    assert _wrong(office.tried(office.file(*new))) == [(3, "職名", "card_twice")]
    odd = office.row("5", 職名="XYZ", カナ="no address")
    assert _wrong(office.tried(office.file(odd))) == [
        (2, "職名", "bad_card"),
        (2, "カナ", "bad_mail"),
    ]


def test_somebody_who_left_before_the_file_holds_is_not_taken_up(office: Any) -> None:
    gone = office.row("1", 退職日="2026-03-31")
    assert office.import_file(office.file(gone)) == {"past": 1}
    assert office.client.get("/api/v1/people").json()["items"] == []


def test_a_file_that_contradicts_what_is_known_is_refused(office: Any) -> None:
    office.import_file(office.file(office.row("1", 退職日="2026-03-31")), on="2025-04-01")
    back = office.row("1", 発令日="2026-03-01", 職名="嘱託")
    assert _wrong(office.tried(office.file(back))) == [(2, "発令日", "overlaps")]
    later = office.row("1", 発令日="2026-04-01", 職名="嘱託")
    assert office.import_file(office.file(later)) == {"changed": 1}


def test_a_profile_that_could_tell_nobody_is_refused(office: Any) -> None:
    body = office.profile | {"name": "別", "columns": {"name": ["氏名"]}, "kinds": {"正規": "king"}}
    answer = office.client.post(f"{STAFF}/profiles", json=body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [
        "body.columns.staff_number",
        "body.columns.kind",
        "body.columns.department_code",
        "body.make_departments",
        "body.kinds",
    ]


def test_a_file_without_a_header_names_columns_by_number_and_uses_constants(office: Any) -> None:
    office.set_profile(
        header_row=0,
        columns={"staff_number": ["1"], "name": ["2", "3"], "heads": ["4"]},
        constants={"department_code": "0101", "department_name": "総務課", "kind": "正規職員"},
        number_width=5,
    )
    data = "27,山田,花子,○\r\n28,鈴木,一郎,\r\n合計,2\r\n\r\n".encode()
    tried = office.tried(data)
    assert (tried["encoding"], tried["skipped"]) == ("utf-8", 2)
    office.confirm(tried)
    found = office.client.get(f"{STAFF}?on=2026-04-01").json()["items"]
    assert [(e["staff_number"], e["name"], e["employment"]["heads"]) for e in found] == [
        ("00027", "山田 花子", True),
        ("00028", "鈴木 一郎", False),
    ]
