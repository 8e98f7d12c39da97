"""Keys, receipts, envelopes, lists and tickets of the maintenance link.

The expected values were made with OpenSSL's command line from docs/keybox-link.md.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError, WireFault
from wire.keybox_keys import (
    LINK_RIGHTS,
    MaintenanceSecret,
    Right,
    SecretBundle,
    SecretEnvelope,
    date_of,
    day_number,
    link_instant,
    link_seconds,
)
from wire.keybox_ticket import decode_ticket, encode_ticket, make_ticket
from wire.lock_list import ListEntry, list_digest, lock_pin_digest

DEVICE = "0192f0c1-d2e3-7a4b-8c5d-6e7f80910a1b"
OTHER = "0192f0c1-d2e3-7a4b-8c5d-6e7f80910a1c"
MAINTENANCE = MaintenanceSecret(bytes(range(32)))
DAY = 0x2B6
WRAP = MAINTENANCE.wrap_key(DEVICE)
RECEIPT = MAINTENANCE.receipt_key(DEVICE)
BUNDLE = SecretBundle(bytes(range(100, 132)), bytes(range(132, 164)), 1, 5)
IV = bytes(range(64, 80))


def test_each_key_is_the_hmac_the_page_says() -> None:
    rights = Right.READ | Right.CLOCK
    assert MAINTENANCE.ticket(DEVICE, DAY, rights).hex() == (
        "623d8bdd7998a05af2f806fe232799b7a16050b49c2000591268e419f0564d27"
    )
    assert LINK_RIGHTS == 0x67
    assert MAINTENANCE.link_key(DEVICE).hex() == (
        "311553863a042ff88b35798309fa9ed70643839b4e9ca2c302ccf754b87c72d3"
    )
    assert RECEIPT.secret.hex() == (
        "1cd3227e658ae1ea2f1ad8746d48403c8c979eb69e1c5576b78a2a8e9fc9b118"
    )
    assert WRAP.secret.hex() == "79e87d9275b8dee0ee2e64758606d2ead71347fafb565498b7d5b7226b2b697e"
    assert MAINTENANCE.list_key(DEVICE).hex() == (
        "57dfb5504d146fe2c7ded2ed784256e20c371851ba155e72d8c0af96bed0992c"
    )


def test_a_ticket_is_of_one_device_one_day_and_one_set_of_rights() -> None:
    made = {
        MAINTENANCE.ticket(device, day, rights)
        for device in (DEVICE, OTHER)
        for day in (DAY, DAY + 1)
        for rights in (Right.READ, Right.READ | Right.CLEAR)
    }
    assert len(made) == 8
    assert MAINTENANCE.link_key(DEVICE) not in made


def test_receipts_and_retire_tokens_are_the_hmacs_the_page_says() -> None:
    assert RECEIPT.clear_receipt(0xDEADBEEF, 0x1FF).hex() == "02494d819c76cadeb1dc078cb6970405"
    assert RECEIPT.retire_token(7, 5).hex() == "1e6814019b9729c0e27145ad18654a84"


def test_an_envelope_is_what_the_page_says_and_opens_again() -> None:
    envelope = WRAP.seal(3, IV, BUNDLE)
    assert envelope.ciphertext.hex() == (
        "0093995bd671697e9391c8e805721c798814dc55fe1b3577296fbd5c27f07cee"
        "80fd052b3618bfd3dfa5d27dec562b04e03495bf744d2442e4aa20a91c0bd4f2cf7b"
    )
    assert envelope.tag.hex() == "5fc6fb9d53e6e377f543698cc634221d"
    assert WRAP.open(SecretEnvelope.decode(envelope.encode())) == BUNDLE


@given(st.integers(0, SecretEnvelope.LENGTH * 8 - 1))
def test_an_envelope_with_any_bit_flipped_is_refused(bit: int) -> None:
    data = bytearray(WRAP.seal(3, IV, BUNDLE).encode())
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(WireError) as error:
        WRAP.open(SecretEnvelope.decode(bytes(data)))
    assert error.value.fault is WireFault.BAD_SEAL


def test_an_envelope_for_another_device_is_refused() -> None:
    with pytest.raises(WireError, match="bad_seal"):
        MAINTENANCE.wrap_key(OTHER).open(WRAP.seal(3, IV, BUNDLE))


def test_days_and_seconds_count_in_japan() -> None:
    assert day_number(date(2025, 1, 1)) == 0
    assert date_of(day_number(date(2026, 11, 26))) == date(2026, 11, 26)
    first = datetime(2024, 12, 31, 15, tzinfo=UTC)
    assert (link_seconds(first), link_instant(0)) == (0, first)
    assert link_instant(link_seconds(datetime(2026, 11, 26, tzinfo=UTC))).day == 26


def test_a_list_pin_is_the_hmac_the_page_says() -> None:
    key = MAINTENANCE.list_key(DEVICE)
    assert lock_pin_digest(key, DEVICE, "482913") == "69c1651f457146044971af966a74dd57"
    for bad in ("123", "12345678901", "12a4", "１２３４"):  # the last: full-width digits
        with pytest.raises(ValueError, match="digits"):
            lock_pin_digest(key, DEVICE, bad)


def test_a_list_digest_is_the_sum_the_page_says_in_any_order() -> None:
    one = ListEntry(bytes.fromhex("00112233445566778899aabbccddeeff"), 100, 200)
    two = ListEntry(bytes.fromhex("ffeeddccbbaa99887766554433221100"), 7, 4_000_000_000)
    expected = "a7bc4707d59b4a6f04dcd08da85527a27d093c49237a836a43bdf35013b395c7"
    assert list_digest([one, two]).hex() == list_digest([two, one]).hex() == expected
    assert list_digest([]) == bytes(32)
    assert ListEntry.decode(one.encode()) == one
    assert one.reference == "0011223344556677"


# --- the file ------------------------------------------------------------------------------------

EXPIRES = datetime(2026, 11, 26, 15, tzinfo=UTC)
TICKET = make_ticket(
    DEVICE,
    DAY,
    Right.READ | Right.SECRET,
    bytes(32),
    EXPIRES,
    (0xDEADBEEF, 511, RECEIPT.clear_receipt(0xDEADBEEF, 511)),
    WRAP.seal(3, IV, BUNDLE),
)


def test_a_ticket_file_comes_back_whole() -> None:
    ticket = decode_ticket(encode_ticket(TICKET))
    assert ticket == TICKET
    assert (ticket.key, ticket.right) == (bytes(32), Right.READ | Right.SECRET)
    assert ticket.envelope is not None
    assert WRAP.open(ticket.envelope) == BUNDLE
    assert ticket.receipt is not None
    assert ticket.receipt.mac_bytes == RECEIPT.clear_receipt(0xDEADBEEF, 511)


def test_no_secret_shows_in_a_repr() -> None:
    shown = repr(TICKET) + repr(MAINTENANCE) + repr(RECEIPT) + repr(WRAP) + repr(BUNDLE)
    assert TICKET.ticket not in shown
    assert str(TICKET.secret) not in shown
    assert "\\x" not in shown


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"v":1', '"v":2'),
        (TICKET.ticket, "AAAA"),
        (TICKET.ticket, "!" * 44),
        ('"rights":9', '"rights":0'),
        ('"rights":9', '"rights":128'),
        (str(TICKET.secret), "AAAA"),
        ('"day":694', '"day":-1'),
        (DEVICE, ""),
        ("{", "["),
    ],
)
def test_a_damaged_ticket_file_is_refused(old: str, new: str) -> None:
    text = encode_ticket(TICKET).decode()
    assert old in text
    with pytest.raises(WireError, match=r"bad_field|bad_seal"):
        decode_ticket(text.replace(old, new, 1).encode())


def test_a_huge_ticket_file_is_refused_unread() -> None:
    with pytest.raises(WireError, match="too_large"):
        decode_ticket(b"[" * 5_000)
