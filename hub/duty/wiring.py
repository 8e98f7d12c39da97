"""Builds what mails the duty person: for `hub.bootstrap`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from hub.duty.mailer import DutyMailer
from hub.jobs.worker import Job
from hub.notices.smtp import Smtp
from hub.readiness.service import ReadinessService
from hub.web.core import Core, Services


def duty_jobs(core: Core, services: Services, registry: CollectorRegistry) -> list[Job]:
    """Give the job, where there is a mail server and somebody to write to."""
    settings = core.settings
    addresses = settings.readiness.duty_emails
    if not settings.mail.host or not addresses:
        return []
    carrier = Smtp(settings.mail, settings.public_host)
    return [DutyMailer(core, services.get(ReadinessService), carrier, registry, addresses)]
