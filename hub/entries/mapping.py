"""From an event to its entry: pure. Some events are no entry: they only say what followed."""

from __future__ import annotations

from typing import Any, Final

from hub.entries.domain import GAP, Entry, Result, Topic
from hub.projection.domain import Projected, ProjectedGap
from wire import events as ev
from wire.clock import ClockRefusal, ClockState
from wire.events import EventKind
from wire.reasons import Outcome, Reason

_REFUSALS: Final = frozenset(refusal.value for refusal in ClockRefusal)

TOPICS: Final[dict[EventKind, Topic | None]] = {
    EventKind.ACCESS_GRANTED: Topic.ACCESS,
    EventKind.ACCESS_DENIED: Topic.ACCESS,
    EventKind.ACCESS_DURESS: Topic.ACCESS,
    EventKind.ACT_RESULT: None,  # follows a decision
    EventKind.PUNCH: Topic.ACCESS,
    EventKind.CARD_OFFERED: Topic.ACCESS,
    EventKind.PIN_LOCKOUT: Topic.ACCESS,
    EventKind.COMMAND_RECEIVED: Topic.ACCESS,
    EventKind.COMMAND_RESULT: None,  # follows a command
    EventKind.DOOR_OPENED: Topic.DOOR,
    EventKind.DOOR_CLOSED: Topic.DOOR,
    EventKind.DOOR_FORCED: Topic.DOOR,
    EventKind.DOOR_HELD: Topic.DOOR,
    EventKind.DOOR_HELD_CLEARED: Topic.DOOR,
    EventKind.DOOR_FOUND: Topic.DOOR,
    EventKind.BOLT_RETRACTED: None,  # the state of a door tells it
    EventKind.BOLT_EXTENDED: None,  # the same
    EventKind.REX: Topic.DOOR,
    EventKind.MECHANICAL_KEY: Topic.DOOR,
    EventKind.DOORBELL: Topic.DOOR,
    EventKind.MODE_APPLIED: Topic.DOOR,
    EventKind.MODE_ENDED: Topic.DOOR,
    EventKind.FIRE_ALARM: Topic.DEVICE,
    EventKind.FIRE_ALARM_CLEARED: Topic.DEVICE,
    EventKind.DEVICE_ONLINE: Topic.DEVICE,
    EventKind.DEVICE_OFFLINE: Topic.DEVICE,
    EventKind.DEVICE_FAULT: Topic.DEVICE,
    EventKind.TAMPER: Topic.DEVICE,
    EventKind.TAMPER_CLEARED: Topic.DEVICE,
    EventKind.POWER_FAILED: Topic.DEVICE,
    EventKind.POWER_RESTORED: Topic.DEVICE,
    EventKind.BATTERY: None,  # the state of a device tells it
    EventKind.LOCK_JAMMED: Topic.DEVICE,
    EventKind.LOCK_JAM_CLEARED: Topic.DEVICE,
    EventKind.KEY_TAKEN: Topic.DEVICE,
    EventKind.KEY_RETURNED: Topic.DEVICE,
    EventKind.INPUT_FAULT: Topic.DEVICE,
    EventKind.INPUT_FAULT_CLEARED: Topic.DEVICE,
    EventKind.INSTALL_BEGAN: Topic.DEVICE,
    EventKind.INSTALL_ENDED: Topic.DEVICE,
    EventKind.DEVICE_KEY_CHANGED: Topic.DEVICE,
    EventKind.DEVICE_STARTED: Topic.DEVICE,
    EventKind.DEVICE_CLOCK_SET: Topic.DEVICE,
    EventKind.DEVICE_LOG_GAP: Topic.DEVICE,
    EventKind.DEVICE_LOG_CLEARED: Topic.DEVICE,
    EventKind.FIRMWARE_UPDATED: Topic.DEVICE,
    EventKind.FIRMWARE_REFUSED: Topic.DEVICE,
    EventKind.LOCK_LIST_PLACED: None,  # placements tell it
    EventKind.CONTACT_TESTED: Topic.DOOR,
    EventKind.AGENT_STARTED: Topic.SYSTEM,
    EventKind.AGENT_STOPPED: Topic.SYSTEM,
    EventKind.LINK_LOST: Topic.SYSTEM,
    EventKind.LINK_RESTORED: Topic.SYSTEM,
    EventKind.CLOCK_STATE: Topic.SYSTEM,
    EventKind.CLOCK_ANCHOR: None,  # corrects other entries
    EventKind.POLICY_APPLIED: None,  # placements tell it
    EventKind.EPOCH_OPENED: Topic.SYSTEM,
    EventKind.JOURNAL_FAILED: Topic.SYSTEM,
    EventKind.JOURNAL_RESTORED: Topic.SYSTEM,
    EventKind.AGENT_FAULT: Topic.SYSTEM,
    EventKind.AGENT_FAULT_CLEARED: Topic.SYSTEM,
    EventKind.SECURITY_ALARM: Topic.SYSTEM,
    EventKind.TELEMETRY: None,  # counters, no happening
}


