"""What was cancelled and comes back, and what must not come back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

STATELESS = ("予約番号", "施設名", "利用日", "開始", "終了", "申請者", "電話", "目的")


def rows(desk: Any, *days: int, purpose: str = "卓球") -> bytes:
    """A file without a column of states, one line a day."""
    lines = [
        (f"k{day}", desk.names[0], f"2026/4/{day}", "18:30", "20:30", "山田 花子", "", purpose)
        for day in days
    ]
    text = "\r\n".join(",".join(each) for each in (STATELESS, *lines))
    return f"{text}\r\n".encode("cp932")


@pytest.fixture(autouse=True)
def unasked(desk: Any) -> None:
    """Halls that nobody has to approve."""
    for hall in desk.halls:
        approve(desk, hall, "automatic")


def approve(desk: Any, hall: str, approval: str) -> None:
    path = f"/api/v1/facilities/{hall}"
    kept = desk.client.get(path).json()
    body = {"site_id": kept["site_id"], "name_ja": kept["name_ja"], "doors": kept["doors"]}
    answer = desk.client.put(path, json={**body, "approval": approval, "ahead_days": 400})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def stateless(desk: Any) -> Any:
    """A profile of complete files that have no column of states."""
    fields = ("key", "facility", "date", "start", "end", "name", "phone", "purpose")
    columns = dict(zip(fields, ([name] for name in STATELESS), strict=True))
    desk.set_profile(columns=columns, complete=True)
    return desk


def alive(desk: Any, key: str) -> bool:
    """Whether it is confirmed and its holder can be told a PIN."""
    shown = desk.client.get(f"/api/v1/bookings/{key}/pin")
    return bool(desk.booking(key)["state"] == "confirmed" and shown.status_code == 200)


def test_a_line_that_was_missing_and_is_there_again_stands_again_with_a_pin_that_lives(
    stateless: Any,
) -> None:
    """Though the file has no word for its state: the trial says so, and the run does it."""
    stateless.done(rows(stateless, 10, 11, 12, 13))
    assert stateless.done(rows(stateless, 11, 12, 13))[-1] == ("k10", "missing", "")
    assert stateless.booking("k10")["state"] == "cancelled"
    again = rows(stateless, 10, 11, 12, 13)
    assert stateless.done(again, dry_run=True)[0] == ("k10", "changed", "")
    assert stateless.done(again)[0] == ("k10", "changed", "")
    assert stateless.booking("k10")["state"] == "confirmed"
    assert alive(stateless, "k10")
    assert stateless.done(again)[0] == ("k10", "unchanged", "")
    assert stateless.done(rows(stateless, 11, 12, 13))[-1] == ("k10", "missing", "")


def test_what_comes_back_is_asked_for_again_where_the_facility_wants_it_approved(
    stateless: Any,
) -> None:
    stateless.done(rows(stateless, 10, 11, 12, 13))
    stateless.done(rows(stateless, 11, 12, 13))
    approve(stateless, stateless.halls[0], "required")
    stateless.done(rows(stateless, 10, 11, 12, 13))
    assert stateless.booking("k10")["state"] == "requested"


def test_a_cancelled_line_that_is_confirmed_again_stands_again(desk: Any) -> None:
    desk.done(desk.file(desk.line("a-1")))
    desk.done(desk.file(desk.line("a-1", 状態="取消")))
    assert desk.done(desk.file(desk.line("a-1"))) == [("a-1", "changed", "")]
    assert (desk.booking("a-1")["state"], alive(desk, "a-1")) == ("confirmed", True)
    desk.done(desk.file(desk.line("a-1", 状態="取消")))
    assert desk.done(desk.file(desk.line("a-1", 状態=""))) == [("a-1", "changed", "")]


@pytest.mark.parametrize("state", ["確定", ""])
def test_what_was_cancelled_at_the_desk_is_not_brought_back_by_a_line_that_changed(
    desk: Any, state: str
) -> None:
    """Such as by a payment that was entered: nobody asked for the hall again."""
    desk.done(desk.file(desk.line("a-1", 支払="未", 状態=state)))
    desk.client.delete("/api/v1/bookings/a-1")
    assert desk.booking("a-1")["state"] == "cancelled"
    paid = desk.file(desk.line("a-1", 支払="済", 状態=state))
    assert desk.done(paid, dry_run=True) == [("a-1", "refused", "booking_over")]
    assert desk.done(paid) == [("a-1", "refused", "booking_over")]
    assert desk.booking("a-1")["state"] == "cancelled"


def test_one_that_staff_let_stand_again_is_not_cancelled_for_being_missing_still(
    stateless: Any,
) -> None:
    stateless.done(rows(stateless, 10, 11, 12, 13))
    stateless.done(rows(stateless, 11, 12, 13))
    stateless.client.put("/api/v1/bookings/k10", json={"state": "confirmed"})
    assert stateless.booking("k10")["state"] == "confirmed"
    stateless.done(rows(stateless, 11, 12, 13, purpose="茶道"))
    assert stateless.booking("k10")["state"] == "confirmed"


def test_a_late_confirmation_cancels_nothing_that_has_begun(stateless: Any, clock: Any) -> None:
    stateless.done(rows(stateless, 7, 8, 9, 10))
    told = stateless.send(rows(stateless, 10)).json()
    assert told["missing_held"]
    clock.set(datetime(2026, 4, 7, 10, tzinfo=UTC))
    path = f"/api/v1/csv_imports/{told['import_id']}/confirm"
    assert stateless.client.post(path).status_code == 200
    states = [stateless.booking(f"k{day}")["state"] for day in (7, 8, 9, 10)]
    assert states == ["confirmed", "cancelled", "cancelled", "confirmed"]


def test_a_booking_at_a_place_that_begins_like_a_total_is_none(desk: Any) -> None:
    """Its row is no total, for it says when; left out of a complete file it would be cancelled."""
    desk.set_profile(facilities={"計量所 会議室": desk.halls[0]}, complete=True)
    row = desk.line("計-1", 施設名="計量所 会議室")
    found = desk.done(desk.file(row, ["合計", "1件", "", "", "", "", "", "", "", "", ""]))
    assert [each[1] for each in found] == ["made"]


def test_a_text_that_grows_in_its_ordinary_width_is_named_as_too_long(desk: Any) -> None:
    """One sign may become eighteen: PostgreSQL would refuse the whole import for it."""
    row = desk.line("a-1", 電話="\ufdfa" * 10)
    found = desk.done(desk.file(row, desk.line("a-2", 利用日="2026/4/9"), encoding="utf-8"))
    assert found == [("a-1", "refused", "too_long_text"), ("a-2", "made", "")]
