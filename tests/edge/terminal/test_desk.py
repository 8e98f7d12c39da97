"""What the screen says is in the journal: at a terminal in memory, with time moved by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edge.core.model import Feedback
from edge.terminal.view import Kind, Notice
from edge.words import sentences
from wire.clock import ClockState
from wire.events import EventKind, PunchDirection
from wire.policy_bodies import Assurance, EntryState, PunchRule, Side
from wire.reasons import Reason

IN, OUT = PunchDirection.IN, PunchDirection.OUT


def test_a_key_before_the_tap_is_the_direction_and_name_and_result_are_shown(terminal):
    terminal.choose(OUT)
    assert terminal.view.chosen == "out"
    terminal.tap()
    result = terminal.view.result
    assert (result.kind, result.name, result.direction) == (Kind.RECORDED, "山田", "out")
    assert result.at == "18:00"  # the clock stands at 09:00 UTC
    assert terminal.directions == ["out"]
    assert terminal.site.shown()[-1][1] is Feedback.GRANTED


def test_a_choice_belongs_to_one_tap_and_ends_by_itself(terminal):
    terminal.choose(IN)
    terminal.tap()
    assert terminal.view.chosen == ""
    terminal.choose(OUT)
    terminal.go(10.5)
    assert terminal.view.chosen == ""
    terminal.tap(b"another")
    assert terminal.view.result.kind is Kind.ASK
    assert terminal.directions == ["in"]


@pytest.mark.parametrize(
    ("key", "direction"), [*zip("1234", list(PunchDirection)[:4], strict=True)]
)
def test_the_readers_own_keypad_chooses_as_the_screen_does(terminal, key, direction):
    terminal.press(key)
    assert terminal.view.chosen == direction.value
    terminal.tap()
    assert terminal.directions == [direction.value]


def test_the_clear_key_takes_a_choice_back_and_other_keys_say_nothing(terminal):
    terminal.press("2")
    terminal.press("*")
    assert terminal.view.chosen == ""
    mark = len(terminal.kinds())
    terminal.press("9#")
    assert (terminal.view.chosen, terminal.since(mark)) == ("", [])


def test_who_taps_first_is_asked_and_the_punch_has_the_time_of_the_tap(terminal):
    tapped_at = terminal.time.wall_now
    terminal.tap()
    asked = terminal.view.result
    assert (asked.kind, asked.name, asked.direction) == (Kind.ASK, "山田", "")
    assert terminal.punches == []
    assert terminal.site.shown()[-1][1] is Feedback.WAITING
    terminal.go(3)
    terminal.choose(IN, asked.question)
    assert terminal.view.result.kind is Kind.RECORDED
    assert terminal.directions == ["in"]
    (event,) = terminal.events(EventKind.PUNCH)
    assert abs(event.at - tapped_at) < timedelta(seconds=1)


def test_nobody_chooses_and_the_tap_is_left_to_be_inferred(terminal):
    terminal.tap()
    terminal.go(8.5)
    assert terminal.directions == ["inferred"]
    assert terminal.view.result.kind is Kind.RECORDED
    assert terminal.journal.state("terminal/") == {}


def test_where_the_setting_says_so_nothing_is_recorded_unless_somebody_chooses(make_terminal):
    terminal = make_terminal(if_unchosen="discard").staffed()
    terminal.tap()
    terminal.go(8.5)
    assert terminal.punches == []
    assert terminal.view.result.kind is Kind.UNRECORDED
    assert terminal.journal.state("terminal/") == {}


def test_a_key_for_a_question_that_is_over_is_nobody_elses_choice(terminal):
    terminal.tap()
    question = terminal.view.result.question
    terminal.go(8.25)
    terminal.choose(OUT, question)
    terminal.choose(OUT)  # the page did not know of the question yet
    terminal.press("2")
    assert terminal.view.chosen == ""
    assert terminal.view.late == 3
    terminal.tap(b"another")
    assert terminal.view.result.kind is Kind.ASK
    assert terminal.directions == ["inferred"]


def test_somebody_elses_tap_ends_the_question_of_the_one_before(terminal):
    terminal.tap()
    first = terminal.view.result.question
    terminal.tap(b"another")
    assert terminal.directions == ["inferred"]
    asked = terminal.view.result
    assert (asked.kind, asked.name) == (Kind.ASK, "鈴木")
    terminal.choose(IN, first)
    assert terminal.view.result.kind is Kind.ASK
    terminal.choose(OUT, asked.question)
    assert terminal.directions == ["inferred", "out"]
    assert [body.person for body in terminal.punches] == [
        terminal.town.person_id,
        terminal.town_id(60),
    ]


def test_the_same_person_holding_the_card_again_while_asked_is_one_tap(terminal):
    terminal.tap()
    terminal.go(1)
    terminal.tap()
    terminal.choose(IN, terminal.view.result.question)
    assert terminal.directions == ["in"]


@pytest.mark.parametrize(("seconds", "kind"), [(1, Kind.REPEATED), (59, Kind.REPEATED)])
def test_a_second_tap_is_kept_and_explained(terminal, seconds, kind):
    terminal.choose(IN)
    terminal.tap()
    terminal.go(seconds, step_s=1)
    terminal.choose(IN)
    terminal.tap()
    result = terminal.view.result
    assert (result.kind, result.earlier, result.direction) == (kind, "18:00", "in")
    assert terminal.directions == ["in", "in"]


def test_a_second_tap_without_a_key_is_no_question(terminal):
    terminal.choose(IN)
    terminal.tap()
    terminal.go(20, step_s=1)
    terminal.tap()
    assert terminal.view.result.kind is Kind.REPEATED
    assert terminal.directions == ["in", "inferred"]


def test_another_direction_or_a_minute_later_is_no_repetition(terminal):
    terminal.choose(IN)
    terminal.tap()
    terminal.choose(PunchDirection.BREAK_START)
    terminal.tap()
    assert terminal.view.result.kind is Kind.RECORDED
    terminal.go(60, step_s=1)
    terminal.choose(IN)
    terminal.tap()
    assert terminal.view.result.kind is Kind.RECORDED


def test_who_tapped_sees_their_own_punches_of_today_also_after_a_restart(terminal):
    terminal.choose(IN)
    terminal.tap()
    terminal.choose(OUT)
    terminal.tap(b"another")
    terminal.go(3_600, step_s=60)
    terminal.restart(crash=True, reboot=True)
    terminal.hub_time()
    terminal.choose(OUT)
    terminal.tap()
    lines = [(line.direction, line.at) for line in terminal.view.result.lines]
    assert lines == [("in", "18:00"), ("out", "19:00")]


def test_a_night_shift_sees_yesterdays_beginning(terminal):
    terminal.choose(IN)
    terminal.tap()
    terminal.go(12 * 3_600, step_s=600)
    terminal.choose(OUT)
    terminal.tap()
    lines = [(line.direction, line.at, line.day) for line in terminal.view.result.lines]
    assert lines == [("in", "18:00", "yesterday"), ("out", "6:00", "")]


def test_a_name_stands_for_seconds_only_and_goes_with_the_next_key(terminal):
    terminal.choose(IN)
    terminal.tap()
    terminal.go(5.5)
    assert terminal.view.result is None
    terminal.choose(OUT)
    terminal.tap()
    terminal.choose(IN)
    assert terminal.view.result is None


@pytest.mark.parametrize("crash", [True, False])
def test_a_tap_that_was_asked_about_survives_the_end_of_the_agent(terminal, crash):
    tapped_at = terminal.time.wall_now
    terminal.tap()
    assert terminal.view.result.kind is Kind.ASK
    terminal.time.go(2)
    terminal.restart(crash=crash)
    assert terminal.directions == ["inferred"]
    (event,) = terminal.events(EventKind.PUNCH)
    assert abs(event.at - tapped_at) < timedelta(seconds=1)
    assert terminal.view.result is None
    terminal.restart()
    assert terminal.directions == ["inferred"]


def test_what_was_shown_as_recorded_is_in_the_journal_of_an_agent_that_was_killed(terminal):
    for number in range(5):
        terminal.choose(IN if number % 2 else OUT)
        terminal.tap()
        shown = terminal.view.result
        terminal.restart(crash=True)
        assert terminal.directions[-1] == shown.direction
        assert len(terminal.directions) == number + 1


def test_a_journal_that_fails_is_never_told_as_recorded(terminal):
    terminal.journal.cause = "read_only"
    terminal.choose(IN)
    terminal.tap()
    assert terminal.view.result.kind is Kind.UNSAVED
    assert Notice.JOURNAL_FAILS in terminal.view.notices
    assert terminal.site.shown()[-1][1] is Feedback.DENIED
    terminal.journal.cause = None
    terminal.go(1)
    assert terminal.directions == ["in"]
    assert Notice.JOURNAL_FAILS not in terminal.view.notices


def test_a_question_whose_journal_fails_loses_nothing(terminal):
    terminal.journal.cause = "read_only"
    terminal.tap()
    terminal.choose(OUT, terminal.view.result.question)
    assert terminal.view.result.kind is Kind.UNSAVED
    terminal.journal.cause = None
    terminal.go(1)
    assert terminal.directions == ["out"]
    assert terminal.journal.state("terminal/") == {}


def test_an_unknown_card_is_told_what_to_do_and_records_nothing(terminal):
    terminal.choose(IN)
    terminal.tap(b"unknown")
    result = terminal.view.result
    assert (result.kind, result.reason, result.name) == (Kind.DENIED, "unknown_card", "")
    assert terminal.punches == []
    assert terminal.last(EventKind.ACCESS_DENIED).reason is Reason.UNKNOWN_CARD
    assert terminal.view.chosen == "in"  # it was no tap of anybody's: the right card may follow


def test_a_card_that_can_be_copied_is_told_so_where_more_is_asked_for(terminal):
    """Journaled with who it was, for the hub to show; and the right card may follow."""
    asked = {"door": None, "side": Side.TERMINAL, "punch": PunchRule.CHOSEN, "keypad": False}
    terminal.policy(terminal.town.reader(**asked, min_assurance=Assurance.CHALLENGE))
    terminal.choose(IN)
    for _ in range(40):  # more than the reader's budget of tries
        terminal.tap()
    result = terminal.view.result
    assert (result.kind, result.reason, result.name) == (Kind.DENIED, "assurance_too_low", "")
    assert {"assurance_too_low"} <= sentences("terminal")["reason"].keys()
    assert {"assurance_too_low"} <= sentences("terminal")["next"].keys()
    assert terminal.punches == []
    told = terminal.last(EventKind.ACCESS_DENIED)
    assert (told.reason, told.unpunched) == (Reason.ASSURANCE_TOO_LOW, Reason.ASSURANCE_TOO_LOW)
    assert (told.person, told.assurance) == (terminal.town.person_id, Assurance.IDENTIFIER)
    assert terminal.site.shown()[-1][1] is Feedback.DENIED
    terminal.policy(terminal.town.reader(**asked))
    terminal.tap()
    assert terminal.directions == ["in"]


def test_a_blocked_card_shows_no_name(terminal):
    terminal.policy(terminal.town.card(state=EntryState.BLOCKED))
    terminal.tap()
    result = terminal.view.result
    assert (result.kind, result.reason, result.name) == (
        Kind.DENIED,
        "credential_blocked",
        "",
    )


def test_without_a_trusted_clock_the_punch_says_that_it_waits(make_terminal, time):
    time.ntp = type(time.ntp)(synchronised=False, error_ms=0)
    terminal = make_terminal()
    terminal.restart(reboot=True)
    terminal.staffed()
    assert terminal.loop.now().state is ClockState.UNTRUSTED
    terminal.choose(IN)
    assert Notice.CLOCK_UNTRUSTED in terminal.view.notices
    terminal.tap()
    assert terminal.view.result.waits
    assert terminal.events(EventKind.PUNCH)[0].clock is ClockState.UNTRUSTED
    assert terminal.view.suggested == ""


def test_the_hub_is_away_and_the_screen_counts_what_waits(terminal):
    assert terminal.view.notices == (Notice.HUB_AWAY,)
    before = terminal.view.unsent
    terminal.choose(IN)
    terminal.tap()
    terminal.go(1.5)
    assert before < terminal.view.unsent == terminal.journal.counters()["unacknowledged"]


def test_a_reader_that_is_gone_is_told_and_told_when_it_is_back(terminal):
    terminal.site.unplug(terminal.town.device_id)
    terminal.settle()
    terminal.go(0.5)
    assert Notice.READER_AWAY in terminal.view.notices
    terminal.site.plug(terminal.town.device_id)
    terminal.settle()
    terminal.go(0.5)
    assert Notice.READER_AWAY not in terminal.view.notices


def test_a_controller_without_a_policy_says_that_it_is_not_set_up(make_terminal):
    terminal = make_terminal()
    assert Notice.NOT_SET_UP in terminal.view.notices
    terminal.choose(IN)
    assert terminal.view.chosen == ""


def test_the_hour_highlights_a_key_and_chooses_nothing(terminal):
    assert terminal.view.suggested == "out"  # 18:00 in Japan
    terminal.tap()
    assert terminal.view.result.kind is Kind.ASK
    terminal.go(5 * 3_600, step_s=600)
    assert terminal.view.suggested == ""
    terminal.go(8 * 3_600, step_s=600)
    assert terminal.view.suggested == "in"


@pytest.mark.parametrize("rule", [PunchRule.IN, PunchRule.OUT, PunchRule.INFERRED])
def test_a_reader_with_one_direction_asks_nothing(make_terminal, rule):
    terminal = make_terminal().staffed(rule)
    assert not terminal.view.keys
    terminal.tap()
    assert terminal.view.result.kind is Kind.RECORDED
    assert terminal.directions == [rule.value]


def test_a_name_that_was_sealed_for_somebody_else_is_left_out(terminal):
    other = terminal.town_id(60)
    flags = terminal.parts.memory.index.person(other)
    terminal.policy(terminal.town.person(name=flags.name))
    terminal.choose(IN)
    terminal.tap()
    assert terminal.view.result.name == ""
    assert terminal.parts.memory.counters["names_unreadable"] == 1


def test_a_door_beside_it_is_none_of_the_terminals_business(make_terminal):
    terminal = make_terminal().staffed()
    terminal.policy(
        terminal.town.door(),
        terminal.town.reader(punch=PunchRule.CHOSEN, side=Side.ENTRY),
        terminal.town.grant(terminal.town_id(20), person=terminal.town.person_id),
    )
    terminal.tap()
    assert terminal.unlocked
    assert terminal.view.result is None


def test_whatever_breaks_on_the_way_is_told_as_not_recorded(terminal):
    def broken(*_args):
        raise RuntimeError("a bug")

    terminal.desk.conclude = broken
    terminal.tap()
    assert terminal.view.result.kind is Kind.DENIED
    assert terminal.punches == []


def test_neither_log_nor_journal_nor_status_has_a_name(terminal, capsys):
    terminal.choose(IN)
    terminal.tap()
    terminal.tap(b"unknown")
    rows = b"".join(data for _, data in terminal.journal.tail(100))
    assert "山田".encode() not in rows
    kept = b"".join(terminal.store.load().entries)
    assert "山田".encode() not in kept
    assert "山田" not in capsys.readouterr().err
