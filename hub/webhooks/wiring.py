"""Builds the services of webhooks: for `hub.bootstrap`."""

from __future__ import annotations

from hub.bookings.service import BookingsService
from hub.web.core import Core, Services
from hub.webhooks.observed import Observer
from hub.webhooks.outbox import Outbox
from hub.webhooks.post import WebhookPost
from hub.webhooks.receiving import ReceivingService
from hub.webhooks.service import WebhooksService
from hub.webhooks.sources import SourcesService


def add_webhooks(core: Core, services: Services) -> None:
    """Add services and the job; bookings are there already."""
    outbox = Outbox(core.clock, core.ids)
    services.add(WebhooksService(core, outbox))
    services.add(SourcesService(core))
    services.add(ReceivingService(core, services.get(BookingsService)))
    services.add(WebhookPost(core, outbox, Observer(core.db, core.clock, outbox)))
