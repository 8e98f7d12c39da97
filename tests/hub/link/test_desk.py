"""Hello, welcome and which session is alive, with a broker that may keep and repeat anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from hub.ingest.repository import store
from hub.ingest.rows import Row, RowsRead
from hub.link.alarms import alarm_counts, write_alarms
from hub.link.inbound import Opened
from hub.link.sessions import KEPT_SESSIONS, PRINTS_KEPT, print_of
from hub.link.tables import LinkAlarm, controller_sessions, session_prints
from wire import messages as ms
from wire.clock import ClockReading, ClockState
from wire.policy import EMPTY_DIGEST
from wire.samples import CONTROLLER, NOW
from wire.topics import Channel


def test_a_hello_is_answered_with_time_watermark_policy_and_proof(bench, db, clock):
    row = Row(1, 3, b'{"gap":[1,3],"reason":"x"}', b"h" * 32)
    db.write(lambda scope: store(scope, [RowsRead(CONTROLLER, 7, [row])], clock.now()))
    welcome = bench.hello(1)[0]
    assert welcome.session == f"{1:032x}"
    assert (welcome.epoch, welcome.through_seq) == (7, 3)
    assert welcome.hub_time == clock.now()
    assert (welcome.hub_epoch, welcome.proof.hub_epoch) == (3, 3)
    assert welcome.policy.version == 42
    assert bench.desk.greeted(CONTROLLER).through_seq == 3


def test_a_session_is_current_only_once_it_answered_the_welcome(bench):
    bench.hello(1)
    assert bench.current is None
    bench.want(1)
    assert bench.current == 1
    assert len(bench.policy.wants) == 1


def test_a_hello_that_was_kept_and_brought_late_takes_nobodys_place(bench):
    """Never heard before, so it is answered; but only the live edge could go on from there."""
    bench.hello(2)
    bench.want(2)
    bench.hello(1)
    assert bench.current == 2
    bench.hello(3)
    bench.want(3)
    assert bench.current == 3
    bench.want(1)
    assert bench.current == 3
    assert bench.alarms.counts[LinkAlarm.REPLAYED_WANT] == 1


def test_a_hello_repeated_while_it_waits_is_answered_again(bench):
    bench.hello(1)
    assert len(bench.hello(1)) == 1
    bench.want(1)
    assert len(bench.hello(1)) == 1  # QoS 1 repeats by itself, and a silent hub is greeted anew
    assert bench.current == 1
    assert not bench.alarms.counts


def test_the_hello_of_a_session_that_is_over_is_refused_and_told(bench):
    for session in (1, 2):
        bench.hello(session)
        bench.want(session)
    assert bench.hello(1) == []
    assert bench.current == 2
    assert bench.alarms.counts[LinkAlarm.REPLAYED_HELLO] == 1


def test_a_want_of_a_session_nobody_greeted_is_refused_and_told(bench):
    bench.want(9)
    assert bench.policy.wants == []
    assert bench.alarms.counts[LinkAlarm.REPLAYED_WANT] == 1


def test_a_report_of_an_older_policy_than_the_session_began_with_is_refused(bench):
    bench.report(41)
    bench.hello(1, version=42)
    bench.want(1)
    bench.report(41)
    assert bench.policy.reports == []
    assert bench.alarms.counts[LinkAlarm.STALE_REPORT] == 2
    bench.report(42)
    bench.report(43)
    assert [report.version for report in bench.policy.reports] == [42, 43]


def test_a_report_kept_from_an_earlier_session_proves_nothing_today(bench):
    for session in (1, 2):
        bench.hello(session)
        bench.want(session)
    bench.report(50, session=1)
    assert bench.policy.reports == []
    assert bench.alarms.counts[LinkAlarm.STALE_REPORT] == 1
    bench.report(50, session=2)
    assert [report.version for report in bench.policy.reports] == [50]


def test_a_boot_that_comes_back_means_two_machines_with_one_identity(bench):
    bench.hello(1, boot="a")
    bench.hello(2, boot="a")
    bench.hello(3, boot="b")
    assert bench.alarms.counts[LinkAlarm.CLONED_CONTROLLER] == 0
    bench.hello(4, boot="a")
    assert bench.alarms.counts[LinkAlarm.CLONED_CONTROLLER] == 1


def test_a_journal_that_knows_less_than_the_hub_is_told(bench, db, clock):
    row = Row(1, 9, b'{"gap":[1,9],"reason":"x"}', b"h" * 32)
    db.write(lambda scope: store(scope, [RowsRead(CONTROLLER, 7, [row])], clock.now()))
    assert bench.hello(1, last_seq=5)[0].through_seq == 9
    bench.hello(1, last_seq=5)  # once more, by the broker: it tells nothing new
    assert bench.alarms.counts[LinkAlarm.JOURNAL_ROLLED_BACK] == 1


def test_old_sessions_are_forgotten(bench, db):
    for session in range(1, KEPT_SESSIONS + 20):
        bench.hello(session)
    with db.read() as scope:
        assert len(scope.all(scope.select(controller_sessions))) == KEPT_SESSIONS


def test_a_session_of_long_ago_is_not_taken_for_a_new_one(bench):
    """Its row is gone; hello and want, both kept by the broker, must not revive it."""
    for session in range(1, KEPT_SESSIONS + 10):
        bench.hello(session)
        bench.want(session)
    current = bench.current
    assert bench.hello(1) == []
    bench.want(1)
    assert bench.current == current
    assert bench.alarms.counts[LinkAlarm.REPLAYED_HELLO] == 1
    bench.want(current)
    assert bench.alarms.counts[LinkAlarm.REPLAYED_WANT] == 1


def test_prints_of_sessions_are_kept_for_over_a_year(bench, db, clock):
    def prints():
        with db.read() as scope:
            return {row.print for row in scope.all(scope.select(session_prints))}

    bench.hello(1)
    clock.advance(PRINTS_KEPT)
    bench.hello(2)
    assert len(prints()) == 2
    clock.advance(timedelta(seconds=1))
    bench.hello(3)
    assert prints() == {print_of(f"{n:032x}") for n in (2, 3)}


def test_alarms_are_one_row_a_kind_and_hour(bench, db, clock):
    def write():
        taken = bench.alarms.take()
        db.write(lambda scope: write_alarms(scope, taken, clock.now()))

    for _ in range(3):
        for _ in range(100):
            bench.alarms.note(CONTROLLER, LinkAlarm.FORGED_MESSAGE, "up/events", "bad_tag")
        write()
    since = clock.now() - timedelta(hours=1)
    with db.read() as scope:
        assert alarm_counts(scope, since) == {(CONTROLLER, LinkAlarm.FORGED_MESSAGE): 300}
    assert not bench.alarms.pending


def test_a_status_is_kept_since_when_it_says_so_and_is_only_a_hint(bench):
    """The same again changes nothing; who is away is not thereby without a session."""
    from hub.link import presence

    def away():
        with bench.db.read() as scope:
            return presence.said_offline(scope)

    bench.say(Channel.STATUS, ms.Status(online=True, agent="0.1.0"))
    assert away() == {}
    first = bench.clock.now()
    bench.say(Channel.STATUS, ms.Status(online=False, agent="0.1.0"))
    bench.clock.advance(timedelta(minutes=5))
    bench.say(Channel.STATUS, ms.Status(online=False, agent="0.1.0"))
    assert away() == {CONTROLLER: first}
    assert bench.desk.hint_online(CONTROLLER) is False
    bench.say(Channel.STATUS, ms.Status(online=True, agent="0.1.0"))
    assert away() == {}


def test_a_status_that_another_process_of_the_hub_took_is_outlived_here(bench):
    """Each gets its share of the messages: the one before may have been another's."""
    from hub.link import presence

    other = type(bench)(bench.db, bench.clock)
    bench.say(Channel.STATUS, ms.Status(online=True, agent="0.1.0"))
    other.say(Channel.STATUS, ms.Status(online=False, agent="0.1.0"))
    bench.say(Channel.STATUS, ms.Status(online=True, agent="0.1.0"))
    with bench.db.read() as scope:
        assert presence.said_offline(scope) == {}


