"""A door's page: who gets in now, and who does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.catalogue import Language, Translator
from hub.commands.repository import OrderRow
from hub.entries.domain import Entry, Topic
from hub.entries.doors import ActiveMode, DoorState
from hub.pages.views.door_sheet import barred, mode_words, paused_lines
from hub.pages.words import Words
from wire.clock import ClockState
from wire.events import EventKind
from wire.policy_bodies import DoorMode

NOW = datetime(2026, 4, 6, 9, 42, tzinfo=UTC)
WORDS = Words(Translator(Language.JA), ZoneInfo("Asia/Tokyo"), NOW)


def lockout(minutes_ago: int, reader: str = "r", seconds: int = 300) -> Entry:
    at = NOW - timedelta(minutes=minutes_ago)
    return Entry(
        id=1, kind=EventKind.PIN_LOCKOUT, topic=Topic.ACCESS, controller_id="c", at=at,
        occurred_at=at, received_at=at, clock=ClockState.TRUSTED, door_id="d", reader_id=reader,
        amount=seconds,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        (DoorMode.LOCKED, "いま開けられる人はいません（施錠中）。"),
        (DoorMode.LOCKDOWN, "いま開けられる人はいません（封鎖中）。"),
        (DoorMode.HOLD_OPEN, ""),
        (None, ""),
    ],
)
def test_a_locked_door_opens_to_nobody(mode: DoorMode | None, told: str) -> None:
    """The mode is the reason, whatever PIN or card somebody holds."""
    modes = (ActiveMode(mode, 1, NOW),) if mode else ()
    assert barred(DoorState("d", modes=modes), WORDS) == told


def test_a_reader_that_takes_no_pin_says_until_when() -> None:
    """The last end counts; a pause that is over is not shown."""
    found = [lockout(1), lockout(4), lockout(9, "other")]
    told = paused_lines(found, {"r": "玄関の読取機"}, WORDS)
    assert told == ("玄関の読取機 暗証番号は 18:46 まで受け付けません",)
    assert paused_lines([lockout(6)], {}, WORDS) == ()


def order(number: int, mode: DoorMode = DoorMode.HOLD_OPEN) -> OrderRow:
    return OrderRow("o", number, "d", mode, "", "u", NOW, NOW, None, None, None, None)


SCHEDULED = ActiveMode(DoorMode.HOLD_OPEN, 0, NOW)


@pytest.mark.parametrize(
    ("modes", "ordered", "told"),
    [
        ((), None, ("通常", "")),
        ((SCHEDULED,), None, ("開放中", "時間割による")),
        ((SCHEDULED,), order(4, DoorMode.LOCKED), ("開放中", "施錠中 反映待ち")),
        ((SCHEDULED, ActiveMode(DoorMode.HOLD_OPEN, 4, NOW)), order(4), ("開放中", "18:42 まで")),
        ((SCHEDULED, ActiveMode(DoorMode.LOCKED, 4, NOW)), None, ("施錠中", "通常 反映待ち")),
        ((ActiveMode(DoorMode.HOLD_OPEN, 3, NOW),), order(4), ("開放中", "開放中 反映待ち")),
    ],
)
def test_what_a_schedule_holds_waits_for_no_order(
    modes: tuple[ActiveMode, ...], ordered: OrderRow | None, told: tuple[str, str]
) -> None:
    """Nobody ordered it, so nothing is on its way; an order is until the door obeys it."""
    assert mode_words(DoorState("d", modes=modes), ordered, WORDS) == told
