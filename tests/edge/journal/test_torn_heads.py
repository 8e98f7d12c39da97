"""A frame whose head a power cut tore on two sectors is no damage in SQLite's log."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from edge.journal.limits import PAGE_BYTES
from edge.journal.wal_frames import _MAGIC, _sum, is_damaged

SALTS = (7, 1_000)
FRAME = 24 + PAGE_BYTES
SPLIT = next(n for n in range(1, 200) if (32 + n * FRAME) % 512 > 512 - 24)
WHOLE = next(n for n in range(1, 200) if 0 < (32 + n * FRAME) % 512 < 400)


def log(broken: int) -> bytes:
    """One commit a frame up to `broken`; there a commit of several frames begins, whose first has
    lost page and the mark of no commit to what lay there before, and its data. The next is whole,
    and the commit's last never came."""
    head = struct.pack(">IIIIII", _MAGIC, 3_007_000, PAGE_BYTES, 0, *SALTS)
    sums = _sum(head, "<", 0, 0)
    data = [head + struct.pack(">II", *sums)]
    for number in range(broken + 2):
        torn = number == broken
        pages_after = 9 if number < broken else 0
        body = bytes([number % 251]) * PAGE_BYTES
        name = struct.pack(">II", 3, pages_after)
        sums = _sum(body, "<", *_sum(name, "<", *sums))
        stands = struct.pack(">II", 2, 9) if torn else name
        stored = struct.pack(">IIII", *SALTS, *sums)
        data.append(stands + stored + (b"\xa5" * PAGE_BYTES if torn else body))
    return b"".join(data)


@pytest.mark.parametrize(("broken", "damaged"), [(SPLIT, False), (WHOLE, True)])
def test_a_commit_mark_counts_only_where_it_cannot_be_torn_from_its_salts(
    tmp_path: Path, broken: int, damaged: bool
) -> None:
    """On one sector, mark and salts came together: a commit went bad behind which others lie."""
    wal = tmp_path / "edge.sqlite3-wal"
    wal.write_bytes(log(broken))
    assert is_damaged(wal) == damaged
