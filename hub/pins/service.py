"""Issues PINs, moves them in time, adds and removes doors, revokes, reissues, reveals.

Every call is part of the caller's transaction and marks what the doors must learn.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias

from hub.clock import Clock, Ids
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.keys import HubKeys
from hub.pins import placements, repository
from hub.pins.apart import confusable
from hub.pins.draw import NoPinLeftError, PinError, RandomBelow, draw_pin
from hub.pins.lengths import Asked, checked_length, standing_length
from hub.pins.placement import LIVE, PlacementEvent, PlacementState, Problem
from hub.pins.placements import Happening, Placement
from hub.pins.repository import Credential, Guest
from hub.pins.reservations import PinTakenError, Reservations
from hub.pins.tables import PinVariant, pin_placements
from hub.policy.touch import touch_credential
from hub.sites import repository as site_rows
from hub.sites.domain import Door

Instants: TypeAlias = tuple[datetime, datetime]
"""An effective window `[start, end)`."""

_RACES: Final = 5


class CredentialGoneError(PinError):
    """The credential is unknown or revoked."""


@dataclass(frozen=True, slots=True)
class Issue:
    """A PIN that is wanted. Not approved: it stays a draft that no door sees."""

    booking_id: str
    holder_id: str
    person_id: str | None
    doors: tuple[str, ...]
    window: Instants
    digits: int | None
    approved: bool
    cause: str
    duress: bool = False
    """Whether the holder gets a second one that raises a silent alarm."""
    max_uses: int | None = None
    guest: Guest | None = None
    """For a visitor: neither booking nor holder is given then."""

    def with_digits(self, digits: int) -> Issue:
        """The same, with that many digits."""
        return replace(self, digits=digits)


@dataclass(frozen=True, slots=True)
class _Draw:
    """Digits that are to be drawn: for whom, where, when, how many, and from what well apart."""

    credential_id: str
    variant: PinVariant
    doors: tuple[str, ...]
    window: Instants
    length: int
    apart: tuple[str, ...] = field(default=(), repr=False)


class Pins:
    """What bookings do with PINs. Raises `hub.pins.draw.PinError` where none can be given."""

    def __init__(self, clock: Clock, ids: Ids, keys: HubKeys, random_below: RandomBelow) -> None:
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._random_below = random_below
        self._reservations = Reservations(ids, keys)

    def issue(self, scope: Scope, order: Issue) -> str:
        """Draw a PIN for a holder, and their duress PIN where wanted, and place it at the doors;
        give the ordinary credential's id."""
        visit_id = order.guest.visit_id if order.guest else None
        booking_id = order.booking_id or None
        asked = Asked(order.window, order.digits, booking_id=booking_id, visit_id=visit_id)
        length = self._length(scope, order.doors, replace(asked, duress=order.duress))
        ordinary = self._issue(scope, order, PinVariant.ORDINARY, length, ())
        if order.duress:
            digits = self._open(self._live(scope, ordinary))
            self._issue(scope, order, PinVariant.DURESS, length, (digits,))
        return ordinary

    def add_duress(self, scope: Scope, credential_id: str, cause: str) -> str:
        """Give the holder of a PIN the one that they type under duress, at the same doors and of
        the same length; give its id. The one that they have where they have one."""
        ordinary = self._live(scope, credential_id)
        for each in repository.of_holder(scope, ordinary.holder_id or ""):
            if each.variant is PinVariant.DURESS:
                return each.id
        standing = self._standing(scope, credential_id)
        if not standing:
            raise CredentialGoneError("the credential opens nothing any more")
        order = Issue(
            booking_id=ordinary.booking_id or "",
            holder_id=ordinary.holder_id or "",
            person_id=ordinary.person_id,
            doors=tuple(each.door_id for each in standing),
            window=(standing[0].starts_at, standing[0].ends_at),
            digits=ordinary.digits,
            approved=standing[0].state is not PlacementState.DRAFT,
            cause=cause,
            max_uses=ordinary.max_uses,
        )
        asked = Asked(order.window, ordinary.digits, booking_id=order.booking_id, is_duress=True)
        length = self._length(scope, order.doors, asked)
        return self._issue(scope, order, PinVariant.DURESS, length, (self._open(ordinary),))

    def issue_standing(self, scope: Scope, order: Issue, size: int) -> str:
        """Draw a code for a door's pool of that size, nobody's yet; give its id. Twice as many may
        be live while they are replaced, and that is reckoned with."""
        (door_id,) = order.doors
        door = site_rows.doors_by_id(scope, [door_id])[door_id]
        digits = max(order.digits or 0, standing_length(scope, door, order.window, 2 * size))
        length = self._length(scope, order.doors, Asked(order.window, digits))
        return self._issue(scope, order, PinVariant.STANDING, length, ())

    def _issue(
        self,
        scope: Scope,
        order: Issue,
        variant: PinVariant,
        length: int,
        apart: Sequence[str],
    ) -> str:
        credential_id, now = self._ids.new(), self._clock.now()
        draw = _Draw(credential_id, variant, order.doors, order.window, length, tuple(apart))
        digits = self._draw(scope, draw)
        credential = Credential(
            id=credential_id,
            variant=variant,
            booking_id=order.booking_id or None,
            holder_id=order.holder_id or None,
            person_id=order.person_id,
            max_uses=order.max_uses,
            sealed=self._seal(credential_id, digits),
            digits=length,
            changed_at=now,
            revoked_at=None,
            guest=order.guest,
        )
        repository.add(scope, credential)
        for door_id in order.doors:
            made = self._placement(credential_id, door_id, order.window, order.approved)
            placements.add(scope, made, order.cause)
        touch_credential(scope, credential_id)
        return credential_id

    def move(self, scope: Scope, credential_id: str, window: Instants, cause: str) -> bool:
        """Move a PIN to another window. It keeps its digits unless they would collide there; then
        it gets others, its placements the problem `pin_changed`, and this gives True."""
        credential = self._live(scope, credential_id)
        standing = self._standing(scope, credential_id)
        if not standing:
            return False  # held back: `set_doors` brings it back in its window
        doors = [placement.door_id for placement in standing]
        self._length(scope, doors, Asked.of(credential, window))
        changed = False
        try:
            self._reservations.move(scope, credential_id, window)
        except PinTakenError:
            self._renew(scope, credential, doors, window)
            changed = True
            standing = self._standing(scope, credential_id)  # they tell of the old digits now
        for placement in standing:
            moved = placements.set_window(scope, placement, *window)
            if changed:
                problems = moved.problems | {Problem.PIN_CHANGED}
                placements.set_problems(scope, moved, problems)
        self._note(scope, credential_id, cause)
        return changed

    def set_doors(
        self,
        scope: Scope,
        credential_id: str,
        doors: Collection[str],
        window: Instants,
        *,
        approved: bool,
        cause: str,
    ) -> bool:
        """Make these the doors of a PIN; True if it had to get other digits for a new one."""
        credential = self._live(scope, credential_id)
        before = {each.door_id: each for each in self._standing(scope, credential_id)}
        gone, new = set(before) - set(doors), sorted(set(doors) - set(before))
        self._revoke(scope, [before[door_id] for door_id in sorted(gone)], cause)
        if gone:
            self._reservations.retire(scope, credential_id, self._clock.now(), sorted(gone))
        changed = False
        if new:
            self._length(scope, sorted(doors), Asked.of(credential, window))
            changed = self._extend(scope, credential, sorted(doors), new, window)
            for door_id in new:
                made = self._placement(credential_id, door_id, window, approved)
                former = placements.forget(scope, credential_id, door_id)
                made = placements.in_place_of(made, former, renewed=changed)
                placements.add(scope, made, cause)
        if changed:
            for placement in self._standing(scope, credential_id):
                problems = placement.problems | {Problem.PIN_CHANGED}
                placements.set_problems(scope, placement, problems)
        touch_credential(scope, credential_id)
        return changed

    def approve(self, scope: Scope, credential_id: str, cause: str) -> None:
        """Let a draft reach its doors."""
        happening = Happening(PlacementEvent.APPROVE, self._clock.now(), cause)
        for placement in self._standing(scope, credential_id):
            if placement.state is PlacementState.DRAFT:
                placements.change(scope, placement, happening)
        touch_credential(scope, credential_id)

    def withdraw(self, scope: Scope, credential_id: str, cause: str) -> None:
        """Hold a PIN back: what no door has yet becomes a draft, what one may have is taken from
        it. The credential keeps its digits, so that `set_doors` can bring it back."""
        happening = Happening(PlacementEvent.WITHDRAW, self._clock.now(), cause)
        gone = []
        for placement in self._standing(scope, credential_id):
            if placement.state is PlacementState.DRAFT:
                continue
            if placements.change(scope, placement, happening).state not in LIVE:
                gone.append(placement.door_id)
        if gone:
            self._reservations.retire(scope, credential_id, self._clock.now(), gone)
        touch_credential(scope, credential_id)

    def revoke(self, scope: Scope, credential_id: str, cause: str) -> None:
        """Take a PIN away from every door at once; nothing happens to one that is gone already."""
        now = self._clock.now()
        self._revoke(scope, self._standing(scope, credential_id), cause)
        self._reservations.retire(scope, credential_id, now)
        repository.revoke(scope, credential_id, now)
        touch_credential(scope, credential_id)

    def set_max_uses(self, scope: Scope, credential_id: str, max_uses: int | None) -> None:
        """Say how often a PIN opens in all; nothing happens where it is so already."""
        if self._live(scope, credential_id).max_uses != max_uses:
            repository.set_max_uses(scope, credential_id, max_uses)
            touch_credential(scope, credential_id)

    def set_guest(self, scope: Scope, credential_id: str, guest: Guest) -> None:
        """Say after whom and in which hours of a day a visitor's PIN opens; nothing happens where
        it is so already."""
        if self._live(scope, credential_id).guest != guest:
            repository.set_guest(scope, credential_id, guest)
            for placement in self._standing(scope, credential_id):
                placements.set_wanted(scope, placement, None)
            touch_credential(scope, credential_id)

    def reissue(self, scope: Scope, credential_id: str, cause: str, *, tell: bool = False) -> None:
        """Give a credential other digits; the old ones die as soon as each door has the new, which
        its placement tells (`old_digits_since`), and nobody gets them there for 30 days. `tell`:
        the holder does not know yet, and stays `pin_changed` until they see them."""
        credential = self._live(scope, credential_id)
        standing = self._standing(scope, credential_id)
        known = standing or self._held_back(scope, credential_id)
        if not known:
            raise CredentialGoneError("the credential opens nothing any more")
        window = known[0].starts_at, known[0].ends_at
        self._renew(scope, credential, [each.door_id for each in standing], window)
        if tell:
            for placement in self._standing(scope, credential_id):
                problems = placement.problems | {Problem.PIN_CHANGED}
                placements.set_problems(scope, placement, problems)
        self._note(scope, credential_id, cause)

    def reveal(self, scope: Scope, credential_id: str) -> str:
        """Give the digits. The caller has checked the right and writes the audit."""
        credential = self._live(scope, credential_id)
        return self._open(credential)

    def told(self, scope: Scope, credential_id: str) -> None:
        """Somebody has seen the digits as they are now: `pin_changed` is settled."""
        found = placements.held(scope, lambda: placements.of_credentials(scope, [credential_id]))
        for placement in found:
            problems = placement.problems - {Problem.PIN_CHANGED}
            placements.set_problems(scope, placement, problems)

    # --- inside ------------------------------------------------------------------------------

    def _live(self, scope: Scope, credential_id: str) -> Credential:
        found = repository.credential(scope, credential_id)
        if found is None or found.revoked_at is not None:
            raise CredentialGoneError("unknown or revoked credential")
        return found

    def _standing(self, scope: Scope, credential_id: str) -> list[Placement]:
        t = pin_placements
        ours = t.c.credential_id == credential_id, t.c.state.in_(LIVE)
        return placements.held(scope, lambda: placements.where(scope, *ours))

    def _held_back(self, scope: Scope, credential_id: str) -> list[Placement]:
        """Give the placements of a PIN that is held back and not over: it may come back."""
        t = pin_placements
        away = t.c.state.in_([PlacementState.REVOKING, PlacementState.REVOKED])
        to_come = t.c.ends_at > self._clock.now()
        return placements.where(scope, t.c.credential_id == credential_id, away, to_come)

    def _length(
        self,
        scope: Scope,
        door_ids: Sequence[str],
        asked: Asked,
    ) -> int:
        known = site_rows.doors_by_id(scope, door_ids)
        doors: list[Door] = [known[door_id] for door_id in door_ids]
        return checked_length(scope, self._reservations, doors, asked)

    def _draw(self, scope: Scope, draw: _Draw) -> str:
        """Draw and reserve; whoever was quicker in the meantime makes us draw again."""

        def taken(digits: str) -> bool:
            if any(confusable(digits, other) for other in draw.apart):
                return True
            return self._reservations.is_taken(scope, draw.doors, digits, draw.window)

        duress = draw.variant is PinVariant.DURESS
        for _ in range(_RACES):
            digits = draw_pin(draw.length, self._random_below, taken)
            try:
                self._reservations.reserve(
                    scope, draw.credential_id, draw.doors, digits, draw.window, duress=duress
                )
            except PinTakenError:
                continue
            return digits
        raise NoPinLeftError(draw.length)

    def _apart(self, scope: Scope, credential: Credential) -> tuple[str, ...]:
        """The digits that a credential's must not be confused with: its holder's others."""
        if credential.holder_id is None or credential.variant is PinVariant.STANDING:
            return ()
        others = repository.of_holder(scope, credential.holder_id)
        return tuple(self._open(each) for each in others if each.id != credential.id)

    def _renew(
        self, scope: Scope, credential: Credential, doors: Sequence[str], window: Instants
    ) -> None:
        now = self._clock.now()
        self._reservations.retire(scope, credential.id, now)
        apart = self._apart(scope, credential)
        digits = self._draw(
            scope,
            _Draw(
                credential.id, credential.variant, tuple(doors), window, credential.digits, apart
            ),
        )
        sealed = self._seal(credential.id, digits)
        repository.set_digits(scope, credential.id, sealed, len(digits), now)
        for placement in self._standing(scope, credential.id):
            placements.set_old_digits(scope, placement, now)
        subject = Subject(booking_id=credential.booking_id, credential_id=credential.id)
        tell(scope, now, HappeningKind.PIN_CHANGED, subject, "other digits")

    def _extend(
        self,
        scope: Scope,
        credential: Credential,
        doors: Sequence[str],
        new: Sequence[str],
        window: Instants,
    ) -> bool:
        digits = self._open(credential)
        duress = credential.variant is PinVariant.DURESS
        try:
            with scope.savepoint():  # refused, they rest there as they did
                self._reservations.take_back(scope, credential.id, new, digits)
                self._reservations.reserve(scope, credential.id, new, digits, window, duress=duress)
        except PinTakenError:
            self._renew(scope, credential, doors, window)
            return True
        return False

    def _placement(
        self, credential_id: str, door_id: str, window: Instants, approved: bool
    ) -> Placement:
        return Placement(
            credential_id=credential_id,
            door_id=door_id,
            grant_id=self._ids.new(),
            starts_at=window[0],
            ends_at=window[1],
            state=PlacementState.SCHEDULED if approved else PlacementState.DRAFT,
            problems=frozenset(),
            wanted_version=None,
            changed_at=self._clock.now(),
            placed_at=None,
        )

    def _revoke(self, scope: Scope, standing: Sequence[Placement], cause: str) -> None:
        happening = Happening(PlacementEvent.REVOKE, self._clock.now(), cause)
        for placement in standing:
            placements.change(scope, placement, happening)

    def _note(self, scope: Scope, credential_id: str, cause: str) -> None:
        placements.note(scope, credential_id, self._clock.now(), cause)
        touch_credential(scope, credential_id)

    def _open(self, credential: Credential) -> str:
        return self._keys.unseal(credential.sealed, f"pins:{credential.id}").decode()

    def _seal(self, credential_id: str, digits: str) -> bytes:
        return self._keys.seal(digits.encode(), f"pins:{credential_id}")
