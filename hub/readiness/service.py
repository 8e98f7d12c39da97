"""What people ask of readiness: the board, one booking, figures, and rules of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub.audit.service import record
from hub.bookings import repository as booking_rows
from hub.bookings.records import Booking
from hub.bookings.refusals import Refusal, refused
from hub.bookings.tables import BookingState, bookings
from hub.bookings.windows import local_day
from hub.database.scope import Scope
from hub.policy.connections import Connections
from hub.readiness import repository
from hub.readiness.board import BookingReadiness, level_of, worst_first
from hub.readiness.domain import Watch, deadline_of
from hub.readiness.facts import Around, Pins, pins_of
from hub.readiness.figures import LONGEST, Figures, latency_figures, rate, rates
from hub.readiness.repository import OwnRule
from hub.readiness.rules import RuleBook
from hub.readiness.settings import ReadinessSettings
from hub.readiness.tables import Latency, RuleOf
from hub.sites import repository as sites
from hub.web.core import Core
from hub.web.problems import NOT_FOUND, Problem, invalid
from hub.web.rights import Principal

BOARD_MAX: Final = 2_000
_STANDING: Final = [BookingState.CONFIRMED, BookingState.REQUESTED]


class ReadinessService:
    """Reads readiness, and keeps rules."""

    def __init__(self, core: Core, settings: ReadinessSettings, connections: Connections) -> None:
        self._core = core
        self._settings = settings
        self._connections = connections

    @property
    def settings(self) -> ReadinessSettings:
        """The settings' section."""
        return self._settings

    def board(self, who: Principal, first: date, last: date) -> tuple[BookingReadiness, ...]:
        """Give the bookings that touch the town's days from `first` to `last`, the worst first.
        What is over is left out."""
        zone, now = self._core.settings.town.zone, self._core.clock.now()
        c = bookings.c
        where = [
            c.state.in_(_STANDING),
            c.effective_until > max(local_day(first, zone).starts_at, now),
            c.effective_from < local_day(last, zone).ends_at,
        ]
        if who.sites is not None:
            where.append(c.site_id.in_(sorted(who.sites)))
        with self._core.db.read() as scope:
            found = booking_rows.search(scope, where, [c.effective_from, c.id], BOARD_MAX)
            return worst_first(self._judged(scope, found, now))

    def of_key(self, who: Principal, reservation_key: str) -> BookingReadiness:
        """Give one booking's; refuse `booking_unknown`."""
        with self._core.db.read() as scope:
            found = booking_rows.by_key(scope, reservation_key)
            if found is None or not who.reaches(found.site_id):
                raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
            (judged,) = self._judged(scope, [found], self._core.clock.now())
        return judged

    def of_id(self, who: Principal, booking_id: str) -> BookingReadiness:
        """The same by the booking's id: whoever is told of a happening knows that."""
        with self._core.db.read() as scope:
            found = booking_rows.by_id(scope, booking_id)
            if found is None or not who.reaches(found.site_id):
                raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
            (judged,) = self._judged(scope, [found], self._core.clock.now())
        return judged

    def figures(self, who: Principal | None, first: date, last: date) -> Figures:
        """Sum up the town's days from `first` to `last`, as far as somebody may see; for everybody
        (None) the whole town. Raise `422 invalid` for a span that is none or too long."""
        zone = self._core.settings.town.zone
        if last < first or last - first > LONGEST:
            raise invalid("to", "bad_span", f"from at most {LONGEST.days} days before to")
        since, until = _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
        with self._core.db.read() as scope:
            watches = repository.counted(scope, since, until)
            results = repository.counted_results(scope, since, until)
            took = repository.latencies(scope, since, until)
        if who is not None and who.sites is not None:
            watches = [each for each in watches if each.site_id in who.sites]
            keys = {each.key for each in watches}
            results = [
                each for each in results if (each.booking_id, each.starts_at, each.ends_at) in keys
            ]
            took = [each for each in took if each.site_id in who.sites]
        last_of = _one_a_booking(watches)
        counted = {each.key for each in last_of}
        doors = [
            each for each in results if (each.booking_id, each.starts_at, each.ends_at) in counted
        ]
        return Figures(
            since=since,
            until=until,
            town=rate(_met(each) for each in last_of),
            by_site=rates((each.site_id, _met(each)) for each in last_of),
            by_door=rates((each.lock_id, not each.missed) for each in doors),
            issue=latency_figures(took, Latency.ISSUE),
            revoke=latency_figures(took, Latency.REVOKE),
        )

    # --- rules -----------------------------------------------------------------------------------

    def rules(self, who: Principal) -> list[OwnRule]:
        """Give the rules of sites and facilities that somebody may see."""
        with self._core.db.read() as scope:
            found = repository.own_rules(scope).values()
            return [each for each in found if who.reaches(_site_of(scope, each.kind, each.target))]

    def set_rule(self, who: Principal, rule: OwnRule) -> OwnRule:
        """Give a site or a facility a deadline of its own; raise `404` for one beyond reach."""

        def work(scope: Scope) -> None:
            _reached(scope, who, rule.kind, rule.target)
            now = self._core.clock.now()
            repository.keep_rule(scope, rule, now)
            said = {"lead_min": rule.lead_min, "grace_min": rule.grace_min}
            record(scope, now, who, "readiness.rule_set", (rule.kind.value, rule.target), said)

        self._core.db.write(work)
        return rule

    def drop_rule(self, who: Principal, kind: RuleOf, target: str) -> None:
        """Let the usual rules hold again; raise `404` where there is no rule."""

        def work(scope: Scope) -> None:
            _reached(scope, who, kind, target)
            if not repository.drop_rule(scope, kind, target):
                raise Problem(NOT_FOUND, "it has no rule of its own")
            now = self._core.clock.now()
            record(scope, now, who, "readiness.rule_dropped", (kind.value, target))

        self._core.db.write(work)

    # --- inside ----------------------------------------------------------------------------------

    def _judged(
        self, scope: Scope, found: Sequence[Booking], now: datetime
    ) -> list[BookingReadiness]:
        book = RuleBook.read(scope, self._settings)
        pins = pins_of(scope, [each.id for each in found])
        watches = {w.key: w for w in repository.watches_of(scope, [each.id for each in found])}
        around = Around(scope, self._connections, now)
        around.load(door for each in found for door in each.doors)
        made = []
        for each in found:
            key = (each.id, each.effective.starts_at, each.effective.ends_at)
            watch = watches.get(key)
            locks = around.judge(each, pins[each.id])
            deadline = _deadline(each, pins[each.id], watch, book)
            made.append(
                BookingReadiness(
                    booking=each,
                    locks=locks,
                    deadline=deadline,
                    late_at=watch.late_at if watch else None,
                    step=watch.step if watch else 0,
                    level=level_of(locks, deadline, now),
                )
            )
        return made


