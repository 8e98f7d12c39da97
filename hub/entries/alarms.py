"""Which events raise an alarm, which clear it, and how grave it is: tables. Pure.

An alarm stands until it is cleared by an event *and* acknowledged by a person; one that no event
clears stands until it is acknowledged. The same again counts up, and asks to be acknowledged again.
Grouping looks at events alone, never at what people did, so that a replay groups alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hub.projection.domain import Projected, ProjectedEvent, ProjectedGap
from wire import events as ev
from wire.clock import ClockRefusal
from wire.events import EventKind
from wire.reasons import Reason


class AlarmKind(StrEnum):
    """What an alarm is about; the catalogue has the words."""

    FIRE = "fire"
    DURESS = "duress"
    DOOR_FORCED = "door_forced"
    TAMPER = "tamper"
    SECURITY = "security"
    JOURNAL_FAILED = "journal_failed"
    AGENT_FAULT = "agent_fault"
    """A thread of a controller's own program died or hangs."""
    DOOR_HELD = "door_held"
    PIN_LOCKOUT = "pin_lockout"
    CARD_LOCKOUT = "card_lockout"
    DEVICE_OFFLINE = "device_offline"
    DEVICE_FAULT = "device_fault"
    INPUT_FAULT = "input_fault"
    POWER_FAILED = "power_failed"
    BATTERY_LOW = "battery_low"
    """Raised and cleared by `hub.batteries`, which looks at more than one reading."""
    RECORDS_LOST = "records_lost"
    UNKNOWN_CODE = "unknown_code"
    """A sealed code opened that the hub never made: its secret is known to somebody else."""
    LOCK_JAMMED = "lock_jammed"
    CLOCK_REFUSED = "clock_refused"
    """A controller did not believe NTP, its RTC or the hub itself: one of them is wrong."""
    RULE_BROKEN = "rule_broken"
    """Somebody was let in past a rule that is only reported; the cause says which."""
    EVENT_REJECTED = "event_rejected"
    UNKNOWN_CONTROLLER = "unknown_controller"
    FORGED_MESSAGE = "forged_message"
    MALFORMED_MESSAGE = "malformed_message"
    MISPLACED_MESSAGE = "misplaced_message"
    RETAINED_MESSAGE = "retained_message"
    REPLAYED_HELLO = "replayed_hello"
    REPLAYED_WANT = "replayed_want"
    STALE_REPORT = "stale_report"
    MALFORMED_EVENT = "malformed_event"
    TWO_BODIES = "two_bodies"
    REPLAYED_EVENTS = "replayed_events"
    CLONED_CONTROLLER = "cloned_controller"
    JOURNAL_ROLLED_BACK = "journal_rolled_back"
    CONTROLLER_LOST = "controller_lost"
    """Not heard for longer than a controller is ever silent (`hub.link.watch`)."""
    SEQ_HOLE = "seq_hole"
    POLICY_MISMATCH = "policy_mismatch"
    POLICY_NOT_COMPILED = "policy_not_compiled"
    BOOKING_LATE = "booking_late"
    """The deadline of a booking passed, and a door has not confirmed its PIN (`hub.readiness`)."""


WIRE: Final = frozenset(
    {
        AlarmKind.UNKNOWN_CONTROLLER,
        AlarmKind.FORGED_MESSAGE,
        AlarmKind.MALFORMED_MESSAGE,
        AlarmKind.MISPLACED_MESSAGE,
        AlarmKind.RETAINED_MESSAGE,
        AlarmKind.REPLAYED_HELLO,
        AlarmKind.REPLAYED_WANT,
        AlarmKind.STALE_REPORT,
        AlarmKind.MALFORMED_EVENT,
        AlarmKind.TWO_BODIES,
        AlarmKind.REPLAYED_EVENTS,
        AlarmKind.CLONED_CONTROLLER,
        AlarmKind.JOURNAL_ROLLED_BACK,
        AlarmKind.CONTROLLER_LOST,
        AlarmKind.SEQ_HOLE,
        AlarmKind.POLICY_MISMATCH,
        AlarmKind.POLICY_NOT_COMPILED,
        AlarmKind.BOOKING_LATE,
    }
)
"""About the wire and what has to come over it, not from a journal (see `wire_alarms`); the link's
have the link's names."""

