"""How a card's number is kept: sealed for its row, and found by a keyed blind index."""

from __future__ import annotations

from hub.keys import HubKeys


def identity_index(keys: HubKeys, namespace: str, identity: bytes) -> str:
    """Give the blind index of (namespace, identity): equal cards have equal ones."""
    return keys.blind("card", namespace.encode(), identity)


def seal_identity(keys: HubKeys, card_id: str, identity: bytes) -> bytes:
    """Encrypt a card's number for its row."""
    return keys.seal(identity, f"cards:{card_id}")


def open_identity(keys: HubKeys, card_id: str, sealed: bytes) -> bytes:
    """Give a card's number back; raise `hub.keys.SealBrokenError` if the row was tampered with."""
    return keys.unseal(sealed, f"cards:{card_id}")
