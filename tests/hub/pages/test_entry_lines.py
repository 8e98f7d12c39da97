"""What a line of the log says: only what is known, and by what name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.catalogue import Language, Translator
from hub.commands.repository import DoorCommand
from hub.commands.states import CommandState
from hub.entries.domain import Entry, Result, Topic
from hub.pages.views.door_sheet import outcome_of
from hub.pages.views.entry import Names, Ordered, entry_line
from hub.pages.words import Words
from wire.clock import ClockRefusal, ClockState
from wire.events import ActOutcome, EventKind, Factor, Observed
from wire.reasons import Reason

NOW = datetime(2026, 4, 6, 9, 42, tzinfo=UTC)
WORDS = Words(Translator(Language.JA), ZoneInfo("Asia/Tokyo"), NOW)
NAMES = Names(
    readers={"r": "事務室の打刻機"},
    sites={"c": "町民体育館"},
    orders={("d", 7): Ordered("佐藤", "清掃のため")},
)
BASE = Entry(
    id=1, kind=EventKind.ACCESS_GRANTED, topic=Topic.ACCESS, controller_id="c", at=NOW,
    occurred_at=NOW, received_at=NOW, clock=ClockState.TRUSTED, door_id="d",
    result=Result.GRANTED, reason=Reason.PIN_VALID, factor=Factor.PIN,
)  # fmt: skip
COMMAND = replace(BASE, kind=EventKind.COMMAND_RECEIVED, result=None, reason=None, actor_id="u")


@pytest.mark.parametrize(
    ("outcome", "observed", "title"),
    [
        (None, None, "解錠しました"),
        (ActOutcome.DONE, Observed.BOLT_RETRACTED, "解錠しました"),
        (ActOutcome.FAILED, Observed.NOTHING, "解錠できませんでした"),
        (ActOutcome.EXPIRED, Observed.NOTHING, "解錠できませんでした"),
        (
            ActOutcome.OUTCOME_UNKNOWN,
            Observed.OUTPUT_ON,
            "解錠の信号を出しました（開いたかは未確認）",
        ),
        (ActOutcome.OUTCOME_UNKNOWN, Observed.NOTHING, "解錠したか確かめられません"),
    ],
)
def test_an_unlock_that_nobody_saw_is_no_failure(
    outcome: ActOutcome | None, observed: Observed | None, title: str
) -> None:
    """Nobody walked through: the signal was given, and that is all that is known."""
    line = entry_line(replace(BASE, outcome=outcome, observed=observed), NAMES, WORDS)
    assert line.title == title
    assert (line.tone == "denied") is (title == "解錠できませんでした")


def test_a_door_seen_open_confirms_the_unlock() -> None:
    """Whatever the controller could say of it before."""
    opened = replace(BASE, outcome=ActOutcome.OUTCOME_UNKNOWN, opened_at=NOW)
    line = entry_line(opened, NAMES, WORDS)
    assert (line.title, line.tone) == ("解錠しました", "granted")


def test_a_remote_unlock_says_what_became_of_it() -> None:
    """Received, then unlocked once it was seen."""
    assert entry_line(COMMAND, NAMES, WORDS).title == "遠隔解錠の指示を受けました"
    done = replace(COMMAND, outcome=ActOutcome.DONE, observed=Observed.OUTPUT_ON)
    line = entry_line(done, NAMES, WORDS)
    assert (line.title, line.tone, line.icon) == ("解錠しました（遠隔）", "granted", "unlock")
    unseen = replace(COMMAND, outcome=ActOutcome.DONE, observed=Observed.NOTHING)
    assert entry_line(unseen, NAMES, WORDS).title == "遠隔解錠の指示を受けました"


def test_the_answer_to_an_unlock_tells_a_signal_from_silence() -> None:
    """A signal that was given is not the same as no answer at all."""
    command = DoorCommand(
        "m", "d", "c", "s", 3_000, "u", "忘れ物", CommandState.UNKNOWN, Observed.OUTPUT_ON, None,
        NOW, NOW, NOW, NOW,
    )  # fmt: skip
    given = outcome_of(command, WORDS)
    assert given.title == "信号は出しました。扉が開いたことは確かめられません"
    silent = outcome_of(replace(command, observed=None), WORDS)
    assert silent.title == "結果がわかりません。現地で確認してください"


def test_refused_and_failed_read_differently() -> None:
    """One was decided, the other went wrong."""
    denied = replace(
        BASE, kind=EventKind.ACCESS_DENIED, result=Result.DENIED, reason=Reason.NO_GRANT
    )
    assert entry_line(denied, NAMES, WORDS).title == "拒否しました"


def test_a_terminal_is_named_and_speaks_of_clocking() -> None:
    """A punch names its reader; a card refused where there is no door was not clocked."""
    punch = replace(BASE, kind=EventKind.PUNCH, reader_id="r", cause="in", result=None, reason=None)
    assert entry_line(punch, NAMES, WORDS).detail == "出勤、事務室の打刻機"
    denied = replace(
        BASE, kind=EventKind.ACCESS_DENIED, result=Result.DENIED, reason=Reason.UNKNOWN_CARD,
        door_id=None, reader_id="r",
    )  # fmt: skip
    line = entry_line(denied, NAMES, WORDS)
    assert line.title == "打刻できませんでした"
    assert (line.who, line.detail) == ("未登録のカード", "事務室の打刻機")


def test_a_mode_says_who_ordered_it_and_why() -> None:
    """When it begins, and by its own name when it ends."""
    began = replace(
        BASE, kind=EventKind.MODE_APPLIED, topic=Topic.DOOR, cause="hold_open", amount=7,
        result=None, reason=None,
    )  # fmt: skip
    line = entry_line(began, NAMES, WORDS)
    assert (line.who, line.detail) == ("佐藤", "開放中、清掃のため")
    ended = entry_line(replace(began, kind=EventKind.MODE_ENDED), NAMES, WORDS)
    assert (ended.title, ended.who, ended.detail) == ("開放を終えました", "佐藤", "清掃のため")
    locked = replace(began, kind=EventKind.MODE_ENDED, cause="locked", amount=8)
    assert entry_line(locked, NAMES, WORDS).title == "施錠を終えました"


@pytest.mark.parametrize(
    "kind", [EventKind.LINK_LOST, EventKind.CLOCK_STATE, EventKind.AGENT_STARTED]
)
def test_what_happens_to_a_controller_names_its_site(kind: EventKind) -> None:
    """Nobody knows controllers by their ids."""
    system = replace(
        BASE, kind=kind, topic=Topic.SYSTEM, door_id=None, result=None, reason=None, factor=None
    )
    assert entry_line(system, NAMES, WORDS).detail == "町民体育館"


@pytest.mark.parametrize(
    ("kind", "cause", "told"),
    [
        (EventKind.CONTACT_TESTED, "passed", "合格"),
        (EventKind.CONTACT_TESTED, "failed", "不合格"),
        (EventKind.CONTACT_TESTED, "never_opened", "不合格、開いたことを検知しませんでした"),
        (EventKind.CONTACT_TESTED, "錆", "不合格、錆"),
        (EventKind.INPUT_FAULT, "cut", "断線"),
        (EventKind.FIRE_ALARM, "offline", "機器の応答なし"),
        (EventKind.FIRE_ALARM, "", ""),
        (EventKind.INPUT_FAULT, "something new", ""),
    ],
)
def test_a_test_says_how_it_went_and_a_line_what_is_wrong_with_it(
    kind: EventKind, cause: str, told: str
) -> None:
    """In words, not in the wire's."""
    happened = replace(BASE, kind=kind, result=None, reason=None, factor=None, cause=cause)
    assert entry_line(happened, NAMES, WORDS).detail == told


