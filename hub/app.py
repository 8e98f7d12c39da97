"""The hub's web application, made from a built hub."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from hub.accounts import endpoints as accounts
from hub.accounts import pages as account_pages
from hub.accounts.service import AccountsService
from hub.applications import endpoints as applications
from hub.attendance import correction_endpoints as corrections
from hub.attendance import endpoints as attendance
from hub.audit import endpoints as audit
from hub.batteries import endpoints as batteries
from hub.bookings import endpoints as bookings
from hub.bookings import pin_endpoints as booking_pins
from hub.bootstrap import Hub, ProcessRole
from hub.commands import endpoints as commands
from hub.csv_bookings import endpoints as csv_bookings
from hub.door_tests import endpoints as door_tests
from hub.entries import endpoints as entries
from hub.feeds import endpoints as feeds
from hub.keyboxes import endpoints as keyboxes
from hub.leave import endpoints as leave
from hub.notices import endpoints as notices
from hub.notices import line_endpoints
from hub.pages.routers import ROUTERS as PAGES
from hub.payroll import endpoints as payroll
from hub.people import card_key_endpoints, enrolment_endpoints
from hub.people import endpoints as people
from hub.pins import endpoints as pins
from hub.policy import endpoints as policy
from hub.readiness import endpoints as readiness
from hub.rosters import endpoints as rosters
from hub.sites import endpoints as sites
from hub.staff import endpoints as staff
from hub.staff import import_endpoints as staff_imports
from hub.timesheets import closing_endpoints as closings
from hub.timesheets import divergence_endpoints as divergences
from hub.timesheets import endpoints as timesheets
from hub.visitors import endpoints as visitors
from hub.visitors import pool_endpoints as visitor_pool
from hub.visitors import roll_call_endpoints as roll_call
from hub.web import documents, health
from hub.web.middleware import (
    BodyLimitMiddleware,
    RequestContextMiddleware,
    SecurityHeadersMiddleware,
)
from hub.web.pages import STATIC, page_environment
from hub.web.responses import install_handlers
from hub.webhooks import endpoints as webhooks
from hub.webhooks import source_endpoints as webhook_sources
from hub.zones import endpoints as zones

ROUTERS: Final[tuple[APIRouter, ...]] = (
    accounts.router,
    account_pages.router,
    applications.router,
    attendance.router,
    corrections.router,
    closings.router,
    divergences.router,
    audit.router,
    batteries.router,
    bookings.router,
    booking_pins.router,
    commands.router,
    csv_bookings.router,
    sites.router,
    keyboxes.router,
    leave.router,
    notices.router,
    line_endpoints.router,
    payroll.router,
    people.router,
    card_key_endpoints.router,
    visitors.router,
    visitor_pool.router,
    roll_call.router,
    enrolment_endpoints.router,
    policy.router,
    pins.router,
    documents.router,
    door_tests.router,
    entries.router,
    feeds.router,
    webhook_sources.router,
    webhooks.router,
    readiness.router,
    staff.router,
    staff_imports.router,
    rosters.router,
    timesheets.router,
    zones.router,
    *PAGES,
)
"""Every topic's routers, one a line; routes of the same path are tried in this order."""

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def create_app(hub: Hub) -> FastAPI:
    """Make the application of a hub. A process without the `api` role answers health only."""
    settings = hub.core.settings
    app = FastAPI(
        title="Kagimori",
        version="1",
        description=documents.API_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(SecurityHeadersMiddleware),
            Middleware(
                RequestContextMiddleware,
                meters=hub.meters,
                new_id=hub.core.ids.new,
                hosts=_LOOPBACK | {settings.public_host.lower()},
            ),
            Middleware(BodyLimitMiddleware, max_bytes=settings.listen.max_body_bytes),
        ],
    )
    app.state.core = hub.core
    app.state.services = hub.services
    app.state.identifier = hub.services.get(AccountsService)
    app.state.probes = hub.probes
    app.state.registry = hub.registry
    app.state.demo = hub.demo
    app.state.templates = page_environment()
    install_handlers(app)
    # Taken over as they are: including a router would make each of its routes anew for each app.
    app.router.routes.extend(health.router.routes)
    if ProcessRole.API in hub.roles:
        for router in ROUTERS:
            app.router.routes.extend(router.routes)
        app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
