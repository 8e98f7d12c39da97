"""Visitors: what a lent card opens ends by itself, what is not back is listed, names are
forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.visitors.chores import ForgetVisitors
from hub.web.rights import Role


class Desk:
    """A town hall with a door, a zone behind it, a host and two cards for visitors."""

    def __init__(self, client: TestClient, clock: HandMovedClock) -> None:
        self.client, self.clock = client, clock
        self.site = self.add("sites", name="役場")
        self.add("controllers", id="hall000000000002", site_id=self.site, name="盤")
        self.zone = self.add("zones", site_id=self.site, name="執務室")
        at = {"site_id": self.site, "controller_id": "hall000000000002"}
        self.door = self.add("doors", name="玄関", zone_in=self.zone, **at)
        self.host = self.add("people", name="山田 花子")
        self.cards = [
            self.add("cards", namespace="uid", identity=f"04AABB0{n}", label=f"来訪者 {n}")
            for n in (1, 2)
        ]
        for card in self.cards:
            answer = client.put(f"/api/v1/visitor-cards/{card}", json={"site_id": self.site})
            assert answer.status_code == 204, answer.text

    def add(self, path: str, **body: Any) -> str:
        answer = self.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def post(self, path: str, status: int = 200, **body: Any) -> Any:
        answer = self.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def visit(self, hours: float = 3, **more: Any) -> Any:
        start = self.clock.now()
        body = {
            "site_id": self.site,
            "organisation": "さくら電設",
            "host_id": self.host,
            "purpose": "点検",
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=hours)).isoformat(),
            "zones": [self.zone],
            "visitors": [{"name": "佐藤 次郎"}],
        }
        return self.post("visits", 201, **{**body, **more})

    def grants(self, card: str) -> list[Any]:
        found = self.client.get("/api/v1/grants", params={"card_id": card}).json()["items"]
        return [each for each in found if each["state"] == "active"]

    def pool(self) -> dict[str, Any]:
        found = self.client.get("/api/v1/visitor-cards").json()
        return {each["card_id"]: each for each in found}


@pytest.fixture
def desk(admin: TestClient, clock: HandMovedClock) -> Desk:
    return Desk(admin, clock)


def _visitor(visit: Any) -> str:
    return str(visit["visitors"][0]["id"])


def test_a_lent_card_opens_the_visit_s_zone_in_its_window_after_its_host(desk: Desk) -> None:
    visit = desk.visit(escort_required=True, escort_s=20)
    came = desk.post(f"visitors/{_visitor(visit)}/arrive", card_id=desk.cards[0])
    assert (came["card_id"], came["left_at"]) == (desk.cards[0], None)
    assert came["arrived_at"] is not None
    (grant,) = desk.grants(desk.cards[0])
    assert (grant["zone_id"], grant["door_id"]) == (desk.zone, None)
    assert (grant["escorts"], grant["escort_s"]) == ([desk.host], 20)
    window = (visit["starts_at"], visit["ends_at"])
    assert (grant["start_at"], grant["end_at"]) == window


def test_when_they_go_the_card_opens_nothing_and_one_kept_is_listed(desk: Desk) -> None:
    visit = desk.visit(visitors=[{"name": "佐藤"}, {"name": "鈴木"}])
    first, second = (each["id"] for each in visit["visitors"])
    desk.post(f"visitors/{first}/arrive", card_id=desk.cards[0])
    desk.post(f"visitors/{second}/arrive", card_id=desk.cards[1])
    assert not any(one["overdue"] for one in desk.pool().values())
    gone = desk.post(f"visitors/{first}/leave", card_returned=True)
    assert gone["card_id"] is None
    assert gone["card_returned_at"] is not None
    desk.post(f"visitors/{second}/leave", card_returned=False)
    assert desk.grants(desk.cards[0]) == desk.grants(desk.cards[1]) == []
    pool = desk.pool()
    assert (pool[desk.cards[0]]["visitor_id"], pool[desk.cards[0]]["overdue"]) == (None, False)
    assert (pool[desk.cards[1]]["visitor_id"], pool[desk.cards[1]]["overdue"]) == (second, True)
    desk.post(f"visitors/{second}/leave", card_returned=True)
    assert desk.pool()[desk.cards[1]]["visitor_id"] is None


def test_a_card_that_is_not_back_at_the_window_s_end_is_overdue(desk: Desk) -> None:
    visit = desk.visit(hours=1)
    desk.post(f"visitors/{_visitor(visit)}/arrive", card_id=desk.cards[0])
    desk.clock.advance(timedelta(hours=1))
    assert desk.pool()[desk.cards[0]]["overdue"]
    late = desk.visit(hours=1)
    desk.clock.advance(timedelta(hours=1))
    desk.post(f"visitors/{_visitor(late)}/arrive", 409)


def test_a_card_is_lent_to_one_at_a_time_and_only_one_of_the_pool(desk: Desk) -> None:
    visit = desk.visit(visitors=[{"name": "佐藤"}, {"name": "鈴木"}])
    first, second = (each["id"] for each in visit["visitors"])
    desk.post(f"visitors/{first}/arrive", card_id=desk.cards[0])
    desk.post(f"visitors/{second}/arrive", 409, card_id=desk.cards[0])
    staff = desk.add("cards", namespace="uid", identity="04FF", person_id=desk.host)
    desk.post(f"visitors/{second}/arrive", 422, card_id=staff)
    desk.post(f"cards/{desk.cards[1]}/block", reason="汚れ")
    desk.post(f"visitors/{second}/arrive", 409, card_id=desk.cards[1])
    nothing = desk.visit(zones=[])
    desk.post(f"visitors/{_visitor(nothing)}/arrive", 422, card_id=desk.cards[1])
    assert desk.client.delete(f"/api/v1/visitor-cards/{desk.cards[0]}").status_code == 409
    assert desk.client.delete(f"/api/v1/visitor-cards/{desk.cards[1]}").status_code == 204
    assert desk.client.delete(f"/api/v1/visitor-cards/{desk.cards[1]}").status_code == 404


def test_somebody_s_card_does_not_come_into_the_pool(desk: Desk) -> None:
    staff = desk.add("cards", namespace="uid", identity="04FF", person_id=desk.host)
    answer = desk.client.put(f"/api/v1/visitor-cards/{staff}", json={})
    assert answer.status_code == 409


def test_a_changed_or_cancelled_visit_changes_what_lent_cards_open(desk: Desk) -> None:
    visit = desk.visit()
    desk.post(f"visitors/{_visitor(visit)}/arrive", card_id=desk.cards[0])
    later = (desk.clock.now() + timedelta(hours=5)).isoformat()
    changed = desk.client.patch(
        f"/api/v1/visits/{visit['id']}", json={"ends_at": later, "doors": [desk.door], "zones": []}
    )
    assert changed.status_code == 200
    (grant,) = desk.grants(desk.cards[0])
    assert (grant["door_id"], grant["end_at"]) == (desk.door, changed.json()["ends_at"])
    desk.post(f"visits/{visit['id']}/cancel")
    assert desk.grants(desk.cards[0]) == []
    assert desk.client.patch(f"/api/v1/visits/{visit['id']}", json={"note": "x"}).status_code == 409


def test_names_are_forgotten_after_the_days_and_stand_in_no_audit_log(
    desk: Desk, hub: Hub, clock: HandMovedClock
) -> None:
    visit = desk.visit()
    desk.post(f"visitors/{_visitor(visit)}/arrive")
    audit = desk.client.get("/api/v1/audit").text
    assert "佐藤" not in audit
    assert "さくら電設" not in audit
    chore = ForgetVisitors(clock, keep_days=90)
    clock.advance(timedelta(days=90, hours=2))
    with hub.core.db.read() as scope:
        assert not chore.is_due(scope)
    clock.advance(timedelta(hours=2))
    hub.core.db.write(chore.run)
    seen = desk.client.get(f"/api/v1/visits/{visit['id']}").json()
    assert (seen["organisation"], seen["purpose"]) == ("", "")
    assert seen["visitors"][0]["name"] == ""
    assert seen["visitors"][0]["arrived_at"] is not None
    assert seen["forgotten_at"] is not None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ends_at": "2026-04-05T00:00:00Z"}, "ends_at"),
        ({"doors": ["no such door"]}, "doors"),
        ({"zones": ["no such zone"]}, "zones"),
        ({"host_id": None, "escort_required": True}, "host_id"),
        ({"escorts": ["nobody"]}, "escorts"),
    ],
)
def test_a_visit_that_cannot_be_names_its_field(
    desk: Desk, body: dict[str, Any], field: str
) -> None:
    start = desk.clock.now()
    whole = {
        "site_id": desk.site,
        "host_id": desk.host,
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
    }
    answer = desk.client.post("/api/v1/visits", json={**whole, **body})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, f"body.{field}")


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [(Role.CLERK, 200, 201), (Role.AUDITOR, 200, 403), (Role.STAFF, 403, 403)],
)
def test_who_may_read_and_write_the_register(
    desk: Desk, as_role: Callable[[Role], TestClient], role: Role, reads: int, writes: int
) -> None:
    start = desk.clock.now()
    span = {"from": start.isoformat(), "to": (start + timedelta(days=1)).isoformat()}
    body = {"site_id": desk.site, "starts_at": span["from"], "ends_at": span["to"]}
    client = as_role(role)
    assert client.get("/api/v1/visits", params=span).status_code == reads
    assert client.post("/api/v1/visits", json=body).status_code == writes
