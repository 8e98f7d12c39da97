"""Secrets of endpoints and sources: made, sealed for their row, opened when they are used."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from hub.keys import HubKeys
from hub.webhooks.domain import Endpoint
from hub.webhooks.signatures import SECRET_BYTES
from hub.webhooks.source_domain import Source

_TABLE: Final = {Endpoint: "webhook_endpoints", Source: "webhook_sources"}


def new_secret() -> bytes:
    """Make a secret."""
    return secrets.token_bytes(SECRET_BYTES)


def sealed(keys: HubKeys, kind: type[Endpoint | Source], row_id: str, secret: bytes) -> bytes:
    """Seal a secret for its row."""
    return keys.seal(secret, f"{_TABLE[kind]}:{row_id}")


def holding(keys: HubKeys, row: Endpoint | Source, now: datetime) -> list[bytes]:
    """Give the secrets that hold now, the new one first; raise `KeyFileError` where one cannot be
    opened."""
    name = f"{_TABLE[type(row)]}:{row.id}"
    found = [keys.unseal(row.secret, name)]
    until = row.previous_until
    if row.previous_secret is not None and until is not None and now < until:
        found.append(keys.unseal(row.previous_secret, name))
    return found
