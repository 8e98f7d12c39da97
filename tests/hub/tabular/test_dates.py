"""Dates and times as people write them; whatever is read is a time that there is."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.tabular.dates import (
    BadDateError,
    instant,
    read_date,
    read_moment,
    read_range,
    read_time,
)

TOKYO = ZoneInfo("Asia/Tokyo")
WIDE = str.maketrans("0123456789/:.-", "０１２３４５６７８９／：．－")
DAYS = st.dates(date(2000, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "2026/4/1", "2026-04-01", "2026.4.1", "20260401", "2026年4月1日", "2026年4月1日(水)",
        "2026年04月01日（水曜日）", "２０２６／４／１", "令和8年4月1日", "令和８年４月１日（水）",
        "R8.4.1", "r8/4/1", "R08-04-01", "令8.4.1", "平成38年4月1日", "H38.4.1", "2026/4/1 ",
    ],
)  # fmt: skip
def test_every_usual_way_to_write_a_day(text: str) -> None:
    assert read_date(text) == date(2026, 4, 1)


def test_the_first_year_of_an_era_and_leap_days() -> None:
    assert read_date("令和元年5月1日") == date(2019, 5, 1)
    assert read_date("平成31年4月30日") == date(2019, 4, 30)
    assert read_date("令和10年2月29日") == date(2028, 2, 29)
    assert read_date("昭和99年1月1日") == date(2024, 1, 1)


@pytest.mark.parametrize(
    "text",
    ["", "2026/2/29", "2026/13/1", "4/1", "令和8年4月", "1999/12/31", "2200/1/1", "昭和64年1月7日",
     "0001-01-01", "9999-12-31", "2026/4/1/2", "あす", "2026/4/1 18:30", "20260431", "明治1.1.1"],
)  # fmt: skip
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(BadDateError):
        read_date(text)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("18:30", 1110), ("１８時３０分", 1110), ("18時半", 1110), ("18時", 1080), ("1830", 1110),
        ("午後6時30分", 1110), ("午前0:05", 5), ("6:30 PM", 1110), ("12:00 AM", 0),
        ("18:30:00", 1110), ("0:00", 0), ("24:00", 1440), ("25:30", 1530), ("9:5", 545),
        (" 18：30 ", 1110), ("47:59", 2879), ("PM12:10", 730),
    ],
)  # fmt: skip
def test_every_usual_way_to_write_a_time(text: str, minutes: int) -> None:
    assert read_time(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text",
    ["", "18:60", "48:00", "18:30:15", "午後13:00", "18", "18:30-20:00", "正午", "183", "-1:00"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """Seconds as well: a minute is never cut off."""
    with pytest.raises(BadDateError):
        read_time(text)


@pytest.mark.parametrize(
    "text",
    ["2026/4/1 18:30", "2026-04-01T18:30", "2026年4月1日 18時30分", "令和8年4月1日18時30分",
     "R8.4.1　１８：３０", "20260401 1830", "2026/4/1(水) 18:30:00", "2026/4/1 午後6:30"],
)  # fmt: skip
def test_day_and_time_in_one_cell(text: str) -> None:
    assert read_moment(text) == (date(2026, 4, 1), timedelta(hours=18, minutes=30))


@pytest.mark.parametrize(
    "text", ["18:30～20:00", "18:30-20:00", "18:30 〜 20:00", "18時30分から20:00"]
)
def test_a_span_has_two_times(text: str) -> None:
    start, end = read_range(text)
    assert (read_time(start), read_time(end)) == (
        timedelta(hours=18, minutes=30),
        timedelta(hours=20),
    )


def test_an_hour_after_midnight_is_of_the_next_day() -> None:
    assert instant(date(2026, 12, 31), read_time("24:00"), TOKYO) == datetime(
        2026, 12, 31, 15, tzinfo=UTC
    )
    assert instant(date(2028, 2, 28), read_time("25:00"), TOKYO) == datetime(
        2028, 2, 28, 16, tzinfo=UTC
    )


def test_a_time_that_the_clocks_leave_out_is_refused_and_of_two_the_first_counts() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    with pytest.raises(BadDateError):
        instant(date(2026, 3, 29), timedelta(hours=2, minutes=30), berlin)
    assert instant(date(2026, 10, 25), timedelta(hours=2, minutes=30), berlin) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


@given(DAYS, st.sampled_from(["{y}/{m}/{d}", "{y}年{m}月{d}日", "{y}-{m:02}-{d:02}",
                              "R{e}.{m}.{d}", "令和{e}年{m}月{d}日", "{y}{m:02}{d:02}"]),
       st.booleans())  # fmt: skip
def test_a_day_written_any_way_is_read_as_it_was(day: date, form: str, wide: bool) -> None:
    if "{e}" in form and not 2019 <= day.year <= 2117:
        day = day.replace(year=2028)
    text = form.format(y=day.year, m=day.month, d=day.day, e=day.year - 2018)
    assert read_date(text.translate(WIDE) if wide else text) == day


@given(st.text(max_size=24))
def test_no_text_brings_anything_but_an_answer_or_its_one_error(text: str) -> None:
    for read in (read_date, read_time, read_moment, read_range):
        try:
            found = read(text)
        except BadDateError:
            continue
        if read is read_date:
            assert isinstance(found, date)
            assert 2000 <= found.year <= 2199
        assert unicodedata.normalize("NFKC", text).strip()
