"""The entry log in the database: what followed a decision, better times, alarms, search."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.attendance import repository as punches
from hub.attendance.projector import PROJECTOR as ATTENDANCE
from hub.database.engine import Database
from hub.entries import alarm_repository, repository
from hub.entries.alarm_repository import Alarm
from hub.entries.alarms import AlarmKind
from hub.entries.domain import Entry, Result
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.entries.search import Filters, Reach, search, touched_after
from hub.projection.memory_journal import MemoryJournal
from hub.projection.worker import ProjectionWorker
from hub.web.problems import Problem
from wire import events as ev
from wire import samples
from wire.clock import ClockRefusal, ClockState
from wire.events import ActOutcome, EventKind, Observed
from wire.reasons import Reason

DOOR, ACT = samples.DOOR, samples.ACT
OPENED = ev.DoorEventBody(door=DOOR)
GRANTED = ev.AccessBody(
    reason=Reason.PIN_VALID, factor=ev.Factor.PIN, door=DOOR, act=ACT, booking=samples.BOOKING
)
DONE = ev.ActResultBody(
    act=ACT, door=DOOR, outcome=ActOutcome.DONE, observed=Observed.BOLT_RETRACTED
)


@pytest.fixture
def journal() -> MemoryJournal:
    """An empty journal."""
    return MemoryJournal()


def project(db: Database, journal: MemoryJournal) -> None:
    work = ProjectionWorker(db, journal.after, [ENTRIES, ATTENDANCE])
    while work.step():
        continue


def log(db: Database, filters: Filters | None = None) -> list[Entry]:
    """The whole log, newest first, read a page of two at a time."""
    found: list[Entry] = []
    cursor: str | None = None
    with db.read() as scope:
        while True:
            page = search(scope, filters or Filters(), cursor, 2)
            found += page.items
            if page.next_cursor is None:
                return found
            cursor = page.next_cursor


def standing(db: Database) -> list[Alarm]:
    with db.read() as scope:
        return list(alarm_repository.standing_alarms(scope))


def test_a_decision_is_one_entry_with_all_that_followed(
    db: Database, journal: MemoryJournal
) -> None:
    """The bolt's answer and the leaf that opened are joined to it, not rows beside it."""
    journal.add(EventKind.ACCESS_GRANTED, GRANTED, 0)
    journal.add(EventKind.ACT_RESULT, DONE, 1)
    opened = journal.add(EventKind.DOOR_OPENED, OPENED, 3)
    project(db, journal)
    opening, entry = log(db)
    assert (opening.kind, entry.booking_id) == ("door_opened", samples.BOOKING)
    assert (entry.outcome, entry.observed) == (ActOutcome.DONE, Observed.BOLT_RETRACTED)
    assert entry.opened_at == journal.start + timedelta(seconds=3)
    assert entry.touched_by == opened


@pytest.mark.parametrize(("seconds", "boot"), [(61, None), (3, "another-boot")])
def test_a_leaf_that_opens_much_later_did_not_follow(
    db: Database, journal: MemoryJournal, seconds: int, boot: str | None
) -> None:
    """Nor one in another boot, where nothing ties the two together."""
    journal.add(EventKind.ACCESS_GRANTED, GRANTED, 0)
    journal.add(EventKind.DOOR_OPENED, OPENED, seconds, boot=boot)
    project(db, journal)
    assert log(db)[-1].opened_at is None


@pytest.mark.parametrize("command_first", [True, False])
def test_a_remote_unlock_is_one_entry_that_names_who_gave_it(
    db: Database, journal: MemoryJournal, command_first: bool
) -> None:
    """Whichever of command and decision the edge journaled first."""
    command = ev.CommandReceivedBody(
        command_id=samples.sample_id(30), door=DOOR, action="unlock", actor="clerk", act=ACT
    )
    decision = ev.AccessBody(
        reason=Reason.REMOTE_UNLOCK, factor=ev.Factor.COMMAND, door=DOOR, act=ACT
    )
    pair = [(EventKind.COMMAND_RECEIVED, command), (EventKind.ACCESS_GRANTED, decision)]
    for kind, body in pair if command_first else reversed(pair):
        journal.add(kind, body)  # type: ignore[arg-type]
    journal.add(EventKind.ACT_RESULT, DONE, 1)
    project(db, journal)
    (entry,) = log(db)
    assert (entry.actor_id, entry.result, entry.reason, entry.outcome) == (
        "clerk",
        Result.GRANTED,
        Reason.REMOTE_UNLOCK,
        ActOutcome.DONE,
    )


