"""The holders of a booking and their PINs: follows every change of the booking to the doors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from hub.audit.service import record
from hub.bookings import repository
from hub.bookings.records import Booking, HolderWish, Revealed
from hub.bookings.refusals import Refusal, refused
from hub.bookings.tables import BookingSource, BookingState
from hub.clock import Clock, Ids
from hub.database.scope import Scope
from hub.keyboxes.codes import OfflineCodes, ShownCode
from hub.keyboxes.domain import WindowUncoveredError
from hub.pins import repository as pin_rows
from hub.pins.draw import PinError
from hub.pins.lengths import GuessRiskError
from hub.pins.repository import Credential
from hub.pins.service import Issue, Pins
from hub.pins.standing import StandingCodes
from hub.pins.tables import PinVariant
from hub.sites import repository as site_rows
from hub.sites.spanning import SpannedRule, controllers_of, spans
from hub.sites.spanning import refused as spans_refused
from hub.web.problems import Problem
from hub.web.rights import Principal


class ShownBy(StrEnum):
    """How digits leave the hub."""

    LOOK = "look"
    """Somebody looks: over the API or on a page of the console."""
    PIN_PAGE = "pin_page"
    """The holder's own page, opened by a link."""
    MAIL = "mail"
    LINE = "line"
    SMS = "sms"
    PAPER = "paper"
    """A sheet that is printed at the desk."""


class _PinLostError(Exception):
    """A holder would have to learn other digits."""


