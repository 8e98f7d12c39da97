"""/api/v1/entries, /events/stream, /doors/{id}/state and /alarms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import StreamingResponse

from hub.entries import examples
from hub.entries.live import Live
from hub.entries.schemas import (
    AcknowledgeIn,
    AlarmOut,
    DeviceStateOut,
    DoorStateOut,
    EntryOut,
    ModeOut,
)
from hub.entries.search import Filters
from hub.entries.service import EntriesService
from hub.entries.stream import news_stream
from hub.web.core import provided
from hub.web.fields import Instant
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["entries"])
Service = Annotated[EntriesService, provided(EntriesService)]
Reader = Annotated[Principal, requires(Right.ENTRIES_READ)]
DoorReader = Annotated[Principal, requires(Right.DOORS_READ)]
Id = Annotated[str | None, Query(max_length=128)]
MAX_RAW_ID = 2**62


@router.get("/entries", summary="The entry log")
def list_entries(
    who: Reader,
    service: Service,
    start: Annotated[Instant | None, Query(alias="from", description="Not before.")] = None,
    end: Annotated[Instant | None, Query(alias="to", description="Before.")] = None,
    door: Id = None,
    person: Id = None,
    booking: Id = None,
    kind: Annotated[
        str | None,
        Query(
            max_length=32,
            description="An event kind, a topic, `granted`, `denied`, or `soft`: rules broken.",
        ),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PageOf[EntryOut]:
    """What happened, newest first: every decision with its reason, and what followed."""
    filters = Filters(start, end, door, person, booking, kind)
    page = service.search(who, filters, cursor, limit)
    items = [EntryOut.model_validate(entry) for entry in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.get(
    "/events/stream",
    summary="What happens, as it happens",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                "text/event-stream": {"schema": {"type": "string"}, "example": examples.STREAM}
            }
        }
    },
)
async def stream_events(
    who: Reader,
    service: Service,
    live: Annotated[Live, provided(Live)],
    since: Annotated[int | None, Query(ge=0, le=MAX_RAW_ID)] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Server-sent events: `entry` (as in the log, again when something follows) and `door` (its
    state changed). Begins after `Last-Event-ID`, else after `since`, else now."""
    after = since
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
        after = min(int(last_event_id[:19]), MAX_RAW_ID)
    if after is None:
        after = service.place()
    return StreamingResponse(
        news_stream(service, live, who, after),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/doors/{door_id}/state", summary="A door's last known state")
def door_state(who: DoorReader, service: Service, door_id: str) -> DoorStateOut:
    """Leaf, bolt, mode, held and forced, and the devices of its controller."""
    state, devices = service.door(who, door_id)
    return DoorStateOut(
        door_id=state.door_id,
        leaf=state.leaf,
        leaf_since=state.leaf_since,
        bolt=state.bolt,
        bolt_since=state.bolt_since,
        held_since=state.held_since,
        forced_since=state.forced_since,
        mode=ModeOut.model_validate(state.mode) if state.mode else None,
        heard_at=state.heard_at,
        clock_risks=list(service.clock_risks(who, door_id)),
        devices=[DeviceStateOut.model_validate(device) for device in devices],
    )


@router.get("/alarms", summary="Alarms that stand")
def list_alarms(who: Reader, service: Service) -> list[AlarmOut]:
    """Those nobody acknowledged since they were raised, and those not over, newest first."""
    return [AlarmOut.model_validate(alarm) for alarm in service.alarms(who)]


@router.post("/alarms/{alarm_id}/acknowledge", status_code=204, summary="Take note of an alarm")
def acknowledge_alarm(
    who: Annotated[Principal, requires(Right.DOORS_UNLOCK)],
    service: Service,
    alarm_id: Annotated[int, Path(ge=-MAX_RAW_ID, le=MAX_RAW_ID)],
    body: AcknowledgeIn,
) -> None:
    """Says who deals with it. It stands until it is over as well."""
    service.acknowledge(who, alarm_id, body.note)
