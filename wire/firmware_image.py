"""The bytes of a signed firmware image, for those who release one.

`header 48 | signature 64 | image`, as docs/keybox-link.md, *Firmware*, has them. Hosts that carry
an image to a device read it with `firmware_bridge.keybox.images`, which stands on nothing of ours;
`tests/wire/test_firmware_image.py` holds the two together.
"""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE_LABEL: Final = b"kagimori/firmware/v1"
KINDS: Final = {"key_box": 1, "serial_lock": 2}
MIN_IMAGE: Final = 9
MAX_IMAGE: Final = 256 * 1024
"""Bytes of one slot of a device."""


class FirmwareImageError(ValueError):
    """No image can be made of what was given; the text says why."""


def image_header(image: bytes, *, kind: str, firmware: int, rollback: int) -> bytes:
    """Give the 48 bytes that name an image; raise `FirmwareImageError`."""
    if kind not in KINDS:
        raise FirmwareImageError(f"the kinds of devices are {' and '.join(KINDS)}")
    if not MIN_IMAGE <= len(image) <= MAX_IMAGE:
        raise FirmwareImageError(f"an image has {MIN_IMAGE} to {MAX_IMAGE} bytes, not {len(image)}")
    if not (0 <= firmware < 2**32 and 0 <= rollback < 2**32):
        raise FirmwareImageError("version and rollback are numbers below 2^32")
    numbers = (firmware, rollback, len(image))
    fields = b"".join(number.to_bytes(4, "big") for number in numbers)
    return bytes((KINDS[kind], 0, 0, 0)) + fields + hashlib.sha256(image).digest()


def signed_image(
    key: Ed25519PrivateKey, image: bytes, *, kind: str, firmware: int, rollback: int
) -> bytes:
    """Give the file; raise `FirmwareImageError`."""
    header = image_header(image, kind=kind, firmware=firmware, rollback=rollback)
    return header + key.sign(SIGNATURE_LABEL + header) + image
