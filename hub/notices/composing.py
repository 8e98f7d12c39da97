"""Makes the message of a row that is due, in the transaction that claims it.

Digits are read here and nowhere else; that they were is in the audit log. What is kept of the
message are keyed hashes, salted with the row's id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.bookings import repository as booking_rows
from hub.bookings.holders import HolderPins, ShownBy
from hub.bookings.ics import ics_of, method_of
from hub.bookings.records import Booking, Revealed
from hub.catalogue import Language, Translator
from hub.database.scope import Scope
from hub.notices import repository
from hub.notices.carrier import CalendarFile, Outgoing
from hub.notices.deciding import Send
from hub.notices.domain import ENDINGS, Channel, Notice, NoticeKind, PinInNotice, Rules
from hub.notices.facts import Facts, Names, digits_of, facts_of, truth_of
from hub.notices.subscriptions import Subscriptions
from hub.notices.texts import Wanted, say
from hub.pages.words import Words
from hub.pins.links import PinLinks
from hub.web.core import Core
from hub.web.problems import Problem
from hub.web.rights import SYSTEM

K = NoticeKind
_WITH_ENTRY = frozenset({K.CONFIRMED, K.CHANGED, K.CANCELLED})
"""What brings a calendar entry along, or takes it back."""
_SHOWN_BY: Final = {Channel.EMAIL: ShownBy.MAIL, Channel.LINE: ShownBy.LINE}


@dataclass(frozen=True, slots=True)
class Composed:
    """A message, and what is kept of it."""

    outgoing: Outgoing = field(repr=False)
    carried_pin: bool
    truth_hash: str = field(repr=False)
    pin_hash: str = field(repr=False)
    sequence: int


class Composer:
    """Writes messages."""

    def __init__(
        self,
        core: Core,
        holders: HolderPins,
        links: PinLinks,
        subscriptions: Subscriptions,
    ) -> None:
        self._core = core
        self._holders = holders
        self._links = links
        self._subscriptions = subscriptions

    def revealed(self, scope: Scope, booking: Booking) -> Sequence[Revealed] | None:
        """Give what the holders type; None where it may not be shown now."""
        try:
            return self._holders.reveal(scope, booking)
        except Problem:
            return None

    def compose(
        self,
        scope: Scope,
        notice: Notice,
        booking: Booking,
        to: str,
        send: Send,
        rules: Rules,
        revealed: Sequence[Revealed],
    ) -> Composed:
        """Give the message of a row as things stand now; `revealed` is empty where no digits go
        into it. Those that do are in the audit log."""
        now, language = self._core.clock.now(), booking.contact.language
        town = self._core.settings.town
        names = Names(town.name, "", town.name_en)
        if revealed:
            about = {"notice": notice.id, "kind": notice.kind.value}
            by = _SHOWN_BY[notice.channel]
            revealed = self._holders.show(scope, booking, SYSTEM, by, about)
        facts = facts_of(scope, booking, revealed, rules, names, town.phone)
        wanted = Wanted(
            kind=notice.kind,
            changed=notice.changed,
            was=notice.was,
            told_before=repository.last_with_pin(scope, booking.id) is not None,
            pin_never=rules.pin_in_notice is PinInNotice.NEVER,
            unsure=send.unsure and bool(revealed),
            link=self._link(scope, notice, booking),
            stop_link=self._stop_link(scope, notice.channel, to),
        )
        sequence = repository.next_sequence(scope, booking.id)
        said = say(facts, wanted, Words(Translator(language), town.zone, now))
        outgoing = Outgoing(
            id=notice.id,
            to=to,
            at=now,
            language=language,
            said=said,
            entry=self._entry(scope, notice, booking, facts, language),
            stop_link=wanted.stop_link,
        )
        return Composed(
            outgoing,
            bool(revealed),
            self.truth_hash(scope, notice.id, booking, to),
            self.pin_hash(notice.id, revealed) if revealed else "",
            sequence,
        )

    def truth_hash(self, scope: Scope, salt: str, booking: Booking, to: str) -> str:
        """Give the keyed hash of what a contact has to know beside the digits."""
        holders = [(row.id, row.name) for row in booking_rows.holders(scope, booking.id)]
        truth = truth_of(booking, holders, to)
        return self._core.keys.blind("notice-truth", salt.encode(), truth)

    def pin_hash(self, salt: str, revealed: Sequence[Revealed]) -> str:
        """Give the keyed hash of the digits."""
        return self._core.keys.blind("notice-pin", salt.encode(), digits_of(revealed))

    # --- inside ------------------------------------------------------------------------------

    def _link(self, scope: Scope, notice: Notice, booking: Booking) -> str:
        """A new link each time: it works once, and is kept hashed."""
        if notice.kind in ENDINGS:
            return ""
        token = self._links.make(scope, booking.id, booking.effective.ends_at)
        return f"{self._core.settings.public_url}/p/{token}"

    def _stop_link(self, scope: Scope, channel: Channel, to: str) -> str:
        token = self._subscriptions.token(scope, channel, to)
        if channel is not Channel.EMAIL:
            return ""  # whoever wants nothing by LINE blocks the account
        return f"{self._core.settings.public_url}/u/{token}"

    def _entry(
        self,
        scope: Scope,
        notice: Notice,
        booking: Booking,
        facts: Facts,
        language: Language,
    ) -> CalendarFile | None:
        """The same entry, under the same UID, as the booking's page and the API give."""
        if notice.kind not in _WITH_ENTRY:
            return None
        facility = (
            booking_rows.facility(scope, booking.facility_id) if booking.facility_id else None
        )
        content = ics_of(
            booking,
            facility,
            title=facts.facility.in_(language),
            place=" ".join(filter(None, (facts.facility.in_(language), facts.address))),
            phone=facts.phone,
            organizer_host=self._core.settings.public_host,
            language=language,
        )
        return CalendarFile(method_of(booking), content)
