"""From a record of a device's log to an event of the wire: pure.

Every record becomes exactly one event, so that the hub can tell a gap by the indexes alone. Its
time is the device's, put right by how far the device's clock was off when it was next compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.core.model import NewEvent, Stamp
from firmware_bridge.keybox.codes import (
    UNKNOWN_I16,
    UNKNOWN_I32,
    Cause,
    CodeReason,
    RecordKind,
    ResetCause,
)
from firmware_bridge.keybox.records import LogRecord
from wire.clock import ClockState
from wire.device_causes import (
    CLOCK_SET_FROM_NOTHING,
    LogRange,
    Numbered,
    numbered_cause,
    range_cause,
)
from wire.events import (
    AccessBody,
    BatteryBody,
    DeviceClockBody,
    DeviceEventBody,
    DoorEventBody,
    EventBody,
    EventKind,
    Factor,
    LockoutBody,
    Origin,
)
from wire.keybox_keys import link_instant
from wire.reasons import Reason
from wire.sealed_codes import SealedCode

_SET_ERROR_S: Final = 2
"""A visit sets the clock this closely at worst."""

_REASONS: Final = {
    CodeReason.VALID: Reason.SEALED_CODE_VALID,
    CodeReason.NOT_A_CODE: Reason.UNKNOWN_PIN,
    CodeReason.RETIRED: Reason.CODE_RETIRED,
    CodeReason.NOT_YET: Reason.NOT_YET_VALID,
    CodeReason.EARLY: Reason.NOT_YET_VALID,
    CodeReason.EXPIRED: Reason.EXPIRED,
    CodeReason.USED: Reason.USED_UP,
    CodeReason.THROTTLED: Reason.THROTTLED,
    CodeReason.CLOCK_UNKNOWN: Reason.CLOCK_UNTRUSTED,
    CodeReason.ONE_TIME_FULL: Reason.THROTTLED,
    CodeReason.NO_SECRET: Reason.UNKNOWN_PIN,
}
_DOOR: Final = {
    RecordKind.OPENED: EventKind.DOOR_OPENED,
    RecordKind.CLOSED: EventKind.DOOR_CLOSED,
    RecordKind.FORCED: EventKind.DOOR_FORCED,
    RecordKind.HELD: EventKind.DOOR_HELD,
    RecordKind.REX: EventKind.REX,
    RecordKind.MECHANICAL_KEY: EventKind.MECHANICAL_KEY,
    RecordKind.RELEASED_BY_HOST: EventKind.BOLT_RETRACTED,
}
_DEVICE: Final = {
    RecordKind.KEY_TAKEN: EventKind.KEY_TAKEN,
    RecordKind.KEY_RETURNED: EventKind.KEY_RETURNED,
    RecordKind.TAMPER: EventKind.TAMPER,
    RecordKind.TAMPER_CLEARED: EventKind.TAMPER_CLEARED,
    RecordKind.JAMMED: EventKind.LOCK_JAMMED,
    RecordKind.JAM_CLEARED: EventKind.LOCK_JAM_CLEARED,
}


@dataclass(frozen=True, slots=True)
class LogSource:
    """Whose log it is: the device, the door it stands for (a key box is its own door), and the log
    epoch."""

    device: str
    door: str
    log_epoch: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """From this index on backwards, to the comparison before, the device's clock had come to be
    `offset_s` ahead of the true time; None where that could not be told."""

    index: int
    offset_s: int | None


def comparisons(records: Iterable[LogRecord]) -> list[Comparison]:
    """The moments at which somebody set the device's clock, in their order."""
    found = []
    for record in records:
        if record.kind == RecordKind.CLOCK_SET:
            offset_s = record.clock[0]
            found.append(Comparison(record.index, None if offset_s == UNKNOWN_I32 else offset_s))
    return found