CRITICAL: Final = frozenset(
    {
        AlarmKind.FIRE,
        AlarmKind.DURESS,
        AlarmKind.DOOR_FORCED,
        AlarmKind.TAMPER,
        AlarmKind.SECURITY,
        AlarmKind.JOURNAL_FAILED,
        AlarmKind.UNKNOWN_CODE,
        AlarmKind.FORGED_MESSAGE,
        AlarmKind.MISPLACED_MESSAGE,
        AlarmKind.REPLAYED_HELLO,
        AlarmKind.REPLAYED_WANT,
        AlarmKind.REPLAYED_EVENTS,
        AlarmKind.TWO_BODIES,
        AlarmKind.CLONED_CONTROLLER,
    }
)
"""Red; the others are amber. Of the wire: what no machine of ours does by mistake."""

MOMENTARY: Final = frozenset(
    {
        AlarmKind.DURESS,
        AlarmKind.SECURITY,
        AlarmKind.PIN_LOCKOUT,
        AlarmKind.CARD_LOCKOUT,
        AlarmKind.RECORDS_LOST,
        AlarmKind.UNKNOWN_CODE,
        AlarmKind.RULE_BROKEN,
        AlarmKind.EVENT_REJECTED,
        AlarmKind.CLOCK_REFUSED,
    }
) | (
    WIRE
    - {AlarmKind.CONTROLLER_LOST, AlarmKind.POLICY_MISMATCH, AlarmKind.POLICY_NOT_COMPILED}
    - {AlarmKind.BOOKING_LATE}
)
"""No event clears these."""
GROUPED_WITHIN: Final = timedelta(hours=1)
"""A momentary alarm that comes again within this counts up instead of standing twice."""

RAISES: Final = {
    EventKind.FIRE_ALARM: AlarmKind.FIRE,
    EventKind.ACCESS_DURESS: AlarmKind.DURESS,
    EventKind.DOOR_FORCED: AlarmKind.DOOR_FORCED,
    EventKind.DOOR_HELD: AlarmKind.DOOR_HELD,
    EventKind.TAMPER: AlarmKind.TAMPER,
    EventKind.SECURITY_ALARM: AlarmKind.SECURITY,
    EventKind.JOURNAL_FAILED: AlarmKind.JOURNAL_FAILED,
    EventKind.AGENT_FAULT: AlarmKind.AGENT_FAULT,
    EventKind.PIN_LOCKOUT: AlarmKind.PIN_LOCKOUT,
    EventKind.DEVICE_OFFLINE: AlarmKind.DEVICE_OFFLINE,
    EventKind.DEVICE_FAULT: AlarmKind.DEVICE_FAULT,
    EventKind.INPUT_FAULT: AlarmKind.INPUT_FAULT,
    EventKind.POWER_FAILED: AlarmKind.POWER_FAILED,
    EventKind.DEVICE_LOG_GAP: AlarmKind.RECORDS_LOST,
    EventKind.LOCK_JAMMED: AlarmKind.LOCK_JAMMED,
}
CLEARS: Final = {
    EventKind.FIRE_ALARM_CLEARED: (AlarmKind.FIRE,),
    EventKind.DOOR_CLOSED: (AlarmKind.DOOR_FORCED, AlarmKind.DOOR_HELD),
    EventKind.DOOR_HELD_CLEARED: (AlarmKind.DOOR_HELD,),
    EventKind.TAMPER_CLEARED: (AlarmKind.TAMPER,),
    EventKind.JOURNAL_RESTORED: (AlarmKind.JOURNAL_FAILED,),
    EventKind.AGENT_FAULT_CLEARED: (AlarmKind.AGENT_FAULT,),
    EventKind.DEVICE_ONLINE: (AlarmKind.DEVICE_OFFLINE, AlarmKind.DEVICE_FAULT),
    EventKind.INPUT_FAULT_CLEARED: (AlarmKind.INPUT_FAULT,),
    EventKind.POWER_RESTORED: (AlarmKind.POWER_FAILED,),
    EventKind.LOCK_JAM_CLEARED: (AlarmKind.LOCK_JAMMED,),
}
ALARMING_REFUSALS: Final = frozenset(
    refusal.value for refusal in ClockRefusal if refusal is not ClockRefusal.RTC_UNCHECKED
)
"""An RTC that was never compared is no news: every new one is."""
_OF_A_LINE: Final = frozenset({EventKind.INPUT_FAULT, EventKind.INPUT_FAULT_CLEARED})


