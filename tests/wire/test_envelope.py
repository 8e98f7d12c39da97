"""The broker can delay and drop; it cannot forge, alter or move."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from wire.envelope import MAX_PAYLOAD_BYTES, open_sealed, seal
from wire.errors import WireError, WireFault
from wire.keys import HubSigner, LinkKey, PinKey, SignerRing
from wire.topics import SIGNED, Channel, topic_of

LINK = LinkKey(b"k" * 32)
OTHER = LinkKey(b"o" * 32)
KEYS = {LINK.kid: LINK}
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
SIGNER = HubSigner(PRIVATE)
RING = SignerRing((PRIVATE.public_key(),))
A, B = "a" * 16, "b" * 16


def sealed(channel: Channel, body: bytes, controller: str = A, key: LinkKey = LINK) -> bytes:
    signer = SIGNER if channel in SIGNED else None
    return seal(topic_of(controller, channel), body, key, signer)


def fault_of(topic: str, payload: bytes, ring: SignerRing | None = RING) -> WireFault:
    with pytest.raises(WireError) as caught:
        open_sealed(topic, payload, KEYS, ring)
    return caught.value.fault


@given(st.sampled_from(Channel), st.binary(min_size=2, max_size=300))
def test_what_was_sealed_opens_to_the_same_bytes(channel: Channel, body: bytes) -> None:
    topic = topic_of(A, channel)
    assert open_sealed(topic, sealed(channel, body), KEYS, RING) == body


@given(st.sampled_from(Channel), st.binary(min_size=2, max_size=64), st.data())
def test_no_single_bit_can_be_changed(channel: Channel, body: bytes, data: st.DataObject) -> None:
    payload = bytearray(sealed(channel, body))
    bit = data.draw(st.integers(0, len(payload) * 8 - 1))
    payload[bit // 8] ^= 1 << bit % 8
    assert fault_of(topic_of(A, channel), bytes(payload)) in {
        WireFault.UNKNOWN_KEY,
        WireFault.BAD_TAG,
        WireFault.UNKNOWN_SIGNER,
        WireFault.BAD_SIGNATURE,
    }


@given(st.sampled_from(Channel), st.data())
def test_no_length_can_be_cut(channel: Channel, data: st.DataObject) -> None:
    payload = sealed(channel, b'{"a":1}')
    cut = data.draw(st.integers(0, len(payload) - 1))
    fault_of(topic_of(A, channel), payload[:cut])


@pytest.mark.parametrize("channel", list(Channel))
def test_a_message_cannot_be_moved_to_another_controller(channel: Channel) -> None:
    assert fault_of(topic_of(B, channel), sealed(channel, b"{}")) is WireFault.BAD_TAG


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("target", list(Channel))
def test_a_message_cannot_be_moved_to_another_channel(channel: Channel, target: Channel) -> None:
    if channel is not target:
        body = b'{"long":"enough for either envelope"}' * 8
        assert fault_of(topic_of(A, target), sealed(channel, body)) is WireFault.BAD_TAG


@pytest.mark.parametrize("channel", list(Channel))
def test_an_envelope_of_another_link_key_is_refused(channel: Channel) -> None:
    payload = sealed(channel, b"{}", key=OTHER)
    assert fault_of(topic_of(A, channel), payload) is WireFault.UNKNOWN_KEY


@pytest.mark.parametrize("channel", sorted(SIGNED))
def test_whoever_stole_k_link_still_cannot_speak_for_the_hub(channel: Channel) -> None:
    thief = HubSigner(Ed25519PrivateKey.from_private_bytes(b"t" * 32))
    topic = topic_of(A, channel)
    assert fault_of(topic, seal(topic, b"{}", LINK, thief)) is WireFault.UNKNOWN_SIGNER
    payload = bytearray(sealed(channel, b"{}"))
    payload[48:112] = thief.sign(topic.encode() + b"\x00{}")
    assert fault_of(topic, bytes(payload)) is WireFault.BAD_SIGNATURE


def test_a_signed_channel_without_known_signers_is_refused() -> None:
    topic = topic_of(A, Channel.COMMANDS)
    assert fault_of(topic, sealed(Channel.COMMANDS, b"{}"), None) is WireFault.UNKNOWN_SIGNER


def test_two_signing_keys_may_hold_while_one_is_replaced() -> None:
    newer = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
    ring = SignerRing((PRIVATE.public_key(), newer.public_key()))
    topic = topic_of(A, Channel.WELCOME)
    for signer in (SIGNER, HubSigner(newer)):
        assert open_sealed(topic, seal(topic, b"{}", LINK, signer), KEYS, ring) == b"{}"
    with pytest.raises(ValueError, match="two while one is replaced"):
        SignerRing(())


def test_too_long_a_payload_is_refused_on_both_sides() -> None:
    topic = topic_of(A, Channel.EVENTS)
    with pytest.raises(WireError) as caught:
        seal(topic, b"x" * MAX_PAYLOAD_BYTES, LINK)
    assert caught.value.fault is WireFault.TOO_LARGE
    assert fault_of(topic, b"x" * (MAX_PAYLOAD_BYTES + 1)) is WireFault.TOO_LARGE


def test_the_sender_cannot_forget_or_add_a_signature() -> None:
    with pytest.raises(ValueError, match="signed by the hub"):
        seal(topic_of(A, Channel.COMMANDS), b"{}", LINK)
    with pytest.raises(ValueError, match="signed by the hub"):
        seal(topic_of(A, Channel.EVENTS), b"{}", LINK, SIGNER)


def test_keys_do_not_show_themselves() -> None:
    assert "k" * 8 not in repr(LINK)
    assert "p" * 8 not in repr(PinKey(b"p" * 32))
