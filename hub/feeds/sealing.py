"""Seals what a feed keeps that nobody may read: its address and password, and its calendar."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict

from hub.feeds.domain import FeedSecret
from hub.keys import HubKeys


def secret_row(feed_id: str) -> str:
    """Give the name by which a feed's address and password are sealed."""
    return f"feeds:{feed_id}"


def content_row(feed_id: str) -> str:
    """Give the name by which its calendar is sealed."""
    return f"feed_content:{feed_id}"


class FeedSeals:
    """Seals and opens. Each value belongs to its feed and to nothing else."""

    def __init__(self, keys: HubKeys) -> None:
        self._keys = keys

    def seal_secret(self, feed_id: str, secret: FeedSecret) -> bytes:
        """Seal address and password."""
        return self._keys.seal(json.dumps(asdict(secret)).encode(), secret_row(feed_id))

    def secret(self, feed_id: str, sealed: bytes) -> FeedSecret:
        """Open them; raise `KeyFileError`."""
        return FeedSecret(**json.loads(self._keys.unseal(sealed, secret_row(feed_id))))

    def seal_content(self, feed_id: str, content: bytes, charset: str | None) -> bytes:
        """Pack and seal a calendar: it holds personal data."""
        packed = zlib.compress((charset or "").encode() + b"\n" + content, 6)
        return self._keys.seal(packed, content_row(feed_id))

    def content(self, feed_id: str, sealed: bytes) -> tuple[bytes, str | None]:
        """Open a calendar; give it with the charset that HTTP named."""
        packed = self._keys.unseal(sealed, content_row(feed_id))
        charset, _, content = zlib.decompress(packed).partition(b"\n")
        return content, charset.decode() or None
