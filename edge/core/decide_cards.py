"""The decision about a card that is shown alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from edge.core.attempts import CardAttempt, Decision
from edge.core.circumstances import Circumstances
from edge.core.coming_to import against_holder, come_to
from edge.core.grants import Shown, judge_grants, subjects_of
from edge.core.place import Place
from edge.core.punches import punch_for
from edge.core.windows import expired
from wire.events import TryKind
from wire.policy_bodies import Assurance, CardBody, EntryState, PunchRule, ReaderBody
from wire.reasons import Reason

_OF_A_GUESS: Final = frozenset(
    {Reason.UNKNOWN_CARD, Reason.CHALLENGE_FAILED, Reason.ASSURANCE_TOO_LOW}
)
"""What somebody meets who emulates one card number after another."""


def decide_card(
    attempt: CardAttempt, place: Place, blank: Decision, about: Circumstances
) -> Decision:
    """Say what a card alone comes to."""
    card = card_of(attempt, about)
    if attempt.stale:
        known = replace(blank, reason=Reason.STALE_PRESENTATION)
        if card is None:
            return known
        return replace(known, credential=card.credential, person=card.person)
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
    over = expired(card.end, about.now)
    if over is not None:
        return replace(known, reason=over)
    punch = punch_for(place.reader_id, place.reader, card, assurance, attempt.chosen)
    if punch is not None and assurance.rank < place.reader.min_assurance.rank:
        known = replace(known, unpunched=Reason.ASSURANCE_TOO_LOW)
    else:
        known = replace(known, punch=punch)
    access = place.access
    if access is None:
        return known if known.unpunched is None else replace(known, reason=known.unpunched)
    if assurance.rank < access.door.min_assurance.rank:
        return replace(known, reason=Reason.ASSURANCE_TOO_LOW)
    subjects = subjects_of(card.credential, card.person, flags)
    verdict = judge_grants(access, subjects, Shown.CARD, about)
    return come_to(verdict, known, access, card.person, about)


def counted(normal: Decision, attempt: CardAttempt, place: Place, about: Circumstances) -> Decision:
    """Cards whose number anybody can copy have a try budget, so that nobody can run through all
    numbers. What was verified, by the reader or by us, is neither counted nor kept out."""
    if normal.reason is Reason.STALE_PRESENTATION:
        return normal
    shown = normal.assurance
    if normal.reason is Reason.UNKNOWN_CARD:
        shown = _vouched(attempt, place.reader)
    copied = shown is Assurance.IDENTIFIER or normal.reason is Reason.CHALLENGE_FAILED
    if not copied:
        return normal
    if about.throttled(place.reader_id, TryKind.CARD):
        return Decision(
            Reason.THROTTLED,
            normal.factor,
            reader=normal.reader,
            door=normal.door,
            credential=normal.credential,
            person=normal.person,
            assurance=normal.assurance,
            namespace=normal.namespace,
            card=normal.card,
        )
    # Staff who hold the wrong card to a terminal in the morning must not close it to the others: it
    # opens nothing, and a number that is known there is learnt no faster than by a punch.
    of_a_guess = normal.reason in _OF_A_GUESS
    if normal.reason is Reason.ASSURANCE_TOO_LOW and place.access is None:
        of_a_guess = False
    return replace(normal, spends_try=of_a_guess)


def with_unpunched(decision: Decision, reader: ReaderBody) -> Decision:
    """Add why a denied card is no punch, at a reader that takes punches. At a door an unknown card
    is no try at attendance, and a known one whose holder has none (a visitor's) is none anywhere.
    """
    known = decision.credential is not None
    nobodys = decision.person is None and (known or decision.door is not None)
    if reader.punch is PunchRule.NONE or decision.punch is not None or nobodys:
        return decision
    return replace(decision, unpunched=decision.unpunched or decision.reason)


def card_of(attempt: CardAttempt, about: Circumstances) -> CardBody | None:
    """Find the card; of several under one identity, one that counts."""
    cards = list(about.index.cards(attempt.namespace, attempt.digest))
    active = [card for card in cards if card.state is EntryState.ACTIVE]
    return next(iter(active or cards), None)


def assurance_of(attempt: CardAttempt, card: CardBody, reader: ReaderBody) -> Assurance | None:
    """Tell how sure we may be of the card: what we verified ourselves, else no more than both
    driver and policy say of the reader. None where a challenge was answered wrongly."""
    if attempt.proof is not None and (card.public_key or card.sealed) is not None:
        return Assurance.CHALLENGE if attempt.proof(card) else None
    return _vouched(attempt, reader)


def _vouched(attempt: CardAttempt, reader: ReaderBody) -> Assurance:
    """No more than both driver and policy say of the reader."""
    return min(attempt.assurance, reader.assurance, key=lambda assurance: assurance.rank)
