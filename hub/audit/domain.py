"""The audit chain: what an entry says, and the hashes that make tampering show.

An entry's hash covers the hash before it, its number, time, action and target, and a *commitment*
to its personal part: SHA-256 over a random salt and actor and details. When retention erases that
part and its salt, the commitment stays and the chain still verifies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from hub.web.addresses import AddressKind

GENESIS: Final = "0" * 64
"""The hash before the first entry."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry. `actor`, `details` and `salt` are None once erased."""

    seq: int
    at: datetime
    action: str
    target_kind: str
    target_id: str
    came_from: AddressKind
    actor: str | None
    actor_name: str | None
    details: Mapping[str, Any] | None
    salt: str | None
    commitment: str
    hash: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a verification found: how many entries, and the first whose hash does not fit."""

    entries: int
    head: str
    broken_at: int | None

    @property
    def intact(self) -> bool:
        """Tell whether every entry fits."""
        return self.broken_at is None


def commitment(salt: str, actor: str, actor_name: str, details: Mapping[str, Any]) -> str:
    """Give the hash that stands for an entry's personal part."""
    return _sha256([salt, actor, actor_name, details])


def chained(before: str, entry: AuditEntry) -> str:
    """Give the hash that an entry must have behind the one before it."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    target = [entry.target_kind, entry.target_id]
    parts = [before, entry.seq, at, entry.action, *target, entry.came_from.value, entry.commitment]
    return _sha256(parts)


def fits(before: AuditEntry | None, entry: AuditEntry) -> bool:
    """Tell whether an entry follows the one before it and says what was written."""
    number, hash_before = (before.seq, before.hash) if before else (0, GENESIS)
    if entry.seq != number + 1 or chained(hash_before, entry) != entry.hash:
        return False
    if entry.salt is None or entry.actor is None or entry.details is None:
        return entry.actor is None and entry.details is None and entry.actor_name is None
    made = commitment(entry.salt, entry.actor, entry.actor_name or "", entry.details)
    return made == entry.commitment


def _sha256(parts: list[Any]) -> str:
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
