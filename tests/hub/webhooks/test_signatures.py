"""Our signatures are those of the Standard Webhooks specification, and theirs are ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from hub.webhooks import signatures
from hub.webhooks.signatures import SecretError, SignatureError, headers, verify

SECRET = bytes(range(32))
OTHER = bytes(range(1, 33))
NOW = datetime(2026, 4, 6, tzinfo=UTC)
BODY = '{"type":"booking.changed","name":"山田 花子"}'.encode()


def lowered(found: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in found.items()}


def test_the_specifications_own_example_is_signed_alike() -> None:
    """The vector of the reference libraries' own tests."""
    secret = signatures.secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signatures.signature(
        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(
    body=st.text().map(lambda text: text.encode(errors="ignore")),
    secret=st.binary(min_size=24, max_size=64),
)
def test_the_reference_library_takes_what_we_sign(body: bytes, secret: bytes) -> None:
    now = datetime.now(UTC)
    made = headers([OTHER, secret], "msg_1", now, body)
    Webhook(signatures.secret_text(secret)).verify(body, made, json_parse=False)
    Webhook(secret).verify(body, made, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(b"a secret of somebody else").verify(body, made, json_parse=False)


@given(body=st.text(alphabet=st.characters(codec="utf-8")))
def test_we_take_what_the_reference_library_signs(body: str) -> None:
    signed = Webhook(SECRET).sign("msg_2", NOW, body)
    found = {
        "webhook-id": "msg_2",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": f"v1a,aGVsbG8= {signed}",
    }
    assert verify([OTHER, SECRET], found, body.encode(), NOW).id == "msg_2"
    with pytest.raises(SignatureError):
        verify([OTHER], found, body.encode(), NOW)


@given(at=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_one_bit_of_the_body_is_noticed(at: int, bit: int) -> None:
    made = lowered(headers([SECRET], "m", NOW, BODY))
    changed = bytearray(BODY)
    changed[at] ^= 1 << bit
    with pytest.raises(SignatureError):
        verify([SECRET], made, bytes(changed), NOW)


@pytest.mark.parametrize("name", [signatures.ID, signatures.TIMESTAMP, signatures.SIGNATURE])
@pytest.mark.parametrize("value", ["", "x" * 4000, "１", "-1", "v1,", "\x00", "é", "99999999999"])
def test_headers_that_are_none_are_refused_by_name(name: str, value: str) -> None:
    made = headers([SECRET], "m", NOW, BODY) | {name: value}
    with pytest.raises(SignatureError):
        verify([SECRET], made, BODY, NOW)


@pytest.mark.parametrize("off_s", [-301, 301])
def test_a_message_is_of_now(off_s: int) -> None:
    """Five minutes, in both directions."""
    made = headers([SECRET], "m", NOW, BODY)
    later = NOW + timedelta(seconds=off_s)
    with pytest.raises(SignatureError):
        verify([SECRET], made, BODY, later)
    inside = NOW + timedelta(seconds=off_s - 1 if off_s > 0 else off_s + 1)
    assert verify([SECRET], made, BODY, inside).at_s == int(NOW.timestamp())


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_!!", "whsec_aGVsbG8=", "whsec_" + "A" * 100])
def test_what_is_no_secret_is_said_to_be_none(text: str) -> None:
    with pytest.raises(SecretError):
        signatures.secret_of(text)


def test_a_secret_is_read_as_it_was_shown() -> None:
    assert signatures.secret_of(signatures.secret_text(SECRET)) == SECRET
