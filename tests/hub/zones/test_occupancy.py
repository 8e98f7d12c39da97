"""Who is inside: from passages that were let in and opened, until they are forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.web.rights import Role
from wire import events as ev
from wire.clock import ClockState
from wire.events import EventKind, Factor
from wire.policy_bodies import DoorMode
from wire.reasons import Reason


def test_somebody_is_inside_from_the_leaf_that_opened_until_they_leave(hall: Any) -> None:
    hall.walks(hall.ann)
    hall.walks(hall.bob)
    assert hall.inside() == [hall.ann, hall.bob]
    hall.walks(hall.ann, "exit")
    assert hall.inside() == [hall.bob]
    found = hall.occupancy()
    assert (found.count, found.known, found.as_of) == (1, True, hall.clock.now())


def test_who_was_let_in_and_did_not_open_is_not_inside(hall: Any) -> None:
    hall.let_in(hall.ann)
    assert hall.inside() == []


def test_who_was_refused_is_not_inside(hall: Any) -> None:
    refused = {"kind": EventKind.ACCESS_DENIED, "reason": Reason.ANTI_PASSBACK, "act": None}
    hall.let_in(hall.ann, **refused)
    hall.leaf(opens=True)
    assert hall.inside() == []


def test_who_comes_while_the_leaf_stands_open_goes_in_at_once(hall: Any) -> None:
    """A held door, and the second of two who come close together."""
    hall.let_in(hall.ann)
    hall.leaf(opens=True)
    hall.clock.advance(timedelta(seconds=2))
    hall.let_in(hall.bob, reason=Reason.HELD_OPEN)
    assert hall.inside() == [hall.ann, hall.bob]


def test_where_no_contact_sees_the_leaf_the_lock_that_was_driven_tells(hall: Any) -> None:
    hall.let_in(hall.ann, hall.back)
    assert hall.inside() == [hall.ann]


def test_both_of_two_persons_go_in(hall: Any, hub_town: Any) -> None:
    """One opening, which names the card of the one who came first."""
    hall.walks(hall.bob, partner=hub_town.card(hall.ann))
    assert sorted(hall.inside()) == sorted([hall.ann, hall.bob])
    (entry,) = hall.client.get("/api/v1/entries", params={"kind": "granted"}).json()["items"]
    assert (entry["person_id"], entry["partner_person_id"]) == (hall.bob, hall.ann)


def test_a_bookings_pin_is_nobody_and_duress_goes_in_like_anybody(hall: Any) -> None:
    hall.walks(None, factor=Factor.PIN, reason=Reason.PIN_VALID)
    hall.walks(hall.ann, kind=EventKind.ACCESS_DURESS, reason=Reason.DURESS_PIN)
    assert hall.inside() == [hall.ann]


def test_who_goes_on_into_a_room_is_still_in_the_hall_around_it(hall: Any) -> None:
    office = hall.add("zones", site_id=hall.site, name="事務室")
    hall.change("doors", hall.back, zone_in=office, zone_out=hall.zone)
    hall.walks(hall.ann)
    hall.let_in(hall.ann, hall.back)
    assert hall.inside() == [hall.ann]
    path = f"/api/v1/zones/{office}/occupancy"
    assert hall.client.get(path).json()["count"] == 1
    hall.clock.advance(timedelta(minutes=1))
    hall.walks(hall.ann, "exit")
    assert hall.inside() == []
    assert hall.client.get(path).json()["count"] == 0


def test_who_comes_from_outside_has_left_where_they_were_thought_to_be(hall: Any) -> None:
    office = hall.add("zones", site_id=hall.site, name="事務室")
    hall.change("doors", hall.back, zone_in=office)
    hall.walks(hall.ann)
    hall.let_in(hall.ann, hall.back)
    assert hall.inside() == []
    assert hall.client.get(f"/api/v1/zones/{office}/occupancy").json()["count"] == 1


def test_a_zone_that_stands_open_is_not_known_and_begins_anew_when_it_is_shut(hall: Any) -> None:
    """An evacuation, a hold, a schedule: nobody saw who came and went."""
    for mode in (DoorMode.HOLD_OPEN, DoorMode.EMERGENCY_OPEN):
        hall.walks(hall.ann)
        assert hall.inside() == [hall.ann]
        body = ev.ModeEventBody(door=hall.back, mode=mode, order=0, cause="schedule")
        hall.journal.add(EventKind.MODE_APPLIED, body, hall.now_s)
        found = hall.occupancy()
        assert (found.known, [door.id for door in found.standing_open]) == (False, [hall.back])
        hall.clock.advance(timedelta(minutes=1))
        hall.journal.add(EventKind.MODE_ENDED, body, hall.now_s)
        found = hall.occupancy()
        assert (found.known, found.count) == (True, 0)
        hall.clock.advance(timedelta(minutes=1))


def test_a_fire_alarm_opens_every_zone_of_its_controller(hall: Any) -> None:
    hall.walks(hall.ann)
    body = ev.DeviceEventBody(device=hall.device)
    hall.journal.add(EventKind.FIRE_ALARM, body, hall.now_s)
    assert len(hall.occupancy().standing_open) == 2
    hall.clock.advance(timedelta(minutes=9))
    hall.journal.add(EventKind.FIRE_ALARM_CLEARED, body, hall.now_s)
    found = hall.occupancy()
    assert (found.known, found.count) == (True, 0)


def test_a_door_that_is_locked_by_hand_keeps_what_is_known(hall: Any) -> None:
    hall.walks(hall.ann)
    for kind in (EventKind.MODE_APPLIED, EventKind.MODE_ENDED):
        body = ev.ModeEventBody(door=hall.back, mode=DoorMode.LOCKED, order=7)
        hall.journal.add(kind, body, hall.now_s)
    found = hall.occupancy()
    assert (found.known, found.count) == (True, 1)


def test_a_passage_that_comes_late_does_not_turn_back_a_newer_one(hall: Any) -> None:
    hall.walks(hall.ann)
    hall.walks(hall.ann, "exit")
    hall.let_in(hall.ann, hall.back, at_s=5, late_s=600)
    assert hall.inside() == []


def test_a_clock_that_nobody_trusts_counts_by_when_it_was_heard(hall: Any) -> None:
    hall.journal.start -= timedelta(days=20_000)
    hall.let_in(hall.ann, hall.back, clock=ClockState.UNTRUSTED, at_s=0, late_s=20_000 * 86_400)
    assert hall.inside() == [hall.ann]


def test_a_replay_from_nothing_finds_the_same_people(hall: Any) -> None:
    from hub.entries.projector import PROJECTOR as ENTRIES
    from hub.projection.worker import ProjectionWorker
    from hub.zones.projector import PROJECTOR as ZONES

    hall.walks(hall.ann)
    hall.walks(hall.bob)
    hall.walks(hall.ann, "exit")
    before = hall.occupancy()
    ProjectionWorker(hall.hub.core.db, hall.journal.after, [ENTRIES, ZONES]).replay()
    assert hall.occupancy() == before


# --- what comes ahead of a backlog ---


def tell(hall: Any, told: list[Any]) -> None:
    """Have these rows projected, by their numbers."""
    hall.journal = SimpleNamespace(
        start=hall.journal.start,
        after=lambda _scope, after, limit: [r for r in told if r.number > after][:limit],
    )


def ahead(hall: Any, count: int) -> None:
    """The last `count` rows come before the ones in front of them, and again in their turn."""
    rows = hall.journal.rows
    early, late = rows[-count:], rows[:-count]
    ids = iter(range(1, 1 + 2 * len(rows)))
    told = [replace(row, id=next(ids), ahead=True) for row in early]
    told += [replace(row, id=next(ids), late=True) for row in late]
    told += [replace(row, again=next(ids), ahead=False) for row in told[:count]]
    tell(hall, told)


def test_an_opening_that_comes_ahead_of_its_decision_is_a_passage_in_the_end(hall: Any) -> None:
    hall.let_in(hall.ann)
    hall.leaf(opens=True)
    ahead(hall, 1)
    assert hall.inside() == [hall.ann]


def test_a_lock_driven_ahead_of_its_decision_is_a_passage_in_the_end(hall: Any) -> None:
    hall.let_in(hall.ann, hall.back)
    ahead(hall, 1)
    assert hall.inside() == [hall.ann]


def test_one_opening_is_not_the_passage_of_two(hall: Any) -> None:
    """Ann was let in and did not open; Bob, of whom we heard first, did."""
    hall.let_in(hall.ann)
    hall.clock.advance(timedelta(seconds=20))
    hall.let_in(hall.bob)
    hall.leaf(opens=True)
    ahead(hall, 3)
    assert hall.inside() == [hall.bob]


def test_whether_the_leaf_stood_open_is_asked_once_it_is_known(hall: Any) -> None:
    """While a backlog drains, the state of the door is that of hours ago."""
    hall.let_in(hall.ann)
    hall.leaf(opens=True)
    hall.clock.advance(timedelta(minutes=1))
    hall.let_in(hall.bob)
    ahead(hall, 2)
    assert sorted(hall.inside()) == sorted([hall.ann, hall.bob])


def test_a_door_that_stood_open_hours_ago_lets_nobody_in_now(hall: Any) -> None:
    hall.leaf(opens=True)
    hall.inside()
    hall.leaf(opens=False)
    hall.clock.advance(timedelta(minutes=1))
    hall.let_in(hall.bob)
    seen, rows = hall.journal.rows[0], hall.journal.rows[1:]
    told = [
        seen,
        replace(rows[1], id=2, ahead=True),
        replace(rows[2], id=3, ahead=True),
        replace(rows[0], id=4, late=True),
        replace(rows[1], id=2, again=5),
        replace(rows[2], id=3, again=6),
    ]
    tell(hall, told)
    assert hall.inside() == []


@pytest.mark.parametrize("controllers", [1, 2])
def test_who_went_in_before_the_zone_began_anew_is_not_inside_though_it_is_heard_later(
    hall: Any, controllers: int
) -> None:
    """Told late by the same controller or, with nothing to tell again, by another."""
    hall.let_in(hall.ann)
    hall.leaf(opens=True)
    hall.clock.advance(timedelta(minutes=1))
    body = ev.ModeEventBody(door=hall.back, mode=DoorMode.HOLD_OPEN, order=0, cause="schedule")
    hall.journal.add(EventKind.MODE_ENDED, body, hall.now_s)
    if controllers == 1:
        ahead(hall, 1)
    else:
        rows = hall.journal.rows
        rows[:] = [replace(row, id=n) for n, row in enumerate([rows[-1], *rows[:-1]], 1)]
    assert hall.inside() == []


# --- what is forgotten ---


def test_whoever_went_in_is_forgotten_after_the_zones_time(hall: Any) -> None:
    hall.change("zones", hall.zone, forget_after_s=3_600)
    hall.walks(hall.ann)
    hall.clock.advance(timedelta(minutes=58))
    assert hall.inside() == [hall.ann]
    hall.clock.advance(timedelta(minutes=1))
    assert hall.inside() == []


def test_everybody_is_forgotten_at_the_daily_reset_in_the_zones_own_time(hall: Any) -> None:
    hall.walks(hall.ann)  # Monday, nine in Tokyo
    hall.clock.advance(timedelta(hours=18))
    assert hall.inside() == [hall.ann]
    hall.clock.advance(timedelta(hours=1))
    assert hall.inside() == []
    hall.change("zones", hall.zone, reset_min=None)
    assert hall.inside() == [hall.ann]


def test_a_zone_is_forgiven_with_a_reason_and_told_to_its_doors(
    hall: Any, forgive: Callable[..., Any], admin: TestClient
) -> None:
    hall.walks(hall.ann)
    assert hall.inside() == [hall.ann]
    assert forgive(f"zones/{hall.zone}", "").status_code == 422
    answer = forgive(f"zones/{hall.zone}")
    assert (answer.status_code, answer.json()["count"]) == (200, 0)
    told = admin.get(f"/api/v1/zones/{hall.zone}").json()
    assert told["forgiven"] == 1
    assert told["forgiven_at"] is not None
    hall.clock.advance(timedelta(minutes=1))
    hall.walks(hall.bob)
    assert hall.inside() == [hall.bob]
    (noted,) = admin.get("/api/v1/audit", params={"action": "zone.forgiven"}).json()["items"]
    assert noted["details"] == {"reason": "閉館後の点検", "forgiven": 1}
    assert noted["target_id"] == hall.zone


def test_a_person_is_forgiven_everywhere_and_others_are_not(
    hall: Any, forgive: Callable[..., Any], admin: TestClient
) -> None:
    hall.walks(hall.ann)
    hall.walks(hall.bob)
    hall.inside()
    for count in (1, 2):
        answer = forgive(f"people/{hall.ann}")
        assert (answer.status_code, answer.json()["forgiven"]) == (200, count)
    assert hall.inside() == [hall.bob]
    noted = admin.get("/api/v1/audit", params={"action": "person.forgiven"}).json()["items"]
    assert [each["details"]["forgiven"] for each in noted] == [2, 1]
    assert forgive("people/nobody").status_code == 404


def test_the_edge_is_told_the_new_count_at_once(hall: Any, forgive: Callable[..., Any]) -> None:
    from hub.policy.tables import policy_dirty

    def marks(scope: Any) -> set[tuple[str, str]]:
        found = {(str(row.kind), row.target) for row in scope.all(scope.select(policy_dirty))}
        scope.delete(policy_dirty, policy_dirty.c.id.is_not(None))
        return found

    db = hall.hub.core.db
    db.write(marks)
    forgive(f"zones/{hall.zone}")
    assert db.write(marks) == {("door", hall.front), ("door", hall.back)}
    forgive(f"people/{hall.ann}")
    assert db.write(marks) == {("person", hall.ann)}


# --- who may, and what is not known ---


def test_names_need_their_right_and_forgiving_its_own(
    hall: Any, as_role: Callable[[Role], TestClient]
) -> None:
    hall.walks(hall.ann)
    hall.inside()
    path = f"/api/v1/zones/{hall.zone}"
    asked = {"reason": "r"}
    for role, sees, may in (
        (Role.ADMIN, True, True),
        (Role.CLERK, True, True),
        (Role.AUDITOR, True, False),
        (Role.VIEWER, False, False),
    ):
        client = as_role(role)
        told = client.get(f"{path}/occupancy").json()
        assert told["count"] == 1
        assert (told["inside"] is not None) is sees
        assert (client.post(f"{path}/forgive", json=asked).status_code == 200) is may
        hall.clock.advance(timedelta(minutes=1))
        hall.walks(hall.ann)
        hall.inside()
    assert as_role(Role.STAFF).get(f"{path}/occupancy").status_code == 403


def test_while_its_controller_is_away_a_count_is_of_when_it_was_heard_last(hall: Any) -> None:
    from hub.link.tables import SessionState, controller_sessions

    hall.walks(hall.ann)
    heard = hall.journal.start
    away = {"state": SessionState.PAST}
    hall.hub.core.db.write(lambda scope: scope.update(controller_sessions, away, _every()))
    hall.clock.advance(timedelta(minutes=30))
    found = hall.occupancy()
    assert (found.count, found.known, found.away) == (1, False, {"k7w2m9x4c1t8z5qa"})
    assert found.as_of <= heard + timedelta(minutes=1)


def _every() -> Any:
    import sqlalchemy as sa

    return sa.true()


def test_a_door_without_a_reader_on_the_way_out_is_named(hall: Any, admin: TestClient) -> None:
    told = admin.get(f"/api/v1/zones/{hall.zone}/occupancy").json()
    assert told["unwatched_doors"] == [hall.back]
    hall.reader(hall.back, 3, "exit")
    told = admin.get(f"/api/v1/zones/{hall.zone}/occupancy").json()
    assert told["unwatched_doors"] == []


@pytest.mark.parametrize("path", ["zones/nothing/occupancy"])
def test_a_zone_that_there_is_not_is_not_found(admin: TestClient, path: str) -> None:
    assert admin.get(f"/api/v1/{path}").status_code == 404


# --- what the access list says of it ---


def _ways(hall: Any, door: str, **query: str) -> list[dict[str, Any]]:
    """The ways in: who goes out is asked none of this."""
    found = hall.client.get(f"/api/v1/doors/{door}/access", params=query)
    assert found.status_code == 200, found.text
    ways: list[dict[str, Any]] = found.json()
    return [way for way in ways if way["side"] != "exit"]


def _conditions(way: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(each["reason"], each["soft"]) for each in way["conditions"]]


@pytest.fixture
def with_card(hall: Any, hub_town: Any) -> Any:
    """Ann and Bob have cards, and grants at the front door."""
    for person in (hall.ann, hall.bob):
        hub_town.card(person)
        hall.add("grants", door_id=hall.front, person_id=person)
    return hall


def test_the_access_list_says_what_may_still_refuse_somebody(with_card: Any) -> None:
    hall = with_card
    assert [_conditions(way) for way in _ways(hall, hall.front)] == [[], []]
    hall.change("zones", hall.zone, anti_passback="hard", occupancy_max=1)
    hall.walks(hall.ann)
    hall.inside()
    told = {way["person_id"]: _conditions(way) for way in _ways(hall, hall.front)}
    assert told == {hall.ann: [("anti_passback", False)], hall.bob: [("zone_full", False)]}
    hall.change("zones", hall.zone, anti_passback="soft")
    hall.change("people", hall.bob, anti_passback_exempt=True)
    hall.change("doors", hall.front, two_person=True, first_person="entry")
    told = {way["person_id"]: _conditions(way) for way in _ways(hall, hall.front)}
    door = [("first_person_missing", False), ("second_person_missing", False)]
    assert told == {
        hall.ann: [("anti_passback", True), *door],
        hall.bob: [("zone_full", False), *door],
    }
    # Where people will be is not known.
    later = _ways(hall, hall.front, at="2026-04-08T09:00:00+09:00")
    assert [_conditions(way) for way in later] == [door, door]


def test_whoever_is_exempt_is_so_with_a_pin_as_well(hall: Any, hub_town: Any) -> None:
    """As at the edge: the exemption is the person's, not the card's; a booking's PIN may be shared
    and is asked for nobody's whereabouts."""
    hall.change("zones", hall.zone, anti_passback="hard")
    booked = hub_town.pin(hall.front, starts_h=0, person=hall.ann)
    own = hub_town.pin(hall.front, starts_h=0, person=hall.ann, booked=False)
    hall.walks(hall.ann)
    hall.inside()
    told = {way["credential_id"]: _conditions(way) for way in _ways(hall, hall.front)}
    assert told == {booked: [], own: [("anti_passback", False)]}
    hall.change("people", hall.ann, anti_passback_exempt=True)
    assert [_conditions(way) for way in _ways(hall, hall.front)] == [[], []]


