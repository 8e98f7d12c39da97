"""Only a controller's own digest places a PIN; whatever differs is repaired, and not for ever."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from hub.pins import placements
from hub.pins.placement import PlacementState, Problem
from hub.policy import hub_epoch, repository
from hub.policy.exchange import MAX_REPAIRS, PolicyExchange
from hub.policy.tables import policy_alarms
from wire.messages import EpochProof, PolicyChunk, PolicyDelta, Rejected, Reported
from wire.policy import (
    EMPTY_DIGEST,
    EntryKey,
    EntryRejection,
    PolicyDigest,
    decode_entry,
    entry_hash,
)

SESSION = "0123456789abcdef0123456789abcdef"


@dataclass
class Edge:
    """Holds entries as a controller does, and reports the digest of what it took in."""

    refuses: frozenset[str] = frozenset()
    version: int = 0
    entries: dict[EntryKey, bytes] = field(default_factory=dict)
    chunks: dict[int, PolicyChunk] = field(default_factory=dict)

    def take(self, messages: list[PolicyDelta | PolicyChunk]) -> None:
        for message in messages:
            if isinstance(message, PolicyDelta):
                assert message.from_version == self.version
                for gone in message.drop:
                    self.entries.pop(gone.key, None)  # put and dropped between its version and now
                self._put([bytes(raw) for raw in message.put])
                self.version = message.to_version
                continue
            self.chunks[message.index] = message
            if len(self.chunks) == message.count:
                self.entries = {}
                for index in range(message.count):
                    self._put([bytes(raw) for raw in self.chunks[index].entries])
                self.version, self.chunks = message.version, {}

    def _put(self, found: list[bytes]) -> None:
        for data in found:
            self.entries[decode_entry(data).key] = data

    def report(self, epoch: int = 1) -> Reported:
        left = [
            d for k, d in self.entries.items() if k.kind in self.refuses or k.id in self.refuses
        ]
        index = [entry_hash(data) for data in self.entries.values() if data not in left]
        rejected = tuple(
            Rejected(
                kind=decode_entry(data).kind,
                id=decode_entry(data).id,
                rev=decode_entry(data).rev,
                reason=EntryRejection.UNSUPPORTED,
            )
            for data in left
        )
        digest = PolicyDigest(index).hex
        return Reported(
            session="0" * 32,
            hub_epoch=epoch,
            version=self.version,
            digest=digest,
            rejected=rejected,
        )


@dataclass
class Bench:
    """One controller with one door, and the hub's end of the exchange."""

    town: Any
    exchange: PolicyExchange
    controller: str
    door: str

    def want(self, from_version: int | None) -> list[PolicyDelta | PolicyChunk]:
        with self.town.db.read() as scope:
            return self.exchange.answer_want(scope, self.controller, SESSION, from_version)

    def reported(
        self, reported: Reported, session: str | None = SESSION
    ) -> list[PolicyDelta | PolicyChunk]:
        return self.town.db.write(
            lambda scope: self.exchange.on_reported(scope, self.controller, reported, session)
        )

    def placement(self, credential: str) -> placements.Placement:
        with self.town.db.read() as scope:
            (found,) = placements.of_credentials(scope, [credential])
        return found

    def bring(self, edge: Edge) -> None:
        edge.take(self.want(edge.version or None))
        self.reported(edge.report())


@pytest.fixture
def bench(town: Any) -> Bench:
    site = town.site()
    controller = town.controller(site)
    door = town.door(site, controller)
    proof = EpochProof(hub_epoch=1, opened_at=town.clock.now(), signature="AA==")
    town.db.write(lambda scope: hub_epoch.ensure(scope, proof))
    town.db.write(town.sweep.run)
    town.compile()
    return Bench(town, PolicyExchange(town.clock, town.ids), controller, door)


def test_a_pin_is_placed_on_the_controllers_digest_and_not_before(bench: Bench) -> None:
    edge, pin = Edge(), bench.town.pin(bench.door)
    bench.town.compile()
    assert bench.placement(pin).state is PlacementState.PLACING
    edge.take(bench.want(None))
    assert bench.placement(pin).state is PlacementState.PLACING
    bench.reported(edge.report())
    placed = bench.placement(pin)
    assert placed.state is PlacementState.PLACED
    assert placed.placed_at == bench.town.clock.now()


def test_a_digest_of_an_older_version_places_nothing_newer(bench: Bench) -> None:
    edge = Edge()
    bench.bring(edge)
    pin = bench.town.pin(bench.door)
    bench.town.compile()
    assert bench.reported(edge.report()) == []
    assert bench.placement(pin).state is PlacementState.PLACING


