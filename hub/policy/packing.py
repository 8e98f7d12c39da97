"""Puts entries into `down/policy` messages that fit: a delta if it does, else a snapshot in chunks.

Pure. Entries' bytes go in as they are, never re-encoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from wire.envelope import MAX_PAYLOAD_BYTES
from wire.messages import PolicyChunk, PolicyDelta
from wire.policy import DroppedEntry, EntryKey

FRAME_BYTES: Final = 1_024
"""More than envelope and the fields around the entries take."""

ROOM_BYTES: Final = MAX_PAYLOAD_BYTES - FRAME_BYTES


@dataclass(frozen=True, slots=True)
class PolicyHead:
    """Which policy a message belongs to: numbers and the digest after it is applied."""

    hub_epoch: int
    version: int
    digest: str


def pack_delta(
    head: PolicyHead, from_version: int, put: Sequence[bytes], drop: Sequence[EntryKey]
) -> PolicyDelta | None:
    """Give the delta from a version to `head`, or None where it does not fit one message."""
    # A dropped key is JSON text of ASCII ids: its quotes, comma and brackets are six bytes more.
    size = sum(len(entry) + 1 for entry in put)
    size += sum(len(key.kind) + len(key.id) + 8 for key in drop)
    if size > ROOM_BYTES:
        return None
    return PolicyDelta(
        hub_epoch=head.hub_epoch,
        from_version=from_version,
        to_version=head.version,
        put=tuple(msgspec.Raw(entry) for entry in put),
        drop=tuple(DroppedEntry(key.kind, key.id) for key in drop),
        digest=head.digest,
    )


def pack_snapshot(
    head: PolicyHead, session: str, entries: Sequence[bytes], room_bytes: int = ROOM_BYTES
) -> list[PolicyChunk]:
    """Give a snapshot as chunks that name the session; one empty chunk for an empty policy."""
    groups: list[list[bytes]] = [[]]
    size = 0
    for entry in entries:
        if groups[-1] and size + len(entry) + 1 > room_bytes:
            groups.append([])
            size = 0
        groups[-1].append(entry)
        size += len(entry) + 1
    return [
        PolicyChunk(
            hub_epoch=head.hub_epoch,
            version=head.version,
            session=session,
            index=index,
            count=len(groups),
            digest=head.digest,
            entries=tuple(msgspec.Raw(entry) for entry in group),
        )
        for index, group in enumerate(groups)
    ]
