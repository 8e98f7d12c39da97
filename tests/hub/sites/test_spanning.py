"""What spans controllers is refused when it is configured and when a later change would make it so,
or was asked for as `soft`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hub.audit.rows import AuditedRows
from hub.bootstrap import Hub
from hub.database.scope import Scope
from hub.people.domain import Grant
from hub.people.use_limits import controllers_counting, is_limited
from hub.sites.domain import Door, SiteState, Zone
from hub.sites.kinds import DOOR, ZONE
from hub.sites.spanning import SpannedRule, controllers_of, spans, unenforceable
from hub.web.problems import Problem
from hub.web.rights import SYSTEM
from wire.policy_bodies import (
    AntiPassback,
    Assurance,
    EntryState,
    FailMode,
    FirstPerson,
    OnJournalFailure,
    OnUntrustedClock,
    ZoneBody,
)

SECOND = "gym0000000000009"
NOW = datetime(2026, 4, 6, tzinfo=UTC)


def _door(number: int, controller: str, state: SiteState = SiteState.ACTIVE) -> Door:
    return Door(
        id=f"door{number}",
        site_id="site",
        controller_id=controller,
        state=state,
        name="",
        name_en="",
        name_kana="",
        key_holder="",
        egress="",
        unlock_ms=5000,
        held_after_ms=0,
        detect_forced=True,
        min_assurance=Assurance.IDENTIFIER,
        min_digits=6,
        strike=None,
        contact=None,
        bolt=None,
        rex=None,
        mechanical_key=None,
        fail=FailMode.SECURE,
        on_untrusted_clock=OnUntrustedClock.DENY,
        on_journal_failure=OnJournalFailure.DENY,
        zone_in="zone",
        zone_out=None,
        hold_schedule=None,
        first_person=FirstPerson.NONE,
        two_person=False,
        second_person_ms=30_000,
        shelter=False,
        interlock=None,
        bell=None,
        created_at=NOW,
        updated_at=NOW,
    )


def _zone(rule_: AntiPassback, occupancy_max: int | None, *, soft: bool) -> Zone:
    return Zone(
        id="zone",
        site_id="site",
        name="",
        name_en="",
        anti_passback=rule_,
        occupancy_max=occupancy_max,
        soft=soft,
        forget_after_s=None,
        reset_min=240,
        tz="Asia/Tokyo",
        forgiven=0,
        forgiven_at=None,
        created_at=NOW,
        updated_at=NOW,
    )


DOORS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(SiteState)), max_size=6
)
ZONES = st.builds(
    _zone,
    st.sampled_from(AntiPassback),
    st.none() | st.integers(1, 50),
    soft=st.booleans(),
)


@given(ZONES, DOORS)
def test_what_is_allowed_over_several_controllers_is_never_silently_less_than_was_asked(
    zone: Zone, made: list[tuple[str, SiteState]]
) -> None:
    doors = [_door(number, *each) for number, each in enumerate(made)]
    in_use = {controller for controller, state in made if state is SiteState.ACTIVE}
    found = unenforceable(zone, doors)
    if found is None:
        body = zone.body(spans=spans(doors))
        assert isinstance(body, ZoneBody)  # the wire takes it as well
        assert body.spans == (len(in_use) > 1)
        assert not body.spans or body.anti_passback is not AntiPassback.HARD
        assert not body.spans or body.occupancy_max is None or zone.soft
    else:
        assert len(in_use) > 1
        assert controllers_of(doors) == in_use
        assert found is not SpannedRule.OCCUPANCY_MAX or not zone.soft


@dataclass
class _Model:
    """A site as the API would keep it: a change that is refused is not made."""

    doors: dict[int, Door] = field(default_factory=dict)
    zone: Zone = field(default_factory=lambda: _zone(AntiPassback.NONE, None, soft=False))
    grants: dict[int, Grant] = field(default_factory=dict)


class SpanningMachine(RuleBasedStateMachine):
    """Doors come, move, leave and come back, the zone's rules change, grants are given."""

    def __init__(self) -> None:
        super().__init__()
        self.model = _Model()

    @rule(
        number=st.integers(0, 4), controller=st.sampled_from("ab"), state=st.sampled_from(SiteState)
    )
    def put_door(self, number: int, controller: str, state: SiteState) -> None:
        new, old = _door(number, controller, state), self.model.doors.get(number)
        others = [door for each, door in self.model.doors.items() if each != number]
        if unenforceable(self.model.zone, [*others, new]) is not None:
            return
        limited = [g for g in self.model.grants.values() if g.door_id == new.id]
        moved = old is not None and old.controller_id != controller
        if moved and any(is_limited(grant, NOW) for grant in limited):
            return
        self.model.doors[number] = new

    @rule(zone=ZONES)
    def set_zone(self, zone: Zone) -> None:
        if unenforceable(zone, self.model.doors.values()) is None:
            self.model.zone = zone

    @rule(
        number=st.integers(0, 5),
        door=st.integers(0, 4),
        subject=st.sampled_from(["p", "q"]),
        max_uses=st.none() | st.integers(1, 3),
        soft=st.booleans(),
        state=st.sampled_from(EntryState),
        window=st.tuples(st.integers(-2, 3), st.integers(1, 3)),
    )
    def put_grant(
        self,
        number: int,
        door: int,
        subject: str,
        max_uses: int | None,
        soft: bool,
        state: EntryState,
        window: tuple[int, int],
    ) -> None:
        if door not in self.model.doors:
            return
        start = NOW + timedelta(days=window[0])
        grant = _grant(number, f"door{door}", subject, max_uses, soft=soft)
        grant = replace(
            grant, state=state, start_at=start, end_at=start + timedelta(days=window[1])
        )
        where = {each.id: each.controller_id for each in self.model.doors.values()}
        others = [each for key, each in self.model.grants.items() if key != number]
        if len(controllers_counting(grant, others, where, NOW)) < 2:
            self.model.grants[number] = grant

    @invariant()
    def the_zone_can_be_told_to_every_controller(self) -> None:
        zone, doors = self.model.zone, self.model.doors.values()
        zone.body(spans=spans(doors))
        if spans(doors) and not zone.soft:
            assert zone.occupancy_max is None

    @invariant()
    def nobody_has_an_exact_limit_at_two_controllers_at_one_time(self) -> None:
        where = {each.id: each.controller_id for each in self.model.doors.values()}
        for instant in (NOW + timedelta(days=n, hours=1) for n in range(6)):
            for subject in ("p", "q"):
                counting = {
                    where[each.door_id]
                    for each in self.model.grants.values()
                    if each.subject == subject
                    and is_limited(each, NOW)
                    and each.start_at is not None
                    and each.end_at is not None
                    and each.start_at <= instant < each.end_at
                }
                assert len(counting) < 2


