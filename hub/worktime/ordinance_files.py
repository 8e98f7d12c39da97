"""Reading ordinances: what is shipped, and the town's own folder. The one module here that reads
files; the rest takes what it gives.

What the types cannot say is checked here, so that an ordinance that loads can be reckoned by.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec

from hub.worktime.domain import CapType, PayClass
from hub.worktime.minutes import DAY_MIN
from hub.worktime.ordinance import ADD_ONS, Cap, Day, Kind, Ordinance, Ordinances, Pay

__all__ = ["OrdinanceError", "Ordinances", "load_ordinances", "parse_ordinance", "problems"]

_PLACE: Final = re.compile(r"`\$\.?([^`]*)`")
_FIELD: Final = re.compile(r"(?:missing required|unknown) field `([^`]+)`")
_KIND_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")

_WHOLE: Final = "(the file)"
_ENTRIES: Final[tuple[tuple[str, type[msgspec.Struct]], ...]] = (
    ("pay", Pay),
    ("kinds", Kind),
    ("caps", Cap),
)

Problem = tuple[str, str]
"""A key of the file, and what to write there."""


class OrdinanceError(Exception):
    """An ordinance cannot be used: which file, which key of it, what is wrong and what to write."""

    def __init__(self, file: str, key: str, remedy: str) -> None:
        self.file = file
        self.key = key
        self.remedy = remedy
        super().__init__(f"{file}: {key}: {remedy}")


def load_ordinances(folder: Path | None = None) -> Ordinances:
    """Give the town's own versions (every `*.toml` of `folder`) and the shipped ones for the time
    before the first of its own. Raises `OrdinanceError` naming file, key and remedy."""
    shipped = [
        parse_ordinance(file.read_text(encoding="utf-8"), file.name)
        for file in sorted(
            resources.files("hub.worktime").joinpath("ordinances").iterdir(), key=lambda f: f.name
        )
        if file.name.endswith(".toml")
    ]
    own = _own(folder) if folder is not None else []
    first = min((version.since for version in own), default=None)
    return Ordinances([*own, *(one for one in shipped if first is None or one.since < first)])


def _own(folder: Path) -> list[Ordinance]:
    if not folder.is_dir():
        raise OrdinanceError(str(folder), "(the folder)", "there is no such folder: make it")
    found: dict[date, tuple[str, Ordinance]] = {}
    for path in sorted(folder.glob("*.toml")):
        version = parse_ordinance(_text_of(path), path.name)
        if version.since in found:
            other, _ = found[version.since]
            remedy = f"{other} begins on {version.since} already: give each its own first day"
            raise OrdinanceError(path.name, "from", remedy)
        found[version.since] = (path.name, version)
    return [version for _, version in found.values()]


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise OrdinanceError(path.name, _WHOLE, "save it as UTF-8") from error
    except OSError as error:
        raise OrdinanceError(path.name, _WHOLE, f"cannot be read: {error}") from error


def parse_ordinance(text: str, file: str) -> Ordinance:
    """Read an ordinance's TOML; raise `OrdinanceError` naming file, key and remedy."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OrdinanceError(file, _WHOLE, f"not TOML: {error}") from error
    try:
        ordinance = msgspec.convert(table, Ordinance)
    except msgspec.ValidationError as error:
        named = _entry_problem(table) or _key_and_remedy(str(error))
        raise OrdinanceError(file, *named) from error
    for key, remedy in problems(ordinance):
        raise OrdinanceError(file, key, remedy)
    return ordinance


def _entry_problem(table: Mapping[str, Any]) -> Problem | None:
    """Look for the entry of `pay`, `kinds` or `caps` that is wrong: a conversion error of the whole
    does not name it."""
    for name, kind in _ENTRIES:
        entries = table.get(name)
        for code, entry in entries.items() if isinstance(entries, dict) else ():
            try:
                msgspec.convert(entry, kind)
            except msgspec.ValidationError as error:
                key, remedy = _key_and_remedy(str(error))
                inner = "" if key == _WHOLE else f".{key}"
                return f"{name}.{code}{inner}", remedy
    return None


def _key_and_remedy(message: str) -> Problem:
    """Take the key out of a conversion error: a field it names, at the place it gives."""
    remedy, _, place = message.partition(" - at ")
    at, field = _PLACE.search(place), _FIELD.search(remedy)
    key = ".".join(part for part in (at and at[1], field and field[1]) if part)
    return key or _WHOLE, remedy


