"""What the hub has stays for its days, unless the file outgrows its size; the rest stays always."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

import pytest

from edge.journal.journal import open_journal
from edge.journal.keeping import CHUNK
from edge.journal.limits import Limits, least_bytes

DAY = 86_400


def numbers(journal, count=100_000):
    found = (json.loads(data)["body"].get("open_ms") for _, data in journal.tail(count))
    return [number for number in found if number is not None]


@pytest.fixture
def open_with(tmp_path, clock):
    made = []

    def opening(**limits):
        journal, _ = open_journal(tmp_path / "journal.db", clock(), reserve=20, **limits)
        made.append(journal)
        return journal

    yield opening
    made[-1].close()


@pytest.mark.parametrize("days", [14, 40])
def test_acknowledged_rows_stay_as_many_days_as_they_are_told(open_with, clock, opened, days):
    """By a clock that moves a day at a time, with a start in between."""
    journal = open_with(capacity=200, keep=timedelta(days=days))
    for day in range(days + 10):
        journal.append([opened(day)], clock(day * DAY))
        journal.acknowledge(journal.epoch, journal.last_seq)
        if day == days - 3:
            journal.close()
            journal = open_with(capacity=200, keep=timedelta(days=days))
    assert numbers(journal)[0] in (9, 10)
    assert numbers(journal)[-1] == days + 9


def test_a_clock_that_jumps_ahead_untrusted_makes_nothing_old(open_with, clock, opened):
    """The floor decides, and that moves with clocks that are relied on."""
    journal = open_with(capacity=200)
    late = clock(400 * DAY)
    unsure = type(late)(late.boot, late.mono_ns, late.at, late.state, None, clock().floor)
    for number in range(5):
        journal.append([opened(number)], unsure)
        journal.acknowledge(journal.epoch, journal.last_seq)
    assert numbers(journal) == list(range(5))


def test_beyond_its_size_the_oldest_acknowledged_rows_go_before_their_days(
    open_with, clock, opened
):
    size = least_bytes(1_000)
    journal = open_with(capacity=1_000, size_bytes=size)
    for start in range(0, 12_000, 50):
        journal.append([opened(n) for n in range(start, start + 50)], clock(start))
        journal.acknowledge(journal.epoch, journal.last_seq - 20)
    kept = journal.kept()
    assert kept.used_bytes <= size * 1.2
    assert kept.rows > 1_000
    assert numbers(journal) == list(range(12_000))[-kept.rows :]
    assert kept.unsent == 20


def test_what_the_hub_does_not_have_goes_for_no_size(open_with, clock, opened):
    journal = open_with(capacity=2_000, size_bytes=least_bytes(2_000))
    journal.append([opened(n) for n in range(1_900)], clock())
    for day in range(100):
        journal.acknowledge(journal.epoch, 1)
        journal.append([], clock(day * DAY))
    assert numbers(journal) == list(range(1_900))


def test_rows_go_in_bulk_but_never_many_at_once(open_with, clock, opened):
    journal = open_with(capacity=5_000)
    journal.append([opened(n) for n in range(4_900)], clock())
    journal.acknowledge(journal.epoch, journal.last_seq)
    left = []
    for day in (1, 15, 30, 30.1, 30.2, 30.3):
        journal.append([opened(0)], clock(day * DAY))
        journal.acknowledge(journal.epoch, journal.last_seq)
        left.append(journal.counters()["rows"])
    gone = [before - after + 1 for before, after in pairwise(left)]
    assert max(gone) == CHUNK
    assert left[-1] < 10


def test_limits_that_break_the_promise_are_refused():
    with pytest.raises(ValueError, match="14 days"):
        Limits(keep=timedelta(days=13))
    with pytest.raises(ValueError, match="no room"):
        Limits(1_000, size_bytes=1_000)


def test_status_tells_what_is_unsent_since_when_and_what_is_kept(open_with, clock, opened):
    journal = open_with(capacity=200)
    assert (journal.kept().unsent, journal.kept().oldest_unsent) == (1, clock().at)
    journal.append([opened(1)], clock(60))
    journal.append([opened(2)], clock(90))
    journal.acknowledge(journal.epoch, 1)
    kept = journal.kept()
    assert (kept.unsent, kept.oldest_unsent, kept.rows) == (2, clock(60).at, 3)
    assert (kept.capacity, kept.keep_days, kept.gaps) == (200, 14, 0)
    journal.acknowledge(journal.epoch, 3)
    assert journal.kept().oldest_unsent is None


def test_what_a_restored_hub_wants_again_is_not_deleted_under_its_eyes(open_with, clock, opened):
    """Rows that may go do so in chunks; between two of them the hub's watermark may fall."""
    journal = open_with(capacity=6 * CHUNK)
    journal.append([opened(n) for n in range(5 * CHUNK)], clock())
    journal.acknowledge(journal.epoch, journal.last_seq)
    journal.append([opened()], clock(20 * DAY))
    journal.acknowledge(journal.epoch, journal.last_seq)
    assert journal.counters()["rows"] == 4 * CHUNK + 2, "the first chunk went"
    for _ in range(3):
        journal.acknowledge(journal.epoch, CHUNK + 10)
    assert numbers(journal)[0] == CHUNK + 9  # seq CHUNK + 11, after the event of the epoch
