"""Builds applications: for `hub.bootstrap`."""

from __future__ import annotations

from hub.applications.adapters import AttendanceCorrections, RosterPlans
from hub.applications.deciding import DecisionsService
from hub.applications.delegating import ChainsService, DelegationsService
from hub.applications.gathering import Gathering
from hub.applications.mailer import ReminderMailer
from hub.applications.neighbours import Neighbours
from hub.applications.reminders import RemindersService, own_sources
from hub.applications.service import ApplicationsService
from hub.audit.rows import AuditedRows
from hub.jobs.worker import Job
from hub.leave.service import LeaveService
from hub.notices.smtp import Smtp
from hub.web.core import Core, Services
from hub.worktime.ordinance import Ordinances


def add_applications(core: Core, services: Services) -> None:
    """Add them; staff, rosters and leave are there already."""
    neighbours = services.add(
        Neighbours(RosterPlans(services.get(Ordinances)), AttendanceCorrections())
    )
    leave = services.get(LeaveService)
    gathering = services.add(Gathering(neighbours, leave))
    applications = services.add(ApplicationsService(core, gathering))
    services.add(DecisionsService(core, applications, gathering, leave, neighbours))
    services.add(DelegationsService(core))
    services.add(ChainsService(core, services.get(AuditedRows)))
    neighbours.missing.extend(
        own_sources(core.settings.applications, gathering, neighbours, leave.kinds)
    )
    services.add(RemindersService(core, neighbours))


def reminder_jobs(core: Core, services: Services) -> list[Job]:
    """Give the job, where there is a mail server and mails are wanted."""
    settings = core.settings
    if not settings.mail.host or not settings.applications.mails:
        return []
    carrier = Smtp(settings.mail, settings.public_host)
    return [ReminderMailer(core, services.get(RemindersService), carrier)]