def test_an_anchor_corrects_entries_and_punches_and_keeps_the_original(
    db: Database, journal: MemoryJournal
) -> None:
    """Those of the same boot without a trusted clock: before the anchor, and after it."""
    shown = journal.start.replace(year=2000)
    punch = ev.decode_event_body(samples.sample_event(EventKind.PUNCH))
    journal.add(EventKind.PUNCH, punch, 5, clock=ClockState.UNTRUSTED, shown=shown)
    journal.add(EventKind.CLOCK_ANCHOR, ev.ClockBody(state=ClockState.TRUSTED), 60)
    journal.add(EventKind.PUNCH, punch, 90, clock=ClockState.UNTRUSTED, shown=shown)
    journal.add(EventKind.REX, OPENED, 95, clock=ClockState.UNTRUSTED, shown=shown, boot="other")
    project(db, journal)
    after, before, other = log(db)
    assert [e.occurred_at - journal.start for e in (before, after)] == [
        timedelta(seconds=5),
        timedelta(seconds=90),
    ]
    assert {e.at for e in (before, after, other)} == {shown}
    assert [e.is_time_sure for e in (before, after, other)] == [True, True, False]
    with db.read() as scope:
        kept = punches.punches_between(scope, shown, journal.start + timedelta(days=1))
    assert [(p.trusted, p.at) for p in kept] == [(True, shown)] * 2


