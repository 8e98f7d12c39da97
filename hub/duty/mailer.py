"""The job: hears of what concerns the duty person, gathers it into digests, sends them.

Each mail is claimed under a lease before it is sent, as notices are: whoever dies in between
lets it go out once more under the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from hub.catalogue import Language, Translator
from hub.database.scope import Scope
from hub.duty import repository
from hub.duty.domain import KEPT, DutyMail, concerns_duty
from hub.duty.standing import standing
from hub.duty.texts import digest_of
from hub.happenings.domain import Happening
from hub.happenings.readers import read_on
from hub.notices.carrier import Carrier, Outgoing
from hub.notices.domain import NoticeState, Outcome, Sent
from hub.notices.texts import Said
from hub.notices.timing import next_try
from hub.pages.words import Words
from hub.readiness.board import BookingReadiness
from hub.readiness.service import ReadinessService
from hub.web.core import Core
from hub.web.problems import Problem
from hub.web.rights import SYSTEM

READER: Final = "duty"
_LEASE: Final = timedelta(minutes=10)
_PATIENCE: Final = timedelta(days=1)
_RUN_MOST: Final = 50
_log = structlog.get_logger(__name__)


class DutyMailer:
    """Mails the addresses of `[readiness] duty_emails`."""

    name: Final = "duty_mailer"
    every_s: Final = 5.0

    def __init__(
        self,
        core: Core,
        readiness: ReadinessService,
        carrier: Carrier,
        registry: CollectorRegistry,
        addresses: Sequence[str],
    ) -> None:
        self._core = core
        self._readiness = readiness
        self._carrier = carrier
        self._addresses = tuple(dict.fromkeys(addresses))
        self._rows = Gauge(
            "kagimori_duty_mails", "Mails to the duty person", ["state"], registry=registry
        )

    def run(self) -> None:
        """Take in what happened, gather, send what is due."""
        db = self._core.db
        read_on(db, READER, self._hear)
        db.write(self._gather)
        try:
            for _ in range(_RUN_MOST):
                mail = db.write(self._claim)
                if mail is None or self._pass_on(mail).outcome is Outcome.DOWN:
                    break
        finally:
            self._carrier.close()
            with db.read() as scope:
                counted = repository.counts(scope)
            for state in NoticeState:
                self._rows.labels(state.value).set(counted[state])

    # --- inside ----------------------------------------------------------------------------------

    def _hear(self, scope: Scope, happening: Happening) -> None:
        if concerns_duty(happening, self._core.clock.now()):
            repository.add(scope, happening)

    def _gather(self, scope: Scope) -> None:
        now = self._core.clock.now()
        if repository.gather(scope, self._core.ids, self._addresses, now) is not None:
            repository.forget_before(scope, now - KEPT)

    def _claim(self, scope: Scope) -> DutyMail | None:
        now = self._core.clock.now()
        mail = repository.claim(scope, now)
        if mail is None:
            return None
        claimed = replace(
            mail,
            state=NoticeState.SENDING,
            tries=mail.tries + 1,
            first_tried_at=mail.first_tried_at or now,
            lease_until=now + _LEASE,
        )
        repository.keep(scope, claimed)
        return claimed

    def _pass_on(self, mail: DutyMail) -> Sent:
        said = self._write(mail)
        if said is None:
            self._end(mail, NoticeState.DROPPED)
            return Sent(Outcome.SENT)
        now = self._core.clock.now()
        to = self._carrier.address(mail.address)
        sent = (
            self._carrier.send(Outgoing(mail.id, to, now, Language.JA, said))
            if to
            else Sent(Outcome.REFUSED, "address")
        )
        if sent.outcome is Outcome.SENT:
            self._end(mail, NoticeState.SENT)
            return sent
        again = self._again(mail, sent, now)
        if again is None:
            _log.error("duty_mail_failed", mail=mail.id, code=sent.code)
            self._end(mail, NoticeState.FAILED)
        else:
            waits = replace(mail, state=NoticeState.WAITING, next_at=again, lease_until=None)
            self._core.db.write(lambda scope: repository.keep(scope, waits))
        return sent

    def _write(self, mail: DutyMail) -> Said | None:
        """Write a digest as things stand now; None where nothing of it does any more."""
        core = self._core
        with core.db.read() as scope:
            notes = repository.notes_of(scope, mail.digest)
        judged = {each.booking_id: self._judge(each.booking_id) for each in notes}
        with core.db.read() as scope:
            found = standing(scope, notes, lambda booking_id: judged.get(booking_id))
        if not found:
            return None
        town = core.settings.town
        words = Words(Translator(Language.JA), town.zone, core.clock.now())
        return digest_of(found, words, core.settings.public_url, town.name)

    def _judge(self, booking_id: str | None) -> BookingReadiness | None:
        try:
            return self._readiness.of_id(SYSTEM, booking_id) if booking_id else None
        except Problem:
            return None

    def _again(self, mail: DutyMail, sent: Sent, now: datetime) -> datetime | None:
        if sent.outcome is Outcome.REFUSED:
            return None
        first = mail.first_tried_at or now
        return next_try(mail.tries, first, first + _PATIENCE, now, sent.retry_after_s)

    def _end(self, mail: DutyMail, state: NoticeState) -> None:
        ended = replace(mail, state=state, ended_at=self._core.clock.now(), lease_until=None)
        self._core.db.write(lambda scope: repository.keep(scope, ended))
