"""Server-sent events: what happens at the doors, from where the reader stood last.

Each event's id is the raw event that caused it, so a browser that comes back sends it as
Last-Event-ID and misses nothing. A stream ends by itself after a while: the browser comes back,
and is asked again who it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from hub.entries.domain import Entry
from hub.entries.live import Listener, Live
from hub.entries.schemas import EntryOut
from hub.entries.service import EntriesService
from hub.web.rights import Principal

POLL_S = 1.0
"""How long an event that another process projected can wait; our own worker rings at once."""
HEARTBEAT_S = 15.0
LASTS_S = 300.0
RETRY_MS = 1_000


async def news_stream(
    service: EntriesService, live: Live, who: Principal, after: int, lasts_s: float = LASTS_S
) -> AsyncIterator[str]:
    """Give what happens after a raw event as the text of server-sent events."""
    alarmed_at = (await run_in_threadpool(service.news, who, after)).wire_alarm_at
    yield f"retry: {RETRY_MS}\nid: {after}\n\n"
    left, quiet = lasts_s, 0.0
    async with live.listen() as listener:
        while left > 0 and not live.closed:
            news = await run_in_threadpool(service.news, who, after)
            for raw_id, item in news.items:
                yield _event(raw_id, item)
            if news.wire_alarm_at != alarmed_at:
                alarmed_at = news.wire_alarm_at
                yield "event: alarm\ndata: {}\n\n"
            moved, after = news.through > after, news.through
            waited = 0.0 if moved else await _pause(listener)
            left, quiet = left - waited, 0.0 if moved else quiet + waited
            if quiet >= HEARTBEAT_S:
                quiet = 0.0
                yield ": still here\n\n"


async def _pause(listener: Listener) -> float:
    """Wait for a ring or the next look; give the seconds that count for the heartbeat."""
    return 0.0 if await listener.wait(POLL_S) else POLL_S


def _event(raw_id: int, item: Entry | str) -> str:
    if isinstance(item, Entry):
        told = EntryOut.model_validate(item).model_dump_json()
        return f"id: {raw_id}\nevent: entry\ndata: {told}\n\n"
    return f'id: {raw_id}\nevent: door\ndata: {{"door_id":"{item}"}}\n\n'
