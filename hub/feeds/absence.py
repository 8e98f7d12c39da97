"""What may be concluded from an event that is not in the calendar any more. Pure.

An event is gone when two whole and valid fetches, at least `ABSENT_FOR` apart, lack it and none
between them has it. That alone does not do where much vanishes: if over `SHRINK_SHARE` of what the
feed kept is lost, or the calendar is empty, nothing is changed and staff are asked.

What is lost counts together: what is absent now, and what was cancelled for its absence within
`COUNTED_FOR` without anybody confirming it, against all that was kept within that time. Three
calendars that each lack a fifth more than the last do not slip through. What came into the calendar
with this very fetch makes up for nothing. Neither side counts what staff were asked about: after
they confirm, or say to wait, counting begins anew with what is left.

An absence that is said to begin in the future, by a clock that ran ahead, begins anew.

Only events that have not begun are ever judged: many calendars drop an event as soon as it begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

ABSENT_FOR: Final = timedelta(minutes=10)
COUNTED_FOR: Final = timedelta(hours=24)
SHRINK_PERCENT: Final = 30


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """What is known of a booked event before a fetch is judged.

    `is_seen`: the fetch has it, or something of its UID that could not be read. `gone_at`: when it
    was cancelled for its absence, without confirmation. `waits`: staff said to keep it though it is
    absent.
    """

    id: str
    starts_at: datetime
    is_seen: bool
    absent_since: datetime | None = None
    gone_at: datetime | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows: ids of events whose absence begins, ends, or has lasted long enough; and how
    much is lost. When `shrank`, `due` is empty."""

    begins: frozenset[str]
    ends: frozenset[str]
    due: frozenset[str]
    absent: frozenset[str]
    lost: int
    kept: int
    shrank: bool


def judge(known: Iterable[KeptEvent], now: datetime, until: datetime) -> Judgement:
    """Judge a whole and valid fetch: `known` are all booked events of the feed and those gone
    without confirmation; those that begin after `until` were not looked for."""
    begins, ends, due, absent = set[str](), set[str](), set[str](), set[str]()
    lost = kept = 0
    for each in known:
        if not now < each.starts_at < until:
            if each.is_seen and (each.absent_since or each.waits):
                ends.add(each.id)
            continue
        if each.gone_at is not None:
            if now - each.gone_at < COUNTED_FOR and not each.is_seen:
                lost, kept = lost + 1, kept + 1
            continue
        if each.is_seen:
            kept += 1
            if each.absent_since is not None or each.waits:
                ends.add(each.id)
        elif not each.waits:
            lost, kept = lost + 1, kept + 1
            absent.add(each.id)
            if each.absent_since is None or each.absent_since > now:
                begins.add(each.id)
            elif now - each.absent_since >= ABSENT_FOR:
                due.add(each.id)
    shrank = bool(absent) and lost * 100 > kept * SHRINK_PERCENT
    return Judgement(
        begins=frozenset(begins),
        ends=frozenset(ends),
        due=frozenset() if shrank else frozenset(due),
        absent=frozenset(absent),
        lost=lost,
        kept=kept,
        shrank=shrank,
    )