def hello_of(number):
    hello = ms.Hello(
        session=f"{number:032x}",
        boot_id="boot",
        agent="0.1.0",
        epoch=7,
        last_seq=0,
        policy=ms.EdgePolicy(hub_epoch=3, version=0, digest=EMPTY_DIGEST),
        clock=ClockReading(state=ClockState.TRUSTED, now=NOW),
    )
    return Opened(f"controller{number:06d}", Channel.HELLO, ms.encode(hello)), number


def test_all_that_waits_together_is_served_in_one_transaction(bench, monkeypatch):
    commits = []
    write = bench.db.write
    monkeypatch.setattr(bench.db, "write", lambda work: commits.append(1) or write(work))
    arrived = [hello_of(number) for number in range(1, 20)]
    arrived.append((Opened("controller000003", Channel.WANT, b'{"session":'), 20))
    want = ms.Want(session=f"{5:032x}", from_version=None)
    arrived.append((Opened("controller000005", Channel.WANT, ms.encode(want)), 21))
    bench.desk.serve(arrived)
    assert len(commits) == 1
    welcomed = [controller for controller, channel, _ in bench.sent if channel is Channel.WELCOME]
    assert welcomed == [opened.controller for opened, _ in arrived[:19]]
    assert [each.session for each in bench.policy.wants] == [f"{5:032x}"]
    assert bench.alarms.counts == {LinkAlarm.MALFORMED_MESSAGE: 1}


def test_what_one_message_raises_costs_none_of_the_others(bench, monkeypatch):
    held = bench.policy.held

    def sometimes(scope, controller):
        if controller.endswith("2"):
            raise LookupError("a row that nobody expected")
        return held(scope, controller)

    monkeypatch.setattr(bench.policy, "held", sometimes)
    bench.desk.serve([hello_of(number) for number in (1, 2, 3)])
    assert [controller[-1] for controller, _, _ in bench.sent] == ["1", "3"]
    with bench.db.read() as scope:
        kept = scope.all(scope.select(controller_sessions.c.controller_id))
    assert sorted(row.controller_id[-1] for row in kept) == ["1", "3"]


def test_nothing_is_answered_before_it_is_committed(bench, monkeypatch):
    """Nor if it never is."""
    write = bench.db.write

    def fails_at_last(work):
        def broken(scope):
            work(scope)
            assert not bench.sent
            raise OperationalError("COMMIT", {}, OSError("the disk is full"))

        return write(broken)

    monkeypatch.setattr(bench.db, "write", fails_at_last)
    with pytest.raises(OperationalError):
        bench.desk.serve([hello_of(1), hello_of(2)])
    assert not bench.sent
    assert bench.desk.greeted("controller000001") is None
