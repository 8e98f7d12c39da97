"""Enrolment at a reader: an unknown card held to it is told to the hub, sealed, and opens nothing.

A card that the controller knows is decided about as always, so that a door goes on working while
somebody enrols at it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from edge.core.attempts import CardAttempt
from edge.core.clock_now import ClockNow
from edge.core.decide_cards import card_of
from edge.core.model import CardPresented, Feedback
from edge.ports import NewEvent
from edge.service.memory import Memory
from edge.service.outcomes import Outcomes
from edge.service.recorder import Recorder
from wire.card_offers import CardAnswer, CardOffer, seal_offer
from wire.errors import WireError
from wire.events import CardOfferBody, EventKind
from wire.policy_bodies import EnrolmentBody

SignedHash: TypeAlias = Callable[[CardPresented], bytes | None]
"""Gives SHA-256 of what a card's answer is a signature of; None where there is none."""

_SIGNATURE_BYTES: Final = 64


def signs_nothing(_presented: CardPresented) -> bytes | None:
    """No card answers a challenge."""
    return None


class Enrolments:
    """Tells the hub of cards that are to be enrolled."""

    def __init__(
        self, memory: Memory, recorder: Recorder, outcomes: Outcomes, signed: SignedHash
    ) -> None:
        self._memory = memory
        self._recorder = recorder
        self._outcomes = outcomes
        self._signed = signed

    def offered(self, item: CardPresented, attempt: CardAttempt, now: ClockNow) -> bool:
        """Offer a card to an enrolment at its reader, if it is unknown and one is on; tell whether
        that was done. What cannot be journaled is no offer but a denial like any other."""
        source = item.source
        reader_id = self._memory.index.reader_at(source.device, source.channel)
        found = None if reader_id is None or attempt.stale else self._on_at(reader_id, now)
        if reader_id is None or found is None:
            return False
        if card_of(attempt, self._memory.circumstances(now)) is not None:
            return False
        enrolment_id, enrolment = found
        try:
            sealed = seal_offer(enrolment.recipient, enrolment_id, self._offer(item))
        except WireError:
            self._memory.counters["enrolment_unsealable"] += 1
            return False
        body = CardOfferBody(
            enrolment=enrolment_id, reader=reader_id, sealed=sealed, assurance=item.assurance
        )
        if not self._recorder.commit([NewEvent(EventKind.CARD_OFFERED, body)], now, {}):
            return False
        self._outcomes.show(source, Feedback.WAITING)
        return True

    def _on_at(self, reader_id: str, now: ClockNow) -> tuple[str, EnrolmentBody] | None:
        """The enrolment at a reader, if its time is not over; a clock that is not relied on cannot
        tell, so that a policy kept over a reboot enrols nobody."""
        if not now.relied_on:
            return None
        on = self._memory.index.enrolments(reader_id)
        return next(((key, one) for key, one in on.items() if now.at < one.until), None)

    def _offer(self, item: CardPresented) -> CardOffer:
        proof, hashed = item.proof, self._signed(item)
        answer = None
        if proof is not None and hashed is not None and len(proof.signature) == _SIGNATURE_BYTES:
            answer = CardAnswer(hashed=hashed, signature=proof.signature)
        return CardOffer(
            namespace=item.namespace,
            identity=item.identity,
            profile=proof.profile if proof is not None else None,
            answer=answer,
        )
