"""Who has left and could still open doors, and the chore that blocks them the day after."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from hub.audit.rows import AuditedRows
from hub.clock import Clock
from hub.database.scope import Scope
from hub.people import repository as people_rows
from hub.people.domain import CardState, Grant
from hub.people.kinds import PERSON
from hub.people.tables import people
from hub.staff import repository
from hub.staff.domain import Leaver
from hub.web.rights import SYSTEM, Principal
from wire.policy_bodies import EntryState

_LOOK_EVERY: Final = timedelta(minutes=1)


def what_lets_in(scope: Scope, left: dict[str, date], now: datetime) -> Iterator[Leaver]:
    """Give what lets each of these people in: what is active, and is not over."""
    groups: dict[str, bool] = {}
    for person_id, left_on in left.items():
        own = people_rows.grants_of_person(scope, person_id)
        cards = people_rows.cards_of_person(scope, person_id)
        theirs = people_rows.groups_of_person(scope, person_id)
        for group_id in theirs:
            if group_id not in groups:
                held = people_rows.grants_of_group(scope, group_id)
                groups[group_id] = any(_lets_in(each, now) for each in held)
        yield Leaver(
            person_id=person_id,
            left_on=left_on,
            grants=tuple(each.id for each in own if _lets_in(each, now)),
            groups=tuple(each for each in theirs if groups[each]),
            cards=tuple(each.id for each in cards if each.state is CardState.ACTIVE),
        )


def leavers(
    scope: Scope, today: date, now: datetime, *where: ColumnElement[bool]
) -> tuple[Leaver, ...]:
    """Give those who have left, whom no block stops, and whom something still lets in; the last to
    leave first."""
    left = repository.left_by(scope, today, people.c.state == EntryState.ACTIVE, *where)
    found = [each for each in what_lets_in(scope, left, now) if each.is_let_in]
    return tuple(sorted(found, key=lambda each: (-each.left_on.toordinal(), each.person_id)))


def _lets_in(grant: Grant, now: datetime) -> bool:
    return grant.state is EntryState.ACTIVE and (grant.end_at is None or now < grant.end_at)


def block(scope: Scope, rows: AuditedRows, who: Principal, person_id: str) -> None:
    """Deny somebody every door; the policy is told in the same transaction."""
    rows.change_in(scope, who, PERSON, person_id, {"state": EntryState.BLOCKED})


class BlockLeavers:
    """A chore: on the day after their last one it blocks whoever is employed no more, once. Who is
    let in again by hand stays so."""

    def __init__(self, clock: Clock, rows: AuditedRows, zone: ZoneInfo, *, blocks: bool) -> None:
        self._clock, self._rows, self._zone, self._blocks = clock, rows, zone, blocks
        self._looked_at: datetime | None = None

    def is_due(self, scope: Scope) -> bool:
        """Tell whether somebody's departure was not dealt with; looks once a minute."""
        now = self._clock.now()
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < _LOOK_EVERY:
            return False
        found = bool(self._new(scope))
        if not found:
            self._looked_at = now
        return found

    def run(self, scope: Scope) -> int:
        """Deal with them; give how many were blocked."""
        scope.lock(repository.EMPLOYMENTS)
        now, blocked = self._clock.now(), 0
        for person_id, left_on in sorted(self._new(scope)):
            person = people_rows.person(scope, person_id)
            does = self._blocks and person is not None and person.state is EntryState.ACTIVE
            if does:
                block(scope, self._rows, SYSTEM, person_id)
                blocked += 1
            repository.write_departure(scope, person_id, left_on, now, blocked=does)
        return blocked

    def _new(self, scope: Scope) -> Collection[tuple[str, date]]:
        today = self._clock.now().astimezone(self._zone).date()
        left = repository.left_by(scope, today)
        return set(left.items()) - repository.departures(scope, left)
