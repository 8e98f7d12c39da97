"""Policy entries, their hashes, and the digest by which edge and hub compare what they hold.

An entry's bytes are made once, by the hub, and never re-encoded: the edge stores them as they came
and hashes them as they came. The digest is the sum of the hashes modulo 2^256, so that a change
costs O(change). It compares; authenticity is the envelope's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

import msgspec

from wire.errors import WireError, WireFault

MAX_ENTRY_BYTES: Final = 16_384
_MODULUS: Final = 1 << 256


class EntryKind(StrEnum):
    """The closed list of kinds of policy entry; their bodies stand in `wire.policy_bodies`."""

    DOOR = "door"
    MODE = "mode"
    SCHEDULE = "schedule"
    HOLIDAY = "holiday"
    GRANT = "grant"
    CREDENTIAL = "credential"
    PERSON_FLAGS = "person-flags"
    ZONE = "zone"
    READER = "reader"
    DEVICE = "device"
    SETTING = "setting"
    ENROLMENT = "enrolment"


class EntryRejection(StrEnum):
    """Why an edge leaves an entry out of its index, and so out of its digest."""

    UNKNOWN_KIND = "unknown_kind"
    BAD_BODY = "bad_body"
    BAD_ENTRY = "bad_entry"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"


class EntryKey(NamedTuple):
    """What names an entry within one controller. The kind is text: it may be one of a later minor
    version, which is carried, hashed and rejected by name rather than lost."""

    kind: str
    id: str


_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One policy entry as sent: `{kind, id, rev, body}`; the body still as bytes."""

    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    id: _Id
    rev: Annotated[int, msgspec.Meta(ge=1)]
    body: msgspec.Raw

    @property
    def key(self) -> EntryKey:
        """The (kind, id) that is unique within a controller."""
        return EntryKey(self.kind, self.id)


class DroppedEntry(msgspec.Struct, frozen=True, array_like=True):
    """An entry to forget: `[kind, id]`."""

    kind: str
    id: str

    @property
    def key(self) -> EntryKey:
        """The (kind, id) to forget."""
        return EntryKey(self.kind, self.id)


_entry_decoder: Final = msgspec.json.Decoder(Entry)
_encoder: Final = msgspec.json.Encoder()


def encode_entry(kind: EntryKind, entry_id: str, rev: int, body: msgspec.Struct) -> bytes:
    """Make an entry's bytes. Only the hub does this, once for each (entry, rev)."""
    return _encoder.encode(
        Entry(kind=kind.value, id=entry_id, rev=rev, body=msgspec.Raw(_encoder.encode(body)))
    )


def decode_entry(data: bytes) -> Entry:
    """Read an entry's frame, its body left as it came.

    Raises `WireError` with `TOO_LARGE` or `BAD_FIELD`. An unknown kind is no error here.
    """
    if len(data) > MAX_ENTRY_BYTES:
        raise WireError(WireFault.TOO_LARGE, f"entry of {len(data)} bytes")
    try:
        return _entry_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(WireFault.BAD_FIELD, "not a policy entry") from error


def entry_hash(data: bytes) -> bytes:
    """Give SHA-256 of an entry's bytes as the hub sent them, 32 bytes."""
    return hashlib.sha256(data).digest()


class PolicyDigest:
    """The running sum of entry hashes mod 2^256; order does not matter, each change is O(1)."""

    __slots__ = ("_sum",)

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self._sum = 0
        for item in hashes:
            self.add(item)

    def add(self, item: bytes) -> None:
        """Count an entry in by its 32-byte hash."""
        self._sum = (self._sum + int.from_bytes(item, "big")) % _MODULUS

    def remove(self, item: bytes) -> None:
        """Count an entry out by its 32-byte hash."""
        self._sum = (self._sum - int.from_bytes(item, "big")) % _MODULUS

    def copy(self) -> PolicyDigest:
        """Give an independent copy, for trying a change before it is committed."""
        other = PolicyDigest()
        other._sum = self._sum
        return other

    @property
    def hex(self) -> str:
        """The digest as 64 lower-case hexadecimal digits, as messages carry it."""
        return f"{self._sum:064x}"

    @classmethod
    def from_hex(cls, text: str) -> PolicyDigest:
        """Take up a digest again from its 64 digits; raise `ValueError` for anything else."""
        if len(text) != 64:
            raise ValueError("a digest has 64 hexadecimal digits")
        made = cls()
        made._sum = int(text, 16)
        return made


EMPTY_DIGEST: Final = PolicyDigest().hex
"""The digest of a store that holds nothing."""
