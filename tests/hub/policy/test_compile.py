"""What is compiled step by step is what would be compiled from nothing."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.people import repository as people_rows
from hub.people.domain import CalendarSource, CardState, NamedDay
from hub.people.holiday_dates import dates_of
from hub.people.tables import calendars, cards, grants, people, schedules
from hub.pins import confirmation
from hub.pins.tables import pin_credentials
from hub.policy import failures, repository, touch
from hub.policy.failures import Failure
from hub.policy.sweep import Sweep
from hub.sites import repository as site_rows
from hub.sites.domain import SiteState
from hub.sites.kinds import touch_zone
from hub.sites.tables import controllers, doors, readers, zones
from wire.policy import EMPTY_DIGEST, EntryKey, EntryKind, PolicyDigest, entry_hash
from wire.policy_bodies import AntiPassback, EntryState, PunchRule, Side
from wire.sealed_names import NameKey


def kinds(held: dict[EntryKey, bytes]) -> dict[str, int]:
    count: dict[str, int] = {}
    for key in held:
        count[key.kind] = count.get(key.kind, 0) + 1
    return count


def body(held: dict[EntryKey, bytes], kind: EntryKind, entry_id: str) -> Any:
    return json.loads(held[EntryKey(kind.value, entry_id)])


def test_a_controller_gets_its_wiring_and_whoever_is_let_in(town: Any) -> None:
    site = town.site()
    one, other = town.controller(site), town.controller(site)
    door, elsewhere = town.door(site, one), town.door(site, other)
    town.reader(one, door)
    person, stranger = town.person(), town.person()
    card = town.card(person)
    town.card(stranger)
    schedule = town.schedule(town.calendar())
    town.grant(door, person_id=person, schedule_id=schedule)
    town.grant(elsewhere, person_id=stranger)
    town.compile()
    held = town.held(one)
    assert kinds(held) == {
        "door": 1,
        "device": 1,
        "reader": 1,
        "setting": 1,
        "grant": 1,
        "person-flags": 1,
        "credential": 1,
        "schedule": 1,
        "holiday": 1,
    }
    assert body(held, EntryKind.CREDENTIAL, card)["person"] == person


def test_the_same_card_has_another_digest_at_another_controller(town: Any) -> None:
    site = town.site()
    one, other = town.controller(site), town.controller(site)
    person = town.person()
    card = town.card(person)
    for controller in (one, other):
        town.grant(town.door(site, controller), person_id=person)
    town.compile()
    digests = {body(town.held(each), EntryKind.CREDENTIAL, card)["digest"] for each in (one, other)}
    assert len(digests) == 2


def test_group_members_come_and_go_with_their_cards(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    group = town.group()
    town.grant(town.door(site, controller), group_id=group)
    person = town.person()
    card = town.card(person)
    town.compile()
    key = EntryKey(EntryKind.CREDENTIAL.value, card)
    assert key not in town.held(controller)
    town.join(person, group)
    town.compile()
    assert key in town.held(controller)
    assert body(town.held(controller), EntryKind.PERSON_FLAGS, person)["groups"] == [group]
    town.leave(person, group)
    town.compile()
    assert key not in town.held(controller)


def test_every_members_card_reaches_a_terminal_for_punches(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    town.reader(controller, None, punch=PunchRule.INFERRED)
    town.compile()
    person = town.person()
    card = town.card(person)
    town.compile()
    assert EntryKey("credential", card) in town.held(controller)
    town.set(people, touch.touch_person, person, state=EntryState.REVOKED)
    town.compile()
    assert EntryKey("credential", card) not in town.held(controller)


def test_names_reach_terminals_alone_sealed_and_in_the_form_that_is_set(town: Any) -> None:
    site = town.site()
    hall, gate, door_side = town.controller(site), town.controller(site), town.controller(site)
    town.reader(hall, None, punch=PunchRule.CHOSEN, side=Side.TERMINAL)
    town.reader(gate, None, punch=PunchRule.INFERRED, side=Side.ENTRY)
    person = town.person()
    town.grant(town.door(site, door_side), person_id=person)
    town.set(people, touch.touch_person, person, name="山田 花子", name_kana="ヤマダ ハナコ")
    town.compile()

    def name(controller: str) -> str | None:
        held = body(town.held(controller), EntryKind.PERSON_FLAGS, person).get("name")
        key = NameKey.of(controller, town.links[controller].link)
        return None if held is None else key.open(person, held)

    assert (name(hall), name(gate), name(door_side)) == ("山田", None, None)
    version = town.db.write(lambda scope: repository.held(scope, hall)).version
    town.db.write(lambda scope: touch.touch_controller(scope, hall))
    town.compile()
    assert town.db.write(lambda scope: repository.held(scope, hall)).version == version
    settings = {"terminal_names": "full"}
    town.set(controllers, touch.touch_controller, hall, settings=settings)
    town.compile()
    assert name(hall) == "山田 花子"
    town.set(people, touch.touch_person, person, name="佐藤 花子")
    town.compile()
    assert name(hall) == "佐藤 花子"


def test_a_pin_is_sent_when_its_start_comes_within_the_horizon_and_leaves_an_hour_after_its_end(
    town: Any,
) -> None:
    site = town.site(horizon_hours=72)
    controller = town.controller(site)
    door = town.door(site, controller)
    pin = town.pin(door, starts_h=80, hours=2)
    town.compile()
    town.db.write(town.sweep.run)
    key = EntryKey("credential", f"{pin}@{door}")
    assert key not in town.held(controller)
    town.pass_time(hours=8)
    assert key in town.held(controller)
    town.pass_time(hours=74)
    sent = town.held(controller)[key]
    town.pass_time(minutes=59)
    assert town.held(controller)[key] == sent
    assert kinds(town.held(controller))["grant"] == 1
    town.pass_time(minutes=1)
    assert key not in town.held(controller)
    assert "grant" not in kinds(town.held(controller))


def test_a_pin_that_was_never_sent_is_not_sent_after_its_window(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    town.pin(town.door(site, controller))
    town.clock.advance(timedelta(hours=3, minutes=1))
    town.compile()
    town.pass_time(minutes=1)
    assert "credential" not in kinds(town.held(controller))
    assert town.held(controller) == town.from_nothing(controller)


def test_a_revoked_pin_stays_to_say_why_until_an_hour_after_its_window(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    door = town.door(site, controller)
    pin = town.pin(door)
    town.compile()
    town.db.write(lambda scope: town.pins.revoke(scope, pin, "test"))
    town.compile()
    for _ in range(2):
        held = town.held(controller)
        assert body(held, EntryKind.CREDENTIAL, f"{pin}@{door}")["state"] == "revoked"
        town.pass_time(hours=3, minutes=30)
    assert "credential" not in kinds(town.held(controller))


def test_whoever_holds_a_pin_and_is_blocked_is_known_as_blocked_at_the_door(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    person = town.person()
    town.pin(town.door(site, controller), person=person)
    town.compile()
    assert body(town.held(controller), EntryKind.PERSON_FLAGS, person) == {}
    town.set(people, touch.touch_person, person, state=EntryState.BLOCKED)
    town.compile()
    for _ in range(2):
        flags = body(town.held(controller), EntryKind.PERSON_FLAGS, person)
        assert flags["state"] == "blocked"
        town.pass_time(hours=3, minutes=30)
    assert EntryKey("person-flags", person) not in town.held(controller)


def test_a_draft_reaches_no_door(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    door = town.door(site, controller)
    pin = town.pin(door, approved=False)
    town.compile()
    assert "credential" not in kinds(town.held(controller))
    town.db.write(lambda scope: town.pins.approve(scope, pin, "test"))
    town.compile()
    assert kinds(town.held(controller))["credential"] == 1


def test_a_door_that_moves_is_taken_from_one_controller_and_given_to_the_other(town: Any) -> None:
    site = town.site()
    one, other = town.controller(site), town.controller(site)
    door = town.door(site, one)
    pin = town.pin(door)
    town.compile()
    town.set(doors, touch.touch_door, door, controller_id=other)
    town.compile()
    assert kinds(town.held(one)) == {"setting": 1}
    assert EntryKey("credential", f"{pin}@{door}") in town.held(other)


def test_a_controller_that_is_not_enrolled_gets_its_policy_once_it_is(town: Any) -> None:
    site = town.site()
    controller = town.controller(site, enrolled=False)
    town.door(site, controller)
    town.compile()
    assert town.held(controller) == {}
    other = town.controller(site)
    town.links[controller] = town.links[other]
    town.pass_time(seconds=1)
    assert kinds(town.held(controller)) == {"door": 1, "setting": 1}


def test_a_holiday_calendar_is_renewed_with_the_year(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    calendar = town.calendar()
    schedule = town.schedule(calendar)
    town.grant(town.door(site, controller), person_id=town.person(), schedule_id=schedule)
    from hub.people.domain import CalendarSource
    from hub.people.tables import calendars

    town.set(calendars, touch.touch_calendar, calendar, source=CalendarSource.JAPAN)
    town.pass_time(seconds=0)
    first = body(town.held(controller), EntryKind.HOLIDAY, calendar)["dates"]
    town.pass_time(days=366)
    later = body(town.held(controller), EntryKind.HOLIDAY, calendar)["dates"]
    assert max(first).startswith("2027")
    assert max(later).startswith("2028")


def test_the_digest_is_the_sum_over_what_is_held_and_changes_by_what_changes(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    door = town.door(site, controller)
    for _ in range(3):
        town.pin(door)
        town.compile()
    with town.db.read() as scope:
        held = repository.held(scope, controller)
        stored = repository.entries(scope, controller)
    assert held.version == 3
    assert held.digest == PolicyDigest(entry_hash(entry.data) for entry in stored).hex
    assert held.digest != EMPTY_DIGEST


def test_what_changes_nothing_makes_no_version(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    door = town.door(site, controller)
    town.compile()
    town.set(doors, touch.touch_door, door, name="another name, which stays in the hub")
    assert town.compile().made == ()


def test_one_controller_that_cannot_be_compiled_does_not_hold_up_the_others(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = town.site()
    bad, good = town.controller(site), town.controller(site)
    town.door(site, bad)
    town.door(site, good)
    whole = town.compiler._select

    def select(scope: Any, controller: str, focus: Any) -> Any:
        if controller == bad:
            raise RuntimeError("a row nobody thought of")
        return whole(scope, controller, focus)

    monkeypatch.setattr(town.compiler, "_select", select)
    done = town.compile()
    assert done.failed == (bad,)
    assert kinds(town.held(good)) == {"door": 1, "setting": 1}
    raised_at = town.clock.now()
    assert failure(town) == Failure(bad, "RuntimeError", raised_at, None)
    town.clock.advance(timedelta(seconds=30))
    town.compile()
    assert failure(town) == Failure(bad, "RuntimeError", raised_at, None)
    monkeypatch.setattr(town.compiler, "_select", whole)
    town.compile()
    assert kinds(town.held(bad)) == {"door": 1, "setting": 1}
    assert failure(town) == Failure(bad, "RuntimeError", raised_at, town.clock.now())


def test_a_card_whose_row_was_tampered_with_opens_nothing_and_stops_nothing(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    door, person = town.door(site, controller), town.person()
    bad, good = town.card(person), town.card(person)
    town.grant(door, person_id=person)
    other = town.card(None)
    sealed = town.keys.seal(b"12345678", f"cards:{other}")
    town.set(cards, touch.touch_card, bad, identity=sealed)
    town.compile()
    held = town.held(controller)
    assert EntryKey("credential", good) in held
    assert EntryKey("credential", bad) not in held


def failure(town: Any) -> Failure:
    with town.db.read() as scope:
        (found,) = failures.all_failures(scope)
    return found


def test_a_seal_that_is_broken_is_told_until_everything_can_be_opened_again(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    door = town.door(site, controller)
    pin, other = town.pin(door), town.pin(door)
    table = pin_credentials
    with town.db.read() as scope:
        sealed = {row.id: bytes(row.sealed) for row in scope.all(scope.select(table))}
    town.set(table, touch.touch_credential, pin, sealed=sealed[other])
    town.compile()
    raised_at = town.clock.now()
    assert failure(town) == Failure(controller, "seal_broken", raised_at, None)
    town.clock.advance(timedelta(minutes=1))
    town.pin(door)
    town.compile()
    assert failure(town).cleared_at is None
    town.set(table, touch.touch_credential, pin, sealed=sealed[pin])
    town.compile()
    assert failure(town).cleared_at == town.clock.now()
    assert EntryKey("credential", f"{pin}@{door}") in town.held(controller)


class Walk:
    """Changes a town at random, as people do over months."""

    def __init__(self, town: Any, seed: int) -> None:
        self.town, self.random = town, Random(seed)
        self.sites = [town.site(24), town.site(72)]
        self.controllers = [town.controller(self.random.choice(self.sites)) for _ in range(3)]
        self.groups = [town.group() for _ in range(2)]
        self.calendars = [town.calendar()]
        self.doors = [self.new_door() for _ in range(4)]
        self.readers = [town.reader(c, None) for c in self.controllers]
        self.people = [town.person() for _ in range(4)]
        self.cards = [town.card(self.random.choice(self.people)) for _ in range(4)]
        self.schedules = [town.schedule(), town.schedule(self.calendars[0])]
        self.zones = [town.zone(self.sites[0]) for _ in range(2)]
        self.grants: list[str] = []
        self.pins: list[str] = []

    def new_door(self) -> str:
        return self.town.door(self.random.choice(self.sites), self.random.choice(self.controllers))

    def window(self) -> dict[str, Any]:
        if self.random.random() < 0.5:
            return {}
        start = self.town.clock.now() + timedelta(hours=self.random.randint(-5, 100))
        return {"start_at": start, "end_at": start + timedelta(hours=self.random.randint(1, 50))}

    def subject(self) -> dict[str, Any]:
        return self.random.choice(
            [
                {"person_id": self.random.choice(self.people)},
                {"group_id": self.random.choice(self.groups)},
                {"card_id": self.random.choice(self.cards)},
            ]
        )

    def set_door(self, **changed: Any) -> None:
        """Change a door as the API does: the doors that share a zone with it hear of it."""
        door = self.random.choice(self.doors)

        def change(scope: Any) -> None:
            before = site_rows.doors_by_id(scope, [door])[door]
            scope.update(doors, changed, doors.c.id == door)
            after = site_rows.doors_by_id(scope, [door])[door]
            touch.touch_door(scope, door)
            for zone in before.zones | after.zones:
                touch_zone(scope, zone)

        self.town.db.write(change)

    def report(self, controller: str) -> None:
        """The controller proves the newest version."""

        def confirm(scope: Any) -> None:
            version = repository.held(scope, controller).version
            confirmation.confirm(scope, controller, version, (), self.town.clock.now())

        self.town.db.write(confirm)

    def step(self) -> None:
        town, pick = self.town, self.random.choice
        match self.random.randrange(22):
            case 0 | 1:
                schedule = pick([None, *self.schedules])
                place: dict[str, Any] = {"door": pick(self.doors)}
                if self.random.random() < 0.4:
                    place = {"zone_id": pick(self.zones)}
                more = {"schedule_id": schedule, **self.subject(), **self.window()}
                self.grants.append(town.grant(**place, **more))
            case 2 if self.grants:
                none = dict.fromkeys(("person_id", "group_id", "card_id"))
                schedule = pick([None, *self.schedules])
                changed = none | self.subject() | {"schedule_id": schedule}
                town.set(grants, touch.touch_grant, pick(self.grants), **changed)
            case 3 if self.grants:
                gone = self.grants.pop(self.random.randrange(len(self.grants)))

                def delete(scope: Any) -> None:
                    scope.delete(grants, grants.c.id == gone)
                    touch.touch_grant(scope, gone)

                town.db.write(delete)
            case 4 if self.grants:
                town.set(grants, touch.touch_grant, pick(self.grants), state=pick(list(EntryState)))
            case 5:
                town.join(pick(self.people), pick(self.groups))
            case 6:
                town.leave(pick(self.people), pick(self.groups))
            case 7:
                owner = pick([None, *self.people])
                town.set(cards, touch.touch_card, pick(self.cards), person_id=owner)
            case 8:
                town.set(cards, touch.touch_card, pick(self.cards), state=pick(list(CardState)))
            case 9:
                state = pick([EntryState.ACTIVE, EntryState.BLOCKED, EntryState.REVOKED])
                town.set(people, touch.touch_person, pick(self.people), state=state)
            case 10:
                self.set_door(controller_id=pick(self.controllers))
            case 11:
                calendar = pick([None, *self.calendars])
                town.set(
                    schedules, touch.touch_schedule, pick(self.schedules), calendar_id=calendar
                )
            case 12:
                rule = pick([PunchRule.NONE, PunchRule.INFERRED])
                town.set(readers, touch.touch_reader, pick(self.readers), punch=rule)
            case 13:
                at = self.random.sample(self.doors, 2)
                hours = self.random.randint(1, 30)
                starts_h = self.random.randint(-1, 90)
                self.pins.append(
                    town.pin(
                        *at,
                        starts_h=starts_h,
                        hours=hours + 2,
                        approved=self.random.random() < 0.7,
                        person=pick([None, *self.people]),
                    )
                )
            case 14 if self.pins:
                gone = self.pins.pop(self.random.randrange(len(self.pins)))
                town.db.write(lambda scope: town.pins.revoke(scope, gone, "test"))
            case 15 if self.pins:
                town.db.write(lambda scope: town.pins.approve(scope, pick(self.pins), "test"))
            case 16:
                self.report(pick(self.controllers))
            case 17:
                self.set_door(hold_schedule=pick([None, *self.schedules]))
            case 18:
                self.set_door(zone_in=pick([None, *self.zones]))
            case 19:
                forgiven = self.random.randrange(3)
                town.set(zones, touch_zone, pick(self.zones), forgiven=forgiven)
            case 20:
                town.set(people, touch.touch_person, pick(self.people), forgiven=1)
            case _:
                self.town.clock.advance(timedelta(minutes=self.random.randint(20, 1200)))
                town.db.write(town.sweep.run)


@pytest.mark.parametrize("seed", range(2))
def test_step_by_step_and_from_nothing_agree_whatever_happens(town: Any, seed: int) -> None:
    walk = Walk(town, seed)
    town.db.write(town.sweep.run)
    town.compile()
    for number in range(36):
        walk.step()
        if number % 3:
            continue
        town.db.write(town.sweep.run)
        town.compile()
        for controller in walk.controllers:
            assert town.held(controller) == town.from_nothing(controller), (seed, number)


def test_a_controller_that_is_removed_holds_nothing(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    town.door(site, controller)
    town.compile()
    town.set(controllers, touch.touch_controller, controller, state=SiteState.REMOVED)
    town.compile()
    assert town.held(controller) == {}


def test_a_zone_spans_once_its_doors_are_on_two_controllers_and_both_are_told(town: Any) -> None:
    site = town.site()
    first, second = town.controller(site), town.controller(site)
    zone = town.zone(site, occupancy_max=9, soft=True, anti_passback=AntiPassback.SOFT)
    town.door(site, first, zone_in=zone)
    town.compile()
    assert "spans" not in body(town.held(first), EntryKind.ZONE, zone)
    other = town.door(site, second, zone_out=zone)
    town.db.write(lambda scope: touch_zone(scope, zone))
    town.compile()
    assert body(town.held(first), EntryKind.ZONE, zone)["spans"] is True
    assert body(town.held(second), EntryKind.ZONE, zone)["spans"] is True
    town.set(doors, touch.touch_door, other, zone_out=None)
    town.db.write(lambda scope: touch_zone(scope, zone))
    town.compile()
    assert kinds(town.held(second)).get("zone") is None
    assert "spans" not in body(town.held(first), EntryKind.ZONE, zone)


def test_a_schedule_that_only_a_doors_hold_names_comes_with_its_holidays(town: Any) -> None:
    site = town.site()
    controller = town.controller(site)
    calendar = town.calendar()
    schedule = town.schedule(calendar)
    door = town.door(site, controller, hold_schedule=schedule)
    town.compile()
    assert kinds(town.held(controller)) == {"door": 1, "setting": 1, "schedule": 1, "holiday": 1}
    day = NamedDay(date(2026, 8, 13), "お盆")
    town.set(calendars, touch.touch_calendar, calendar, added=(day,))
    town.set(schedules, touch.touch_schedule, schedule, tz="Asia/Seoul")
    town.compile()
    assert body(town.held(controller), EntryKind.HOLIDAY, calendar)["dates"] == ["2026-08-13"]
    assert body(town.held(controller), EntryKind.SCHEDULE, schedule)["tz"] == "Asia/Seoul"
    town.set(doors, touch.touch_door, door, hold_schedule=None)
    town.compile()
    assert kinds(town.held(controller)) == {"door": 1, "setting": 1}


@pytest.mark.parametrize(
    "now", ["2026-12-31T14:59:59Z", "2026-12-31T15:00:00Z", "2027-01-01T00:00Z"]
)
def test_the_holidays_held_cover_the_longest_horizon_and_the_next_year(town: Any, now: str) -> None:
    """Also in the hours in which Tokyo has the new year and UTC has not."""
    town.clock.advance(datetime.fromisoformat(now) - town.clock.now())
    site = town.site(horizon_hours=336)
    controller = town.controller(site)
    calendar = town.calendar()
    town.set(calendars, touch.touch_calendar, calendar, source=CalendarSource.JAPAN)
    town.door(site, controller, hold_schedule=town.schedule(calendar))
    town.compile()
    held = set(body(town.held(controller), EntryKind.HOLIDAY, calendar)["dates"])
    today = town.clock.now().astimezone(ZoneInfo("Asia/Tokyo")).date()
    until = max(today + timedelta(days=14), date(town.clock.now().year + 1, 12, 31))
    with town.db.read() as scope:
        found = people_rows.calendar(scope, calendar)
    assert found is not None
    assert held >= {day.isoformat() for day in dates_of(found, today, until)}


def test_a_hub_that_knows_other_holidays_tells_them_when_it_starts(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an update of the hub when a law moved a holiday."""
    site = town.site()
    controller = town.controller(site)
    calendar = town.calendar()
    town.set(calendars, touch.touch_calendar, calendar, source=CalendarSource.NATIONAL)
    town.door(site, controller, hold_schedule=town.schedule(calendar))
    town.pass_time(seconds=0)
    town.pass_time(minutes=2)
    moved = frozenset({date(2026, 7, 1)})
    monkeypatch.setattr("hub.people.holiday_dates._national", lambda _year: moved)
    town.pass_time(minutes=2)
    assert len(body(town.held(controller), EntryKind.HOLIDAY, calendar)["dates"]) > 30
    town.sweep = Sweep(town.clock, town.keys)  # another process
    town.pass_time(minutes=2)
    assert body(town.held(controller), EntryKind.HOLIDAY, calendar)["dates"] == ["2026-07-01"]
