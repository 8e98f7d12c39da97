"""和暦 on forms, sheets and prints."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.catalogue import Language, Translator
from hub.pages.words import Words
from hub.tabular.dates import read_day
from hub.tabular.eras import era_day, era_day_and_year, era_month


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 12, 31), "令和元年12月31日"),
        (date(2020, 1, 1), "令和2年1月1日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1926, 12, 24), "1926年12月24日"),
    ],
)
def test_an_era_begins_with_its_first_day_as_its_first_year(day: date, text: str) -> None:
    assert era_day(day) == text


def test_a_month_is_of_the_era_of_its_first_day_and_tells_the_calendars_year() -> None:
    assert era_month(date(2026, 11, 1)) == "令和8年11月（2026年11月）"
    assert era_month(date(2019, 5, 1)) == "令和元年5月（2019年5月）"
    assert era_month(date(2019, 4, 1)) == "平成31年4月（2019年4月）"
    assert era_month(date(1900, 1, 1)) == "1900年1月"
    assert era_day_and_year(date(2019, 4, 30)) == "平成31年4月30日（2019年）"
    assert era_day_and_year(date(1900, 1, 2)) == "1900年1月2日"


@given(st.dates(date(2000, 1, 1), date(2117, 12, 31)))
def test_what_is_written_is_read_as_the_same_date(day: date) -> None:
    """As far as an era is counted in two digits."""
    assert read_day(era_day(day)) == day


@pytest.mark.parametrize(
    ("language", "month", "day", "below"),
    [
        (
            Language.JA,
            "令和8年11月（2026年11月）",
            "令和8年11月20日（2026年）",
            "令和8年11月20日（金）",
        ),
        (Language.EN, "November 2026", "20 November 2026", "Fri 20 November"),
    ],
)
def test_forms_carry_the_era_in_japanese_and_none_in_english(
    language: Language, month: str, day: str, below: str
) -> None:
    words = Words(Translator(language), ZoneInfo("Asia/Tokyo"), datetime(2026, 4, 6, tzinfo=UTC))
    friday = date(2026, 11, 20)
    shown = (
        words.form_month(friday.replace(day=1)),
        words.form_day(friday),
        words.sheet_day(friday),
    )
    assert shown == (month, day, below)
