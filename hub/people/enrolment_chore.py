"""Opens the cards that were offered to enrolments and takes them up; ends what has run out."""

from __future__ import annotations

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
from hub.people.enrolment_domain import (
    GRACE,
    Enrolment,
    EnrolmentState,
    FirstRead,
    Offered,
    Refusal,
    opened_first_read,
    sealed_first_read,
    tail_of,
    taken_assurance,
)
from hub.people.enrolment_service import end, key_row
from hub.people.identities import identity_index
from hub.people.key_recovery import candidate_keys, confirmed_key
from hub.people.kinds import CARD
from hub.people.new_card import NewCard, columns_of
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
        card to be replaced was withdrawn), or a row of its own was tampered with: then that
        enrolment ends, and the others go on."""
        try:
            with scope.savepoint():
                self._look_at(scope, found, offered)
        except (Problem, SealBrokenError) as error:
            cause = error.kind.code if isinstance(error, Problem) else "seal_broken"
            _log.warning("enrolment_fails", enrolment=found.id, cause=cause)
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
        try:
            shared = self._shared(scope, found, offer)
        except Problem:  # the one cause left: such a number is told by no card of that kind
            other = {"refusal": Refusal.OTHER_KIND, "refused_card_id": None}
            rows.change(scope, found.id, other)
            return
        if found.first_read is None:
            self._read_once(scope, found, offer, index, offered)
        elif found.first_index != index:
            self._two_cards(scope, found)
        else:
            self._read_again(scope, found, offer, shared, offered)

    def _read_once(
        self, scope: Scope, found: Enrolment, offer: CardOffer, index: str, offered: Offered
    ) -> None:
        """Remember which card was held up, and ask for it once more. Of an answer that fits no key
        nothing can come: then another card is awaited."""
        fits = candidate_keys(offer.answer) if offer.answer is not None else ()
        if offer.answer is not None and not fits:
            self._wait_anew(scope, found)
            return
        once = {
            "state": EnrolmentState.AGAIN,
            "first_index": index,
            "first_read": self._sealed_read(found, offer, offered),
            "candidates": " ".join(fits),
            "refusal": Refusal.NONE,
            "refused_card_id": None,
        }
        rows.change(scope, found.id, once)

    def _read_again(
        self,
        scope: Scope,
        found: Enrolment,
        offer: CardOffer,
        shared: CardKey | None,
        offered: Offered,
    ) -> None:
        """Take up the card that was held up twice; one that answers, if both answers come from one
        key. Otherwise the second answer counts as the first."""
        first = opened_first_read(self._keys, found.id, found.first_read or b"")
        if first.offer == offered.id:  # the same hold, told twice
            return
        if not found.candidates and (offer.answer is None or shared is not None):
            assurance = taken_assurance(first.assurance, offered.assurance)
            self._take(scope, found, offer, assurance, shared=shared)
            return
        fits = candidate_keys(offer.answer) if offer.answer is not None else ()
        known = tuple(found.candidates.split())
        key = confirmed_key(known, offer.answer) if known and offer.answer is not None else None
        if key is not None:
            self._take(scope, found, offer, Assurance.CHALLENGE, public_key=key)
        elif fits:
            bad = {
                "first_read": self._sealed_read(found, offer, offered),
                "candidates": " ".join(fits),
                "refusal": Refusal.BAD_ANSWER,
                "refused_card_id": None,
            }
            rows.change(scope, found.id, bad)
        else:
            self._wait_anew(scope, found)

    def _sealed_read(self, found: Enrolment, offer: CardOffer, offered: Offered) -> bytes:
        read = FirstRead(
            offer=offered.id,
            namespace=offer.namespace,
            profile=offer.profile,
            assurance=offered.assurance,
            tail=tail_of(offer.identity),
        )
        return sealed_first_read(self._keys, found.id, read)

    def _wait_anew(self, scope: Scope, found: Enrolment) -> None:
        """Forget what was read."""
        anew = {
            "state": EnrolmentState.WAITING,
            "first_index": "",
            "first_read": None,
            "candidates": "",
            "refusal": Refusal.BAD_ANSWER,
            "refused_card_id": None,
        }
        rows.change(scope, found.id, anew)

    def _two_cards(self, scope: Scope, found: Enrolment) -> None:
        """Take neither: which of them was meant, nobody but the clerk can say."""
        now = self._clock.now()
        end(scope, found, EnrolmentState.CANCELLED, now, refusal=Refusal.TWO_CARDS)
        said = {"reader": found.reader_id}
        record(scope, now, _starter(found), "enrolment.two_cards", ("enrolment", found.id), said)

    def _shared(self, scope: Scope, found: Enrolment, offer: CardOffer) -> CardKey | None:
        """Give the key that a card is to share with us, if it is to; raise a problem for a number
        that no such card tells. Whether the card knows the key is asked at its first door: no
        reader holds it yet."""
        own = None
        if found.shared_key is not None:
            own = self._keys.unseal(found.shared_key, enrolled_key_row(found.id))
        return self._maker.asked(
            scope,
            offer.namespace,
            offer.identity,
            key_set_id=found.key_set_id,
            key=own,
            profile=found.profile,
        )

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
        assurance: Assurance,
        *,
        public_key: str | None = None,
        shared: CardKey | None = None,
    ) -> None:
        now, who = self._clock.now(), _starter(found)
        card_id = self._ids.new()
        card = NewCard(
            offer.namespace,
            offer.identity,
            person_id=found.person_id,
            label=found.label,
            profile=offer.profile,
            public_key=public_key,
            valid_until=found.valid_until,
            assurance=assurance,
            reader_id=found.reader_id,
        )
        values = columns_of(self._keys, card_id, card, now, shared)
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
