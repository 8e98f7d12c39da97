"""The job that sends what is due, at least once, with bounded patience.

Whoever takes a delivery first sets its `next_at` beyond the longest attempt (a lease), commits,
and only then sends: two processes never send one delivery at the same time, and what a process that
dies was sending comes again, with the same id. Attempts run side by side on an event loop of their
own, some to each endpoint, so that a slow endpoint holds up itself alone.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub.database.scope import Scope
from hub.happenings.readers import read_on
from hub.web.core import Core
from hub.webhooks import repository, signatures
from hub.webhooks.domain import Delivery, Endpoint, EndpointState, Outcome
from hub.webhooks.observed import Observer
from hub.webhooks.outbox import READER, Outbox
from hub.webhooks.secrets import holding
from hub.webhooks.sending import Sender
from hub.webhooks.settling import settle

AT_ONCE: Final = 64
"""Attempts under way in one process."""
AT_ONCE_EACH: Final = 4
"""Of these, to one endpoint; to one that is failing, a single one."""
ROUND_S: Final = 10.0
LEASE_MARGIN_S: Final = 45.0
"""How much longer a delivery is taken than its attempt can last: to write down what came of it."""
STOP_S: Final = 10.0
_log = structlog.get_logger(__name__)


class WebhookPost:
    """A `Job`: fills the outbox and empties it. A `Worker` too, so that it ends with the hub."""

    name: Final = "webhooks"
    every_s: Final = 1.0

    def __init__(
        self,
        core: Core,
        outbox: Outbox,
        observer: Observer,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._core = core
        self._outbox = outbox
        self._observer = observer
        self._chance = chance
        self._lease = timedelta(seconds=core.settings.webhooks.timeout_s + LEASE_MARGIN_S)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._sender: Sender | None = None
        self._flying: dict[Future[None], str] = {}
        """The attempts under way, each with its endpoint."""

    # --- a job ---------------------------------------------------------------------------------

    def run(self) -> None:
        """Take up what happened, and send what is due for as long as there is more."""
        read_on(self._core.db, READER, self._outbox.take)
        self._observer.look()
        until = time.monotonic() + ROUND_S
        while self.send_due() and time.monotonic() < until:
            wait(self._under_way(), timeout=1.0, return_when=FIRST_COMPLETED)

    def send_due(self) -> int:
        """Take what is due, as far as there is room, and begin to send it; give how many."""
        now = self._core.clock.now()
        with self._core.db.read() as scope:
            due = repository.due_endpoints(scope, now)
        if not due:
            return 0
        busy = Counter(self._flying[each] for each in self._under_way())
        taken = 0
        for endpoint_id, state in due:
            each = 1 if state is EndpointState.FAILING else AT_ONCE_EACH
            room = min(each - busy[endpoint_id], AT_ONCE - busy.total() - taken)
            if room > 0:
                taken += self._take(endpoint_id, now, room)
        return taken

    def _take(self, endpoint_id: str, now: datetime, room: int) -> int:
        def claim(scope: Scope) -> tuple[Endpoint | None, list[Delivery]]:
            claimed = repository.claim(scope, endpoint_id, now, now + self._lease, room)
            return repository.endpoint(scope, endpoint_id), claimed

        endpoint, claimed = self._core.db.write(claim)
        if endpoint is None:
            return 0
        for delivery in claimed:
            self._launch(endpoint, delivery)
        return len(claimed)

    # --- one attempt -----------------------------------------------------------------------------

    def _launch(self, endpoint: Endpoint, delivery: Delivery) -> None:
        with self._lock:
            loop = self._running_loop()
            attempt = self._attempt(endpoint, delivery)
            future = asyncio.run_coroutine_threadsafe(attempt, loop)
            self._flying[future] = endpoint.id
        future.add_done_callback(self._landed)

    def _landed(self, future: Future[None]) -> None:
        with self._lock:
            self._flying.pop(future, None)

    async def _attempt(self, endpoint: Endpoint, delivery: Delivery) -> None:
        try:
            at = self._core.clock.now()
            outcome = await self._send(endpoint, delivery, at)
            await asyncio.to_thread(self._settle, delivery, outcome, at)
        except Exception as error:
            # Whatever it was (a key file, the database), the lease ends and it comes again.
            _log.error("webhook_unsettled", endpoint=endpoint.id, error=type(error).__name__)

    async def _send(self, endpoint: Endpoint, delivery: Delivery, at: datetime) -> Outcome:
        secrets = holding(self._core.keys, endpoint, at)
        body = delivery.payload.encode()
        signed = signatures.headers(secrets, delivery.message_id, at, body)
        if self._sender is None:
            self._sender = Sender(self._core.settings.webhooks, self._core.clock)
        return await self._sender.send(endpoint.url, signed, body)

    def _settle(self, delivery: Delivery, outcome: Outcome, at: datetime) -> None:
        self._core.db.write(lambda scope: settle(scope, delivery, outcome, at, self._chance()))

    # --- a worker --------------------------------------------------------------------------------

    def start(self) -> None:
        """The loop begins with the first attempt."""

    def settled(self, timeout_s: float = STOP_S) -> bool:
        """Wait until no attempt is under way; tell whether that is so."""
        return not wait(self._under_way(), timeout=timeout_s).not_done

    def stop(self) -> None:
        """Wait a little for what is under way, and end; what is cut off comes again."""
        self.settled()
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        if self._sender is not None:
            asyncio.run_coroutine_threadsafe(self._end(self._sender), loop).result(STOP_S)
            self._sender = None
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(STOP_S)

    async def _end(self, sender: Sender) -> None:
        ours = asyncio.current_task()
        others = [each for each in asyncio.all_tasks() if each is not ours]
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await sender.close()
        await asyncio.get_running_loop().shutdown_default_executor()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=_run, args=(self._loop,), name="hub-webhooks", daemon=True
            )
            self._thread.start()
        return self._loop

    def _under_way(self) -> list[Future[None]]:
        with self._lock:
            return list(self._flying)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()
