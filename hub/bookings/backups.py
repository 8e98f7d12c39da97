"""Codes of a booking for networked doors whose controller has no hub now.

The PIN is at such a door already, unless the booking was made or changed while it was away: then a
standing code of the door's pool opens, which it has proven to hold, or a sealed code, which the
controller can check by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.audit.service import record
from hub.bookings import repository
from hub.bookings.holding import hold
from hub.bookings.records import Booking
from hub.bookings.refusals import Refusal, refused
from hub.bookings.service import named_refusals
from hub.bookings.tables import BookingState
from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.keyboxes import repository as backup_rows
from hub.keyboxes.codes import OfflineCodes
from hub.keyboxes.domain import WindowUncoveredError
from hub.keyboxes.repository import DoorBackup
from hub.pins import pools as pool_rows
from hub.pins.pools import Pool
from hub.pins.standing import Pulled, StandingCodes
from hub.policy import reports
from hub.policy import repository as policy_rows
from hub.policy.connections import Connections
from hub.sites import repository as site_rows
from hub.web.rights import Principal
from wire.policy import EntryKind


class BackupKind(StrEnum):
    """What sort of code is given for a door that is away."""

    SEALED = "sealed"
    STANDING = "standing"


@dataclass(frozen=True, slots=True)
class BackupCode:
    """A holder's code for one door. `confirmed`: the door's controller has proven that it takes it.

    A sealed one is taken within `effective` while the controller has no hub, and for `grace_s`
    after. A standing one is taken through `opens`, with its hub or without, until the door has
    proven that it learnt `effective`: `ends_when_confirmed` says that it has not.
    """

    holder_id: str
    door_id: str
    kind: BackupKind
    digits: str = field(repr=False)
    effective: tuple[datetime, datetime]
    opens: tuple[datetime, datetime]
    grace_s: int
    confirmed: bool
    ends_when_confirmed: bool


class BookingBackups:
    """Gives a booking's backup codes. Asking again gives the same."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        codes: OfflineCodes,
        standing: StandingCodes,
        connections: Connections,
    ) -> None:
        self._db = db
        self._clock = clock
        self._codes = codes
        self._standing = standing
        self._connections = connections

    def offered(self, booking: Booking) -> bool:
        """Tell whether some door of a booking is away now and takes sealed codes."""
        over = booking.effective.ends_at <= self._clock.now()
        if not booking.released or over or not booking.doors:
            return False
        with self._db.read() as scope:
            return bool(self._away(scope, _doors_with(scope, booking)))

    def issue(self, who: Principal, reservation_key: str) -> list[BackupCode]:
        """Give each holder's code for the doors that are away; the look-up is in the audit log."""

        def work(scope: Scope) -> list[BackupCode]:
            booking = hold(scope, reservation_key)
            if booking is None or not who.reaches(booking.site_id):
                raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
            now = self._clock.now()
            over = booking.effective.ends_at <= now
            if booking.state is not BookingState.CONFIRMED or over:
                raise refused(Refusal.NO_PIN, "codes are given for a confirmed booking to come")
            if booking.awaits_payment:
                raise refused(Refusal.PAYMENT_MISSING, "codes are given once it is paid")
            pool_rows.hold(scope, booking.doors)
            given = [
                code
                for door in self._doors_away(scope, booking)
                for code in self._codes_for(scope, booking, door)
            ]
            if not given:
                raise refused(Refusal.NO_CODE_LEFT, "the doors' pools have no proven code left")
            doors = sorted({each.door_id for each in given})
            told = {"doors": doors}
            record(scope, now, who, "backup_codes.revealed", ("booking", booking.id), told)
            return given

        with named_refusals():
            return self._db.write(work)

    def _doors_away(self, scope: Scope, booking: Booking) -> list[_Door]:
        """The booking's doors that have a code to give and whose controller is away."""
        found = _doors_with(scope, booking)
        if not found:
            raise refused(Refusal.NO_BACKUP_CODES, "no door of the booking has backup codes")
        away = self._away(scope, found)
        if not away:
            raise refused(Refusal.DOORS_CONNECTED, "the doors have the PIN and refuse a code")
        return away

    def _away(self, scope: Scope, found: Sequence[_Door]) -> list[_Door]:
        here = self._connections.of(scope, {each.controller_id for each in found})
        return [each for each in found if each.controller_id not in here]

    def _codes_for(self, scope: Scope, booking: Booking, door: _Door) -> list[BackupCode]:
        """Each holder's code for a door: of its pool while that has any, else a sealed one."""
        window = booking.effective.starts_at, booking.effective.ends_at
        pulled: list[BackupCode] = []
        if door.pool is not None:
            rows = repository.holders(scope, booking.id)
            found = [
                self._standing.pull(scope, door.pool, booking.id, (row.id, row.person_id), window)
                for row in rows
            ]
            pulled = [_standing(each) for each in found if each is not None]
            if len(pulled) == len(rows):
                return pulled
        if door.backup is None:
            return pulled
        had = {each.holder_id for each in pulled}
        sealed = self._codes_at(scope, booking, door.backup)
        return [*pulled, *(each for each in sealed if each.holder_id not in had)]

    def _codes_at(self, scope: Scope, booking: Booking, backup: DoorBackup) -> list[BackupCode]:
        lock = self._codes.locks.of_door(backup)
        holders = [row.id for row in repository.holders(scope, booking.id)]
        window = booking.effective.starts_at, booking.effective.ends_at
        try:
            shown = self._codes.of_door(scope, lock, booking.id, holders, window)
        except WindowUncoveredError as error:
            raise refused(Refusal.WINDOW_UNCOVERED, str(error), door=backup.door_id) from error
        confirmed = _is_confirmed(scope, backup)
        return [
            BackupCode(
                holder_id=each.code.holder_id,
                door_id=backup.door_id,
                kind=BackupKind.SEALED,
                digits=each.digits,
                effective=each.code.effective,
                opens=each.code.effective,
                grace_s=backup.grace_s,
                confirmed=confirmed,
                ends_when_confirmed=False,
            )
            for each in shown
        ]


