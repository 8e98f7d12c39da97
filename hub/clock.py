"""Time and identity, handed round: nothing below the bootstrap reads a clock by itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from wire.clock import utc
from wire.identity import uuid7


class Clock(Protocol):
    """Gives the present instant, UTC-aware."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    __slots__ = ()

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)


class HandMovedClock:
    """A clock that stands still until somebody moves it: for tests and rehearsals."""

    __slots__ = ("_now",)

    def __init__(self, start: datetime) -> None:
        self._now = utc(start)

    def now(self) -> datetime:
        """The instant it was last moved to."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move it forward and give the new instant."""
        self._now += by
        return self._now

    def set(self, to: datetime) -> datetime:
        """Move it to an instant, backwards too, and give that instant in UTC."""
        self._now = utc(to)
        return self._now


class Ids:
    """Makes UUIDv7 (RFC 9562) from a clock and a source of random bytes."""

    __slots__ = ("_clock", "_entropy")

    def __init__(self, clock: Clock, entropy: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._clock = clock
        self._entropy = entropy

    def new(self) -> str:
        """Give a new id: lower-case UUIDv7 text, sorted by the clock's milliseconds."""
        unix_ms = int(self._clock.now().timestamp() * 1000)
        return uuid7(unix_ms, self._entropy(10))
