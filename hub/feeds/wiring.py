"""Builds what feeds need: for `hub.bootstrap`."""

from __future__ import annotations

from hub.bookings.service import BookingsService
from hub.feeds.applying import Applier
from hub.feeds.concluding import Concluder
from hub.feeds.fetching import CalendarClient
from hub.feeds.holding import FeedLocks
from hub.feeds.polling import Poller
from hub.feeds.sealing import FeedSeals
from hub.feeds.service import FeedsService
from hub.feeds.trying import DryRun
from hub.web.core import Core, Services


def add_feeds(core: Core, services: Services) -> None:
    """Add `Poller`, `FeedsService` and `DryRun`; bookings are there already."""
    seals, locks = FeedSeals(core.keys), FeedLocks(core.db)
    applier = Applier(core.db, core.clock, core.ids, services.get(BookingsService))
    client = CalendarClient(core.settings.feeds)
    concluder = Concluder(core.db, core.clock, applier)
    poller = services.add(Poller(core.db, core.clock, core.ids, seals, client, concluder, locks))
    services.add(FeedsService(core, seals, poller, applier, locks))
    services.add(DryRun(core.db, core.clock, client, applier))