def test_deltas_bring_a_controller_from_any_kept_version_to_the_present(bench: Bench) -> None:
    edges = []
    for _ in range(4):
        edge = Edge()
        edge.take(bench.want(None))
        edges.append(edge)
        pin = bench.town.pin(bench.door)
        bench.town.compile()
        bench.town.db.write(lambda scope, pin=pin: bench.town.pins.revoke(scope, pin, "test"))
        bench.town.compile()
    bench.town.pass_time(hours=5)
    with bench.town.db.read() as scope:
        held = repository.held(scope, bench.controller)
    for edge in edges:
        messages = bench.want(edge.version)
        assert [type(message) for message in messages] == [PolicyDelta]
        edge.take(messages)
        assert edge.version == held.version
        assert edge.report().digest == held.digest


def test_a_version_no_longer_kept_gets_a_snapshot(bench: Bench) -> None:
    edge = Edge()
    edge.take(bench.want(None))
    for _ in range(3):
        bench.town.pin(bench.door)
        bench.town.compile()
        bench.town.clock.advance(timedelta(days=20))
    now = bench.town.clock.now()
    bench.town.db.write(lambda scope: repository.forget_versions(scope, now - timedelta(days=1)))
    messages = bench.want(edge.version)
    assert all(isinstance(message, PolicyChunk) for message in messages)
    edge.take(messages)
    assert bench.reported(edge.report()) == []


@pytest.mark.parametrize("version", [None, 0, 999])
def test_a_snapshot_names_the_session(bench: Bench, version: int | None) -> None:
    (chunk,) = bench.want(version)
    assert isinstance(chunk, PolicyChunk)
    assert chunk.session == SESSION


def test_what_a_controller_rejects_is_a_problem_and_no_mismatch(bench: Bench) -> None:
    pin, other = bench.town.pin(bench.door), bench.town.pin(bench.door)
    bench.town.compile()
    edge = Edge(refuses=frozenset({f"{pin}@{bench.door}"}))
    bench.bring(edge)
    rejected = bench.placement(pin)
    assert rejected.state is PlacementState.PLACING
    assert rejected.problems == {Problem.REJECTED}
    assert bench.placement(other).state is PlacementState.PLACED
    edge.refuses = frozenset()
    bench.reported(edge.report())
    assert bench.placement(pin).state is PlacementState.PLACED
    assert bench.placement(pin).problems == frozenset()


def test_a_wrong_digest_is_repaired_by_a_snapshot_some_times_and_alarmed_every_time(
    bench: Bench,
) -> None:
    pin = bench.town.pin(bench.door)
    bench.town.compile()
    edge = Edge()
    bench.bring(edge)
    wrong = Reported(session="0" * 32, hub_epoch=1, version=edge.version, digest="00" * 32)
    for attempt in range(MAX_REPAIRS + 2):
        messages = bench.reported(wrong)
        assert bool(messages) == (attempt < MAX_REPAIRS)
    assert bench.placement(pin).problems == {Problem.DIGEST_MISMATCH}
    with bench.town.db.read() as scope:
        assert len(scope.all(scope.select(policy_alarms))) == MAX_REPAIRS + 2
    assert bench.reported(edge.report()) == []
    assert bench.placement(pin).problems == frozenset()
    assert bench.reported(wrong)


def test_without_a_session_nothing_is_sent(bench: Bench) -> None:
    assert (
        bench.reported(Reported(session="0" * 32, hub_epoch=1, version=1, digest="00" * 32), None)
        == []
    )


def test_a_report_of_an_older_hub_epoch_places_nothing_and_alarms_nobody(bench: Bench) -> None:
    pin = bench.town.pin(bench.door)
    bench.town.compile()
    edge = Edge()
    edge.take(bench.want(None))
    proof = EpochProof(hub_epoch=2, opened_at=bench.town.clock.now(), signature="AA==")
    bench.town.db.write(lambda scope: hub_epoch.ensure(scope, proof))
    assert bench.reported(edge.report(epoch=1)) == []
    assert bench.placement(pin).state is PlacementState.PLACING
    assert bench.reported(edge.report(epoch=2)) == []
    assert bench.placement(pin).state is PlacementState.PLACED


def test_a_version_that_was_never_made_is_alarmed(bench: Bench) -> None:
    assert bench.reported(Reported(session="0" * 32, hub_epoch=1, version=999, digest=EMPTY_DIGEST))


def test_revoking_is_over_when_the_digest_says_so(bench: Bench) -> None:
    edge, pin = Edge(), bench.town.pin(bench.door)
    bench.town.compile()
    bench.bring(edge)
    bench.town.db.write(lambda scope: bench.town.pins.revoke(scope, pin, "test"))
    bench.town.compile()
    assert bench.placement(pin).state is PlacementState.REVOKING
    bench.bring(edge)
    assert bench.placement(pin).state is PlacementState.REVOKED


