"""What other topics use of the link, and what the link uses of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from hub.database.scope import Scope
from wire.keys import LinkKey
from wire.messages import HeldPolicy, Reported, Want
from wire.topics import Channel


class Downlink(Protocol):
    """Sends to controllers; safe from any thread."""

    def publish(self, controller: str, channel: Channel, body: bytes) -> bool:
        """Seal (and where the channel demands it sign) JSON bytes and hand them to the broker.

        False where there is no connection or the controller has no key: nothing was sent. True
        promises nothing about arrival. Never retained.
        """


class Sessions(Protocol):
    """Which session of a controller is alive."""

    def current(self, controller: str) -> str | None:
        """The session a command must name: the newest that answered our welcome. None before."""


class PolicyDesk(Protocol):
    """The policy's side of the link. Each call is part of the caller's transaction; messages are
    given as JSON bytes for `down/policy`, to be sent once it is committed."""

    def held(self, scope: Scope, controller: str) -> HeldPolicy:
        """What the controller should hold now; version 0 with the empty digest where nothing is
        compiled yet."""

    def wanted(self, scope: Scope, controller: str, want: Want) -> Sequence[bytes]:
        """A controller asks for a delta or a snapshot; a `want` from the version it should hold is
        an answer to the welcome and asks for nothing."""

    def reported(self, scope: Scope, controller: str, reported: Reported) -> Sequence[bytes]:
        """A controller says what its index holds."""


class LinkKeys(Protocol):
    """The link keys of controllers."""

    def of(self, controller: str) -> Mapping[bytes, LinkKey]:
        """The keys that hold for a controller by key id, the newest last; empty if unknown."""
