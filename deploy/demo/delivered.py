"""Exactly once, looked at from outside: the agent's journal beside the hub's raw events.

The journal is asked of the running agent; the hub's table is read directly and read-only, so that
no code that could hide a loss stands in between.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.control_socket import Request, ask_agent

_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both sides hold of one controller's present epoch."""

    journaled: int
    delivered: int
    lost: int
    doubled: int
    altered: int

    @property
    def agrees(self) -> bool:
        """Whether the hub holds exactly what the agent journaled."""
        return self.journaled > 0 and not (self.lost or self.doubled or self.altered)


def compare(socket: Path, database: Path, controller: str) -> Comparison:
    """Compare the sets now. Events still on their way count as lost until they arrive."""
    epoch: int = ask_agent(socket, Request("status"))["journal"]["epoch"]
    rows: list[dict[str, Any]] = ask_agent(socket, Request("journal", _ROWS))
    journal = {row["seq"]: row["event"] for row in rows}
    hub = _hub_rows(database, controller, epoch)
    held = dict(hub)
    return Comparison(
        journaled=len(journal),
        delivered=len(hub),
        lost=len(journal.keys() - held.keys()),
        doubled=len(hub) - len(held),
        altered=sum(held[seq] != event for seq, event in journal.items() if seq in held),
    )


def _hub_rows(database: Path, controller: str, epoch: int) -> list[tuple[int, Any]]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        found = connection.execute(
            "SELECT seq, body FROM raw_events WHERE controller_id = ? AND epoch = ?",
            (controller, epoch),
        ).fetchall()
    finally:
        connection.close()
    return [(seq, json.loads(body)) for seq, body in found]
