"""A clerk describes a file once, tries it and imports it, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.bookings.service import BookingsService
from hub.web.rights import SYSTEM

pytestmark = pytest.mark.browser
COLUMNS = {"key": "番号", "date": "日", "span": "時間", "name": "名"}


def test_a_file_of_the_towns_system_becomes_bookings(staff: Any, town: Any, tmp_path: Path) -> None:
    """The profile by its form with a sample beside it, then the trial, then the real run."""
    day = (town.clock.now() + timedelta(days=40)).date()
    path = tmp_path / "予約.csv"
    text = f"番号,日,時間,名\r\ncsv-1,{day},10:00～11:00,髙橋㈱\r\ncsv-2,未定,10:00～11:00,山田\r\n"
    path.write_bytes(text.encode("cp932"))

    staff.open("/joins/csv/profiles/new")
    staff.find("#name").send_keys("窓口")
    for field, header in COLUMNS.items():
        staff.find(f"#column_{field}").send_keys(header)
    staff.find("#facility option:nth-child(2)").click()
    staff.find("#sample").send_keys(str(path))
    staff.find("button[value='preview']").click()
    staff.wait(lambda: "髙橋㈱" in staff.text())
    staff.find("button[value='save']").click()
    staff.wait(lambda: "窓口" in staff.told("#profile"))

    staff.find("#file").send_keys(str(path))
    staff.find("form[action='/joins/csv'] button").click()
    staff.wait(lambda: "日付として読めません" in staff.text())
    assert "新規 1 件" in staff.text()
    staff.find("form[action='/joins/csv/do'] button").click()
    staff.wait(lambda: "取り込んだ結果" in staff.text())
    made = town.hub.services.get(BookingsService).get(SYSTEM, "csv-1")
    assert made.booking.contact.name == "髙橋㈱"
    assert [each for each in staff.complaints() if "422" not in each] == []
