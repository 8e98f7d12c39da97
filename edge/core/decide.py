"""The decision at a reader: pure, and flat in the number of grants.

First the attempt is judged as on a normal day; then the door's fire alarm or mode changes what
comes of it (`edge.core.overrides`). The order of the questions is that of `wire.reasons`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from edge.core.attempts import (
    Attempt,
    CardAttempt,
    Decision,
    PinAttempt,
    UnreadableAttempt,
)
from edge.core.backup import judge_backup
from edge.core.circumstances import Circumstances
from edge.core.grants import (
    STATE_REASONS,
    Shown,
    Verdict,
    judge_grants,
    subjects_of,
    subjects_of_pin,
)
from edge.core.overrides import under_fire_or_mode
from edge.core.punches import punch_for
from wire.events import Factor, TryKind
from wire.pins import EARLY_GRACE_S, MAX_DIGITS
from wire.policy_bodies import (
    Assurance,
    CardBody,
    DoorBody,
    EntryState,
    PersonFlagsBody,
    PinBody,
    ReaderBody,
    Side,
)
from wire.reasons import Reason

_LONG_UNLOCK: Final = 3
_LONGEST_UNLOCK_MS: Final = 300_000
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
        Reason.SECOND_FACTOR_MISSING,
    }
)
"""Denials that lie in the code and its holder: not in what goes on at the door."""

_OF_A_GUESS: Final = frozenset(
    {Reason.UNKNOWN_CARD, Reason.CHALLENGE_FAILED, Reason.ASSURANCE_TOO_LOW}
)
"""What somebody meets who emulates one card number after another."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an attempt was made: a reader of the policy and the door it belongs to."""

    reader_id: str
    reader: ReaderBody
    door_id: str | None
    door: DoorBody | None


def decide(attempt: Attempt, about: Circumstances) -> Decision:
    """Say what follows from an attempt, and why."""
    factor = Factor.PIN if isinstance(attempt, PinAttempt) else Factor.CARD
    place = _place(attempt, about)
    if place is None:
        return Decision(Reason.UNKNOWN_READER, factor)
    blank = Decision(Reason.NO_DOOR, factor, reader=place.reader_id, door=place.door_id)
    match attempt:
        case UnreadableAttempt():
            return replace(blank, reason=Reason.CARD_UNREADABLE)
        case PinAttempt():
            normal = _decide_pin(attempt, place, blank, about)
        case CardAttempt():
            normal = _decide_card(attempt, place, blank, about)
            normal = _counted(normal, attempt, place, about)
    if place.door_id is None or normal.reason is Reason.STALE_PRESENTATION:
        return normal
    return under_fire_or_mode(normal, about.fire(place.door_id), about.mode(place.door_id))


def _place(attempt: Attempt, about: Circumstances) -> _Place | None:
    source = attempt.source
    reader_id = about.index.reader_at(source.device, source.channel)
    if reader_id is None:
        return None
    reader = about.index.readers[reader_id]
    door_id = reader.door if reader.side is not Side.TERMINAL else None
    door = about.index.doors.get(door_id) if door_id is not None else None
    return _Place(reader_id, reader, door_id if door is not None else None, door)


# --- PINs ----------------------------------------------------------------------------------------


def _decide_pin(
    attempt: PinAttempt, place: _Place, blank: Decision, about: Circumstances
) -> Decision:
    blank = replace(blank, digits=attempt.digits)
    if attempt.stale:
        return replace(blank, reason=Reason.STALE_PRESENTATION)
    if place.door_id is None or place.door is None:
        return blank
    if about.throttled(place.reader_id, TryKind.PIN):
        return replace(blank, reason=Reason.THROTTLED)
    if attempt.overflow or attempt.digits > MAX_DIGITS:
        return replace(blank, reason=Reason.PIN_TOO_LONG)
    codes = about.codes(place.door_id)
    least = place.door.min_digits
    if attempt.digits < least and (codes is None or attempt.digits != codes.profile.digits):
        return replace(blank, reason=Reason.PIN_TOO_SHORT)
    digest = attempt.digest(place.door_id)
    pins = list(about.index.pins(place.door_id, digest))
    if attempt.card is not None:
        both = _decide_both(attempt.card, pins, place, blank, about)
        if both is not None:
            return both
    best: tuple[tuple[int, bool], Decision] | None = None
    for pin in pins:
        nearness, decision = _judge_pin(pin, place.door_id, place.door, blank, about)
        rank = nearness, not decision.spends_try
        if best is None or rank > best[0]:
            best = rank, decision
    return best[1] if best else _judge_code(attempt, place.door_id, place.door, blank, about)


