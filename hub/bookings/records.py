"""Facilities and bookings as services hand them round: frozen, ids as text, instants in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from hub.bookings.outcome import Outcome
from hub.bookings.steps import Step
from hub.bookings.tables import Approval, BookingSource, BookingState, Payment
from hub.bookings.windows import BookedWindow, BookingRules, Margins, OpenSpan
from hub.catalogue import Language
from hub.keyboxes.codes import ShownCode
from hub.keyboxes.domain import CodeState, LockKind
from hub.pins.placement import Pending, PlacementState, Problem, Readiness
from hub.pins.tables import PinVariant

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Facility:
    """What can be booked."""

    id: str
    site_id: str
    name_ja: str
    name_easy: str
    name_en: str
    doors: tuple[str, ...]
    approval: Approval
    rules: BookingRules
    phone: str = ""
    active: bool = True
    key_boxes: tuple[str, ...] = ()
    payment: Payment = Payment.NONE
    holders_max: int = 30
    steps: tuple[Step, ...] = ()
    calendar_id: str | None = None
    excludes: tuple[str, ...] = ()
    """Facilities that cannot be used at the same time, whoever of the two says so."""

    def name_in(self, language: Language) -> str:
        """Its name in a language; the Japanese where there is no other."""
        by_language = {Language.EN: self.name_en, Language.EASY: self.name_easy}
        return by_language.get(language) or self.name_ja

    duress: bool = False
    """Whether holders of its bookings get a duress PIN unless they are entered otherwise."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to reach about a booking. Personal data: never logged."""

    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    line: str = field(default="", repr=False)
    """Their LINE user id, as LINE's webhook gave it."""
    language: Language = Language.JA
    """In which they are written to."""

    def over(self, before: Contact) -> Contact:  # noqa: ARG002  # as `ContactWish.over`
        """Give what a whole contact makes of an earlier one: itself."""
        return self


@dataclass(frozen=True, slots=True)
class ContactWish:
    """A contact of whom a caller knows a part: None stays as it is. Calendars, files and messages
    of other systems never know a LINE id, and must not unlink it."""

    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    line: str | None = field(default=None, repr=False)
    language: Language | None = None

    def over(self, before: Contact) -> Contact:
        """Give what it makes of an earlier contact."""
        return Contact(
            before.name if self.name is None else self.name,
            before.email if self.email is None else self.email,
            before.phone if self.phone is None else self.phone,
            before.line if self.line is None else self.line,
            before.language if self.language is None else self.language,
        )


@dataclass(frozen=True, slots=True)
class HolderWish:
    """Somebody who is to have a PIN; `id` names one that exists. `duress`: whether they get a
    second one that raises a silent alarm; None: as they have it, or as the facility has it.
    `max_uses`: so often it opens in all, 0 without limit; over several controllers only where
    `soft_uses`. None of either: as they are."""

    name: str = field(repr=False)
    person_id: str | None = None
    id: str | None = None
    duress: bool | None = None
    max_uses: int | None = None
    soft_uses: bool | None = None


