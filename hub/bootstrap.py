"""Builds a hub from its settings. Importing builds nothing.

A topic plugs in by one explicit line each: its service in `_services`, its worker in `_workers`,
its chores in `_chores`, its jobs in `_jobs`, its question for `/readyz` in `_probes`, its router in
`hub.app.ROUTERS`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry

from hub.accounts.login import LoginService
from hub.accounts.passwords import Passwords
from hub.accounts.service import AccountsService
from hub.applications.wiring import add_applications, reminder_jobs
from hub.attendance.service import AttendanceService
from hub.audit.rows import AuditedRows
from hub.audit.service import AuditService
from hub.backup.desk import BackupDesk
from hub.batteries.reckoning import ForecastChore
from hub.batteries.service import BatteriesService
from hub.bookings.outcomes import SettleOutcomes
from hub.bookings.wiring import add_backups, add_bookings
from hub.clock import Clock, Ids, SystemClock
from hub.commands.service import CommandExpiry
from hub.commands.wiring import add_commands
from hub.csv_bookings.wiring import add_csv, csv_folder
from hub.database.engine import Database, open_database
from hub.database.migrate import head_revision
from hub.door_tests.service import DoorTestsService
from hub.duty.wiring import duty_jobs
from hub.entries.live import Live
from hub.entries.lost_links import LostLinks
from hub.entries.service import EntriesService
from hub.feeds.job import FeedsJob
from hub.feeds.polling import Poller
from hub.feeds.wiring import add_feeds
from hub.happenings.readers import ForgetHappenings
from hub.ingest.repository import raw_events_after
from hub.jobs.worker import Job, JobsWorker
from hub.key_rotation.resealing import ResealRows
from hub.keyboxes.wiring import add_keyboxes
from hub.keys import HubKeys, KeyFileError
from hub.leave.wiring import add_leave
from hub.link.wiring import LinkWorker
from hub.notices.retention import ForgetAddresses
from hub.notices.wiring import add_notices, notice_jobs
from hub.pages.wiring import add_pages
from hub.payroll.wiring import add_payroll
from hub.people.card_keys import CardKeys
from hub.people.enrolment_chore import TakeOffers
from hub.people.enrolment_service import EnrolmentService
from hub.people.service import PeopleService
from hub.pins.service import Pins
from hub.pins.standing import StandingCodes, TendPools
from hub.policy.wiring import add_policy, outbox_worker, policy_worker
from hub.policy.worker import Chore
from hub.projection.meters import ProjectionMeters
from hub.projection.registry import PROJECTORS
from hub.projection.worker import ProjectionWorker
from hub.readiness.wiring import add_readiness, readiness_watch
from hub.settings import ConfigError, Settings, refuse_demo
from hub.sites.secrets import DeviceSecrets
from hub.staff.wiring import add_staff, staff_chores
from hub.tabular.staged import ForgetStagedFiles
from hub.timesheets.closing_wiring import add_closings, closing_chore
from hub.timesheets.reminder_wiring import add_reminders
from hub.timesheets.wiring import add_timesheets, timesheet_chore
from hub.visitors.wiring import add_visitors, visitor_chores
from hub.web.core import Core, Probe, Services, Worker
from hub.web.meters import WebMeters
from hub.webhooks.chores import ForgetWebhooks
from hub.webhooks.post import WebhookPost
from hub.webhooks.wiring import add_webhooks
from hub.worktime.ordinance_files import load_ordinances
from hub.zones.wiring import add_zones


class ProcessRole(StrEnum):
    """What one process of the hub does; on SQLite one process does all."""

    API = "api"
    INGEST = "ingest"
    JOBS = "jobs"


ALL_ROLES: Final = frozenset(ProcessRole)
ON_SQLITE: Final = (ALL_ROLES, frozenset({ProcessRole.INGEST}))
"""What the one process on SQLite may do: everything, or only take in what waits (after a long time
away, say, before anybody is let in again)."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub, built and not yet running."""

    core: Core
    services: Services
    workers: tuple[Worker, ...]
    probes: tuple[Probe, ...]
    registry: CollectorRegistry
    meters: WebMeters
    roles: frozenset[ProcessRole]
    demo: bool

    def start(self) -> None:
        """Start the workers, in order."""
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        """Stop the workers, the last first, and close the database, whatever one of them raises.
        A worker that was never started is stopped all the same."""
        with ExitStack() as last_first:
            last_first.callback(self.core.db.close)
            for worker in self.workers:
                last_first.callback(worker.stop)


def build(
    settings: Settings,
    *,
    roles: Collection[ProcessRole] = ALL_ROLES,
    clock: Clock | None = None,
    demo: bool = False,
    passwords: Passwords | None = None,
) -> Hub:
    """Build a hub. Only the demonstration passes `demo`: without it DEMO certificates are refused.

    Raises `ConfigError` for settings and `OrdinanceError` for ordinances that cannot be used,
    `DatabaseError` for a database that cannot be opened. A PostgreSQL server that is down is no
    error: the hub says so in `/readyz`.
    """
    if not demo:
        refuse_demo(settings)
    chosen = frozenset(roles)
    if settings.database.url.startswith("sqlite") and chosen not in ON_SQLITE:
        raise ConfigError(
            "database.url: SQLite serves one process: several processes (--role) need PostgreSQL; "
            "set database.url to postgresql://..., or leave --role away"
        )
    clock = clock or SystemClock()
    db = open_database(settings.database.url, settings.town.id)
    keys = HubKeys.from_files(settings.file("data_keys"), settings.file("link_keys"))
    core = Core(settings, db, clock, Ids(clock), keys)
    try:
        return _assemble(core, chosen, demo=demo, passwords=passwords or Passwords())
    except BaseException:
        db.close()
        raise