def _judge_code(
    attempt: PinAttempt, door_id: str, door: DoorBody, blank: Decision, about: Circumstances
) -> Decision:
    """Digits that are no PIN of the door may be one of its backup codes."""
    judged = judge_backup(
        about.codes(door_id), attempt.digits, attempt.opened, about.now, about.away_ns
    )
    opens = judged.reason is Reason.SEALED_CODE_VALID
    return replace(
        blank,
        reason=judged.reason,
        spends_try=judged.spends_try,
        code=judged.code,
        takes_code=opens,
        release_ms=_release_ms(door, None) if opens else None,
    )


def _judge_pin(
    pin: PinBody, door_id: str, door: DoorBody, blank: Decision, about: Circumstances
) -> tuple[int, Decision]:
    flags = about.index.person(pin.person)
    known = replace(blank, credential=pin.credential, person=pin.person, booking=pin.booking)
    verdict = _against_holder(pin.state, flags)
    if verdict is None:
        subjects = subjects_of_pin(pin, flags)
        verdict = judge_grants(door_id, door, subjects, Shown.PIN, about)
    decision = _come_to(verdict, known, door, flags, duress=pin.duress)
    return verdict.nearness, replace(decision, spends_try=_costs_a_try(verdict, about))


def _decide_both(
    card_attempt: CardAttempt,
    pins: list[PinBody],
    place: _Place,
    blank: Decision,
    about: Circumstances,
) -> Decision | None:
    """Decide card and PIN together; None where the PIN is not one of the card's holder."""
    card = _card_of(card_attempt, about)
    if card is None or card.person is None or place.door_id is None or place.door is None:
        return None
    # A booking's PIN lives in the booking's window alone: it is nobody's second factor.
    pin = next((pin for pin in pins if pin.person == card.person and pin.booking is None), None)
    if pin is None:
        return None
    flags = about.index.person(card.person)
    assurance = _assurance(card_attempt, card, place.reader)
    known = replace(
        blank,
        factor=Factor.CARD_AND_PIN,
        credential=card.credential,
        person=card.person,
        assurance=assurance,
    )
    if assurance is None:
        return replace(known, reason=Reason.CHALLENGE_FAILED)
    if assurance.rank < place.door.min_assurance.rank:
        return replace(known, reason=Reason.ASSURANCE_TOO_LOW)
    verdict = _against_holder(pin.state, flags) or _against_holder(card.state, flags)
    if verdict is None:
        subjects = subjects_of(card.credential, card.person, flags)
        verdict = judge_grants(place.door_id, place.door, subjects, Shown.BOTH, about)
    decision = _come_to(verdict, known, place.door, flags, duress=pin.duress)
    return replace(decision, spends_try=_costs_a_try(verdict, about))


def _costs_a_try(verdict: Verdict, about: Circumstances) -> bool:
    """Whether a right PIN that does not open costs a try as a wrong one does.

    Else a lockout that fails to come would tell a guesser which codes there are. Free is only what
    comes within the hour before its window, which guess-risk counts (`wire.pins.EARLY_GRACE_S`),
    and what the door's own state keeps out: such a code would open a moment later, and is counted
    as live.
    """
    if verdict.begins is not None:
        return verdict.begins - about.now.at > _EARLY_GRACE
    return verdict.reason in _OF_THE_CODE


# --- cards ---------------------------------------------------------------------------------------


