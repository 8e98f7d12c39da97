"""Holders' PINs over the API: the one for duress, so many uses, other digits after a leak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from re import findall, search
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.happenings import repository as happenings
from hub.happenings.domain import HappeningKind
from hub.pins.confirmation import confirm
from hub.pins.service import Pins
from hub.policy import repository as policy_rows
from hub.web.rights import Role


@dataclass
class House:
    """Two doors at one controller and one at another, over the API."""

    hub: Any
    town: Any
    client: TestClient
    use: Callable[[Role], TestClient]
    doors: list[str]
    elsewhere: str
    controllers: list[str] = field(default_factory=list)

    def put(self, key: str, role: Role = Role.CLERK, **more: Any) -> Any:
        start = self.hub.core.clock.now() + timedelta(hours=more.pop("start_h", 1))
        body = {
            "doors": self.doors,
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=more.pop("hours", 2))).isoformat(),
            "contact": {"name": "山田 花子"},
            **more,
        }
        return self.use(role).put(f"/api/v1/bookings/{key}", json=body)

    def booking(self, key: str) -> Any:
        return self.use(Role.CLERK).get(f"/api/v1/bookings/{key}").json()

    def pins(self, key: str) -> Any:
        return self.use(Role.CLERK).get(f"/api/v1/bookings/{key}/pin").json()

    def prove(self) -> None:
        """Every controller proves what it should hold."""
        self.town.compile()
        for controller in self.controllers:

            def take(scope: Any, controller: str = controller) -> None:
                held = policy_rows.held(scope, controller)
                confirm(scope, controller, held.version, (), self.hub.core.clock.now())

            self.hub.core.db.write(take)

    def told(self, kind: HappeningKind) -> list[Any]:
        with self.hub.core.db.read() as scope:
            return [each for each in happenings.after(scope, 0, 1_000) if each.kind is kind]


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The same on both: one is enough."""
    return sqlite_at


@pytest.fixture
def house(
    hub: Any,
    hub_town: Any,
    client: TestClient,
    as_role: Callable[[Role], TestClient],
    enrolled: Callable[[str], ec.EllipticCurvePrivateKey],
) -> House:
    site = hub_town.site()
    one, two = hub_town.controller(site), hub_town.controller(site)
    enrolled(one)
    enrolled(two)
    doors = sorted(hub_town.door(site, one) for _ in range(2))
    elsewhere = hub_town.door(site, two)
    for door in doors:
        hub_town.reader(one, door)
    hub_town.reader(two, elsewhere)
    return House(hub, hub_town, client, as_role, doors, elsewhere, [one, two])


HOLDERS = [{"name": "山田 花子", "duress": True}, {"name": "山田 太郎"}]


def test_a_holder_with_a_duress_pin_has_it_shown_beside_the_other(house: House) -> None:
    made = house.put("k1", holders=HOLDERS).json()
    variants = sorted(each["variant"] for each in made["credentials"])
    assert variants == ["duress", "ordinary", "ordinary"]
    second, first = sorted(house.pins("k1"), key=lambda each: each["duress"] is not None)
    assert first["duress"] not in (None, first["pin"])
    assert second["duress"] is None


def test_a_facility_gives_its_holders_duress_pins_unless_one_is_entered_otherwise(
    house: House,
) -> None:
    site = house.use(Role.ADMIN).get("/api/v1/sites").json()["items"][0]["id"]
    facility = house.use(Role.ADMIN).post(
        "/api/v1/facilities",
        json={
            "site_id": site,
            "name_ja": "相談室",
            "doors": house.doors,
            "approval": "automatic",
            "duress": True,
        },
    )
    assert facility.json()["duress"] is True
    where = {"doors": None, "facility_id": facility.json()["id"]}
    house.put("k1", **where)
    assert house.pins("k1")[0]["duress"] is not None
    house.put("k2", **where, start_h=6, holders=[{"name": "山田 花子", "duress": False}])
    assert house.pins("k2")[0]["duress"] is None


def test_a_duress_pin_is_given_and_taken_by_changing_the_holder(house: House) -> None:
    made = house.put("k1").json()
    (holder,) = {each["holder_id"] for each in made["credentials"]}
    before = house.pins("k1")[0]
    house.put("k1", holders=[{"id": holder, "name": "山田 花子", "duress": True}])
    after = house.pins("k1")[0]
    assert after["pin"] == before["pin"]
    assert after["duress"] is not None
    kept = house.put("k1", holders=[{"id": holder, "name": "山田 花子"}])
    assert kept.status_code == 200
    assert house.pins("k1")[0]["duress"] == after["duress"]
    house.put("k1", holders=[{"id": holder, "name": "山田 花子", "duress": False}])
    assert house.pins("k1")[0]["duress"] is None


