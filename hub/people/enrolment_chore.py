"""Opens the cards that were offered to enrolments and takes them up; ends what has run out."""

from __future__ import annotations

from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric import ec

from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.clock import Clock, Ids
from hub.database.scope import Scope
from hub.keys import HubKeys, SealBrokenError
from hub.people import enrolment_repository as rows
from hub.people import repository
from hub.people.card_key_domain import CardKey, enrolled_key_row
from hub.people.card_keys import CardKeyMaker
from hub.people.domain import CardState
from hub.people.enrolment_domain import GRACE, Enrolment, EnrolmentState, Offered, Refusal
from hub.people.enrolment_service import end, key_row
from hub.people.identities import identity_index, seal_identity
from hub.people.key_recovery import candidate_keys, confirmed_key
from hub.people.kinds import CARD
from hub.people.reissue import reissue_in
from hub.web.problems import Problem
from hub.web.rights import Principal, PrincipalKind, Role
from wire.card_offers import CardOffer, open_offer
from wire.errors import WireError
from wire.policy_bodies import Assurance

_log = structlog.get_logger(__name__)


class TakeOffers:
    """A chore that is run at every ring, so that a card opens its doors within a second or two."""

    def __init__(self, clock: Clock, ids: Ids, keys: HubKeys, audited: AuditedRows) -> None:
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._audited = audited
        self._maker = CardKeyMaker(keys)

    def is_due(self, scope: Scope) -> bool:
        """Tell whether a card was offered, or an enrolment has run out."""
        return rows.any_offer(scope) or bool(rows.run_out(scope, self._clock.now() - GRACE))

    def run(self, scope: Scope) -> None:
        """Look at every offer, then end what nobody came to."""
        for offered in rows.offers(scope):
            found = rows.enrolment(scope, offered.enrolment_id, lock=True)
            if found is not None and found.is_open and offered.received_at < found.until + GRACE:
                self._look_at_alone(scope, found, offered)
            rows.forget_offer(scope, offered.id)
        now = self._clock.now()
        for found in rows.run_out(scope, now - GRACE):
            end(scope, found, EnrolmentState.EXPIRED, now)

    # --- inside ----------------------------------------------------------------------------

    def _look_at_alone(self, scope: Scope, found: Enrolment, offered: Offered) -> None:
        """Look at one offer. What was there when the enrolment began may be gone meanwhile (the
        card to be replaced was withdrawn): then that enrolment ends, and the others go on."""
        try:
            with scope.savepoint():
                self._look_at(scope, found, offered)
        except Problem as problem:
            _log.warning("enrolment_fails", enrolment=found.id, cause=problem.kind.code)
            end(scope, found, EnrolmentState.CANCELLED, self._clock.now())

    def _look_at(self, scope: Scope, found: Enrolment, offered: Offered) -> None:
        offer = self._opened(found, offered)
        if offer is None:
            return
        index = identity_index(self._keys, offer.namespace, offer.identity)
        known = repository.card_by_index(scope, index)
        if known is not None:
            gone = known.state is CardState.WITHDRAWN
            refusal = Refusal.WITHDRAWN if gone else Refusal.KNOWN
            rows.change(scope, found.id, {"refusal": refusal, "refused_card_id": known.id})
            return
        if found.key_set_id is not None or found.shared_key is not None:
            self._take_with_key(scope, found, offer, index, offered.assurance)
            return
        if offer.answer is None:
            self._take(scope, found, offer, index, offered.assurance)
            return
        if found.candidate_index == index:
            key = confirmed_key(tuple(found.candidates.split()), offer.answer)
            if key is not None:
                self._take(scope, found, offer, index, Assurance.CHALLENGE, public_key=key)
                return
        refused = found.candidate_index == index
        candidates = candidate_keys(offer.answer)
        again = {
            "state": EnrolmentState.AGAIN if candidates else EnrolmentState.WAITING,
            "candidate_index": index if candidates else "",
            "candidates": " ".join(candidates),
            "refusal": Refusal.BAD_ANSWER if refused or not candidates else Refusal.NONE,
            "refused_card_id": None,
        }
        rows.change(scope, found.id, again)

    def _take_with_key(
        self,
        scope: Scope,
        found: Enrolment,
        offer: CardOffer,
        index: str,
        assurance: Assurance,
    ) -> None:
        """Take up a card that is to share a key with us. Whether it knows that key is asked at the
        first door: no reader holds it yet."""
        own = None
        if found.shared_key is not None:
            own = self._keys.unseal(found.shared_key, enrolled_key_row(found.id))
        try:
            made = self._maker.asked(
                scope,
                offer.namespace,
                offer.identity,
                key_set_id=found.key_set_id,
                key=own,
                profile=found.profile,
            )
        except Problem:  # the one cause left: such a number is told by no card of that kind
            other = {"refusal": Refusal.OTHER_KIND, "refused_card_id": None}
            rows.change(scope, found.id, other)
            return
        self._take(scope, found, offer, index, assurance, shared=made)

    def _opened(self, found: Enrolment, offered: Offered) -> CardOffer | None:
        try:
            secret = self._keys.unseal(found.private_key or b"", key_row(found.id))
            key = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
            return open_offer(key, found.id, offered.sealed)
        except (SealBrokenError, WireError):  # neither says anything about the card
            _log.error("card_offer_unreadable", enrolment=found.id)
            return None

    def _take(
        self,
        scope: Scope,
        found: Enrolment,
        offer: CardOffer,
        index: str,
        assurance: Assurance,
        *,
        public_key: str | None = None,
        shared: CardKey | None = None,
    ) -> None:
        now, who = self._clock.now(), _starter(found)
        card_id = self._ids.new()
        values: dict[str, Any] = {
            "id": card_id,
            "person_id": found.person_id,
            "namespace": offer.namespace,
            "identity": seal_identity(self._keys, card_id, offer.identity),
            "identity_index": index,
            "label": found.label,
            "profile": shared.profile if shared is not None else offer.profile,
            "public_key": public_key,
            "state": CardState.ACTIVE,
            "state_reason": "",
            "state_changed_at": now,
            "valid_until": found.valid_until,
            "replaces_id": None,
            "assurance": assurance,
            "reader_id": found.reader_id,
            **self._maker.columns(card_id, shared),
        }
        if found.replaces_id is not None:
            reissue_in(scope, self._audited, who, found.replaces_id, values, now, "reissued")
        else:
            self._audited.add_in(scope, who, CARD, values)
        end(
            scope,
            found,
            EnrolmentState.DONE,
            now,
            card_id=card_id,
            refusal=Refusal.NONE,
            refused_card_id=None,
        )
        said = {"card": card_id, "reader": found.reader_id}
        record(scope, now, who, "enrolment.done", ("enrolment", found.id), said)


def _starter(found: Enrolment) -> Principal:
    """Whoever started it takes the card up. What they may do was asked then."""
    kind = PrincipalKind(found.actor_kind)
    return Principal(kind, found.actor_id, found.actor_name, Role.ADMIN)
