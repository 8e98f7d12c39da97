"""Who is where: moved by what the contact saw, kept with the event, forgotten and forgiven."""

from __future__ import annotations

import pytest

from edge.core.model import InputChanged, Source
from edge.service.status import status_of
from tests.edge.conftest import DEVICE, DOOR, PERSON, made_id
from wire.events import EventKind
from wire.policy import EntryKey, EntryKind
from wire.policy_bodies import (
    AntiPassback,
    Assurance,
    DoorMode,
    OnJournalFailure,
    ReaderBody,
    Side,
    ZoneBody,
)
from wire.reasons import Reason

CONTACT = 0
HALL, EXIT_READER, OTHER, OTHER_CARD = map(made_id, range(60, 64))
OTHER_NUMBER = bytes.fromhex("04ffffffffffff")
HOUR = 3_600


@pytest.fixture
def hall(rig):
    """A hall with hard anti-passback behind the door, an exit reader, two persons with cards."""
    town = rig.town
    rig.policy(
        zone(rig),
        town.door(zone_in=HALL),
        town.put(
            EntryKind.READER,
            EXIT_READER,
            ReaderBody(device=DEVICE, channel=1, door=DOOR, side=Side.EXIT),
        ),
        town.person(OTHER),
        town.card(OTHER_NUMBER, credential=OTHER_CARD, person=OTHER),
        town.grant(made_id(64), person=OTHER),
    )
    rig.set_input(CONTACT, True)
    rig.set_input(CONTACT, False)
    return rig


def zone(rig, **changes) -> bytes:
    body = {"anti_passback": AntiPassback.HARD, "reset_min": None, **changes}
    return rig.town.put(EntryKind.ZONE, HALL, ZoneBody(**body))


def tap(rig, number: bytes | None = None, *, out: bool = False) -> Reason | None:
    """Somebody shows a card; give what is told last."""
    rig.tap(number, assurance=Assurance.READER_VERIFIED, channel=int(out))
    rows = rig.events(EventKind.ACCESS_GRANTED, EventKind.ACCESS_DENIED)
    return rig.bodies(rows[-1].kind)[-1].reason if rows else None


def walk(rig, number: bytes | None = None, *, out: bool = False) -> Reason | None:
    """Somebody shows a card and goes through."""
    reason = tap(rig, number, out=out)
    rig.set_input(CONTACT, True)
    rig.set_input(CONTACT, False)
    return reason


def persons(rig) -> int:
    status = status_of("test", "c", rig.parts.memory, rig.parts.recorder, rig.loop.now())
    return status.zones[0].persons


def test_who_went_in_is_refused_until_he_went_out(hall):
    assert walk(hall) is Reason.CARD_VALID
    assert walk(hall) is Reason.ANTI_PASSBACK
    assert walk(hall, out=True) is Reason.CARD_VALID
    assert walk(hall) is Reason.CARD_VALID


def test_a_grant_that_nobody_used_moves_nobody(hall):
    tap(hall)
    assert persons(hall) == 1  # on the way in
    hall.go(10)
    assert persons(hall) == 0
    hall.go(5)
    assert hall.journal.state("where/") == {}
    assert walk(hall) is Reason.CARD_VALID


def test_a_way_that_is_gone_too_late_is_not_gone(hall):
    tap(hall)
    hall.time.go(7)
    hall.set_input(CONTACT, True)
    assert persons(hall) == 0


def test_an_opening_that_waited_in_the_queue_counts_by_its_own_time(hall):
    """A commit that takes seconds lets nobody in twice."""
    assert tap(hall) is Reason.CARD_VALID
    hall.time.go(2)
    opened = InputChanged(Source(DEVICE, CONTACT), True, hall.time.mono)
    hall.time.go(8)
    hall.loop.tick()  # it comes before the loop has taken the opening
    hall.loop.handle(opened)
    hall.go(30)
    hall.loop.handle(InputChanged(Source(DEVICE, CONTACT), False, hall.time.mono))
    assert tap(hall) is Reason.ANTI_PASSBACK


def test_a_denial_moves_nobody(hall):
    hall.policy(hall.town.mode(DoorMode.LOCKED, 1))
    assert walk(hall) is Reason.DOOR_LOCKED
    assert persons(hall) == 0


def test_where_no_contact_tells_the_grant_does(hall):
    hall.policy(hall.town.door(zone_in=HALL, contact=None))
    assert tap(hall) is Reason.CARD_VALID
    assert tap(hall) is Reason.ANTI_PASSBACK


def test_at_a_leaf_that_stands_open_the_grant_tells(hall):
    hall.set_input(CONTACT, True)
    assert tap(hall) is Reason.CARD_VALID
    assert tap(hall) is Reason.ANTI_PASSBACK


