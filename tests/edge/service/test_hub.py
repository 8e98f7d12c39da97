"""The hub through the loop: hello, welcome, policy, command, alarms; sealed messages throughout."""

from __future__ import annotations

from wire.clock import ClockState
from wire.events import ActOutcome, Alarm, EventKind
from wire.keys import LinkKey
from wire.messages import Command, Events, Hello, Reported
from wire.policy import PolicyDigest, entry_hash
from wire.reasons import Reason
from wire.topics import Channel


def _command(hub, session: str | None = None, number: int = 700) -> Command:
    return Command(
        command_id=hub.rig.town_id(number),
        session=session or hub.session,
        sent_at=hub.rig.time.wall_now,
        door=hub.rig.town_id(1),
        action="unlock",
        pulse_ms=3_000,
        life_ms=10_000,
        actor=hub.rig.town_id(6),
    )


def test_a_hello_tells_how_the_edge_stands(hub):
    hub.rig.connect()
    (hello,) = hub.said(Channel.HELLO, Hello)
    assert (hello.policy.version, hello.agent) == (0, "test")
    assert hello.last_seq == hub.rig.journal.last_seq


def test_a_welcome_a_policy_and_a_pin_that_opens(hub):
    hub.welcome()
    assert hub.rig.kinds()[-1] == "link_restored"
    digest = hub.snapshot(*hub.rig.town.usual())
    (reported,) = hub.said(Channel.REPORTED, Reported)
    assert (reported.version, reported.digest, reported.rejected) == (1, digest, ())
    hub.rig.press("482915#")
    assert hub.rig.unlocked


def test_what_is_rejected_is_reported_and_left_out_of_the_digest(hub):
    hub.welcome()
    bad = b'{"kind":"elevator","id":"e","rev":3,"body":{}}'
    good = hub.rig.town.usual()
    hub.snapshot(bad, *good)
    (reported,) = hub.said(Channel.REPORTED, Reported)
    assert reported.digest == PolicyDigest(map(entry_hash, good)).hex
    assert [(one.kind, one.id, one.rev) for one in reported.rejected] == [("elevator", "e", 3)]


def test_a_welcome_makes_an_untrusted_clock_trusted(hub):
    hub.rig.time.ntp = type(hub.rig.time.ntp)(synchronised=False, error_ms=16_000)
    hub.rig.restart(crash=True, reboot=True)
    assert hub.rig.loop.now().state is ClockState.UNTRUSTED
    hub.welcome()
    assert hub.rig.loop.now().state is ClockState.TRUSTED


def test_a_command_of_this_session_opens_once_and_of_another_never(hub):
    hub.welcome()
    hub.snapshot(*hub.rig.town.usual())
    hub.say(Channel.COMMANDS, _command(hub))
    hub.say(Channel.COMMANDS, _command(hub))
    assert len(hub.rig.site.acts()) == 1
    hub.say(Channel.COMMANDS, _command(hub, session="f" * 32, number=701))
    assert len(hub.rig.site.acts()) == 1
    results = [body.reason for body in hub.rig.bodies(EventKind.COMMAND_RESULT)]
    assert results.count(Reason.REMOTE_UNLOCK) == 1


def test_a_command_that_a_broker_held_back_for_hours_opens_nothing_and_is_told_as_expired(hub):
    """Whatever the wall clock says meanwhile: the hub's time is reckoned from its welcome."""
    hub.welcome()
    hub.snapshot(*hub.rig.town.usual())
    command = _command(hub)
    hub.rig.time.mono += 4 * 3_600 * 10**9
    hub.say(Channel.COMMANDS, command)
    assert hub.rig.site.acts() == []
    result = hub.rig.last(EventKind.COMMAND_RESULT)
    assert (result.command_id, result.outcome) == (command.command_id, ActOutcome.EXPIRED)
    assert result.reason is Reason.COMMAND_EXPIRED


def test_events_go_out_after_the_door_is_served(hub):
    hub.welcome()
    hub.snapshot(*hub.rig.town.usual())
    before = len(hub.said(Channel.EVENTS))
    sent_at_act = []
    act = hub.rig.site.act

    def watched(item):
        sent_at_act.append(len(hub.said(Channel.EVENTS)))
        act(item)

    hub.rig.site.act = watched
    hub.rig.press("482915#")
    assert sent_at_act == [before]
    assert len(hub.said(Channel.EVENTS, Events)) > before


def test_forged_messages_are_alarmed_once_a_minute_and_always_counted(hub):
    hub.welcome()
    for _ in range(50):
        hub.say(Channel.COMMANDS, _command(hub), key=LinkKey(bytes(32)))
    alarms = hub.rig.bodies(EventKind.SECURITY_ALARM)
    assert [alarm.alarm for alarm in alarms] == [Alarm.FORGED_MESSAGE]
    assert hub.rig.site.acts() == []


def test_a_retained_command_is_refused_and_alarmed(hub):
    hub.welcome()
    hub.snapshot(*hub.rig.town.usual())
    hub.say(Channel.COMMANDS, _command(hub), retained=True)
    assert hub.rig.last(EventKind.SECURITY_ALARM).alarm is Alarm.RETAINED_MESSAGE
    assert hub.rig.site.acts() == []


def test_neither_loss_nor_return_of_the_link_changes_a_decision_or_moves_a_door(hub):
    hub.welcome()
    hub.snapshot(*hub.rig.town.usual())
    hub.rig.disconnect()
    assert hub.rig.last(EventKind.LINK_LOST).cause == "connection_lost"
    assert hub.rig.site.acts() == []
    hub.rig.press("482915#")
    hub.rig.press("777777#")
    kinds = hub.rig.kinds()
    assert kinds.count("access_granted") == kinds.count("access_denied") == 1
    hub.welcome()
    assert len(hub.rig.site.acts()) == 1
    assert hub.rig.last(EventKind.LINK_RESTORED).away_ms is not None


def test_since_when_the_hub_is_away_is_known_until_it_is_back(hub):
    """It is the status's answer to "for how long?"; a second loss without a return keeps it."""
    hub.rig.connect()
    hub.welcome()
    memory = hub.rig.parts.memory
    assert memory.lost_at is None
    hub.rig.disconnect()
    lost = memory.lost_at
    assert lost is not None
    hub.rig.go(60)
    hub.rig.disconnect()
    assert memory.lost_at == lost
    hub.rig.connect()
    hub.welcome()
    assert (memory.link_up, memory.lost_at) == (True, None)
