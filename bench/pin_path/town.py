"""A town of many controllers in a hub's database: doors with a keypad, nobody in it yet.

Rows are written as the services write them, each controller with its mark, so that the hub compiles
everything when it starts. All controllers are of one site and hold their keys in one file.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.event_path.site import Site
from bench.pin_path.large import fill
from hub.accounts.service import AccountsService
from hub.bootstrap import build
from hub.clock import Ids
from hub.database.scope import Scope
from hub.policy.touch import touch_controller
from hub.settings import DatabaseSettings, Settings
from hub.sites.domain import SiteState
from hub.sites.tables import controllers, devices, doors, readers, sites
from hub.web.rights import SYSTEM, Role
from provisioning import hub_keys
from provisioning.enrolment import new_controller_id
from wire.keys import LinkKey, PinKey
from wire.policy_bodies import (
    Assurance,
    DeviceDriver,
    FailMode,
    FirstPerson,
    OnJournalFailure,
    OnUntrustedClock,
    Point,
    PunchRule,
    Side,
)

FLEET: Final = "fleet.json"
_THEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_WRITTEN: Final = {"created_at": _THEN, "updated_at": _THEN}
_NO_WORDS: Final = ("name_en", "name_kana")


@dataclass(frozen=True, slots=True)
class Member:
    """A controller and its doors."""

    controller: str
    link: bytes
    doors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Town:
    """Who is in it, and the token its booking system has."""

    members: tuple[Member, ...]
    token: str


def enrol(site: Site, count: int) -> dict[str, bytes]:
    """Put new controllers' keys into the hub's file; give each one's K_link. Their certificates
    are left out: the simulated ones come in by the listener without TLS."""
    path = site.hub / hub_keys.LINK_KEYS
    held = hub_keys.load_link_keys(path)
    public_key = held[site.controller].public_key
    links: dict[str, bytes] = {}
    for _ in range(count):
        links[new_controller_id()] = secrets.token_bytes(32)
    new = {
        controller: hub_keys.ControllerKeys(
            LinkKey(link), PinKey(secrets.token_bytes(32)), public_key
        )
        for controller, link in links.items()
    }
    hub_keys.save_link_keys(path, {site.controller: held[site.controller], **new})
    return links


def found_town(site: Site, url: str, count: int, doors_each: int, grants: int = 0) -> Town:
    """Write a town into an empty database that has its tables, the first controller with so many
    grants; give it, and write down for the simulator who is in it."""
    links = enrol(site, count)
    hub = build(Settings(directory=site.hub, database=DatabaseSettings(url=url)))
    try:
        _, token = hub.services.get(AccountsService).create_token(
            SYSTEM, name="booking system", role=Role.ADMIN
        )
        ids = hub.core.ids
        members = tuple(
            Member(each, link, tuple(ids.new() for _ in range(doors_each)))
            for each, link in links.items()
        )
        hub.core.db.write(lambda scope: _write(scope, ids, members))
        first, now = members[0], hub.core.clock.now()
        hub.core.db.write(
            lambda scope: fill(
                scope, hub.core.keys, ids, first.controller, first.doors, grants, now
            )
        )
    finally:
        hub.stop()
    write_fleet(site.folder / FLEET, members)
    return Town(members, token)


def write_fleet(path: Path, members: Sequence[Member]) -> None:
    """Tell the simulator whom to be."""
    path.write_text(json.dumps([[each.controller, each.link.hex()] for each in members]))


def _write(scope: Scope, ids: Ids, members: Sequence[Member]) -> None:
    site_id = ids.new()
    nothing = dict.fromkeys(("address", "phone", "area", *_NO_WORDS), "")
    scope.insert(sites, {"id": site_id, "name": "町", "horizon_hours": 72, **nothing, **_WRITTEN})
    rows: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (controllers, devices, doors, readers)
    }
    for number, member in enumerate(members):
        rows[controllers].append(_controller(site_id, member.controller, f"制御 {number}"))
        for place, door_id in enumerate(member.doors):
            device = ids.new()
            name = f"扉 {number}.{place}"
            rows[devices].append(_device(device, member.controller, name, place))
            rows[doors].append(_door(site_id, member.controller, door_id, device, name))
            rows[readers].append(_reader(ids.new(), device, door_id, name))
        touch_controller(scope, member.controller)
    for table, made in rows.items():
        scope.insert(table, made)


def _controller(site_id: str, controller: str, name: str) -> dict[str, Any]:
    return {
        "id": controller,
        "site_id": site_id,
        "name": name,
        "name_en": "",
        "state": SiteState.ACTIVE,
        "has_rtc": True,
        "settings": {},
        **_WRITTEN,
    }


def _device(device: str, controller: str, name: str, place: int) -> dict[str, Any]:
    return {
        "id": device,
        "controller_id": controller,
        "state": SiteState.ACTIVE,
        "name": name,
        "driver": DeviceDriver.VIRTUAL,
        "port": f"port{place}",
        "address": 0,
        **_WRITTEN,
    }


def _door(site_id: str, controller: str, door_id: str, device: str, name: str) -> dict[str, Any]:
    return {
        "id": door_id,
        "site_id": site_id,
        "controller_id": controller,
        "state": SiteState.ACTIVE,
        "name": name,
        **dict.fromkeys((*_NO_WORDS, "key_holder", "egress"), ""),
        "unlock_ms": 5000,
        "held_after_ms": 60000,
        "detect_forced": True,
        "min_assurance": Assurance.READER_VERIFIED,
        "min_digits": 6,
        "strike": Point(device=device, channel=0),
        "fail": FailMode.SECURE,
        "on_untrusted_clock": OnUntrustedClock.DENY,
        "on_journal_failure": OnJournalFailure.DENY,
        "first_person": FirstPerson.NONE,
        "two_person": False,
        "second_person_ms": 30_000,
        "shelter": False,
        **_WRITTEN,
    }


def _reader(reader: str, device: str, door_id: str, name: str) -> dict[str, Any]:
    return {
        "id": reader,
        "device_id": device,
        "door_id": door_id,
        "state": SiteState.ACTIVE,
        "name": name,
        "channel": 0,
        "side": Side.ENTRY,
        "keypad": True,
        "cards": True,
        "profiles": (),
        "assurance": Assurance.READER_VERIFIED,
        "punch": PunchRule.NONE,
        "min_assurance": Assurance.IDENTIFIER,
        "key_timeout_ms": 10000,
        "max_keys": 10,
        "tries": 5,
        "budget_window_s": 300,
        "lockout_s": 300,
        "lockout_max_s": 3600,
        "card_tries": 30,
        "card_window_s": 60,
        "card_lockout_s": 60,
        "card_lockout_max_s": 600,
        **_WRITTEN,
    }
