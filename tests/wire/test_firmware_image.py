"""What provisioning signs is what a host reads."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_bridge.keybox import images
from wire.firmware_image import KINDS, FirmwareImageError, signed_image

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.mark.parametrize("kind", KINDS)
def test_both_sides_make_the_same_bytes(kind: str) -> None:
    image = bytes(range(256)) * 3
    made = signed_image(KEY, image, kind=kind, firmware=7, rollback=2)
    read = images.read_image(made)
    assert read == images.sign_image(KEY, image, kind=KINDS[kind], firmware=7, rollback=2)
    read.check_signature(KEY.public_key())


@pytest.mark.parametrize(
    ("length", "kind", "firmware", "rollback"),
    [
        (8, "key_box", 1, 1),
        (images.MAX_IMAGE + 1, "key_box", 1, 1),
        (100, "door", 1, 1),
        (100, "key_box", 2**32, 1),
        (100, "key_box", 1, -1),
    ],
)
def test_what_no_image_can_be_is_refused(
    length: int, kind: str, firmware: int, rollback: int
) -> None:
    with pytest.raises(FirmwareImageError):
        signed_image(KEY, bytes(length), kind=kind, firmware=firmware, rollback=rollback)
