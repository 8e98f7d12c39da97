"""From a booking to a PIN proven at its door, on the real hub and broker, at a small size.

No figure is judged but those that must hold on any machine, however busy it is.
"""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import pins
from bench.event_path.edge import clock_now
from bench.report import Report
from edge.core.policy_index import PolicyIndex
from edge.journal import policy_store
from edge.journal.journal import open_journal
from edge.ports import PolicyChange
from wire.identity import pin_policy_id, uuid7
from wire.policy import EntryKind, PolicyDigest, encode_entry, entry_hash
from wire.policy_bodies import EntryState, GrantBody, PinBody

CERTAIN = ("proven before", "digests that differ", "refused messages")
DOOR = uuid7(0, bytes(10))


def lines_of(size: pins.Size, kind: str, case: str) -> dict[str, dict[str, Any]]:
    out = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="kgm-bench-") as folder:
        pins.measure(Report("pins", out), Path(folder), size, [kind], [case])
    return {line["case"]: line for line in map(json.loads, out.getvalue().splitlines())}


@pytest.mark.mosquitto
def test_twenty_controllers_hold_what_the_hub_says_that_they_hold():
    size = replace(pins.QUICK, seconds=2.0, floor_changes=5)
    lines = lines_of(size, pins.SQLITE, pins.SUSTAINED)
    certain = [line for case, line in lines.items() if case.startswith(CERTAIN)]
    assert len(certain) == len(CERTAIN)
    assert all(line["ok"] for line in certain), certain
    assert {line["value"] > 0 for case, line in lines.items() if not case.startswith(CERTAIN)} == {
        True
    }


@pytest.mark.soak
@pytest.mark.mosquitto
@pytest.mark.postgres
def test_the_same_on_postgresql_and_with_many_grants():
    size = replace(pins.QUICK, seconds=2.0, floor_changes=5)
    for case, expected in ((pins.SUSTAINED, 3), (pins.LARGE, 7)):
        lines = lines_of(size, pins.POSTGRESQL, case)
        certain = [line for name, line in lines.items() if name.startswith((*CERTAIN, "the larg"))]
        assert len(certain) == expected
        assert all(line["ok"] for line in certain), certain


class Held:
    """An edge's store and index with so many PINs in them."""

    def __init__(self, folder: Path, many: int) -> None:
        self._journal, self.store = open_journal(folder / f"{many}.db", clock_now(), capacity=100)
        self.index, self.version = PolicyIndex(), 0
        self.apply([entry for number in range(many) for entry in entries(number)], snapshot=True)

    def apply(self, put: list[bytes], *, snapshot: bool = False) -> None:
        self.version += 1
        hashes = [entry_hash(entry) for entry in put]
        before = PolicyDigest.from_hex(self.index.digest)
        for item in hashes:
            before.add(item)
        change = PolicyChange(
            hub_epoch=1,
            version=self.version,
            put=tuple(put),
            drop=(),
            digest=before.hex,
            snapshot=snapshot,
        )
        assert self.store.digest_after(change) == change.digest
        prepared = self.index.prepare(change.put, change.drop)
        self.store.apply(change)
        self.index.swap(prepared)
        assert self.index.digest == change.digest

    def close(self) -> None:
        self._journal.close()


def entries(number: int) -> list[bytes]:
    credential = uuid7(1, number.to_bytes(10, "big"))
    pin = PinBody(
        credential=credential, door=DOOR, digest=f"{number:064x}", state=EntryState.ACTIVE
    )
    grant = GrantBody(door=DOOR, credential=credential)
    grant_id = uuid7(2, number.to_bytes(10, "big"))
    return [
        encode_entry(EntryKind.CREDENTIAL, pin_policy_id(credential, DOOR), 1, pin),
        encode_entry(EntryKind.GRANT, grant_id, 1, grant),
    ]


def effort_of(held: Held, put: list[bytes], monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Steps of the database's virtual machine, and hashes computed, for a change."""
    steps, hashes = [], []

    def step() -> None:
        steps.append(1)

    def hashed(data: bytes) -> bytes:
        hashes.append(1)
        return entry_hash(data)

    connection = held.store._file.db.conn
    with monkeypatch.context() as counting:
        counting.setattr(policy_store, "entry_hash", hashed)
        connection.set_progress_handler(step, 1)
        held.apply(put)
        connection.set_progress_handler(None, 0)
    return len(steps), len(hashes)


def test_a_change_costs_an_edge_the_same_whatever_it_holds(tmp_path, monkeypatch):
    """Its database and its digest: as many steps, as many hashes."""
    efforts = []
    for many in (100, 10_000):
        held = Held(tmp_path, many)
        held.apply(entries(many))  # the first after a start sums up what is held
        efforts.append(effort_of(held, entries(many + 1), monkeypatch))
        held.close()
    small, large = efforts
    assert 0 < large[0] <= 1.2 * small[0]
    assert 0 < large[1] == small[1] <= 8
