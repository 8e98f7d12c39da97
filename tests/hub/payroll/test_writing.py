"""Files as payroll systems take them, read again by pandas, who knows nothing of how we write."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import msgspec
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.payroll.fields import FIELDS
from hub.payroll.profile import (
    Column,
    FileEncoding,
    MinuteForm,
    Pad,
    Profile,
    Quoting,
    RowKind,
    wrong_with,
)
from hub.payroll.profile_files import ProfileError, parse_profile, shipped
from hub.payroll.writing import UnwritableError, write_file
from tests.hub.payroll.samples import HANAKO, TAKAHASHI, day, month

NUMBER = Column(title="職員番号", field="staff_number", pad=Pad.ZERO, width=8)
NAME = Column(title="氏名", field="name")
OVERTIME = Column(title="時間外", field="raw:overtime")
BLANK = Column(title="予備")


def profile(*columns: Column, **changed: object) -> Profile:
    """A profile with these columns."""
    values = {"title": "試験", "rows": RowKind.MONTH, "columns": columns} | changed
    return Profile(**values)  # type: ignore[arg-type]


def read_again(data: bytes, encoding: str, **how: object) -> pd.DataFrame:
    """Let pandas read a file, every cell as the text that stands there."""
    return pd.read_csv(io.BytesIO(data), encoding=encoding, dtype=str, na_filter=False, **how)


def test_a_file_in_cp932_is_what_pandas_reads_from_it():
    data = write_file(profile(NUMBER, NAME, OVERTIME, BLANK), [month(), month(TAKAHASHI)])
    frame = read_again(data, "cp932")
    assert list(frame.columns) == ["職員番号", "氏名", "時間外", "予備"]
    assert frame["職員番号"].tolist() == ["00001234", "00000077"]
    assert frame["氏名"].tolist() == ["山田 花子", "髙橋 一郎"]
    assert frame["時間外"].tolist() == ["10:25", "10:25"]
    assert frame["予備"].tolist() == ["", ""]
    assert data.count(b"\r\n") == 3
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_a_character_that_cp932_lacks_stops_the_file_and_is_named_with_row_and_column():
    odd = replace(TAKAHASHI, name="𠮷田 一郎")
    with pytest.raises(UnwritableError) as stopped:
        write_file(profile(NUMBER, NAME), [month(), month(odd)])
    (cell,) = stopped.value.cells
    assert (cell.row, cell.column, cell.title) == (3, 2, "氏名")
    assert (cell.code, cell.character, cell.staff_number) == ("no_such_character", "𠮷", "77")


def test_every_cell_that_stops_a_file_is_named_not_the_first_alone():
    odd = replace(HANAKO, name="𠮷", department_name="𩸽課")
    columns = (NAME, Column(title="所属", field="department_name"))
    with pytest.raises(UnwritableError) as stopped:
        write_file(profile(*columns), [month(odd), month(odd)])
    assert [(c.row, c.column) for c in stopped.value.cells] == [(2, 1), (2, 2), (3, 1), (3, 2)]


def test_the_same_characters_go_into_utf_8():
    odd = replace(HANAKO, name="𠮷田 鷗外")
    data = write_file(profile(NAME, encoding=FileEncoding.UTF_8_SIG), [month(odd)])
    assert data.startswith(b"\xef\xbb\xbf")
    assert read_again(data, "utf-8-sig")["氏名"].tolist() == ["𠮷田 鷗外"]
    bare = write_file(profile(NAME, encoding=FileEncoding.UTF_8), [month(odd)])
    assert not bare.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (MinuteForm.BASE_60, "10:25"),
        (MinuteForm.BASE_60_PLAIN, "1025"),
        (MinuteForm.DECIMAL, "10.42"),
        (MinuteForm.MINUTES, "625"),
    ],
)
def test_durations_are_written_in_the_form_that_is_asked_for(form: MinuteForm, text: str):
    column = Column(title="時間", field="raw:overtime", minutes=form)
    assert read_again(write_file(profile(column), [month()]), "cp932")["時間"].tolist() == [text]


def test_minutes_that_make_no_whole_hour_are_refused_as_hours_and_never_cut_off():
    column = Column(title="時間", field="raw:overtime", minutes=MinuteForm.HOURS)
    with pytest.raises(UnwritableError) as stopped:
        write_file(profile(column), [month()])
    assert stopped.value.cells[0].code == "no_whole_hours"
    paid = Column(title="時間", field="paid:overtime", minutes=MinuteForm.HOURS)
    assert read_again(write_file(profile(paid), [month()]), "cp932")["時間"].tolist() == ["10"]


def test_half_past_one_of_the_next_morning_is_25_30():
    columns = (Column(title="出", field="first_in"), Column(title="退", field="last_out"))
    data = write_file(profile(*columns, rows=RowKind.DAY), [month()])
    frame = read_again(data, "cp932")
    assert frame["出"].tolist() == ["08:30", "08:30"]
    assert frame["退"].tolist() == ["25:30", ""]


def test_a_cell_that_is_too_wide_is_refused():
    column = Column(title="氏名", field="name", width=3)
    with pytest.raises(UnwritableError) as stopped:
        write_file(profile(column), [month()])
    assert stopped.value.cells[0].code == "too_wide"


def test_what_would_need_quotes_is_refused_where_there_are_none():
    odd = replace(HANAKO, post="主任,係長")
    column = Column(title="職", field="post")
    with pytest.raises(UnwritableError) as stopped:
        write_file(profile(column, quoting=Quoting.NONE), [month(odd)])
    assert stopped.value.cells[0].code == "needs_quotes"
    quoted = write_file(profile(column), [month(odd)])
    assert read_again(quoted, "cp932")["職"].tolist() == ["主任,係長"]


def test_without_a_header_the_first_row_is_a_person():
    data = write_file(profile(NUMBER, header=False), [month()])
    assert data == b"00001234\r\n"


def test_rows_without_any_minute_can_be_left_out():
    idle = day(7, first_in_min=None, last_out_min=None, minutes={})
    columns = (Column(title="日", field="work_date"), Column(title="時間外", field="raw:overtime"))
    kept = profile(*columns, rows=RowKind.DAY, skip_empty=True)
    data = write_file(kept, [month(days=(day(5), idle))])
    assert read_again(data, "cp932")["日"].tolist() == ["2026/11/05"]


def test_the_class_rows_carry_what_later_data_changed():
    frame = read_again(write_file(shipped()["class-lines"], [month()]), "cp932")
    night = frame[frame["区分"] == "102"].iloc[0]
    assert (night["率"], night["実績（分）"]) == ("150", "30")
    assert (night["支給（時間）"], night["遡及（分）"]) == ("1", "-15")


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_profile_writes_a_file_that_pandas_reads(name: str):
    chosen = shipped()[name]
    frame = read_again(write_file(chosen, [month(), month(TAKAHASHI)]), chosen.encoding.value)
    assert list(frame.columns) == [column.title for column in chosen.columns]
    assert len(frame) >= 2


def test_every_field_of_every_kind_of_row_can_be_written():
    for kind, units in FIELDS.items():
        columns = tuple(Column(title=code, field=code) for code in units)
        data = write_file(profile(*columns, rows=kind), [month()])
        assert list(read_again(data, "cp932").columns) == list(units)


TWINS = dict(zip("¢£¬‖−〜", "￠￡￢∥－～", strict=True))
"""Characters that have one place in CP932 together with their full-width twin."""
KEPT = st.characters(codec="cp932", exclude_characters=["\x00", *TWINS])


@pytest.mark.parametrize(("given_as", "twin"), TWINS.items())
def test_a_wave_dash_and_its_like_are_written_as_their_twin_in_cp932(given_as: str, twin: str):
    data = write_file(profile(Column(text=given_as), header=False), [month()])
    assert data.decode("cp932") == f"{twin}\r\n"


@given(
    texts=st.lists(st.text(KEPT, max_size=12), min_size=1, max_size=4),
    quoting=st.sampled_from([Quoting.ALL, Quoting.MINIMAL]),
    crlf=st.booleans(),
    delimiter=st.sampled_from([",", "\t", ";"]),
)
def test_whatever_cp932_holds_comes_back_as_it_was(
    texts: list[str], quoting: Quoting, crlf: bool, delimiter: str
):
    columns = tuple(Column(text=text) for text in texts)
    made = profile(*columns, header=False, quoting=quoting, crlf=crlf, delimiter=delimiter)
    text = write_file(made, [month()]).decode("cp932")
    (row,) = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert row == texts


def test_a_profile_with_an_unknown_field_says_which_column():
    found = wrong_with(profile(NUMBER, Column(title="?", field="shoe_size")), FIELDS)
    assert found == {"columns.1.field": "no field of a month row"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("title = 1", "title"),
        ('title = "a"\nrows = "month"\ncolumns = []', "columns"),
        ('title = "a"\nrows = "month"\n[[columns]]\nfeild = "name"', "columns[0].feild"),
        ('title = "a"\nrows = "month"\n[[columns]]\nfield = "shoe"', "columns.0.field"),
        ("title", "(the file)"),
    ],
)
def test_a_profile_file_that_is_wrong_names_file_and_key(text: str, key: str):
    with pytest.raises(ProfileError) as stopped:
        parse_profile(text, "town.toml")
    assert (stopped.value.file, stopped.value.key) == ("town.toml", key)


def test_a_profile_survives_being_stored():
    for chosen in shipped().values():
        assert msgspec.json.decode(msgspec.json.encode(chosen), type=Profile) == chosen
