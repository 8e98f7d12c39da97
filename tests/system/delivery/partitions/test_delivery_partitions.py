"""Cut cables and dead brokers cost time, and never an event."""

from __future__ import annotations

import random
import time

import pytest

pytestmark = [pytest.mark.mosquitto, pytest.mark.xdist_group("delivery")]


def wait_for_more(delivery, count, timeout_s=10.0):
    """Wait until that many more events reached the hub."""
    goal, deadline = delivery.in_hub() + count, time.monotonic() + timeout_s
    while delivery.in_hub() < goal:
        assert time.monotonic() < deadline, "nothing arrives any more"
        time.sleep(0.01)


def check(delivery):
    verdict = delivery.verdict()
    assert (verdict["lost"], verdict["doubled"], verdict["same"]) == (0, 0, True), verdict
    assert verdict["alarms"] == []


@pytest.mark.parametrize("mqtt5", [True, False], ids=["mqtt5", "mqtt311"])
def test_a_cable_cut_in_the_middle_of_a_message_loses_and_doubles_nothing(delivery, cable, mqtt5):
    made = delivery(mqtt5)
    chance = random.Random(5)
    cables = {role: cable(made.broker.port) for role in ("writer", "ingest")}
    for role, one in cables.items():
        made.port = one.port
        made.start(role)
    for number in range(14):
        wait_for_more(made, 5)
        role = ("writer", "ingest")[number % 2]
        time.sleep(chance.random() * 0.02)
        cables[role].cut()
    made.finish()
    made.port = made.broker.port
    made.settle()
    check(made)


def test_a_broker_killed_and_started_again_loses_and_doubles_nothing(delivery):
    """It remembers nothing: whatever it had acknowledged is gone."""
    made = delivery()
    made.start("ingest")
    made.start("writer")
    for _ in range(5):
        wait_for_more(made, 20)
        made.broker.kill()
        time.sleep(0.05)
        made.broker.start()
    made.finish()
    made.settle()
    check(made)


def test_both_ends_come_up_while_the_broker_is_still_down(delivery):
    made = delivery()
    made.broker.kill()
    made.start("ingest")
    made.start("writer")
    deadline = time.monotonic() + 10
    while len(made.accepted()) < 50:  # the door goes on
        assert time.monotonic() < deadline
        time.sleep(0.01)
    made.broker.start()
    wait_for_more(made, 50)
    made.finish()
    made.settle()
    check(made)