@dataclass(frozen=True, slots=True)
class _Door:
    """A door that has codes to give: standing ones, sealed ones or both."""

    id: str
    controller_id: str
    pool: Pool | None
    backup: DoorBackup | None


def _doors_with(scope: Scope, booking: Booking) -> list[_Door]:
    """The booking's doors that have codes to give; no sealed ones of a door that moved to another
    controller since."""
    doors = site_rows.doors_by_id(scope, booking.doors)
    pools = {each.door_id: each for each in pool_rows.pools(scope, booking.doors)}
    backups = {
        each.door_id: each
        for each in backup_rows.backups_of(scope, booking.doors).values()
        if each.controller_id == doors[each.door_id].controller_id
    }
    return [
        _Door(each.id, each.controller_id, pools.get(each.id), backups.get(each.id))
        for each in doors.values()
        if each.id in pools or each.id in backups
    ]


def _standing(pulled: Pulled) -> BackupCode:
    return BackupCode(
        holder_id=pulled.holder_id,
        door_id=pulled.door_id,
        kind=BackupKind.STANDING,
        digits=pulled.digits,
        effective=pulled.effective,
        opens=pulled.opens,
        grace_s=0,
        confirmed=True,
        ends_when_confirmed=pulled.ends_when_confirmed,
    )


def _is_confirmed(scope: Scope, backup: DoorBackup) -> bool:
    """Whether the controller has proven that it holds the door's entry with this secret."""
    report = reports.last(scope, backup.controller_id)
    if report is None:
        return False
    stored = policy_rows.entries_of_kind(scope, backup.controller_id, EntryKind.DOOR)
    return any(
        entry.key.id == backup.door_id
        and entry.rev <= report.confirmed_version
        and backup.sealed.encode() in entry.data
        for entry in stored
    )
