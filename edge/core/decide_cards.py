"""The decision about a card that is shown alone."""

from __future__ import annotations

from dataclasses import replace

from edge.core.attempts import CardAttempt, Decision
from edge.core.circumstances import Circumstances
from edge.core.coming_to import against_holder, come_to
from edge.core.grants import Shown, judge_grants, subjects_of
from edge.core.place import Place
from edge.core.punches import punch_for
from wire.policy_bodies import Assurance, CardBody, EntryState, ReaderBody
from wire.reasons import Reason


def decide_card(
    attempt: CardAttempt, place: Place, blank: Decision, about: Circumstances
) -> Decision:
    """Say what a card alone comes to."""
    card = card_of(attempt, about)
    if attempt.stale:
        known = replace(blank, reason=Reason.STALE_PRESENTATION)
        return known if card is None else replace(known, credential=card.credential)
    if card is None:
        return replace(
            blank,
            reason=Reason.UNKNOWN_CARD,
            namespace=attempt.namespace,
            card=attempt.digest,
        )
    assurance = assurance_of(attempt, card, place.reader)
    flags = about.index.person(card.person)
    known = replace(blank, credential=card.credential, person=card.person, assurance=assurance)
    if assurance is None:
        return replace(known, reason=Reason.CHALLENGE_FAILED)
    against = against_holder(card.state, flags)
    if against is not None:
        return replace(known, reason=against.reason)
    known = replace(
        known,
        punch=punch_for(place.reader_id, place.reader, card, assurance, attempt.chosen),
    )
    access = place.access
    if access is None:
        return known
    if assurance.rank < access.door.min_assurance.rank:
        return replace(known, reason=Reason.ASSURANCE_TOO_LOW)
    subjects = subjects_of(card.credential, card.person, flags)
    verdict = judge_grants(access, subjects, Shown.CARD, about)
    return come_to(verdict, known, access, card.person, about)


def card_of(attempt: CardAttempt, about: Circumstances) -> CardBody | None:
    """Find the card; of several under one identity, one that counts."""
    cards = list(about.index.cards(attempt.namespace, attempt.digest))
    active = [card for card in cards if card.state is EntryState.ACTIVE]
    return next(iter(active or cards), None)


def assurance_of(attempt: CardAttempt, card: CardBody, reader: ReaderBody) -> Assurance | None:
    """Tell how sure we may be of the card: what we verified ourselves, else no more than both
    driver and policy say of the reader. None where a challenge was answered wrongly."""
    if attempt.proof is not None and card.public_key is not None:
        return Assurance.CHALLENGE if attempt.proof(card) else None
    return min(attempt.assurance, reader.assurance, key=lambda assurance: assurance.rank)
