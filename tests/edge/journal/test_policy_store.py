"""The policy store keeps entries byte for byte and knows its digest after any change."""

from __future__ import annotations

import pytest

from edge.ports import JournalError, PolicyChange
from wire.policy import EMPTY_DIGEST, EntryKey, PolicyDigest, decode_entry, entry_hash
from wire.samples import ENTRIES


def change(version, put, drop=(), snapshot=False):
    return PolicyChange(
        hub_epoch=1, version=version, put=tuple(put), drop=tuple(drop), digest="", snapshot=snapshot
    )


def test_a_fresh_store_holds_nothing(box):
    box.open()
    held = box.store.load()
    assert (held.hub_epoch, held.version, held.entries) == (0, 0, ())
    assert box.store.digest_after(change(1, ())) == EMPTY_DIGEST


def test_a_snapshot_replaces_everything_and_survives(box):
    box.open()
    box.store.apply(change(5, ENTRIES[:3], snapshot=True))
    box.store.apply(change(6, ENTRIES[3:6], snapshot=True))
    box.crash()
    box.open()
    held = box.store.load()
    assert held.version == 6
    assert sorted(held.entries) == sorted(ENTRIES[3:6])


def test_a_delta_puts_and_drops_and_its_digest_is_known_before(box):
    box.open()
    box.store.apply(change(5, ENTRIES[:4], snapshot=True))
    gone = decode_entry(ENTRIES[0]).key
    newer = ENTRIES[1].replace(b'"rev":', b'"rev":7')
    delta = change(6, [ENTRIES[4], newer], [gone, EntryKey("door", "never there")])
    expected = PolicyDigest(map(entry_hash, [newer, *ENTRIES[2:5]])).hex
    assert box.store.digest_after(delta) == expected
    assert box.store.numbers() == (1, 5)
    box.store.apply(delta)
    assert box.store.numbers() == (1, 6)
    assert box.store.digest_after(change(7, ())) == expected
    assert sorted(box.store.load().entries) == sorted([newer, *ENTRIES[2:5]])
    box.crash()
    box.open()
    assert box.store.digest_after(change(7, ())) == expected


def test_an_apply_that_fails_changes_nothing(box):
    box.open()
    box.store.apply(change(5, ENTRIES[:4], snapshot=True))
    before = box.store.load()
    box.journal._file.db.conn.execute("PRAGMA query_only=1")
    with pytest.raises(JournalError):
        box.store.apply(change(6, ENTRIES[4:], snapshot=True))
    assert box.store.load() == before
    digest = PolicyDigest(map(entry_hash, ENTRIES[:4])).hex
    assert box.store.digest_after(change(6, ())) == digest
