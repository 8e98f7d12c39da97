"""Builds the services of bookings and PINs: for `hub.bootstrap`."""

from __future__ import annotations

import secrets

from hub.bookings.backups import BookingBackups
from hub.bookings.closures import ClosuresService
from hub.bookings.door_reissues import DoorReissues
from hub.bookings.facilities import FacilitiesService
from hub.bookings.history import HistoryService
from hub.bookings.holders import HolderPins
from hub.bookings.members import MembersService
from hub.bookings.residents import ResidentsService
from hub.bookings.risks import BookingRisks
from hub.bookings.series import SeriesService
from hub.bookings.service import BookingsService
from hub.bookings.throttle import AddressThrottle
from hub.keyboxes.codes import OfflineCodes
from hub.pins.constraints import CodeRules
from hub.pins.links import PinLinks
from hub.pins.pool_desk import DoorPools
from hub.pins.reservations import Reservations
from hub.pins.risk import GuessRisks
from hub.pins.service import Pins
from hub.pins.standing import StandingCodes
from hub.policy.connections import Connections
from hub.policy.outlet import Outlet
from hub.web.core import Core, Services


def add_backups(core: Core, services: Services) -> None:
    """Add `BookingBackups`; `Outlet` is there already."""
    codes = OfflineCodes(core.clock, core.ids, core.keys)
    connections = Connections(services.get(Outlet))
    standing = StandingCodes(core.clock, services.get(Pins))
    services.add(BookingBackups(core.db, core.clock, codes, standing, connections))


def add_bookings(core: Core, services: Services) -> None:
    """Add the services of facilities, closed days, bookings, series, members, histories and
    residents, and what is asked of PINs."""
    pins = services.add(Pins(core.clock, core.ids, core.keys, secrets.randbelow))
    risks = services.add(GuessRisks(core.db, core.clock, Reservations(core.ids, core.keys)))
    services.add(BookingRisks(core.db, risks))
    services.add(CodeRules(core.db))
    services.add(DoorPools(core.db, core.clock, StandingCodes(core.clock, pins)))
    services.add(DoorReissues(core.db, core.clock, pins))
    holders = HolderPins(core.clock, core.ids, pins, OfflineCodes(core.clock, core.ids, core.keys))
    links = PinLinks(core.clock, core.ids, core.keys)
    services.add(FacilitiesService(core.db, core.clock, core.ids))
    services.add(ClosuresService(core.db, core.clock, core.ids))
    services.add(HistoryService(core.db))
    bookings = services.add(BookingsService(core.db, core.clock, core.ids, holders, links))
    services.add(SeriesService(core.db, core.clock, core.ids, bookings))
    services.add(MembersService(core.db, bookings))
    an_hour = core.settings.residents.requests_an_hour
    throttle = AddressThrottle(core.clock, core.keys, an_hour)
    services.add(
        ResidentsService(core.db, core.clock, core.ids, bookings, holders, links, throttle)
    )