def _decide_card(
    attempt: CardAttempt, place: _Place, blank: Decision, about: Circumstances
) -> Decision:
    card = _card_of(attempt, about)
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
    assurance = _assurance(attempt, card, place.reader)
    flags = about.index.person(card.person)
    known = replace(blank, credential=card.credential, person=card.person, assurance=assurance)
    if assurance is None:
        return replace(known, reason=Reason.CHALLENGE_FAILED)
    against = _against_holder(card.state, flags)
    if against is not None:
        return replace(known, reason=against.reason)
    known = replace(
        known,
        punch=punch_for(place.reader_id, place.reader, card, assurance, attempt.chosen),
    )
    if place.door_id is None or place.door is None:
        return known
    if assurance.rank < place.door.min_assurance.rank:
        return replace(known, reason=Reason.ASSURANCE_TOO_LOW)
    subjects = subjects_of(card.credential, card.person, flags)
    verdict = judge_grants(place.door_id, place.door, subjects, Shown.CARD, about)
    return _come_to(verdict, known, place.door, flags)


def _counted(
    normal: Decision, attempt: CardAttempt, place: _Place, about: Circumstances
) -> Decision:
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
        return replace(
            normal,
            reason=Reason.THROTTLED,
            grant=None,
            booking=None,
            release_ms=None,
            counts_use=None,
            await_pin=False,
            punch=None,
        )
    return replace(normal, spends_try=normal.reason in _OF_A_GUESS)


def _vouched(attempt: CardAttempt, reader: ReaderBody) -> Assurance:
    """No more than both driver and policy say of the reader."""
    return min(attempt.assurance, reader.assurance, key=lambda assurance: assurance.rank)


def _card_of(attempt: CardAttempt, about: Circumstances) -> CardBody | None:
    """Find the card; of several under one identity, one that counts."""
    cards = list(about.index.cards(attempt.namespace, attempt.digest))
    active = [card for card in cards if card.state is EntryState.ACTIVE]
    return next(iter(active or cards), None)


def _assurance(attempt: CardAttempt, card: CardBody, reader: ReaderBody) -> Assurance | None:
    """How sure we may be of the card: what we verified ourselves, else no more than both driver
    and policy say of the reader. None where a challenge was answered wrongly."""
    if attempt.proof is not None and card.public_key is not None:
        return Assurance.CHALLENGE if attempt.proof(card) else None
    return _vouched(attempt, reader)


# --- both ----------------------------------------------------------------------------------------


def _against_holder(state: EntryState, flags: PersonFlagsBody | None) -> Verdict | None:
    """What speaks against a credential whatever it was granted."""
    refused = STATE_REASONS.get(state)
    if refused is not None:
        return Verdict(refused)
    if flags is not None and flags.state is not EntryState.ACTIVE:
        return Verdict(Reason.PERSON_BLOCKED)
    return None


def _come_to(
    verdict: Verdict,
    known: Decision,
    door: DoorBody,
    flags: PersonFlagsBody | None,
    duress: bool = False,
) -> Decision:
    grant = verdict.grant
    booking = grant.booking if grant is not None and grant.booking is not None else known.booking
    known = replace(known, grant=verdict.grant_id, booking=booking)
    if not verdict.opens:
        waiting = verdict.reason is Reason.SECOND_FACTOR_MISSING and known.factor is Factor.CARD
        return replace(known, reason=verdict.reason, await_pin=waiting)
    once = grant is not None and grant.max_uses is not None
    return replace(
        known,
        reason=Reason.DURESS_PIN if duress else verdict.reason,
        duress=duress,
        release_ms=_release_ms(door, flags),
        counts_use=verdict.grant_id if once else None,
    )


def _release_ms(door: DoorBody, flags: PersonFlagsBody | None) -> int | None:
    if door.strike is None:
        return None
    long = flags is not None and flags.long_unlock
    return min(door.unlock_ms * (_LONG_UNLOCK if long else 1), _LONGEST_UNLOCK_MS)
