"""An ordinance that loads can be reckoned by; one that does not names file, key and remedy."""

from __future__ import annotations

import re
from datetime import date
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from hub.catalogue import Language, sentences
from hub.worktime.domain import (
    CapKind,
    CapLevel,
    CapType,
    DayKind,
    DayNote,
    ExplainedKind,
    PayClass,
    SwapKind,
    SwapPart,
)
from hub.worktime.ordinance import (
    Cap,
    Kind,
    KindUnknownError,
    NoOrdinanceError,
    Ordinance,
    Pay,
)
from hub.worktime.ordinance_files import OrdinanceError, load_ordinances, parse_ordinance
from hub.worktime.patterns import PatternProblem
from hub.worktime.swaps import SwapProblem
from hub.worktime.three_way import DivergenceKind

STANDARD = (
    resources.files("hub.worktime").joinpath("ordinances/standard.toml").read_text(encoding="utf-8")
)


def changed(*pairs: tuple[str, str]) -> str:
    """The shipped ordinance with some of its text replaced."""
    text = STANDARD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_the_shipped_one_has_every_class() -> None:
    """It begins on 1 April 2019, and nothing is in force before."""
    ordinances = load_ordinances(None)
    assert set(ordinances.at(date(2019, 4, 1)).pay) == set(PayClass)
    with pytest.raises(NoOrdinanceError, match="2019-03-31"):
        ordinances.at(date(2019, 3, 31))
    with pytest.raises(KindUnknownError, match=r"kinds\.mayor"):
        ordinances.kind_at("mayor", date(2026, 11, 1))


def test_a_towns_own_versions_follow_the_shipped_ones(tmp_path: Path) -> None:
    """Each holds from its first day until the next one begins, whatever the files are called."""
    for name, since, after in (("b.toml", "2024-04-01", 3_000), ("a.toml", "2026-11-16", 2_000)):
        text = changed(
            ("from = 2019-04-01", f"from = {since}"), ("after_min = 3600", f"after_min = {after}")
        )
        (tmp_path / name).write_text(text, encoding="utf-8")
    ordinances = load_ordinances(tmp_path)
    days = (date(2024, 3, 31), date(2024, 4, 1), date(2026, 11, 15), date(2026, 11, 16))
    assert [ordinances.at(day).sixty.after_min for day in days] == [3_600, 3_000, 3_000, 2_000]


def test_a_towns_own_from_the_beginning_leaves_nothing_shipped(tmp_path: Path) -> None:
    """A shipped version that begins later than the town's first is not mixed in."""
    text = changed(("from = 2019-04-01", "from = 2015-04-01"))
    (tmp_path / "town.toml").write_text(text, encoding="utf-8")
    assert len(load_ordinances(tmp_path).versions) == 1


