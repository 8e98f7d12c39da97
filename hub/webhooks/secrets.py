"""Secrets of endpoints and sources: made, sealed for their row, opened when they are used."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from hub.keys import HubKeys
from hub.webhooks.domain import Endpoint
from hub.webhooks.signatures import SECRET_BYTES
from hub.webhooks.source_domain import Source


def endpoint_row(row_id: str) -> str:
    """Give the name by which an endpoint's secrets are sealed."""
    return f"webhook_endpoints:{row_id}"


def source_row(row_id: str) -> str:
    """Give the name by which a source's secrets are sealed."""
    return f"webhook_sources:{row_id}"


_ROW: Final = {Endpoint: endpoint_row, Source: source_row}


def new_secret() -> bytes:
    """Make a secret."""
    return secrets.token_bytes(SECRET_BYTES)


def sealed(keys: HubKeys, kind: type[Endpoint | Source], row_id: str, secret: bytes) -> bytes:
    """Seal a secret for its row."""
    return keys.seal(secret, _ROW[kind](row_id))


def holding(keys: HubKeys, row: Endpoint | Source, now: datetime) -> list[bytes]:
    """Give the secrets that hold now, the new one first; raise `KeyFileError` where one cannot be
    opened."""
    name = _ROW[type(row)](row.id)
    found = [keys.unseal(row.secret, name)]
    until = row.previous_until
    if row.previous_secret is not None and until is not None and now < until:
        found.append(keys.unseal(row.previous_secret, name))
    return found
