"""Bytes to rows: whatever an independent writer wrote comes back, and nothing is guessed."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.csv_bookings.mapping import Frame, RowError, understand
from hub.csv_bookings.profile import Field, Shape
from hub.csv_bookings.reading import Row, read_table
from hub.tabular.cells import CELL_MAX
from hub.tabular.encodings import Encoding, UnreadableFileError, decode

TOKYO = ZoneInfo("Asia/Tokyo")
SHAPE = Shape(
    columns={
        Field.KEY: ("番号",),
        Field.FACILITY: ("館",),
        Field.DATE: ("日",),
        Field.START: ("始",),
        Field.END: ("終",),
        Field.NAME: ("名",),
        Field.PURPOSE: ("目的",),
    },
    facilities={"体育館": "hall"},
)
HEAD = ["番号", "館", "日", "始", "終", "名", "目的"]
FRAME = Frame(SHAPE, TOKYO, {})
WORD = st.text(
    st.characters(codec="cp932", exclude_categories=("Cc", "Cs", "Zs"), exclude_characters="\x7f"),
    min_size=1,
    max_size=12,
)
TEXT = st.lists(WORD, max_size=3).map(" ".join)
QUOTED = st.lists(WORD | st.sampled_from(["\n", '"', ",", "\r\n"]), max_size=5).map(" ".join)


def written(rows: list[list[str]], encoding: str) -> bytes:
    out = StringIO()
    csv.writer(out).writerows([HEAD, *rows])
    return out.getvalue().encode(encoding)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**9),
            st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001  # local
            st.integers(1, 20 * 60),
            TEXT,
            QUOTED,
        ),
        max_size=8,
    ),
    st.sampled_from(["cp932", "utf-8", "utf-8-sig"]),
)
def test_what_a_writer_of_csv_wrote_is_what_is_read(rows, encoding) -> None:  # type: ignore[no-untyped-def]
    """Dates in the town's zone, names with any character of the encoding, line ends in quotes."""
    table = []
    for number, at, minutes, name, purpose in rows:
        start = at.replace(second=0, microsecond=0)
        hours, rest = divmod(start.hour * 60 + start.minute + minutes, 60)
        end = f"{hours}:{rest:02}"
        table.append(
            [f"k{number}", "体育館", f"{start:%Y/%m/%d}", f"{start:%H:%M}", end, name, purpose]
        )
    decoded = decode(written(table, encoding))
    read = read_table(decoded.text, SHAPE, 100)
    assert len(read.rows) == len(rows)
    for row, (number, at, minutes, name, purpose) in zip(read.rows, rows, strict=True):
        line = understand(row, FRAME)
        start = at.replace(second=0, microsecond=0, tzinfo=TOKYO).astimezone(UTC)
        assert line.key == f"k{number}"
        assert line.wish.starts_at == start
        assert line.wish.ends_at == start + timedelta(minutes=minutes)
        assert line.wish.contact is not None
        assert line.wish.contact.name == _as_written(name, encoding)
        assert line.wish.purpose == _as_written(purpose, encoding)
        assert line.wish.facility_id == "hall"


def _as_written(text: str, encoding: str) -> str:
    """A text as its bytes say it: CP932 has one code for ‖ and ∥."""
    said = text.encode("cp932").decode("cp932") if encoding == "cp932" else text
    return " ".join(said.split())


@given(st.binary(max_size=300), st.sampled_from(Encoding))
def test_no_bytes_bring_anything_but_rows_or_the_one_error(data: bytes, encoding: Encoding) -> None:
    shape = Shape(columns={Field.KEY: ("1",), Field.START: ("2",), Field.END: ("3",)},
                  header_row=0, facility="f")  # fmt: skip
    try:
        table = read_table(decode(data, encoding).text, shape, 100)
    except UnreadableFileError as error:
        assert error.row >= 1
        assert error.column >= 1
        return
    for row in table.rows:
        try:
            understand(row, Frame(shape, TOKYO, {}))
        except RowError:
            continue


