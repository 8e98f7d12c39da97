"""The hall of readiness, and a mailer whose mail goes nowhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from hub.duty import repository
from hub.duty.domain import DutyMail
from hub.duty.mailer import DutyMailer
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.notices.carrier import Outgoing
from hub.notices.domain import Channel, Outcome, Sent, email_address
from hub.notices.texts import as_text
from hub.readiness.service import ReadinessService
from tests.hub.readiness.conftest import hall as hall

ADDRESS = "touban@example.jp"


@dataclass
class MemoryMail:
    """Keeps what it is given, and answers as it is told to."""

    channel: Channel = Channel.EMAIL
    sent: list[Outgoing] = field(default_factory=list)
    tried: list[Outgoing] = field(default_factory=list)
    answers: list[Sent] = field(default_factory=list)

    def address(self, text: str) -> str | None:
        return email_address(text)

    def send(self, message: Outgoing) -> Sent:
        self.tried.append(message)
        answer = self.answers.pop(0) if self.answers else Sent(Outcome.SENT)
        if answer.outcome is Outcome.SENT:
            self.sent.append(message)
        return answer

    def close(self) -> None:
        return


@dataclass
class Duty:
    """The mailer beside the hall."""

    hall: Any
    mail: MemoryMail
    mailer: DutyMailer

    def run(self, **by: float) -> None:
        """Let some seconds pass, and run."""
        self.hall.clock.advance(timedelta(**(by or {"seconds": 11})))
        self.mailer.run()

    def tell(
        self, kind: HappeningKind, other_id: str, details: Mapping[str, object] | None = None
    ) -> None:
        now = self.hall.clock.now()
        subject = Subject(other_id=other_id)
        self.hall.hub.core.db.write(
            lambda scope: tell(scope, now, kind, subject, "test", details or {})
        )

    def mails(self) -> list[DutyMail]:
        with self.hall.hub.core.db.read() as scope:
            return repository.mails(scope)

    def texts(self) -> list[str]:
        return [
            each.said.subject + "\n" + as_text([*each.said.blocks, *each.said.footer])
            for each in self.mail.sent
        ]


@pytest.fixture
def make_duty(hall: Any) -> Callable[..., Duty]:
    """`make_duty(*addresses)`."""

    def make(*addresses: str) -> Duty:
        core, mail = hall.hub.core, MemoryMail()
        service = hall.hub.services.get(ReadinessService)
        mailer = DutyMailer(core, service, mail, CollectorRegistry(), addresses or (ADDRESS,))
        mailer.run()
        return Duty(hall, mail, mailer)

    return make


@pytest.fixture
def duty(make_duty: Callable[..., Duty]) -> Duty:
    """One address."""
    return make_duty()
