"""Which dates a series of bookings falls on: a subset of RFC 5545 rules, over local times. Pure.

A rule is read over wall time in the facility's zone and only then turned into instants, so that
"every Tuesday at six" stays at six when the clocks change. A time that a change of clocks skips is
read with the offset before it (RFC 5545, 3.3.5), one that comes twice is the first of both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from dateutil import rrule as rr  # type: ignore[import-untyped]  # publishes no types

from hub.bookings.windows import BookedWindow

OCCURRENCES_MAX: Final = 200
LONGEST: Final = timedelta(days=3 * 366)
"""No series runs further: this also bounds what a rule that never matches costs."""
RULE_CHARS: Final = 400
_KNOWN: Final = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL", "WKST"}
_FREQ: Final = {"DAILY": rr.DAILY, "WEEKLY": rr.WEEKLY, "MONTHLY": rr.MONTHLY}
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BYDAY: Final = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL: Final = re.compile(r"(\d{8})(T\d{6}Z?)?")


class RuleError(ValueError):
    """A rule of repetition that is not one of ours; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Rule:
    """FREQ, INTERVAL, BYDAY as (ordinal or 0, weekday), BYMONTHDAY, and COUNT or UNTIL (local)."""

    freq: str
    interval: int = 1
    by_day: tuple[tuple[int, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    count: int | None = None
    until: datetime | None = None


def read_rule(text: str, zone: ZoneInfo) -> Rule:
    """Read an RRULE value such as `FREQ=WEEKLY;BYDAY=TU;COUNT=10`; raise `RuleError`."""
    if len(text) > RULE_CHARS or not text.isascii():
        raise RuleError("a rule is short and ASCII")
    parts: dict[str, str] = {}
    for part in text.removeprefix("RRULE:").rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name.upper() in parts:
            raise RuleError(f"{name or 'an empty part'}: write NAME=value, each once")
        parts[name.upper()] = value.upper()
    unknown = parts.keys() - _KNOWN
    if unknown:
        raise RuleError(f"{min(unknown)} is not supported")
    if parts.get("FREQ") not in _FREQ:
        raise RuleError("FREQ is DAILY, WEEKLY or MONTHLY")
    if parts.pop("WKST", "MO") != "MO":
        raise RuleError("weeks start on Monday: WKST=MO")
    rule = Rule(
        freq=parts["FREQ"],
        interval=_whole(parts.get("INTERVAL", "1"), "INTERVAL", 1, 400),
        by_day=_by_day(parts.get("BYDAY", "")),
        by_month_day=_by_month_day(parts.get("BYMONTHDAY", "")),
        count=_whole(parts["COUNT"], "COUNT", 1, OCCURRENCES_MAX) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"], zone) if "UNTIL" in parts else None,
    )
    if (rule.count is None) == (rule.until is None):
        raise RuleError("a series ends: give one of COUNT and UNTIL")
    if rule.freq != "MONTHLY" and any(ordinal for ordinal, _ in rule.by_day):
        raise RuleError("BYDAY with a number (2TU) goes with FREQ=MONTHLY")
    if rule.freq == "WEEKLY" and rule.by_month_day:
        raise RuleError("BYMONTHDAY does not go with FREQ=WEEKLY")
    return rule


def _whole(text: str, name: str, least: int, most: int) -> int:
    if not text.isdigit() or len(text) > 6 or not least <= int(text) <= most:
        raise RuleError(f"{name} is a number from {least} to {most}")
    return int(text)


def _by_day(text: str) -> tuple[tuple[int, int], ...]:
    found = []
    for each in text.split(",") if text else ():
        match = _BYDAY.fullmatch(each)
        if match is None:
            raise RuleError("BYDAY lists MO, TU, ... or, each month, 2TU or -1FR")
        found.append((int(match[1] or 0), _DAYS.index(match[2])))
    return tuple(dict.fromkeys(found))


def _by_month_day(text: str) -> tuple[int, ...]:
    found = []
    for each in text.split(",") if text else ():
        sign = -1 if each.startswith("-") else 1
        found.append(sign * _whole(each.lstrip("+-"), "BYMONTHDAY", 1, 31))
    return tuple(dict.fromkeys(found))


def _until(text: str, zone: ZoneInfo) -> datetime:
    """An UNTIL as local time: a date counts through its end, an instant in UTC is converted."""
    match = _UNTIL.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        day = datetime.strptime(match[1], "%Y%m%d")  # noqa: DTZ007  # local
        if match[2] is None:
            return datetime.combine(day.date(), time(23, 59, 59))
        moment = datetime.strptime(match[0].rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
        if not match[2].endswith("Z"):
            return moment
        return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise RuleError("UNTIL is a date (20270331) or an instant (20270331T150000Z)") from None


@dataclass(frozen=True, slots=True)
class Recurring:
    """A rule, and the first window in local times without offset."""

    rule: Rule
    first_start: datetime
    first_end: datetime
    zone: ZoneInfo
    except_on: frozenset[date] = frozenset()

    def windows(self) -> list[tuple[date, BookedWindow]]:
        """Give each date and its window, in order, without the dates excepted (which count for
        COUNT, as RFC 5545 has it). Raises `RuleError` where there are too many or none."""
        starts = self._starts()
        if len(starts) > OCCURRENCES_MAX:
            raise RuleError(f"at most {OCCURRENCES_MAX} dates")
        if len(starts) < (self.rule.count or 0):
            raise RuleError("a series ends within three years")
        lasts = self.first_end - self.first_start
        found = {
            start.date(): BookedWindow(
                _instant(start, self.zone), _instant(start + lasts, self.zone)
            )
            for start in starts
            if start.date() not in self.except_on
        }
        if not found:
            raise RuleError("no date is left")
        return list(found.items())

    def _starts(self) -> Sequence[datetime]:
        rule, last = self.rule, self.first_start + LONGEST
        if rule.until is not None and rule.until > last:
            raise RuleError("a series ends within three years")
        until = last if rule.until is None else rule.until
        weekdays = [rr.weekday(day, ordinal or None) for ordinal, day in rule.by_day]
        found = rr.rrule(
            _FREQ[rule.freq],
            dtstart=self.first_start,
            interval=rule.interval,
            byweekday=weekdays or None,
            bymonthday=list(rule.by_month_day) or None,
            until=until,
        )
        # dateutil admits no COUNT beside UNTIL, and ours bounds every rule.
        starts: Sequence[datetime] = list(islice(found, rule.count or OCCURRENCES_MAX + 1))
        return starts


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def occurrence_key(series_key: str, day: date) -> str:
    """Give the reservation key of an occurrence."""
    return f"{series_key}:{day.isoformat()}"