def _assemble(
    core: Core, chosen: frozenset[ProcessRole], *, demo: bool, passwords: Passwords
) -> Hub:
    registry = CollectorRegistry()
    meters = WebMeters(registry)
    services = _services(core, meters, passwords)
    return Hub(
        core=core,
        services=services,
        workers=tuple(_workers(core, services, registry, chosen)),
        probes=tuple(_probes(core, services, chosen)),
        registry=registry,
        meters=meters,
        roles=chosen,
        demo=demo,
    )


def _services(core: Core, meters: WebMeters, passwords: Passwords) -> Services:
    services = Services()
    services.add(AuditService(core.db))
    rows = services.add(AuditedRows(core.db, core.clock, core.ids))
    services.add(DeviceSecrets(core.db, rows, core.keys))
    services.add(PeopleService(core, rows))
    services.add(load_ordinances(core.settings.timesheets.ordinances))
    services.add(CardKeys(core, rows))
    add_staff(core, services)
    services.add(EnrolmentService(core, rows))
    services.add(AccountsService(core, passwords))
    services.add(LoginService(core, passwords, meters))
    services.add(Live())
    services.add(EntriesService(core))
    services.add(AttendanceService(core))
    add_leave(core, services)
    add_applications(core, services)
    services.add(DoorTestsService(core))
    services.add(BatteriesService(core))
    add_bookings(core, services)
    add_keyboxes(core, services)
    add_policy(core, services)
    add_backups(core, services)
    add_timesheets(core, services)
    add_notices(core, services)
    add_zones(core, services)
    add_readiness(core, services)
    add_csv(core, services)
    add_commands(core, services)
    add_feeds(core, services)
    add_webhooks(core, services)
    add_closings(core, services)
    add_reminders(services)
    add_payroll(core, services)
    add_visitors(core, services)
    add_pages(core, services)
    return services


def _workers(
    core: Core,
    services: Services,
    registry: CollectorRegistry,
    roles: frozenset[ProcessRole],
) -> list[Worker]:
    live = services.get(Live)
    workers: list[Worker] = [live]
    if core.db.dialect == "sqlite":
        workers.append(BackupDesk(core.db, core.clock))
    if ProcessRole.JOBS in roles:
        projection = ProjectionWorker(
            core.db, raw_events_after, PROJECTORS, live.ring, ProjectionMeters(registry)
        )
        workers.append(services.add(projection))
        workers.append(
            policy_worker(
                core, services, _chores(core, services, registry), _prompt(core, services)
            )
        )
        workers.append(services.get(WebhookPost))
        workers.append(services.add(JobsWorker(core.db, _jobs(core, services, registry), registry)))
    if ProcessRole.INGEST in roles:
        link = LinkWorker(core, services, registry, lambda: _wake_projection(services))
        workers.append(services.add(link))
        if core.db.dialect == "postgresql":
            workers.append(outbox_worker(core, services))
    return workers


def _pins(core: Core) -> Pins:
    return Pins(core.clock, core.ids, core.keys, secrets.randbelow)


def _chores(core: Core, services: Services, registry: CollectorRegistry) -> list[Chore]:
    """What time demands of the database alone, one a line."""
    return [
        CommandExpiry(core.clock),
        ForecastChore(),
        LostLinks(core.clock),
        ForgetHappenings(core.clock),
        SettleOutcomes(core.clock),
        ResealRows(core.keys),
        TendPools(core.clock, StandingCodes(core.clock, _pins(core))),
        ForgetAddresses(core.clock, core.settings.notices.keep_addresses_days),
        ForgetWebhooks(core.clock, core.settings.webhooks),
        ForgetStagedFiles(core.clock),
        *staff_chores(core, services),
        *visitor_chores(core, services),
        readiness_watch(core, services, registry),
        closing_chore(core, services),
        timesheet_chore(core, services),
    ]


def _prompt(core: Core, services: Services) -> list[Chore]:
    """Chores that somebody stands waiting for, one a line."""
    return [TakeOffers(core.clock, core.ids, core.keys, services.get(AuditedRows))]


def _jobs(core: Core, services: Services, registry: CollectorRegistry) -> list[Job]:
    """What waits for somebody outside, one a line."""
    return [
        *notice_jobs(core, services, registry),
        *duty_jobs(core, services, registry),
        *reminder_jobs(core, services),
        FeedsJob(core.db, core.clock, services.get(Poller)),
        services.get(WebhookPost),
        csv_folder(core, services),
    ]


def _wake_projection(services: Services) -> None:
    """New raw events are there: project them now. Another process may do that, in its own time."""
    with suppress(LookupError):
        services.get(ProjectionWorker).wake()


def _probes(core: Core, services: Services, roles: frozenset[ProcessRole]) -> list[Probe]:
    probes = [
        Probe("database", core.db.reachable),
        Probe("schema", lambda: _at_head(core.db)),
        Probe("keys", lambda: _readable(core.keys)),
    ]
    if ProcessRole.INGEST in roles:
        link = services.get(LinkWorker)
        probes.append(Probe("broker", lambda: link.connected))
    return probes


def _at_head(db: Database) -> bool:
    return db.reachable() and db.revision() == head_revision()


def _readable(keys: HubKeys) -> bool:
    try:
        keys.check()
    except KeyFileError:
        return False
    return True
