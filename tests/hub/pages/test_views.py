"""Views: pure, in every language, for every kind of thing that can happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bookings.records import Facility
from hub.bookings.tables import Approval
from hub.bookings.windows import BookedWindow, BookingRules, OpenSpan, slots_of
from hub.catalogue import Language, Translator
from hub.entries.alarm_repository import Alarm
from hub.entries.alarms import AlarmKind
from hub.entries.devices import Contact, DeviceState
from hub.entries.doors import ActiveMode, Bolt, DoorState, Leaf
from hub.entries.mapping import entry_of
from hub.pages.views.door import alarm_line, device_line, door_card, state_chip
from hub.pages.views.entry import Names, entry_line
from hub.pages.views.free_time import chosen_window, facility_day
from hub.pages.words import Words, pin_groups
from hub.projection.domain import ProjectedEvent, read_row
from hub.projection.memory_journal import MemoryJournal
from wire import samples
from wire.clock import ClockRefusal
from wire.events import ActOutcome, EventKind, decode_event_body
from wire.policy_bodies import DoorMode
from wire.reasons import Reason

NOW = datetime(2026, 4, 6, 9, 42, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
MONDAY = date(2026, 4, 6)
OPEN = tuple(OpenSpan(day, 510, 1320) for day in range(7))
FACILITY = Facility(
    "f", "s", "町民体育館", "たいいくかん", "Town Gym", (), Approval.REQUIRED,
    BookingRules(15, 15, 30, 240, 90, OPEN),
)  # fmt: skip


def speaking(language: Language = Language.JA, now: datetime = NOW) -> Words:
    return Words(Translator(language), TOKYO, now)


def test_times_are_the_towns_and_dates_carry_their_weekday() -> None:
    """18:42 in Tokyo is 09:42 UTC; another day's time names its date."""
    words = speaking()
    assert (words.time(NOW), words.day(MONDAY)) == ("18:42", "4月6日（月）")
    assert words.when(NOW) == "18:42"
    assert words.when(NOW - timedelta(days=1)) == "4月5日（日） 18:42"
    assert speaking(Language.EN).day(MONDAY) == "Mon 6 April"
    assert words.span(NOW, NOW + timedelta(hours=2)) == "18:42–20:42"
    midnight = NOW.replace(hour=15, minute=0)
    assert words.span(NOW, midnight) == "18:42–24:00"
    tomorrow = words.today + timedelta(days=1)
    assert words.span(NOW, NOW + timedelta(hours=2), words.today) == "18:42–20:42"
    assert words.span(NOW, NOW + timedelta(hours=2), tomorrow).endswith("18:42–20:42")
    assert words.span(NOW, NOW + timedelta(hours=2), tomorrow).startswith(words.day(words.today))
    assert (words.clock(465), words.hours(240), words.hours(90)) == ("7:45", "4時間", "1時間30分")


@given(st.text("0123456789", min_size=4, max_size=10))
def test_a_pin_in_groups_is_the_pin(digits: str) -> None:
    """Groups are two or three digits long and lose none."""
    groups = pin_groups(digits)
    assert "".join(groups) == digits
    assert all(len(group) <= 3 for group in groups)
    assert pin_groups("482716") == ["48", "27", "16"]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(EventKind))
def test_every_event_has_words_in_every_language(kind: EventKind, language: Language) -> None:
    """With every outcome and every reason a decision can have."""
    journal = MemoryJournal()
    journal.add(kind, decode_event_body(samples.sample_event(kind)))
    event = read_row(journal.rows[0])
    assert isinstance(event, ProjectedEvent)
    entry = entry_of(event)
    if entry is None:
        return
    words = speaking(language)
    line = entry_line(entry, Names(), words)
    assert line.title
    if entry.reason is None:
        return
    told = {entry_line(replace(entry, reason=r), Names(), words).detail for r in Reason}
    assert len(told) > len(Reason) // 2
    for outcome in ActOutcome:
        failed = entry_line(replace(entry, outcome=outcome), Names(), words)
        assert (failed.tone == "granted") <= (outcome is ActOutcome.DONE)


@pytest.mark.parametrize("language", list(Language))
def test_every_state_and_alarm_has_words_in_every_language(language: Language) -> None:
    """Doors, devices, modes and alarms."""
    words = speaking(language)
    for leaf in Leaf:
        for bolt in Bolt:
            state = DoorState("d", leaf=leaf, bolt=bolt, heard_at=NOW)
            assert door_card("name", state, True, words).state
    for mode in DoorMode:
        chip = state_chip(DoorState("d", modes=(ActiveMode(mode, 1, NOW),)), True, words)
        assert chip is not None
        assert chip.text
    for contact in Contact:
        battery = DeviceState("x", contact=contact, battery_mv=2_930, battery_at=NOW)
        assert "2.93" in device_line("x", battery, words).battery
    for kind in AlarmKind:
        alarm = Alarm(1, kind, "s", "c", None, None, NOW, NOW, NOW, 3, "", NOW, None, None, "")
        assert alarm_line(alarm, Names(), words).title


def test_an_alarm_of_a_controller_names_its_site() -> None:
    """Of a town's many control boxes, it says where this one stands."""
    alarm = Alarm(
        1, AlarmKind.POWER_FAILED, "c", "c", None, None, NOW, NOW, NOW, 1, "", None, None, None, ""
    )
    names = Names(controllers={"c": "制御装置 1"}, sites={"c": "町民体育館"})
    assert alarm_line(alarm, names, speaking()).place == "町民体育館 制御装置 1"
    assert alarm_line(alarm, Names(), speaking()).place == ""
    named = Names(controllers={"c": "町民体育館 制御盤"}, sites={"c": "町民体育館"})
    assert alarm_line(alarm, named, speaking()).place == "町民体育館 制御盤"  # once is enough


