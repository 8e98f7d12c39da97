"""A file of five thousand lines, as a town's system writes one every hour."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hub.csv_bookings.mapping import understand
from hub.csv_bookings.reading import read_table
from hub.csv_bookings.tables import csv_lines
from hub.tabular.encodings import decode
from hub.web.rights import SYSTEM


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def test_five_thousand_lines_that_stayed_take_seconds(desk: Any) -> None:
    """The first time each is a booking with its PIN; every day after they cost a look-up each."""
    rows = [
        desk.line(
            f"n{n}",
            利用日=f"2026/{5 + n // 1000}/{1 + n % 28}",
            開始=f"{n % 24:02}:00",
            終了=f"{n % 24:02}:30",
        )
        for n in range(5_000)
    ]
    data = desk.file(*rows)
    profile, frame = desk.service._frame(SYSTEM, desk.profile)
    table = read_table(decode(data).text, profile.shape, 5_000)
    now = desk.hub.core.clock.now()

    def as_if_done(scope: Any) -> None:
        lines = [understand(row, frame) for row in table.rows]
        names = ("profile_id", "reservation_key", "digest", "seen_at")
        rows = [(profile.id, line.key, line.digest, now) for line in lines]
        scope.insert(csv_lines, [dict(zip(names, row, strict=True)) for row in rows])

    desk.hub.core.db.write(as_if_done)
    began = time.perf_counter()
    assert desk.send(data).json()["counts"] == {"unchanged": 5_000}
    took_s = time.perf_counter() - began
    assert took_s < 6, f"{took_s:.1f} s"
    old = desk.file(*[desk.line(f"old{n}", 利用日="2025/4/7") for n in range(2_000)])
    assert desk.send(old).json()["counts"] == {"past": 2_000}
