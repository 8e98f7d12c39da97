"""Where messages to controllers leave: over this process's link or, by way of the database, over
that of another process.

A process without a link (`--role api` or `jobs`) puts messages into the outbox; every process with
one empties it. What is not sent within its life is dropped: controllers ask for what they miss.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.link.ports import Downlink
from hub.policy.tables import policy_outbox
from wire.topics import Channel

LIFE: Final = timedelta(seconds=8)
"""Less than a command's own ten seconds."""

POLL_S: Final = 0.2
_log = structlog.get_logger(__name__)


def _no_hint(_controller: str) -> bool | None:
    return None


class Outlet:
    """A `Downlink`. Without a link and without an outbox it sends nothing."""

    def __init__(self, outbox: Outbox | None = None) -> None:
        self._outbox = outbox
        self._downlink: Downlink | None = None
        self._hint: Callable[[str], bool | None] = _no_hint

    def attach(
        self, downlink: Downlink, hint_online: Callable[[str], bool | None] = _no_hint
    ) -> None:
        """Send over this link from now on."""
        self._downlink = downlink
        self._hint = hint_online

    @property
    def attached(self) -> bool:
        """Whether this process has a link."""
        return self._downlink is not None

    def publish(self, controller: str, channel: Channel, body: bytes) -> bool:
        """Send, or leave it to a process that can; False where nothing was sent nor left."""
        if self._downlink is not None:
            return self._downlink.publish(controller, channel, body)
        if self._outbox is None:
            return False
        self._outbox.leave(controller, channel, body)
        return True

    def seems_offline(self, controller: str) -> bool:
        """Tell whether the controller's last will says that it is away: for telling people early,
        never for deriving a state."""
        return self._hint(controller) is False


class Outbox:
    """Messages on their way from one process to another."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def leave(self, controller: str, channel: Channel, body: bytes) -> None:
        """Leave a message for a process with a link."""

        def write(scope: Scope) -> None:
            row = {
                "seq": scope.take_numbers("policy_outbox")[0],
                "controller_id": controller,
                "channel": channel,
                "body": body,
                "expires_at": self._clock.now() + LIFE,
            }
            scope.insert(policy_outbox, row)

        self._db.write(write)

    def take(self) -> list[tuple[str, Channel, bytes]]:
        """Give what waits, in its order, to exactly one caller; what expired is dropped."""
        with self._db.read() as scope:
            if scope.one(scope.select(policy_outbox.c.seq).limit(1)) is None:
                return []
        rows = self._db.write(_take)
        now: datetime = self._clock.now()
        live = [row for row in rows if row.expires_at > now]
        if len(live) < len(rows):
            _log.warning("outbox_expired", count=len(rows) - len(live))
        return [(row.controller_id, row.channel, bytes(row.body)) for row in live]


def _take(scope: Scope) -> list[Any]:
    scope.lock("policy_outbox")
    rows = list(scope.all(scope.select(policy_outbox).order_by(policy_outbox.c.seq).limit(200)))
    scope.delete(policy_outbox, policy_outbox.c.seq.in_([row.seq for row in rows]))
    return rows


class OutboxWorker:
    """Sends what processes without a link have left. Runs in processes that have one."""

    def __init__(self, outbox: Outbox, outlet: Outlet) -> None:
        self._outbox = outbox
        self._outlet = outlet
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hub-outbox", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in hand and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def work(self) -> int:
        """Send everything that waits now; give how many messages."""
        if not self._outlet.attached:
            return 0
        taken = self._outbox.take()
        for controller, channel, body in taken:
            self._outlet.publish(controller, channel, body)
        return len(taken)

    def _run(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                sent = self.work()
                while sent:
                    sent = self.work()
            except Exception:  # the database may be away for a while: go on when it is back
                _log.exception("outbox_worker")
                self._stopping.wait(1.0)