def test_the_place_of_a_broken_byte_is_its_own() -> None:
    """Counted in characters, however many bytes each has; after a byte order mark as well."""
    good = "番号,名\r\nあ①髙,x\r\nい㈱".encode("cp932")
    with pytest.raises(UnreadableFileError) as told:
        decode(good + b"\x81\x20,y\r\n", Encoding.CP932)
    assert (told.value.code, told.value.row, told.value.column) == ("bad_bytes", 3, 3)
    with pytest.raises(UnreadableFileError) as told:
        decode(b"\xef\xbb\xbfab\n" + "漢".encode() + b"\xff")
    assert (told.value.row, told.value.column) == (2, 2)


def test_the_encoding_is_found_and_named() -> None:
    for encoding in ("cp932", "utf-8", "utf-8-sig"):
        assert decode("予約①".encode(encoding)).encoding == encoding
    assert decode(b"plain").encoding is Encoding.UTF_8
    with pytest.raises(UnreadableFileError, match="utf16"):
        decode("予約".encode("utf-16"))
    with pytest.raises(UnreadableFileError, match="nul at row 1, column 2"):
        decode(b"a\x00b")


def test_line_numbers_are_those_of_the_file_though_quotes_hold_line_ends() -> None:
    text = '番号,館,日,始,終,名,目的\r\n"a\r\nb",,,,,,\r\n\r\nc,,,,,,\r\n合計,2\r\n ,,\r\n'
    table = read_table(text, SHAPE, 10)
    assert [row.number for row in table.rows] == [2, 5]
    assert table.skipped == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('番号,館,日,始,終,名,目的\n"a', "bad_quotes"),
        ('番号,館,日,始,終,名,目的\n"a"b', "bad_quotes"),
        ("番号,館\na,b", "no_column"),
        ("", "no_header"),
        ("番号,館,日,始,終,名,目的\n" + "x" * (CELL_MAX + 1), "cell_too_long"),
        ("番号,館,日,始,終,名,目的\n" + "a\n" * 11, "too_many_rows"),
    ],
)
def test_a_file_of_another_form_is_refused_as_a_whole(text: str, code: str) -> None:
    with pytest.raises(UnreadableFileError, match=code):
        read_table(text, SHAPE, 10)


def row(**cells: str) -> Row:
    base = {"key": "1", "facility": "体育館", "date": "2026/4/1", "start": "9:00", "end": "10:00"}
    return Row(2, {Field(name): text for name, text in (base | cells).items()})


def test_a_span_in_one_column_and_date_with_time_in_one_cell() -> None:
    span = understand(row(start="", end="", span="18:30～20:00"), FRAME)
    assert span.wish.starts_at == datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
    both = understand(row(date="", start="2026/4/1 23:00", end="2026-04-02T01:00"), FRAME)
    assert both.wish.ends_at == datetime(2026, 4, 1, 16, tzinfo=UTC)
    dated = understand(row(date="2026/04/01 0:00"), FRAME)
    assert dated.wish.starts_at == datetime(2026, 4, 1, tzinfo=UTC)
    over = understand(row(end_date="2026/4/3"), FRAME)
    assert over.wish.ends_at == datetime(2026, 4, 3, 1, tzinfo=UTC)
    with pytest.raises(RowError, match="no_date"):
        understand(row(date=""), FRAME)


def test_a_key_with_other_signs_is_named_by_its_hash_always_the_same() -> None:
    one, two = understand(row(key="予約 第１号"), FRAME), understand(row(key="予約 第1号"), FRAME)
    assert one.key == two.key
    assert one.key.startswith("~")
    assert understand(row(key="Ａ-１２"), FRAME).key == "A-12"


def test_the_digest_changes_with_whatever_is_wanted_and_with_nothing_else() -> None:
    same = understand(row(date="令和8年4月1日", start="９時"), FRAME)
    assert same.digest == understand(row(), FRAME).digest
    for changed in ({"end": "10:30"}, {"key": "2"}, {"date": "2026/4/2"}):
        assert understand(row(**changed), FRAME).digest != same.digest