TestSpanningMachine = SpanningMachine.TestCase
TestSpanningMachine.settings = settings(max_examples=25, stateful_step_count=30)


def _grant(number: int, door: str, person: str, max_uses: int | None, *, soft: bool) -> Grant:
    return Grant(
        id=f"grant{number}",
        door_id=door,
        zone_id=None,
        escorts=(),
        escort_s=30,
        person_id=person,
        group_id=None,
        card_id=None,
        start_at=None,
        end_at=None,
        schedule_id=None,
        needs_pin=False,
        first_person=False,
        max_uses=max_uses,
        soft=soft,
        state=EntryState.ACTIVE,
        note="",
        created_at=NOW,
        updated_at=NOW,
    )


# --- over the API ------------------------------------------------------------------------------


def _add(client: TestClient, path: str, **body: Any) -> str:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _refused(answer: Any) -> tuple[int, str, str, str]:
    told = answer.json()
    assert told["remedy"], told
    assert told["remedy"] in told["detail"]
    return answer.status_code, told["code"], told["rule"], told["errors"][0]["field"]


@pytest.fixture
def back_door(admin: TestClient, gym: Any) -> str:
    """A second door at the gym, on a controller of its own."""
    _add(admin, "controllers", id=SECOND, site_id=gym.site, name="二")
    return _add(admin, "doors", site_id=gym.site, controller_id=SECOND, name="裏口")


