"""The job: mails people once a day what they are missing. Nobody gets a second mail on a day, none
goes out in the quiet hours, and what is settled by the moment of sending is left out.

Each mail is a row, claimed under a lease before it is sent: whoever dies in between lets it go out
once more under the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import structlog

from hub.applications import digests
from hub.applications.digests import Digest
from hub.applications.missing import Missing, MissingKind
from hub.applications.reminders import RemindersService
from hub.catalogue import Language, Translator
from hub.database.scope import Scope
from hub.notices.carrier import Carrier, Outgoing
from hub.notices.domain import NoticeState, Outcome, Sent
from hub.notices.texts import Block, BlockKind, Said, one_line
from hub.notices.timing import next_try
from hub.pages.words import Words
from hub.people import repository as people
from hub.staff import repository as staff
from hub.staff.domain import StaffContact
from hub.web.core import Core

_LEASE: Final = timedelta(minutes=10)
_RUN_MOST: Final = 200
_LINES_MOST: Final = 40
KEPT: Final = timedelta(days=30)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Letter:
    """A digest and what it says now; `said` None: nothing is missing any more, or no address."""

    digest: Digest
    to: str | None
    language: Language
    said: Said | None


class ReminderMailer:
    """Mails the staff's contacts."""

    name: Final = "reminder_mailer"
    every_s: Final = 60.0

    def __init__(self, core: Core, reminders: RemindersService, carrier: Carrier) -> None:
        self._core = core
        self._reminders = reminders
        self._carrier = carrier
        self._gathered_for: date | None = None

    def run(self) -> None:
        """Between `digest_at` and `digest_until`: gather once a day, send what is due."""
        now = self._core.clock.now()
        local = now.astimezone(self._core.settings.town.zone)
        settings = self._core.settings.applications
        if not settings.digest_at <= local.time() < settings.digest_until:
            return
        db, today = self._core.db, local.date()
        self._gather(today, now)
        try:
            for _ in range(_RUN_MOST):
                claimed = db.write(lambda scope: digests.claim(scope, now, _LEASE))
                if claimed is None or self._pass_on(claimed, today, now).outcome is Outcome.DOWN:
                    break
        finally:
            self._carrier.close()

    # --- inside ----------------------------------------------------------------------------------

    def _gather(self, today: date, now: datetime) -> None:
        """Make a row for everybody for whom something is missing: the first run of a day."""
        if self._gathered_for == today:
            return
        with self._core.db.read() as scope:
            before = digests.any_of(scope, today)
            found = () if before else self._reminders.missing(scope, None)
            whom = sorted({each.person_id for each in found if self._is_recent(each, today)})
            reached = staff.contacts(scope, whom)
        rows = [
            Digest(self._core.ids.new(), each, today, NoticeState.WAITING, 0, now, None, now, None)
            for each in whom
            if each in reached and reached[each].mail
        ]
        self._core.db.write(lambda scope: self._keep(scope, rows, now))
        self._gathered_for = today

    @staticmethod
    def _keep(scope: Scope, rows: Sequence[Digest], now: datetime) -> None:
        digests.add(scope, rows)
        digests.forget_before(scope, now - KEPT)

    def _is_recent(self, each: Missing, today: date) -> bool:
        settings = self._core.settings.applications
        if each.kind is MissingKind.LEAVE_LAPSES and each.until is not None:
            return (each.until - today).days in settings.lapse_days_before
        back = timedelta(days=settings.look_back_days)
        return each.until is not None or each.day >= today - back

    def _pass_on(self, digest: Digest, today: date, now: datetime) -> Sent:
        letter = self._write(digest, today)
        if digest.day != today or letter.said is None or letter.to is None:
            self._end(digest, NoticeState.DROPPED)
            return Sent(Outcome.SENT)
        outgoing = Outgoing(digest.id, letter.to, now, letter.language, letter.said)
        sent = self._carrier.send(outgoing)
        if sent.outcome is Outcome.SENT:
            self._end(digest, NoticeState.SENT)
            return sent
        again = self._again(digest, sent, now)
        if again is None:
            _log.error("reminder_failed", digest=digest.id, code=sent.code)
            self._end(digest, NoticeState.FAILED)
        else:
            waits = replace(digest, state=NoticeState.WAITING, next_at=again, lease_until=None)
            self._core.db.write(lambda scope: digests.keep(scope, waits))
        return sent

    def _write(self, digest: Digest, today: date) -> _Letter:
        """Write a digest as things stand now, in its reader's language."""
        core = self._core
        with core.db.read() as scope:
            found = [
                each
                for each in self._reminders.missing(scope, (digest.person_id,))
                if self._is_recent(each, today)
            ]
            contact = staff.contacts(scope, [digest.person_id]).get(digest.person_id)
            about = {each.about_person_id for each in found if each.about_person_id}
            names = {one.id: one.name for one in people.people_by_id(scope, about).values()}
        language = _language(contact)
        to = self._carrier.address(contact.mail) if contact and contact.mail else None
        words = Words(Translator(language), core.settings.town.zone, core.clock.now())
        said = digest_of(found, names, words, core.settings.public_url, core.settings.town.name)
        return _Letter(digest, to, language, said if found else None)

    def _again(self, digest: Digest, sent: Sent, now: datetime) -> datetime | None:
        if sent.outcome is Outcome.REFUSED:
            return None
        until = self._core.settings.applications.digest_until
        zone = self._core.settings.town.zone
        end = datetime.combine(digest.day, until, tzinfo=zone).astimezone(UTC)
        return next_try(digest.tries, digest.created_at, end, now, sent.retry_after_s)

    def _end(self, digest: Digest, state: NoticeState) -> None:
        ended = replace(digest, state=state, ended_at=self._core.clock.now(), lease_until=None)
        self._core.db.write(lambda scope: digests.keep(scope, ended))


def said_of(each: Missing, words: Words) -> str:
    """Give the sentence of one thing that is missing."""
    about = {} if each.at is None else {"time": words.time(each.at)}
    told = words.t(f"missing.{each.kind.value}", **about)
    return f"{told} {words.t('missing.days', days=each.days)}" if each.days else told


def digest_of(
    found: Sequence[Missing], names: dict[str, str], words: Words, public_url: str, town: str
) -> Said:
    """Give the mail of what is missing: a line and an address for each."""
    t = words.t
    blocks = [Block(BlockKind.TEXT, (t("missing.lead"),))]
    for each in found[:_LINES_MOST]:
        about = one_line(names.get(each.about_person_id or "", ""))
        until = t("missing.until", date=words.day(each.until)) if each.until else ""
        parts = [words.day(each.day), said_of(each, words), about, until]
        blocks.append(Block(BlockKind.TEXT, (" ".join(part for part in parts if part),)))
        link = (t("missing.open"), f"{public_url}{each.link}")
        blocks.append(Block(BlockKind.LINK, pairs=(link,)))
    footer = Block(BlockKind.SMALL, (one_line(town), t("missing.why")))
    return Said(t("missing.subject", count=len(found)), tuple(blocks), (footer,))


def _language(contact: StaffContact | None) -> Language:
    given = contact.language if contact else ""
    return Language(given) if given in set(Language) else Language.JA