def test_two_versions_from_the_same_day_are_refused(tmp_path: Path) -> None:
    """The second file is named, and the first in its remedy."""
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(STANDARD, encoding="utf-8")
    with pytest.raises(OrdinanceError, match=r"b\.toml: from: a\.toml begins on 2019-04-01"):
        load_ordinances(tmp_path)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A missing folder, another encoding, no TOML."""
    with pytest.raises(OrdinanceError, match="no such folder"):
        load_ordinances(tmp_path / "none")
    (tmp_path / "town.toml").write_bytes(STANDARD.encode("cp932", "replace"))
    with pytest.raises(OrdinanceError, match=r"town\.toml: \(the file\): save it as UTF-8"):
        load_ordinances(tmp_path)
    with pytest.raises(OrdinanceError, match="not TOML"):
        parse_ordinance("title =", "x.toml")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("unit_min = 60", "unit_mins = 60", "rounding.unit_mins"),
        ("unit_min = 60", "unit_min = 61", "rounding.unit_min"),
        ("up_from_min = 30", "up_from_min = 'half'", "rounding.up_from_min"),
        ("unit_min = 60", "unit_min = 15", "rounding.up_from_min"),
        ("from = 2019-04-01", "", "from"),
        ("from = 2019-04-01", "from = 'soon'", "from"),
        ("ends_min = 1035", "ends_min = 500", "day.ends_min"),
        ("ends_min = 1035", "ends_min = 1036", "day.full_day_min"),
        ("full_week_min = 2325", "full_week_min = 464", "day.full_week_min"),
        ("break_to_min = 780", "break_to_min = 1200", "day.break_from_min"),
        ("break_to_min = 780", "break_to_min = 700", "day.break_from_min"),
        ("night_from_min = 1320", "night_from_min = 1440", "day.night_from_min"),
        ("night_to_min = 300", "night_to_min = 1320", "day.night_to_min"),
        ("night_from_min = 1320", "night_from_min = 60", ""),
        ("night_to_min = 300", "night_to_min = 1740", ""),
        ("night_to_min = 300", "night_to_min = 2800", "day.night_to_min"),
        ("day_min = 480", "day_min = 0", "statutory.day_min"),
        (
            "[pay.short_time]\nday_percent = 100\n",
            "[pay.short_time]\n",
            "pay.short_time.day_percent",
        ),
        ("[pay.overtime]", "[pay.overtimes]", "pay"),
        ("night_percent = 150", "night_percent = 100", "pay.overtime.night_percent"),
        ("day_percent = 150", "day_percent = 130", "pay.over_60.day_percent"),
        ("night_percent = 175", "night_percent = 159", "pay.over_60.night_percent"),
        (
            "[pay.swap_excess]\nday_percent = 25\n",
            "[pay.swap_excess]\nday_percent = 30\n",
            "pay.swap_excess.night_percent",
        ),
        ("night_percent = 150", "night_percent = -1", "pay.overtime.night_percent"),
        ("alerts_min = [1800, 2400, 2700]", "alerts_min = 1800", "caps.ordinary.alerts_min"),
        ("[pay.swap_excess]", "[pay.swap_excess]\ncounts_60h = true", "pay.swap_excess.counts_60h"),
        ("[kinds.regular]", "[kinds.Regular]", "kinds.Regular"),
        ("[caps.ordinary]", "[caps.usual]", "caps.usual"),
        ("month_min = 6000\n", "", "caps.other_led.month_min"),
        ("average_min = 4800\n", "", "caps.other_led.average_min"),
        ("[2, 3, 4, 5, 6]", "[2, 3, 3]", "caps.other_led.average_months"),
        ("[2, 3, 4, 5, 6]", "[1, 2]", "caps.other_led.average_months"),
        ("months_above_max = 6\n", "", "caps.other_led.months_above_min"),
        ("[1800, 2400, 2700]", "[2400, 1800]", "caps.ordinary.alerts_min"),
        ("year_min = 21600", "year_min = 2699", "caps.ordinary.year_min"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(old: str, new: str, key: str) -> None:
    """A misspelt key, a value out of range, tables that contradict each other."""
    text = changed((old, new))
    if not key:
        parse_ordinance(text, "town.toml")
        return
    with pytest.raises(OrdinanceError) as refused:
        parse_ordinance(text, "town.toml")
    assert (refused.value.file, refused.value.key) == ("town.toml", key)
    assert refused.value.remedy


def test_a_class_or_kind_that_is_not_there_is_asked_for() -> None:
    """All pay classes have a table, and somebody is employed as something."""
    without_class = re.sub(r"\[pay\.night_regular\]\n.*\n.*\n", "", STANDARD)
    with pytest.raises(OrdinanceError, match=r"pay\.night_regular: add this table"):
        parse_ordinance(without_class, "town.toml")
    without_kinds = re.sub(r"\[kinds\.\w+\]\n(\w.*\n)+", "", STANDARD) + "\n[kinds]\n"
    with pytest.raises(OrdinanceError, match="at least one kind"):
        parse_ordinance(without_kinds, "town.toml")


@pytest.mark.parametrize(
    ("prefix", "members"),
    [
        ("pay", PayClass),
        ("day", DayKind),
        ("explained", ExplainedKind),
        ("swap", SwapKind),
        ("swap", SwapPart),
        ("swap_problem", SwapProblem),
        ("note", DayNote),
        ("cap", CapKind),
        ("cap", CapLevel),
        ("cap_type", CapType),
        ("divergence", DivergenceKind),
        ("pattern_problem", PatternProblem),
    ],
)
def test_each_member_has_its_sentence(prefix: str, members: object) -> None:
    """In every language."""
    for member in members:  # type: ignore[attr-defined]
        assert set(sentences()[f"worktime.{prefix}.{member.value}"]) == set(Language)


def _keys(table: type[msgspec.Struct], prefix: str = "") -> set[str]:
    """Every key of an ordinance, as docs/ordinances.md writes it."""
    found: set[str] = set()
    for field in msgspec.structs.fields(table):
        key = f"{prefix}{field.encode_name}"
        inner = {"pay": Pay, "kinds": Kind, "caps": Cap}.get(field.encode_name)
        if inner is not None:
            found |= _keys(inner, f"{key}.*.")
        elif isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found |= _keys(field.type, f"{key}.")
        else:
            found.add(key)
    return found


def test_the_page_tells_every_key_and_no_other() -> None:
    """docs/ordinances.md, the table."""
    page = (Path(__file__).parents[3] / "docs" / "ordinances.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert {key for row in rows for key in re.findall(r"`([^`]+)`", row)} == _keys(Ordinance)
