"""What a site consists of, as frozen values; `body()` is what the edge is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from wire.policy_bodies import (
    AntiPassback,
    Assurance,
    DeviceBody,
    DeviceDriver,
    DoorBody,
    FailMode,
    FirstPerson,
    OnJournalFailure,
    OnUntrustedClock,
    Point,
    PunchRule,
    ReaderBody,
    Side,
    ZoneBody,
)


class SiteState(StrEnum):
    """Whether something at a site is in use. What was removed stays for the log's sake."""

    ACTIVE = "active"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Site:
    """A building or ground of the town. `horizon_hours`: how far ahead its edges hold PINs.
    `latitude` and `longitude` are degrees of WGS 84, both or neither. `area` is the part of the
    town it lies in: emergencies are ordered for an area."""

    id: str
    name: str
    name_en: str
    name_kana: str
    address: str
    phone: str
    horizon_hours: int
    area: str
    created_at: datetime
    updated_at: datetime
    latitude: float | None = None
    longitude: float | None = None


TERMINAL_NAMES: Final = "terminal_names"
"""The setting of a controller that says which form of names its attendance terminal shows."""


class NameForm(StrEnum):
    """Which form of somebody's name an attendance terminal shows."""

    FAMILY = "family"
    FULL = "full"
    KANA = "kana"
    """The family name in kana."""
    STAFF_NUMBER = "staff_number"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Controller:
    """One edge agent and its identity. `settings` are what the hub steers of the agent."""

    id: str
    site_id: str
    name: str
    name_en: str
    state: SiteState
    has_rtc: bool
    settings: Mapping[str, bool | int | str]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Zone:
    """An area behind doors.

    `soft` says that somebody asked for rules that are reported where they cannot be enforced: a
    zone that spans controllers has a limit only so. `forgiven` counts how often everybody in it was
    forgotten, `forgiven_at` the last time.
    """

    id: str
    site_id: str
    name: str
    name_en: str
    anti_passback: AntiPassback
    occupancy_max: int | None
    soft: bool
    forget_after_s: int | None
    reset_min: int | None
    tz: str
    forgiven: int
    forgiven_at: datetime | None
    created_at: datetime
    updated_at: datetime

    def body(self, *, spans: bool) -> ZoneBody:
        """What the edge is told. `spans` is whether its doors are on several controllers
        (`hub.sites.spanning`); raises `ValueError` for a hard zone that spans."""
        return ZoneBody(
            anti_passback=self.anti_passback,
            occupancy_max=self.occupancy_max,
            spans=spans,
            forget_after_s=self.forget_after_s,
            reset_min=self.reset_min,
            tz=self.tz,
            forgiven=self.forgiven,
        )


@dataclass(frozen=True, slots=True)
class Door:
    """An access point. `key_holder` and `egress` are shown on its page: who has the physical key,
    and how one gets out."""

    id: str
    site_id: str
    controller_id: str
    state: SiteState
    name: str
    name_en: str
    name_kana: str
    key_holder: str
    egress: str
    unlock_ms: int
    held_after_ms: int
    detect_forced: bool
    min_assurance: Assurance
    min_digits: int
    strike: Point | None
    contact: Point | None
    bolt: Point | None
    rex: Point | None
    mechanical_key: Point | None
    bell: Point | None
    fail: FailMode
    on_untrusted_clock: OnUntrustedClock
    on_journal_failure: OnJournalFailure
    zone_in: str | None
    zone_out: str | None
    hold_schedule: str | None
    first_person: FirstPerson
    two_person: bool
    second_person_ms: int
    shelter: bool
    interlock: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def zones(self) -> frozenset[str]:
        """The zones it leads into or out of."""
        return frozenset(zone for zone in (self.zone_in, self.zone_out) if zone is not None)

    @property
    def points(self) -> dict[str, Point]:
        """Its inputs and outputs by name, those that are wired."""
        named = {
            "strike": self.strike,
            "contact": self.contact,
            "bolt": self.bolt,
            "rex": self.rex,
            "mechanical_key": self.mechanical_key,
            "bell": self.bell,
        }
        return {name: point for name, point in named.items() if point is not None}

    def body(self) -> DoorBody:
        """What the edge is told."""
        return DoorBody(
            unlock_ms=self.unlock_ms,
            held_after_ms=self.held_after_ms,
            detect_forced=self.detect_forced,
            min_assurance=self.min_assurance,
            min_digits=self.min_digits,
            strike=self.strike,
            contact=self.contact,
            bolt=self.bolt,
            rex=self.rex,
            mechanical_key=self.mechanical_key,
            bell=self.bell,
            fail=self.fail,
            on_untrusted_clock=self.on_untrusted_clock,
            on_journal_failure=self.on_journal_failure,
            zone_in=self.zone_in,
            zone_out=self.zone_out,
            hold_schedule=self.hold_schedule,
            first_person=self.first_person,
            two_person=self.two_person,
            second_person_ms=self.second_person_ms,
            shelter=self.shelter,
            interlock=self.interlock,
        )


@dataclass(frozen=True, slots=True)
class Device:
    """Something on a port of a controller.

    `secret` is its key as the hub keeps it (`HubKeys.seal`, row `devices:<id>`); `sealed` the same
    sealed to its controller when it was set: it changes only with the secret or the controller.
    """

    id: str
    controller_id: str
    state: SiteState
    name: str
    driver: DeviceDriver
    port: str
    address: int
    reader_name: str | None
    secret: bytes | None = field(repr=False)
    sealed: str | None = field(repr=False)
    created_at: datetime
    updated_at: datetime

    def body(self) -> DeviceBody:
        """What the edge is told."""
        return DeviceBody(
            driver=self.driver,
            port=self.port,
            address=self.address,
            sealed=self.sealed,
            reader_name=self.reader_name,
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader or keypad on a device; one without a door is an attendance terminal.
    `min_assurance` is what a tap needs to be a punch."""

    id: str
    device_id: str
    door_id: str | None
    state: SiteState
    name: str
    channel: int
    side: Side
    keypad: bool
    cards: bool
    profiles: tuple[str, ...]
    assurance: Assurance
    punch: PunchRule
    min_assurance: Assurance
    key_timeout_ms: int
    max_keys: int
    tries: int
    budget_window_s: int
    lockout_s: int
    lockout_max_s: int
    card_tries: int
    card_window_s: int
    card_lockout_s: int
    card_lockout_max_s: int
    created_at: datetime
    updated_at: datetime

    @property
    def best_assurance(self) -> Assurance:
        """The most that a card can come to at it."""
        return Assurance.CHALLENGE if self.profiles else self.assurance

    def body(self) -> ReaderBody:
        """What the edge is told."""
        return ReaderBody(
            device=self.device_id,
            channel=self.channel,
            door=self.door_id,
            side=self.side,
            keypad=self.keypad,
            cards=self.cards,
            profiles=self.profiles,
            assurance=self.assurance,
            punch=self.punch,
            min_assurance=self.min_assurance,
            key_timeout_ms=self.key_timeout_ms,
            max_keys=self.max_keys,
            tries=self.tries,
            budget_window_s=self.budget_window_s,
            lockout_s=self.lockout_s,
            lockout_max_s=self.lockout_max_s,
            card_tries=self.card_tries,
            card_window_s=self.card_window_s,
            card_lockout_s=self.card_lockout_s,
            card_lockout_max_s=self.card_lockout_max_s,
        )