def test_a_revocation_that_no_door_confirms_is_a_problem_until_one_does(bench: Bench) -> None:
    edge, pin = Edge(), bench.town.pin(bench.door)
    bench.town.compile()
    bench.bring(edge)
    bench.town.db.write(lambda scope: bench.town.pins.revoke(scope, pin, "test"))
    bench.town.compile()
    bench.town.pass_time(seconds=61)
    assert bench.placement(pin).problems == {Problem.REVOKE_NOT_CONFIRMED}
    bench.bring(edge)
    gone = bench.placement(pin)
    assert (gone.state, gone.problems) == (PlacementState.REVOKED, frozenset())


def test_a_pin_that_was_never_sent_is_revoked_at_once(bench: Bench) -> None:
    pin = bench.town.pin(bench.door, starts_h=200)
    bench.town.compile()
    bench.town.db.write(lambda scope: bench.town.pins.revoke(scope, pin, "test"))
    assert bench.placement(pin).state is PlacementState.REVOKED
    bench.town.pass_time(hours=150)
    assert all(key.kind != "credential" for key in bench.town.held(bench.controller))


def test_a_window_begins_ends_and_the_digest_proves_that_it_is_gone(bench: Bench) -> None:
    edge, pin = Edge(), bench.town.pin(bench.door, starts_h=1, hours=2)
    bench.town.compile()
    bench.bring(edge)
    bench.town.pass_time(hours=1)
    assert bench.placement(pin).state is PlacementState.ACTIVE
    bench.town.pass_time(hours=2)
    assert bench.placement(pin).state is PlacementState.ENDED
    bench.bring(edge)
    assert bench.placement(pin).state is PlacementState.ENDED
    assert any(key.kind == "credential" for key in edge.entries)
    bench.town.pass_time(hours=1)
    before = edge.report()
    bench.reported(before)
    assert bench.placement(pin).state is PlacementState.ENDED
    bench.bring(edge)
    assert bench.placement(pin).state is PlacementState.REMOVED
    assert all(key.kind != "credential" for key in edge.entries)


def test_keys_made_anew_while_an_ended_pin_lingers_do_not_prove_it_gone(bench: Bench) -> None:
    edge, pin = Edge(), bench.town.pin(bench.door)
    bench.town.compile()
    bench.bring(edge)
    bench.town.pass_time(hours=3)
    other = bench.town.controller(bench.town.site())
    bench.town.links[bench.controller] = bench.town.links[other]
    bench.town.pass_time(seconds=1)
    bench.bring(edge)
    assert bench.placement(pin).state is PlacementState.ENDED
    bench.town.pass_time(hours=1)
    bench.bring(edge)
    assert bench.placement(pin).state is PlacementState.REMOVED


def test_a_revocation_confirmed_after_the_window_is_a_revocation(bench: Bench) -> None:
    edge, pin = Edge(), bench.town.pin(bench.door)
    bench.town.compile()
    bench.bring(edge)
    bench.town.db.write(lambda scope: bench.town.pins.revoke(scope, pin, "test"))
    bench.town.compile()
    bench.town.pass_time(hours=3)
    assert bench.placement(pin).state is PlacementState.REVOKING
    bench.bring(edge)
    assert bench.placement(pin).state is PlacementState.REVOKED


def test_a_revocation_never_confirmed_ends_with_the_drop(bench: Bench) -> None:
    edge, pin = Edge(), bench.town.pin(bench.door)
    bench.town.compile()
    bench.bring(edge)
    bench.town.db.write(lambda scope: bench.town.pins.revoke(scope, pin, "test"))
    bench.town.compile()
    bench.town.pass_time(hours=4)
    assert bench.placement(pin).state is PlacementState.ENDED
    bench.bring(edge)
    assert bench.placement(pin).state is PlacementState.REMOVED


def test_a_window_that_begins_unconfirmed_is_a_problem_until_it_is_confirmed(bench: Bench) -> None:
    edge, pin = Edge(), bench.town.pin(bench.door)
    bench.town.compile()
    bench.town.pass_time(hours=1)
    late = bench.placement(pin)
    assert (late.state, late.problems) == (PlacementState.PLACING, {Problem.NOT_CONFIRMED})
    bench.bring(edge)
    assert bench.placement(pin).state is PlacementState.ACTIVE
    assert bench.placement(pin).problems == frozenset()


def test_the_history_tells_what_happened_and_why(bench: Bench) -> None:
    edge, pin = Edge(), bench.town.pin(bench.door)
    bench.town.compile()
    bench.bring(edge)
    with bench.town.db.read() as scope:
        told = [(row.event.value, row.cause) for row in placements.history(scope, pin)]
    assert told == [
        ("make", "test"),
        ("send", "policy version 2"),
        ("confirm", "digest of version 2"),
    ]


def test_an_older_proof_of_the_hub_epoch_is_refused(bench: Bench) -> None:
    old = EpochProof(hub_epoch=0, opened_at=bench.town.clock.now(), signature="AA==")
    with pytest.raises(hub_epoch.HubEpochError, match="restore the newer file"):
        bench.town.db.write(lambda scope: hub_epoch.ensure(scope, old))
