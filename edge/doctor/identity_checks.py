"""Who this controller is, and for how long its certificate holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from edge.controller_files import load_controller, tls_context
from edge.doctor.finding import ENGLISH, Finding, Say
from edge.machine import Machine
from edge.settings import Settings, SettingsError

EXPIRY: Final = timedelta(days=30)


def identity(settings: Settings, say: Say = ENGLISH) -> list[Finding]:
    """Read the controller's files as the agent does."""
    try:
        controller = load_controller(settings)
        tls_context(settings)
    except (SettingsError, OSError) as error:
        remedy = error.remedy if isinstance(error, SettingsError) else ""
        return [say("identity", "identity_bad", problem=str(error), remedy=remedy)]
    findings = [say("identity", "identity_ok", id=controller.id)]
    if controller.demo:
        findings.append(say("demo", "demo"))
    ends, now = controller.certificate.not_valid_after_utc, Machine().wall()
    soon = "certificate_soon" if ends - now < EXPIRY else "certificate_ok"
    code = "certificate_over" if ends <= now else soon
    findings.append(say("certificate", code, end=f"{ends:%Y-%m-%d}"))
    return findings
