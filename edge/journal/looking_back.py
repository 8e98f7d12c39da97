"""What the newest events say at a start: acts without a result, and the floor of time.

Read from the newest event backwards in chunks, so that a long journal costs nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from edge.ports import PendingAct
from wire.clock import ClockState, utc
from wire.errors import WireError
from wire.events import (
    AccessBody,
    ActResultBody,
    CommandReceivedBody,
    CommandResultBody,
    Event,
    EventKind,
    Gap,
    decode_event_body,
    decode_row,
)

_PUNCH = b'"punch"'
_WORTH_READING = (b'"act_result"', b'"access_', b'"command_', b'"agent_started"')


def _events(newest_first: Iterable[bytes]) -> Iterator[Event]:
    """The agent's own: what was collected from a device tells of another clock and other acts."""
    for data in newest_first:
        try:
            found = decode_row(data)
        except WireError:
            continue
        if not isinstance(found, Gap) and found.origin is None:
            yield found


def pending_acts(newest_first: Iterable[bytes]) -> tuple[PendingAct, ...]:
    """Give the acts since the newest `agent_started` that have no result, oldest first."""
    settled: set[str] = set()
    pending: list[PendingAct] = []
    interesting = (data for data in newest_first if any(word in data for word in _WORTH_READING))
    for event in _events(interesting):
        if event.kind == EventKind.AGENT_STARTED:
            break
        try:
            body = decode_event_body(event)
        except WireError:
            continue
        match body:
            case ActResultBody():
                settled.add(body.act)
            case CommandResultBody():
                settled.add(body.command_id)
            case CommandReceivedBody() if body.act and body.command_id not in settled:
                if body.act not in settled:
                    pending.append(PendingAct(body.act, body.door, body.command_id))
            case AccessBody(act=str(act), door=str(door)) if act not in settled:
                if event.kind in (EventKind.ACCESS_GRANTED, EventKind.ACCESS_DURESS):
                    pending.append(PendingAct(act, door))
            case _:
                continue
    return _without_twins(reversed(pending))


def _without_twins(pending: Iterable[PendingAct]) -> tuple[PendingAct, ...]:
    """One act may be told by the command and by the decision: the command's telling stays."""
    by_act: dict[str, PendingAct] = {}
    for act in pending:
        if act.act not in by_act or act.command_id is not None:
            by_act[act.act] = act
    return tuple(by_act.values())


def instant_of(data: bytes) -> datetime | None:
    """Give the wall time that an event was journaled at; None of a gap or of what is unreadable."""
    try:
        found = decode_row(data)
    except WireError:
        return None
    return None if isinstance(found, Gap) else utc(found.at)


def floor_in(newest_first: Iterable[bytes], enough: int = 256) -> datetime | None:
    """Give the newest wall time, less its error bound, among the newest `enough` events whose
    clock was relied on; None if there is none."""
    newest: datetime | None = None
    for event in _events(newest_first):
        if event.clock is ClockState.UNTRUSTED:
            continue
        at = utc(event.at) - timedelta(milliseconds=event.error_ms or 0)
        newest = at if newest is None or at > newest else newest
        enough -= 1
        if enough == 0:
            break
    return newest


def punches_since(newest_first: Iterable[bytes], since: datetime, most: int) -> list[Event]:
    """Give the punches journaled from an instant on among the newest `most` events, newest first;
    one whose clock was not relied on is given with them, since nobody knows how old it is."""
    found: list[Event] = []
    recent = (data for data, _ in zip(newest_first, range(most), strict=False))
    for event in _events(data for data in recent if _PUNCH in data):
        if event.kind != EventKind.PUNCH:
            continue
        if event.clock is not ClockState.UNTRUSTED and utc(event.at) < since:
            break
        found.append(event)
    return found
