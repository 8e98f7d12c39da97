"""The index: its digest is over exactly what decide reads; what it cannot take it names."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.policy_index import PolicyIndex
from wire import policy_bodies as pb
from wire.policy import (
    EMPTY_DIGEST,
    EntryKey,
    EntryKind,
    EntryRejection,
    PolicyDigest,
    encode_entry,
    entry_hash,
)
from wire.samples import BODIES, ENTRIES, sample_id


def swapped(index: PolicyIndex, put=(), drop=()):
    change = index.prepare(put, drop)
    index.swap(change)
    return change


def raw_entry(kind: str, entry_id: str, body: object, rev: int = 1) -> bytes:
    return msgspec.json.encode({"kind": kind, "id": entry_id, "rev": rev, "body": body})


def test_every_kind_of_entry_goes_in_and_out_again():
    index = PolicyIndex()
    change = swapped(index, ENTRIES)
    assert change.rejected == ()
    assert index.digest == PolicyDigest(map(entry_hash, ENTRIES)).hex
    keys = [EntryKey(kind.value, one) for kind, pairs in BODIES.items() for one, _ in pairs]
    swapped(index, drop=keys)
    assert (index.digest, len(index), index.rejected) == (EMPTY_DIGEST, 0, ())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (raw_entry("elevator", "e1", {}), EntryRejection.UNKNOWN_KIND),
        (raw_entry("grant", "g1", {"door": "d"}), EntryRejection.BAD_BODY),
        (raw_entry("door", "not-a-uuid", {}), EntryRejection.BAD_BODY),
        (raw_entry("schedule", "s", {"tz": "Mars/Olympus"}), EntryRejection.BAD_BODY),
        (raw_entry("setting", "s", {"value": "x" * 20_000}), EntryRejection.TOO_LARGE),
        (raw_entry("zone", "z", {"anti_passback": "hard", "spans": True}), EntryRejection.BAD_BODY),
        (raw_entry("zone", "z", {"occupancy_max": 0}), EntryRejection.BAD_BODY),
        (raw_entry("zone", "z", {"tz": "Mars/Olympus"}), EntryRejection.BAD_BODY),
        (b"[]", EntryRejection.BAD_ENTRY),
        (b'{"kind":"door"', EntryRejection.BAD_ENTRY),
    ],
)
def test_a_bad_entry_is_rejected_by_name_and_leaves_the_rest(data, reason):
    index = PolicyIndex()
    good = encode_entry(EntryKind.SETTING, "telemetry_s", 1, pb.SettingBody(value=60))
    change = swapped(index, [data, good])
    assert [one.reason for one in change.rejected] == [reason]
    assert index.rejected == change.rejected
    assert index.settings == {"telemetry_s": 60}
    assert index.digest == PolicyDigest([entry_hash(good)]).hex


def test_a_pin_filed_under_another_id_is_refused():
    body = pb.PinBody(credential=sample_id(1), door=sample_id(2), digest="5a" * 32)
    data = encode_entry(EntryKind.CREDENTIAL, f"{sample_id(1)}@{sample_id(3)}", 1, body)
    assert PolicyIndex().prepare([data]).rejected[0].reason is EntryRejection.BAD_BODY


def test_a_new_revision_that_is_rejected_takes_the_old_one_out():
    index = PolicyIndex()
    door = sample_id(1)
    swapped(index, [encode_entry(EntryKind.DOOR, door, 1, pb.DoorBody())])
    swapped(index, [raw_entry("door", door, {"unlock_ms": "long"}, rev=2)])
    assert index.doors == {}
    assert index.digest == EMPTY_DIGEST
    assert [one.rev for one in index.rejected] == [2]


def test_a_corrected_entry_is_no_longer_named_as_rejected():
    index = PolicyIndex()
    door = sample_id(1)
    swapped(index, [raw_entry("door", door, {"unlock_ms": "long"})])
    swapped(index, [encode_entry(EntryKind.DOOR, door, 2, pb.DoorBody())])
    assert index.rejected == ()


def test_dropping_what_is_not_held_changes_nothing():
    index = PolicyIndex()
    swapped(index, ENTRIES)
    before = index.digest
    swapped(index, drop=[EntryKey("grant", "nothing")])
    assert index.digest == before


def test_preparing_touches_nothing():
    index = PolicyIndex()
    index.prepare(ENTRIES)
    assert (index.digest, len(index)) == (EMPTY_DIGEST, 0)


def test_a_moved_reader_is_found_at_its_new_place_only():
    index = PolicyIndex()
    reader, body = sample_id(1), pb.ReaderBody(device="a", channel=0)
    swapped(index, [encode_entry(EntryKind.READER, reader, 1, body)])
    moved = msgspec.structs.replace(body, channel=1)
    swapped(index, [encode_entry(EntryKind.READER, reader, 2, moved)])
    assert index.reader_at("a", 0) is None
    assert index.reader_at("a", 1) == reader


def test_an_input_may_be_wired_to_two_doors():
    index = PolicyIndex()
    body = pb.DoorBody(rex=pb.Point("a", 3))
    put = [encode_entry(EntryKind.DOOR, sample_id(n), 1, body) for n in (1, 2)]
    swapped(index, put)
    assert {one.door for one in index.inputs_at("a", 3)} == {sample_id(1), sample_id(2)}


_changes = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(range(6)),
        st.sampled_from(["pin", "card", "grant", "door", "reader", "mode", "bad"]),
        st.integers(0, 3),
    ),
    max_size=40,
)


def _make(kind: str, number: int, variant: int, rev: int) -> tuple[EntryKey, bytes]:
    one, door = sample_id(100 + number), sample_id(200 + variant)
    digest = f"{variant:064x}"
    match kind:
        case "pin":
            entry_id = f"{one}@{door}"
            body = pb.PinBody(credential=one, door=door, digest=digest)
            entry_kind = EntryKind.CREDENTIAL
        case "card":
            entry_id, entry_kind = one, EntryKind.CREDENTIAL
            body = pb.CardBody(credential=one, namespace="uid", digest=digest)
        case "grant":
            entry_id, entry_kind = one, EntryKind.GRANT
            body = pb.GrantBody(door=door, person=sample_id(300 + variant))
        case "door":
            entry_id, entry_kind = one, EntryKind.DOOR
            body = pb.DoorBody(contact=pb.Point("a", variant), rex=pb.Point("a", 9))
        case "reader":
            entry_id, entry_kind = one, EntryKind.READER
            body = pb.ReaderBody(device="a", channel=variant)
        case "mode":
            entry_id, entry_kind = one, EntryKind.MODE
            body = pb.ModeBody(door=door, mode=pb.DoorMode.LOCKED, order=variant + 1)
        case _:
            return EntryKey("door", one), raw_entry("door", one, {"unlock_ms": variant}, rev)
    return EntryKey(entry_kind.value, entry_id), encode_entry(entry_kind, entry_id, rev, body)


@settings(deadline=None)
@given(_changes)
def test_any_history_of_changes_ends_as_a_fresh_index_of_what_is_left(changes):
    index, model = PolicyIndex(), {}
    for rev, (put, number, kind, variant) in enumerate(changes, start=1):
        key, data = _make(kind, number, variant, rev)
        if put:
            swapped(index, [data])
            model[key] = data
        else:
            swapped(index, drop=[key])
            model.pop(key, None)
    fresh = PolicyIndex()
    swapped(fresh, model.values())
    assert index.digest == fresh.digest
    tables = [name for name in vars(index) if name != "_digest"]
    for name in tables:
        assert getattr(index, name) == getattr(fresh, name), name
