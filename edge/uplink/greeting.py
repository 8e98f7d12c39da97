"""How the hub is greeted on one connection: a session of its own for each hello, and back-off.

The session's 128 random bits tell the hub's live answer from everything a broker may have kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edge.core.clock_now import ClockNow
from edge.ports import Standing
from edge.uplink.backoff import Backoff
from wire.clock import ClockReading
from wire.keys import LinkKey
from wire.messages import Hello

HELLO_AGAIN_S: Final = 2.0
HELLO_LONGEST_S: Final = 60.0

_SESSION_LABEL: Final = b"kagimori/session/v1/"
_EARLIER: Final = 8
_NS: Final = 1_000_000_000


class Greeting:
    """The hellos of one connection after another. `session` is the newest's, `sent_ns` when it
    went out, `through` the watermark it told. `chance` gives [0, 1) and spreads the repetitions of
    a whole fleet."""

    def __init__(self, key: LinkKey, chance: Callable[[], float] = lambda: 1.0) -> None:
        self._key = key
        self._backoff = Backoff(HELLO_AGAIN_S, HELLO_LONGEST_S, chance)
        self._drawn, self._count, self._again_ns = "", 0, 0
        self.session, self.sent_ns, self.through = "", 0, 0

    def begin(self, drawn: str) -> None:
        """A new connection, with a session that was just drawn."""
        self._drawn, self._count, self.session = drawn, 0, ""
        self._backoff.reset()

    def answered(self) -> None:
        """The hub answered: the next hello is a first one."""
        self._backoff.reset()

    def due(self, now_ns: int) -> bool:
        """Tell whether hello is to be said again."""
        return now_ns >= self._again_ns

    def hello(
        self, standing: Standing, journal: tuple[int, int, int], now: ClockNow, sent_ns: int
    ) -> Hello:
        """Make the next hello; `journal` is its epoch, last seq and watermark. Each has a session
        of its own, so that the welcome's time lies between this very hello and its answer, however
        long the hub was away."""
        self.session = self._name(self._count)
        self._count += 1
        self.sent_ns = sent_ns
        self._again_ns = now.mono_ns + int(self._backoff.next_s() * _NS)
        epoch, last_seq, self.through = journal
        return Hello(
            session=self.session,
            boot_id=now.boot,
            agent=standing.agent,
            epoch=epoch,
            last_seq=last_seq,
            policy=standing.policy,
            clock=ClockReading(state=now.state, now=now.at, error_ms=now.error_ms),
            devices=standing.devices,
            through_seq=self.through,
        )

    def is_earlier(self, session: str) -> bool:
        """Tell whether a session is one of an earlier hello on this connection."""
        recent = range(max(0, self._count - _EARLIER), self._count - 1)
        return any(self._name(number) == session for number in recent)

    def _name(self, number: int) -> str:
        """The drawn session, then others that only who holds it and the key could name."""
        if number == 0:
            return self._drawn
        return self._key.tag(_SESSION_LABEL + f"{self._drawn}/{number}".encode())[:16].hex()