@pytest.mark.parametrize("language", Language)
def test_a_clock_that_was_not_believed_says_why_and_what_to_look_at(language: Language) -> None:
    """The alarm alone would send somebody to the manual; every cause has its words."""
    words, told = speaking(language), set()
    for refusal in ClockRefusal:
        alarm = Alarm(
            1, AlarmKind.CLOCK_REFUSED, "c", "c", None, None, NOW, NOW, NOW, 1, refusal.value,
            None, None, None, "",
        )  # fmt: skip
        told.add(alarm_line(alarm, Names(), words).detail)
    assert "" not in told
    assert len(told) == len(ClockRefusal)


def test_what_matters_most_of_a_door_is_said_first() -> None:
    """Forced before unheard before held before its mode; a quiet door needs no chip."""
    words = speaking()
    held = ActiveMode(DoorMode.HOLD_OPEN, 1, NOW)
    state = DoorState("d", forced_since=NOW, held_since=NOW, modes=(held,), heard_at=NOW)
    chips = []
    for changed, connected in (
        (state, False),
        (replace(state, forced_since=None), False),
        (replace(state, forced_since=None), True),
        (replace(state, forced_since=None, held_since=None), True),
        (DoorState("d"), True),
    ):
        chip = state_chip(changed, connected, words)
        chips.append(chip.text if chip else "")
    assert chips == ["こじ開け", "通信なし", "開けたまま", "開放中", ""]


def test_a_door_that_was_never_heard_of_says_so() -> None:
    """Unknown is shown as unknown, never as closed."""
    card = door_card("name", DoorState("d"), False, speaking())
    assert (card.state, card.since) == ("扉の状態は不明", "まだ一度も通信していません")


def test_a_facilitys_day_shows_what_is_free_and_the_rules_first() -> None:
    """Half an hour is past at 09:00; approval is announced before the form is filled in."""
    nine = datetime(2026, 4, 6, 0, 0, tzinfo=UTC)
    slots = slots_of(MONDAY, FACILITY.rules, [], nine)
    shown = facility_day(FACILITY, MONDAY, slots, speaking(now=nine))
    assert shown.free == ("09:00–22:00",)
    assert (shown.starts[0], shown.ends[-1]) == ("09:00", "22:00")
    assert shown.bar is not None
    assert round(sum(piece.width for piece in shown.bar.pieces), 1) == 100
    assert [label.text for label in shown.bar.labels] == [
        "08:30",
        "12:00",
        "15:00",
        "18:00",
        "22:00",
    ]
    assert any("職員が確認" in rule for rule in shown.rules)
    assert facility_day(FACILITY, MONDAY, [], speaking()).summary == "休館"


@pytest.mark.parametrize("minutes", [60, 90, 240, 720, 810, 1440])
def test_times_under_the_bar_never_touch(minutes: int) -> None:
    """At 360 px a time takes 13 % of the bar's width; those at the ends stand inside."""
    opening = tuple(OpenSpan(day, 0, minutes) for day in range(7))
    facility = replace(FACILITY, rules=replace(FACILITY.rules, opening=opening))
    slots = slots_of(MONDAY, facility.rules, [], NOW - timedelta(days=1))
    bar = facility_day(facility, MONDAY, slots, speaking()).bar
    assert bar is not None
    places = [label.x for label in bar.labels]
    assert all(b - a >= 20 for a, b in pairwise(places))
    assert bar.labels[0].text == "00:00"


def test_the_night_is_shown_only_where_somebody_may_come_or_has_booked() -> None:
    """Without opening hours the bar begins at six; a booking at night is never hidden."""
    always = replace(FACILITY, rules=replace(FACILITY.rules, opening=()))
    midnight = datetime(2026, 4, 5, 15, 0, tzinfo=UTC)
    booked = BookedWindow(midnight + timedelta(hours=1), midnight + timedelta(hours=2))
    for taken, first in (([], "06:00"), ([booked], "00:00")):
        slots = slots_of(MONDAY, always.rules, taken, NOW - timedelta(days=1))
        bar = facility_day(always, MONDAY, slots, speaking()).bar
        assert bar is not None
        assert bar.labels[0].text == first
        assert bar.labels[-1].text == "24:00"


def test_an_end_at_midnight_can_be_chosen() -> None:
    """`24:00` is the end of the day, not its beginning."""
    always = replace(FACILITY, rules=replace(FACILITY.rules, opening=()))
    slots = slots_of(MONDAY, always.rules, [], NOW - timedelta(days=1))
    assert facility_day(always, MONDAY, slots, speaking()).ends[-1] == "24:00"
    window = chosen_window(MONDAY, "23:00", "24:00", speaking())
    assert window is not None
    assert window.ends_at - window.starts_at == timedelta(hours=1)


@given(st.text(max_size=8), st.text(max_size=8))
def test_what_is_no_time_is_no_window(start: str, end: str) -> None:
    """Whatever a form sends."""
    window = chosen_window(MONDAY, start, end, speaking())
    assert window is None or window.starts_at.tzinfo is not None


@pytest.mark.parametrize("text", ["24:01", "9:5", "-1:00", "٣:00", "9:60", ":", "25:00"])
def test_a_strange_time_is_refused(text: str) -> None:
    """None of these is one."""
    assert chosen_window(MONDAY, text, "10:00", speaking()) is None