def test_at_a_key_box_it_is_the_lid_that_opens() -> None:
    at_box = replace(NAMES, boxes=frozenset({"d"}))
    opened = replace(BASE, kind=EventKind.DOOR_OPENED, result=None, reason=None, factor=None)
    assert entry_line(opened, at_box, WORDS).title == "ふたが開きました"
    assert entry_line(opened, NAMES, WORDS).title == "扉が開きました"
    granted = replace(BASE, opened_at=NOW)
    assert "ふたが開きました" in entry_line(granted, at_box, WORDS).detail
    assert "扉が開きました" in entry_line(granted, NAMES, WORDS).detail


def test_a_corrected_time_stands_beside_the_original_with_its_error() -> None:
    """Within what it was where that is sure, else between which two times."""
    untrusted = replace(BASE, clock=ClockState.UNTRUSTED, at=NOW - timedelta(hours=12))
    sure = entry_line(replace(untrusted, time_error_ms=1_200), NAMES, WORDS)
    assert not sure.unsure
    assert sure.when == "18:42:00"
    assert "装置の時計 " in sure.detail
    assert sure.detail.endswith("を補正、誤差 2 秒以内")
    wide = entry_line(replace(untrusted, time_error_ms=3_600_000), NAMES, WORDS)
    assert wide.unsure
    assert "17:42" in wide.detail
    assert wide.detail.endswith("19:42 の間")


