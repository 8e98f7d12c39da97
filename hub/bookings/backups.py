"""Sealed codes of a booking for networked doors whose controller has no hub now.

The PIN is at such a door already, unless the booking was made or changed while it was away: then a
sealed code opens, which the controller can check by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hub.audit.service import record
from hub.bookings import repository
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
from hub.policy import reports
from hub.policy import repository as policy_rows
from hub.policy.connections import Connections
from hub.sites import repository as site_rows
from hub.web.rights import Principal
from wire.policy import EntryKind


@dataclass(frozen=True, slots=True)
class BackupCode:
    """A holder's sealed code for one door. `confirmed`: the door's controller has proven that it
    knows the secret. It is taken while the controller has no hub, and for `grace_s` after."""

    holder_id: str
    door_id: str
    digits: str = field(repr=False)
    effective: tuple[datetime, datetime]
    grace_s: int
    confirmed: bool


class BookingBackups:
    """Gives a booking's backup codes. Asking again gives the same."""

    def __init__(
        self, db: Database, clock: Clock, codes: OfflineCodes, connections: Connections
    ) -> None:
        self._db = db
        self._clock = clock
        self._codes = codes
        self._connections = connections

    def offered(self, booking: Booking) -> bool:
        """Tell whether some door of a booking is away now and takes sealed codes."""
        over = booking.effective.ends_at <= self._clock.now()
        if not booking.released or over or not booking.doors:
            return False
        with self._db.read() as scope:
            backups = _usable(scope, booking)
            here = self._connections.of(scope, {each.controller_id for each in backups})
        return any(each.controller_id not in here for each in backups)

    def issue(self, who: Principal, reservation_key: str) -> list[BackupCode]:
        """Give each holder's code for the doors that are away; the look-up is in the audit log."""

        def work(scope: Scope) -> list[BackupCode]:
            booking = repository.by_key(scope, reservation_key)
            if booking is None or not who.reaches(booking.site_id):
                raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
            now = self._clock.now()
            over = booking.effective.ends_at <= now
            if booking.state is not BookingState.CONFIRMED or over:
                raise refused(Refusal.NO_PIN, "codes are given for a confirmed booking to come")
            if booking.awaits_payment:
                raise refused(Refusal.PAYMENT_MISSING, "codes are given once it is paid")
            given = [
                code
                for backup in self._away(scope, booking)
                for code in self._codes_at(scope, booking, backup)
            ]
            doors = sorted({each.door_id for each in given})
            told = {"doors": doors}
            record(scope, now, who, "backup_codes.revealed", ("booking", booking.id), told)
            return given

        with named_refusals():
            return self._db.write(work)

    def _away(self, scope: Scope, booking: Booking) -> list[DoorBackup]:
        """The booking's doors that take sealed codes and whose controller is away."""
        backups = _usable(scope, booking)
        if not backups:
            raise refused(Refusal.NO_BACKUP_CODES, "no door of the booking takes sealed codes")
        here = self._connections.of(scope, {each.controller_id for each in backups})
        away = [each for each in backups if each.controller_id not in here]
        if not away:
            raise refused(Refusal.DOORS_CONNECTED, "the doors have the PIN and refuse a code")
        return away

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
                digits=each.digits,
                effective=each.code.effective,
                grace_s=backup.grace_s,
                confirmed=confirmed,
            )
            for each in shown
        ]


def _usable(scope: Scope, booking: Booking) -> list[DoorBackup]:
    """The backups of a booking's doors, but of those that moved to another controller since."""
    doors = site_rows.doors_by_id(scope, booking.doors)
    return [
        each
        for each in backup_rows.backups_of(scope, booking.doors).values()
        if each.controller_id == doors[each.door_id].controller_id
    ]


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
