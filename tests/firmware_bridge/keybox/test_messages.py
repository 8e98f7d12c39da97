"""Every message both ways, and bodies of any other shape refused."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.keybox import answers as an
from firmware_bridge.keybox import codes as kc
from firmware_bridge.keybox import opening as op
from firmware_bridge.keybox import requests as rq
from firmware_bridge.keybox.body import Empty
from firmware_bridge.keybox.notices import (
    BatteryNotice,
    InputsNotice,
    KeysNotice,
    LoggedNotice,
    decode_notice,
    encode_notice,
)
from firmware_bridge.keybox.records import LogRecord, code_data

U8, U16, U32 = st.integers(0, 255), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF_FFFF)
B16, B24, B32 = (st.binary(min_size=n, max_size=n) for n in (16, 24, 32))
RECORDS = st.builds(
    LogRecord,
    U32,
    st.integers(1, 0xFFFF_FFFF),
    st.integers(0, 0xFFFE),
    U16,
    U8,
    U8,
    st.binary(min_size=8, max_size=8),
)
_WIDTHS = {"B": U8, "b": U8, "H": U16, "I": U32, "h": st.integers(-0x8000, 0x7FFF)}
STATUS = st.tuples(*(_WIDTHS[c] for c in an.BoxStatus._SHAPE.format[1:])).map(
    lambda values: an.BoxStatus(*values)
)

MESSAGES = {
    "hello_answer": st.builds(op.HelloAnswer, B16, U8, U32, U32, B16, U8),
    "open": st.builds(op.Open, st.sampled_from(kc.TicketKind), U32, U16.map(kc.Rights), B16, B16),
    "open_answer": st.builds(op.OpenAnswer, B16),
    "provision": st.builds(op.Provision, B16, st.sampled_from(kc.Kind), B32),
    "refused": st.builds(op.Refused, U8),
    "status": STATUS,
    "log": st.builds(an.LogAnswer, U32, U32, U32, st.lists(RECORDS, max_size=19).map(tuple)),
    "clock": st.builds(
        an.ClockAnswer,
        st.none() | st.integers(-0x8000_0000, 0x7FFF_FFFE),
        st.none() | st.integers(-0x8000, 0x7FFE),
    ),
    "cleared": st.builds(an.Cleared, U32),
    "next_offset": st.builds(an.NextOffset, U32),
    "drove": st.builds(an.Drove, st.sampled_from(kc.Driven)),
    "list_standing": st.builds(an.ListStanding, B32, U16),
    "read_log": st.builds(rq.ReadLog, U32, U32, U8),
    "set_clock": st.builds(rq.SetClock, U32, U16),
    "clear_log": st.builds(rq.ClearLog, U32, U32, B16),
    "install": st.builds(rq.InstallSecret, st.binary(min_size=102, max_size=102)),
    "retire": st.builds(rq.Retire, U8, B16),
    "firmware_begin": st.builds(
        rq.FirmwareBegin, st.binary(min_size=48, max_size=48), st.binary(min_size=64, max_size=64)
    ),
    "firmware_data": st.builds(rq.FirmwareData, U32, st.binary(min_size=1, max_size=256)),
    "release": st.builds(rq.Release, U32),
    "signal": st.builds(rq.Signal, st.sampled_from(kc.Signalled)),
    "list_begin": st.builds(rq.ListBegin, U16, B32),
    "list_data": st.builds(rq.ListData, st.lists(B24, min_size=1, max_size=15).map(tuple)),
    **{
        one.__name__: st.just(one())
        for one in (rq.AskStatus, rq.FirmwareEnd, rq.FirmwareAbort, rq.Hold, rq.SecureBolt)
    },
}


@pytest.mark.parametrize("name", MESSAGES)
@given(data=st.data())
def test_a_message_comes_back_and_fits_a_frame(name: str, data: st.DataObject) -> None:
    message = data.draw(MESSAGES[name])
    body = message.encode()
    assert type(message).decode(body) == message
    assert len(body) <= kc.MAX_BODY


@pytest.mark.parametrize("name", MESSAGES)
@given(data=st.data())
def test_a_body_of_another_shape_is_refused_by_name(name: str, data: st.DataObject) -> None:
    message = data.draw(MESSAGES[name])
    for body in (message.encode() + bytes(300), data.draw(st.binary(max_size=120))):
        try:
            other = type(message).decode(body)
        except kc.MessageError:
            continue
        assert other.encode() == body


def test_a_status_has_the_75_bytes_of_the_page() -> None:
    assert an.BoxStatus._SHAPE.size == 75
    names = [field.name for field in fields(an.BoxStatus)]
    values = an.BoxStatus.decode(bytes(range(75)))
    assert (names[0], values.time_s) == ("time_s", 0x00010203)
    assert (names[-1], values.lost_frames) == ("lost_frames", 0x4748494A)
    assert values.log_epoch == int.from_bytes(bytes(range(35, 39)), "big")


def test_a_record_lies_as_on_the_page_under_the_crc_of_frames() -> None:
    record = LogRecord(1, 2, 3, 4, kc.RecordKind.CODE_ACCEPTED, 1, code_data(5, 6, 7, 8))
    body = bytes.fromhex("00000001 00000002 0003 0004 02 01 05070800 00000006")
    assert record.encode()[:-2] == body
    assert record.code == (5, 6, 7, 8)
    assert LogRecord.decode(record.encode()) == record


@given(RECORDS, st.integers(0, 24 * 8 - 1))
def test_a_record_with_a_flipped_bit_is_refused(record: LogRecord, bit: int) -> None:
    data = bytearray(record.encode())
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(kc.MessageError):
        LogRecord.decode(bytes(data))


def test_a_record_without_a_clock_says_so() -> None:
    record = LogRecord.decode(LogRecord(0, None, None, 1, 1).encode())
    assert (record.time_s, record.error_s) == (None, None)


@pytest.mark.parametrize(
    ("reason", "has_code"),
    [(kc.CodeReason.VALID, True), (kc.CodeReason.USED, True), (kc.CodeReason.NOT_A_CODE, False)],
)
def test_a_record_names_a_code_only_where_there_was_one(
    reason: kc.CodeReason, has_code: bool
) -> None:
    record = LogRecord(0, 1, 0, 1, kc.RecordKind.CODE_REFUSED, reason)
    assert (record.code is not None) is has_code


@given(
    st.one_of(
        st.builds(InputsNotice, U16.map(kc.Input), U16.map(kc.Output)),
        st.builds(KeysNotice, st.text("0123456789*#", min_size=1, max_size=32)),
        st.builds(BatteryNotice, U16, st.none() | st.integers(-400, 1_250), U32),
        st.builds(LoggedNotice, U32),
    )
)
def test_a_notice_comes_back(notice: object) -> None:
    assert decode_notice(encode_notice(notice)) == notice


@given(st.binary(max_size=60))
def test_any_bytes_are_a_notice_none_or_refused(body: bytes) -> None:
    try:
        notice = decode_notice(body)
    except kc.MessageError:
        return
    assert notice is None or encode_notice(notice) == body


def test_keys_do_not_show() -> None:
    assert "482913" not in repr(KeysNotice("482913#"))


def test_every_secured_request_is_listed_with_its_right_and_answer() -> None:
    listed = {one for one in kc.Type if kc.FIRST_SECURED <= one < kc.ANSWER_BIT}
    assert set(rq.REQUESTS) == listed - {kc.Type.NOTICE, kc.Type.NOTICED}
    for kind, request in rq.REQUESTS.items():
        assert kind == request.TYPE
        assert hasattr(request.ANSWER, "decode")
    assert Empty().encode() == b""
