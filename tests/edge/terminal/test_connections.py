"""Which connection goes when there are too many, and when one has waited too long."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from edge.terminal.connections import Connections

SECOND = 10**9


class Ends:
    """Both ends of a connection."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.theirs.settimeout(0)

    @property
    def ended(self) -> bool:
        try:
            return self.theirs.recv(1) == b""
        except BlockingIOError:
            return False


@pytest.fixture
def lines() -> Iterator[list[Ends]]:
    made = [Ends() for _ in range(5)]
    yield made
    for one in made:
        one.ours.close()
        one.theirs.close()


def test_the_oldest_that_asked_nothing_goes_first_and_else_the_oldest(lines: list[Ends]) -> None:
    kept = Connections(2, 3.0)
    for number, one in enumerate(lines[:2]):
        kept.open(one.ours, number)
    kept.asked(lines[0].ours)
    kept.open(lines[2].ours, 2)
    assert [one.ended for one in lines[:3]] == [False, True, False]
    kept.asked(lines[2].ours)
    kept.open(lines[3].ours, 3)
    assert [one.ended for one in lines[:4]] == [True, True, False, False]


def test_what_has_ended_by_itself_takes_no_place(lines: list[Ends]) -> None:
    kept = Connections(1, 3.0)
    kept.open(lines[0].ours, 0)
    kept.closed(lines[0].ours)
    kept.open(lines[1].ours, 1)
    lines[1].ours.close()
    kept.open(lines[2].ours, 2)  # the one before is closed and not told yet
    assert not lines[0].ended
    assert not lines[2].ended


def test_a_request_has_its_time_from_the_beginning_and_an_answer_as_long_as_it_needs(
    lines: list[Ends],
) -> None:
    kept = Connections(4, 3.0)
    for one in lines[:2]:
        kept.open(one.ours, 0)
    kept.asked(lines[1].ours)
    kept.sweep(3 * SECOND - 1)
    assert not lines[0].ended
    kept.sweep(3 * SECOND)
    assert [one.ended for one in lines[:2]] == [True, False]
    kept.sweep(1_000 * SECOND)
    assert not lines[1].ended