@dataclass(frozen=True, slots=True)
class BookingWish:
    """What a caller wants of a booking. None means: as it is, or the default of a new one. A
    window's ends are kept each for itself, so that leaving one out never drops it."""

    facility_id: str | None = None
    doors: tuple[str, ...] | None = None
    key_boxes: tuple[str, ...] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    state: BookingState | None = None
    contact: Contact | ContactWish | None = None
    purpose: str | None = None
    paid: bool | None = None
    digits: int | None = None
    holders: tuple[HolderWish, ...] | None = None
    override_closed: bool = False
    """Book a day on which the facility is closed: for those who may approve."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Which date of which series a booking is. `detached`: it was changed by itself since."""

    series_id: str
    on: date
    detached: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking as it is kept."""

    id: str
    reservation_key: str
    facility_id: str | None
    site_id: str
    state: BookingState
    source: BookingSource
    booked: BookedWindow
    effective: BookedWindow
    contact: Contact
    purpose: str
    paid: bool | None
    digits: int | None
    decision_reason: str
    doors: tuple[str, ...]
    created_at: datetime
    changed_at: datetime
    key_boxes: tuple[str, ...] = ()
    number: str = ""
    margins: Margins = field(default_factory=Margins)
    payment: Payment = Payment.NONE
    approved_at: datetime | None = None
    occurrence: Occurrence | None = None

    @property
    def awaits_payment(self) -> bool:
        """Whether its PIN is held back until it is paid, or approved unpaid where that counts."""
        if self.payment is Payment.NONE or self.paid:
            return False
        return not (self.payment is Payment.BEFORE_PIN_OR_APPROVED and self.approved_at is not None)

    @property
    def released(self) -> bool:
        """Whether its PIN may be shown, placed and sent."""
        return self.state is BookingState.CONFIRMED and not self.awaits_payment

    @property
    def widened(self) -> BookedWindow:
        """Its window with both margins whole, as if nobody came before or after."""
        return self.margins.widen(self.booked)

    @property
    def stands(self) -> bool:
        """Whether it takes up its facility: requested or confirmed."""
        return self.state in (BookingState.REQUESTED, BookingState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class PlacementView:
    """A credential at one door, as people see it."""

    door_id: str
    state: PlacementState
    problems: tuple[Problem, ...]
    pending: tuple[Pending, ...]
    placed_at: datetime | None
    old_digits_since: datetime | None = None
    """Other digits were given then, and the old ones may open here still."""
    held_until: datetime | None = None
    """Until when at the latest the door may hold a window that is not the wanted one."""


@dataclass(frozen=True, slots=True)
class CredentialView:
    """One holder's PIN, never its digits."""

    credential_id: str
    variant: PinVariant
    holder_id: str
    holder: str = field(repr=False)
    digits: int
    max_uses: int | None
    readiness: Readiness
    placements: tuple[PlacementView, ...]


@dataclass(frozen=True, slots=True)
class CodeView:
    """One holder's sealed code for one key box, never its digits. Nothing confirms it."""

    id: str
    key_box_id: str
    holder_id: str
    holder: str = field(repr=False)
    digits: int
    state: CodeState
    effective: BookedWindow
    problems: tuple[Problem, ...]
    revealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StillOpens:
    """A code that was shown and is nobody's any more, and that its lock takes all the same: until
    its window ends or, at a key box, a code of a later generation is used there."""

    lock_id: str
    lock_kind: LockKind
    holder_id: str
    tag: str
    opens: BookedWindow


@dataclass(frozen=True, slots=True)
class BookingView:
    """A booking with what its doors have confirmed and, apart, what no key box can confirm."""

    booking: Booking
    credentials: tuple[CredentialView, ...]
    readiness: Readiness
    codes: tuple[CodeView, ...] = ()
    still_opens: tuple[StillOpens, ...] = ()
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every kind of problem at any door or key box, once."""
        at_doors = (
            problem for c in self.credentials for p in c.placements for problem in p.problems
        )
        at_boxes = (problem for code in self.codes for problem in code.problems)
        return _once([*at_doors, *at_boxes])

    @property
    def pending(self) -> tuple[Pending, ...]:
        """Everything that is waited for, once; what the booking itself waits for first."""
        kept = self.booking
        waits = [Pending.APPROVAL] if kept.state is BookingState.REQUESTED else []
        if kept.stands and kept.awaits_payment:
            waits.append(Pending.PAYMENT)
        at_doors = (p for c in self.credentials for place in c.placements for p in place.pending)
        return _once([*waits, *at_doors])


@dataclass(frozen=True, slots=True)
class Revealed:
    """What a holder types: the PIN of the networked doors, if any, and a code a key box."""

    holder_id: str
    pin: str | None = field(repr=False)
    codes: tuple[ShownCode, ...] = ()
    duress: str | None = field(default=None, repr=False)
    """Opens as the PIN does, and raises a silent alarm."""


def opening_of(stored: Sequence[Sequence[int]]) -> tuple[OpenSpan, ...]:
    """Read opening hours as they are stored: `[weekday, start_min, end_min]` each."""
    return tuple(OpenSpan(*span) for span in stored)


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
