"""Nothing is lost and nothing doubled, wherever writer, ingest, broker or network die.

Zero lost, zero doubled: the sets are compared. A writer's event counts from the moment the journal
accepted it, told outside the journal.
"""

from __future__ import annotations

import json
import random
import time

import pytest

pytestmark = [pytest.mark.mosquitto, pytest.mark.xdist_group("delivery")]


def check(delivery, events):
    verdict = delivery.verdict()
    assert verdict["lost"] == 0, verdict
    assert verdict["doubled"] == 0, verdict
    assert verdict["same"]
    assert verdict["events"] >= events
    assert verdict["alarms"] == []
    return verdict


def killed_everywhere(run):
    missed = {step for steps in run.STEPS.values() for step in steps} - set(run.kills)
    assert not missed, missed


@pytest.mark.timeout(120)
def test_two_hundred_kills_at_every_step_lose_and_double_nothing(delivery, kill_run):
    made = delivery()
    run = kill_run(made, random.Random(20261122))
    run.run(kills=210, timeout_s=75)
    made.settle()
    check(made, events=210)
    killed_everywhere(run)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_thousand_kills_lose_and_double_nothing(delivery, kill_run, capsys):
    made = delivery()
    run = kill_run(made, random.Random(time.time_ns()))
    run.run(kills=1_000, timeout_s=800)
    made.settle()
    verdict = check(made, events=1_000)
    killed_everywhere(run)
    counts = {name: verdict[name] for name in ("lost", "doubled", "events")}
    with capsys.disabled():
        print(json.dumps({"soak": "delivery", "kills": run.kills.total(), **counts}))