def problems(ordinance: Ordinance) -> Iterator[Problem]:
    """Give what the types cannot say, in the order of the file."""
    yield from _day_problems(ordinance.day)
    rounding = ordinance.rounding
    if rounding.up_from_min > rounding.unit_min:
        yield "rounding.up_from_min", f"write at most unit_min, {rounding.unit_min}"
    statutory = ordinance.statutory
    if not 0 < statutory.day_min <= min(DAY_MIN, statutory.week_min):
        yield "statutory.day_min", f"write 1 to {DAY_MIN}, and no more than week_min"
    yield from _pay_problems(ordinance)
    if not ordinance.kinds:
        yield "kinds", "name at least one kind of employment"
    for code in ordinance.kinds:
        if not _KIND_CODE.fullmatch(code):
            yield f"kinds.{code}", "write a-z, 0-9 and _, at most 40, a letter first"
    for name, cap in ordinance.caps.items():
        if name not in set(CapType):
            known = " and ".join(kind.value for kind in CapType)
            yield f"caps.{name}", f"the kinds of departments are {known}"
        yield from _cap_problems(f"caps.{name}", cap)


def _day_problems(day: Day) -> Iterator[Problem]:
    if not day.starts_min < day.ends_min:
        yield "day.ends_min", f"write more than starts_min, {day.starts_min}"
    elif day.starts_min >= DAY_MIN:
        yield "day.starts_min", f"write less than {DAY_MIN}"
    elif not day.starts_min <= day.break_from_min <= day.break_to_min <= day.ends_min:
        yield "day.break_from_min", "the break lies within starts_min and ends_min, and in order"
    else:
        regular = day.ends_min - day.starts_min - (day.break_to_min - day.break_from_min)
        if day.full_day_min != regular:
            yield "day.full_day_min", f"write {regular}: what starts, ends and break leave"
        elif not day.full_day_min <= day.full_week_min <= 7 * day.full_day_min:
            yield "day.full_week_min", f"write {day.full_day_min} to {7 * day.full_day_min}"
    if day.night_from_min >= DAY_MIN:
        yield "day.night_from_min", f"write a minute of the day, less than {DAY_MIN}"
    elif (day.night_to_min - day.night_from_min) % DAY_MIN == 0 or (
        day.night_to_min > day.night_from_min + DAY_MIN
    ):
        yield "day.night_to_min", "the band ends within a day of night_from_min"


def _pay_problems(ordinance: Ordinance) -> Iterator[Problem]:
    for pay_class in PayClass:
        key = f"pay.{pay_class.value}"
        pay = ordinance.pay.get(pay_class)
        if pay is None:
            yield key, "add this table with day_percent and night_percent"
        elif pay_class in ADD_ONS:
            yield from _add_on_problems(key, pay)
        else:
            yield from _rate_problems(key, pay, ordinance.pay)


def _add_on_problems(key: str, pay: Pay) -> Iterator[Problem]:
    for name in ("counts_60h", "counts_cap_month", "counts_cap_average"):
        if getattr(pay, name):
            yield f"{key}.{name}", "write false: an add-on's minutes are regular work"
    if pay.night_percent != pay.day_percent:
        yield f"{key}.night_percent", f"write {pay.day_percent}: an add-on has no night"


def _rate_problems(key: str, pay: Pay, rates: Mapping[PayClass, Pay]) -> Iterator[Problem]:
    if pay.night_percent < pay.day_percent:
        yield f"{key}.night_percent", f"write at least day_percent, {pay.day_percent}"
    beyond = rates.get(PayClass.OVER_60)
    if pay.counts_60h and beyond is not None:
        for name in ("day_percent", "night_percent"):
            least = getattr(pay, name)
            if getattr(beyond, name) < least:
                remedy = f"write at least {least}, the rate of {key}, whose minutes turn into it"
                yield f"pay.over_60.{name}", remedy


def _cap_problems(key: str, cap: Cap) -> Iterator[Problem]:
    if cap.month_below and cap.month_min is None:
        yield f"{key}.month_min", "add it, or leave month_below out"
    if (cap.average_min is None) != (not cap.average_months):
        yield f"{key}.average_min", "write both average_min and average_months, or neither"
    if list(cap.average_months) != sorted(set(cap.average_months) & set(range(2, 13))):
        yield f"{key}.average_months", "write numbers from 2 to 12 in order, each once"
    if (cap.months_above_min is None) != (cap.months_above_max is None):
        yield f"{key}.months_above_min", "write both it and months_above_max, or neither"
    if list(cap.alerts_min) != sorted(set(cap.alerts_min)):
        yield f"{key}.alerts_min", "write them in order, each once"
    if cap.month_min is not None and cap.year_min is not None and cap.year_min < cap.month_min:
        yield f"{key}.year_min", f"write at least month_min, {cap.month_min}"
