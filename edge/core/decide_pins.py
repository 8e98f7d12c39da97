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
from edge.core.windows import expired
from wire.events import Factor, TryKind
from wire.pins import EARLY_GRACE_S, MAX_DIGITS
from wire.policy_bodies import PinBody, ReaderBody
from wire.reasons import Reason

_EARLY_GRACE: Final = timedelta(seconds=EARLY_GRACE_S)

_OF_THE_CODE: Final = frozenset(
    {
        Reason.NO_GRANT,
        Reason.CREDENTIAL_BLOCKED,
        Reason.CREDENTIAL_REVOKED,
        Reason.PERSON_BLOCKED,
        Reason.CLOCK_UNTRUSTED,
        Reason.EXPIRED,
        Reason.BELOW_FLOOR,
        Reason.OUTSIDE_SCHEDULE,
        Reason.USED_UP,
        Reason.ESCORT_MISSING,
        Reason.SECOND_FACTOR_MISSING,
    }
)
"""Denials that lie in the code and its holder: not in what goes on at the door."""


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
    if about.throttled(place.reader_id, TryKind.PIN):
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
    # A visitor who is early for their host would lock everybody out; the PIN is counted as live.
    waits = verdict.reason is Reason.ESCORT_MISSING
    return verdict.nearness, replace(
        decision, spends_try=not waits and _costs_a_try(verdict, about)
    )


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
    over = expired(card.end, about.now)
    if verdict is None and over is not None:
        verdict = Verdict(over)
    if verdict is None and assurance.rank < access.door.min_assurance.rank:
        return replace(known, reason=Reason.ASSURANCE_TOO_LOW)
    if verdict is None:
        subjects = subjects_of(card.credential, card.person, flags)
        verdict = judge_grants(access, subjects, Shown.BOTH, about)
    decision = come_to(verdict, known, access, card.person, about, duress=pin.duress)
    return replace(decision, spends_try=_costs_a_try(verdict, about))


def _costs_a_try(verdict: Verdict, about: Circumstances) -> bool:
    """Whether a right PIN that does not open costs a try as a wrong one does.

    Else a lockout that fails to come would tell a guesser which codes there are. Free is only what
    comes within the hour before its window, which guess-risk counts (`wire.pins.EARLY_GRACE_S`),
    a PIN alone that waits for its escort, and what the door's own state keeps out: such a code
    would open a moment later, and is counted as live.
    """
    if verdict.begins is not None:
        return verdict.begins - about.now.at > _EARLY_GRACE
    return verdict.reason in _OF_THE_CODE
