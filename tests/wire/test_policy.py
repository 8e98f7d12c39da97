"""Entries and their digest: order does not matter, each change costs O(change), nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import policy_bodies as pb
from wire import samples
from wire.errors import WireError, WireFault
from wire.policy import (
    EMPTY_DIGEST,
    MAX_ENTRY_BYTES,
    Entry,
    PolicyDigest,
    decode_entry,
    entry_hash,
)

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=30)


@given(hashes, st.randoms())
def test_the_digest_does_not_depend_on_the_order(items: list[bytes], random: object) -> None:
    shuffled = items[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert PolicyDigest(items).hex == PolicyDigest(shuffled).hex


@given(hashes, hashes)
def test_adding_and_removing_gives_the_digest_of_what_remains(
    kept: list[bytes], gone: list[bytes]
) -> None:
    digest = PolicyDigest([*kept, *gone])
    for item in gone:
        digest.remove(item)
    assert digest.hex == PolicyDigest(kept).hex


@given(hashes)
def test_a_digest_survives_its_text_and_a_copy_is_independent(items: list[bytes]) -> None:
    digest = PolicyDigest.from_hex(PolicyDigest(items).hex)
    other = digest.copy()
    other.add(b"\x01" * 32)
    assert digest.hex == PolicyDigest(items).hex != other.hex
    assert len(digest.hex) == 64


def test_the_empty_store_has_the_zero_digest() -> None:
    assert EMPTY_DIGEST == "0" * 64


@pytest.mark.parametrize("text", ["", "0", "g" * 64, "0" * 63])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        PolicyDigest.from_hex(text)


def test_the_hash_is_over_the_bytes_as_sent_not_over_their_meaning() -> None:
    spaced = samples.ENTRIES[0].replace(b":", b": ", 1)
    assert decode_entry(spaced).key == decode_entry(samples.ENTRIES[0]).key
    assert entry_hash(spaced) != entry_hash(samples.ENTRIES[0])


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", WireFault.BAD_FIELD),
        (b"[]", WireFault.BAD_FIELD),
        (b'{"kind":"door","id":"","rev":1,"body":{}}', WireFault.BAD_FIELD),
        (b'{"kind":"door","id":"x","rev":0,"body":{}}', WireFault.BAD_FIELD),
        (b'{"kind":"door","id":"x","rev":1}', WireFault.BAD_FIELD),
        (b"[" * 9_000, WireFault.BAD_FIELD),
        (b'{"kind":"door","id":"\xff","rev":1,"body":{}}', WireFault.BAD_FIELD),
        (b"x" * (MAX_ENTRY_BYTES + 1), WireFault.TOO_LARGE),
    ],
)
def test_a_malformed_entry_has_a_named_fault(data: bytes, fault: WireFault) -> None:
    with pytest.raises(WireError) as caught:
        decode_entry(data)
    assert caught.value.fault is fault


def body_of(kind: str, body: bytes) -> pb.Body:
    return pb.decode_body(Entry(kind=kind, id="x", rev=1, body=msgspec.Raw(body)))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("door", b'{"unlock_ms":1}'),
        ("door", b'{"min_assurance":"handshake"}'),
        ("mode", b'{"door":"d","mode":"normal","order":1}'),
        ("mode", b'{"door":"d","mode":"locked","order":1,"expires_at":"2026-11-22T10:00:00"}'),
        ("schedule", b'{"tz":"Asia/Atlantis"}'),
        ("schedule", b'{"tz":"../../etc/passwd"}'),
        ("schedule", b'{"week":[{"days":[7],"spans":[[0,60]]}]}'),
        ("schedule", b'{"week":[{"days":[0],"spans":[[60,60]]}]}'),
        ("grant", b'{"door":"d"}'),
        ("grant", b'{"door":"d","person":"p","group":"g"}'),
        (
            "grant",
            b'{"door":"d","person":"p","start":"2026-01-02T00:00:00Z","end":"2026-01-02T00:00:00Z"}',
        ),
        ("credential", b'{"type":"pin","credential":"c","door":"d","digest":"12"}'),
        ("credential", b'{"type":"iris","credential":"c"}'),
        ("credential", b'{"credential":"c","door":"d"}'),
        ("device", b'{"driver":"telnet","port":"bus0"}'),
        ("reader", b'{"device":"d","tries":0}'),
        ("setting", b'{"value":{}}'),
        ("holiday", b'{"dates":["2026-02-30"]}'),
    ],
)
def test_a_body_is_checked_in_its_meaning_too(kind: str, body: bytes) -> None:
    with pytest.raises(WireError) as caught:
        body_of(kind, body)
    assert caught.value.fault is WireFault.BAD_FIELD


def test_assurance_classes_have_an_order() -> None:
    assert [item.rank for item in pb.Assurance] == [0, 1, 2]


def test_a_window_may_be_open_on_either_side() -> None:
    assert pb.GrantBody(door="d", person="p", start=samples.NOW).end is None
    assert pb.GrantBody(door="d", person="p", end=samples.NOW + timedelta(days=1)).start is None