def test_a_hard_zone_is_refused_with_its_remedy_and_its_controllers(
    admin: TestClient, gym: Any, back_door: str
) -> None:
    zone = _add(admin, "zones", site_id=gym.site, name="内", anti_passback="hard")
    path = f"/api/v1/doors/{back_door}"
    assert admin.patch(f"/api/v1/doors/{gym.door}", json={"zone_in": zone}).status_code == 200
    answer = admin.patch(path, json={"zone_in": zone})
    assert _refused(answer) == (422, "spans_controllers", "anti_passback", "body.zone_in")
    assert answer.json()["controllers"] == sorted([gym.controller, SECOND])
    assert answer.json()["type"].endswith("/problems/spans_controllers")
    assert admin.get("/problems/spans_controllers").status_code == 200
    assert admin.get(path).json()["zone_in"] is None


def test_a_limit_over_two_controllers_is_taken_only_as_soft_and_says_so(
    admin: TestClient, gym: Any, back_door: str
) -> None:
    zone = _add(admin, "zones", site_id=gym.site, name="内")
    path = f"/api/v1/zones/{zone}"
    assert admin.get(path).json()["spans"] is False
    for door in (gym.door, back_door):
        assert admin.patch(f"/api/v1/doors/{door}", json={"zone_in": zone}).status_code == 200
    assert admin.get(path).json()["spans"] is True
    answer = admin.patch(path, json={"occupancy_max": 20})
    assert _refused(answer)[2:] == ("occupancy_max", "body.occupancy_max")
    told = admin.patch(path, json={"occupancy_max": 20, "soft": True}).json()
    assert (told["occupancy_max"], told["soft"], told["spans"]) == (20, True, True)
    assert _refused(admin.patch(path, json={"soft": False}))[3] == "body.soft"
    assert admin.post(
        "/api/v1/zones", json={"site_id": gym.site, "name": "x", "spans": True}
    ).json()["errors"][0]["code"] == ("extra_forbidden")


def test_a_door_moved_to_another_controller_may_not_leave_a_hard_zone_behind(
    admin: TestClient, gym: Any, back_door: str
) -> None:
    _add(admin, "controllers", id="gym0000000000008", site_id=gym.site, name="三")
    side = _add(admin, "doors", site_id=gym.site, controller_id=SECOND, name="横")
    zone = _add(admin, "zones", site_id=gym.site, name="内", anti_passback="hard")
    for door in (side, back_door):
        assert admin.patch(f"/api/v1/doors/{door}", json={"zone_in": zone}).status_code == 200
    move = {"controller_id": "gym0000000000008"}
    answer = admin.patch(f"/api/v1/doors/{side}", json=move)
    assert _refused(answer)[2:] == ("anti_passback", "body.controller_id")
    # Alone in the zone it may move: nothing spans then.
    removed = {"state": "removed"}
    assert admin.patch(f"/api/v1/doors/{back_door}", json=removed).status_code == 200
    assert admin.patch(f"/api/v1/doors/{side}", json=move).status_code == 200
    # And the other one does not come back while it is there.
    back = admin.patch(f"/api/v1/doors/{back_door}", json={"state": "active"})
    assert _refused(back)[2:] == ("anti_passback", "body.zone_in")


def test_a_one_time_grant_is_given_at_one_controller_or_as_soft(
    admin: TestClient, gym: Any, back_door: str
) -> None:
    person = _add(admin, "people", name="田中")
    once = {"person_id": person, "max_uses": 1}
    first = _add(admin, "grants", door_id=gym.door, **once)
    answer = admin.post("/api/v1/grants", json={"door_id": back_door, **once})
    assert _refused(answer)[2:] == ("max_uses", "body.max_uses")
    soft = admin.post("/api/v1/grants", json={"door_id": back_door, "soft": True, **once})
    assert (soft.status_code, soft.json()["soft"], soft.json()["max_uses"]) == (201, True, 1)
    hardened = admin.patch(f"/api/v1/grants/{soft.json()['id']}", json={"soft": False})
    assert _refused(hardened)[3] == "body.soft"
    admin.patch(f"/api/v1/grants/{first}", json={"state": "revoked"})
    again = admin.patch(f"/api/v1/grants/{soft.json()['id']}", json={"soft": False})
    assert again.status_code == 200


