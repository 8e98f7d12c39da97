"""Starts and cancels enrolments at readers, and says how they stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people import enrolment_repository as rows
from hub.people import repository
from hub.people.card_key_domain import enrolled_key_row
from hub.people.card_keys import check_key
from hub.people.card_profiles import CloneRisk, shares_key
from hub.people.domain import Card, CardState
from hub.people.enrolment_domain import (
    LIFE,
    CardRead,
    Enrolment,
    EnrolmentState,
    EnrolmentWish,
    Refusal,
    clone_risk_of,
    opened_first_read,
    risk_of_number,
    tail_of,
)
from hub.people.identities import open_identity
from hub.people.kinds import CARD, PERSON
from hub.policy.touch import touch_enrolment
from hub.sites import repository as sites
from hub.sites.domain import SiteState
from hub.sites.kinds import READER
from hub.web.core import Core
from hub.web.problems import CONFLICT, NOT_FOUND, Problem, invalid
from hub.web.rights import Principal
from wire.card_offers import enrolment_point

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class EnrolmentSeen:
    """An enrolment, the card it made, the card that was refused, as far as somebody may know of
    it, and what was read of the card that is to be taken up, or was."""

    enrolment: Enrolment
    state: EnrolmentState
    card: Card | None
    refused: Card | None
    read: CardRead | None


class EnrolmentService:
    """Enrols cards at readers."""

    def __init__(self, core: Core, audited: AuditedRows) -> None:
        self._core = core
        self._audited = audited

    def start(self, who: Principal, reader_id: str, wish: EnrolmentWish) -> Enrolment:
        """Let the next unknown card at a reader be taken up as wished, once it was held up twice,
        within a minute.

        Raises `404 not_found`, `422` for what does not fit, `409 conflict` while another enrolment
        is open there.
        """
        reader = self._audited.get(who, READER, reader_id)
        if reader.state is not SiteState.ACTIVE or not reader.cards:
            raise invalid("reader_id", "no_cards", "this reader takes no cards")
        wish = self._checked(who, wish)
        now = self._core.clock.now()
        values = self._columns(who, reader.id, wish, now)

        def work(scope: Scope) -> Enrolment:
            _free(scope, reader.id, now)
            device = sites.device(scope, reader.device_id)
            if device is None:
                raise invalid("reader_id", "no_cards", "this reader hangs on no device")
            rows.add(scope, {**values, "controller_id": device.controller_id})
            touch_enrolment(scope, values["id"])
            said = {
                "reader": reader.id,
                "person": wish.person_id,
                "replaces": wish.replaces_id,
                "key_set": wish.key_set_id,
                "own_key": wish.key is not None,
            }
            record(scope, now, who, "enrolment.started", ("enrolment", values["id"]), said)
            return _found(scope, values["id"])

        return self._core.db.write(work)

    def again(self, who: Principal, enrolment_id: str) -> Enrolment:
        """Start one like another that has ended; raise as `start` does, and for one that brought a
        key of its own: that is gone."""
        found = self.seen(who, enrolment_id).enrolment
        if found.profile is not None:
            raise invalid("key", "gone", "the card's own key is kept no longer: start anew with it")
        end = found.valid_until
        wish = EnrolmentWish(found.person_id, found.label, end, found.replaces_id, found.key_set_id)
        return self.start(who, found.reader_id, wish)

    def cancel(self, who: Principal, enrolment_id: str) -> EnrolmentSeen:
        """End an enrolment; one that has ended stays as it is."""
        self.seen(who, enrolment_id)
        now = self._core.clock.now()

        def work(scope: Scope) -> None:
            found = _found(scope, enrolment_id, lock=True)
            if found.is_open:
                end(scope, found, EnrolmentState.CANCELLED, now)
                target = ("enrolment", enrolment_id)
                record(scope, now, who, "enrolment.cancelled", target)

        self._core.db.write(work)
        return self.seen(who, enrolment_id)

    def seen(self, who: Principal, enrolment_id: str) -> EnrolmentSeen:
        """Say how an enrolment stands; raise `404 not_found` also for one beyond reach."""
        with self._core.db.read() as scope:
            found = _found(scope, enrolment_id)
        self._audited.get(who, READER, found.reader_id)
        card = self._card(who, found.card_id)
        return EnrolmentSeen(
            found,
            found.seen_at(self._core.clock.now()),
            card,
            self._card(who, found.refused_card_id),
            self._read(found, card),
        )

    def _checked(self, who: Principal, wish: EnrolmentWish) -> EnrolmentWish:
        """Refuse what does not fit; the card that takes another's place is its holder's."""
        if wish.replaces_id is not None:
            old = self._audited.get(who, CARD, wish.replaces_id)
            if old.state is CardState.WITHDRAWN:
                raise invalid("replaces_id", "withdrawn", "this card was withdrawn already")
            wish = replace(wish, person_id=old.person_id)
        if wish.person_id is not None:
            self._audited.get(who, PERSON, wish.person_id)
        if wish.valid_until is not None and wish.valid_until <= self._core.clock.now():
            raise invalid("valid_until", "past", "a card ends in the future")
        self._check_key(wish.key_set_id, wish.profile, wish.key)
        return wish

    def _columns(
        self, who: Principal, reader_id: str, wish: EnrolmentWish, now: datetime
    ) -> dict[str, Any]:
        """The columns of a new enrolment, all but its controller; its key pair is made here."""
        enrolment_id = self._core.ids.new()
        pair = ec.generate_private_key(ec.SECP256R1())
        secret = pair.private_numbers().private_value.to_bytes(_KEY_BYTES, "big")
        return {
            "id": enrolment_id,
            "reader_id": reader_id,
            "person_id": wish.person_id,
            "label": wish.label,
            "valid_until": wish.valid_until,
            "replaces_id": wish.replaces_id,
            "state": EnrolmentState.WAITING,
            "public_key": enrolment_point(pair.public_key()),
            "private_key": self._core.keys.seal(secret, key_row(enrolment_id)),
            "started_at": now,
            "until": now + LIFE,
            "ended_at": None,
            "actor_kind": who.kind.value,
            "actor_id": who.id,
            "actor_name": who.name[:100],
            "card_id": None,
            "refusal": Refusal.NONE,
            "refused_card_id": None,
            "first_index": "",
            "first_read": None,
            "candidates": "",
            "key_set_id": wish.key_set_id,
            "profile": wish.profile if wish.key is not None else None,
            "shared_key": self._sealed(enrolment_id, wish.key),
        }

    def _check_key(self, key_set_id: str | None, profile: str | None, key: bytes | None) -> None:
        if key_set_id is not None:
            if key is not None:
                raise invalid("key", "two_keys", "a key of a set, or its own: not both")
            if self._audited.look(lambda scope: repository.card_key_set(scope, key_set_id)) is None:
                raise invalid("key_set_id", "unknown", "no such card_key_set")
        if key is not None:
            if profile is None or not shares_key(profile):
                raise invalid("profile", "shares_no_key", "name a profile whose cards share a key")
            check_key("key", key)

    def _sealed(self, enrolment_id: str, key: bytes | None) -> bytes | None:
        return self._core.keys.seal(key, enrolled_key_row(enrolment_id)) if key else None

    def _read(self, found: Enrolment, card: Card | None) -> CardRead | None:
        """What was read of the card that is, or was, taken up."""
        if card is not None:
            number = open_identity(self._core.keys, card.id, card.identity)
            return CardRead(card.namespace, tail_of(number), clone_risk_of(card))
        if found.first_read is None:
            return None
        first = opened_first_read(self._core.keys, found.id, found.first_read)
        if found.candidates:
            risk = CloneRisk.NOBODY
        elif found.key_set_id is not None or found.shared_key is not None:
            risk = CloneRisk.STOLEN_CONTROLLER
        else:
            risk = risk_of_number(first.assurance)
        return CardRead(first.namespace, first.tail, risk)

    def _card(self, who: Principal, card_id: str | None) -> Card | None:
        try:
            return self._audited.get(who, CARD, card_id) if card_id is not None else None
        except Problem:  # beyond their reach: that it is somebody's is all that is told
            return None


def key_row(enrolment_id: str) -> str:
    """Name the row that an enrolment's private key is sealed for."""
    return f"card_enrolments:{enrolment_id}"


def end(
    scope: Scope, found: Enrolment, state: EnrolmentState, now: datetime, **more: str | None
) -> None:
    """End an enrolment, and destroy what could open the cards that were offered to it."""
    gone = {
        "state": state,
        "ended_at": now,
        "private_key": None,
        "shared_key": None,
        "first_index": "",
        "first_read": None,
        "candidates": "",
    }
    rows.change(scope, found.id, {**gone, **more})
    touch_enrolment(scope, found.id)


def _free(scope: Scope, reader_id: str, now: datetime) -> None:
    """Raise `409 conflict` while another enrolment is open at a reader; end one that is over."""
    scope.lock("card_enrolments")  # of two started at once one finds the other
    before = rows.open_at(scope, reader_id)
    if before is not None and now < before.until:
        raise Problem(CONFLICT, "a card is being enrolled at this reader already")
    if before is not None:
        end(scope, before, EnrolmentState.EXPIRED, now)


def _found(scope: Scope, enrolment_id: str, *, lock: bool = False) -> Enrolment:
    found = rows.enrolment(scope, enrolment_id, lock=lock)
    if found is None:
        raise Problem(NOT_FOUND, "no such enrolment")
    return found