def _deadline(booking: Booking, pins: Pins, watch: Watch | None, book: RuleBook) -> datetime | None:
    """The deadline as it is followed or, before a booking comes within the horizon, as it will
    be."""
    if booking.state is not BookingState.CONFIRMED or not booking.doors:
        return None
    if watch is not None and watch.revision == pins.revision(booking):
        return watch.deadline
    since = max(booking.changed_at, pins.changed_at or booking.changed_at)
    window = booking.effective
    return deadline_of(window.starts_at, window.ends_at, since, book.of(booking))


def _one_a_booking(watches: Sequence[Watch]) -> list[Watch]:
    """The watch that counts of each booking: that of the window it had last. Windows that were
    given up do not count by their outcome; this guards against a booking that ended twice."""
    last: dict[str, Watch] = {}
    for each in watches:
        before = last.get(each.booking_id)
        if before is None or each.deadline > before.deadline:
            last[each.booking_id] = each
    return list(last.values())


def _met(watch: Watch) -> bool:
    return watch.outcome.value == "met"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _site_of(scope: Scope, kind: RuleOf, target: str) -> str | None:
    if kind is RuleOf.SITE:
        site = sites.site(scope, target)
        return site.id if site else None
    facility = booking_rows.facility(scope, target)
    return facility.site_id if facility else None


def _reached(scope: Scope, who: Principal, kind: RuleOf, target: str) -> None:
    site = _site_of(scope, kind, target)
    if site is None or not who.reaches(site):
        raise Problem(NOT_FOUND, f"no such {kind.value}")
