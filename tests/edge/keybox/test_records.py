"""Every record of a device's log is exactly one event, at the time it happened."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.clock_now import ClockNow
from edge.journal.plan import event_bytes
from edge.keybox.records import Comparison, LogSource, comparisons, events_of
from firmware_bridge.keybox.codes import Cause, CodeReason, RecordKind, ResetCause
from firmware_bridge.keybox.records import LogRecord, code_data
from wire.clock import ClockState
from wire.events import Event, EventKind, decode_event_body, decode_row
from wire.keybox_keys import link_instant
from wire.reasons import Outcome, Reason
from wire.samples import DEVICE, DOOR

SOURCE = LogSource(DEVICE, DOOR, 0xDEADBEEF)
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
TIME_S = 60_000_000
CLOCK = ClockNow("boot", 5, NOW, ClockState.TRUSTED, 10, NOW)


def told(*records: LogRecord, compared=(), offset_s: int | None = 0) -> list[Event]:
    """The events as the hub will read them."""
    events = events_of(SOURCE, records, compared, offset_s, NOW)
    rows = [decode_row(event_bytes(event, CLOCK)) for event in events]
    assert all(isinstance(row, Event) for row in rows)
    return rows


def record(kind: RecordKind, reason: int = 0, data: bytes = b"", index: int = 7) -> LogRecord:
    return LogRecord(index, TIME_S, 3, 12, kind, reason, data.ljust(8, b"\0"))


def body(one: LogRecord):
    (event,) = told(one)
    return event.kind, decode_event_body(event)


def test_a_record_keeps_its_place_and_its_device():
    (event,) = told(record(RecordKind.OPENED))
    assert (event.origin.device, event.origin.log_epoch, event.origin.index) == (
        DEVICE,
        0xDEADBEEF,
        7,
    )
    assert event.boot == "kb-deadbeef-12"
    assert event.mono_ns == 7
    assert event.clock is ClockState.HOLDOVER
    assert decode_event_body(event).door == DOOR


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (CodeReason.VALID, Reason.SEALED_CODE_VALID),
        (CodeReason.NOT_A_CODE, Reason.UNKNOWN_PIN),
        (CodeReason.RETIRED, Reason.CODE_RETIRED),
        (CodeReason.NOT_YET, Reason.NOT_YET_VALID),
        (CodeReason.EARLY, Reason.NOT_YET_VALID),
        (CodeReason.EXPIRED, Reason.EXPIRED),
        (CodeReason.USED, Reason.USED_UP),
        (CodeReason.THROTTLED, Reason.THROTTLED),
        (CodeReason.CLOCK_UNKNOWN, Reason.CLOCK_UNTRUSTED),
        (CodeReason.ONE_TIME_FULL, Reason.THROTTLED),
        (CodeReason.NO_SECRET, Reason.UNKNOWN_PIN),
    ],
)
def test_a_code_is_a_decision_with_its_reason(reason, expected):
    granted = reason is CodeReason.VALID
    kind = RecordKind.CODE_ACCEPTED if granted else RecordKind.CODE_REFUSED
    event_kind, access = body(record(kind, reason, code_data(1, 500, 2, 3)))
    assert event_kind == (EventKind.ACCESS_GRANTED if granted else EventKind.ACCESS_DENIED)
    assert access.reason is expected
    assert (access.reason.outcome is Outcome.GRANT) is granted
    named = reason in {
        CodeReason.VALID,
        CodeReason.RETIRED,
        CodeReason.NOT_YET,
        CodeReason.EARLY,
        CodeReason.EXPIRED,
        CodeReason.USED,
        CodeReason.ONE_TIME_FULL,
    }
    assert access.code == ("1.500.2.3" if named else None)


@pytest.mark.parametrize(
    ("one", "kind", "fields"),
    [
        (
            record(RecordKind.STARTED, 0, bytes((ResetCause.WATCHDOG,))),
            EventKind.DEVICE_STARTED,
            {"cause": "watchdog"},
        ),
        (
            record(RecordKind.LOCKOUT, 0, struct.pack(">I", 600)),
            EventKind.PIN_LOCKOUT,
            {"lockout_s": 600, "reader": DEVICE},
        ),
        (record(RecordKind.KEY_TAKEN), EventKind.KEY_TAKEN, {"device": DEVICE}),
        (record(RecordKind.FORCED), EventKind.DOOR_FORCED, {"door": DOOR}),
        (record(RecordKind.JAMMED), EventKind.LOCK_JAMMED, {"device": DEVICE}),
        (
            record(RecordKind.BATTERY, 0, struct.pack(">HhI", 5_900, -35, 42)),
            EventKind.BATTERY,
            {"millivolts": 5_900, "temperature_dc": -35, "uses": 42},
        ),
        (
            record(RecordKind.CLOCK_SET, 0, struct.pack(">ih", -40, 123)),
            EventKind.DEVICE_CLOCK_SET,
            {"offset_ms": -40_000, "set": True, "ppm": 12.3},
        ),
        (
            record(RecordKind.CLOCK_SET, 0, struct.pack(">ih", 0x7FFFFFFF, 0)),
            EventKind.DEVICE_STARTED,
            {"cause": "clock_set_from_nothing"},
        ),
        (
            record(RecordKind.FIRMWARE_REFUSED, Cause.BAD_SIGNATURE, struct.pack(">II", 66051, 1)),
            EventKind.FIRMWARE_REFUSED,
            {"cause": "66051 bad_signature"},
        ),
        (
            record(RecordKind.LOG_CLEARED, 0, struct.pack(">I", 99)),
            EventKind.DEVICE_LOG_CLEARED,
            {"count": 100},
        ),
        (
            record(RecordKind.SESSION_REFUSED, Cause.BAD_PROOF, struct.pack(">IH", 700, 3)),
            EventKind.DEVICE_FAULT,
            {"cause": "session_refused bad_proof"},
        ),
        (
            record(RecordKind.LIST_PIN_ACCEPTED, 1, bytes(range(8))),
            EventKind.ACCESS_GRANTED,
            {"reason": Reason.PIN_VALID, "code": "0001020304050607"},
        ),
    ],
    ids=lambda value: "",
)
def test_what_a_record_tells_the_event_tells(one, kind, fields):
    event_kind, found = body(one)
    assert event_kind == kind
    for name, value in fields.items():
        assert getattr(found, name) == value


@given(
    st.builds(
        LogRecord,
        st.integers(0, 2**32 - 1),
        st.none() | st.integers(1, 2**32 - 1),
        st.none() | st.integers(0, 0xFFFE),
        st.integers(0, 0xFFFF),
        st.integers(0, 255),
        st.integers(0, 255),
        st.binary(min_size=8, max_size=8),
    ),
    st.none() | st.integers(-(10**9), 10**9),
)
def test_any_record_at_all_is_one_event_the_wire_takes(one, offset_s):
    (event,) = told(one, offset_s=offset_s)
    decode_event_body(event)
    assert event.origin.index == one.index


def test_times_are_put_right_by_how_far_the_clock_was_off():
    (event,) = told(record(RecordKind.OPENED), offset_s=90)
    assert event.at == link_instant(TIME_S - 90)
    assert event.error_ms == 92_000


def test_each_record_is_put_right_by_the_comparison_that_followed_it():
    """A clock that was set meanwhile had another error before."""

    def at(index: int, time_s: int, kind=RecordKind.OPENED, data: bytes = bytes(8)) -> LogRecord:
        return LogRecord(index, time_s, 1, 1, kind, 0, data)

    records = [
        at(0, TIME_S + 600),
        at(1, TIME_S, RecordKind.CLOCK_SET, struct.pack(">ihH", 600, 0, 0)),
        at(2, TIME_S + 10),
    ]
    compared = comparisons(records)
    assert compared == [Comparison(1, 600)]
    before, setting, after = told(*records, compared=compared, offset_s=4)
    assert before.at == link_instant(TIME_S)
    assert setting.at == link_instant(TIME_S)
    assert after.at == link_instant(TIME_S + 6)


def test_a_record_without_a_time_stands_behind_the_one_before_it():
    known = record(RecordKind.OPENED, index=7)
    without = LogRecord(8, None, None, 13, RecordKind.STARTED)
    first, second = told(known, without)
    assert second.at == first.at
    assert (second.clock, second.error_ms) == (ClockState.UNTRUSTED, None)
    (alone,) = told(without)
    assert alone.at == NOW


def test_without_a_comparison_the_devices_own_word_stands():
    (event,) = told(record(RecordKind.OPENED), offset_s=None)
    assert (event.at, event.error_ms) == (link_instant(TIME_S), 3_000)
    assert event.at - link_instant(0) == timedelta(seconds=TIME_S)