def events_of(
    source: LogSource,
    records: Sequence[LogRecord],
    compared: Sequence[Comparison],
    offset_s: int | None,
    now: datetime,
) -> list[NewEvent]:
    """Give the events of records that follow one another. `compared` holds the comparisons that
    the log tells of, `offset_s` is that of the newest, and a record without a time is put where the
    one before it stands, or at `now`, its clock untrusted."""
    events, at = [], now
    for record in records:
        offset = _offset(record.index, compared, offset_s)
        stamp = _stamp(source, record, offset, at)
        at = stamp.at
        kind, body = _telling(source, record)
        events.append(NewEvent(kind, body, stamp))
    return events


def _offset(index: int, compared: Sequence[Comparison], newest: int | None) -> int | None:
    for comparison in compared:
        if index < comparison.index:
            return comparison.offset_s
    return newest


def _stamp(source: LogSource, record: LogRecord, offset_s: int | None, before: datetime) -> Stamp:
    boot = f"kb-{source.log_epoch:08x}-{record.boot}"
    origin = Origin(device=source.device, log_epoch=source.log_epoch, index=record.index)
    if record.time_s is None:
        return Stamp(boot, record.index, before, ClockState.UNTRUSTED, None, origin)
    if record.kind == RecordKind.CLOCK_SET:
        offset_s = 0
    at = link_instant(record.time_s - (offset_s or 0))
    if offset_s is not None:
        error_ms: int | None = (abs(offset_s) + _SET_ERROR_S) * 1_000
    else:
        error_ms = None if record.error_s is None else record.error_s * 1_000
    state = ClockState.UNTRUSTED if error_ms is None else ClockState.HOLDOVER
    return Stamp(boot, record.index, at, state, error_ms, origin)


def gaps_in(source: LogSource, start: int, records: Sequence[LogRecord]) -> list[NewEvent]:
    """Give an event for each run of records that is missing before, or between, those given."""
    events = []
    for record in records:
        if record.index > start:
            events.append(gap_event(source, start, record.index))
        start = record.index + 1
    return events


def unread(source: LogSource, start: int, end: int, records: Sequence[LogRecord]) -> list[NewEvent]:
    """As `gaps_in`, where nothing else can be read of `[start, end)`."""
    if records or end <= start:
        return gaps_in(source, start, records)
    return [gap_event(source, start, end)]


def new_log_event(device: str, before: int) -> NewEvent:
    """The log is another one: what was not read of the one before is lost."""
    body = DeviceEventBody(device=device, cause=f"new log, before it {before:08x}")
    return NewEvent(EventKind.DEVICE_LOG_GAP, body)


def gap_event(source: LogSource, start: int, end: int) -> NewEvent:
    """The device no longer had, or could not read, its records `[start, end)`."""
    cause = range_cause(LogRange(source.log_epoch, start, end - 1))
    body = DeviceEventBody(device=source.device, cause=cause, count=end - start)
    return NewEvent(EventKind.DEVICE_LOG_GAP, body)


# --- what a record tells -------------------------------------------------------------------------