class HolderPins:
    """Keeps one credential for each holder at the booking's doors, and a sealed code for each of
    its key boxes, in its effective window."""

    def __init__(self, clock: Clock, ids: Ids, pins: Pins, codes: OfflineCodes) -> None:
        self._clock = clock
        self._ids = ids
        self._pins = pins
        self._codes = codes
        self._standing = StandingCodes(clock, pins)

    def follow(
        self,
        scope: Scope,
        before: Booking | None,
        after: Booking,
        wished: tuple[HolderWish, ...] | None,
        cause: str,
    ) -> bool:
        """Bring holders and PINs in line with a booking that was made or changed; tell whether its
        holders are others now."""
        if before is not None and not before.stands:
            wished = self._begin_again(scope, before, wished)
        elif before is not None:
            self._move(scope, before, after, cause)
        if before is None and wished is None:
            wished = (HolderWish(after.contact.name),)
        others = wished is not None and self._sync(scope, after, wished, cause)
        self._check_uses(scope, after)
        rows = repository.holders(scope, after.id)
        holders = [row.id for row in rows]
        once = [row.id for row in rows if row.max_uses == 1]
        # A key box keeps to hours: no neighbour trims its codes.
        window = after.widened.starts_at, after.widened.ends_at
        effective = after.effective.starts_at, after.effective.ends_at
        self._standing.follow(scope, after.id, after.doors, effective)
        try:
            self._codes.follow(scope, after.id, holders, after.key_boxes, after.doors, window, once)
        except WindowUncoveredError as error:
            raise _uncovered(after, error) from error
        return others

    def rewiden(self, scope: Scope, before: Booking, after: Booking, cause: str) -> bool:
        """Let the doors follow margins that a neighbour changed; False, nothing done, where that
        would cost a holder their PIN or make it too easy to guess."""
        window = after.effective.starts_at, after.effective.ends_at
        try:
            with scope.savepoint():
                for credential in self._live(scope, before):
                    if credential.variant is PinVariant.STANDING:
                        continue
                    if self._pins.move(scope, credential.id, window, cause):
                        raise _PinLostError
                self._standing.follow(scope, after.id, after.doors, window)
        except (PinError, _PinLostError):
            return False
        return True

    def revoke(self, scope: Scope, booking: Booking, cause: str) -> None:
        """Take every PIN of a booking away, and its sealed codes as far as that goes."""
        for credential in self._live(scope, booking):
            self._pins.revoke(scope, credential.id, cause)
        self._codes.withdraw(scope, booking.id)

    def reissue(self, scope: Scope, booking: Booking, holder_id: str | None, cause: str) -> None:
        """Give other digits to the holders, or to one."""
        wanted = [
            credential
            for credential in self._live(scope, booking)
            if booking.doors and holder_id in (None, credential.holder_id)
        ]
        if not booking.stands:
            raise refused(Refusal.NO_PIN, "there is no PIN to reissue")
        reissued = self._codes.reissue(scope, booking.id, holder_id)
        if not wanted and not reissued:
            raise refused(Refusal.NO_PIN, "there is no PIN to reissue")
        for credential in wanted:
            if credential.variant is PinVariant.STANDING:
                self._pins.revoke(scope, credential.id, cause)  # another is pulled when asked for
            else:
                self._pins.reissue(scope, credential.id, cause)

    def reveal(self, scope: Scope, booking: Booking) -> list[Revealed]:
        """Give what each holder of a confirmed booking types, and note that it was seen."""
        if booking.state is not BookingState.CONFIRMED:
            raise refused(Refusal.NO_PIN, "a PIN is shown once the booking is confirmed")
        if booking.awaits_payment:
            raise refused(Refusal.PAYMENT_MISSING, "a PIN is shown once the booking is paid")
        pins = {
            (each.holder_id, each.variant): self._pins.reveal(scope, each.id)
            for each in self._live(scope, booking)
            if booking.doors and each.variant is not PinVariant.STANDING
        }
        codes: dict[str, list[ShownCode]] = {}
        for shown in self._codes.reveal(scope, booking.id):
            codes.setdefault(shown.code.holder_id, []).append(shown)
        found = [
            Revealed(
                row.id,
                pins.get((row.id, PinVariant.ORDINARY)),
                tuple(codes.get(row.id, ())),
                pins.get((row.id, PinVariant.DURESS)),
            )
            for row in repository.holders(scope, booking.id)
        ]
        found = [each for each in found if each.pin is not None or each.codes]
        if not found:
            raise refused(Refusal.NO_PIN, "the booking has no PIN")
        return found

    def show(
        self,
        scope: Scope,
        booking: Booking,
        who: Principal,
        by: ShownBy = ShownBy.LOOK,
        about: Mapping[str, str] | None = None,
    ) -> list[Revealed]:
        """The same, and write into the audit log that it was: every way out of the hub but to a
        door goes through here. `about` is what else the log is to say."""
        found = self.reveal(scope, booking)
        details = {} if by is ShownBy.LOOK else {"by": by.value, **(about or {})}
        target = ("booking", booking.id)
        record(scope, self._clock.now(), who, "pin.revealed", target, details)
        return found

    def told(self, scope: Scope, booking: Booking) -> None:
        """The holder has seen the PIN: `pin_changed` is settled."""
        for credential in self._live(scope, booking):
            self._pins.told(scope, credential.id)
        self._codes.told(scope, booking.id)

    # --- inside ------------------------------------------------------------------------------

    def _live(self, scope: Scope, booking: Booking) -> list[Credential]:
        found = pin_rows.of_bookings(scope, [booking.id])[booking.id]
        return [credential for credential in found if credential.revoked_at is None]

    def _begin_again(
        self, scope: Scope, before: Booking, wished: tuple[HolderWish, ...] | None
    ) -> tuple[HolderWish, ...]:
        """A cancelled booking stands again: its holders get PINs of their own anew, since those
        they had were revoked."""
        known = repository.holders(scope, before.id)
        for row in known:
            repository.remove_holder(scope, row.id, self._clock.now())
        if wished is None:
            return tuple(
                HolderWish(
                    row.name,
                    row.person_id,
                    duress=row.duress,
                    max_uses=row.max_uses,
                    soft_uses=row.soft_uses,
                )
                for row in known
            )
        return tuple(replace(each, id=None) for each in wished)

    def _move(self, scope: Scope, before: Booking, after: Booking, cause: str) -> None:
        window = after.effective.starts_at, after.effective.ends_at
        released = after.released and not before.released
        for credential in self._live(scope, after):
            if credential.variant is PinVariant.STANDING:
                if not after.released:  # another is pulled once it may be
                    self._pins.revoke(scope, credential.id, cause)
                continue
            if before.released and not after.released:
                self._pins.withdraw(scope, credential.id, cause)
            if before.effective != after.effective:
                self._pins.move(scope, credential.id, window, cause)
            if released:
                self._pins.approve(scope, credential.id, cause)
            if released or before.doors != after.doors:
                self._pins.set_doors(
                    scope,
                    credential.id,
                    after.doors,
                    window,
                    approved=after.released,
                    cause=cause,
                )
        if before.released and not after.released:
            self._codes.withdraw(scope, after.id)
        if after.doors and not before.doors:
            known = {each.holder_id for each in self._live(scope, after)}
            for row in repository.holders(scope, after.id):
                if row.id not in known:
                    self._issue(scope, after, row, cause)

    def _sync(
        self, scope: Scope, booking: Booking, wished: tuple[HolderWish, ...], cause: str
    ) -> bool:
        """Make these the holders; tell whether that changed anything. One is known again by its id,
        else by person and name."""
        present = {row.id: row for row in repository.holders(scope, booking.id)}
        by_name = {(row.person_id, row.name): row.id for row in present.values()}
        kept: set[str] = set()
        new: list[HolderWish] = []
        renamed = False
        for wish in wished:
            found = wish.id if wish.id in present else by_name.get((wish.person_id, wish.name))
            if found is None or found in kept:
                new.append(wish)
                continue
            kept.add(found)
            if present[found].name != wish.name:
                repository.rename_holder(scope, found, wish.name)
                renamed = True
            self._change(scope, booking, present[found], wish, cause)
        gone = present.keys() - kept
        for credential in self._live(scope, booking):
            if credential.holder_id in gone:
                self._pins.revoke(scope, credential.id, cause)
        for holder_id in sorted(gone):
            repository.remove_holder(scope, holder_id, self._clock.now())
        for wish in new:
            self._add(scope, booking, wish, cause)
        return bool(gone or new or renamed)

    def _add(self, scope: Scope, booking: Booking, wish: HolderWish, cause: str) -> None:
        holder_id = self._ids.new()
        duress = wish.duress
        if duress is None and booking.facility_id is not None:
            facility = repository.facility(scope, booking.facility_id)
            duress = facility is not None and facility.duress
        repository.add_holder(scope, holder_id, booking.id, wish, duress=bool(duress))
        if booking.doors:
            (made,) = (row for row in repository.holders(scope, booking.id) if row.id == holder_id)
            self._issue(scope, booking, made, cause)

    def _change(
        self, scope: Scope, booking: Booking, row: Any, wish: HolderWish, cause: str
    ) -> None:
        """Give a holder the duress PIN that they are to have now, or take it away, and let their
        PINs open as often as they are to."""
        duress = row.duress if wish.duress is None else wish.duress
        max_uses = row.max_uses if wish.max_uses is None else wish.max_uses or None
        soft_uses = row.soft_uses if wish.soft_uses is None else wish.soft_uses
        if (duress, max_uses, soft_uses) == (row.duress, row.max_uses, row.soft_uses):
            return
        repository.set_holders_pins(
            scope, row.id, duress=duress, max_uses=max_uses, soft_uses=soft_uses
        )
        own = {
            each.variant: each.id
            for each in self._live(scope, booking)
            if each.holder_id == row.id and each.variant is not PinVariant.STANDING
        }
        if not own:
            return
        for credential_id in own.values():
            self._pins.set_max_uses(scope, credential_id, max_uses)
        if duress and PinVariant.DURESS not in own:
            self._pins.add_duress(scope, own[PinVariant.ORDINARY], cause)
        if not duress and PinVariant.DURESS in own:
            self._pins.revoke(scope, own[PinVariant.DURESS], cause)

    def _check_uses(self, scope: Scope, booking: Booking) -> None:
        """Refuse a limit of uses that no one controller can keep, unless it is soft."""
        limited = [
            row
            for row in repository.holders(scope, booking.id)
            if row.max_uses is not None and not row.soft_uses
        ]
        doors = site_rows.doors_by_id(scope, booking.doors).values() if limited else ()
        if spans(doors):
            raise spans_refused(SpannedRule.MAX_USES, "holders", controllers_of(doors))

    def _issue(self, scope: Scope, booking: Booking, row: Any, cause: str) -> None:
        order = Issue(
            booking_id=booking.id,
            holder_id=row.id,
            person_id=row.person_id,
            doors=booking.doors,
            window=(booking.effective.starts_at, booking.effective.ends_at),
            digits=booking.digits,
            approved=booking.released,
            cause=cause,
            duress=row.duress,
            max_uses=row.max_uses,
        )
        try:
            self._pins.issue(scope, order)
        except GuessRiskError as error:
            # A resident cannot ask for more digits: they get the number that is safe.
            if booking.source is not BookingSource.RESIDENT or error.digits is None:
                raise
            self._pins.issue(scope, order.with_digits(error.digits))


def _uncovered(booking: Booking, error: WindowUncoveredError) -> Problem:
    """Say how long a booking from that start on can be, its margins taken off."""
    margins = timedelta(minutes=booking.margins.before_min + booking.margins.after_min)
    longest = None
    if error.longest is not None:
        longest = max(0, (error.longest - margins) // timedelta(minutes=1))
    return refused(
        Refusal.WINDOW_UNCOVERED,
        "no code of a key box covers so long a time, margins included",
        key_box=error.lock_id,
        longest_minutes=longest,
    )
