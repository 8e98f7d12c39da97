"""Who has left: what still lets them in is said, and the day after the doors deny them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.audit.rows import AuditedRows
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.policy.tables import policy_dirty
from hub.staff.leavers import BlockLeavers
from hub.staff.settings import StaffSettings

STAFF = "/api/v1/staff"


@pytest.fixture
def hana(office: Any, hub_town: Any) -> dict[str, str]:
    """Somebody with a card, a grant of her own and one of a group's, employed since 2020."""
    site = hub_town.site()
    door = hub_town.door(site, hub_town.controller(site, enrolled=False))
    person = office.person("10427")
    group = hub_town.group()
    hub_town.join(person, group)
    found = {
        "person": person,
        "department": office.department("01"),
        "group": group,
        "card": hub_town.card(person),
        "grant": hub_town.grant(door, person_id=person),
    }
    hub_town.grant(door, group_id=group)
    office.hire(person, found["department"])
    return found


def _chore(hub: Hub, *, blocks: bool = True) -> BlockLeavers:
    zone = hub.core.settings.town.zone
    return BlockLeavers(hub.core.clock, hub.services.get(AuditedRows), zone, blocks=blocks)


def _run(hub: Hub, chore: BlockLeavers) -> bool:
    with hub.core.db.read() as scope:
        due = chore.is_due(scope)
    if due:
        hub.core.db.write(chore.run)
    return due


def _state(office: Any, person: str) -> str:
    return str(office.client.get(f"/api/v1/people/{person}").json()["state"])


def _touched(hub: Hub) -> set[str]:
    with hub.core.db.read() as scope:
        return {row.target for row in scope.all(scope.select(policy_dirty))}


def test_retiring_says_what_still_lets_them_in(office: Any, hana: dict[str, str]) -> None:
    found = office.made(f"{STAFF}/people/{hana['person']}/retire", {"ends_on": "2026-04-06"}, 200)
    assert found["blocked_by_hub"] is True
    assert (found["cards"], found["grants"], found["groups"]) == (
        [hana["card"]],
        [hana["grant"]],
        [hana["group"]],
    )
    assert found["employment"]["ends_on"] == "2026-04-06"


def test_the_doors_deny_them_from_the_day_after_their_last(
    office: Any, hub: Hub, hana: dict[str, str], clock: HandMovedClock
) -> None:
    office.made(f"{STAFF}/people/{hana['person']}/retire", {"ends_on": "2026-04-06"}, 200)
    chore = _chore(hub)
    hub.core.db.write(lambda scope: scope.delete(policy_dirty, policy_dirty.c.id.is_not(None)))
    clock.advance(timedelta(hours=14, minutes=59))  # 23:59 in Japan
    assert not _run(hub, chore)
    assert _state(office, hana["person"]) == "active"
    clock.advance(timedelta(minutes=1))
    assert _run(hub, chore)
    assert _state(office, hana["person"]) == "blocked"
    assert hana["person"] in _touched(hub)
    assert not _run(hub, chore)


def test_who_is_let_in_again_by_hand_stays_so_and_is_listed(
    office: Any, hub: Hub, hana: dict[str, str], clock: HandMovedClock
) -> None:
    person = hana["person"]
    office.made(f"{STAFF}/people/{person}/retire", {"ends_on": "2026-04-06"}, 200)
    clock.advance(timedelta(days=1))
    chore = _chore(hub)
    assert _run(hub, chore)
    assert office.client.get(f"{STAFF}/leavers").json() == []
    office.client.patch(f"/api/v1/people/{person}", json={"state": "active"})
    clock.advance(timedelta(days=1))
    assert not _run(hub, chore)
    (listed,) = office.client.get(f"{STAFF}/leavers").json()
    assert (listed["person_id"], listed["left_on"]) == (person, "2026-04-06")
    assert office.made(f"{STAFF}/people/{person}/block", {}, 200)["state"] == "blocked"
    assert office.client.get(f"{STAFF}/leavers").json() == []


def test_who_comes_back_later_or_moves_on_has_not_left(
    office: Any, hub: Hub, hana: dict[str, str], clock: HandMovedClock
) -> None:
    person, place = hana["person"], {"department_id": hana["department"], "kind": "regular"}
    move = {"starts_on": "2026-04-07", **place, "post": "係長"}
    office.made(f"{STAFF}/people/{person}/transfer", move, 200)
    clock.advance(timedelta(days=2))
    assert not _run(hub, _chore(hub))
    refused = office.client.post(f"{STAFF}/people/{person}/block")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_left")


def test_somebody_who_was_never_staff_is_no_leaver(
    office: Any, hub: Hub, hub_town: Any, clock: HandMovedClock
) -> None:
    contractor = office.person(None, "外部 太郎")
    hub_town.card(contractor)
    clock.advance(timedelta(days=1))
    assert not _run(hub, _chore(hub))
    assert office.client.get(f"{STAFF}/leavers").json() == []


def test_a_town_that_blocks_by_hand_is_told_whom(
    office: Any, hub: Hub, hana: dict[str, str], clock: HandMovedClock
) -> None:
    assert StaffSettings().block_leavers
    office.made(f"{STAFF}/people/{hana['person']}/retire", {"ends_on": "2026-04-06"}, 200)
    clock.advance(timedelta(days=1))
    assert _run(hub, _chore(hub, blocks=False))
    assert _state(office, hana["person"]) == "active"
    assert [each["person_id"] for each in office.client.get(f"{STAFF}/leavers").json()] == [
        hana["person"]
    ]


def test_it_looks_once_a_minute(
    office: Any, hub: Hub, hana: dict[str, str], clock: HandMovedClock
) -> None:
    chore = _chore(hub)
    assert not _run(hub, chore)
    clock.advance(timedelta(days=1))
    yesterday = {"ends_on": "2026-04-06"}
    office.made(f"{STAFF}/people/{hana['person']}/retire", yesterday, 200)
    assert _run(hub, chore)
    office.client.patch(f"/api/v1/people/{hana['person']}", json={"state": "active"})
    assert not _run(hub, chore)
    clock.advance(timedelta(seconds=59))
    assert not _run(hub, chore)