def _telling(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    try:
        kind = RecordKind(record.kind)
    except ValueError:
        return _device(source, EventKind.DEVICE_FAULT, f"record_{record.kind}")
    if kind in _DOOR:
        return _DOOR[kind], DoorEventBody(door=source.door)
    if kind in _DEVICE:
        return _device(source, _DEVICE[kind])
    return _TELLINGS[kind](source, record)


def _device(
    source: LogSource, kind: EventKind, cause: str = "", count: int | None = None
) -> tuple[EventKind, EventBody]:
    return kind, DeviceEventBody(device=source.device, cause=cause[:64], count=count)


def _code(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    try:
        reason = _REASONS[CodeReason(record.reason)]
    except (ValueError, KeyError):
        reason = Reason.INTERNAL_ERROR
    accepted = record.kind == RecordKind.CODE_ACCEPTED
    fields = record.code
    body = AccessBody(
        reason=reason,
        factor=Factor.PIN,
        door=source.door,
        code=None if fields is None else SealedCode(*fields).tag,
    )
    return EventKind.ACCESS_GRANTED if accepted else EventKind.ACCESS_DENIED, body


def _listed(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    """A PIN of the lock's own list, by its reference: whose it is, `edge.service.locks` adds."""
    body = AccessBody(
        reason=Reason.PIN_VALID, factor=Factor.PIN, door=source.door, code=record.data.hex()
    )
    return EventKind.ACCESS_GRANTED, body


def _lockout(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    body = LockoutBody(reader=source.device, lockout_s=record.number, door=source.door)
    return EventKind.PIN_LOCKOUT, body


def _battery(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    millivolts, temperature, uses = record.battery
    body = BatteryBody(
        device=source.device,
        millivolts=millivolts,
        temperature_dc=None if temperature == UNKNOWN_I16 else temperature,
        uses=uses,
    )
    return EventKind.BATTERY, body


def _clock_set(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    offset_s, rate = record.clock
    if offset_s == UNKNOWN_I32:  # there was no clock that could have been ahead
        return _device(source, EventKind.DEVICE_STARTED, CLOCK_SET_FROM_NOTHING)
    body = DeviceClockBody(
        device=source.device,
        offset_ms=offset_s * 1_000,
        error_ms=(record.error_s or _SET_ERROR_S) * 1_000,
        set=True,
        ppm=None if rate == UNKNOWN_I16 else rate / 10,
    )
    return EventKind.DEVICE_CLOCK_SET, body


def _started(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    return _device(source, EventKind.DEVICE_STARTED, _named(ResetCause, record.data[0]))


def _firmware(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    refused = record.kind == RecordKind.FIRMWARE_REFUSED
    kind = EventKind.FIRMWARE_REFUSED if refused else EventKind.FIRMWARE_UPDATED
    why = f" {_named(Cause, record.reason)}" if refused else ""
    return _device(source, kind, str(record.number) + why)


def _session(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    _day, rights = record.session
    if record.kind == RecordKind.SESSION_OPENED:
        return _device(source, EventKind.DEVICE_ONLINE, f"session rights {rights}")
    cause = f"session_refused {_named(Cause, record.reason)}"
    return _device(source, EventKind.DEVICE_FAULT, cause)


def _secret(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    cause = numbered_cause(Numbered.VERSION, record.number)
    return _device(source, EventKind.DEVICE_KEY_CHANGED, cause)


def _cleared(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    return _device(source, EventKind.DEVICE_LOG_CLEARED, count=record.number + 1)


def _list_placed(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    count = int.from_bytes(record.data[:2], "big")
    return _device(source, EventKind.DEVICE_ONLINE, f"list {record.data[2:].hex()}", count)


def _generation(source: LogSource, record: LogRecord) -> tuple[EventKind, EventBody]:
    cause = numbered_cause(Numbered.GENERATION, record.data[0])
    return _device(source, EventKind.DEVICE_KEY_CHANGED, cause)


_Telling = Callable[[LogSource, LogRecord], tuple[EventKind, EventBody]]
_TELLINGS: Final[dict[RecordKind, _Telling]] = {
    RecordKind.STARTED: _started,
    RecordKind.CODE_ACCEPTED: _code,
    RecordKind.CODE_REFUSED: _code,
    RecordKind.LOCKOUT: _lockout,
    RecordKind.BATTERY: _battery,
    RecordKind.CLOCK_SET: _clock_set,
    RecordKind.SECRET_CHANGED: _secret,
    RecordKind.FIRMWARE_UPDATED: _firmware,
    RecordKind.FIRMWARE_REFUSED: _firmware,
    RecordKind.LOG_CLEARED: _cleared,
    RecordKind.SESSION_OPENED: _session,
    RecordKind.SESSION_REFUSED: _session,
    RecordKind.LIST_PLACED: _list_placed,
    RecordKind.LIST_PIN_ACCEPTED: _listed,
    RecordKind.GENERATION_RETIRED: _generation,
}


def _named(names: type[ResetCause | Cause], number: int) -> str:
    try:
        return names(number).name.lower()
    except ValueError:
        return str(number)