def test_both_go_with_the_booking_and_move_with_it(house: House) -> None:
    house.put("k1", holders=HOLDERS[:1])
    house.prove()
    (pair,) = house.pins("k1")
    house.put("k1", start_h=5, holders=HOLDERS[:1])
    assert house.pins("k1") == [pair]
    house.prove()
    gone = house.use(Role.CLERK).delete("/api/v1/bookings/k1").json()
    states = {place["state"] for each in gone["credentials"] for place in each["placements"]}
    assert states == {"revoking"}


def test_the_pin_page_keeps_the_duress_pin_folded_away(house: House) -> None:
    house.put("k1", holders=HOLDERS[:1])
    (pair,) = house.pins("k1")
    link = house.use(Role.CLERK).post("/api/v1/bookings/k1/pin/link").json()["path"]
    del house.client.headers["Authorization"]
    html = {"Accept": "text/html", "Origin": "https://doors.test"}
    token = search(r'name="csrf" value="([^"]+)"', house.client.get(link, headers=html).text)
    assert token is not None
    opened = house.client.post(link, data={"csrf": token[1]}, headers=html)
    assert opened.headers["Location"] == "/pin"
    shown = house.client.get("/pin", headers=html)
    assert '<details id="duress">' in shown.text
    folded = shown.text.split('<details id="duress">')[1].split("</details>")[0]
    assert "".join(findall(r"<span>(\d+)</span>", folded)) == pair["duress"]
    looks = audit(house, "pin.revealed")
    assert [each["details"] for each in looks] == [{"by": "pin_page"}, {}]
    assert looks[0]["actor"] == "system:resident"


# --- looks -------------------------------------------------------------------------------------


def audit(house: House, action: str) -> list[Any]:
    items = house.use(Role.AUDITOR).get("/api/v1/audit", params={"action": action}).json()["items"]
    return list(items)


def test_each_look_is_in_the_audit_log_with_who_what_and_from_where(house: House) -> None:
    made = house.put("k1").json()
    house.pins("k1")
    (entry,) = audit(house, "pin.revealed")
    assert entry["target_id"] == made["id"]
    assert entry["actor"].startswith("token:")
    assert entry["came_from"] in ("local", "private", "public", "unknown")


# --- so many uses ------------------------------------------------------------------------------


def test_a_limit_of_uses_over_two_controllers_is_refused_unless_it_is_soft(house: House) -> None:
    doors = [*house.doors, house.elsewhere]
    limited = {"name": "山田 花子", "max_uses": 1}
    refused = house.put("k1", doors=doors, holders=[limited])
    assert (refused.status_code, refused.json()["code"]) == (422, "spans_controllers")
    assert house.booking("k1")["code"] == "booking_unknown"
    made = house.put("k1", doors=doors, holders=[{**limited, "soft_uses": True}])
    assert made.json()["credentials"][0]["max_uses"] == 1
    assert house.put("k2", holders=[limited], start_h=9).status_code == 201


def test_a_cancelled_booking_stands_again_with_its_soft_limit(house: House) -> None:
    limited = {"name": "山田 花子", "max_uses": 1, "soft_uses": True}
    house.put("k1", doors=[*house.doors, house.elsewhere], holders=[limited])
    house.use(Role.CLERK).delete("/api/v1/bookings/k1")
    again = house.put("k1", doors=[*house.doors, house.elsewhere], state="confirmed")
    assert again.status_code == 200, again.text


def test_a_door_elsewhere_cannot_be_added_to_a_limited_booking(house: House) -> None:
    house.put("k1", holders=[{"name": "山田 花子", "max_uses": 2}])
    more = house.put("k1", doors=[*house.doors, house.elsewhere])
    assert more.json()["code"] == "spans_controllers"
    assert house.booking("k1")["doors"] == house.doors


def test_leaving_a_limit_out_never_lifts_it_and_nought_does(house: House) -> None:
    made = house.put("k1", holders=[{"name": "山田 花子", "max_uses": 1}]).json()
    named = {"id": made["credentials"][0]["holder_id"], "name": "山田 花子"}
    for wish, limit in (({}, 1), ({"max_uses": 3}, 3), ({}, 3), ({"max_uses": 0}, None)):
        after = house.put("k1", holders=[{**named, **wish}]).json()
        assert after["credentials"][0]["max_uses"] == limit


