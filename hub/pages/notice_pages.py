"""Reads for the pages about notices."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hub.bookings.holders import ShownBy
from hub.bookings.records import Booking, Revealed
from hub.bookings.service import BookingsService
from hub.catalogue import Language, Translator
from hub.notices.facts import Facts, Names, facts_of
from hub.notices.rules import rules_for
from hub.notices.service import NoticeFilter, NoticesService
from hub.pages.views.notice import (
    NoticeLine,
    PaperSheet,
    Preview,
    notice_line,
    paper_sheet,
    previews,
    sample_facts,
)
from hub.pages.words import Words
from hub.web.core import Core
from hub.web.rights import Principal

_MOST = 100
_RECENT = 40


@dataclass(frozen=True, slots=True)
class NoticeBoard:
    """The page of notices."""

    set_up: bool
    to_call: tuple[NoticeLine, ...]
    queue: tuple[NoticeLine, ...]
    recent: tuple[NoticeLine, ...]


@dataclass(frozen=True, slots=True)
class NoticePages:
    """Everything that writes is the topics' own."""

    core: Core
    notices: NoticesService
    bookings: BookingsService

    def board(self, who: Principal, words: Words) -> NoticeBoard:
        """Give who has to be called, what waits, what went out last."""
        return NoticeBoard(
            set_up=bool(self.notices.channels),
            to_call=self._lines(who, NoticeFilter(needs_call=True), _MOST, words),
            queue=self._lines(who, NoticeFilter(open=True), _MOST, words),
            recent=self._lines(who, NoticeFilter(open=False), _RECENT, words),
        )

    def of_booking(self, who: Principal, key: str, words: Words) -> tuple[NoticeLine, ...]:
        """Give the lines of a booking, the newest first."""
        found = self.notices.of_booking(who, key)
        return tuple(notice_line(each, words) for each in reversed(found))

    def previews(self, words: Words) -> tuple[Preview, ...]:
        """Give what would be sent about a made-up booking."""
        return previews(sample_facts(words, self.core.settings.town.phone, self._town()), words)

    def sheet(
        self, who: Principal, booking_id: str, language: Language
    ) -> tuple[PaperSheet, Words]:
        """Give the sheet of a booking with its digits; that they were looked at is in the audit
        log, and that it was for paper. Raises what `BookingsService.reveal` does."""
        booking = self.bookings.by_id(who, booking_id).booking
        revealed = self.bookings.reveal(who, booking.reservation_key, ShownBy.PAPER)
        now = self.core.clock.now()
        words = Words(Translator(language), self.core.settings.town.zone, now)
        return paper_sheet(self._facts(booking, revealed, language), words, now), words

    # --- inside ------------------------------------------------------------------------------

    def _lines(
        self, who: Principal, wanted: NoticeFilter, limit: int, words: Words
    ) -> tuple[NoticeLine, ...]:
        found = self.notices.page(who, wanted, None, limit).items
        return tuple(notice_line(each, words) for each in found)

    def _facts(self, booking: Booking, revealed: list[Revealed], language: Language) -> Facts:
        settings = self.core.settings
        with self.core.db.read() as scope:
            rules = rules_for(scope, settings.notices, booking.site_id, booking.facility_id)
            spoken = replace(booking, contact=replace(booking.contact, language=language))
            return facts_of(scope, spoken, revealed, rules, self._town(), settings.town.phone)

    def _town(self) -> Names:
        town = self.core.settings.town
        return Names(town.name, "", town.name_en)
