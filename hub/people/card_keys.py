"""Keys that cards share with us: made from a set's master and the card's number, or given once.

Nobody reads a master or a card's stored key back. What leaves is a key for a personalisation
station, made for one number, and each is in the audit log.
"""

from __future__ import annotations

from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.people import repository
from hub.people.card_key_domain import (
    CardKey,
    CardKeySet,
    Diversified,
    card_key_row,
    key_of,
    set_row,
)
from hub.people.card_profiles import fits, namespaces_of, shares_key
from hub.people.domain import Card, CardState
from hub.people.identities import identity_index, open_identity
from hub.people.kinds import CARD, CARD_KEY_SET
from hub.people.new_card import key_columns
from hub.people.tables import cards
from hub.sites.device_keys import draw_key, is_weak
from hub.web.core import Core
from hub.web.problems import CONFLICT, FORBIDDEN, Problem, invalid
from hub.web.rights import Principal


class CardKeyMaker:
    """Makes cards' keys and seals them for their rows; works within the caller's transaction."""

    def __init__(self, keys: HubKeys) -> None:
        self._keys = keys

    def asked(
        self,
        scope: Scope,
        namespace: str,
        identity: bytes,
        *,
        key_set_id: str | None,
        key: bytes | None,
        profile: str | None,
    ) -> CardKey | None:
        """Give the key of a card: of the set, the one that is given, or None where neither is.

        Raises a problem for an unknown set, for both, for a weak key, and for a number that the
        profile does not tell.
        """
        if key_set_id is not None:
            if key is not None:
                raise invalid("key", "two_keys", "a key of a set, or its own: not both")
            return self.of_set(scope, key_set_id, namespace, identity, profile)
        if key is None:
            return None
        if profile is None or not shares_key(profile):
            raise invalid("profile", "shares_no_key", "name a profile whose cards share a key")
        check_key("key", key)
        _check_number(profile, namespace, identity)
        return CardKey(key, profile, None, None)

    def of_set(
        self,
        scope: Scope,
        key_set_id: str,
        namespace: str,
        identity: bytes,
        profile: str | None = None,
    ) -> CardKey:
        """Make a card's key from the present master of a set."""
        found = repository.card_key_set(scope, key_set_id)
        if found is None:
            raise invalid("key_set_id", "unknown", "no such card_key_set")
        if profile not in (None, found.profile):
            raise invalid("profile", "other_profile", f"the set's cards are {found.profile}")
        _check_number(found.profile, namespace, identity)
        return CardKey(self.diversified(found, identity), found.profile, found.id, found.version)

    def diversified(self, found: CardKeySet, identity: bytes) -> bytes:
        """Make the key of a number; raise a problem for one that is too long."""
        master = self._keys.unseal(found.master, set_row(found.id))
        try:
            return key_of(found, master, identity)
        except ValueError as error:
            raise invalid("identity", "too_long", str(error)) from error

    def stored(self, card: Card) -> bytes | None:
        """Give the key that a card has now; raise `SealBrokenError` for an altered row."""
        if card.shared_key is None:
            return None
        return self._keys.unseal(card.shared_key, card_key_row(card.id))