# --- after a leak ------------------------------------------------------------------------------


def places(booking: Any) -> list[Any]:
    return [place for each in booking["credentials"] for place in each["placements"]]


def test_old_digits_are_said_to_open_until_each_door_has_proven_the_new(house: House) -> None:
    doors = [*house.doors, house.elsewhere]
    house.put("k1", doors=doors)
    house.prove()
    assert {each["old_digits_since"] for each in places(house.booking("k1"))} == {None}
    before = house.pins("k1")[0]["pin"]
    after = house.use(Role.CLERK).post("/api/v1/bookings/k1/pin/reissue").json()
    assert all(each["old_digits_since"] for each in places(after))
    assert house.pins("k1")[0]["pin"] != before
    one, two = house.controllers
    house.controllers = [one]
    house.prove()
    still = {e["door_id"] for e in places(house.booking("k1")) if e["old_digits_since"]}
    assert still == {house.elsewhere}
    house.controllers = [two]
    house.prove()
    assert {each["old_digits_since"] for each in places(house.booking("k1"))} == {None}


def test_a_digest_of_the_old_digits_proves_nothing_of_the_new(house: House) -> None:
    """The report was under way while somebody asked for other digits."""
    house.put("k1")
    house.town.compile()
    house.use(Role.CLERK).post("/api/v1/bookings/k1/pin/reissue")

    def late(scope: Any) -> None:
        version = policy_rows.held(scope, house.controllers[0]).version
        confirm(scope, house.controllers[0], version, (), house.hub.core.clock.now())

    house.hub.core.db.write(late)
    assert all(each["old_digits_since"] for each in places(house.booking("k1")))
    house.prove()
    assert {each["state"] for each in places(house.booking("k1"))} == {"placed"}


def test_a_reissue_for_one_holder_leaves_the_others_alone(house: House) -> None:
    house.put("k1", holders=HOLDERS)
    before = {each["holder_id"]: each for each in house.pins("k1")}
    one = next(holder for holder, each in before.items() if each["duress"])
    path = f"/api/v1/bookings/k1/pin/reissue?holder_id={one}"
    assert house.use(Role.CLERK).post(path).status_code == 200
    after = {each["holder_id"]: each for each in house.pins("k1")}
    for holder, pair in after.items():
        same = pair == before[holder]
        assert same == (holder != one)
    assert after[one]["duress"] != before[one]["duress"]


def test_every_pin_that_a_door_knew_is_replaced_and_who_is_to_be_told_is_named(
    house: House,
) -> None:
    house.put("known", holders=HOLDERS)
    house.put("ahead", start_h=24 * 10)
    house.put("elsewhere", doors=[house.elsewhere])
    house.prove()
    pins = {key: house.pins(key) for key in ("known", "ahead", "elsewhere")}
    path = f"/api/v1/doors/{house.doors[0]}/pins/reissue"
    assert house.use(Role.CLERK).post(path, json={"reason": "盗難"}).status_code == 403
    found = house.use(Role.ADMIN).post(path, json={"reason": "盗難"}).json()
    assert {each["reservation_key"] for each in found["reissued"]} == {"known"}
    assert len(found["reissued"]) == 3
    assert all(sorted(each["old_open_at"]) == house.doors for each in found["reissued"])
    assert len(house.told(HappeningKind.PIN_CHANGED)) == 3
    assert house.booking("known")["problems"] == ["pin_changed"]
    assert [each["pin"] for each in pins["known"]] != [e["pin"] for e in house.pins("known")]
    assert house.pins("ahead") == pins["ahead"]
    assert house.pins("elsewhere") == pins["elsewhere"]
    (entry,) = audit(house, "door.pins_reissued")
    assert entry["details"]["reason"] == "盗難"
    all_of_it = house.use(Role.ADMIN).post(path, json={"reason": "盗難", "ahead": True}).json()
    assert {each["reservation_key"] for each in all_of_it["reissued"]} == {"known", "ahead"}


@settings(
    deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rounds=st.integers(1, 12))
def test_old_digits_are_not_drawn_again_by_anybody_for_thirty_days(
    house: House, rounds: int
) -> None:
    """Out of few codes: were old ones given again, they would come up at once."""
    pins, chance = house.hub.services.get(Pins), Random(rounds)
    few = [482915 + 7_131 * at for at in range(16)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pins, "_random_below", lambda _most: chance.choice(few))
        _reissue_often(house, rounds)


