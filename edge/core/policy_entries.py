"""One entry of the policy, read and judged before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from wire import policy_bodies as pb
from wire.errors import WireError, WireFault
from wire.identity import pin_policy_id, uuid_bytes
from wire.messages import Rejected
from wire.policy import EntryKey, EntryRejection, decode_entry, entry_hash

_FAULTS: Final = {
    WireFault.TOO_LARGE: EntryRejection.TOO_LARGE,
    WireFault.UNKNOWN_KIND: EntryRejection.UNKNOWN_KIND,
    WireFault.BAD_FIELD: EntryRejection.BAD_BODY,
    WireFault.BAD_IDENTITY: EntryRejection.BAD_BODY,
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """An entry in the index."""

    key: EntryKey
    rev: int
    digest: bytes
    body: pb.Body


@dataclass(frozen=True, slots=True)
class Prepared:
    """A change whose entries were read and judged: what goes in, out, and was refused."""

    put: tuple[Accepted, ...]
    gone: frozenset[EntryKey]
    rejected: tuple[Rejected, ...]

    @property
    def keys(self) -> Iterator[EntryKey]:
        """What the change touches."""
        yield from self.gone
        yield from (entry.key for entry in self.put)
        yield from (EntryKey(entry.kind, entry.id) for entry in self.rejected)


def read_entry(data: bytes) -> Accepted | Rejected:
    """Read and judge one entry's bytes."""
    digest = entry_hash(data)
    try:
        entry = decode_entry(data)
    except WireError as error:
        large = error.fault is WireFault.TOO_LARGE
        reason = EntryRejection.TOO_LARGE if large else EntryRejection.BAD_ENTRY
        return Rejected(kind="", id=digest.hex(), rev=0, reason=reason)
    try:
        body = pb.decode_body(entry)
        reason_against = _against(entry.id, body)
    except WireError as error:
        reason_against = _FAULTS[error.fault]
    if reason_against is not None:
        return Rejected(kind=entry.kind, id=entry.id, rev=entry.rev, reason=reason_against)
    return Accepted(entry.key, entry.rev, digest, body)


def _against(entry_id: str, body: pb.Body) -> EntryRejection | None:
    """What speaks against an entry whose shape is right."""
    match body:
        case pb.DoorBody():
            uuid_bytes(entry_id)  # PIN digests are over its 16 bytes
        case pb.PinBody() if entry_id != pin_policy_id(body.credential, body.door):
            return EntryRejection.BAD_BODY
        case pb.CardBody() if entry_id != body.credential:
            return EntryRejection.BAD_BODY
        case _:
            pass
    return None
