"""What guessing a booking's PINs comes to: at each of its doors, and at all of them together."""

from __future__ import annotations

from dataclasses import dataclass

from hub.bookings import repository
from hub.bookings.refusals import Refusal, refused
from hub.database.engine import Database
from hub.pins import repository as pin_rows
from hub.pins.guess_risk import DEFAULT_BOUND, LivePin, guess_risk, most_tries, spread_risk
from hub.pins.lengths import door_risk
from hub.pins.risk import GuessRisks
from hub.pins.tables import PinVariant
from hub.web.rights import Principal


@dataclass(frozen=True, slots=True)
class AtDoor:
    """One door of a booking: how many PINs are live there while the booking's are exposed, and the
    chance that any is hit."""

    door_id: str
    live: int
    tries: int
    chance: float


@dataclass(frozen=True, slots=True)
class BookingRisk:
    """`chance`: that one of the booking's own PINs is hit by somebody who spends the whole try
    budget of every keypad of every door at which they are live. `at_doors`: that any PIN is."""

    booking_id: str
    pins: int
    digits: tuple[int, ...]
    tries: int
    chance: float
    bound: float
    at_doors: tuple[AtDoor, ...]


class BookingRisks:
    """Computes risks of bookings."""

    def __init__(self, db: Database, risks: GuessRisks) -> None:
        self._db = db
        self._risks = risks

    def of(self, who: Principal, reservation_key: str) -> BookingRisk:
        """Give what guessing a booking's PINs comes to; raise `booking_unknown`."""
        with self._db.read() as scope:
            booking = repository.by_key(scope, reservation_key)
            if booking is None or not who.reaches(booking.site_id):
                raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
            window = booking.effective.starts_at, booking.effective.ends_at
            own = [
                LivePin(each.digits, *window, duress=each.variant is PinVariant.DURESS)
                for each in pin_rows.of_bookings(scope, [booking.id])[booking.id]
                if each.revoked_at is None and each.variant is not PinVariant.STANDING
            ]
            met = {door_id: door_risk(scope, door_id) for door_id in booking.doors}
            live = {
                door_id: [
                    each
                    for each in self._risks.live_at(scope, door_id, window)
                    if LivePin(4, *window).exposed_with(each)
                ]
                for door_id in booking.doors
            }
        span_s = LivePin(4, *window).exposed_with(LivePin(4, *window))
        return BookingRisk(
            booking_id=booking.id,
            pins=len(own),
            digits=tuple(sorted({each.digits for each in own})),
            tries=sum(most_tries(each.budget, span_s) for each in met.values()),
            chance=spread_risk([each.budget for each in met.values()], own),
            bound=DEFAULT_BOUND,
            at_doors=tuple(
                AtDoor(
                    door_id,
                    len(live[door_id]),
                    most_tries(met[door_id].budget, span_s),
                    guess_risk(
                        met[door_id].budget,
                        live[door_id][0],
                        live[door_id][1:],
                        met[door_id].a_try,
                    )
                    if live[door_id]
                    else 0.0,
                )
                for door_id in booking.doors
            ),
        )
