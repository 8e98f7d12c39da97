"""Dates and times as people and their systems write them in Japan. Pure.

Full-width digits and signs are read as their half-width ones (NFKC). A time of 24:00 or later, up
to 47:59, is of the next day, as timetables write it. Years of an era go on counting after its end:
systems that were never changed write 平成 33 年 for 2021.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2199

_ERAS: Final = {
    **dict.fromkeys(("令和", "令", "R"), 2018),
    **dict.fromkeys(("平成", "平", "H"), 1988),
    **dict.fromkeys(("昭和", "昭", "S"), 1925),
}
"""The year before the first of each era."""
_ERA: Final = r"(?P<era>令和|平成|昭和|[令平昭RHS])"
_WEEKDAY: Final = r"(?:\s*[(\[]?[月火水木金土日](?:曜日?|・?祝)?[)\]]?)?"
_DATES: Final = tuple(
    re.compile(pattern + _WEEKDAY, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
        _ERA + r"\s*(?P<of>\d{1,2}|元)\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]"
        r"\s*(?P<day>\d{1,2})\s*日?",
    )
)
_TIME: Final = re.compile(
    r"(?P<half>午前|午後|AM|PM)?\s*(?P<hour>\d{1,2})"
    r"(?:\s*[:時]\s*(?:(?P<minute>\d{1,2})\s*分?|(?P<thirty>半))?(?:[:]\s*(?P<second>\d{1,2})(?:\.0+)?)?)"
    r"\s*(?P<after>AM|PM)?",
    re.IGNORECASE,
)
_PLAIN: Final = re.compile(r"(?P<hour>\d\d)(?P<minute>\d\d)")
_RANGE: Final = re.compile(r"\s*(?:~|〜|～|-|–|―|から|→)\s*")


class BadDateError(ValueError):
    """A text is no date, no time, or none that there is."""


def plain(text: str) -> str:
    """Give a text in its ordinary width, without blanks around it."""
    return unicodedata.normalize("NFKC", text).strip()


def read_date(text: str, first_year: int = FIRST_YEAR) -> date:
    """Read a date: `2026/4/1`, `20260401`, `2026年4月1日(水)`, `令和8年4月1日`, `R8.4.1`, and the
    like; raise `BadDateError`, also for one before `first_year`."""
    given = plain(text)
    for pattern in _DATES:
        found = pattern.fullmatch(given)
        if found:
            return _date(found, first_year)
    raise BadDateError(f"{len(given)} characters are no date")


def _date(found: re.Match[str], first_year: int) -> date:
    groups = found.groupdict()
    if groups.get("era"):
        era = groups["era"].upper()
        year = _ERAS[era] + (1 if groups["of"] == "元" else int(groups["of"]))
    else:
        year = int(groups["year"])
    if not first_year <= year <= LAST_YEAR:
        raise BadDateError(f"the year lies outside {first_year} to {LAST_YEAR}")
    try:
        return date(year, int(groups["month"]), int(groups["day"]))
    except ValueError as error:
        raise BadDateError("there is no such day") from error


def read_time(text: str) -> timedelta:
    """Read a time of day as minutes since midnight: `18:30`, `18時30分`, `18時半`, `1830`,
    `午後6時30分`, `24:00`, `25:00`; raise `BadDateError`. Seconds are read only where they are 0:
    none is ever cut off."""
    given = plain(text)
    found = _TIME.fullmatch(given) or _PLAIN.fullmatch(given)
    if found is None:
        raise BadDateError(f"{len(given)} characters are no time")
    groups = found.groupdict()
    hour = int(groups["hour"])
    minute = 30 if groups.get("thirty") else int(groups.get("minute") or 0)
    half = (groups.get("half") or groups.get("after") or "").upper()
    if half:
        if hour > 12:
            raise BadDateError("the hour of half a day is at most 12")
        hour = hour % 12 + (12 if half in ("午後", "PM") else 0)
    if hour > 47 or minute > 59:
        raise BadDateError("there is no such time")
    if int(groups.get("second") or 0):
        raise BadDateError("a booking begins on a full minute")
    return timedelta(hours=hour, minutes=minute)


def read_day(text: str, first_year: int = FIRST_YEAR) -> date:
    """Read a date, also where a spreadsheet wrote midnight behind it: `2026/04/01 0:00`; raise
    `BadDateError`."""
    try:
        return read_date(text, first_year)
    except BadDateError:
        day, rest = read_moment(text, first_year)
        if rest:
            raise BadDateError("a time stands behind the date") from None
        return day


def read_range(text: str) -> tuple[str, str]:
    """Part `18:30～20:00` into its two times; raise `BadDateError`."""
    parts = _RANGE.split(plain(text))
    if len(parts) != 2:
        raise BadDateError("no span of time")
    return parts[0], parts[1]


def read_moment(text: str, first_year: int = FIRST_YEAR) -> tuple[date, timedelta]:
    """Read date and time from one text: `2026/4/1 18:30`, `2026-04-01T18:30`,
    `令和8年4月1日 18時30分`; raise `BadDateError`."""
    given = plain(text)
    for cut in range(len(given) - 1, 0, -1):
        head, tail = given[:cut].rstrip(), given[cut:].lstrip()
        head = head.removesuffix("T")
        if len(head) == len(given[:cut]) and given[cut - 1].isdigit() and given[cut].isdigit():
            continue  # never within a number
        try:
            return read_date(head, first_year), read_time(tail)
        except BadDateError:
            continue
    raise BadDateError("no date with a time")


def instant(day: date, minutes: timedelta, zone: ZoneInfo) -> datetime:
    """Give the instant of a local time; raise `BadDateError` for one that the clocks leave out. Of
    one that comes twice the first counts."""
    days, rest = divmod(minutes, timedelta(days=1))
    midnight = datetime.combine(day + timedelta(days=days), datetime.min.time())
    local = (midnight + rest).replace(tzinfo=zone)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise BadDateError("the clocks leave that time out")
    return found