@dataclass(frozen=True, slots=True)
class Raise:
    """An alarm to raise, or to count up. `subject` is a door, reader, device or controller."""

    kind: AlarmKind
    subject: str
    controller_id: str
    raw_id: int
    at: datetime
    received_at: datetime
    door_id: str | None = None
    device_id: str | None = None
    cause: str = ""
    count: int = 1
    is_belated: bool = False
    """Told by a record of an offline device's log, however late that was collected, or by an event
    that came after newer ones."""


@dataclass(frozen=True, slots=True)
class Clear:
    """An alarm that is over. A belated one (as for `Raise`) says nothing of what was told at
    once after its own time."""

    kind: AlarmKind
    subject: str
    at: datetime
    is_belated: bool = False


def alarms_of(event: Projected) -> tuple[Raise | Clear, ...]:
    """Say which alarms an event raises or clears."""
    if isinstance(event, ProjectedGap):
        lost = event.last_seq - event.first_seq + 1
        return (
            Raise(
                AlarmKind.RECORDS_LOST,
                event.controller,
                event.controller,
                event.raw_id,
                event.received_at,
                event.received_at,
                cause=event.reason,
                count=lost,
            ),
        )
    subject = _subject(event)
    if isinstance(event.body, ev.ClockBody) and event.body.source in ALARMING_REFUSALS:
        return (_raise(event, AlarmKind.CLOCK_REFUSED, subject),)
    cleared = CLEARS.get(event.kind, ())
    if kind := RAISES.get(event.kind):
        if isinstance(event.body, ev.LockoutBody) and event.body.kind is ev.TryKind.CARD:
            kind = AlarmKind.CARD_LOCKOUT
        return (_raise(event, kind, subject),)
    return tuple(Clear(kind, subject, event.corrected_at, event.is_belated) for kind in cleared)


def rule_broken(event: ProjectedEvent, rule: Reason) -> Raise | None:
    """The alarm that an opening broke a rule which is only reported, one a door and rule. One under
    duress raises its own alarm and no other: nothing beside it may give somebody away."""
    body = event.body
    if not isinstance(body, ev.AccessBody) or body.door is None:
        return None
    if event.kind is not EventKind.ACCESS_GRANTED:
        return None
    found = _raise(event, AlarmKind.RULE_BROKEN, f"{body.door}/{rule}")
    return replace(found, cause=rule.value)


def unknown_code(event: ProjectedEvent) -> Raise:
    """The alarm that a code opened which nobody was given."""
    return _raise(event, AlarmKind.UNKNOWN_CODE, _subject(event))


def _raise(event: ProjectedEvent, kind: AlarmKind, subject: str) -> Raise:
    body = event.body
    cause, count = "", 1
    if isinstance(body, ev.AlarmBody):
        cause, count = body.alarm.value, body.count
    elif isinstance(body, ev.DeviceEventBody | ev.JournalBody | ev.AgentFaultBody):
        cause = body.cause
    elif isinstance(body, ev.ClockBody):
        cause = body.source[:64]
    if event.kind is EventKind.DEVICE_LOG_GAP and isinstance(body, ev.DeviceEventBody):
        count = max(body.count or 1, 1)
    return Raise(
        kind=kind,
        subject=subject,
        controller_id=event.controller,
        raw_id=event.raw_id,
        at=event.corrected_at,
        received_at=event.received_at,
        door_id=getattr(body, "door", None),
        device_id=getattr(body, "device", None),
        cause=cause,
        count=count,
        is_belated=event.is_belated,
    )


def _subject(event: ProjectedEvent) -> str:
    body = event.body
    match body:
        case ev.DoorEventBody():
            return body.door
        case ev.DeviceEventBody() if event.kind in _OF_A_LINE:
            return f"{body.device}/{body.channel or 0}"  # each line has its own
        case ev.DeviceEventBody():
            return body.device
        case ev.LockoutBody():
            return body.reader
        case ev.AccessBody():
            return body.door or body.reader or event.controller
        case ev.AlarmBody():
            return body.device or event.controller
        case ev.AgentFaultBody():
            return f"{event.controller}/{body.part}"  # each part has its own
        case _:
            return event.controller