def test_the_first_person_and_the_uses_left_are_told(with_card: Any) -> None:
    hall = with_card
    hall.change("doors", hall.front, first_person="entry")
    (ann, bob) = hall.client.get("/api/v1/grants").json()["items"]
    hall.change("grants", ann["id"], first_person=True, max_uses=2)
    for _ in range(2):
        hall.walks(hall.ann, grant=ann["id"])
    hall.inside()
    told = {way["grant_id"]: way for way in _ways(hall, hall.front)}
    assert told[ann["id"]]["first_person"] is True
    assert (told[ann["id"]]["uses"], told[ann["id"]]["max_uses"]) == (2, 2)
    assert _conditions(told[ann["id"]]) == [("used_up", False)]
    assert _conditions(told[bob["id"]]) == [("first_person_missing", False)]


def test_a_door_held_open_by_schedule_is_open_to_everybody(hall: Any) -> None:
    week = [{"days": [0, 1, 2, 3, 4], "spans": [[540, 1020]]}]
    schedule = hall.add("schedules", name="平日", week=week)
    hall.change("doors", hall.front, hold_schedule=schedule, first_person="hold")
    (way,) = _ways(hall, hall.front)
    assert (way["by"], way["schedule_id"], way["grant_id"]) == ("schedule", schedule, None)
    assert _conditions(way) == [("first_person_missing", False)]
    assert _ways(hall, hall.front, at="2026-04-06T18:00:00+09:00") == []