def entry_of(event: Projected) -> Entry | None:
    """Give the entry an event makes, or None for one that is no entry of its own."""
    if isinstance(event, ProjectedGap):
        return _gap(event)
    topic = TOPICS[event.kind]
    if topic is None or (isinstance(event.body, ev.DoorFoundBody) and not event.body.changed):
        return None
    return Entry(
        id=event.raw_id,
        kind=event.kind.value,
        topic=topic,
        controller_id=event.controller,
        at=event.at,
        occurred_at=event.corrected_at,
        received_at=event.received_at,
        clock=event.clock,
        boot=event.boot,
        mono_ns=event.mono_ns,
        touched_by=event.raw_id,
        origin_device=event.origin.device if event.origin else None,
        error_ms=event.error_ms,
        time_error_ms=event.time_error_ms,
        **_told(event.body),
    )


def _gap(gap: ProjectedGap) -> Entry:
    return Entry(
        id=gap.raw_id,
        kind=GAP,
        topic=Topic.SYSTEM,
        controller_id=gap.controller,
        at=gap.received_at,
        occurred_at=gap.received_at,
        received_at=gap.received_at,
        clock=ClockState.TRUSTED,  # the hub's own
        touched_by=gap.raw_id,
        cause=gap.reason,
        amount=gap.last_seq - gap.first_seq + 1,
    )


def _told(body: ev.EventBody) -> dict[str, Any]:
    """Give the fields of an entry that the body fills."""
    match body:
        case ev.AccessBody():
            return _access(body)
        case ev.PunchBody():
            return {
                "reader_id": body.reader,
                "person_id": body.person,
                "credential_id": body.credential,
                "door_id": body.door,
                "cause": body.direction.value,
            }
        case ev.CardOfferBody():
            return {"reader_id": body.reader}
        case ev.LockoutBody():
            return {
                "reader_id": body.reader,
                "door_id": body.door,
                "amount": body.lockout_s,
                "cause": body.kind.value,
            }
        case ev.CommandReceivedBody():
            return {
                "factor": ev.Factor.COMMAND,
                "door_id": body.door,
                "actor_id": body.actor,
                "command_id": body.command_id,
                "act": body.act,
                "cause": body.action[:64],
            }
        case ev.DoorEventBody():
            return {"door_id": body.door, "amount": body.open_ms}
        case ev.DoorFoundBody():
            return {"door_id": body.door, "cause": _found(body)}
        case ev.ModeEventBody():
            return {"door_id": body.door, "cause": body.mode.value, "amount": body.order}
        case ev.DeviceEventBody():
            return {"device_id": body.device, "cause": body.cause, "amount": body.count}
        case ev.DeviceClockBody():
            cause = "set" if body.set else "read"
            return {"device_id": body.device, "cause": cause, "amount": body.offset_ms}
        case ev.DoorTestBody():
            cause = "passed" if body.passed else body.cause or "failed"
            return {"door_id": body.door, "actor_id": body.actor, "cause": cause}
        case ev.AlarmBody():
            return {"device_id": body.device, "cause": body.alarm.value, "amount": body.count}
        case _:
            return _agent(body)


def _found(body: ev.DoorFoundBody) -> str:
    if body.open is not None:
        return "open" if body.open else "closed"
    return "bolt_retracted" if body.bolt_retracted else "bolt_extended"


def _access(body: ev.AccessBody) -> dict[str, Any]:
    granted = body.reason.outcome is Outcome.GRANT
    return {
        "result": Result.GRANTED if granted else Result.DENIED,
        "reason": body.reason,
        "factor": body.factor,
        "door_id": body.door,
        "reader_id": body.reader,
        "person_id": body.person,
        "credential_id": body.credential,
        "grant_id": body.grant,
        "booking_id": body.booking,
        "act": body.act,
        "code": body.code,
        "soft": body.soft,
        "partner_id": body.partner,
        "card_namespace": body.namespace,
        # Only an unknown card's digest is kept, so that it can be enrolled.
        "card_digest": body.card if body.reason is Reason.UNKNOWN_CARD else None,
    }


def _agent(body: ev.EventBody) -> dict[str, Any]:
    match body:
        case ev.AgentBody():
            return {"cause": body.cause or ("" if body.clean else "unclean")}
        case ev.AgentFaultBody():
            return {"cause": f"{body.part}: {body.cause}"[:64], "amount": body.revived}
        case ev.LinkBody():
            return {"cause": body.cause, "amount": body.away_ms}
        case ev.ClockBody():
            # A source that was not believed changes no state: that it was refused is what is told.
            refused = body.source in _REFUSALS
            return {"cause": body.source if refused else body.state.value, "amount": body.step_ms}
        case ev.EpochBody():
            return {"cause": body.cause[:64], "amount": body.moved}
        case ev.JournalBody():
            return {"cause": body.cause, "amount": body.unjournaled}
        case _:
            return {}
