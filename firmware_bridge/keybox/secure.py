"""Proofs, session keys, and frames that carry a counter and a tag.

    version 1 | type 1 | seq 1 | counter 4 | ciphertext | tag 16 | crc 2

Encrypt, then authenticate, each under a key of its own direction. A keystream block is
HMAC-SHA-256(enc key, type 1 | counter 4 | n 2): type and counter never come twice with another
body under one key, since requests count up, an answer has its request's counter and a type of its
own, and a notice counts up under a type that nothing else of its direction has.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Final

from firmware_bridge.keybox.codes import PROOF_LENGTH
from firmware_bridge.keybox.framing import Frame

COUNTER_LENGTH: Final = 4
TAG_LENGTH: Final = 16
_BLOCK: Final = 32


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def host_proof(key: bytes, device_nonce: bytes, host_nonce: bytes) -> bytes:
    """The host holds the ticket or link key."""
    return _mac(key, b"open" + device_nonce + host_nonce)[:PROOF_LENGTH]


def device_proof(key: bytes, device_nonce: bytes, host_nonce: bytes) -> bytes:
    """The device holds it as well."""
    return _mac(key, b"opened" + device_nonce + host_nonce)[:PROOF_LENGTH]


@dataclass(frozen=True, slots=True)
class Secured:
    """What a secured frame said, its tag checked."""

    counter: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DirectionKeys:
    """The two keys of one direction of one session."""

    mac: bytes = field(repr=False)
    enc: bytes = field(repr=False)

    def seal(self, kind: int, seq: int, counter: int, body: bytes) -> Frame:
        """Make a secured frame."""
        number = counter.to_bytes(COUNTER_LENGTH, "big")
        sealed = number + self._cipher(kind, number, body)
        tag = _mac(self.mac, Frame(kind, seq, b"").head + sealed)[:TAG_LENGTH]
        return Frame(kind, seq, sealed + tag)

    def open(self, frame: Frame) -> Secured | None:
        """Give what a frame says, None where its tag does not hold."""
        if len(frame.body) < COUNTER_LENGTH + TAG_LENGTH:
            return None
        sealed, tag = frame.body[:-TAG_LENGTH], frame.body[-TAG_LENGTH:]
        if not hmac.compare_digest(_mac(self.mac, frame.head + sealed)[:TAG_LENGTH], tag):
            return None
        number, ciphertext = sealed[:COUNTER_LENGTH], sealed[COUNTER_LENGTH:]
        return Secured(int.from_bytes(number, "big"), self._cipher(frame.type, number, ciphertext))

    def _cipher(self, kind: int, number: bytes, body: bytes) -> bytes:
        blocks = -(-len(body) // _BLOCK)
        stream = b"".join(
            _mac(self.enc, bytes((kind,)) + number + n.to_bytes(2, "big")) for n in range(blocks)
        )
        return bytes(a ^ b for a, b in zip(body, stream, strict=False))


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """All keys of one session."""

    host: DirectionKeys
    device: DirectionKeys

    @classmethod
    def derive(cls, key: bytes, device_nonce: bytes, host_nonce: bytes) -> SessionKeys:
        """Make them from the ticket or link key and both nonces."""
        nonces = device_nonce + host_nonce

        def of(direction: bytes) -> DirectionKeys:
            return DirectionKeys(
                _mac(key, direction + b"/mac" + nonces), _mac(key, direction + b"/enc" + nonces)
            )

        return cls(of(b"host"), of(b"device"))
