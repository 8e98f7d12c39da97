"""Builds what sends notices: for `hub.bootstrap`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from prometheus_client import CollectorRegistry

from hub.bookings.holders import HolderPins
from hub.jobs.worker import Job
from hub.keyboxes.codes import OfflineCodes
from hub.notices.carrier import Carrier
from hub.notices.composing import Composer
from hub.notices.domain import Channel
from hub.notices.line_api import Line
from hub.notices.line_links import LineLinks
from hub.notices.meters import NoticeMeters
from hub.notices.planner import NoticePlanner
from hub.notices.rules import NoticeRules
from hub.notices.sender import NoticeSender
from hub.notices.service import NoticesService
from hub.notices.smtp import Smtp
from hub.notices.subscriptions import Subscriptions
from hub.pins.links import PinLinks
from hub.pins.service import Pins
from hub.settings import Settings
from hub.web.core import Core, Services


def carriers_of(settings: Settings) -> dict[Channel, Carrier]:
    """Give the channels that are set up."""
    found: dict[Channel, Carrier] = {}
    if settings.mail.host:
        found[Channel.EMAIL] = Smtp(settings.mail, settings.public_host)
    if settings.line.token_file is not None:
        found[Channel.LINE] = Line(settings.line)
    return found


def channels_of_town(
    settings: Settings, carriers: Mapping[Channel, Carrier]
) -> tuple[Channel, ...]:
    """Give the channels that are set up, in the town's order."""
    return tuple(each for each in settings.notices.channels if each in carriers)


def add_notices(core: Core, services: Services) -> None:
    """Add the services of notices."""
    channels = channels_of_town(core.settings, carriers_of(core.settings))
    subscriptions = services.add(Subscriptions(core.db, core.clock, core.keys))
    services.add(NoticeRules(core.db, core.clock, core.settings.notices))
    services.add(NoticesService(core, channels))
    links = PinLinks(core.clock, core.ids, core.keys)
    services.add(LineLinks(core, links, subscriptions))


def notice_jobs(core: Core, services: Services, registry: CollectorRegistry) -> list[Job]:
    """Give the jobs: one plans, one sends."""
    carriers = carriers_of(core.settings)
    channels = channels_of_town(core.settings, carriers)
    subscriptions = services.get(Subscriptions)
    pins = Pins(core.clock, core.ids, core.keys, secrets.randbelow)
    holders = HolderPins(core.clock, core.ids, pins, OfflineCodes(core.clock, core.ids, core.keys))
    links = PinLinks(core.clock, core.ids, core.keys)
    composer = Composer(core, holders, links, subscriptions)
    notices = core.settings.notices
    return [
        NoticePlanner(core.db, core.clock, core.ids, notices, channels, subscriptions),
        NoticeSender(
            core, channels, carriers, composer, holders, subscriptions, NoticeMeters(registry)
        ),
    ]
