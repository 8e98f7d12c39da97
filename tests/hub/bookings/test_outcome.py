"""What became of a booking, from what was seen and how far it was heard."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bookings.outcome import ASKED_FOR, Seen, SeenKind, Watched, outcome_of
from hub.bookings.tables import Attendance
from hub.bookings.windows import BookedWindow

K = SeenKind
START = datetime(2026, 4, 10, 9, 0, tzinfo=UTC)
END = START + timedelta(hours=2)
MARGIN = timedelta(minutes=10)
LATE = END + timedelta(days=1)
DOOR, BOX = "door", "box"


def at(minutes: float) -> datetime:
    """So many minutes after the booked start."""
    return START + timedelta(minutes=minutes)


def watched(*seen: tuple[float, SeenKind] | Seen, heard: datetime | None = LATE) -> Watched:
    found = [each if isinstance(each, Seen) else Seen(at(each[0]), each[1], DOOR) for each in seen]
    return Watched(
        booked=BookedWindow(START, END),
        effective=BookedWindow(START - MARGIN, END + MARGIN),
        doors=(DOOR,),
        key_boxes=(),
        returns_to=frozenset(),
        watch_until=END + MARGIN + timedelta(hours=1),
        seen=tuple(sorted(found, key=lambda each: each.at)),
        heard={DOOR: heard},
    )


def test_first_and_last_entry_and_who_came_early() -> None:
    found = outcome_of(watched((-5, K.CAME), (3, K.OTHERS), (90, K.CAME)), at(100))
    assert (found.first_entry_at, found.last_entry_at, found.entries) == (at(-5), at(90), 2)
    assert found.early_at == at(-5)
    assert found.attendance is Attendance.USED
    assert found.settled_at is None
    assert outcome_of(watched((0, K.CAME)), at(100)).early_at is None


def test_tries_too_early_and_too_late_are_counted() -> None:
    seen = watched((-30, K.TOO_EARLY), (-20, K.TOO_EARLY), (5, K.CAME), (131, K.TOO_LATE))
    found = outcome_of(seen, LATE)
    assert (found.early_denied, found.late_denied) == (2, 1)
    assert found.overstayed_at == at(131)


def test_nobody_is_a_no_show_while_the_window_lasts() -> None:
    assert outcome_of(watched(), at(129)).attendance is Attendance.EXPECTED
    assert outcome_of(watched(), at(130)).attendance is Attendance.NO_SHOW


@pytest.mark.parametrize("heard", [None, at(129.9)])
def test_nobody_is_a_no_show_until_the_controller_was_heard_through(
    heard: datetime | None,
) -> None:
    found = outcome_of(watched(heard=heard), LATE)
    assert found.attendance is Attendance.UNKNOWN
    assert found.unheard == (DOOR,)
    assert found.settled_at is None
    given_up = outcome_of(watched(heard=heard), END + MARGIN + ASKED_FOR)
    assert given_up.attendance is Attendance.UNKNOWN
    assert given_up.settled_at is not None


def test_lost_rows_a_door_held_open_and_an_opening_without_release_leave_it_unknown() -> None:
    for doubtful in (
        replace(watched(), lost=frozenset({DOOR})),
        replace(watched(), ordered_open=frozenset({DOOR})),
        watched((40, K.OPENED)),
    ):
        found = outcome_of(doubtful, LATE)
        assert found.attendance is Attendance.UNKNOWN
        assert found.settled_at is not None
    explained = watched(Seen(at(40), K.OPENED, DOOR, explained=True), (40, K.OTHERS))
    assert outcome_of(explained, LATE).attendance is Attendance.NO_SHOW


def test_who_leaves_within_the_margin_does_not_overstay() -> None:
    assert outcome_of(watched((0, K.CAME), (129, K.OPENED)), LATE).overstayed_at is None
    assert outcome_of(watched((0, K.CAME), (131, K.OPENED)), LATE).overstayed_at == at(131)


def test_what_follows_others_is_theirs() -> None:
    """The caretaker opens after the party has gone."""
    seen = watched((0, K.CAME), (140, K.OTHERS), (141, K.OPENED))
    found = outcome_of(seen, LATE)
    assert found.overstayed_at is None
    assert found.left_open == ()


def test_nothing_after_the_next_party_may_come_is_looked_at() -> None:
    seen = replace(watched((0, K.CAME), (140, K.OPENED)), watch_until=END + MARGIN)
    assert outcome_of(seen, LATE).overstayed_at is None


def test_a_door_that_stands_open_at_the_end_was_left_open() -> None:
    stands = watched((0, K.CAME), (1, K.OPENED))
    assert outcome_of(stands, LATE).left_open == (DOOR,)
    closed = watched((0, K.CAME), (1, K.OPENED), (131, K.CLOSED))
    assert outcome_of(closed, LATE).left_open == ()
    late = watched((0, K.CAME), (1, K.OPENED), (133, K.CLOSED))
    assert outcome_of(late, LATE).left_open == (DOOR,)
    assert outcome_of(stands, END + MARGIN).left_open == ()  # two minutes to close it
    unlocked = replace(watched((0, K.CAME)), unlocked=frozenset({DOOR}))
    assert outcome_of(unlocked, LATE).left_open == (DOOR,)
    unheard = watched((0, K.CAME), (1, K.OPENED), heard=at(120))
    assert outcome_of(unheard, LATE).left_open == ()


def test_a_key_that_was_taken_and_is_not_back_is_missing() -> None:
    taken = Seen(at(1), K.KEY_TAKEN, BOX)
    back = Seen(at(119), K.KEY_RETURNED, BOX)
    box = replace(watched(), doors=(), key_boxes=(BOX,), returns_to=frozenset({BOX}))
    there = replace(box, heard={BOX: LATE})
    assert outcome_of(replace(there, seen=(taken,)), LATE).keys_missing == (BOX,)
    assert outcome_of(replace(there, seen=(taken, back)), LATE).keys_missing == ()
    assert outcome_of(replace(there, seen=(back,)), LATE).keys_missing == ()
    unvisited = replace(box, heard={BOX: at(60)}, seen=(taken,))
    assert outcome_of(unvisited, LATE).keys_missing == ()
    assert outcome_of(unvisited, LATE).unheard == (BOX,)
    elsewhere = replace(there, seen=(taken,), returns_to=frozenset())
    assert outcome_of(elsewhere, LATE).keys_missing == ()


@given(
    seen=st.lists(st.tuples(st.integers(-60, 260), st.sampled_from(list(SeenKind))), max_size=12),
    heard=st.none() | st.integers(-60, 400),
    now=st.integers(-60, 60 * 24 * 40),
)
def test_a_no_show_had_no_entry_and_everything_was_heard(
    seen: list[tuple[int, SeenKind]], heard: int | None, now: int
) -> None:
    known = watched(*seen, heard=None if heard is None else at(heard))
    found = outcome_of(known, at(now))
    if found.attendance is Attendance.NO_SHOW:
        assert heard is not None
        assert at(heard) >= END + MARGIN
        assert at(now) >= END + MARGIN
        assert all(kind is not SeenKind.CAME for _, kind in seen)
    assert (found.attendance is Attendance.USED) == any(kind is K.CAME for _, kind in seen)
    if found.settled_at is not None and heard is not None and now < 60 * 24 * 29:
        assert at(heard) >= known.watch_until