def test_a_contact_that_falls_silent_lets_nobody_in_twice(hall):
    tap(hall)
    hall.site.unplug(DEVICE)
    hall.go(10)
    hall.site.plug(DEVICE)
    hall.settle()
    assert tap(hall) is Reason.ANTI_PASSBACK


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize("reboot", [False, True])
@pytest.mark.parametrize("opened", [False, True])
def test_a_power_cut_at_any_moment_lets_nobody_in_twice(hall, crash, reboot, opened):
    tap(hall)
    if opened:
        hall.set_input(CONTACT, True)
        hall.set_input(CONTACT, False)
    hall.restart(crash=crash, reboot=reboot)
    assert tap(hall) is Reason.ANTI_PASSBACK


def test_the_move_is_in_the_transaction_of_what_was_seen(hall):
    tap(hall)
    written = []
    append = hall.journal.journal.append

    def watched(events, now, state):
        written.append(([event.kind.value for event in events], sorted(state)))
        return append(events, now, state)

    hall.journal.journal.append = watched
    hall.set_input(CONTACT, True)
    assert (["door_opened"], ["uptime", f"where/{PERSON}"]) in written


def test_power_cuts_put_off_forgetting_and_never_bring_it_on(hall):
    hall.policy(zone(hall, forget_after_s=HOUR))
    walk(hall)
    hall.go(1_800, step_s=300)
    hall.time.ntp = type(hall.time.ntp)(synchronised=False, error_ms=16_000)
    hall.restart(crash=True, reboot=True)
    hall.time.wall_now += 10 * (hall.time.wall_now - hall.time.wall_now.replace(hour=0))
    assert tap(hall) is Reason.ANTI_PASSBACK
    hall.go(1_500, step_s=300)
    assert tap(hall) is Reason.ANTI_PASSBACK
    hall.go(700, step_s=300)
    assert tap(hall) is Reason.CARD_VALID


def test_nobody_is_shut_out_for_ever_without_a_clock(hall):
    hall.policy(zone(hall, reset_min=240))
    hall.time.ntp = type(hall.time.ntp)(synchronised=False, error_ms=16_000)
    hall.restart(crash=True, reboot=True)
    walk(hall)
    for _ in range(5):
        hall.go(5 * HOUR - 400, step_s=300)
        assert tap(hall) is Reason.ANTI_PASSBACK
        hall.restart(crash=True, reboot=True)
    hall.go(HOUR, step_s=300)
    assert tap(hall) is Reason.CARD_VALID


def test_everybody_is_forgotten_at_the_reset_of_the_day(hall):
    hall.policy(zone(hall, reset_min=240))
    walk(hall)
    hall.go(9 * HOUR + 1_800, step_s=600)  # 18:00 to 03:30 in Tokyo
    assert tap(hall) is Reason.ANTI_PASSBACK
    hall.go(1_801, step_s=600)
    assert persons(hall) == 0
    assert tap(hall) is Reason.CARD_VALID


def test_what_the_hub_forgives_is_forgiven_once(hall):
    walk(hall)
    hall.policy(hall.town.person(forgiven=1))
    hall.policy(hall.town.person(forgiven=1))
    assert walk(hall) is Reason.CARD_VALID
    assert walk(hall) is Reason.ANTI_PASSBACK
    hall.policy(zone(hall, forgiven=7))
    assert walk(hall) is Reason.CARD_VALID


def test_an_evacuation_shuts_nobody_out_afterwards(hall):
    walk(hall)
    walk(hall, OTHER_NUMBER)
    hall.policy(hall.town.mode(DoorMode.EMERGENCY_OPEN, 1))
    assert persons(hall) == 0
    assert hall.journal.state("where/") == {}
    assert walk(hall) is Reason.EMERGENCY_OPEN  # taps at an open door tell nothing
    hall.policy(drop=[hall.town.drop(EntryKind.MODE, made_id(900))])
    assert walk(hall) is Reason.CARD_VALID
    assert walk(hall, OTHER_NUMBER) is Reason.CARD_VALID


def test_a_zone_that_is_dropped_or_unreachable_is_forgotten(hall):
    walk(hall)
    hall.policy(drop=[EntryKey("zone", HALL)])
    assert hall.journal.state("where/") == {}
    hall.policy(zone(hall))
    assert walk(hall) is Reason.CARD_VALID
    hall.policy(hall.town.door())
    assert hall.journal.state("where/") == {}


