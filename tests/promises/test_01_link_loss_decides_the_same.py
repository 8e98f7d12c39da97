"""The loss of the network changes no decision, and neither loss nor return releases a door.

Two controllers hold the same policy and see the same people at the same time. One is always online;
the cables of the other and of the hub are cut and mended at random, mostly so that nobody is told
(half-open connections). Both decide alike, no strike is driven without a journaled grant, and in
the end the hub has every event of both exactly once.
"""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime

import pytest

from deploy.mosquitto.process import free_port
from provisioning import enrolment
from tests.conftest import RunningBroker
from tests.promises.namespaces_bench import BROKER_AT, Cables
from tests.promises.site_bench import BenchHub, Site, draw, policy_for

pytestmark = [pytest.mark.mosquitto, pytest.mark.xdist_group("delivery")]

SHORT_CUTS = 10
SOAK_CUTS = 1_000
SOAK_LIMIT_S = 3_000
SETTLE_S = 40.0


def until(condition, timeout_s, what):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Stage:
    """The broker between a hub, a site whose cable is cut, and one that stands beside the broker
    and is always online."""

    def __init__(self, town, folder, seed: int) -> None:
        self.seed, self.chance = seed, random.Random(seed)
        self.sites: dict[str, Site] = {}
        self.presented = self.half_open = 0
        self.cables = Cables()
        try:
            self._set_up(town, folder)
        except BaseException:
            self.stop()
            raise

    def _set_up(self, town, folder) -> None:
        self.hub = self.broker = None
        spaces = self.cables.spaces
        self.broker = spaces["broker"].run(lambda: start_broker(town))
        port = self.broker.port
        names = [town.add_controller(), town.add_controller()]
        hosts = {"edge": BROKER_AT["edge"], "broker": "127.0.0.1"}
        self.hub = BenchHub(town, BROKER_AT["hub"], port, folder)
        for role, name in zip(hosts, names, strict=True):
            site = Site(town, name, hosts[role], port, folder / role)
            self.hub.policies[name] = policy_for(site.pin_key)
            self.sites[role] = site
        spaces["hub"].run(self.hub.start)
        for role, site in self.sites.items():
            spaces[role].run(site.agent.start)
        until(lambda: len(self.hub.reports) == 2, 15, "no policy was reported")

    def people(self, seconds: float, pause_s: float) -> None:
        """People come to both doors at once, for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            what = draw(self.chance)
            for site in self.sites.values():
                site.present(what)
            self.presented += 1
            time.sleep(pause_s)

    def cut(self, longest_s: float, pause_s: float) -> None:
        """Cut one cable or both, for a while; sometimes the broker forgets everybody meanwhile."""
        roles = self.chance.choice((("edge",), ("edge",), ("hub",), ("edge", "hub")))
        for role in roles:
            self.cables.cut(role)
        self.people(self.chance.random() ** 2 * longest_s, pause_s)
        if self.chance.random() < 0.2:  # the ends still believe in connections nobody knows
            self.half_open += 1
            self.broker.kill()
            self.cables.spaces["broker"].run(self.broker.start)
        for role in roles:
            self.cables.mend(role)
        self.people(self.chance.random() * 0.6, pause_s)

    def settle(self) -> None:
        """Wait until the hub has everything, then stop the agents and see that it still has."""
        for site in self.sites.values():
            until(
                lambda site=site: self.caught_up(site),
                SETTLE_S,
                f"seed {self.seed}: the hub did not get everything",
            )
            site.agent.stop()

    def caught_up(self, site: Site) -> bool:
        def ask(parts, _now):
            journal = parts.recorder.journal
            return journal.through_seq == journal.last_seq

        return site.agent._ask(ask)

    def stop(self) -> None:
        for site in self.sites.values():
            site.agent.stop()
        for part in (self.hub, self.broker):
            if part is not None:
                part.stop()
        self.cables.remove()


def start_broker(town) -> RunningBroker:
    port = free_port()
    directory = town.directory / "broker"
    hosts = ("127.0.0.1", *BROKER_AT.values())
    enrolment.init_broker(
        town.register, directory, datetime.now(UTC), hosts=hosts, port=port, user="root"
    )
    broker = RunningBroker(town, directory, port)
    broker.start()
    return broker


@pytest.fixture
def stage(town, tmp_path):
    made: list[Stage] = []

    def make(seed: int) -> Stage:
        made.append(Stage(town, tmp_path, seed))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def keep_promise(stage, cuts, longest_s, pause_s):
    for _ in range(cuts):
        stage.cut(longest_s, pause_s)
    stage.settle()
    seed, cut, online = stage.seed, stage.sites["edge"], stage.sites["broker"]
    decided, expected = cut.decisions(), online.decisions()
    assert len(expected) == stage.presented, f"seed {seed}: not every person was answered"
    assert decided == expected, f"seed {seed}"
    kinds = {one[0] for one in decided}
    assert kinds == {"access_granted", "access_denied"}, (seed, kinds)
    lost = sum(event["kind"] == "link_lost" for event in cut.events())
    assert lost > 0, f"seed {seed}: no cut was ever noticed"
    for site in stage.sites.values():
        assert site.acts_without_a_grant() == [], f"seed {seed}"
        kept = stage.hub.rows(site.controller)
        journaled = site.rows()
        assert kept == journaled[: len(kept)], f"seed {seed}: the hub holds something else"
        assert len(journaled) - len(kept) <= 1, f"seed {seed}: more than the goodbye is missing"
    assert stage.hub.link.counts.conflicts == 0
    return {
        "cuts": cuts,
        "half_open": stage.half_open,
        "losses_noticed": lost,
        "decisions": len(decided),
        "granted": sum(one[0] == "access_granted" for one in decided),
        "lost": 0,
        "doubled": 0,
    }


@pytest.mark.timeout(120)
def test_decisions_are_the_same_while_the_network_is_cut_and_mended(stage):
    keep_promise(stage(20261126), SHORT_CUTS, 1.0, 0.04)


@pytest.mark.soak
@pytest.mark.timeout(SOAK_LIMIT_S)
def test_decisions_are_the_same_over_a_thousand_cuts(stage, capsys):
    seed, began = time.time_ns(), time.monotonic()
    counts = keep_promise(stage(seed), SOAK_CUTS, 3.0, 0.1)
    line = {"soak": "link_loss", **counts, "seed": seed}
    with capsys.disabled():
        print(json.dumps({**line, "took_s": round(time.monotonic() - began)}))
