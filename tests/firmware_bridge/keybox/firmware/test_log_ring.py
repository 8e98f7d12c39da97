"""The log outlives the power, wraps, shows damage as gaps, and starts a new epoch where it must."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

LOG = 4096 + (4 + 2) * 4096
"""Where the log's area lies in a state file: after the kept page, the state and the boot area."""
SECTOR, HEAD, RECORD, PER_SECTOR = 4096, 16, 24, 170


def place(index: int) -> int:
    """Where a record lies in a state file."""
    sector = index // PER_SECTOR % 8
    return LOG + sector * SECTOR + HEAD + index % PER_SECTOR * RECORD


def fill(installed: Any, records: int) -> None:
    """Make so many records: a leaf that opens and closes by its mechanical key."""
    installed.box.say("input key 1")
    for _ in range(records // 2):
        installed.box.say("input leaf 1")
        installed.box.say("input leaf 0")


def test_a_full_ring_keeps_at_least_1190_records_and_counts_on(installed: Any) -> None:
    fill(installed, 3000)
    installed.box.say("power-cut")
    installed.host.open(1)
    status = installed.host.status()
    assert status["next"] > 3000
    assert 1190 <= status["next"] - status["oldest"] <= 1360
    log = installed.host.log()
    assert [index for index, *_ in log] == list(range(status["oldest"], status["next"]))
    assert {kind for _, kind, _, _ in log[:-20]} <= {5, 6, 20}


def test_a_damaged_record_is_a_gap(installed: Any, workshop: Any) -> None:
    fill(installed, 40)
    installed.box.close()
    state: Path = workshop.directory / "box"
    data = bytearray(state.read_bytes())
    data[place(20) + 9] ^= 4
    state.write_bytes(data)
    installed.host.box = workshop.start()
    installed.host.open(1)
    indexes = [index for index, *_ in installed.host.log()]
    assert indexes == [index for index in range(indexes[-1] + 1) if index != 20]


def test_a_lost_sector_is_a_gap_and_no_index_is_given_out_twice(
    installed: Any, workshop: Any
) -> None:
    fill(installed, 600)
    installed.box.close()
    state: Path = workshop.directory / "box"
    data = bytearray(state.read_bytes())
    data[LOG + SECTOR : LOG + SECTOR + HEAD] = bytes(HEAD)
    state.write_bytes(data)
    installed.host.box = workshop.start()
    installed.host.open(1)
    indexes = [index for index, *_ in installed.host.log()]
    assert indexes == [i for i in range(indexes[-1] + 1) if not PER_SECTOR <= i < 2 * PER_SECTOR]


def test_a_ring_that_lost_its_newest_sector_starts_a_new_epoch(
    installed: Any, workshop: Any
) -> None:
    fill(installed, 200)
    # The state is saved with how far the log has come.
    installed.box.enter("1")
    before = installed.box.show()
    installed.box.close()
    state: Path = workshop.directory / "box"
    data = bytearray(state.read_bytes())
    data[LOG + SECTOR : LOG + 2 * SECTOR] = b"\xff" * SECTOR
    state.write_bytes(data)
    box = workshop.start()
    after = box.show()
    assert after["log_epoch"] not in (0, before["log_epoch"])
    assert after["log_next"] < 5
    assert after["fit"]
    installed.host.box = box
    installed.host.open(1)
    # A reader that still asks for the old epoch is told the new one, and no records.
    answer = installed.host.ask(0x11, struct.pack(">IIB", before["log_epoch"], 0, 255))
    assert struct.unpack(">IIIB", answer)[0] == after["log_epoch"]
    assert answer[12] == 0


def test_a_log_that_is_all_noise_starts_a_new_epoch(installed: Any, workshop: Any) -> None:
    before = installed.box.show()
    installed.box.close()
    state: Path = workshop.directory / "box"
    data = bytearray(state.read_bytes())
    data[LOG : LOG + 8 * SECTOR] = bytes(i * 7 % 251 for i in range(8 * SECTOR))
    state.write_bytes(data)
    shown = workshop.start().show()
    assert shown["fit"]
    assert shown["log_epoch"] != before["log_epoch"]


def test_records_are_cleared_by_the_hubs_receipt_alone(
    installed: Any, workshop: Any, refused: Any
) -> None:
    fill(installed, 40)
    host = installed.host
    host.open(1 | 4)
    epoch = host.status()["epoch"]
    words = struct.pack(">II", epoch, 30)
    for body, cause in (
        (words + bytes(16), 11),
        (struct.pack(">II", epoch, 31) + host.token(b"clear", words), 11),
        (
            struct.pack(">II", epoch, 10_000)
            + host.token(b"clear", epoch.to_bytes(4, "big"), (10_000).to_bytes(4, "big")),
            8,
        ),
    ):
        with pytest.raises(refused) as caught:
            host.ask(0x13, body)
        assert caught.value.cause == cause
    oldest = host.ask(0x13, words + host.token(b"clear", words))
    assert struct.unpack(">I", oldest) == (31,)
    assert host.log()[0][0] == 31
    # The same receipt again clears nothing more.
    assert struct.unpack(">I", host.ask(0x13, words + host.token(b"clear", words))) == (31,)
    state = (workshop.directory / "box").read_bytes()
    assert state[place(0) : place(31)] == bytes(31 * RECORD)
    installed.box.say("power-cut")
    host.open(1)
    assert host.status()["oldest"] == 31
