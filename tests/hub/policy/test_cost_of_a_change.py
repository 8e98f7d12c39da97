"""A change costs what it changes, however much the controller holds already: in the database, and
on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.pin_path.large import fill
from hub.database.scope import Scope
from hub.people.tables import people
from hub.policy import hub_epoch, repository
from hub.policy.compiler import Compiled
from hub.policy.exchange import PolicyExchange
from hub.policy.packing import PolicyHead, pack_delta
from hub.policy.touch import touch_person
from wire.envelope import seal
from wire.keys import HubSigner
from wire.messages import EpochProof, Reported, encode
from wire.policy_bodies import EntryState
from wire.topics import Channel, topic_of

T = TypeVar("T")

SMALL, LARGE = 100, 10_000
SIGNER = HubSigner(Ed25519PrivateKey.generate())
SESSION = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """SQLite alone: it is its virtual machine whose steps are counted."""
    return sqlite_at


class Hall:
    """A controller with so many grants, everything of them confirmed. `steps` is what the last work
    took of the database's virtual machine: every row that is looked at costs several."""

    def __init__(self, town: Any) -> None:
        self.town, self.steps = town, 0
        self.deltas: list[int] = []
        """Bytes of each delta made so far, as it goes over the wire."""
        proof = EpochProof(hub_epoch=1, opened_at=town.clock.now(), signature="AA==")
        town.db.write(lambda scope: hub_epoch.ensure(scope, proof))
        self.exchange = PolicyExchange(town.clock, town.ids)
        site = town.site()
        self.controller = town.controller(site)
        self.doors = [town.door(site, self.controller) for _ in range(20)]
        town.pass_time(seconds=1)

    def fill(self, many: int) -> None:
        town = self.town
        town.db.write(
            lambda scope: fill(
                scope, town.keys, town.ids, self.controller, self.doors, many, town.clock.now()
            )
        )
        town.compile()
        self.report()

    def counted(self, work: Callable[[Scope], T]) -> T:
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1

        def run(scope: Scope) -> T:
            driver: Any = scope.connection.connection.driver_connection
            driver.set_progress_handler(step, 1)
            try:
                return work(scope)
            finally:
                driver.set_progress_handler(None, 0)

        result = self.town.db.write(run)
        self.steps = steps
        return result

    def compile(self) -> Compiled:
        done = self.counted(self.town.compiler.compile_marks)
        (made,) = done.made
        head = PolicyHead(1, made.held.version, made.held.digest)
        delta = pack_delta(head, made.from_version, made.put, made.drop)
        assert delta is not None
        link = self.town.links[self.controller].link
        topic = topic_of(self.controller, Channel.POLICY)
        self.deltas.append(len(seal(topic, encode(delta), link, SIGNER)))
        return done

    def report(self) -> None:
        with self.town.db.read() as scope:
            held = repository.held(scope, self.controller)
        said = Reported(session=SESSION, hub_epoch=1, version=held.version, digest=held.digest)
        self.counted(lambda scope: self.exchange.on_reported(scope, self.controller, said, SESSION))

    def efforts(self) -> dict[str, int]:
        """What each kind of change takes now."""
        town, taken = self.town, {}
        with town.db.read() as scope:
            person = scope.scalar(scope.select(people.c.id).order_by(people.c.id))

        def take(name: str, work: Callable[[], object]) -> None:
            work()
            taken[name] = self.steps

        def revoke(scope: Scope) -> None:
            town.pins.revoke(scope, credential, "test")

        credential = town.pin(self.doors[0])
        take("a PIN issued", self.compile)
        take("a PIN placed", self.report)
        town.db.write(revoke)
        take("a PIN revoked", self.compile)
        take("a PIN dead", self.report)
        town.pin(self.doors[0], person=person)
        take("a known person's PIN issued", self.compile)
        self.report()
        town.grant(self.doors[0], person_id=person)
        take("a grant made", self.compile)
        town.set(people, touch_person, person, state=EntryState.BLOCKED)
        take("a person blocked", self.compile)
        self.report()
        with town.db.read() as scope:
            before = repository.held(scope, self.controller).version - 1
        take("a delta asked for", lambda: self.counted(self._delta(before)))
        take("nothing due", lambda: self.counted(town.sweep.is_due))
        return taken

    def _delta(self, before: int) -> Callable[[Scope], object]:
        return lambda scope: self.exchange.answer_want(scope, self.controller, SESSION, before)


def test_a_change_costs_the_same_whatever_the_controller_holds(town):
    hall = Hall(town)
    hall.fill(SMALL)
    small = hall.efforts()
    hall.fill(LARGE - SMALL)
    large = hall.efforts()
    assert all(small.values())
    assert len(hall.deltas) == 10
    assert max(hall.deltas) < 2_000
    grown = {name: (small[name], large[name]) for name in small if large[name] > 1.2 * small[name]}
    assert not grown