def test_windows_that_do_not_meet_may_lie_at_different_controllers(
    admin: TestClient, gym: Any, back_door: str
) -> None:
    person = _add(admin, "people", name="田中")
    day = {"person_id": person, "max_uses": 2}
    morning = {"start_at": "2026-04-07T00:00:00Z", "end_at": "2026-04-07T03:00:00Z"}
    evening = {"start_at": "2026-04-07T03:00:00Z", "end_at": "2026-04-07T09:00:00Z"}
    _add(admin, "grants", door_id=gym.door, **day, **morning)
    later = _add(admin, "grants", door_id=back_door, **day, **evening)
    sooner = admin.patch(f"/api/v1/grants/{later}", json={"start_at": "2026-04-07T02:59:59Z"})
    assert _refused(sooner)[3] == "body.max_uses"


def test_a_door_with_a_limited_grant_takes_no_count_along(
    admin: TestClient, gym: Any, back_door: str
) -> None:
    person = _add(admin, "people", name="田中")
    grant = _add(admin, "grants", door_id=back_door, person_id=person, max_uses=1)
    move = {"controller_id": gym.controller}
    answer = admin.patch(f"/api/v1/doors/{back_door}", json=move)
    assert _refused(answer)[2:] == ("max_uses", "body.controller_id")
    admin.patch(f"/api/v1/grants/{grant}", json={"soft": True})
    assert admin.patch(f"/api/v1/doors/{back_door}", json=move).status_code == 200


def test_a_hold_names_a_schedule_that_there_is_and_a_first_person_something_to_wait_for(
    admin: TestClient, gym: Any
) -> None:
    path = f"/api/v1/doors/{gym.door}"

    def wrong(**change: Any) -> tuple[str, str]:
        told = admin.patch(path, json=change).json()["errors"][0]
        return told["field"], told["code"]

    assert wrong(hold_schedule="nothing") == ("body.hold_schedule", "unknown")
    assert wrong(first_person="hold") == ("body.first_person", "no_hold_schedule")
    schedule = _add(admin, "schedules", name="平日")
    told = admin.patch(
        path, json={"hold_schedule": schedule, "first_person": "hold", "two_person": True}
    ).json()
    assert (told["hold_schedule"], told["first_person"], told["two_person"]) == (
        schedule,
        "hold",
        True,
    )
    assert wrong(hold_schedule=None) == ("body.first_person", "no_hold_schedule")
    assert wrong(second_person_ms=1) == ("body.second_person_ms", "greater_than_equal")


def test_a_zone_is_in_a_time_zone_that_there_is(admin: TestClient, gym: Any) -> None:
    answer = admin.post("/api/v1/zones", json={"site_id": gym.site, "name": "内", "tz": "Mars/X"})
    assert answer.json()["errors"][0]["field"] == "body.tz"


def test_of_two_changes_at_once_that_only_together_span_the_later_is_refused(
    admin: TestClient, hub: Hub, gym: Any, back_door: str
) -> None:
    """Neither sees the other's unfinished change: the second waits, and looks then."""
    zone = _add(admin, "zones", site_id=gym.site, name="内")
    assert admin.patch(f"/api/v1/doors/{gym.door}", json={"zone_in": zone}).status_code == 200
    rows, begun, finish = hub.services.get(AuditedRows), Event(), Event()

    def harden(scope: Scope) -> None:
        rows.change_in(scope, SYSTEM, ZONE, zone, {"anti_passback": AntiPassback.HARD})
        begun.set()
        assert finish.wait(10)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hub.core.db.write, harden)
        assert begun.wait(10)
        second = pool.submit(rows.change, SYSTEM, DOOR, back_door, {"zone_in": zone})
        with pytest.raises(TimeoutError):
            second.result(0.2)  # it waits
        finish.set()
        first.result(10)
        with pytest.raises(Problem, match="spans_controllers"):
            second.result(10)
