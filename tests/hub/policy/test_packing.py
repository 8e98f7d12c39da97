"""Policy messages fit the envelope, whatever they carry, and lose nothing."""

from __future__ import annotations

import secrets

from hypothesis import given
from hypothesis import strategies as st

from hub.policy.packing import PolicyHead, pack_delta, pack_snapshot
from wire.envelope import MAX_PAYLOAD_BYTES
from wire.messages import PolicyChunk, PolicyDelta, decode_policy, encode
from wire.policy import EntryKey, EntryKind, encode_entry
from wire.policy_bodies import SettingBody

HEAD = PolicyHead(hub_epoch=3, version=17, digest="ab" * 32)
SESSION = "00112233445566778899aabbccddeeff"
SEALED_BYTES = 112


def entries(sizes: list[int]) -> list[bytes]:
    return [
        encode_entry(EntryKind.SETTING, f"s{number}", 1, SettingBody(value="x" * size))
        for number, size in enumerate(sizes)
    ]


@given(sizes=st.lists(st.integers(0, 900), max_size=60), room=st.integers(1_000, 5_000))
def test_a_snapshot_gives_back_every_entry_byte_for_byte(sizes: list[int], room: int) -> None:
    given_entries = entries(sizes)
    chunks = pack_snapshot(HEAD, SESSION, given_entries, room)
    assert [chunk.index for chunk in chunks] == list(range(chunks[0].count))
    assert [bytes(raw) for chunk in chunks for raw in chunk.entries] == given_entries
    assert all(sum(map(len, chunk.entries)) <= room for chunk in chunks)


def test_a_large_snapshot_fits_the_envelope_chunk_by_chunk() -> None:
    given_entries = entries([secrets.randbelow(16_000) for _ in range(100)])
    chunks = pack_snapshot(HEAD, SESSION, given_entries)
    assert len(chunks) > 2
    for chunk in chunks:
        body = encode(chunk)
        assert len(body) + SEALED_BYTES <= MAX_PAYLOAD_BYTES
        assert decode_policy(body) == chunk


def test_an_empty_policy_is_one_empty_chunk() -> None:
    (chunk,) = pack_snapshot(HEAD, SESSION, [])
    assert isinstance(decode_policy(encode(chunk)), PolicyChunk)
    assert (chunk.count, chunk.entries) == (1, ())


def test_a_delta_that_does_not_fit_is_not_made() -> None:
    assert pack_delta(HEAD, 16, entries([15_000] * 20), []) is None


@given(drops=st.integers(0, 4_000))
def test_a_delta_that_is_made_fits_the_envelope(drops: int) -> None:
    keys = [EntryKey("credential", f"{'c' * 36}@{number:036d}") for number in range(drops)]
    delta = pack_delta(HEAD, 16, entries([100]), keys)
    if delta is not None:
        body = encode(delta)
        assert len(body) + SEALED_BYTES <= MAX_PAYLOAD_BYTES
        read = decode_policy(body)
        assert isinstance(read, PolicyDelta)
        assert len(read.drop) == drops