@pytest.mark.parametrize(
    ("shift_ms", "told"), [(53, ""), (999, ""), (1_000, "18:41:59"), (-1_000, "18:42:01")]
)
def test_a_correction_that_the_page_cannot_show_is_not_told(shift_ms: int, told: str) -> None:
    """Every start of a controller is put right by some milliseconds: no news to anybody."""
    at = NOW - timedelta(milliseconds=shift_ms)
    line = entry_line(replace(BASE, at=at, time_error_ms=20), NAMES, WORDS)
    assert ("装置の時計" in line.detail) is bool(told)
    assert told in line.detail


def test_an_unknown_card_is_said_once() -> None:
    """Who it was and why it was refused are the same words."""
    entry = replace(BASE, kind=EventKind.ACCESS_DENIED, reason=Reason.UNKNOWN_CARD)
    line = entry_line(replace(entry, result=Result.DENIED), NAMES, WORDS)
    assert (line.who, line.detail) == ("未登録のカード", "")


def test_a_time_that_nothing_bounds_is_unsure_and_says_no_more() -> None:
    """It is what the clock showed."""
    line = entry_line(replace(BASE, clock=ClockState.UNTRUSTED), NAMES, WORDS)
    assert line.unsure
    assert "装置の時計" not in line.detail


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("soft", [Reason.ANTI_PASSBACK, Reason.ZONE_FULL])
def test_a_rule_that_was_broken_and_only_reported_stands_on_the_line(
    language: Language, soft: Reason
) -> None:
    words = Words(Translator(language), ZoneInfo("Asia/Tokyo"), NOW)
    plain = entry_line(BASE, NAMES, words)
    line = entry_line(replace(BASE, soft=soft), NAMES, words)
    assert words.t(f"reason.{soft}") in line.detail
    assert (line.tone, line.chip_tone, line.icon) == ("soft", "warn", "alert")
    assert line.title == plain.title  # it opened all the same


@pytest.mark.parametrize("language", list(Language))
def test_who_came_first_of_two_persons_stands_on_the_line(language: Language) -> None:
    """As far as the reader may know their names."""
    words = Words(Translator(language), ZoneInfo("Asia/Tokyo"), NOW)
    known = replace(NAMES, people={"p": "田中", "q": "佐藤"})
    second = replace(BASE, person_id="p", partner_id="c2", partner_person_id="q")
    assert "佐藤" in entry_line(second, known, words).detail
    assert "佐藤" not in entry_line(second, NAMES, words).detail
    assert words.t("entries.somebody") in entry_line(second, NAMES, words).detail


def test_a_hold_that_nobody_ordered_is_told_as_the_schedules() -> None:
    began = replace(
        BASE, kind=EventKind.MODE_APPLIED, result=None, reason=None, cause="hold_open", amount=0
    )
    assert entry_line(began, NAMES, WORDS).detail == "開放中、時間割による"
    ended = replace(began, kind=EventKind.MODE_ENDED)
    assert (entry_line(ended, NAMES, WORDS).title, entry_line(ended, NAMES, WORDS).detail) == (
        "開放を終えました",
        "時間割による",
    )


@pytest.mark.parametrize("language", list(Language))
def test_a_clock_that_was_refused_is_not_told_as_a_change_of_the_clock(language: Language) -> None:
    """Nothing changed: somebody told a controller a time that it did not believe. A clock chip that
    was never compared is no news."""
    words = Words(Translator(language), ZoneInfo("Asia/Tokyo"), NOW)
    changed = replace(
        BASE, kind=EventKind.CLOCK_STATE, topic=Topic.SYSTEM, result=None, reason=None,
        cause=ClockState.HOLDOVER.value,
    )  # fmt: skip
    refused = {
        refusal: entry_line(replace(changed, cause=refusal.value), NAMES, words).title
        for refusal in ClockRefusal
    }
    usual = entry_line(changed, NAMES, words).title
    assert refused.pop(ClockRefusal.RTC_UNCHECKED) == usual
    assert usual not in refused.values()
    assert len(set(refused.values())) == 1


@pytest.mark.parametrize("cause", [*ClockState, *ClockRefusal])
def test_a_clock_that_changed_says_to_what(cause: ClockState | ClockRefusal) -> None:
    """Whether PINs work is what the line is looked at for."""
    entry = replace(
        BASE, kind=EventKind.CLOCK_STATE, topic=Topic.SYSTEM, result=None, reason=None,
        factor=None, door_id=None, cause=cause.value,
    )  # fmt: skip
    assert entry_line(entry, NAMES, WORDS).detail.startswith(WORDS.t(f"clock.{cause.value}"))
