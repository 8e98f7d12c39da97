"""No event is lost and none counted twice, wherever edge, hub or broker are killed.

An event counts from the moment the journal accepted it, which is told outside the journal. At the
end every row of the journal is compared with every row of the hub, byte by byte. Writer and ingest
die by SIGKILL at a named step, before and after each commit, publish and acknowledgement; the
broker somewhere in between, and it remembers nothing.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from tests.system.delivery.runs import Delivery, KillRun, Zygote

pytestmark = [pytest.mark.mosquitto, pytest.mark.xdist_group("delivery")]

SHORT_KILLS = 65
SOAK_KILLS = 1_000
SOAK_EVENTS = 300_000
SOAK_LIMIT_S = 1_200
LEAST_OF_EACH = 20


@pytest.fixture
def zygote():
    made = Zygote()
    yield made
    made.close()


@pytest.fixture
def delivery(zygote, town, mosquitto):
    """A run in memory where there is some: SIGKILL loses nothing that a disk would keep."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="kgm-promise-", dir=memory if memory.is_dir() else None))
    made = Delivery(zygote, town, mosquitto(), folder, mqtt5=True)
    yield made
    made.finish()
    shutil.rmtree(folder, ignore_errors=True)


def keep_promise(delivery, kills, events, seed, timeout_s, **how):
    """Kill, let everything settle, compare; give the counts."""
    run = KillRun(delivery, random.Random(seed), **how)
    try:
        run.run(kills, timeout_s)
        delivery.settle(120)
        verdict = delivery.verdict()
    except BaseException:
        print(f"seed {seed}, kills {dict(run.kills)}")
        raise
    assert verdict["lost"] == 0, (seed, verdict)
    assert verdict["doubled"] == 0, (seed, verdict)
    assert verdict["same"], seed
    assert verdict["events"] >= events, (seed, verdict)
    assert verdict["alarms"] == [], (seed, verdict)
    missed = {step for steps in run.STEPS.values() for step in steps} - set(run.kills)
    assert not missed, (seed, missed)
    roles = {name: run.killed(name) for name in ("writer", "ingest", "broker")}
    return {"events": verdict["events"], **roles, "overdue": run.overdue}


@pytest.mark.timeout(120)
def test_nothing_is_lost_and_nothing_doubled_by_kills_at_every_step(delivery):
    keep_promise(delivery, SHORT_KILLS, SHORT_KILLS, 20261122, 75, broker_every=15)


@pytest.mark.soak
@pytest.mark.timeout(SOAK_LIMIT_S + 300)
def test_a_thousand_kills_among_three_hundred_thousand_events_lose_and_double_nothing(
    delivery, capsys
):
    seed, began = time.time_ns(), time.monotonic()
    counts = keep_promise(
        delivery, SOAK_KILLS, SOAK_EVENTS, seed, SOAK_LIMIT_S, broker_every=9, burst=250
    )
    assert min(counts["writer"], counts["ingest"], counts["broker"]) >= LEAST_OF_EACH, counts
    line = {"soak": "delivery", "kills": SOAK_KILLS, "lost": 0, "doubled": 0, **counts}
    with capsys.disabled():
        print(json.dumps({**line, "seed": seed, "took_s": round(time.monotonic() - began)}))
