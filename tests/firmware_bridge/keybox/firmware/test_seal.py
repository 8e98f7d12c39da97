"""What a device remembers, on a board with a key of its own: not read nor changed without it."""

from __future__ import annotations

import ctypes
import hashlib
import subprocess
from pathlib import Path

import pytest

from firmware_bridge.keybox.firmware.build import SOURCES

SECRET = hashlib.sha256(b"a secret").digest()
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
UNREADABLE, BLANK, DEVICE = 0, 1, 2
NAMES = ("state", "store", "seal", "sha256", "mem", "budget", "clock", "code", "profiles", "used")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    made = tmp_path_factory.mktemp("seal") / "seal.so"
    sources = [SOURCES / "core" / f"kb_{name}.c" for name in NAMES]
    sources.append(Path(__file__).with_name("seal_harness.c"))
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fPIC", "-shared"]
    words = ["gcc", *flags, f"-I{SOURCES / 'core'}", *map(str, sources), "-o", str(made)]
    subprocess.run(words, check=True)
    loaded = ctypes.CDLL(str(made))
    loaded.seal_flash.restype = ctypes.c_void_p
    return loaded


@pytest.fixture
def board(library: ctypes.CDLL) -> ctypes.CDLL:
    library.seal_board(1, KEY, 1, 1)
    library.seal_blank()
    return library


def flash(board: ctypes.CDLL) -> bytes:
    return ctypes.string_at(board.seal_flash(), 4 * 4096)


def opened(board: ctypes.CDLL) -> tuple[int, bytes, int]:
    secret, uses = ctypes.create_string_buffer(32), ctypes.c_uint()
    found = board.seal_open(secret, ctypes.byref(uses))
    return found, secret.raw, uses.value


def test_a_sealed_state_is_read_back_and_shows_no_secret(board: ctypes.CDLL) -> None:
    assert opened(board)[0] == BLANK
    for uses in range(40):
        assert board.seal_save(SECRET, uses)
        assert opened(board) == (DEVICE, SECRET, uses)
        assert SECRET[:8] not in flash(board)
    assert KEY[:8] not in flash(board)


def test_without_a_key_of_the_board_the_state_lies_open(board: ctypes.CDLL) -> None:
    """Else the test above could not fail."""
    board.seal_board(0, KEY, 1, 1)
    assert board.seal_save(SECRET, 1)
    assert SECRET in flash(board)


def test_the_same_state_never_looks_the_same_twice(board: ctypes.CDLL) -> None:
    assert board.seal_save(SECRET, 1)
    assert board.seal_save(SECRET, 1)
    one, other = flash(board)[10:737], flash(board)[1034:1761]
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 60


def test_another_boards_flash_is_not_taken_for_a_blank_one(board: ctypes.CDLL) -> None:
    assert board.seal_save(SECRET, 1)
    board.seal_board(1, OTHER_KEY, 1, 1)
    assert opened(board)[0] == UNREADABLE


def test_a_byte_that_was_changed_makes_all_of_it_unreadable(board: ctypes.CDLL) -> None:
    for offset in range(0, 726, 11):
        board.seal_blank()
        assert board.seal_save(SECRET, 1)
        assert board.seal_tamper(offset)
        assert opened(board)[0] == UNREADABLE, offset


@pytest.mark.parametrize("seals", [0, 1])
def test_a_state_of_the_other_sort_is_not_believed(board: ctypes.CDLL, seals: int) -> None:
    board.seal_board(1 - seals, KEY, 1, 1)
    assert board.seal_save(SECRET, 1)
    board.seal_board(seals, KEY, 1, 1)
    assert opened(board)[0] == UNREADABLE


@pytest.mark.parametrize(("has_key", "has_random"), [(0, 1), (1, 0)])
def test_without_key_or_nonce_nothing_is_saved(
    board: ctypes.CDLL, has_key: int, has_random: int
) -> None:
    assert board.seal_save(SECRET, 1)
    board.seal_board(1, KEY, has_key, has_random)
    before = flash(board)
    assert not board.seal_save(SECRET, 2)
    assert flash(board) == before
    board.seal_board(1, KEY, 1, 1)
    assert opened(board) == (DEVICE, SECRET, 1)
