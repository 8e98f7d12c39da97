"""The envelope around every payload, in both directions.

Upward and for acks (72 - 32 = 40 bytes before the JSON)::

    kid 8 | tag 32 | JSON bytes

For welcome, policy and commands (`topics.SIGNED`), 112 bytes before the JSON::

    kid 8 | tag 32 | signer 8 | signature 64 | JSON bytes

`tag` = HMAC-SHA-256(K_link, topic | 0x00 | JSON bytes as received) and `signature` = Ed25519 over
the same bytes. Nothing is ever re-serialised before it is checked. The topic is inside, so a
message cannot be moved to another controller or channel; against replay each channel has its own
rule (session, epoch and seq, policy version), since a broker can always repeat what it has seen.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from wire.errors import WireError, WireFault
from wire.keys import (
    KID_LENGTH,
    SIGNATURE_LENGTH,
    TAG_LENGTH,
    HubSigner,
    LinkKey,
    SignerRing,
)
from wire.topics import SIGNED, parse_topic

MAX_PAYLOAD_BYTES: Final = 262_144
"""A longer payload is refused before anything is computed over it."""

_PLAIN: Final = KID_LENGTH + TAG_LENGTH
_WITH_SIGNATURE: Final = _PLAIN + KID_LENGTH + SIGNATURE_LENGTH


def _covered(topic: str, body: bytes) -> bytes:
    return topic.encode() + b"\x00" + body


def seal(topic: str, body: bytes, key: LinkKey, signer: HubSigner | None = None) -> bytes:
    """Put JSON bytes into the envelope of their topic.

    Raises `ValueError` where the channel needs a signer and none is given or the reverse, and
    `WireError(TOO_LARGE)` for more than `MAX_PAYLOAD_BYTES`.
    """
    signed = parse_topic(topic).channel in SIGNED
    if signed != (signer is not None):
        raise ValueError("exactly welcome, policy and commands are signed by the hub")
    data = _covered(topic, body)
    head = key.kid + key.tag(data)
    if signer is not None:
        head += signer.kid + signer.sign(data)
    if len(head) + len(body) > MAX_PAYLOAD_BYTES:
        raise WireError(WireFault.TOO_LARGE, f"{len(head) + len(body)} bytes")
    return head + body


def open_sealed(
    topic: str,
    payload: bytes,
    keys: Mapping[bytes, LinkKey],
    signers: SignerRing | None = None,
) -> bytes:
    """Check an envelope and give back its JSON bytes, exactly as they were sent.

    `keys` maps key ids to the K_link that hold for the topic's controller. Raises `WireError` with
    `TOO_SHORT`, `TOO_LARGE`, `BAD_TOPIC`, `UNKNOWN_KEY`, `BAD_TAG`, `UNKNOWN_SIGNER` or
    `BAD_SIGNATURE`; tags are compared in constant time.
    """
    signed = parse_topic(topic).channel in SIGNED
    head = _WITH_SIGNATURE if signed else _PLAIN
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise WireError(WireFault.TOO_LARGE, f"{len(payload)} bytes")
    if len(payload) < head + 2:
        raise WireError(WireFault.TOO_SHORT, f"{len(payload)} bytes")
    key = keys.get(payload[:KID_LENGTH])
    if key is None:
        raise WireError(WireFault.UNKNOWN_KEY)
    body = payload[head:]
    data = _covered(topic, body)
    if not hmac.compare_digest(payload[KID_LENGTH:_PLAIN], key.tag(data)):
        raise WireError(WireFault.BAD_TAG)
    if signed:
        _check_signature(payload[_PLAIN:head], data, signers)
    return body


def _check_signature(block: bytes, data: bytes, signers: SignerRing | None) -> None:
    kid, signature = block[:KID_LENGTH], block[KID_LENGTH:]
    if signers is None or kid not in signers:
        raise WireError(WireFault.UNKNOWN_SIGNER)
    if not signers.verifies(kid, signature, data):
        raise WireError(WireFault.BAD_SIGNATURE)