def _reissue_often(house: House, rounds: int) -> None:
    key = house.hub.core.ids.new()
    assert house.put(key, doors=[house.doors[0]]).status_code == 201
    seen = [house.pins(key)[0]["pin"]]
    for _ in range(rounds):
        house.use(Role.CLERK).post(f"/api/v1/bookings/{key}/pin/reissue")
        seen.append(house.pins(key)[0]["pin"])
    assert len(set(seen)) == len(seen)
    house.use(Role.CLERK).delete(f"/api/v1/bookings/{key}")
    house.town.clock.advance(timedelta(days=31))


# --- guess-risk --------------------------------------------------------------------------------


def test_a_bookings_risk_counts_every_door_at_which_its_pins_are_live(house: House) -> None:
    house.put("one", doors=house.doors[:1], start_h=30)
    house.put("all", doors=[*house.doors, house.elsewhere], start_h=60, holders=HOLDERS)
    one, every = (
        house.use(Role.CLERK).get(f"/api/v1/bookings/{key}/guess_risk").json()
        for key in ("one", "all")
    )
    assert (one["pins"], every["pins"]) == (1, 3)
    assert every["tries"] == 3 * one["tries"]
    assert every["chance"] == pytest.approx(9 * one["chance"], rel=0.01)
    assert every["chance"] <= every["bound"]
    assert [each["live"] for each in every["at_doors"]] == [3, 3, 3]


def test_a_booking_of_many_doors_gets_more_digits_where_all_of_them_together_need_it(
    house: House,
) -> None:
    """At each door four digits would do for so short a time; at all of them they would not."""
    site = house.use(Role.ADMIN).get("/api/v1/sites").json()["items"][0]["id"]
    doors = sorted(house.town.door(site, house.controllers[0], min_digits=4) for _ in range(6))
    alone = house.put("alone", doors=doors[:1], hours=0.5)
    assert alone.json()["credentials"][0]["digits"] == 4
    refused = house.put("all", doors=doors, hours=0.5, start_h=30)
    assert (refused.status_code, refused.json()["code"]) == (409, "guess_risk")
    assert refused.json()["digits"] == 5
    made = house.put("all", doors=doors, hours=0.5, start_h=30, digits=5)
    assert made.status_code == 201
    found = house.use(Role.CLERK).get("/api/v1/bookings/all/guess_risk").json()
    assert found["chance"] <= found["bound"]


def test_a_doors_risk_says_what_more_digits_would_give(house: House) -> None:
    house.put("k1", holders=HOLDERS)
    path = f"/api/v1/doors/{house.doors[0]}/guess_risk"
    found = house.use(Role.CLERK).get(path).json()
    assert found["live"] == [{"digits": 6, "count": 3}]
    assert 0 < found["chance"] < found["bound"]
    chances = [each["chance"] for each in found["options"]]
    assert chances == sorted(chances, reverse=True)
    assert [each["digits"] for each in found["options"]] == [4, 5, 6, 7, 8, 9, 10]
    assert not found["options"][0]["within_bound"]
    assert found["digits_needed"] == 6


@pytest.mark.parametrize(
    "window",
    [
        {"starts_at": "0001-01-01T00:00:00Z"},
        {"ends_at": "9999-12-31T23:59:59Z"},
        {"starts_at": "2026-05-01T00:00:00Z", "ends_at": "2026-04-01T00:00:00Z"},
        {"starts_at": "2026-05-01T00:00:00Z", "ends_at": "2027-04-01T00:00:00Z"},
        {"starts_at": "yesterday"},
    ],
)
def test_a_window_that_cannot_be_is_refused(house: House, window: dict[str, str]) -> None:
    path = f"/api/v1/doors/{house.doors[0]}/guess_risk"
    assert house.use(Role.CLERK).get(path, params=window).status_code == 422


def test_constraints_say_what_the_door_takes(house: House) -> None:
    found = house.use(Role.CLERK).get(f"/api/v1/doors/{house.doors[0]}/code_constraints").json()
    assert found["lengths"] == [6, 7, 8, 9, 10]
    assert len(found["keypads"]) == 1
    assert {"run", "date", "keypad"} <= set(found["weak_rules"])
    assert (found["horizon_h"], found["no_reuse_days"]) == (72, 30)
    assert found["revocable_from_afar"] is True
    assert found["lock_list"] is None
    unknown = house.use(Role.CLERK).get("/api/v1/doors/nowhere/code_constraints")
    assert unknown.status_code == 404