def test_more_uses_than_a_soft_limit_over_two_controllers_are_reported(hall: Any) -> None:
    """Each controller let them in once, as it had to: only here are both seen."""
    other = "h7w2m9x4c1t8z5qa"
    hall.add("controllers", id=other, site_id=hall.site, name="別棟の盤")
    annex = hall.add("doors", site_id=hall.site, controller_id=other, name="別棟")
    once = {"person_id": hall.ann, "max_uses": 1, "soft": True}
    first = hall.add("grants", door_id=hall.front, **once)
    second = hall.add("grants", door_id=annex, **once)
    hall.readers[annex, "entry"] = hall.readers[hall.front, "entry"]
    hall.let_in(hall.ann, grant=first)
    hall.let_in(hall.ann, annex, grant=second)
    hall.inside()
    found = hall.client.get("/api/v1/entries", params={"kind": "soft"}).json()["items"]
    assert [(each["door_id"], each["soft"]) for each in found] == [(annex, "used_up")]
    alarms = hall.client.get("/api/v1/alarms").json()
    assert [(each["kind"], each["cause"], each["door_id"]) for each in alarms] == [
        ("rule_broken", "used_up", annex)
    ]


def test_who_went_on_from_the_hall_to_where_the_door_begins_may_come_back(with_card: Any) -> None:
    """A terrace beyond the hall, with a door of its own back into it."""
    hall = with_card
    terrace = hall.add("zones", site_id=hall.site, name="テラス")
    hall.change("zones", hall.zone, anti_passback="hard")
    hall.change("doors", hall.back, zone_in=terrace, zone_out=hall.zone)
    hall.walks(hall.ann)
    hall.let_in(hall.ann, hall.back)
    hall.inside()
    told = {way["person_id"]: _conditions(way) for way in _ways(hall, hall.front)}
    assert told[hall.ann] == [("anti_passback", False)]
    hall.change("doors", hall.front, zone_out=terrace)
    told = {way["person_id"]: _conditions(way) for way in _ways(hall, hall.front)}
    assert told[hall.ann] == []
