"""`kb_update` on flash that loses its power: what starts is a confirmed image or the one on trial.

A host delivers an image, the box tries and confirms it; the power goes at the n-th write, for every
n and in every way a write can tear, and both go on. Images are told apart by all of their bytes.
"""

from __future__ import annotations

import ctypes
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.keybox.images import ImageHeader, SignedImage, sign_image

CORE: Final = Path(__file__).parents[4] / "firmware_bridge/keybox/firmware/core"
KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OK, DEAD = 0, -1
BUSY, BAD_VALUE, TOO_OLD, BAD_SIGNATURE, STORAGE = 7, 8, 9, 10, 12
RECEIVING, ON_TRIAL, CONFIRMED, BAD = 1, 2, 3, 4
POWER, UPDATE, FALLBACK = 1, 4, 5
NONE, CUT = 0xFF, 0xFE
SLOT_0: Final = 5
TEARS: Final = range(4)
KEY_BOX: Final = 1


def image_of(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


FACTORY: Final = image_of(0, 3_000)
NEW: Final = sign_image(KEY, image_of(1, 9_000), kind=KEY_BOX, firmware=2, rollback=1)
NEXT: Final = sign_image(KEY, image_of(2, 4_096), kind=KEY_BOX, firmware=3, rollback=1)
OLD: Final = sign_image(KEY, image_of(3, 500), kind=KEY_BOX, firmware=1, rollback=0)


@dataclass
class Box:
    """A device and its host, over the harness."""

    lib: ctypes.CDLL
    known: list[bytes]

    def cut(self, count: int, tear: int = 0, seed: int = 1) -> None:
        self.lib.sim_cut(count, tear, seed)

    @property
    def dead(self) -> bool:
        return bool(self.lib.sim_dead())

    def state(self, slot: int) -> int:
        return int(self.lib.sim_state(slot))

    def content(self, slot: int, size: int) -> bytes:
        return ctypes.string_at(self.lib.sim_flash(SLOT_0 + slot), size)

    def start(self) -> int:
        """Power on; check that what starts is whole."""
        slot: int = self.lib.sim_start()
        if slot not in (NONE, CUT):
            whole = [image for image in self.known if self.content(slot, len(image)) == image]
            assert whole, "a mix of images was started"
        assert self.lib.sim_misuse() == 0
        return slot

    def runs(self, image: bytes) -> bool:
        """Start, again where the power goes meanwhile; whether it is this image that runs."""
        while (slot := self.start()) == CUT:
            pass
        assert slot != NONE
        return self.content(slot, len(image)) == image

    def begin(self, file: SignedImage, kind: int = KEY_BOX) -> tuple[int, int]:
        place = ctypes.c_uint32()
        header = file.header.pack()
        cause = self.lib.sim_begin(kind, header, file.signature, ctypes.byref(place))
        return cause, place.value

    def data(self, offset: int, data: bytes) -> tuple[int, int]:
        place = ctypes.c_uint32()
        cause = self.lib.sim_data(offset, data, len(data), ctypes.byref(place))
        return cause, place.value

    def deliver(self, file: SignedImage, most: int = 10**6) -> int:
        """Carry an image over, at most so many pieces of it; give the cause that ended it."""
        cause, offset = self.begin(file)
        while cause == OK and offset < len(file.image) and most > 0:
            cause, offset = self.data(offset, file.image[offset : offset + 256])
            most -= 1
        if cause == OK and most > 0:
            cause = self.lib.sim_end()
        return DEAD if self.dead else cause

    def drive(self, file: SignedImage, rollback_before: int = 0) -> None:
        """Deliver, try and confirm, over as many power cuts as were asked for."""
        for _ in range(12):
            if not self.runs(file.image):
                assert self.lib.sim_rollback() == rollback_before
                assert self.deliver(file) in (OK, DEAD)
                continue
            if self.lib.sim_on_trial():
                assert self.lib.sim_rollback() == rollback_before
                self.lib.sim_confirm()
            if not self.dead:
                return
        raise AssertionError("the update never came to its end")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    made = tmp_path_factory.mktemp("update") / "update.so"
    names = ("kb_update", "kb_store", "kb_sha256", "kb_sha512", "kb_ed25519", "kb_mem")
    sources = [Path(__file__).with_name("update_harness.c"), *(CORE / f"{n}.c" for n in names)]
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fPIC", "-shared"]
    subprocess.run(["gcc", *flags, "-I", CORE, *sources, "-o", made], check=True)
    loaded = ctypes.CDLL(str(made))
    loaded.sim_flash.restype = ctypes.c_void_p
    loaded.sim_failed_header.restype = ctypes.c_void_p
    loaded.sim_cut.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_uint)
    loaded.sim_writes.restype = ctypes.c_long
    return loaded


