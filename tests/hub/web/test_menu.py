"""The menu: what somebody may see, where they are, and nothing that leads to a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute

from hub.accounts.service import AccountsService
from hub.bootstrap import Hub
from hub.catalogue import Language, Translator
from hub.pages.routers import ROUTERS
from hub.web.menu import GROUPS, menu_of
from hub.web.rights import SYSTEM, Principal, PrincipalKind, Role

HTML = {"Accept": "text/html"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    return sqlite_at


def somebody(role: Role, person_id: str | None = "p") -> Principal:
    return Principal(PrincipalKind.SESSION, "u", "u", role, None, person_id)


def paths(who: Principal) -> list[str]:
    return [item.path for group in menu_of(who, "/") for item in group.items]


def test_staff_see_their_own_things_alone() -> None:
    seen = paths(somebody(Role.STAFF))
    assert seen[:4] == ["/my/month", "/attendance", "/my/applications", "/leave"]
    assert set(seen) == {place.path for place in GROUPS[1].places}


def test_who_sees_one_group_alone_has_its_first_places_side_by_side() -> None:
    groups = menu_of(somebody(Role.STAFF), "/approvals")
    assert [len(group.items) for group in groups] == [1, 1, 1, 1, 5]
    assert (groups[-1].name, groups[-1].current) == ("more", True)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("person_id", [None, "p"])
def test_no_place_stands_twice_and_each_is_within_ones_rights(
    role: Role, person_id: str | None
) -> None:
    who = somebody(role, person_id)
    seen = paths(who)
    assert len(seen) == len(set(seen))
    allowed = {p.path for group in GROUPS for p in group.places if who.may(p.right)}
    assert set(seen) <= allowed


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/", "/"),
        ("/doors/x", None),
        ("/staff/departments/7", "/staff/departments"),
        ("/staff/people/7", "/staff"),
        ("/attendance/months/2026-04", "/attendance/months"),
        ("/attendance/people/7", "/attendance"),
        ("/payroll/profiles/new", "/payroll"),
        ("/staffing", None),
    ],
)
def test_the_nearest_place_is_marked_and_no_other(path: str, where: str | None) -> None:
    marked = [
        item.path
        for group in menu_of(somebody(Role.ADMIN), path)
        for item in group.items
        if item.current
    ]
    assert marked == ([where] if where else [])


def test_every_place_is_a_page() -> None:
    pages = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }
    assert {place.path for group in GROUPS for place in group.places} <= pages


@pytest.mark.parametrize("language", list(Language))
def test_every_group_and_place_has_a_name(language: Language) -> None:
    t = Translator(language)
    for group in GROUPS:
        assert t(f"nav.{group.name}")
        assert all(t(f"nav.{place.name}") for place in group.places)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PERSONNEL, Role.CLERK, Role.AUDITOR])
def test_whatever_the_menu_leads_to_opens(hub: Hub, client: Any, role: Role) -> None:
    _, token = hub.services.get(AccountsService).create_token(SYSTEM, name=role, role=role)
    client.headers["Authorization"] = f"Bearer {token}"
    seen = paths(somebody(role, None))
    assert len(seen) > 5
    refused = {
        path: answer.status_code
        for path in seen
        if (answer := client.get(path, headers=HTML)).status_code != 200
    }
    assert refused == {}
