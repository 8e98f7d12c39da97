"""Deadlines, the ladder, and what is told once: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from hub.readiness.domain import (
    Followed,
    Outcome,
    Rules,
    Seen,
    Tell,
    Watch,
    close,
    deadline_of,
    follow,
    ladder,
)

START = datetime(2026, 4, 7, 9, 20, tzinfo=UTC)
END = START + timedelta(hours=3)
RULES = Rules()
MINUTE = timedelta(minutes=1)
ZONES = ["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]


def seen(**changed: object) -> Seen:
    look = Seen("b", "s", None, START, END, "r1", START - timedelta(days=9), True, False, None)
    return replace(look, **changed)  # type: ignore[arg-type]


def run(*looks: tuple[datetime, Seen], rules: Rules = RULES) -> tuple[Watch, list[Tell]]:
    watch, told = None, []
    for now, look in looks:
        done = follow(watch, look, rules, now)
        watch, told = done.watch, [*told, *done.tells]
    assert watch is not None
    return watch, told


def test_the_deadline_lies_before_the_start_and_never_beyond_it() -> None:
    long_ago = START - timedelta(days=3)
    assert deadline_of(START, END, long_ago, RULES) == START - 60 * MINUTE
    assert deadline_of(START, END, START - 62 * MINUTE, RULES) == START - 57 * MINUTE
    assert deadline_of(START, END, START - 2 * MINUTE, RULES) == START
    assert deadline_of(START, END, START + MINUTE, RULES) == START + 6 * MINUTE
    assert deadline_of(START, END, END - MINUTE, RULES) == END


@given(
    local=st.datetimes(START.replace(tzinfo=None), END.replace(tzinfo=None, year=2029)),
    zone=st.sampled_from(ZONES),
    ahead=st.timedeltas(timedelta(0), timedelta(days=80)),
    length=st.timedeltas(MINUTE, timedelta(days=14)),
    lead=st.timedeltas(MINUTE, timedelta(hours=48)),
    grace=st.timedeltas(MINUTE, timedelta(hours=24)),
)
def test_a_deadline_is_elapsed_time_whatever_clocks_do(local, zone, ahead, length, lead, grace):  # type: ignore[no-untyped-def]
    """Over changes of the clocks and on leap days too: a lead of an hour is 3600 seconds."""
    start = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    since, end, rules = start - ahead, start + length, Rules(lead, grace)
    found = deadline_of(start, end, since, rules)
    assert found <= (start if since < start else end)
    assert found >= min(start - lead, since + grace)
    if ahead >= lead + grace:
        assert (start - found).total_seconds() == lead.total_seconds()
    elif since < start:
        assert found == min(start, max(start - lead, since + grace))
    horizon = timedelta(hours=1)
    assert rules.within(horizon).lead <= horizon / 2


def test_ready_is_told_once_and_again_after_a_change_that_the_doors_had_to_learn() -> None:
    at = START - timedelta(hours=5)
    held = seen(confirmed=True, confirmed_at=at)
    watch, told = run((at, seen()), (at, held), (at + MINUTE, held), (at + 2 * MINUTE, held))
    assert told == [Tell.READY]
    assert watch.ready_at == at
    changed = seen(revision="r2", since=at + 3 * MINUTE)
    done = replace(changed, confirmed=True, confirmed_at=at + 4 * MINUTE)
    _, told = run((at, held), (at + 3 * MINUTE, changed), (at + 4 * MINUTE, done))
    assert told == [Tell.READY, Tell.READY]


def test_a_digest_that_is_wrong_for_a_while_is_no_news_once_it_is_right_again() -> None:
    at = START - timedelta(hours=5)
    held = seen(confirmed=True, confirmed_at=at)
    _, told = run((at, held), (at + MINUTE, seen()), (at + 2 * MINUTE, held))
    assert told == [Tell.READY]


def test_a_missed_deadline_is_told_once_and_so_is_each_further_step() -> None:
    deadline = START - 60 * MINUTE
    steps = (START - 30 * MINUTE, START - 15 * MINUTE)
    rules = Rules(steps=(30 * MINUTE, 15 * MINUTE))
    told = []
    watch = None
    now = deadline - 2 * MINUTE
    while now < END:
        done = follow(watch, seen(), rules, now)
        watch = done.watch
        told += [(now, watch.step) for each in done.tells if each is Tell.LATE]
        now += MINUTE
    assert watch is not None
    assert told == [(deadline, 1), (steps[0], 2), (steps[1], 3)]
    assert watch.outcome is Outcome.MISSED
    assert ladder(watch, rules) == (deadline, *steps)


def test_a_look_that_comes_late_judges_by_when_the_doors_confirmed() -> None:
    late = START - 10 * MINUTE
    in_time = seen(confirmed=True, confirmed_at=START - 61 * MINUTE)
    watch, told = run((late, in_time))
    assert (watch.outcome, told) == (Outcome.MET, [Tell.READY])
    after = seen(confirmed=True, confirmed_at=START - 59 * MINUTE)
    watch, told = run((late, after))
    assert (watch.outcome, told) == (Outcome.MISSED, [Tell.READY])


def test_a_miss_stays_a_miss_though_the_booking_changes_and_its_doors_confirm() -> None:
    late = START - 59 * MINUTE
    changed = seen(revision="r2", since=late)
    done = replace(changed, confirmed=True, confirmed_at=late + MINUTE)
    watch, told = run((late, seen()), (late, changed), (late + MINUTE, done), (START, done))
    assert watch.outcome is Outcome.MISSED
    assert told == [Tell.LATE, Tell.READY]


def test_a_change_after_the_deadline_has_a_deadline_of_its_own() -> None:
    """PINs given anew half an hour before the start: five minutes for the doors to learn them."""
    held = seen(confirmed=True, confirmed_at=START - timedelta(hours=9))
    change = START - 30 * MINUTE
    changed = seen(revision="r2", since=change)
    watch, told = run(
        (START - 60 * MINUTE, held), (change, changed), (change + 5 * MINUTE, changed)
    )
    assert watch.outcome is Outcome.MISSED
    assert told == [Tell.READY, Tell.LATE]


def test_key_boxes_alone_have_no_deadline_to_meet() -> None:
    watch, told = run((START - MINUTE, seen(has_doors=False)), (END, seen(has_doors=False)))
    assert (watch.outcome, told) == (Outcome.UNCONFIRMABLE, [])
    assert close(watch, END, moved=False).outcome is Outcome.UNCONFIRMABLE


def test_what_becomes_of_a_watch_that_closes() -> None:
    early, late = START - timedelta(hours=9), START - 30 * MINUTE
    opened = follow(None, seen(), RULES, early).watch
    assert close(opened, early, moved=False).outcome is Outcome.WITHDRAWN
    assert close(opened, early, moved=True).outcome is Outcome.SUPERSEDED
    assert close(opened, END, moved=False).outcome is Outcome.MISSED
    missed = follow(None, seen(), RULES, late).watch
    assert close(missed, late, moved=False).outcome is Outcome.MISSED
    assert close(missed, late, moved=True).outcome is Outcome.SUPERSEDED


@given(
    st.lists(
        st.tuples(
            st.integers(0, 400),
            st.booleans(),
            st.integers(0, 3),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_whatever_is_seen_each_revision_is_ready_once_and_each_step_late_once(looks) -> None:  # type: ignore[no-untyped-def]
    """And looking again at the same instant tells nothing more, and changes nothing."""
    watch: Watch | None = None
    ready: list[str] = []
    steps: list[int] = []
    for minute, confirmed, revision in sorted(looks):
        now = START - timedelta(hours=5) + minute * MINUTE
        look = seen(
            revision=f"r{revision}",
            since=now if watch is None or watch.revision != f"r{revision}" else watch.since,
            confirmed=confirmed,
            confirmed_at=now if confirmed else None,
        )
        done = follow(watch, look, RULES, now)
        again = follow(done.watch, look, RULES, now)
        assert again == Followed(done.watch, False, ())
        watch = done.watch
        ready += [watch.revision for each in done.tells if each is Tell.READY]
        steps += [watch.step for each in done.tells if each is Tell.LATE]
        assert (watch.late_at is None) == (not steps)
    assert all(a != b for a, b in pairwise(ready))
    assert steps == sorted(set(steps))
    assert len(steps) <= 2
