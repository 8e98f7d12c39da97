"""What is decided about, and what a decision says. Nothing here holds digits or card numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from edge.core.backup import OpenDigits
from edge.core.model import Source
from edge.core.whereabouts import Way
from wire.events import AccessBody, EventKind, Factor, PunchBody, TryKind
from wire.offline_profiles import Profile
from wire.policy_bodies import Assurance, CardBody
from wire.reasons import Outcome, Reason
from wire.sealed_codes import CodeKey, SealedCode

ProofHolds: TypeAlias = Callable[[CardBody], bool]
"""Tells whether the key the policy holds for a card made the answer to the challenge."""

DigestPin: TypeAlias = Callable[[str], str]
"""Gives the digest of what was typed, for a door id (`wire.pins.pin_digest`)."""


def opens_nothing(_profile: Profile, _key: CodeKey) -> SealedCode | None:
    """What cannot be a sealed code opens to nothing."""
    return None


@dataclass(frozen=True, slots=True)
class PinAttempt:
    """Digits were confirmed at a reader. `digest` is asked only for a door whose rules let digits
    of this length be compared at all, and `opened` where they may be a sealed code. `card` is the
    card shown just before, if any."""

    source: Source
    digits: int
    digest: DigestPin = field(repr=False)
    overflow: bool = False
    stale: bool = False
    card: CardAttempt | None = None
    opened: OpenDigits = field(default=opens_nothing, repr=False)


@dataclass(frozen=True, slots=True)
class CardAttempt:
    """A card was read. `digest` is by `wire.pins.card_digest`; `chosen` are keys pressed before
    the tap on a terminal where people choose what it means."""

    source: Source
    namespace: str
    digest: str
    assurance: Assurance
    proof: ProofHolds | None = None
    stale: bool = False
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class UnreadableAttempt:
    """A card was there and could not be read."""

    source: Source
    cause: str


Attempt: TypeAlias = PinAttempt | CardAttempt | UnreadableAttempt


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from an attempt: a reason, and what it was decided by.

    `release_ms` is how long the strike is to be driven, None where nothing moves. `counts_use`
    names the grant whose uses go up, `takes_code` says that the sealed `code` is taken (its
    generation and use are remembered), `spends_try` that the reader's try budget goes down,
    `await_pin` that the card was good and its PIN is still missing. `duress` raises the silent
    alarm, also where the door stays shut. `soft` names a rule that was broken and is only reported,
    `partner` the credential of the other of two who open together. `way` is the way that `person`
    goes once the door is opened, and `first_person` says that with it the first person has come.
    `unpunched` says why a tap is no punch, where one could have been.
    `joined` is the opening that this denial becomes once a second person joins.
    """

    reason: Reason
    factor: Factor
    reader: str | None = None
    door: str | None = None
    credential: str | None = None
    person: str | None = None
    grant: str | None = None
    booking: str | None = None
    assurance: Assurance | None = None
    namespace: str | None = None
    card: str | None = None
    digits: int | None = None
    release_ms: int | None = None
    counts_use: str | None = None
    spends_try: bool = False
    await_pin: bool = False
    duress: bool = False
    punch: PunchBody | None = None
    unpunched: Reason | None = None
    code: SealedCode | None = None
    takes_code: bool = False
    soft: Reason | None = None
    partner: str | None = None
    way: Way | None = None
    first_person: bool = False
    joined: Decision | None = None

    @property
    def try_kind(self) -> TryKind:
        """Which of the reader's try budgets it is about."""
        return TryKind.CARD if self.factor is Factor.CARD else TryKind.PIN

    @property
    def granted(self) -> bool:
        """Whether the reason is one that opens."""
        return self.reason.outcome is Outcome.GRANT

    @property
    def kind(self) -> EventKind:
        """The kind of event that tells of it."""
        if self.duress:
            return EventKind.ACCESS_DURESS
        return EventKind.ACCESS_GRANTED if self.granted else EventKind.ACCESS_DENIED

    def body(self, act: str | None = None) -> AccessBody:
        """The event's body, naming the act that follows."""
        return AccessBody(
            reason=self.reason,
            factor=self.factor,
            door=self.door,
            reader=self.reader,
            act=act,
            credential=self.credential,
            person=self.person,
            grant=self.grant,
            booking=self.booking,
            assurance=self.assurance,
            namespace=self.namespace,
            card=self.card,
            digits=self.digits,
            code=self.code.tag if self.code is not None else None,
            soft=self.soft,
            partner=self.partner,
            unpunched=self.unpunched,
        )
