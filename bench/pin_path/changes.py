"""What a booking system asks of the hub: bookings put and cancelled over HTTP, open loop.

Every request leaves at its instant, however long the answers before it take: latency counts from
that instant, so a hub that stalls is charged for everything that waited meanwhile.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bench.pin_path.town import Town

_CALLERS: Final = 48
_TIMEOUT_S: Final = 60.0
_FIRST_START: Final = timedelta(hours=2)
_SLOT: Final = timedelta(minutes=30)
_SLOTS: Final = 120
"""Half hours, all within the horizon, so that every PIN is sent at once."""


@dataclass(frozen=True, slots=True)
class Change:
    """A request, and when it is due: seconds after the beginning."""

    due_s: float
    key: str
    door: str | None
    """The door to book; None cancels."""
    slot: int = 0


@dataclass(slots=True)
class Asked:
    """What became of the requests: when each was due, which credential it made, how long the
    answer took. Instants are nanoseconds since 1970."""

    due_ns: dict[tuple[str, str], int] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)
    answered_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    """How late requests left: the load's own fault, counted in the latencies all the same."""
    failed: list[str] = field(default_factory=list)


class Desk:
    """Plans changes and asks for them; bookings never meet at one door."""

    def __init__(self, port: int, town: Town) -> None:
        self._port, self._town = port, town
        self._count = 0
        self._day = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + _FIRST_START

    def bookings(self, dues_s: Sequence[float], within: int) -> list[Change]:
        """Plan bookings, one at each instant, turn by turn at the first `within` controllers."""
        made = []
        for due_s in dues_s:
            member = self._town.members[self._count % within]
            turn = self._count // within
            door = member.doors[turn % len(member.doors)]
            slot = turn // len(member.doors) % _SLOTS
            made.append(Change(due_s, f"booking-{self._count}", door, slot))
            self._count += 1
        return made

    def ask(self, changes: Sequence[Change]) -> Asked:
        """Ask for changes, each at its instant, and return once all are answered."""
        asked, lock = Asked(), threading.Lock()
        queue = iter(sorted(changes, key=lambda change: change.due_s))
        begun, begun_ns = time.monotonic() + 0.2, time.time_ns() + 200_000_000

        def call() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
            while True:
                with lock:
                    change = next(queue, None)
                if change is None:
                    break
                time.sleep(max(0.0, begun + change.due_s - time.monotonic()))
                left = time.monotonic()
                status, answer = self._request(connection, change)
                now = time.monotonic()
                with lock:
                    _note(asked, change, status, answer)
                    what = "cancel" if change.door is None else "book"
                    asked.due_ns[what, change.key] = begun_ns + int(change.due_s * 1e9)
                    asked.late_ms.append(1000 * (left - begun - change.due_s))
                    asked.answered_ms.append(1000 * (now - begun - change.due_s))
            connection.close()

        callers = [threading.Thread(target=call) for _ in range(min(_CALLERS, len(changes)))]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        return asked

    def _request(self, connection: http.client.HTTPConnection, change: Change) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._town.token}"}
        path = f"/api/v1/bookings/{change.key}"
        if change.door is None:
            connection.request("DELETE", path, headers=headers)
        else:
            start = self._day + change.slot * _SLOT
            body = {
                "doors": [change.door],
                "starts_at": start.isoformat(),
                "ends_at": (start + _SLOT).isoformat(),
                "contact": {"name": "山田 花子"},
            }
            headers["Content-Type"] = "application/json"
            connection.request("PUT", path, json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def _note(asked: Asked, change: Change, status: int, answer: Any) -> None:
    if status not in (200, 201):
        asked.failed.append(f"{change.key}: {status} {answer}")
    elif change.door is not None:
        asked.credentials[change.key] = answer["credentials"][0]["id"]
