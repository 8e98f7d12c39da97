"""Joins bookings with what their doors have confirmed and, apart, with their sealed codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.bookings import outcome_repository, repository
from hub.bookings.outcome import Outcome
from hub.bookings.records import (
    Booking,
    BookingView,
    CodeView,
    CredentialView,
    PlacementView,
    StillOpens,
)
from hub.bookings.tables import BookingState
from hub.bookings.windows import BookedWindow
from hub.database.scope import Scope
from hub.keyboxes import code_repository as code_rows
from hub.keyboxes import log_repository as log_rows
from hub.keyboxes import repository as box_rows
from hub.keyboxes.domain import BoxState, CodeState, KeyBox, LockKind, OfflineCode
from hub.keyboxes.repository import DoorBackup
from hub.pins import placements
from hub.pins import repository as pin_rows
from hub.pins.placement import (
    PENDING,
    Pending,
    PlacementState,
    Problem,
    Readiness,
    Standing,
    readiness,
)
from hub.pins.placements import Placement
from hub.pins.tables import PinVariant
from wire.offline_profiles import PROFILES


def views(scope: Scope, found: Sequence[Booking], now: datetime) -> list[BookingView]:
    """Give bookings with their credentials and codes, never their digits."""
    credentials = pin_rows.of_bookings(scope, [booking.id for booking in found])
    ids = [each.id for listed in credentials.values() for each in listed]
    by_credential: dict[str, list[Placement]] = {credential_id: [] for credential_id in ids}
    for placement in placements.of_credentials(scope, ids):
        by_credential[placement.credential_id].append(placement)
    codes = CodesKnown.of(scope, [booking.id for booking in found], now)
    outcomes = outcome_repository.outcomes_of(scope, [booking.id for booking in found])
    made = []
    for booking in found:
        names = {row.id: row.name for row in repository.holders(scope, booking.id)}
        shown = tuple(
            CredentialView(
                credential_id=each.id,
                variant=each.variant,
                holder_id=each.holder_id,
                holder=names[each.holder_id],
                digits=each.digits,
                max_uses=each.max_uses,
                readiness=readiness(_standing(by_credential[each.id])),
                placements=tuple(_view(place, booking) for place in by_credential[each.id]),
            )
            for each in credentials[booking.id]
            if each.holder_id is not None and each.holder_id in names
        )
        # A code that was pulled makes a booking neither ready nor unready.
        own = [each for each in shown if each.variant is not PinVariant.STANDING]
        everywhere = [p for each in own for p in by_credential[each.credential_id]]
        ready = readiness(_standing(everywhere))
        if not booking.doors and not everywhere:
            ready = _unconfirmed(booking, now)
        elif _is_held_back(booking, now) and ready is not Readiness.PROBLEM:
            ready = Readiness.DRAFT
        held = codes.standing(booking.id, names)
        open_still = codes.still_opens(booking.id)
        outcome = outcomes.get(booking.id, Outcome())
        made.append(BookingView(booking, shown, ready, held, open_still, outcome))
    return made


def view(scope: Scope, booking: Booking, now: datetime) -> BookingView:
    """Give one booking with its credentials and codes."""
    return views(scope, [booking], now)[0]


def _unconfirmed(booking: Booking, now: datetime) -> Readiness:
    """The readiness of a booking that no door can confirm."""
    if _is_held_back(booking, now) or booking.state is BookingState.REQUESTED:
        return Readiness.DRAFT
    over = not booking.stands or booking.effective.ends_at <= now
    return Readiness.OVER if over else Readiness.OFFLINE


def _is_held_back(booking: Booking, now: datetime) -> bool:
    """Whether it stands, is still to come, and its PIN may not be given yet."""
    return booking.stands and not booking.released and now < booking.effective.ends_at


@dataclass(frozen=True, slots=True)
class CodesKnown:
    """The sealed codes of some bookings, with what is known of their locks."""

    now: datetime
    codes: dict[str, list[OfflineCode]]
    boxes: dict[str, KeyBox]
    states: dict[str, BoxState]
    backups: dict[str, DoorBackup]

    @classmethod
    def of(cls, scope: Scope, booking_ids: Sequence[str], now: datetime) -> CodesKnown:
        """Read them."""
        codes = code_rows.codes_of_bookings(scope, booking_ids)
        locks = {(each.lock_kind, each.lock_id) for listed in codes.values() for each in listed}
        box_ids = [lock_id for kind, lock_id in locks if kind is LockKind.KEY_BOX]
        door_ids = [lock_id for kind, lock_id in locks if kind is LockKind.DOOR]
        return cls(
            now,
            codes,
            box_rows.boxes_by_id(scope, box_ids) if box_ids else {},
            log_rows.box_states(scope, box_ids) if box_ids else {},
            box_rows.backups_of(scope, door_ids) if door_ids else {},
        )

    def standing(self, booking_id: str, names: Mapping[str, str]) -> tuple[CodeView, ...]:
        """Give the codes of a booking's holders for its key boxes."""
        return tuple(
            CodeView(
                id=each.id,
                key_box_id=each.lock_id,
                holder_id=each.holder_id,
                holder=names[each.holder_id],
                digits=PROFILES[each.profile].digits,
                state=each.state(self.now),
                effective=BookedWindow(*each.effective),
                problems=self._problems(each),
                revealed_at=each.revealed_at,
            )
            for each in self.codes[booking_id]
            if each.stands and each.holder_id in names and each.lock_kind is LockKind.KEY_BOX
        )

    def still_opens(self, booking_id: str) -> tuple[StillOpens, ...]:
        """Give the codes that are nobody's any more and open all the same."""
        return tuple(
            StillOpens(
                lock_id=each.lock_id,
                lock_kind=each.lock_kind,
                holder_id=each.holder_id,
                tag=each.code.tag,
                opens=BookedWindow(*each.effective),
            )
            for each in self.codes[booking_id]
            if self._is_open(each)
        )

    def _is_open(self, code: OfflineCode) -> bool:
        if code.lock_kind is LockKind.DOOR:
            backup = self.backups.get(code.lock_id)
            return backup is not None and code.still_opens(self.now, backup.version, None)
        box, state = self.boxes[code.lock_id], self.states[code.lock_id]
        return code.still_opens(self.now, box.device_version, state.seen_generation)

    def _problems(self, code: OfflineCode) -> tuple[Problem, ...]:
        found = []
        if code.pin_changed:
            found.append(Problem.PIN_CHANGED)
        living = code.state(self.now) in (CodeState.COMPUTED, CodeState.ACTIVE)
        if living and self.boxes[code.lock_id].device_version == 0:
            found.append(Problem.BOX_NOT_SET_UP)
        return tuple(found)


def _standing(found: Sequence[Placement]) -> list[Standing]:
    return [Standing(placement.state, placement.problems) for placement in found]


def _view(placement: Placement, booking: Booking) -> PlacementView:
    pending = PENDING.get(placement.state)
    if placement.state is PlacementState.DRAFT and booking.state is BookingState.CONFIRMED:
        pending = Pending.PAYMENT
    return PlacementView(
        door_id=placement.door_id,
        state=placement.state,
        problems=tuple(sorted(placement.problems)),
        pending=() if pending is None else (pending,),
        placed_at=placement.placed_at,
        old_digits_since=placement.old_digits_since,
        held_until=placement.held_until,
    )
