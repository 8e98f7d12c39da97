"""Remote unlock, modes and emergencies: ordered, sent, followed to what the door reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.commands.access import AccessService
from hub.commands.mode_service import Area, DoorTrack, ModesService, doors_waiting
from hub.commands.projector import project
from hub.commands.schedule_times import schedule_holds
from hub.commands.service import CommandExpiry, CommandsService, UnlockOrder
from hub.commands.states import CommandState
from hub.commands.tables import EmergencyKind
from hub.commands.ways import AccessBy
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.link.tables import SessionState, controller_sessions
from hub.people import repository as people_rows
from hub.policy.outlet import Outlet
from hub.projection.domain import ProjectedEvent
from hub.web.problems import Problem
from hub.web.rights import Principal, PrincipalKind, Role
from wire.clock import ClockState
from wire.events import (
    ActOutcome,
    CommandReceivedBody,
    CommandResultBody,
    EventBody,
    EventKind,
    ModeEventBody,
    Observed,
)
from wire.messages import Command, decode
from wire.policy_bodies import DoorMode, EntryState, Point
from wire.reasons import Reason
from wire.topics import Channel

SESSION = "0123456789abcdef0123456789abcdef"
CLERK = Principal(PrincipalKind.TOKEN, "clerk", "clerk", Role.CLERK)


@dataclass
class Desk:
    """A door with a strike at a connected controller, and what was sent to it."""

    town: Any
    site: str
    controller: str
    door: str
    sent: list[Command] = field(default_factory=list)
    broker_up: bool = True
    online: bool | None = None

    def __post_init__(self) -> None:
        outlet = Outlet()
        outlet.attach(self, lambda _controller: self.online)
        town = self.town
        self.commands = CommandsService(town.db, town.clock, town.ids, outlet)
        self.modes = ModesService(town.db, town.clock, town.ids)
        self.access = AccessService(town.db, town.clock)
        self.expiry = CommandExpiry(town.clock)

    def publish(self, controller: str, channel: Channel, body: bytes) -> bool:
        assert (controller, channel) == (self.controller, Channel.COMMANDS)
        if self.broker_up:
            self.sent.append(decode(Command, body))
        return self.broker_up

    def unlock(self, command_id: str | None = None) -> Any:
        return self.commands.unlock(CLERK, UnlockOrder(self.door, "鍵の忘れ物", command_id))

    def say(self, kind: EventKind, body: EventBody, controller: str | None = None) -> None:
        event = ProjectedEvent(
            raw_id=1,
            controller=controller or self.controller,
            epoch=1,
            seq=1,
            kind=kind,
            at=self.town.clock.now(),
            corrected_at=self.town.clock.now(),
            clock=ClockState.TRUSTED,
            boot="b",
            mono_ns=1,
            body=body,
            received_at=self.town.clock.now(),
        )
        if isinstance(body, ModeEventBody):
            self.town.db.write(lambda scope: ENTRIES.project(scope, event))
        self.town.db.write(lambda scope: project(scope, event))

    def result(
        self,
        command_id: str,
        outcome: ActOutcome = ActOutcome.DONE,
        observed: Observed = Observed.DOOR_OPENED,
        controller: str | None = None,
        reason: Reason = Reason.REMOTE_UNLOCK,
    ) -> None:
        body = CommandResultBody(
            command_id=command_id,
            door=self.door,
            outcome=outcome,
            reason=reason,
            observed=observed,
        )
        self.say(EventKind.COMMAND_RESULT, body, controller)

    def state(self, command_id: str) -> CommandState:
        found: CommandState = self.commands.get(CLERK, command_id).state
        return found


@pytest.fixture
def desk(town: Any) -> Desk:
    site = town.site()
    controller = town.controller(site)
    door = town.door(site, controller, strike=Point("device", 0))
    made = Desk(town, site, controller, door)
    row = {
        "controller_id": controller,
        "number": 1,
        "session": SESSION,
        "state": SessionState.CURRENT,
        "boot_id": "b",
        "agent": "test",
        "epoch": 1,
        "last_seq": 0,
        "hub_epoch": 1,
        "policy_version": 0,
        "clock_state": "trusted",
        "greeted_at": town.clock.now(),
    }
    town.db.write(lambda scope: scope.insert(controller_sessions, row))
    return made


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Problem) as refused:
        call()
    return refused.value.kind.code


# --- remote unlock -------------------------------------------------------------------------------


def test_an_unlock_names_the_present_session_and_lives_ten_seconds(desk: Desk) -> None:
    command = desk.unlock()
    (sent,) = desk.sent
    assert (sent.command_id, sent.session, sent.door) == (command.id, SESSION, desk.door)
    assert (sent.action, sent.life_ms, sent.pulse_ms) == ("unlock", 10_000, 5_000)
    assert sent.sent_at == command.sent_at == desk.town.clock.now()
    assert command.state is CommandState.SENT
    assert command.expires_at - command.sent_at == timedelta(seconds=10)


def test_the_same_id_is_the_same_command_and_is_sent_once(desk: Desk) -> None:
    chosen = desk.town.ids.new()
    first, second = desk.unlock(chosen), desk.unlock(chosen)
    assert first.id == second.id == chosen
    assert len(desk.sent) == 1
    other = desk.town.door(desk.site, desk.controller, strike=Point("device", 1))
    again = UnlockOrder(other, "", chosen)
    assert code_of(lambda: desk.commands.unlock(CLERK, again)) == "command_id_used"


def test_it_is_done_when_the_door_says_so_with_what_the_contact_saw(desk: Desk) -> None:
    command = desk.unlock()
    received = CommandReceivedBody(
        command_id=command.id,
        door=desk.door,
        action="unlock",
        actor="clerk",
        act=desk.town.ids.new(),
    )
    desk.say(EventKind.COMMAND_RECEIVED, received)
    assert desk.state(command.id) is CommandState.RECEIVED
    desk.result(command.id)
    done = desk.commands.get(CLERK, command.id)
    assert (done.state, done.observed, done.cause) == (
        CommandState.DONE,
        Observed.DOOR_OPENED,
        Reason.REMOTE_UNLOCK,
    )
    assert done.received_at is not None
    assert done.ended_at is not None


def test_done_without_anything_seen_is_unknown(desk: Desk) -> None:
    command = desk.unlock()
    desk.result(command.id, observed=Observed.NOTHING)
    assert desk.state(command.id) is CommandState.UNKNOWN


def test_another_controller_can_say_nothing_of_it(desk: Desk) -> None:
    command = desk.unlock()
    desk.result(command.id, controller=desk.town.controller(desk.site))
    assert desk.state(command.id) is CommandState.SENT


def test_silence_is_unknown_and_a_late_outcome_still_counts(desk: Desk) -> None:
    command = desk.unlock()
    desk.town.clock.advance(timedelta(seconds=14))
    with desk.town.db.read() as scope:
        assert not desk.expiry.is_due(scope)
    desk.town.clock.advance(timedelta(seconds=2))
    with desk.town.db.read() as scope:
        assert desk.expiry.is_due(scope)
    desk.town.db.write(desk.expiry.run)
    assert desk.state(command.id) is CommandState.UNKNOWN
    desk.result(command.id, ActOutcome.EXPIRED, Observed.NOTHING)
    assert desk.state(command.id) is CommandState.EXPIRED


def take_up(desk: Desk, command_id: str, act: str | None) -> None:
    """The controller says that a command came, and with an act that it carries it out."""
    body = CommandReceivedBody(
        command_id=command_id, door=desk.door, action="unlock", actor="clerk", act=act
    )
    desk.say(EventKind.COMMAND_RECEIVED, body)


def refuse_a_copy(desk: Desk, command_id: str) -> None:
    """A broker brings the command again, into a later session: the controller refuses it."""
    take_up(desk, command_id, None)
    refusal = ActOutcome.REFUSED, Observed.NOTHING
    desk.result(command_id, *refusal, reason=Reason.COMMAND_SESSION)


@pytest.mark.parametrize("outcome", [*ActOutcome])
def test_the_first_result_is_the_last_whatever_a_copy_comes_to(
    desk: Desk, outcome: ActOutcome
) -> None:
    """Also where it says that the outcome is unknown: the door may have opened."""
    command = desk.unlock()
    take_up(desk, command.id, desk.town.ids.new())
    desk.result(command.id, outcome, Observed.NOTHING)
    first = desk.commands.get(CLERK, command.id)
    refuse_a_copy(desk, command.id)
    desk.result(command.id)
    assert desk.commands.get(CLERK, command.id) == first


def test_a_copy_refused_while_the_command_runs_does_not_end_it(desk: Desk) -> None:
    command = desk.unlock()
    take_up(desk, command.id, desk.town.ids.new())
    refuse_a_copy(desk, command.id)
    assert desk.state(command.id) is CommandState.RECEIVED
    desk.town.clock.advance(timedelta(seconds=16))
    desk.town.db.write(desk.expiry.run)
    refuse_a_copy(desk, command.id)
    assert desk.state(command.id) is CommandState.UNKNOWN
    desk.result(command.id)
    assert desk.state(command.id) is CommandState.DONE


def test_a_command_that_came_into_a_later_session_only_has_failed(desk: Desk) -> None:
    command = desk.unlock()
    refuse_a_copy(desk, command.id)
    refused = desk.commands.get(CLERK, command.id)
    assert (refused.state, refused.cause) == (CommandState.FAILED, Reason.COMMAND_SESSION)
    assert refused.received_at is not None


def test_nothing_is_sent_to_a_controller_that_is_away(desk: Desk) -> None:
    desk.online = False
    assert code_of(desk.unlock) == "controller_offline"
    desk.online, desk.broker_up = None, False
    assert code_of(desk.unlock) == "controller_offline"
    assert {each.state for each in desk.commands.of_door(CLERK, desk.door)} == {CommandState.FAILED}
    desk.town.db.write(
        lambda scope: scope.update(
            controller_sessions,
            {"state": SessionState.PAST},
            controller_sessions.c.controller_id == desk.controller,
        )
    )
    assert code_of(desk.unlock) == "controller_offline"
    assert desk.sent == []


def test_a_door_without_a_strike_or_of_another_site_is_not_unlocked(desk: Desk) -> None:
    plain = desk.town.door(desk.site, desk.controller)
    ask = desk.commands.unlock
    assert code_of(lambda: ask(CLERK, UnlockOrder(plain, ""))) == "no_strike"
    stranger = replace(CLERK, sites=frozenset({"elsewhere"}))
    assert code_of(lambda: ask(stranger, UnlockOrder(desk.door, ""))) == "not_found"


# --- modes ---------------------------------------------------------------------------------------


def modes_held(desk: Desk) -> list[str]:
    desk.town.compile()
    held = desk.town.held(desk.controller)
    return sorted(
        body.decode().split('"mode":"')[1].split('"')[0]
        for key, body in held.items()
        if key.kind == "mode"
    )


def test_a_mode_reaches_the_policy_and_leaves_it_when_it_ends(desk: Desk) -> None:
    until = desk.town.clock.now() + timedelta(hours=2)
    view = desk.modes.set_mode(CLERK, desk.door, DoorMode.HOLD_OPEN, "行事", until)
    assert view.governing is not None
    assert view.governing.order_no == 1
    assert modes_held(desk) == ["hold_open"]
    desk.town.db.write(desk.town.sweep.run)
    desk.town.pass_time(hours=2)
    assert modes_held(desk) == []
    assert desk.modes.get(CLERK, desk.door).governing is None


def test_a_later_manual_order_takes_the_place_of_an_earlier_one(desk: Desk) -> None:
    until = desk.town.clock.now() + timedelta(hours=2)
    desk.modes.set_mode(CLERK, desk.door, DoorMode.HOLD_OPEN, "", until)
    desk.modes.set_mode(CLERK, desk.door, DoorMode.LOCKED, "")
    assert modes_held(desk) == ["locked"]
    desk.modes.set_mode(CLERK, desk.door, None, "")
    assert modes_held(desk) == []


def test_the_door_reports_that_it_follows_an_order(desk: Desk) -> None:
    view = desk.modes.set_mode(CLERK, desk.door, DoorMode.LOCKED, "")
    order = view.governing
    assert order is not None
    said = ModeEventBody(door=desk.door, mode=DoorMode.LOCKED, order=order.order_no)
    desk.say(EventKind.MODE_APPLIED, said, desk.town.controller(desk.site))
    assert desk.modes.get(CLERK, desk.door).governing.applied_at is None  # type: ignore[union-attr]
    desk.say(EventKind.MODE_APPLIED, said)
    assert desk.modes.get(CLERK, desk.door).governing.applied_at is not None  # type: ignore[union-attr]


def test_an_emergency_is_tracked_door_by_door_and_never_ends_in_open(desk: Desk) -> None:
    admin = replace(CLERK, role=Role.ADMIN)
    other = desk.town.door(desk.site, desk.controller)
    until = desk.town.clock.now() + timedelta(hours=2)
    desk.modes.set_mode(CLERK, desk.door, DoorMode.HOLD_OPEN, "", until)
    ordered = desk.modes.order_emergency(admin, EmergencyKind.LOCKDOWN, Area(desk.site), "不審者")
    assert {door.track for door in ordered.doors} == {DoorTrack.ORDERED}
    assert {door.order.door_id for door in ordered.doors} == {desk.door, other}
    assert modes_held(desk) == ["lockdown", "lockdown"]
    hold = desk.modes.set_mode
    refused = lambda: hold(CLERK, desk.door, DoorMode.HOLD_OPEN, "", until)  # noqa: E731
    assert code_of(refused) == "mode_emergency_active"
    first = ordered.doors[0].order
    said = ModeEventBody(door=first.door_id, mode=first.mode, order=first.order_no)
    desk.say(EventKind.MODE_APPLIED, said)
    now = desk.modes.emergency(admin, ordered.emergency.id)
    tracked = {door.order.door_id: door.track for door in now.doors}
    assert tracked[first.door_id] is DoorTrack.APPLIED
    desk.modes.end_emergency(admin, ordered.emergency.id)
    assert modes_held(desk) == []


def test_one_order_opens_every_shelter_of_an_area_and_tracks_each_door(desk: Desk) -> None:
    admin = replace(CLERK, role=Role.ADMIN)
    town = desk.town
    near, far = town.site(area="北部"), town.site(area="北部")
    away = town.controller(far)
    here = town.door(near, town.controller(near), shelter=True)
    there = town.door(far, away, shelter=True)
    town.door(near, town.controller(near))
    town.door(town.site(area="南部"), town.controller(town.site()), shelter=True)
    area = Area(name="北部", shelters_only=True)
    ordered = desk.modes.order_emergency(admin, EmergencyKind.OPEN, area, "地震")
    assert {door.order.door_id for door in ordered.doors} == {here, there}
    assert set(doors_waiting([ordered])) == {here, there}
    # The far site has no network: its switch is turned there, and the hub hears of it later.
    said = ModeEventBody(door=there, mode=DoorMode.EMERGENCY_OPEN, order=0, cause="shelter")
    desk.say(EventKind.MODE_APPLIED, said, away)
    now = desk.modes.emergency(admin, ordered.emergency.id)
    found = {door.order.door_id: (door.track, door.on_the_spot) for door in now.doors}
    assert found == {here: (DoorTrack.ORDERED, False), there: (DoorTrack.ORDERED, True)}
    assert doors_waiting([now]) == [here]
    order = next(door.order for door in now.doors if door.order.door_id == there)
    said = ModeEventBody(door=there, mode=DoorMode.EMERGENCY_OPEN, order=order.order_no)
    desk.say(EventKind.MODE_APPLIED, said, away)
    tracks = desk.modes.emergency(admin, ordered.emergency.id).doors
    assert {d.order.door_id: d.track for d in tracks}[there] is DoorTrack.APPLIED


def test_an_emergency_that_would_concern_no_door_is_refused(desk: Desk) -> None:
    admin = replace(CLERK, role=Role.ADMIN)
    order = lambda area: desk.modes.order_emergency(admin, EmergencyKind.OPEN, area, "訓練")  # noqa: E731
    assert code_of(lambda: order(Area(name="どこか"))) == "not_found"
    assert code_of(lambda: order(Area(desk.site, shelters_only=True))) == "no_doors"
    assert desk.modes.open_emergencies(admin) == []


# --- access --------------------------------------------------------------------------------------


def test_who_could_open_a_door_is_told_with_the_reason(desk: Desk) -> None:
    town = desk.town
    town.reader(desk.controller, desk.door)
    group = town.group()
    member, blocked = town.person(group), town.person()
    card = town.card(member)
    town.card(blocked)
    town.grant(desk.door, group_id=group, schedule_id=town.schedule())
    town.grant(desk.door, person_id=blocked)
    from hub.people.tables import people
    from hub.policy.touch import touch_person

    town.set(people, touch_person, blocked, state=EntryState.BLOCKED)
    pin = town.pin(desk.door, starts_h=1, hours=2)
    later = town.clock.now() + timedelta(hours=1, minutes=30)
    ways = desk.access.at(CLERK, desk.door, later)
    assert [(way.by, way.credential_id, way.via_group) for way in ways] == [
        (AccessBy.CARD, card, group),
        (AccessBy.PIN, pin, None),
    ]
    night = town.clock.now() + timedelta(hours=14)
    assert desk.access.at(CLERK, desk.door, night) == []


def test_the_pin_of_somebody_who_is_blocked_or_whose_time_is_over_opens_nothing(
    desk: Desk,
) -> None:
    """As their card does: whoever looks must not be told of a way that the door refuses."""
    from hub.people.tables import people
    from hub.policy.touch import touch_person

    town = desk.town
    person = town.person()
    pin = town.pin(desk.door, starts_h=1, hours=4, person=person)
    start = town.clock.now() + timedelta(hours=1)
    begin, end = start + timedelta(hours=1), start + timedelta(hours=2)

    def could(at: datetime) -> list[str | None]:
        return [way.credential_id for way in desk.access.at(CLERK, desk.door, at)]

    assert could(start) == [pin]
    town.set(people, touch_person, person, starts_at=begin, ends_at=end)
    assert [could(at) for at in (start, begin, end)] == [[], [pin], []]
    (way,) = desk.access.over(CLERK, desk.door, start, start + timedelta(hours=9))
    assert [(each.start, each.end) for each in way.spans or ()] == [(begin, end)]
    town.set(people, touch_person, person, state=EntryState.BLOCKED)
    assert could(begin) == []


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        (datetime.fromisoformat("2026-04-06T09:00+09:00"), True),
        (datetime.fromisoformat("2026-04-06T16:59+09:00"), True),
        (datetime.fromisoformat("2026-04-06T17:00+09:00"), False),
        (datetime.fromisoformat("2026-04-05T12:00+09:00"), False),
    ],
)
def test_a_schedule_holds_within_its_spans_and_not_on_holidays(
    desk: Desk, at: datetime, holds: bool
) -> None:
    made = desk.town.schedule()
    with desk.town.db.read() as scope:
        schedule = people_rows.schedule(scope, made)
    assert schedule is not None
    assert schedule_holds(schedule, (), at) is holds
    assert not schedule_holds(schedule, (at.date(),), at)