class CardKeys:
    """Keeps sets of card keys, and serves the station that writes keys to cards."""

    def __init__(self, core: Core, rows: AuditedRows) -> None:
        self._core = core
        self._rows = rows
        self._maker = CardKeyMaker(core.keys)

    def add_set(
        self, who: Principal, *, name: str, profile: str, application: bytes, master: bytes | None
    ) -> CardKeySet:
        """Add a set; its master is drawn where none is given. Raises a problem for a weak one."""
        set_id = self._core.ids.new()
        values = {
            "id": set_id,
            "name": name,
            "profile": profile,
            "application": application.hex().upper(),
            "master": self._sealed(set_id, master),
            "version": 1,
            "renewed_at": None,
        }
        return self._rows.add(who, CARD_KEY_SET, values)

    def renew(self, who: Principal, set_id: str, master: bytes | None) -> CardKeySet:
        """Give a set a new master. Cards keep the keys that they have until each is rekeyed."""

        def work(scope: Scope) -> CardKeySet:
            found = self._rows.change_in(scope, who, CARD_KEY_SET, set_id, {})
            if master is not None and master == self._core.keys.unseal(
                found.master, set_row(set_id)
            ):
                return found
            sealed = self._sealed(set_id, master)
            now = self._core.clock.now()
            changes = {"master": sealed, "version": found.version + 1, "renewed_at": now}
            return self._rows.change_in(scope, who, CARD_KEY_SET, set_id, changes)

        return self._core.db.write(work)

    def diversify(self, who: Principal, set_id: str, identity: bytes) -> Diversified:
        """Make the key that belongs to a card's number, for the station that writes it.

        Where the hub knows the card and holds another key of it, that one is told as well: a card
        takes a new key only from who knows its present one. Raises `404 not_found`, and a problem
        for a number that the set's profile does not tell.
        """
        if who.sites is not None:
            raise Problem(FORBIDDEN, "a card_key_set belongs to the whole town, not to a site")
        now = self._core.clock.now()

        def work(scope: Scope) -> Diversified:
            found = self._rows.change_in(scope, who, CARD_KEY_SET, set_id, {})
            for namespace in namespaces_of(found.profile)[:1]:
                _check_number(found.profile, namespace, identity)
            card = self._card(scope, namespaces_of(found.profile), identity)
            key = self._maker.diversified(found, identity)
            held = self._maker.stored(card) if card is not None else None
            card_id = card.id if card is not None else None
            said = {"card": card_id, "version": found.version, "present_key_too": held is not None}
            target = ("card_key_set", set_id)
            record(scope, now, who, "card_key_set.diversified", target, said)
            return Diversified(key, found.version, card_id, held if held != key else None)

        return self._core.db.write(work)

    def rekey(
        self, who: Principal, card_id: str, *, key_set_id: str | None, key: bytes | None
    ) -> Card:
        """Take up the key that a card was given: of a set's present master (its own set's where
        none is named), or one of its own. Its doors ask for that one from now on.

        Raises `404 not_found`, and a problem for a card that shares no key and names no set.
        """

        def work(scope: Scope) -> Card:
            card = self._rows.change_in(scope, who, CARD, card_id, {})
            identity = open_identity(self._core.keys, card.id, card.identity)
            wanted = key_set_id or (card.key_set_id if key is None else None)
            made = self._maker.asked(
                scope,
                card.namespace,
                identity,
                key_set_id=wanted,
                key=key,
                profile=card.profile if key is not None else None,
            )
            if made is None:
                raise invalid("key_set_id", "missing", "name the set that the card's key is of")
            same = made.key == self._maker.stored(card)
            changes = key_columns(self._core.keys, card.id, made) | {"profile": made.profile}
            if same:
                del changes["shared_key"]  # sealed anew it would look like another
            return self._rows.change_in(scope, who, CARD, card.id, changes)

        return self._core.db.write(work)

    def finish(self, who: Principal, set_id: str, reason: str) -> tuple[CardKeySet, int]:
        """End the move to the present master: cards that never came are blocked, with `reason`, and
        their keys leave the controllers; give how many. Whoever still comes is unblocked and
        rekeyed. Raises `404 not_found`, and `409 conflict` where the set has had one master only.
        """
        now = self._core.clock.now()

        def work(scope: Scope) -> tuple[CardKeySet, int]:
            found = self._rows.change_in(scope, who, CARD_KEY_SET, set_id, {})
            if who.sites is not None:
                raise Problem(FORBIDDEN, "a card_key_set belongs to the whole town, not to a site")
            if found.version == 1:
                raise Problem(CONFLICT, "this set has had one master only")
            blocked = {
                "state": CardState.BLOCKED,
                "state_reason": reason,
                "state_changed_at": now,
            }
            late = repository.older_cards_of_key_set(
                scope, set_id, found.version, cards.c.state == CardState.ACTIVE
            )
            count = 0
            for each in late:
                card = self._rows.change_in(scope, who, CARD, each.id, {})
                if card != each:
                    continue  # it came at this very moment, or was withdrawn
                self._rows.change_in(scope, who, CARD, card.id, blocked)
                count += 1
            said = {"version": found.version, "blocked": count}
            record(scope, now, who, "card_key_set.finished", ("card_key_set", set_id), said)
            return found, count

        return self._core.db.write(work)

    def _card(self, scope: Scope, namespaces: tuple[str, ...], identity: bytes) -> Card | None:
        for namespace in namespaces:
            index = identity_index(self._core.keys, namespace, identity)
            found = repository.card_by_index(scope, index)
            if found is not None:
                return found
        return None

    def _sealed(self, set_id: str, master: bytes | None) -> bytes:
        if master is None:
            master = draw_key()
        check_key("master", master)
        return self._core.keys.seal(master, set_row(set_id))


def check_key(field: str, key: bytes) -> None:
    """Raise a problem for a key that an attacker tries first, such as a new card's zeros, and for
    one whose halves are the same to DES, which leaves out each byte's lowest bit: under that, two
    keys are one, and one can be searched for."""
    if is_weak(key):
        raise invalid(field, "weak", "zeros, constants and ramps are refused: draw one")
    if all((one ^ other) < 2 for one, other in zip(key[:8], key[8:], strict=True)):
        raise invalid(field, "weak", "its halves are alike: draw one")


def _check_number(profile: str, namespace: str, identity: bytes) -> None:
    if not fits(profile, namespace, identity):
        raise invalid("identity", "other_kind", f"no such number is told by {profile}")
