"""How a message leaves for a controller: the one thing the policy and commands need of the link."""

from __future__ import annotations

from typing import Protocol

from wire.topics import Channel


class Downlink(Protocol):
    """Sends to controllers. Never waits for one: what is not connected gets nothing, and asks for
    what it missed at its next hello."""

    def publish(self, controller: str, channel: Channel, body: bytes) -> None:
        """Seal these JSON bytes into the channel's envelope and publish them."""
        ...