def new_box(library: ctypes.CDLL, *files: SignedImage) -> Box:
    public = KEY.public_key().public_bytes_raw()
    library.sim_new(public, FACTORY, len(FACTORY))
    return Box(library, [FACTORY, *(file.image for file in files)])


def updated_box(library: ctypes.CDLL, file: SignedImage = NEW) -> Box:
    box = new_box(library, file)
    box.drive(file)
    return box


def writes_of(box: Box, file: SignedImage, rollback_before: int = 0) -> int:
    box.known.append(file.image)
    before = box.lib.sim_writes()
    box.drive(file, rollback_before)
    return int(box.lib.sim_writes() - before)


# --- good images ---------------------------------------------------------------------------------


def test_an_image_is_tried_and_confirmed_and_only_then_the_counter_rises(
    library: ctypes.CDLL,
) -> None:
    box = new_box(library, NEW)
    assert box.start() == 0
    assert box.lib.sim_start_cause() == POWER
    assert box.deliver(NEW) == OK
    assert box.start() == 1
    assert box.lib.sim_start_cause() == UPDATE
    assert (box.lib.sim_on_trial(), box.lib.sim_rollback()) == (1, 0)
    assert box.lib.sim_confirm()
    assert (box.lib.sim_on_trial(), box.lib.sim_rollback()) == (0, 1)
    assert box.start() == 1
    assert box.lib.sim_start_cause() == POWER
    assert (box.state(0), box.state(1)) == (CONFIRMED, CONFIRMED)


@pytest.mark.parametrize("tear", TEARS)
def test_the_power_may_go_at_any_write_of_an_update(library: ctypes.CDLL, tear: int) -> None:
    total = writes_of(new_box(library, NEW), NEW)
    assert total > 40
    for count in range(total):
        box = new_box(library, NEW)
        box.cut(count, tear, seed=count)
        box.drive(NEW)
        assert box.lib.sim_rollback() == 1
        assert box.runs(NEW.image)


@pytest.mark.parametrize("tear", TEARS)
def test_the_power_may_go_at_any_write_of_the_next_update(library: ctypes.CDLL, tear: int) -> None:
    total = writes_of(updated_box(library), NEXT, rollback_before=1)
    for count in range(total):
        box = updated_box(library)
        box.known.append(NEXT.image)
        box.cut(count, tear, seed=count)
        box.drive(NEXT, rollback_before=1)
        assert box.runs(NEXT.image)


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(TEARS)), min_size=2, max_size=5),
    seed=st.integers(0, 2**31),
)
def test_the_power_may_go_again_and_again(
    library: ctypes.CDLL, cuts: list[tuple[int, int]], seed: int
) -> None:
    box = new_box(library, NEW)
    for count, tear in cuts:
        box.cut(count, tear, seed)
        if not box.runs(NEW.image):
            box.deliver(NEW)
        elif box.lib.sim_on_trial():
            box.lib.sim_confirm()
    box.cut(-1)
    box.drive(NEW, rollback_before=box.lib.sim_rollback() if box.runs(NEW.image) else 0)
    assert box.lib.sim_rollback() == 1


