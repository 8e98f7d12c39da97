"""A hall to book: one site, one enrolled controller, two doors with keypads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.bookings.facilities import FacilitiesService
from hub.bookings.holders import HolderPins
from hub.bookings.records import BookingWish, Contact, Facility
from hub.bookings.residents import ResidentsService
from hub.bookings.service import BookingsService
from hub.bookings.tables import Approval
from hub.bookings.throttle import AddressThrottle
from hub.bookings.windows import BookingRules
from hub.keyboxes.codes import OfflineCodes
from hub.pins.links import PinLinks
from hub.web.rights import Principal, PrincipalKind, Role


@dataclass
class Hall:
    """Services, and a hall with a front and a side door."""

    town: Any
    facilities: FacilitiesService
    bookings: BookingsService
    residents: ResidentsService
    clerk: Principal
    site: str
    controller: str
    doors: tuple[str, ...]
    id: str

    def at(self, hours: float) -> datetime:
        """An instant so many hours from now."""
        now: datetime = self.town.clock.now()
        return now + timedelta(hours=hours)

    def wish(self, start_h: float = 1, hours: float = 2, **more: Any) -> BookingWish:
        """A booking of the hall."""
        more.setdefault("facility_id", self.id)
        more.setdefault("contact", Contact("山田", "y@example.jp", "090-0000-0000"))
        start = self.at(start_h)
        return BookingWish(starts_at=start, ends_at=start + timedelta(hours=hours), **more)

    def digits(self, key: str) -> str:
        """The PIN of a booking with one holder."""
        (revealed,) = self.bookings.reveal(self.clerk, key)
        assert revealed.pin is not None
        return revealed.pin


@pytest.fixture
def make_facility() -> Callable[..., Facility]:
    """Makes a facility to be kept."""

    def make(site: str, doors: tuple[str, ...], **rules: Any) -> Facility:
        return Facility(
            id="",
            site_id=site,
            name_ja="体育館",
            name_easy="たいいくかん",
            name_en="Gym",
            doors=doors,
            approval=rules.pop("approval", Approval.AUTOMATIC),
            rules=BookingRules(**rules),
            phone="0123-45-6789",
        )

    return make


@pytest.fixture
def hall(town: Any, make_facility: Callable[..., Facility]) -> Hall:
    """The hall."""
    pins = town.pins
    holders = HolderPins(town.clock, town.ids, pins, OfflineCodes(town.clock, town.ids, town.keys))
    links = PinLinks(town.clock, town.ids, town.keys)
    bookings = BookingsService(town.db, town.clock, town.ids, holders, links)
    facilities = FacilitiesService(town.db, town.clock, town.ids)
    throttle = AddressThrottle(town.clock, town.keys, an_hour=3)
    residents = ResidentsService(town.db, town.clock, town.ids, bookings, holders, links, throttle)
    clerk = Principal(PrincipalKind.TOKEN, "clerk", "clerk", Role.CLERK)
    site = town.site()
    controller = town.controller(site)
    doors = tuple(sorted(town.door(site, controller) for _ in range(2)))
    for door in doors:
        town.reader(controller, door)
    kept = facilities.create(clerk, make_facility(site, doors))
    return Hall(town, facilities, bookings, residents, clerk, site, controller, doors, kept.id)
