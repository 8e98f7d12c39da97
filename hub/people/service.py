"""What people's rows need beyond adding and changing: cards' numbers and states, groups' members.

The rest is `hub.audit.rows` with the kinds of `hub.people.kinds`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec

from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people import repository
from hub.people.card_keys import CardKeyMaker
from hub.people.domain import Card, CardState, Group
from hub.people.holiday_dates import dates_of
from hub.people.identities import identity_index
from hub.people.kinds import CALENDAR, CARD, GROUP, PERSON
from hub.people.new_card import NewCard, columns_of
from hub.people.reissue import reissue_in
from hub.policy.touch import touch_person
from hub.web.core import Core
from hub.web.problems import CONFLICT, FORBIDDEN, Problem, invalid
from hub.web.rights import Principal

MAX_MEMBERS: Final = 10_000
_LONGEST_ASKED: Final = timedelta(days=3 * 366)

CARD_MOVES: Final[dict[CardState, frozenset[CardState]]] = {
    CardState.ACTIVE: frozenset({CardState.LOST, CardState.BLOCKED, CardState.WITHDRAWN}),
    CardState.LOST: frozenset({CardState.ACTIVE, CardState.BLOCKED, CardState.WITHDRAWN}),
    CardState.BLOCKED: frozenset({CardState.ACTIVE, CardState.LOST, CardState.WITHDRAWN}),
    CardState.WITHDRAWN: frozenset(),
}
"""Which state a card may go to from which."""


class PeopleService:
    """Issues cards, blocks and unblocks them, keeps groups' members, tells calendars' dates."""

    def __init__(self, core: Core, rows: AuditedRows) -> None:
        self._core = core
        self._rows = rows
        self._maker = CardKeyMaker(core.keys)

    # --- cards -----------------------------------------------------------------------------

    def issue_card(
        self,
        who: Principal,
        card: NewCard,
        *,
        key_set_id: str | None = None,
        key: bytes | None = None,
    ) -> Card:
        """Take up a card; raise `DuplicateError` if it is known already.

        Its `public_key` is an uncompressed P-256 point in base64. A card that shares a key with us
        has it from the set `key_set_id`, or `key` (16 bytes) for itself: `CardKeyMaker.asked` says
        what is refused.
        """
        check_point(card.public_key)

        def work(scope: Scope) -> Card:
            return self._rows.add_in(scope, who, CARD, self._values(scope, card, key_set_id, key))

        return self._core.db.write(work)

    def reissue_card(
        self,
        who: Principal,
        card_id: str,
        card: NewCard,
        *,
        reason: str,
        key_set_id: str | None = None,
        key: bytes | None = None,
    ) -> Card:
        """Take up a card in the place of another, with its rights and its holder, and withdraw
        that one; raise as `hub.people.reissue.reissue_in` and `issue_card` do."""
        check_point(card.public_key)
        now = self._core.clock.now()

        def work(scope: Scope) -> Card:
            values = self._values(scope, card, key_set_id, key)
            return reissue_in(scope, self._rows, who, card_id, values, now, reason)

        return self._core.db.write(work)

    def _values(
        self, scope: Scope, card: NewCard, key_set_id: str | None, key: bytes | None
    ) -> dict[str, Any]:
        """The columns of a card that is typed in."""
        core = self._core
        shared = self._maker.asked(
            scope,
            card.namespace,
            card.identity,
            key_set_id=key_set_id,
            key=key,
            profile=card.profile,
        )
        return columns_of(core.keys, core.ids.new(), card, core.clock.now(), shared)

    def find_card(self, who: Principal, namespace: str, identity: bytes) -> Card:
        """Give the card with this number; raise `404 not_found` if there is none in reach."""
        index = identity_index(self._core.keys, namespace, identity)
        with self._core.db.read() as scope:
            found = repository.card_by_index(scope, index)
        return self._rows.get(who, CARD, found.id if found else "")

    def move_card(self, who: Principal, card_id: str, to: CardState, reason: str) -> Card:
        """Block, report lost, unblock or withdraw a card; the same state again changes nothing.

        Raises `409 conflict` for a move that is not in `CARD_MOVES`.
        """
        now = self._core.clock.now()

        def work(scope: Scope) -> Card:
            card = self._rows.change_in(scope, who, CARD, card_id, {})
            if card.state is to:
                return card
            if to not in CARD_MOVES[card.state]:
                raise Problem(CONFLICT, f"a {card.state.value} card cannot become {to.value}")
            changes = {"state": to, "state_reason": reason, "state_changed_at": now}
            return self._rows.change_in(scope, who, CARD, card_id, changes)

        return self._core.db.write(work)

    # --- groups ----------------------------------------------------------------------------

    def members(self, who: Principal, group_id: str) -> tuple[str, ...]:
        """Give the ids of a group's people."""
        self._rows.get(who, GROUP, group_id)
        with self._core.db.read() as scope:
            return repository.members_of_group(scope, group_id)

    def set_members(self, who: Principal, group_id: str, person_ids: Collection[str]) -> Group:
        """Make these people, and no others, a group's members."""
        wanted = frozenset(person_ids)
        return self._members(who, group_id, lambda _before: wanted)

    def change_members(
        self,
        who: Principal,
        group_id: str,
        *,
        added: Collection[str] = (),
        removed: Collection[str] = (),
    ) -> Group:
        """Put people into a group and take others out; whoever else is in it stays."""
        return self._members(who, group_id, lambda before: (before | set(added)) - set(removed))

    def _members(
        self, who: Principal, group_id: str, wish: Callable[[frozenset[str]], frozenset[str]]
    ) -> Group:
        if who.sites is not None:
            raise Problem(FORBIDDEN, "a group belongs to the whole town, not to a site")
        now = self._core.clock.now()

        def work(scope: Scope) -> Group:
            group = self._rows.change_in(scope, who, GROUP, group_id, {})
            before = frozenset(repository.members_of_group(scope, group_id))
            wanted = wish(before)
            if set(repository.people_by_id(scope, wanted - before)) != wanted - before:
                raise invalid("person_ids", "unknown", "one of them is no person of this town")
            repository.set_members(scope, group_id, wanted)
            for changed in sorted(before ^ wanted):
                touch_person(scope, changed)
            said = {"added": sorted(wanted - before), "removed": sorted(before - wanted)}
            if before != wanted:
                record(scope, now, who, "group.members_set", ("group", group_id), said)
            return group

        return self._core.db.write(work)

    def set_groups(self, who: Principal, person_id: str, group_ids: Collection[str]) -> None:
        """Make somebody a member of these groups, and of no others; raise `404 not_found` for
        nobody, and a problem for a group that is none."""
        if who.sites is not None:
            raise Problem(FORBIDDEN, "a group belongs to the whole town, not to a site")
        now, wanted = self._core.clock.now(), set(group_ids)

        def work(scope: Scope) -> None:
            self._rows.change_in(scope, who, PERSON, person_id, {})
            before = set(repository.groups_of_person(scope, person_id))
            for group_id in sorted(before ^ wanted):
                group = repository.group(scope, group_id)
                if group is None:
                    raise invalid("group_ids", "unknown", "one of them is no group of this town")
                members = set(repository.members_of_group(scope, group_id)) ^ {person_id}
                repository.set_members(scope, group_id, members)
                how = "added" if group_id in wanted else "removed"
                said: dict[str, list[str]] = {"added": [], "removed": [], how: [person_id]}
                record(scope, now, who, "group.members_set", ("group", group_id), said)
            if before != wanted:
                touch_person(scope, person_id)

        self._core.db.write(work)

    # --- calendars -------------------------------------------------------------------------

    def holidays(
        self, who: Principal, calendar_id: str, first: date, last: date
    ) -> tuple[date, ...]:
        """Give a calendar's dates from `first` through `last`, at most three years."""
        if not timedelta(0) <= last - first <= _LONGEST_ASKED:
            raise invalid("last", "range", "from first through last, three years at most")
        return dates_of(self._rows.get(who, CALENDAR, calendar_id), first, last)


def check_point(public_key: str | None) -> None:
    """Raise a problem for a key that is no uncompressed point of P-256 in base64."""
    if public_key is None:
        return
    try:
        raw = base64.b64decode(public_key, validate=True)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except (binascii.Error, ValueError) as error:
        raise invalid("public_key", "not_a_point", "an uncompressed P-256 point, base64") from error
    if len(raw) != 65:
        raise invalid("public_key", "not_a_point", "an uncompressed P-256 point, base64")