def test_a_transfer_goes_on_at_the_last_whole_sector(library: ctypes.CDLL) -> None:
    box = new_box(library, NEW)
    box.start()
    box.deliver(NEW, most=20)
    box.start()
    assert box.begin(NEW) == (OK, 4_096)
    assert box.data(0, b"x")[0] == BAD_VALUE
    assert box.deliver(NEW) == OK
    assert box.runs(NEW.image)


def test_the_same_header_within_a_run_goes_on_to_the_byte(library: ctypes.CDLL) -> None:
    box = new_box(library, NEW)
    box.start()
    box.deliver(NEW, most=20)
    assert box.begin(NEW) == (OK, 20 * 256)


@pytest.mark.parametrize("size", [9, 4_095, 4_096, 4_097, 8_192, 256 * 1024])
def test_images_of_every_size_pass(library: ctypes.CDLL, size: int) -> None:
    file = sign_image(KEY, image_of(size, size), kind=KEY_BOX, firmware=9, rollback=0)
    box = new_box(library, file)
    box.drive(file)
    assert box.runs(file.image)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.integers(1, 256), min_size=40, max_size=60))
def test_pieces_of_any_size_make_the_same_image(library: ctypes.CDLL, steps: list[int]) -> None:
    box = new_box(library, NEXT)
    box.start()
    cause, offset = box.begin(NEXT)
    for step in steps * 105:
        if offset == len(NEXT.image):
            break
        cause, offset = box.data(offset, NEXT.image[offset : offset + step])
        assert cause == OK
    assert box.lib.sim_end() == OK
    assert box.runs(NEXT.image)


# --- images that shall not run -------------------------------------------------------------------


@pytest.mark.parametrize("tear", TEARS)
def test_an_image_with_another_hash_never_starts(library: ctypes.CDLL, tear: int) -> None:
    bad = SignedImage(NEW.header, NEW.signature, NEW.image[:-1] + bytes([NEW.image[-1] ^ 1]))
    total = 60
    for count in range(0, total, 2):
        box = new_box(library, bad)
        box.known = [FACTORY]
        box.cut(count, tear, seed=count)
        causes = set()
        for _ in range(3):
            assert box.runs(FACTORY)
            causes.add(box.deliver(bad))
        assert causes <= {DEAD, BAD_SIGNATURE}
        assert BAD_SIGNATURE in causes
        assert box.runs(FACTORY)
        assert box.state(1) == BAD


def test_what_begin_refuses_leaves_the_flash_alone(library: ctypes.CDLL) -> None:
    box = updated_box(library)
    box.start()
    before = box.lib.sim_writes()
    other_kind = sign_image(KEY, NEXT.image, kind=2, firmware=3, rollback=1)
    stranger = sign_image(
        Ed25519PrivateKey.generate(), NEXT.image, kind=KEY_BOX, firmware=3, rollback=1
    )
    dressed = SignedImage(NEXT.header, NEW.signature, NEXT.image)
    assert box.begin(OLD)[0] == TOO_OLD
    assert box.begin(other_kind)[0] == BAD_VALUE
    assert box.begin(NEXT, kind=2)[0] == BAD_VALUE
    assert box.begin(stranger)[0] == BAD_SIGNATURE
    assert box.begin(dressed)[0] == BAD_SIGNATURE
    assert box.lib.sim_writes() == before
    assert box.runs(NEW.image)


@pytest.mark.parametrize("place", [1, 2, 3])
def test_the_bytes_after_the_kind_must_be_zero(library: ctypes.CDLL, place: int) -> None:
    box = new_box(library)
    box.start()
    header = bytearray(NEW.header.pack())
    header[place] = 1
    signature = KEY.sign(b"kagimori/firmware/v1" + header)
    offset = ctypes.c_uint32()
    cause = box.lib.sim_begin(1, bytes(header), signature, ctypes.byref(offset))
    assert cause == BAD_VALUE


