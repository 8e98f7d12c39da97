"""Wiegand: every frame is read, every flipped bit found; gaps make the frames."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.wiegand import (
    FORMATS,
    BitCollector,
    Burst,
    Frame,
    Key,
    WiegandError,
    WiegandFault,
    decode,
    encode,
    encode_key,
)
from firmware_bridge.wiegand.collector import GAP_NS, LONGEST

KEYS = "0123456789*#"


@st.composite
def cards(draw) -> tuple[int, int, int]:
    bits = draw(st.sampled_from(sorted(FORMATS)))
    form = FORMATS[bits]
    site = draw(st.integers(0, (1 << form.site_bits) - 1))
    return bits, site, draw(st.integers(0, (1 << form.number_bits) - 1))


def fault(value: int, count: int, **more) -> WiegandFault:
    with pytest.raises(WiegandError) as refused:
        decode(value, count, **more)
    return refused.value.fault


@pytest.mark.parametrize(
    ("bits", "site", "number", "frame"),
    [
        # worked out by hand from the formats' descriptions
        (26, 1, 1, "1 00000001 0000000000000001 0"),
        (26, 255, 65_535, "0 11111111 1111111111111111 1"),
        (26, 0, 0, "0 00000000 0000000000000000 1"),
        (34, 1, 0, "1 0000000000000001 0000000000000000 1"),
        (37, 0, 1 << 17, "1 0000000000000000 0100000000000000000 0"),
    ],
)
def test_frames_are_what_the_formats_say(bits, site, number, frame):
    value = int(frame.replace(" ", ""), 2)
    assert encode(bits, site, number) == value
    decoded = decode(value, bits)
    assert (decoded.site, decoded.number) == (site, number)


def test_the_two_parities_of_37_bits_overlap_in_bit_18():
    clean = encode(37, 0, 0)
    assert fault(clean ^ 1 << (36 - 18), 37) is WiegandFault.PARITY
    assert decode(clean ^ (1 << 36 | 1 << (36 - 18) | 1), 37).number == 1 << 17


@settings(deadline=None)
@given(cards())
def test_every_valid_frame_decodes(card):
    bits, site, number = card
    value = encode(bits, site, number)
    decoded = decode(value, bits)
    assert (decoded.bits, decoded.site, decoded.number) == card
    assert int.from_bytes(decoded.data, "big") >> (len(decoded.data) * 8 - bits) == value
    assert str(number) not in repr(decoded) or number < 100


@settings(deadline=None)
@given(cards(), st.data())
def test_every_single_flipped_bit_is_found(card, data):
    bits, site, number = card
    flipped = encode(bits, site, number) ^ 1 << data.draw(st.integers(0, bits - 1))
    assert fault(flipped, bits) is WiegandFault.PARITY


@settings(deadline=None)
@given(cards(), st.integers(0, 1))
def test_a_bit_lost_or_won_is_found_by_the_length(card, extra):
    bits, site, number = card
    value = encode(bits, site, number)
    assert fault(value >> 1, bits - 1) is WiegandFault.LENGTH
    assert fault(value << 1 | extra, bits + 1) is WiegandFault.LENGTH


@settings(deadline=None)
@given(st.integers(0, 600), st.data())
def test_whatever_comes_is_a_frame_a_key_or_one_named_error(count, data):
    value = data.draw(st.integers(0, (1 << count) - 1))
    try:
        decoded = decode(value, count)
    except WiegandError:
        return
    assert (isinstance(decoded, Key) and count in (4, 8)) or decoded.bits in FORMATS


def test_a_lone_bit_is_named_and_so_is_a_value_beyond_its_length():
    assert [fault(1, count) for count in (1, 2, 3)] == [WiegandFault.LONE_BIT] * 3
    assert fault(1 << 26, 26) is WiegandFault.LENGTH


def test_a_length_that_was_asked_for_is_taken_as_it_is():
    assert decode(0xA5A5A5A5, 32, raw={32}) == Frame(32, bytes.fromhex("a5a5a5a5"))
    assert fault(0xA5A5A5A5, 32) is WiegandFault.LENGTH
    assert decode(1, 26, raw={26}).number is None


@pytest.mark.parametrize("bits", [4, 8])
def test_each_key_has_its_burst(bits):
    assert [decode(encode_key(key, bits), bits).key for key in KEYS] == list(KEYS)


def test_a_key_that_no_keypad_has_is_refused():
    assert [fault(number, 4) for number in range(12, 16)] == [WiegandFault.KEY] * 4


def test_of_eight_bits_only_twelve_are_keys():
    good = {encode_key(key, 8) for key in KEYS}
    assert all(fault(value, 8) is WiegandFault.KEY for value in set(range(256)) - good)


def test_numbers_that_do_not_fit_are_refused():
    for bits, site, number in ((26, 256, 0), (26, 0, 65_536), (33, 0, 0)):
        with pytest.raises(WiegandError):
            encode(bits, site, number)


# --- bits and gaps -------------------------------------------------------------------------------

steps = st.lists(st.tuples(st.integers(0, 1), st.integers(1, GAP_NS)), min_size=1, max_size=60)


@settings(deadline=None)
@given(st.lists(steps, min_size=1, max_size=5), st.integers(1, 10 * GAP_NS))
def test_bursts_are_what_came_without_a_gap_between(bursts, pause_ns):
    collector, got, at_ns = BitCollector(), [], 0
    for bits in bursts:
        at_ns += GAP_NS + pause_ns
        for value, step_ns in bits:
            burst = collector.bit(value, at_ns, at_ns)
            if burst:
                got.append(burst)
            at_ns += step_ns
        at_ns -= bits[-1][1]
    assert collector.flush(at_ns + 2 * GAP_NS - 1) is None
    got.append(collector.flush(at_ns + 2 * GAP_NS))
    assert collector.due_ns is None
    sent = [int("".join(str(value) for value, _ in bits), 2) for bits in bursts]
    assert [burst.value for burst in got] == sent
    assert [burst.count for burst in got] == [len(bits) for bits in bursts]
    assert got[-1].at_ns == at_ns


def test_a_time_long_before_the_burst_begins_another():
    collector = BitCollector()
    collector.bit(1, GAP_NS + 1_000, 1_000)
    assert collector.bit(1, 999, 1_001) == Burst(1, 1, GAP_NS + 1_000)


@settings(deadline=None)
@given(cards(), st.randoms())
def test_bits_of_the_two_lines_may_be_heard_out_of_turn(card, chance):
    """The kernel queues each line by itself: a reader of both may take many of one first."""
    bits, site, number = card
    value = encode(bits, site, number)
    sent = [(value >> (bits - 1 - n) & 1, n * 1_000_000) for n in range(bits)]
    collector, heard_ns = BitCollector(), bits * 1_000_000
    for bit in sorted(sent, key=lambda bit: bit[1] + chance.randint(0, 20_000_000)):
        assert collector.bit(*bit, heard_ns) is None
    assert collector.flush(heard_ns + 2 * GAP_NS) == Burst(value, bits, (bits - 1) * 1_000_000)


def test_bits_that_are_heard_late_and_all_at_once_are_told_apart_by_their_own_times():
    collector, heard_ns = BitCollector(), 10**9
    overs = [collector.bit(1, at_ns, heard_ns) for at_ns in (0, 1_000, GAP_NS * 3)]
    assert overs == [None, None, Burst(3, 2, 1_000)]
    assert collector.flush(heard_ns) is None


def test_a_chattering_wire_takes_no_memory_and_is_no_frame():
    collector = BitCollector()
    for number in range(100_000):
        collector.bit(1, number, number)
    burst = collector.flush(100_000 + 2 * GAP_NS)
    assert burst.count == 100_000
    assert burst.value < 1 << LONGEST
    assert fault(burst.value, burst.count) is WiegandFault.LENGTH
