"""The holders of a booking and their PINs: follows every change of the booking to the doors."""

from __future__ import annotations

from datetime import timedelta

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
from hub.web.problems import Problem


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
        holders = [row.id for row in repository.holders(scope, after.id)]
        # A key box keeps to hours: no neighbour trims its codes.
        window = after.widened.starts_at, after.widened.ends_at
        try:
            self._codes.follow(scope, after.id, holders, after.key_boxes, after.doors, window)
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
                    if self._pins.move(scope, credential.id, window, cause):
                        raise _PinLostError
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
            self._pins.reissue(scope, credential.id, cause)

    def reveal(self, scope: Scope, booking: Booking) -> list[Revealed]:
        """Give what each holder of a confirmed booking types, and note that it was seen."""
        if booking.state is not BookingState.CONFIRMED:
            raise refused(Refusal.NO_PIN, "a PIN is shown once the booking is confirmed")
        if booking.awaits_payment:
            raise refused(Refusal.PAYMENT_MISSING, "a PIN is shown once the booking is paid")
        pins = {
            each.holder_id: self._pins.reveal(scope, each.id)
            for each in self._live(scope, booking)
            if booking.doors
        }
        codes: dict[str, list[ShownCode]] = {}
        for shown in self._codes.reveal(scope, booking.id):
            codes.setdefault(shown.code.holder_id, []).append(shown)
        found = [
            Revealed(row.id, pins.get(row.id), tuple(codes.get(row.id, ())))
            for row in repository.holders(scope, booking.id)
        ]
        found = [each for each in found if each.pin is not None or each.codes]
        if not found:
            raise refused(Refusal.NO_PIN, "the booking has no PIN")
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
            return tuple(HolderWish(row.name, row.person_id) for row in known)
        return tuple(HolderWish(each.name, each.person_id) for each in wished)

    def _move(self, scope: Scope, before: Booking, after: Booking, cause: str) -> None:
        window = after.effective.starts_at, after.effective.ends_at
        released = after.released and not before.released
        for credential in self._live(scope, after):
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
                    self._issue(scope, after, row.id, row.person_id, cause)

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
        repository.add_holder(scope, holder_id, booking.id, wish.name, wish.person_id)
        if booking.doors:
            self._issue(scope, booking, holder_id, wish.person_id, cause)

    def _issue(
        self, scope: Scope, booking: Booking, holder_id: str, person_id: str | None, cause: str
    ) -> None:
        order = Issue(
            booking_id=booking.id,
            holder_id=holder_id,
            person_id=person_id,
            doors=booking.doors,
            window=(booking.effective.starts_at, booking.effective.ends_at),
            digits=booking.digits,
            approved=booking.released,
            cause=cause,
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