@pytest.mark.parametrize("size", [0, 8, 256 * 1024 + 1, 2**32 - 1])
def test_a_size_that_fits_no_slot_is_refused(library: ctypes.CDLL, size: int) -> None:
    box = new_box(library)
    box.start()
    header = NEW.header.pack()
    header = header[:12] + size.to_bytes(4, "big") + header[16:]
    signature = KEY.sign(b"kagimori/firmware/v1" + header)
    offset = ctypes.c_uint32()
    assert box.lib.sim_begin(1, header, signature, ctypes.byref(offset)) == BAD_VALUE


def test_an_image_that_the_loader_could_not_start_is_refused(library: ctypes.CDLL) -> None:
    box = new_box(library, NEW)
    box.start()
    library.sim_room(len(NEW.image) - 1)
    assert box.begin(NEW)[0] == BAD_VALUE
    library.sim_room(len(NEW.image))
    assert box.begin(NEW) == (OK, 0)


def test_a_header_that_comes_again_after_another_begins_anew(library: ctypes.CDLL) -> None:
    box = new_box(library, NEW, NEXT)
    box.start()
    box.deliver(NEW, most=30)
    assert box.begin(NEXT) == (OK, 0)
    assert box.begin(NEW) == (OK, 0)
    assert box.deliver(NEW) == OK
    assert box.runs(NEW.image)


def test_an_old_header_is_refused_though_it_was_taken_once(library: ctypes.CDLL) -> None:
    box = new_box(library, OLD, NEW)
    box.drive(OLD)
    box.drive(NEW)
    assert box.begin(OLD)[0] == TOO_OLD


def test_nothing_is_received_while_the_running_image_is_on_trial(library: ctypes.CDLL) -> None:
    box = new_box(library, NEW, NEXT)
    box.start()
    box.deliver(NEW)
    assert box.start() == 1
    assert box.begin(NEXT)[0] == BUSY


def test_pieces_out_of_order_are_refused_and_lose_nothing(library: ctypes.CDLL) -> None:
    box = new_box(library, NEW)
    box.start()
    assert box.data(0, b"early")[0] == BAD_VALUE
    assert box.lib.sim_end() == BAD_VALUE
    assert box.begin(NEW) == (OK, 0)
    assert box.data(256, NEW.image[256:512]) == (BAD_VALUE, 0)
    assert box.data(0, NEW.image[:256]) == (OK, 256)
    assert box.data(0, NEW.image[:256]) == (BAD_VALUE, 256)
    assert box.data(256, b"") == (BAD_VALUE, 256)
    assert box.lib.sim_end() == BAD_VALUE
    assert box.deliver(NEW) == OK
    assert box.runs(NEW.image)


def test_a_piece_beyond_the_end_is_refused(library: ctypes.CDLL) -> None:
    box = new_box(library, NEW)
    box.start()
    box.deliver(NEW, most=35)
    assert box.data(35 * 256, bytes(256)) == (BAD_VALUE, 35 * 256)


def test_an_aborted_transfer_is_forgotten(library: ctypes.CDLL) -> None:
    box = new_box(library, NEW)
    box.start()
    box.deliver(NEW, most=30)
    assert box.lib.sim_abort() == OK
    assert box.state(1) == 0
    assert box.lib.sim_end() == BAD_VALUE
    assert box.begin(NEW) == (OK, 0)
    assert box.lib.sim_abort() == OK
    assert box.lib.sim_abort() == OK


# --- trials that fail ----------------------------------------------------------------------------


def test_after_three_starts_without_confirmation_the_old_image_is_back(
    library: ctypes.CDLL,
) -> None:
    box = updated_box(library)
    box.known.append(NEXT.image)
    box.start()
    assert box.deliver(NEXT) == OK
    starts = [(box.start(), box.lib.sim_start_cause()) for _ in range(3)]
    assert starts == [(0, UPDATE), (0, POWER), (0, POWER)]
    assert (box.start(), box.lib.sim_start_cause()) == (1, FALLBACK)
    told = ctypes.string_at(box.lib.sim_failed_header(), 48)
    assert ImageHeader.parse(told) == NEXT.header
    assert (box.state(0), box.state(1), box.lib.sim_rollback()) == (BAD, CONFIRMED, 1)
    assert (box.start(), box.lib.sim_start_cause()) == (1, POWER)


