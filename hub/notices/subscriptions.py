"""Who wants no notices: by keyed blind index of the address, so that nothing here names anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.notices.domain import Channel
from hub.notices.tables import notice_subscriptions

TOKEN_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a link to unsubscribe leads to; never the address."""

    channel: Channel
    stopped_at: datetime | None


class Subscriptions:
    """Reads and changes who wants notices."""

    def __init__(self, db: Database, clock: Clock, keys: HubKeys) -> None:
        self._db = db
        self._clock = clock
        self._keys = keys

    def token(self, scope: Scope, channel: Channel, address: str) -> str:
        """Give the token of an address's link, made of the address and the hub's key: it is the
        same in every message, and stored hashed."""
        index = self._index(channel, address)
        token = self._keys.token_hash("notice-unsubscribe", index)[:TOKEN_CHARS]
        row = {
            "address_index": index,
            "channel": channel,
            "token_hash": self._keys.token_hash("notice-token", token),
            "created_at": self._clock.now(),
        }
        scope.upsert_ignore(notice_subscriptions, row)
        return token

    def is_stopped(self, scope: Scope, channel: Channel, address: str) -> bool:
        """Tell whether an address wants no notices."""
        t = notice_subscriptions.c
        statement = scope.select(t.stopped_at).where(
            t.address_index == self._index(channel, address)
        )
        return scope.scalar(statement) is not None

    def of_token(self, token: str) -> Subscription | None:
        """Give what a link leads to; None for one that is none of ours."""
        t = notice_subscriptions.c
        if len(token) != TOKEN_CHARS:
            return None
        hashed = self._keys.token_hash("notice-token", token)
        with self._db.read() as scope:
            row = scope.one(scope.select(t.channel, t.stopped_at).where(t.token_hash == hashed))
        return None if row is None else Subscription(row.channel, row.stopped_at)

    def set_by_token(self, token: str, *, stopped: bool) -> bool:
        """Stop or resume the notices to the address of a link; False for a link of nobody."""
        if len(token) != TOKEN_CHARS:
            return False
        t, hashed = notice_subscriptions, self._keys.token_hash("notice-token", token)
        values = {"stopped_at": self._clock.now() if stopped else None}

        def write(scope: Scope) -> bool:
            return scope.update(t, values, t.c.token_hash == hashed) > 0

        return self._db.write(write)

    def set_of(self, scope: Scope, channel: Channel, address: str, *, stopped: bool) -> None:
        """The same for an address itself: LINE tells who follows its account no more."""
        self.token(scope, channel, address)
        t = notice_subscriptions
        values = {"stopped_at": self._clock.now() if stopped else None}
        scope.update(t, values, t.c.address_index == self._index(channel, address))

    def _index(self, channel: Channel, address: str) -> str:
        plain = address.strip().lower().encode()
        return self._keys.blind("notice-address", channel.value.encode(), plain)
