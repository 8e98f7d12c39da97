"""Malformed messages have a named fault, and good rows inside are never touched."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import messages as ms
from wire import samples
from wire.errors import WireError, WireFault
from wire.events import (
    BODIES,
    AccessBody,
    Event,
    EventKind,
    Gap,
    decode_row,
    encode_body,
    encode_event,
)


@given(st.binary(max_size=200), st.sampled_from([k for k in ms.TYPES.values() if k]))
def test_no_bytes_raise_anything_but_a_wire_error(data: bytes, kind: type[ms.Message]) -> None:
    try:
        ms.decode(kind, data)
    except WireError as error:
        assert error.fault in {WireFault.BAD_JSON, WireFault.BAD_FIELD}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_no_json_raises_anything_but_a_wire_error(value: object) -> None:
    data = json.dumps(value).encode()
    for read in (ms.decode_policy, decode_row, lambda d: ms.decode(ms.Events, d)):
        try:
            read(data)
        except WireError as error:
            assert error.fault in {WireFault.BAD_JSON, WireFault.BAD_FIELD, WireFault.TOO_LARGE}


def test_deep_nesting_is_refused_not_followed() -> None:
    with pytest.raises(WireError):
        ms.decode(ms.Hello, b"[" * 200_000)
    with pytest.raises(WireError):
        ms.decode_policy(b'{"count":' + b"[" * 200_000)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (ms.Command, {"life_ms": 10_001}),
        (ms.Command, {"life_ms": 0}),
        (ms.Command, {"action": "open_forever"}),
        (ms.Command, {"session": "short"}),
        (ms.Command, {"pulse_ms": 0}),
    ],
)
def test_a_command_outside_its_bounds_is_refused(
    kind: type[ms.Message], changes: dict[str, object]
) -> None:
    good = json.loads(ms.encode(samples.MESSAGES["command"][1]))
    with pytest.raises(WireError) as caught:
        ms.decode(kind, json.dumps(good | changes).encode())
    assert caught.value.fault is WireFault.BAD_FIELD


def test_a_delta_and_a_chunk_are_told_apart() -> None:
    for name in ("policy_delta", "policy_chunk"):
        sample = samples.MESSAGES[name][1]
        assert ms.decode_policy(ms.encode(sample)) == sample


def test_rows_pass_through_an_events_message_byte_by_byte() -> None:
    odd = (
        b'{ "kind" : "door_opened", "boot":"b","mono_ns":1,"at":"2026-11-22T09:30:00+09:00",'
        b'"clock":"trusted","body":{"door":"d"} }'
    )
    rows = [odd, encode_event(samples.sample_event(EventKind.REX))]
    message = ms.decode(ms.Events, ms.encode_events(7, 3, rows))
    assert (message.epoch, message.first_seq) == (7, 3)
    assert [bytes(row) for row in message.events] == rows


def test_more_than_a_hundred_rows_are_refused() -> None:
    row = encode_event(samples.sample_event(EventKind.REX))
    with pytest.raises(WireError):
        ms.decode(ms.Events, ms.encode_events(1, 1, [row] * 101))


def test_a_gap_occupies_its_seqs_and_must_run_forward() -> None:
    row = decode_row(b'{"gap":[5,9],"reason":"unreadable"}')
    assert row == Gap(gap=(5, 9), reason="unreadable")
    for bad in (b'{"gap":[9,5],"reason":"x"}', b'{"gap":[0,5],"reason":"x"}', b'{"gap":[1]}'):
        with pytest.raises(WireError):
            decode_row(bad)


def test_every_kind_of_event_has_a_body_and_takes_no_other() -> None:
    assert set(BODIES) == set(EventKind)
    body = samples._BY_KIND[EventKind.ACCESS_GRANTED]
    assert isinstance(body, AccessBody)
    with pytest.raises(TypeError, match="door_opened"):
        encode_body(EventKind.DOOR_OPENED, body)


def test_an_event_without_an_offset_is_refused() -> None:
    naive = (
        b'{"kind":"rex","boot":"b","mono_ns":1,"at":"2026-11-22T09:30:00","clock":"trusted",'
        b'"body":{}}'
    )
    with pytest.raises(WireError):
        decode_row(naive)


def test_a_typed_pin_has_no_place_in_an_event() -> None:
    """Only the number of digits is told, never the digits."""
    fields = {field.name for field in msgspec.structs.fields(AccessBody)}
    assert "pin" not in fields
    types = {field.name: field.type for field in msgspec.structs.fields(AccessBody)}
    assert types["digits"] == int | None
    assert all(isinstance(samples.sample_event(kind), Event) for kind in EventKind)