@pytest.mark.parametrize("tear", TEARS)
def test_the_power_may_go_at_any_write_of_a_trial_that_fails(
    library: ctypes.CDLL, tear: int
) -> None:
    for count in range(12):
        box = new_box(library, NEW)
        box.start()
        assert box.deliver(NEW) == OK
        box.cut(count, tear, seed=count)
        started = [box.runs(NEW.image) for _ in range(8)]
        assert 2 <= sum(started) <= 3, "no start that was not counted, and a cut costs at most one"
        assert started == sorted(started, reverse=True)
        assert box.lib.sim_rollback() == 0


def test_an_image_on_trial_that_has_rotted_is_given_up_at_once(library: ctypes.CDLL) -> None:
    box = new_box(library, NEW)
    box.start()
    assert box.deliver(NEW) == OK
    ctypes.memset(box.lib.sim_flash(SLOT_0 + 1) + 5_000, 0, 1)
    assert (box.start(), box.lib.sim_start_cause()) == (0, FALLBACK)


def test_a_confirmed_image_that_has_rotted_gives_way_to_one_that_is_not_too_old(
    library: ctypes.CDLL,
) -> None:
    box = updated_box(library)
    box.known.append(NEXT.image)
    box.drive(NEXT, rollback_before=1)
    ctypes.memset(box.lib.sim_flash(SLOT_0) + 700, 0, 8)
    assert (box.start(), box.lib.sim_start_cause()) == (1, FALLBACK)
    ctypes.memset(box.lib.sim_flash(SLOT_0 + 1) + 700, 0, 8)
    assert box.start() == NONE


def test_a_factory_image_is_too_old_once_the_counter_has_risen(library: ctypes.CDLL) -> None:
    box = updated_box(library)
    ctypes.memset(box.lib.sim_flash(SLOT_0 + 1) + 700, 0, 8)
    assert box.start() == NONE


def test_a_slot_half_full_looks_blank_even_without_the_record(library: ctypes.CDLL) -> None:
    box = updated_box(library)
    box.start()
    box.deliver(NEXT, most=16)
    assert box.content(0, 256) == b"\xff" * 8 + NEXT.image[8:256]
    ctypes.memset(box.lib.sim_flash(1), 0xFF, 8_192)
    assert box.runs(NEW.image)


def test_a_start_that_cannot_be_counted_does_not_happen(library: ctypes.CDLL) -> None:
    """Else an image on trial could be started for ever, once the flash is worn."""
    box = new_box(library, NEW)
    box.start()
    assert box.deliver(NEW) == OK
    library.sim_wear(1)
    assert box.start() == 0
    library.sim_wear(0)
    assert box.start() == 1


def test_flash_that_takes_no_writes_refuses_every_step(library: ctypes.CDLL) -> None:
    box = new_box(library, NEW)
    box.start()
    library.sim_wear(1)
    assert box.begin(NEW)[0] == STORAGE
    library.sim_wear(0)
    assert box.deliver(NEW, most=33) == OK
    library.sim_wear(1)
    assert box.data(33 * 256, NEW.image[33 * 256 : 34 * 256]) == (STORAGE, 2 * 4_096)
    library.sim_wear(0)
    assert box.deliver(NEW, most=4) == OK
    library.sim_wear(1)
    assert library.sim_end() == STORAGE
    library.sim_wear(0)
    assert library.sim_end() == OK
    assert box.start() == 1
    library.sim_wear(1)
    assert not library.sim_confirm()
    assert library.sim_on_trial()
    library.sim_wear(0)
    assert library.sim_confirm()
