"""A box whose flash or random source fails opens for nobody, and keeps what it knew."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import pytest

DAY = 13
STORAGE, TRY_LATER = 12, 14
KEPT = ("generation", "secret_version", "log_cleared", "list_count", "ticket_day", "set_s")


def kept(box: Any) -> dict[str, Any]:
    """What must not change."""
    shown = box.show()
    return {name: shown[name] for name in KEPT}


def test_a_right_code_is_denied_where_nothing_can_be_written(installed: Any, noon: int) -> None:
    box = installed.box
    box.say("fault storage 1")
    assert box.enter(installed.code(DAY, noon)) == ["feedback denied"]
    box.say("fault storage 0")
    assert box.show()["tries_left"] == 5
    assert box.enter(installed.code(DAY, noon)) == ["feedback granted", "released"]


def test_nobody_is_let_in_without_a_record_of_it(workshop: Any, noon: int, refused: Any) -> None:
    lock = workshop.installed(kind=2)
    lock.box.say("advance 11000")
    lock.box.say("fault log 1")
    assert lock.box.enter(lock.code(DAY, noon)) == ["feedback denied"]
    lock.host.open()
    with pytest.raises(refused) as caught:
        lock.host.ask(0x20, struct.pack(">I", 1000))
    assert caught.value.cause == STORAGE
    assert not lock.box.show()["released"]


def test_requests_that_must_be_kept_are_refused_and_change_nothing(
    workshop: Any, noon: int, refused: Any
) -> None:
    installed = workshop.installed(kind=2)
    box, host = installed.box, installed.host
    host.open()
    epoch = box.show()["log_epoch"]
    words = struct.pack(">II", epoch, 1)
    retire = b"\2" + host.token(b"retire", struct.pack(">IB", 1, 2))
    before = kept(box)
    box.say("fault storage 1")
    for type_, body in (
        (0x13, words + host.token(b"clear", words)),
        (0x14, host.envelope(2, installed.profile)),
        (0x15, retire),
        (0x20, struct.pack(">I", 1000)),
        (0x21, b""),
        (0x24, struct.pack(">H", 1) + bytes(32)),
    ):
        with pytest.raises(refused) as caught:
            host.ask(type_, body)
        assert caught.value.cause == STORAGE
    assert not box.show()["released"]
    assert kept(box) == before
    box.say("fault storage 0")
    box.say("power-cut")
    assert kept(box) == before
    # A clock whose setting could not be kept is unknown, never wrong.
    host.open()
    box.say("fault storage 1")
    with pytest.raises(refused):
        host.set_clock(noon + 500)
    assert not box.show()["time_known"]


def test_a_day_that_cannot_be_kept_opens_no_session(
    installed: Any, noon: int, refused: Any
) -> None:
    installed.box.say("fault storage 1")
    with pytest.raises(refused) as caught:
        installed.host.open(1, noon // 86_400)
    assert caught.value.cause == STORAGE


def test_a_blank_box_that_cannot_write_takes_no_identity(workshop: Any, refused: Any) -> None:
    box = workshop.start()
    box.say("fault storage 1")
    with pytest.raises(refused) as caught:
        workshop.provision(box)
    assert caught.value.cause == STORAGE
    box.say("fault storage 0")
    assert workshop.provision(box).hello()[16] == 1


def test_without_randomness_no_session_opens(installed: Any, refused: Any) -> None:
    installed.box.say("fault random 1")
    with pytest.raises(refused) as caught:
        installed.host.open()
    assert caught.value.cause == TRY_LATER


def test_a_start_that_cannot_write_is_not_fit(installed: Any, noon: int) -> None:
    box = installed.box
    box.say("fault storage 1")
    box.say("power-cut")
    assert not box.show()["fit"]
    box.say("fault storage 0")
    # It stays so until it has started in order: what it knows may be behind what it told.
    assert box.enter(installed.code(DAY, noon)) == ["feedback denied"]
    box.say("power-cut")
    assert box.enter(installed.code(DAY, noon)) == ["feedback granted", "released"]


def test_a_state_that_makes_no_sense_is_neither_used_nor_overwritten(
    installed: Any, workshop: Any, noon: int, refused: Any
) -> None:
    """Its check holds, its contents cannot be: no power cut does that, and nobody profits."""
    installed.box.close()
    file = workshop.directory / "box"
    data = bytearray(file.read_bytes())
    slots = [4096 + 1024 * number for number in range(16)]
    written = [at for at in slots if data[at : at + 4] == b"KBST"]
    newest = max(written, key=lambda at: int.from_bytes(data[at + 4 : at + 8], "big"))
    data[newest + 11] = 9  # of no kind there is
    check = hashlib.sha256(data[newest : newest + 1016]).digest()[:8]
    data[newest + 1016 : newest + 1024] = check
    file.write_bytes(data)
    box = workshop.start()
    assert not box.show()["fit"]
    assert box.enter(installed.code(DAY, noon)) == ["feedback denied"]
    with pytest.raises(refused) as caught:
        workshop.provision(box)
    assert caught.value.cause == STORAGE
    box.close()
    assert file.read_bytes()[4096 : 4096 + 16 * 1024] == bytes(data[4096 : 4096 + 16 * 1024])
