"""What was once on the wire can be read for ever, and means the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wire import messages, samples
from wire.envelope import open_sealed, seal
from wire.errors import WireError, WireFault
from wire.events import EventKind, decode_event_body, decode_row, encode_event
from wire.keys import HubSigner, LinkKey, PinKey, SignerRing
from wire.pins import card_digest, pin_digest
from wire.policy import EntryKind, EntryRejection, PolicyDigest, decode_entry, entry_hash
from wire.policy_bodies import decode_body
from wire.reasons import Reason
from wire.topics import SIGNED, Channel, parse_topic
from wire.version import WIRE_VERSION

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = sorted(folder.name for folder in GOLDEN.iterdir())


def vectors_of(version: str) -> Any:
    return json.loads((GOLDEN / version / "vectors.json").read_text(encoding="utf-8"))


def lines(version: str, name: str) -> list[bytes]:
    return (GOLDEN / version / name).read_bytes().splitlines()


def read(channel: Channel, body: bytes) -> messages.Message:
    kind = messages.TYPES[channel]
    return messages.decode_policy(body) if kind is None else messages.decode(kind, body)


def test_the_present_version_has_golden_files() -> None:
    assert WIRE_VERSION in VERSIONS


@pytest.mark.parametrize("name", list(samples.MESSAGES))
def test_a_golden_message_decodes_to_its_sample_and_encodes_to_its_bytes(name: str) -> None:
    channel, sample = samples.MESSAGES[name]
    golden = (GOLDEN / WIRE_VERSION / f"{name}.json").read_bytes().rstrip(b"\n")
    assert read(channel, golden) == sample
    assert messages.encode(sample) == golden


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", list(samples.MESSAGES))
def test_unknown_fields_of_a_later_minor_version_are_ignored(version: str, name: str) -> None:
    path = GOLDEN / version / f"{name}.json"
    channel = samples.MESSAGES[name][0]
    plain = path.read_bytes()
    grown = json.loads(plain) | {"field_of_tomorrow": {"deep": [1, 2, 3]}}
    assert read(channel, json.dumps(grown).encode()) is not None
    # entries and events inside are bytes and keep their own spelling: compare the frames
    first, second = read(channel, plain), read(channel, json.dumps(grown).encode())
    assert type(first) is type(second)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_golden_event_decodes_with_its_body(version: str) -> None:
    kinds = set()
    for line in lines(version, "event_rows.jsonl"):
        row = decode_row(line)
        assert not hasattr(row, "gap")
        decode_event_body(row)
        kinds.add(row.kind)
    assert kinds <= {kind.value for kind in EventKind}
    if version == WIRE_VERSION:
        assert kinds == {kind.value for kind in EventKind}


def test_event_samples_encode_to_their_golden_bytes() -> None:
    made = [encode_event(samples.sample_event(kind)) for kind in EventKind]
    assert made == lines(WIRE_VERSION, "event_rows.jsonl")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_golden_entry_decodes_and_the_digest_holds(version: str) -> None:
    entries = lines(version, "entries.jsonl")
    for line in entries:
        decode_body(decode_entry(line))
    digest = PolicyDigest(map(entry_hash, entries)).hex
    assert digest == vectors_of(version)["policy_digest"]


def test_entry_samples_cover_every_kind_and_encode_to_their_golden_bytes() -> None:
    assert lines(WIRE_VERSION, "entries.jsonl") == samples.ENTRIES
    assert {decode_entry(line).kind for line in samples.ENTRIES} == {k.value for k in EntryKind}


@pytest.mark.parametrize("version", VERSIONS)
def test_golden_envelopes_open_and_are_made_again_byte_by_byte(version: str) -> None:
    vectors = vectors_of(version)
    link = LinkKey(bytes.fromhex(vectors["keys"]["link"]))
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vectors["keys"]["signer_seed"]))
    ring = SignerRing((private.public_key(),))
    for name, item in vectors["envelopes"].items():
        topic, payload = item["topic"], bytes.fromhex(item["payload"])
        body = open_sealed(topic, payload, {link.kid: link}, ring)
        assert body == (GOLDEN / version / f"{name}.json").read_bytes().rstrip(b"\n")
        signer = HubSigner(private) if parse_topic(topic).channel in SIGNED else None
        assert seal(topic, body, link, signer) == payload


@pytest.mark.parametrize("version", VERSIONS)
def test_pin_and_card_digests_are_the_published_ones(version: str) -> None:
    vectors = vectors_of(version)
    key = PinKey(bytes.fromhex(vectors["keys"]["pin"]))
    for item in vectors["pin_digests"]:
        assert pin_digest(key, item["door"], item["digits"]) == item["digest"]
    for item in vectors["card_digests"]:
        identity = bytes.fromhex(item["identity"])
        assert card_digest(key, item["namespace"], identity) == item["digest"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_closed_lists_only_ever_grow(version: str) -> None:
    was = vectors_of(version)["closed_lists"]
    assert set(was["channels"]) <= {item.value for item in Channel}
    assert set(was["event_kinds"]) <= {item.value for item in EventKind}
    assert set(was["entry_kinds"]) <= {item.value for item in EntryKind}
    assert set(was["entry_rejections"]) <= {item.value for item in EntryRejection}
    for reason, outcome in was["reasons"].items():
        assert Reason(reason).outcome.value == outcome
    if version == WIRE_VERSION:
        assert set(was["reasons"]) == {item.value for item in Reason}
        assert set(was["event_kinds"]) == {item.value for item in EventKind}


def test_an_event_of_an_unknown_kind_is_kept_and_rejected_by_name() -> None:
    later = msgspec.structs.replace(
        samples.sample_event(EventKind.DOOR_OPENED), kind="door_levitated"
    )
    row = decode_row(encode_event(later))
    assert row == later
    with pytest.raises(WireError) as caught:
        decode_event_body(row)
    assert (caught.value.fault, caught.value.detail) == (WireFault.UNKNOWN_KIND, "door_levitated")


def test_an_entry_of_an_unknown_kind_keeps_its_hash_and_is_rejected_by_name() -> None:
    later = b'{"kind":"elevator","id":"e1","rev":3,"body":{"floors":[1,2]},"more":true}'
    entry = decode_entry(later)
    assert (entry.kind, entry.id, entry.rev) == ("elevator", "e1", 3)
    with pytest.raises(WireError) as caught:
        decode_body(entry)
    assert caught.value.fault is WireFault.UNKNOWN_KIND
