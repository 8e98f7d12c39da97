"""The decision about confirmed digits: a PIN, a PIN after its holder's card, or a backup code."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from edge.core.attempts import CardAttempt, Decision, PinAttempt
from edge.core.backup import judge_backup
from edge.core.circumstances import Circumstances
from edge.core.coming_to import against_holder, come_to, release_ms
from edge.core.decide_cards import assurance_of, card_of
from edge.core.grants import Shown, Verdict, judge_grants, subjects_of, subjects_of_pin
from edge.core.passage import let_through
from edge.core.place import Access, Place
from wire.events import Factor
from wire.pins import EARLY_GRACE_S, MAX_DIGITS
from wire.policy_bodies import PinBody, ReaderBody
from wire.reasons import Reason

_EARLY_GRACE: Final = timedelta(seconds=EARLY_GRACE_S)


def decide_pin(
    attempt: PinAttempt, place: Place, blank: Decision, about: Circumstances
) -> Decision:
    """Say what confirmed digits come to, alone or after a card."""
    blank = replace(blank, digits=attempt.digits)
    if attempt.stale:
        return replace(blank, reason=Reason.STALE_PRESENTATION)
    access = place.access
    if access is None:
        return blank
    if about.throttled(place.reader_id):
        return replace(blank, reason=Reason.THROTTLED)
    if attempt.overflow or attempt.digits > MAX_DIGITS:
        return replace(blank, reason=Reason.PIN_TOO_LONG)
    codes = about.codes(access.door_id)
    least = access.door.min_digits
    if attempt.digits < least and (codes is None or attempt.digits != codes.profile.digits):
        return replace(blank, reason=Reason.PIN_TOO_SHORT)
    digest = attempt.digest(access.door_id)
    pins = list(about.index.pins(access.door_id, digest))
    if attempt.card is not None:
        both = _decide_both(attempt.card, pins, place.reader, access, blank, about)
        if both is not None:
            return both
    best: tuple[tuple[int, bool], Decision] | None = None
    for pin in pins:
        nearness, decision = _judge_pin(pin, access, blank, about)
        rank = nearness, not decision.spends_try
        if best is None or rank > best[0]:
            best = rank, decision
    return best[1] if best else _judge_code(attempt, access, blank, about)


def _judge_code(
    attempt: PinAttempt, access: Access, blank: Decision, about: Circumstances
) -> Decision:
    """Digits that are no PIN of the door may be one of its backup codes."""
    judged = judge_backup(
        about.codes(access.door_id), attempt.digits, attempt.opened, about.now, about.away_ns
    )
    decision = replace(blank, reason=judged.reason, spends_try=judged.spends_try, code=judged.code)
    if judged.reason is not Reason.SEALED_CODE_VALID:
        return decision
    granted = replace(decision, takes_code=True, release_ms=release_ms(access.door, None))
    return let_through(granted, access, None, None, None, about)


def _judge_pin(
    pin: PinBody, access: Access, blank: Decision, about: Circumstances
) -> tuple[int, Decision]:
    flags = about.index.person(pin.person)
    known = replace(blank, credential=pin.credential, person=pin.person, booking=pin.booking)
    verdict = against_holder(pin.state, flags)
    if verdict is None:
        subjects = subjects_of_pin(pin, flags)
        verdict = judge_grants(access, subjects, Shown.PIN, about)
    # A booking's PIN may be shared: it tells of no one person where they are.
    who = pin.person if pin.booking is None else None
    decision = come_to(verdict, known, access, who, about, duress=pin.duress)
    return verdict.nearness, replace(decision, spends_try=_far_too_early(verdict, about))


def _decide_both(
    card_attempt: CardAttempt,
    pins: list[PinBody],
    reader: ReaderBody,
    access: Access,
    blank: Decision,
    about: Circumstances,
) -> Decision | None:
    """Decide card and PIN together; None where the PIN is not one of the card's holder."""
    card = card_of(card_attempt, about)
    if card is None or card.person is None:
        return None
    # A booking's PIN lives in the booking's window alone: it is nobody's second factor.
    pin = next((pin for pin in pins if pin.person == card.person and pin.booking is None), None)
    if pin is None:
        return None
    flags = about.index.person(card.person)
    assurance = assurance_of(card_attempt, card, reader)
    known = replace(
        blank,
        factor=Factor.CARD_AND_PIN,
        credential=card.credential,
        person=card.person,
        assurance=assurance,
    )
    if assurance is None:
        return replace(known, reason=Reason.CHALLENGE_FAILED)
    verdict = against_holder(pin.state, flags) or against_holder(card.state, flags)
    if verdict is None and assurance.rank < access.door.min_assurance.rank:
        return replace(known, reason=Reason.ASSURANCE_TOO_LOW)
    if verdict is None:
        subjects = subjects_of(card.credential, card.person, flags)
        verdict = judge_grants(access, subjects, Shown.BOTH, about)
    decision = come_to(verdict, known, access, card.person, about, duress=pin.duress)
    return replace(decision, spends_try=_far_too_early(verdict, about))


def _far_too_early(verdict: Verdict, about: Circumstances) -> bool:
    """Whether a right PIN came so long before its window that it costs a try as a wrong one does:
    else a lockout that fails to come would tell a guesser of a code to come."""
    return verdict.begins is not None and verdict.begins - about.now.at > _EARLY_GRACE
