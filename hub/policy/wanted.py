"""An entry as it is wanted: its body, whom it is about, and when it leaves by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from wire.policy import EntryKey, EntryKind
from wire.policy_bodies import Body


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a controller should hold under one key."""

    body: Body
    person_id: str | None = None
    pin_id: str | None = None
    expires_at: datetime | None = None


Desired: TypeAlias = dict[EntryKey, Wanted]


def key(kind: EntryKind, entry_id: str) -> EntryKey:
    """Give the key of an entry."""
    return EntryKey(kind.value, entry_id)
