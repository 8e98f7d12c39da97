"""New firmware over the link, from `firmware_begin` to the trial that was passed or not."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RELEASE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = RELEASE_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
IMAGE = hashlib.shake_128(b"an image").digest(9_001)


def signed(image: bytes = IMAGE, firmware: int = 7, rollback: int = 2, kind: int = 1) -> bytes:
    """The body of `firmware_begin`."""
    digest = hashlib.sha256(image).digest()
    header = struct.pack(">B3xIII32s", kind, firmware, rollback, len(image), digest)
    return header + RELEASE_KEY.sign(b"kagimori/firmware/v1" + header)


def transfer(host: Any, begin: bytes, image: bytes = IMAGE) -> None:
    """Send an image from where the device wants it."""
    (at,) = struct.unpack(">I", host.ask(0x16, begin))
    while at < len(image):
        (at,) = struct.unpack(">I", host.ask(0x17, struct.pack(">I", at) + image[at : at + 256]))
    assert host.ask(0x18) == b""


@pytest.fixture
def box(workshop: Any) -> Any:
    """A box that takes firmware of the release key."""
    return workshop.installed("--firmware-key", PUBLIC.hex())


def test_an_image_is_received_tried_and_confirmed_by_the_next_session(box: Any) -> None:
    host = box.host
    host.open()
    transfer(host, signed())
    box.box.say("advance 1500")
    assert "rebooted" in box.box.events
    assert host.hello()[17:21] == struct.pack(">I", 7)
    assert host.hello()[41] & 8
    host.open(1)
    status = host.status()
    assert (status["slot"], status["slot_0"], status["slot_1"]) == (1, 3, 3)
    assert (status["firmware"], status["rollback"], status["reset"]) == (7, 2, 4)
    assert [(kind, data) for _, kind, _, data in host.log() if kind == 17] == [
        (17, struct.pack(">II", 7, 2))
    ]


def test_bytes_at_another_place_are_answered_with_the_place_that_is_wanted(box: Any) -> None:
    host = box.host
    host.open()
    host.ask(0x16, signed())
    host.ask(0x17, bytes(4) + IMAGE[:256])
    assert host.ask(0x17, struct.pack(">I", 512) + IMAGE[512:600]) == struct.pack(">I", 256)
    assert host.ask(0x19) == b""


def test_a_trial_that_nobody_confirms_falls_back_after_three_starts(box: Any) -> None:
    host = box.host
    host.open()
    transfer(host, signed())
    box.box.say("advance 1500")
    for _ in range(3):
        box.box.say("watchdog")
    assert host.hello()[17:21] == struct.pack(">I", 1)
    host.open(1)
    status = host.status()
    assert (status["slot"], status["rollback"], status["reset"]) == (0, 0, 5)
    assert [data[0] for _, kind, _, data in host.log() if kind == 1][-1] == 5


def test_what_is_not_signed_or_too_old_is_refused_and_logged(box: Any, refused: Any) -> None:
    host = box.host
    host.open()
    transfer(host, signed())
    box.box.say("advance 1500")
    host.open()
    host.status()
    bad = bytearray(signed(firmware=8))
    bad[60] ^= 1
    for begin, cause in ((bytes(bad), 10), (signed(firmware=8, rollback=1), 9)):
        with pytest.raises(refused) as caught:
            host.ask(0x16, begin)
        assert caught.value.cause == cause
    with pytest.raises(refused) as caught:
        host.ask(0x16, signed(kind=2))
    assert caught.value.cause == 8
    assert [(reason, data[3]) for _, kind, reason, data in host.log() if kind == 18] == [
        (10, 8),
        (9, 8),
        (8, 7),
    ]
