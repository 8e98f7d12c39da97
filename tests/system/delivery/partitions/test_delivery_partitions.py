"""Cut cables and dead brokers cost time, and never an event."""

from __future__ import annotations

import json
import random
import time

import pytest

SOAK_TROUBLES = 500

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


def endure(made, cables, chance, troubles):
    """Do one trouble after another to both cables; everything must arrive in between."""
    for role, one in cables.items():
        made.port = one.port
        made.start(role, keepalive_s=1)
    for number in range(troubles):
        kind = type(cables["writer"]).TROUBLES[number % 5]
        for one in chance.sample(list(cables.values()), chance.choice((1, 1, 2))):
            one.trouble(kind, chance)
        time.sleep(chance.random() * 0.4)
        for one in cables.values():
            one.heal()
        wait_for_more(made, 5, 20.0)
    made.finish()
    made.port = made.broker.port
    made.settle()
    check(made)


def test_stalls_resets_dribbles_and_dead_connections_lose_and_double_nothing(delivery, cable):
    made, seed = delivery(), 20261126
    cables = {role: cable(made.broker.port) for role in ("writer", "ingest")}
    endure(made, cables, random.Random(seed), troubles=10)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_five_hundred_troubles_of_the_network_lose_and_double_nothing(delivery, cable, capsys):
    made, seed = delivery(), time.time_ns()
    print(f"seed {seed}")
    cables = {role: cable(made.broker.port) for role in ("writer", "ingest")}
    endure(made, cables, random.Random(seed), troubles=SOAK_TROUBLES)
    line = {"soak": "network", "troubles": SOAK_TROUBLES, "lost": 0, "doubled": 0}
    with capsys.disabled():
        print(json.dumps({**line, "events": made.in_hub(), "seed": seed}))


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
