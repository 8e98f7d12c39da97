"""Firmware image files: made, read, and refused with a named fault."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.keybox.images import (
    MAX_IMAGE,
    MIN_IMAGE,
    ImageError,
    ImageFault,
    ImageHeader,
    read_image,
    sign_image,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
IMAGE = bytes(range(256)) * 5


def fault_of(data: bytes) -> ImageFault:
    with pytest.raises(ImageError) as caught:
        read_image(data)
    return caught.value.fault


@given(
    image=st.binary(min_size=MIN_IMAGE, max_size=600),
    kind=st.sampled_from((1, 2)),
    firmware=st.integers(0, 2**32 - 1),
    rollback=st.integers(0, 2**32 - 1),
)
def test_a_signed_image_is_read_back(image: bytes, kind: int, firmware: int, rollback: int) -> None:
    made = sign_image(KEY, image, kind=kind, firmware=firmware, rollback=rollback)
    read = read_image(made.pack())
    assert read == made
    assert (read.header.firmware, read.header.rollback) == (firmware, rollback)
    read.check_signature(KEY.public_key())


def test_another_key_did_not_sign_it() -> None:
    made = sign_image(KEY, IMAGE, kind=1, firmware=1, rollback=0)
    with pytest.raises(ImageError) as caught:
        made.check_signature(Ed25519PrivateKey.generate().public_key())
    assert caught.value.fault is ImageFault.BAD_SIGNATURE


def test_every_damage_has_its_fault() -> None:
    whole = sign_image(KEY, IMAGE, kind=1, firmware=1, rollback=0).pack()
    assert fault_of(b"") is ImageFault.TOO_SHORT
    assert fault_of(whole[:111]) is ImageFault.TOO_SHORT
    assert fault_of(whole[:-1]) is ImageFault.BAD_SIZE
    assert fault_of(whole + b"\0") is ImageFault.BAD_SIZE
    assert fault_of(whole[:-1] + b"\0") is ImageFault.BAD_HASH
    assert fault_of(b"\3" + whole[1:]) is ImageFault.BAD_HEADER
    assert fault_of(whole[:1] + b"\1" + whole[2:]) is ImageFault.BAD_HEADER


@given(data=st.binary(max_size=300))
def test_any_bytes_give_an_image_or_the_named_error(data: bytes) -> None:
    try:
        read_image(data)
    except ImageError:
        return
    raise AssertionError("random bytes do not hash to what they say")


@pytest.mark.parametrize("size", [0, MIN_IMAGE - 1, MAX_IMAGE + 1])
def test_an_image_that_fits_no_slot_is_not_made(size: int) -> None:
    with pytest.raises(ImageError) as caught:
        sign_image(KEY, bytes(size), kind=1, firmware=1, rollback=0)
    assert caught.value.fault is ImageFault.BAD_SIZE


def test_the_header_stands_byte_for_byte_as_specified() -> None:
    header = ImageHeader(2, 0x01020304, 0x05060708, 9, bytes(range(32)))
    assert header.pack() == bytes.fromhex("02000000 01020304 05060708 00000009") + bytes(range(32))
    assert ImageHeader.parse(header.pack()) == header