def test_filters_and_pages_give_every_entry_once(db: Database, journal: MemoryJournal) -> None:
    """Newest first, also where several share an instant; filters narrow it."""
    for number in range(7):
        journal.add(EventKind.REX, OPENED, number // 3)
    journal.add(EventKind.ACCESS_GRANTED, GRANTED, 9)
    journal.add_bytes(b'{"gap":[50,60],"reason":"unreadable"}', 10)
    project(db, journal)
    found = [entry.id for entry in log(db)]
    assert found == list(range(9, 0, -1))
    start = journal.start

    def ids(**filters: object) -> list[int]:
        return [entry.id for entry in log(db, Filters(**filters))]  # type: ignore[arg-type]

    assert ids(kind="granted") == ids(kind="access") == ids(booking_id=samples.BOOKING) == [8]
    assert ids(kind="gap") == [9]
    assert ids(start=start + timedelta(seconds=1), end=start + timedelta(seconds=2)) == [6, 5, 4]
    ours, none = frozenset({journal.controller}), frozenset[str]()
    assert ids(reach=Reach(none, ours)) == [9]
    assert ids(reach=Reach(frozenset({DOOR}), none)) == list(range(8, 0, -1))
    assert ids(door_id="elsewhere") == []


def test_a_kind_that_does_not_exist_is_refused_by_name(db: Database) -> None:
    """The answer says what it takes."""
    with pytest.raises(Problem) as refused:
        log(db, Filters(kind="teleport"))
    assert "granted" in refused.value.fields[0].message


def test_whoever_watches_sees_an_entry_again_when_something_followed(
    db: Database, journal: MemoryJournal
) -> None:
    """The raw event that touched it last is the place in the stream."""
    first = journal.add(EventKind.ACCESS_GRANTED, GRANTED, 0)
    project(db, journal)
    result = journal.add(EventKind.ACT_RESULT, DONE, 1)
    project(db, journal)
    with db.read() as scope:
        (again,) = touched_after(scope, first, Filters(), 10)
        assert (again.id, again.touched_by) == (first, result)
        assert touched_after(scope, result, Filters(), 10) == []


def test_the_state_of_a_door_survives_the_database(db: Database, journal: MemoryJournal) -> None:
    """Modes included."""
    applied = ev.decode_event_body(samples.sample_event(EventKind.MODE_APPLIED))
    journal.add(EventKind.DOOR_OPENED, OPENED, 0)
    journal.add(EventKind.MODE_APPLIED, applied, 1)
    project(db, journal)
    with db.read() as scope:
        state = repository.door_state(scope, DOOR)
        assert repository.all_door_states(scope) == {DOOR: state}
        assert repository.doors_touched_after(scope, 1, 10) == [(DOOR, 2)]
        assert repository.device_state(scope, "never heard of").heard_at is None
    assert state.leaf_since == journal.start
    assert [mode.order for mode in state.modes] == [8]


def test_an_alarm_stands_until_it_is_over_and_somebody_took_note(
    db: Database, journal: MemoryJournal
) -> None:
    """Acknowledged but not over: it stands. Over but not acknowledged: it stands."""
    raised = journal.add(EventKind.DOOR_FORCED, OPENED, 0)
    project(db, journal)
    (alarm,) = standing(db)
    assert (alarm.id, alarm.kind, alarm.is_critical) == (raised, AlarmKind.DOOR_FORCED, True)
    now = journal.start + timedelta(minutes=1)
    assert db.write(lambda s: alarm_repository.acknowledge(s, raised, "u", now, "見に行く"))
    (alarm,) = standing(db)
    assert (alarm.acknowledged_by, alarm.note) == ("u", "見に行く")
    journal.add(EventKind.DOOR_CLOSED, OPENED, 90)
    project(db, journal)
    assert standing(db) == []
    assert not db.write(lambda s: alarm_repository.acknowledge(s, 999, "u", now, ""))


def test_the_same_alarm_again_counts_up_and_asks_again(
    db: Database, journal: MemoryJournal
) -> None:
    """One row for each thing, however often it raises; what was acknowledged before comes back."""
    lockout = ev.decode_event_body(samples.sample_event(EventKind.PIN_LOCKOUT))
    for at_s in (0, 600):
        journal.add(EventKind.PIN_LOCKOUT, lockout, at_s)
    project(db, journal)
    (alarm,) = standing(db)
    assert alarm.times == 2
    seen = journal.start + timedelta(seconds=700)
    db.write(lambda s: alarm_repository.acknowledge(s, alarm.id, "u", seen, ""))
    assert standing(db) == []
    journal.add(EventKind.PIN_LOCKOUT, lockout, 900)
    project(db, journal)
    (again,) = standing(db)
    assert (again.id, again.times) == (alarm.id, 3)
    journal.add(EventKind.PIN_LOCKOUT, lockout, 9_000)
    project(db, journal)
    assert len(standing(db)) == 2


def test_acknowledgements_outlive_a_replay(db: Database, journal: MemoryJournal) -> None:
    """What people did is never made again from events."""
    raised = journal.add(EventKind.TAMPER, ev.DeviceEventBody(device=samples.DEVICE))
    project(db, journal)
    seen = journal.start + timedelta(seconds=9)
    db.write(lambda s: alarm_repository.acknowledge(s, raised, "u", seen, ""))
    before = standing(db)
    ProjectionWorker(db, journal.after, [ENTRIES]).replay()
    assert standing(db) == before


def test_what_a_lock_wrote_before_clears_no_alarm_that_was_raised_since(
    db: Database, journal: MemoryJournal
) -> None:
    """A serial lock's log is collected after the line is back, and the door is watched again."""

    def collected(kind: EventKind, seconds: int, index: int) -> None:
        origin = ev.Origin(device=samples.sample_id(60), log_epoch=1, index=index)
        journal.add(kind, OPENED, seconds, origin=origin)

    journal.add(EventKind.DOOR_FORCED, OPENED, 100)
    collected(EventKind.DOOR_FORCED, 10, 0)
    collected(EventKind.DOOR_CLOSED, 20, 1)
    project(db, journal)
    (alarm,) = standing(db)
    assert (alarm.kind, alarm.cleared_at) == (AlarmKind.DOOR_FORCED, None)
    collected(EventKind.DOOR_CLOSED, 120, 2)
    project(db, journal)
    (alarm,) = standing(db)
    assert alarm.cleared_at == journal.start + timedelta(seconds=120)


@pytest.mark.parametrize("refusal", list(ClockRefusal))
def test_a_source_of_time_that_was_not_believed_is_an_alarm(
    db: Database, journal: MemoryJournal, refusal: ClockRefusal
) -> None:
    """The hub's own time as well as NTP's; but every new RTC was never compared."""
    body = ev.ClockBody(state=ClockState.TRUSTED, source=refusal.value, error_ms=3)
    journal.add(EventKind.CLOCK_STATE, body)
    project(db, journal)
    expected = [] if refusal is ClockRefusal.RTC_UNCHECKED else [AlarmKind.CLOCK_REFUSED]
    assert [alarm.kind for alarm in standing(db)] == expected
    assert log(db)[0].cause == refusal.value


def test_what_broke_a_rule_is_found_by_it_and_raises_one_alarm_an_hour(
    db: Database, journal: MemoryJournal
) -> None:
    """The log is filtered by `soft`; the alarm counts, and says which rule."""
    for at_s, soft in enumerate((None, Reason.ANTI_PASSBACK, Reason.ANTI_PASSBACK)):
        body = ev.AccessBody(
            reason=Reason.CARD_VALID, factor=ev.Factor.CARD, door=DOOR, act=f"a{at_s}", soft=soft
        )
        journal.add(EventKind.ACCESS_GRANTED, body, at_s)
    project(db, journal)
    assert len(log(db)) == 3
    found = log(db, Filters(kind="soft"))
    assert [entry.soft for entry in found] == [Reason.ANTI_PASSBACK] * 2
    (alarm,) = standing(db)
    assert (alarm.kind, alarm.times, alarm.cause, alarm.door_id) == (
        AlarmKind.RULE_BROKEN,
        2,
        "anti_passback",
        DOOR,
    )


def test_a_lockout_of_cards_is_an_alarm_of_its_own(db: Database, journal: MemoryJournal) -> None:
    lockout = ev.decode_event_body(samples.sample_event(EventKind.PIN_LOCKOUT))
    assert isinstance(lockout, ev.LockoutBody)
    cards = ev.LockoutBody(
        reader=lockout.reader, lockout_s=60, door=lockout.door, kind=ev.TryKind.CARD
    )
    journal.add(EventKind.PIN_LOCKOUT, lockout)
    journal.add(EventKind.PIN_LOCKOUT, cards)
    project(db, journal)
    assert sorted(alarm.kind for alarm in standing(db)) == ["card_lockout", "pin_lockout"]
