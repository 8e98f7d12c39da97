"""Firmware images of key boxes and serial locks, as files and as what the link carries.

A file is `header 48 | signature 64 | image`. The header is that of docs/keybox-link.md, *Firmware*,
and the signature is over it alone: the header names the image by its SHA-256. Hosts read a file and
check that it is whole; whether its signature is the release key's, the device judges.
`provisioning` signs releases (`wire/firmware_image.py`); both make the same bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE_LABEL: Final = b"kagimori/firmware/v1"
HEADER_LENGTH: Final = 48
SIGNATURE_LENGTH: Final = 64
MIN_IMAGE: Final = 9
"""Bytes; the first eight are the stack and the reset vector, written last of all."""
MAX_IMAGE: Final = 256 * 1024
"""Bytes of one slot."""
KINDS: Final = (1, 2)
"""1 key box, 2 serial lock."""

_HEADER: Final = struct.Struct(">B3sIII32s")


class ImageFault(StrEnum):
    """What is wrong with an image file."""

    TOO_SHORT = "too_short"
    BAD_HEADER = "bad_header"
    BAD_SIZE = "bad_size"
    BAD_HASH = "bad_hash"
    BAD_SIGNATURE = "bad_signature"


class ImageError(ValueError):
    """An image file that is not whole, or was not signed with the key it should be; or fields that
    no image can have. `fault` says which."""

    def __init__(self, fault: ImageFault, detail: str) -> None:
        self.fault = fault
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Whom an image is for and which one it is. `firmware` and `rollback` are below 2^32; a device
    refuses a `rollback` below the highest that it has confirmed."""

    kind: int
    firmware: int
    rollback: int
    size: int
    sha256: bytes

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ImageError(ImageFault.BAD_HEADER, f"there is no device of kind {self.kind}")
        if not (0 <= self.firmware < 2**32 and 0 <= self.rollback < 2**32):
            raise ImageError(ImageFault.BAD_HEADER, "firmware and rollback have 32 bits")
        if not MIN_IMAGE <= self.size <= MAX_IMAGE:
            detail = f"an image has {MIN_IMAGE} to {MAX_IMAGE} bytes, not {self.size}"
            raise ImageError(ImageFault.BAD_SIZE, detail)

    @classmethod
    def of_image(cls, image: bytes, *, kind: int, firmware: int, rollback: int) -> ImageHeader:
        """Describe an image."""
        return cls(kind, firmware, rollback, len(image), hashlib.sha256(image).digest())

    @classmethod
    def parse(cls, data: bytes) -> ImageHeader:
        """Read the 48 bytes; raise `ImageError`."""
        if len(data) != HEADER_LENGTH:
            raise ImageError(ImageFault.TOO_SHORT, f"a header has {HEADER_LENGTH} bytes")
        kind, zero, firmware, rollback, size, sha256 = _HEADER.unpack(data)
        if any(zero):
            raise ImageError(ImageFault.BAD_HEADER, "the bytes after the kind are not zero")
        return cls(kind, firmware, rollback, size, sha256)

    def pack(self) -> bytes:
        """Give the 48 bytes."""
        fields = (self.kind, bytes(3), self.firmware, self.rollback, self.size, self.sha256)
        return _HEADER.pack(*fields)


@dataclass(frozen=True, slots=True)
class SignedImage:
    """A file: what `firmware_begin` carries, and the image itself."""

    header: ImageHeader
    signature: bytes
    image: bytes = field(repr=False)

    def pack(self) -> bytes:
        """Give the file."""
        return self.header.pack() + self.signature + self.image

    def check_signature(self, key: Ed25519PublicKey) -> None:
        """Raise `ImageError` where `key` did not sign it."""
        try:
            key.verify(self.signature, SIGNATURE_LABEL + self.header.pack())
        except InvalidSignature as error:
            detail = "the image is not signed with this release key"
            raise ImageError(ImageFault.BAD_SIGNATURE, detail) from error


def sign_image(
    key: Ed25519PrivateKey, image: bytes, *, kind: int, firmware: int, rollback: int
) -> SignedImage:
    """Sign an image; raise `ImageError` for what no image can be."""
    header = ImageHeader.of_image(image, kind=kind, firmware=firmware, rollback=rollback)
    return SignedImage(header, key.sign(SIGNATURE_LABEL + header.pack()), image)


def read_image(data: bytes) -> SignedImage:
    """Read a file and check that it is whole; raise `ImageError`."""
    start = HEADER_LENGTH + SIGNATURE_LENGTH
    if len(data) < start:
        raise ImageError(ImageFault.TOO_SHORT, f"an image file has more than {start} bytes")
    header, image = ImageHeader.parse(data[:HEADER_LENGTH]), data[start:]
    if len(image) != header.size:
        detail = f"the header tells of {header.size} bytes, the file holds {len(image)}"
        raise ImageError(ImageFault.BAD_SIZE, detail)
    if not hmac.compare_digest(hashlib.sha256(image).digest(), header.sha256):
        raise ImageError(ImageFault.BAD_HASH, "the image is not the one its header names")
    return SignedImage(header, data[HEADER_LENGTH:start], image)
