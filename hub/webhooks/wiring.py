"""Builds the services of webhooks: for `hub.bootstrap`."""

from __future__ import annotations

import ssl

from hub.bookings.service import BookingsService
from hub.settings import ConfigError
from hub.web.core import Core, Services
from hub.webhooks.observed import Observer
from hub.webhooks.outbox import Outbox
from hub.webhooks.post import WebhookPost
from hub.webhooks.receiving import ReceivingService
from hub.webhooks.service import WebhooksService
from hub.webhooks.settings import WebhooksSettings
from hub.webhooks.sources import SourcesService


def add_webhooks(core: Core, services: Services) -> None:
    """Add services and the job; bookings are there already. Raises `ConfigError` for authorities
    that cannot be read: better now than at every attempt."""
    _check(core.settings.webhooks)
    outbox = Outbox(core.clock, core.ids)
    services.add(WebhooksService(core, outbox))
    services.add(SourcesService(core))
    services.add(ReceivingService(core, services.get(BookingsService)))
    services.add(WebhookPost(core, outbox, Observer(core.db, core.clock, outbox)))


def _check(settings: WebhooksSettings) -> None:
    if settings.ca is None:
        return
    try:
        ssl.create_default_context(cafile=settings.ca)
    except OSError as error:
        raise ConfigError(f"{settings.ca}: webhooks.ca: {error}; name a PEM file") from error