def test_a_door_that_is_given_another_zone_leaves_people_where_they_were_seen_to_go(hall):
    walk(hall)
    room = made_id(70)
    hall.policy(
        hall.town.put(EntryKind.ZONE, room, ZoneBody(anti_passback=AntiPassback.HARD)),
        hall.town.door(zone_in=room, zone_out=HALL),
    )
    assert walk(hall) is Reason.CARD_VALID
    assert [mark.zone for mark in hall.parts.memory.whereabouts.of(PERSON).marks] == [HALL, room]


def test_a_reader_that_is_moved_to_the_other_side_leads_the_other_way(hall):
    walk(hall)
    hall.policy(hall.town.reader(side=Side.EXIT))
    assert walk(hall) is Reason.CARD_VALID
    assert persons(hall) == 0


def test_a_full_hall_lets_in_the_next_when_somebody_left(hall):
    hall.policy(zone(hall, anti_passback=AntiPassback.NONE, occupancy_max=1))
    assert tap(hall) is Reason.CARD_VALID
    assert tap(hall, OTHER_NUMBER) is Reason.ZONE_FULL  # one is on the way in
    hall.set_input(CONTACT, True)
    hall.set_input(CONTACT, False)
    assert walk(hall, OTHER_NUMBER) is Reason.ZONE_FULL
    assert walk(hall, out=True) is Reason.CARD_VALID
    assert walk(hall, OTHER_NUMBER) is Reason.CARD_VALID


def test_a_soft_rule_opens_reports_and_is_counted(hall):
    hall.policy(zone(hall, anti_passback=AntiPassback.SOFT, spans=True))
    walk(hall)
    walk(hall)
    granted = hall.last(EventKind.ACCESS_GRANTED)
    assert (granted.reason, granted.soft) == (Reason.CARD_VALID, Reason.ANTI_PASSBACK)
    assert hall.parts.memory.counters["soft.anti_passback"] == 1


def test_a_booking_s_pin_is_nobody_s_whereabouts(hall):
    hall.policy(zone(hall, occupancy_max=1))
    for _ in range(3):
        hall.press("482915#")
        hall.set_input(CONTACT, True)
        hall.set_input(CONTACT, False)
    assert len(hall.events(EventKind.ACCESS_GRANTED)) == 3
    assert persons(hall) == 0


def test_a_mechanical_key_is_seen_and_moves_nobody(hall):
    walk(hall)
    hall.set_input(3, True)
    hall.set_input(CONTACT, True)
    assert EventKind.MECHANICAL_KEY in hall.kinds()
    assert hall.kinds()[-1] == "door_opened"
    assert persons(hall) == 1


@pytest.mark.parametrize(("rule", "moved"), [("deny", 0), ("open", 1)])
def test_without_a_journal_only_what_opens_moves_anybody(hall, rule, moved):
    hall.policy(
        hall.town.door(zone_in=HALL, on_journal_failure=OnJournalFailure(rule), contact=None)
    )
    hall.journal.cause = "read_only"
    tap(hall)
    assert persons(hall) == moved
    hall.journal.cause = None
    hall.go(1)
    assert len(hall.journal.state("where/")) == moved


def test_a_person_whom_the_policy_no_longer_knows_leaves_nothing_behind(hall):
    walk(hall)
    hall.policy(drop=[hall.town.drop(EntryKind.PERSON_FLAGS, PERSON)])
    hall.restart()
    assert hall.journal.state("where/") == {}


def test_damaged_state_of_a_person_is_left_out_by_name(hall):
    walk(hall)
    now = hall.loop.now()
    bad = {f"where/{OTHER}": b"{", "uptime": b"[]", f"first/{DOOR}": b"0"}
    hall.journal.append([], now, bad)
    hall.restart(crash=True)
    assert hall.parts.memory.counters["state_unreadable"] == 3
    assert walk(hall) is Reason.ANTI_PASSBACK


def test_status_counts_persons_and_names_none(hall):
    walk(hall)
    status = status_of("test", "c", hall.parts.memory, hall.parts.recorder, hall.loop.now())
    (shown,) = status.zones
    assert (shown.id, shown.persons, shown.occupancy_max, shown.stands_open) == (
        HALL,
        1,
        None,
        False,
    )
    assert PERSON not in repr(status.zones)


def test_a_way_that_was_pending_at_a_stop_counts_as_gone_once(hall):
    """At a door that stood open to everybody then, it left nothing: nor does it at a later stop."""
    tap(hall)
    hall.policy(hall.town.mode(DoorMode.EMERGENCY_OPEN, 1))
    hall.restart(crash=True)
    assert persons(hall) == 0
    hall.policy(drop=[hall.town.drop(EntryKind.MODE, made_id(900))])
    hall.restart(crash=True)
    assert persons(hall) == 0
    assert tap(hall) is Reason.CARD_VALID
