"""What a device's cause tells is read back as it was written, and nothing else is read as it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.device_causes import (
    LogRange,
    Numbered,
    numbered_cause,
    range_cause,
    read_number,
    read_range,
)
from wire.events import DeviceEventBody, EventKind, encode_body

U32 = st.integers(0, 2**32 - 1)


@given(st.sampled_from(Numbered), U32)
def test_a_number_comes_back_under_its_own_name_alone(what: Numbered, number: int) -> None:
    cause = numbered_cause(what, number)
    assert {each: read_number(cause, each) for each in Numbered} == {
        each: number if each is what else None for each in Numbered
    }
    encode_body(EventKind.DEVICE_KEY_CHANGED, DeviceEventBody(device="d", cause=cause))


@given(U32, U32, U32)
def test_a_range_comes_back_unless_it_ends_before_it_begins(epoch: int, one: int, two: int) -> None:
    log_range = LogRange(epoch, one, two)
    assert read_range(range_cause(log_range)) == (log_range if one <= two else None)
    assert log_range.count == two - one + 1


@pytest.mark.parametrize(
    ("log_range", "cause"),
    [(LogRange(77, 12, 40), "0000004d 12-40"), (LogRange(2**32 - 1, 0, 0), "ffffffff 0-0")],
)
def test_a_range_is_written_as_the_boxes_in_the_field_have_it(
    log_range: LogRange, cause: str
) -> None:
    assert range_cause(log_range) == cause
    assert numbered_cause(Numbered.VERSION, 3) == "version 3"
    assert numbered_cause(Numbered.GENERATION, 2) == "generation 2"


@given(st.text(max_size=40))
def test_no_other_text_is_read(text: str) -> None:
    number = {read_number(text, each) for each in Numbered} - {None}
    assert not number or text.split(" ")[0] in set(Numbered)
    found = read_range(text)
    assert found is None or range_cause(found)[:9] == text[:9]
