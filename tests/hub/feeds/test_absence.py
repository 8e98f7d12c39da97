"""What may be concluded from absence: proven over any sequence of fetches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.feeds.absence import COUNTED_FOR, KeptEvent, judge
from hub.feeds.adopting import adopted
from hub.feeds.domain import EventName, EventState, FetchResult, GoneBy

NOW = datetime(2026, 4, 6, tzinfo=UTC)
FAR = NOW + timedelta(days=90)
AHEAD = NOW + timedelta(days=30)


def kept(name: str, seen: bool, **more: Any) -> KeptEvent:
    return KeptEvent(name, AHEAD, seen, **more)


def test_over_thirty_percent_is_a_shrink_and_thirty_is_none() -> None:
    for lost, shrank in ((3, False), (4, True), (10, True)):
        found = judge([kept(str(i), i >= lost) for i in range(10)], NOW, FAR)
        assert (found.shrank, len(found.absent), found.kept) == (shrank, lost, 10)


def test_what_came_back_gone_and_new_does_not_weigh_against_what_is_lost() -> None:
    gone = [kept(f"g{i}", False, gone_at=NOW - timedelta(hours=1)) for i in range(2)]
    events = [kept(str(i), i >= 2) for i in range(8)]
    assert judge([*events, *gone], NOW, FAR).shrank  # 4 of 10
    long_ago = [replace(each, gone_at=NOW - COUNTED_FOR) for each in gone]
    assert not judge([*events, *long_ago], NOW, FAR).shrank  # 2 of 8


def test_what_lies_beyond_the_horizon_or_has_begun_is_not_judged() -> None:
    events = [
        replace(kept("far", False), starts_at=FAR),
        replace(kept("now", False), starts_at=NOW),
    ]
    found = judge([*events, kept("a", True)], NOW, FAR)
    assert (found.absent, found.shrank) == (frozenset(), False)


@dataclass
class Shadow:
    """The rule told a second time, as plainly as it can be: when each event was absent first, in
    an unbroken row of whole fetches."""

    since: dict[str, datetime] = field(default_factory=dict)

    def hear(self, names: set[str], lacking: set[str], now: datetime) -> set[str]:
        """Give the events that may go now."""
        for name in names - lacking:
            self.since.pop(name, None)
        may = {
            n for n in lacking if n in self.since and now - self.since[n] >= timedelta(minutes=10)
        }
        for name in lacking:
            self.since.setdefault(name, now)
        return may


FETCHES = st.lists(
    st.tuples(
        st.sampled_from(["valid", "valid", "valid", "same", "empty", "error", "cut", "page"]),
        st.sets(st.integers(0, 9), max_size=4),  # absent ones
        st.sets(st.integers(0, 9), max_size=1),  # cancelled ones
        st.sampled_from([0, 1, 5, 10, 11, 60, 1500]),  # minutes later
    ),
    min_size=1,
    max_size=7,
)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is asked here does not depend on the kind of database: once is enough."""
    return sqlite_at


@pytest.fixture
def fresh(desk: Any) -> Any:
    """`fresh()` gives a new feed of ten events at a time of its own, so that examples share a
    hub."""
    count = 0

    def make() -> tuple[str, dict[int, str], Any]:
        nonlocal count
        count += 1
        desk.server.status, desk.server.cut_at = 200, None
        desk.since = desk.clock.advance(timedelta(days=1)) + timedelta(days=20)
        feed = desk.add(name=f"feed {count}", horizon_days=300)
        names = {i: f"{count}-{i}" for i in range(10)}
        desk.publish(*(desk.event(name, 24 + i) for i, name in names.items()))
        assert desk.poll(feed).made == 10
        return feed, names, desk

    return make


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(fetches=FETCHES)
def test_no_sequence_of_fetches_cancels_but_by_the_rules(fresh: Any, fetches: Any) -> None:
    """Never, unless the calendar says so, or two whole valid fetches at least ten minutes apart
    lack it and none between has it; and never where over 30 % are lost within a day."""
    feed, names, desk = fresh()
    shadow, cancelled_before = Shadow(), set[str]()
    lost_at: dict[str, datetime] = {}
    last: tuple[set[str], set[str]] = (set(), set())
    for kind, absent, cancelled, minutes in fetches:
        before = desk.standing(feed)
        desk.server.status, desk.server.cut_at = 200, None
        if kind == "valid":
            gone = {names[i] for i in absent}
            said = {names[i] for i in cancelled} - gone
            last = gone, said
            desk.publish(
                *(
                    desk.event(n, 24 + i, 1, *(["STATUS:CANCELLED"] if n in said else []))
                    for i, n in names.items()
                    if n not in gone
                )
            )
        elif kind == "empty":
            last = set(names.values()), set()
            desk.publish()
        elif kind == "error":
            desk.server.status = 503
        elif kind == "cut":
            desk.server.validators, desk.server.cut_at = False, 70
        elif kind == "page":
            desk.server.content = b"<html></html>"
        run = desk.poll(feed, minutes)
        if kind == "cut":
            desk.server.validators = True
        if kind == "page":
            desk.publish()
            last = set(names.values()), set()
        after, now = desk.standing(feed), desk.clock.now()
        ended = before - after
        if kind in ("error", "cut", "page"):
            assert ended == set()
            assert not run.result.is_good
            continue
        lacking, explicit = last
        may = shadow.hear(set(names.values()), lacking, now)
        assert ended <= may | explicit
        day = {n for n, at in lost_at.items() if now - at < COUNTED_FOR and n in lacking}
        lost = (lacking & before) | day
        if len(lost) * 100 > len(before | day) * 30 and lacking & before:
            assert run.result is FetchResult.SHRANK
            assert ended == set()
        else:
            assert run.result is not FetchResult.SHRANK
            assert (may & before) <= ended
        lost_at |= dict.fromkeys(ended - explicit, now)
        cancelled_before |= ended & explicit
    rows = desk.events(feed)
    for name, row in rows.items():
        if row.state is EventState.GONE:
            assert row.gone_by is GoneBy.ABSENCE
            assert name in lost_at


# --- knowing events again --------------------------------------------------------------------

DAY = date(2026, 4, 7)


def test_an_event_is_known_again_by_uid_and_day_alone() -> None:
    single, series = EventName("a"), EventName("a", "20260407T090000Z")
    other = EventName("b", "20260407T090000Z")
    assert adopted({single: DAY}, {series: DAY, other: DAY}) == {single: series}
    assert adopted({series: DAY}, {single: DAY}) == {series: single}
    assert adopted({single: DAY}, {other: DAY}) == {}
    assert adopted({single: DAY}, {series: DAY + timedelta(days=1)}) == {}
    assert adopted({single: DAY}, {single: DAY, series: DAY}) == {}
    twice = EventName("a", "20260407T110000Z")
    assert adopted({single: DAY}, {series: DAY, twice: DAY}) == {}


@given(
    st.dictionaries(st.integers(0, 5), st.integers(0, 3)),
    st.dictionaries(st.integers(0, 5), st.integers(0, 3)),
)  # two of the same
def test_nobody_is_renamed_to_somebody_who_is_there_and_no_name_is_given_twice(
    known: dict[int, int], seen: dict[int, int]
) -> None:
    def named(days: dict[int, int]) -> dict[EventName, date]:
        return {EventName("u", str(n)): DAY + timedelta(days=d) for n, d in days.items()}

    before, now = named(known), named(seen)
    found = adopted(before, now)
    assert len(set(found.values())) == len(found)
    for old, new in found.items():
        assert old not in now
        assert new not in before
        assert before[old] == now[new]
