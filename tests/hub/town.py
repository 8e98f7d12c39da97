"""A town for tests: sites, doors, people and PINs, entered row by row with their marks.

`tests/hub/conftest.py` loads it and gives it as the fixture `town`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hub.clock import HandMovedClock, Ids
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.people.card_key_domain import card_key_row
from hub.people.domain import CalendarSource, CardState
from hub.people.identities import identity_index, seal_identity
from hub.people.tables import (
    calendars,
    cards,
    grants,
    group_members,
    groups,
    people,
    schedules,
)
from hub.pins.service import Issue, Pins
from hub.policy import touch
from hub.policy.compiler import Compiled, Compiler
from hub.policy.sweep import Sweep
from hub.sites.domain import SiteState
from hub.sites.tables import controllers, devices, doors, readers, sites, zones
from provisioning.hub_keys import ControllerKeys
from provisioning.keys import new_tls_key
from wire.keys import LinkKey, PinKey
from wire.policy import EntryKey, decode_entry
from wire.policy_bodies import (
    AntiPassback,
    Assurance,
    DaySpan,
    DeviceDriver,
    EntryState,
    FailMode,
    FirstPerson,
    OnJournalFailure,
    OnUntrustedClock,
    PunchRule,
    Side,
    WeekSpan,
)

_PUBLIC = new_tls_key().public_key()
_THEN = datetime(2026, 1, 1, tzinfo=UTC)
_WRITTEN = {"created_at": _THEN, "updated_at": _THEN}


@dataclass
class Town:
    """Enters things as the services do: each row with its mark, in one transaction."""

    db: Database
    clock: HandMovedClock
    ids: Ids
    keys: HubKeys
    links: dict[str, ControllerKeys]
    random: Random = field(default_factory=lambda: Random(7))
    count: int = 0

    def __post_init__(self) -> None:
        self.compiler = Compiler(self.clock, self.keys)
        self.pins = Pins(self.clock, self.ids, self.keys, self.random.randrange)
        self.sweep = Sweep(self.clock, self.keys)

    def _name(self) -> str:
        self.count += 1
        return f"name {self.count}"

    def _insert(self, table: Any, mark: Callable[[Scope, str], None] | None, **row: Any) -> str:
        made = {"id": self.ids.new(), **row}

        def write(scope: Scope) -> str:
            scope.insert(table, made)
            if mark is not None:
                mark(scope, made["id"])
            return str(made["id"])

        return self.db.write(write)

    def set(self, table: Any, mark: Callable[[Scope, str], None], row_id: str, **row: Any) -> None:
        def write(scope: Scope) -> None:
            scope.update(table, row, table.c.id == row_id)
            mark(scope, row_id)

        self.db.write(write)

    # --- what stands somewhere ---

    def site(self, horizon_hours: int = 72, area: str = "") -> str:
        row = dict.fromkeys(("name_en", "name_kana", "address", "phone"), "") | {"area": area}
        return self._insert(
            sites, None, name=self._name(), horizon_hours=horizon_hours, **row, **_WRITTEN
        )

    def controller(self, site: str, *, enrolled: bool = True) -> str:
        self.count += 1
        controller = f"controller{self.count:06d}"
        if enrolled:
            secret = self.count.to_bytes(32, "big")
            self.links[controller] = ControllerKeys(LinkKey(secret), PinKey(secret), _PUBLIC)
        return self._insert(
            controllers,
            touch.touch_controller,
            id=controller,
            site_id=site,
            name=self._name(),
            name_en="",
            state=SiteState.ACTIVE,
            has_rtc=True,
            settings={"telemetry_s": 300},
            **_WRITTEN,
        )

    def door(self, site: str, controller: str, **changed: Any) -> str:
        row = {
            "site_id": site,
            "controller_id": controller,
            "state": SiteState.ACTIVE,
            "name": self._name(),
            **dict.fromkeys(("name_en", "name_kana", "key_holder", "egress"), ""),
            "unlock_ms": 5000,
            "held_after_ms": 60000,
            "detect_forced": True,
            "min_assurance": Assurance.READER_VERIFIED,
            "min_digits": 6,
            "fail": FailMode.SECURE,
            "on_untrusted_clock": OnUntrustedClock.DENY,
            "on_journal_failure": OnJournalFailure.DENY,
            "first_person": FirstPerson.NONE,
            "two_person": False,
            "second_person_ms": 30_000,
            "shelter": False,
            "interlock": None,
        }
        return self._insert(doors, touch.touch_door, **(row | changed), **_WRITTEN)

    def zone(self, site: str, **changed: Any) -> str:
        row = {
            "site_id": site,
            "name": self._name(),
            "name_en": "",
            "anti_passback": AntiPassback.NONE,
            "occupancy_max": None,
            "soft": False,
            "forget_after_s": None,
            "reset_min": 240,
            "tz": "Asia/Tokyo",
            "forgiven": 0,
            "forgiven_at": None,
        }
        return self._insert(zones, None, **(row | changed), **_WRITTEN)

    def reader(self, controller: str, door: str | None, **changed: Any) -> str:
        device = self._insert(
            devices,
            touch.touch_device,
            controller_id=controller,
            state=SiteState.ACTIVE,
            name=self._name(),
            driver=DeviceDriver.VIRTUAL,
            port=f"port{self.count}",
            address=0,
            **_WRITTEN,
        )
        row = {
            "device_id": device,
            "door_id": door,
            "state": SiteState.ACTIVE,
            "name": self._name(),
            "channel": 0,
            "side": Side.ENTRY if door else Side.TERMINAL,
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
        }
        return self._insert(readers, touch.touch_reader, **(row | changed), **_WRITTEN)

    # --- who ---

    def person(self, *in_groups: str) -> str:
        person = self._insert(
            people,
            touch.touch_person,
            name=self._name(),
            **dict.fromkeys(("name_kana", "name_en", "organisation"), ""),
            state=EntryState.ACTIVE,
            anti_passback_exempt=False,
            long_unlock=False,
            forgiven=0,
            **_WRITTEN,
        )
        for group in in_groups:
            self.join(person, group)
        return person

    def group(self) -> str:
        return self._insert(groups, None, name=self._name(), name_en="", **_WRITTEN)

    def join(self, person: str, group: str) -> None:
        def write(scope: Scope) -> None:
            scope.upsert_ignore(group_members, {"group_id": group, "person_id": person})
            touch.touch_person(scope, person)

        self.db.write(write)

    def leave(self, person: str, group: str) -> None:
        def write(scope: Scope) -> None:
            m = group_members.c
            scope.delete(group_members, m.group_id == group, m.person_id == person)
            touch.touch_person(scope, person)

        self.db.write(write)

    def card(self, person: str | None, key: bytes | None = None) -> str:
        """A card; with `key` (16 bytes) one that shares it with us."""
        card, number = self.ids.new(), self.random.randbytes(7 if key else 8)
        return self._insert(
            cards,
            touch.touch_card,
            id=card,
            person_id=person,
            namespace="uid",
            identity=seal_identity(self.keys, card, number),
            identity_index=identity_index(self.keys, "uid", number),
            label="",
            profile="desfire-ev2-aes" if key else None,
            shared_key=self.keys.seal(key, card_key_row(card)) if key else None,
            state=CardState.ACTIVE,
            state_reason="",
            state_changed_at=_THEN,
            **_WRITTEN,
        )

    # --- what they may ---

    def calendar(self) -> str:
        return self._insert(
            calendars,
            touch.touch_calendar,
            name=self._name(),
            name_en="",
            source=CalendarSource.NONE,
            added=(),
            removed=(),
            **_WRITTEN,
        )

    def schedule(self, calendar: str | None = None) -> str:
        return self._insert(
            schedules,
            touch.touch_schedule,
            name=self._name(),
            name_en="",
            tz="Asia/Tokyo",
            week=(WeekSpan((0, 1, 2, 3, 4), (DaySpan(540, 1020),)),),
            calendar_id=calendar,
            holiday_spans=(),
            exceptions=(),
            **_WRITTEN,
        )

    def grant(self, door: str | None = None, **who: Any) -> str:
        row = {
            "door_id": door,
            **dict.fromkeys(("zone_id", "person_id", "group_id", "card_id", "start_at", "end_at")),
            "escorts": (),
            "escort_s": 30,
            "schedule_id": None,
            "needs_pin": False,
            "first_person": False,
            "max_uses": None,
            "soft": False,
            "state": EntryState.ACTIVE,
            "note": "",
        }
        return self._insert(grants, touch.touch_grant, **(row | who), **_WRITTEN)

    def pin(
        self,
        *at: str,
        starts_h: float = 1,
        hours: float = 2,
        approved: bool = True,
        person: str | None = None,
        booked: bool = True,
    ) -> str:
        start = self.clock.now() + timedelta(hours=starts_h)
        order = Issue(
            booking_id=self.ids.new() if booked else "",
            holder_id=self.ids.new(),
            person_id=person,
            doors=at,
            window=(start, start + timedelta(hours=hours)),
            digits=None,
            approved=approved,
            cause="test",
        )
        return self.db.write(lambda scope: self.pins.issue(scope, order))

    # --- what comes of it ---

    def compile(self) -> Compiled:
        return self.db.write(self.compiler.compile_marks)

    def pass_time(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))
        self.db.write(self.sweep.run)
        self.compile()

    def held(self, controller: str) -> dict[EntryKey, bytes]:
        from hub.policy import repository

        with self.db.read() as scope:
            stored = repository.entries(scope, controller)
        return {entry.key: bytes(decode_entry(entry.data).body) for entry in stored}

    def from_nothing(self, controller: str) -> dict[EntryKey, bytes]:
        with self.db.read() as scope:
            return dict(self.compiler.desired(scope, controller))
