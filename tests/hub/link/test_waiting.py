"""What waits is served in its order, and no welcome is lost on a hello that was said again."""

from __future__ import annotations

from hub.link.inbound import Arrival, Opened
from hub.link.waiting import Waiting
from wire.topics import Channel

ONE, TWO = "controller000001", "controller000002"


def waiting(*messages: tuple[str, Channel] | None) -> Waiting:
    made = Waiting()
    for number, message in enumerate(messages, 1):
        opened = Opened(*message, b"{}") if message else None
        made.add(Arrival(number, "", b"", False, lambda: None), opened)
    return made


def test_of_several_hellos_of_a_controller_the_last_alone_is_answered():
    queue = waiting(
        (ONE, Channel.HELLO), (TWO, Channel.HELLO), (ONE, Channel.STATUS), (ONE, Channel.HELLO)
    )
    arrivals, opened = queue.take(10)
    assert [arrival.number for arrival in arrivals] == [1, 2, 3, 4]
    assert [number for _, number in opened] == [2, 3, 4]
    assert len(queue) == 0


def test_a_hello_after_one_that_was_answered_is_answered_too():
    queue = waiting((ONE, Channel.HELLO))
    assert len(queue.take(10)[1]) == 1
    queue.add(Arrival(2, "", b"", False, lambda: None), Opened(ONE, Channel.HELLO, b"{}"))
    assert [number for _, number in queue.take(10)[1]] == [2]


def test_what_is_not_served_is_acknowledged_with_what_came_behind_it():
    queue = waiting(None, (ONE, Channel.WANT), None, (ONE, Channel.REPORTED))
    arrivals, opened = queue.take(1)
    assert [arrival.number for arrival in arrivals] == [1, 2]
    assert [number for _, number in opened] == [2]
    arrivals, opened = queue.take(1)
    assert [arrival.number for arrival in arrivals] == [3, 4]
    assert [number for _, number in opened] == [4]
