"""Plans visits, receives visitors, lends cards and takes them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people import repository as people
from hub.people.domain import CardState
from hub.people.kinds import CARD
from hub.visitors import repository
from hub.visitors.domain import PoolCard, Visit, Visitor, VisitState
from hub.visitors.kinds import VISIT, VISITOR
from hub.visitors.lending import grant_in, opens_any, revoke_in
from hub.visitors.pins import ShownPin, VisitorPin, VisitorPins
from hub.web.core import Core
from hub.web.problems import CONFLICT, NOT_FOUND, Problem, invalid
from hub.web.rights import Principal

MAX_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class VisitSeen:
    """A visit and its visitors."""

    visit: Visit
    visitors: tuple[Visitor, ...]
    pins: tuple[VisitorPin, ...] = ()


class VisitorsService:
    """The register of visitors."""

    def __init__(self, core: Core, rows: AuditedRows, pins: VisitorPins) -> None:
        self._core = core
        self._rows = rows
        self._pins = pins

    # --- visits ----------------------------------------------------------------------------

    def plan(
        self, who: Principal, values: Mapping[str, Any], names: Sequence[tuple[str, str]]
    ) -> VisitSeen:
        """Enter a visit and its visitors (name, reading)."""

        def work(scope: Scope) -> str:
            complete = {**values, "state": VisitState.PLANNED, "forgotten_at": None}
            made = self._rows.add_in(scope, who, VISIT, complete)
            for name, kana in names:
                self._add_visitor(scope, who, made.id, name, kana)
            return made.id

        return self.seen(who, self._core.db.write(work))

    def add_visitor(self, who: Principal, visit_id: str, name: str, kana: str) -> Visitor:
        """Enter one more visitor of a visit."""
        self._rows.get(who, VISIT, visit_id)
        return self._core.db.write(
            lambda scope: self._add_visitor(scope, who, visit_id, name, kana)
        )

    def visitor(self, who: Principal, visitor_id: str) -> Visitor:
        """Give a visitor; raise `404 not_found` also for one beyond reach."""
        return self._rows.get(who, VISITOR, visitor_id)

    def change(self, who: Principal, visit_id: str, changes: Mapping[str, Any]) -> VisitSeen:
        """Change a visit; cards that are lent open what it says now, at once."""
        now = self._core.clock.now()

        def work(scope: Scope) -> None:
            before = self._rows.change_in(scope, who, VISIT, visit_id, {})
            if before.state is VisitState.CANCELLED:
                raise Problem(CONFLICT, "this visit was cancelled: enter a new one")
            after = self._rows.change_in(scope, who, VISIT, visit_id, changes)
            for each in repository.visitors_of(scope, [visit_id]).get(visit_id, ()):
                if each.card_id is not None and each.left_at is None:
                    revoke_in(scope, self._rows, each.grants, now)
                    made = grant_in(scope, self._rows, after, each.card_id, now)
                    self._rows.change_in(scope, who, VISITOR, each.id, {"grants": made})
            self._pins.follow_in(scope, after, who.actor)

        self._core.db.write(work)
        return self.seen(who, visit_id)

    def cancel(self, who: Principal, visit_id: str) -> VisitSeen:
        """Say that nobody comes; cards that are lent open nothing from now on."""
        now = self._core.clock.now()

        def work(scope: Scope) -> None:
            self._rows.change_in(scope, who, VISIT, visit_id, {"state": VisitState.CANCELLED})
            for each in repository.visitors_of(scope, [visit_id]).get(visit_id, ()):
                revoke_in(scope, self._rows, each.grants, now)
            self._pins.revoke_in(scope, visit_id, None, who.actor)

        self._core.db.write(work)
        return self.seen(who, visit_id)

    def seen(self, who: Principal, visit_id: str) -> VisitSeen:
        """Give a visit; raise `404 not_found` also for one beyond reach."""
        visit = self._rows.get(who, VISIT, visit_id)
        with self._core.db.read() as scope:
            found = repository.visitors_of(scope, [visit_id])
            pins = self._pins.of_visits(scope, [visit_id])
        return VisitSeen(visit, found.get(visit_id, ()), pins.get(visit_id, ()))

    def between(self, who: Principal, first: datetime, last: datetime) -> tuple[VisitSeen, ...]:
        """Give the visits that touch a time, the earliest first."""
        with self._core.db.read() as scope:
            found = repository.visits_between(scope, first, last, who.sites, MAX_LISTED)
            ids = [visit.id for visit in found]
            guests, pins = repository.visitors_of(scope, ids), self._pins.of_visits(scope, ids)
        return tuple(
            VisitSeen(visit, guests.get(visit.id, ()), pins.get(visit.id, ())) for visit in found
        )

    def inside(self, who: Principal) -> tuple[tuple[Visit, Visitor], ...]:
        """Give the visitors who came and did not leave."""
        with self._core.db.read() as scope:
            return repository.inside(scope, who.sites)

    # --- at the desk -----------------------------------------------------------------------

    def arrive(self, who: Principal, visitor_id: str, card_id: str | None = None) -> Visitor:
        """Somebody comes, and is lent a card of the pool, if one is named.

        Raises `409 conflict` for a visit that is cancelled or over, and for a card that is lent,
        blocked or not of the pool.
        """
        now = self._core.clock.now()

        def work(scope: Scope) -> Visitor:
            visit, found = self._held(scope, who, visitor_id)
            if visit.state is VisitState.CANCELLED or now >= visit.window_on(now)[1]:
                raise Problem(CONFLICT, "this visit was cancelled or is over, or over for today")
            changes: dict[str, Any] = {"left_at": None}
            if not found.is_inside:
                changes["arrived_at"] = now
            if card_id is not None and card_id != found.card_id:
                changes |= self._lend(scope, visit, found, card_id, who, now)
            elif found.card_id is not None and found.left_at is not None:  # kept overnight
                revoke_in(scope, self._rows, found.grants, now)
                changes["grants"] = grant_in(scope, self._rows, visit, found.card_id, now)
            came = self._rows.change_in(scope, who, VISITOR, visitor_id, changes)
            if visit.daily and found.left_at is not None:  # again today: their PIN with them
                self._pins.follow_in(scope, visit, who.actor)
            return came

        return self._core.db.write(work)

    def leave(self, who: Principal, visitor_id: str, *, card_returned: bool) -> Visitor:
        """Somebody goes; a card that they do not give back opens nothing any more."""
        now = self._core.clock.now()

        def work(scope: Scope) -> Visitor:
            _, found = self._held(scope, who, visitor_id)
            changes: dict[str, Any] = {}
            if found.is_inside:
                changes["left_at"] = now
            revoke_in(scope, self._rows, found.grants, now)
            if card_returned and found.card_id is not None:
                changes |= {"card_id": None, "card_returned_at": now, "grants": ()}
            gone = self._rows.change_in(scope, who, VISITOR, visitor_id, changes)
            visit = self._rows.change_in(scope, who, VISIT, found.visit_id, {})
            self._pins.leave_in(scope, visit, gone, who.actor)
            return gone

        return self._core.db.write(work)

    def _held(self, scope: Scope, who: Principal, visitor_id: str) -> tuple[Visit, Visitor]:
        """Hold a visit and one of its visitors still, in the order of those who change a visit: a
        change that does not see somebody leave would give the card that lies on the desk again
        what it opened. Raise `404 not_found` also for what is beyond reach."""
        visit_id = repository.visit_of(scope, visitor_id)
        if visit_id is None:
            raise Problem(NOT_FOUND, "no such visitor")
        visit = self._rows.change_in(scope, who, VISIT, visit_id, {})
        return visit, self._rows.change_in(scope, who, VISITOR, visitor_id, {})

    def _lend(
        self,
        scope: Scope,
        visit: Visit,
        found: Visitor,
        card_id: str,
        who: Principal,
        now: datetime,
    ) -> dict[str, Any]:
        if found.card_id is not None:
            raise Problem(CONFLICT, "they have a card already: take that one back first")
        if not opens_any(visit):
            raise invalid("card_id", "opens_nothing", "this visit opens no door: a card is no use")
        mine = {one.card_id: one for one in repository.pool(scope, now, who.sites)}.get(card_id)
        if mine is None:
            raise invalid("card_id", "not_of_the_pool", "this card is not lent to visitors")
        card = people.card(scope, card_id)
        if mine.visitor_id is not None or card is None or card.state is not CardState.ACTIVE:
            raise Problem(CONFLICT, "this card is lent to somebody, or is blocked")
        made = grant_in(scope, self._rows, visit, card_id, now)
        return {
            "card_id": card_id,
            "card_given_at": now,
            "card_returned_at": None,
            "grants": made,
        }

    # --- PINs ------------------------------------------------------------------------------

    def give_pin(self, who: Principal, visitor_id: str) -> VisitorPin:
        """Give a visitor a PIN at the visit's doors with a keypad, or the one that they have."""

        def work(scope: Scope) -> VisitorPin:
            visit, found = self._held(scope, who, visitor_id)
            return self._pins.give_in(scope, visit, found, who)

        return self._core.db.write(work)

    def show_pin(self, who: Principal, visitor_id: str) -> ShownPin:
        """Give its digits, and write into the audit log who looked."""

        def work(scope: Scope) -> ShownPin:
            visit, found = self._held(scope, who, visitor_id)
            return self._pins.show_in(scope, visit, found, who)

        return self._core.db.write(work)

    def take_pin(self, who: Principal, visitor_id: str) -> None:
        """Take a visitor's PIN away."""

        def work(scope: Scope) -> None:
            _, found = self._held(scope, who, visitor_id)
            self._pins.revoke_in(scope, found.visit_id, visitor_id, who.actor)

        self._core.db.write(work)

    # --- the pool --------------------------------------------------------------------------

    def pool(self, who: Principal) -> tuple[PoolCard, ...]:
        """Give the cards that are lent to visitors, and who has each."""
        with self._core.db.read() as scope:
            return repository.pool(scope, self._core.clock.now(), who.sites)

    def add_to_pool(self, who: Principal, card_id: str, site_id: str | None) -> None:
        """Lend a card to visitors from now on. It is nobody's and is granted nothing by itself."""
        if site_id is not None and not who.reaches(site_id):
            raise invalid("site_id", "unknown", "no such site")
        if site_id is None and who.sites is not None:
            raise invalid("site_id", "missing", "a card of any desk is the whole town's")
        now = self._core.clock.now()

        def work(scope: Scope) -> None:
            card = people.card(scope, card_id)
            if card is None or card.state is CardState.WITHDRAWN:
                raise invalid("card_id", "unknown", "no such card")
            if card.person_id is not None or people.grants_of_card(scope, card_id):
                raise Problem(CONFLICT, "this card is somebody's, or opens doors by itself")
            repository.add_to_pool(scope, card_id, site_id, now)
            record(scope, now, who, "visitor_card.added", ("card", card_id), {"site": site_id})

        self._core.db.write(work)

    def remove_from_pool(self, who: Principal, card_id: str) -> None:
        """Lend a card no more; raise `409 conflict` while somebody has it."""
        now = self._core.clock.now()

        def work(scope: Scope) -> None:
            found = {one.card_id: one for one in repository.pool(scope, now, who.sites)}
            if card_id not in found:
                self._rows.get(who, CARD, "")  # raises: no such card in the pool
            if found[card_id].visitor_id is not None:
                raise Problem(CONFLICT, "somebody has this card")
            repository.remove_from_pool(scope, card_id)
            record(scope, now, who, "visitor_card.removed", ("card", card_id))

        self._core.db.write(work)

    def _add_visitor(
        self, scope: Scope, who: Principal, visit_id: str, name: str, kana: str
    ) -> Visitor:
        values: dict[str, Any] = {
            "visit_id": visit_id,
            "name": name,
            "name_kana": kana,
            **dict.fromkeys(
                ("arrived_at", "left_at", "card_id", "card_given_at", "card_returned_at")
            ),
            "grants": (),
        }
        return self._rows.add_in(scope, who, VISITOR, values)
