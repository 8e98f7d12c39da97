"""Presentations: digest, decide, commit, act, show. The only way from a reader to a bolt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog

from edge.core.attempts import Attempt, CardAttempt, Decision, PinAttempt, UnreadableAttempt
from edge.core.clock_now import ClockNow
from edge.core.decide import decide
from edge.core.keys import CLEAR, CONFIRM, Entered
from edge.core.model import (
    CardFailed,
    CardPresented,
    Feedback,
    KeysPressed,
    Presentation,
    PunchChosen,
    Source,
)
from edge.core.place import place_of
from edge.ports import NewEvent
from edge.service import passages
from edge.service.acts import Acts, Drivers
from edge.service.enrolments import Enrolments, SignedHash, signs_nothing
from edge.service.memory import Memory
from edge.service.outcomes import Outcomes
from edge.service.passages import Moves
from edge.service.recorder import Recorder
from edge.service.second_persons import SecondPersons
from wire.events import (
    AccessBody,
    Alarm,
    AlarmBody,
    EventKind,
    Factor,
)
from wire.keys import PinKey
from wire.offline_profiles import Profile
from wire.pins import card_digest, pin_digest
from wire.policy_bodies import CardBody, PunchRule, ReaderBody
from wire.reasons import Reason
from wire.sealed_codes import CodeKey, SealedCode, open_code

if TYPE_CHECKING:
    from edge.ports.terminal import PunchDesk

_MS: Final = 1_000_000
_STALE_NS: Final = 10_000 * _MS
"""A presentation that waited this long in our own queue opens nothing."""

_SWEEP_NS: Final = 60_000 * _MS

VerifyCard: TypeAlias = Callable[[CardPresented, CardBody], bool]
"""Tells whether a presentation's proof holds under the key the policy has for a card."""

_log = structlog.get_logger(__name__)
_DEFAULT_READER: Final = ReaderBody(device="-")


@dataclass(slots=True)
class _Waiting:
    """A card whose PIN is awaited, and the denial that follows if none comes."""

    attempt: CardAttempt
    denial: Decision
    until_ns: int


class Presentations:
    """Handles what people present."""

    def __init__(
        self,
        memory: Memory,
        recorder: Recorder,
        acts: Acts,
        drivers: Drivers,
        pin_key: PinKey,
        verify: VerifyCard,
        signed: SignedHash = signs_nothing,
    ) -> None:
        self._memory = memory
        self._recorder = recorder
        self.outcomes = self._outcomes = Outcomes(memory, recorder, acts, drivers)
        self.desk: PunchDesk | None = None
        """The attendance terminal's, where there is one."""
        self._seconds = SecondPersons(memory, recorder, self._outcomes)
        self._key = pin_key
        self._verify = verify
        self._enrolments = Enrolments(memory, recorder, self._outcomes, signed)
        self._waiting: dict[Source, _Waiting] = {}
        self._sweep_ns = 0

    def handle(self, item: Presentation, now: ClockNow) -> None:
        """Decide and do what follows. Whatever goes wrong inside is a denial, journaled."""
        try:
            match item:
                case KeysPressed():
                    self._keys(item, now)
                case CardPresented():
                    self._card(item, now)
                case CardFailed():
                    unreadable = UnreadableAttempt(item.source, item.cause)
                    self._conclude(unreadable, now, at_ns=item.at_ns)
        except Exception:
            _log.exception("presentation_failed", device=item.source.device)
            self.internal_error(item, now)

    def choose(self, item: PunchChosen, now: ClockNow) -> None:
        """Take a key of the terminal's screen."""
        if self.desk is not None:
            self.desk.choose(item, now)

    def tick(self, now: ClockNow) -> None:
        """What was awaited did not come: a PIN, a second person, the opening of a door."""
        if self.desk is not None:
            self.desk.tick(now)
        self._seconds.tick(now)
        self._remember(passages.lapsed(self._memory, now), now)
        if now.mono_ns >= self._sweep_ns:
            self._sweep_ns = now.mono_ns + _SWEEP_NS
            self._remember(passages.swept(self._memory, now), now)
        for source, waiting in list(self._waiting.items()):
            if now.mono_ns >= waiting.until_ns:
                del self._waiting[source]
                self._outcomes.carry_out(waiting.denial, source, now)

    def _remember(self, moves: Moves, now: ClockNow) -> None:
        if moves.stays:
            self._recorder.record([], now, moves.state)
            moves.apply(self._memory)

    # --- what is presented -----------------------------------------------------------------------

    def _keys(self, item: KeysPressed, now: ClockNow) -> None:
        if self.desk is not None and self.desk.keys(item, now):
            return
        reader = self._reader(item.source)
        collector = self._memory.collector(item.source)
        if item.stale or now.mono_ns - item.at_ns > _STALE_NS:
            collector.clear()
            digits = sum(key not in (CONFIRM, CLEAR) for key in item.keys)
            stale = PinAttempt(item.source, digits, digest=_never, stale=True)
            self._conclude(stale, now)
            return
        entries = collector.press(item.keys, item.at_ns, reader.key_timeout_ms, reader.max_keys)
        for entered in entries:
            self._entered(entered, item.source, now)

    def _entered(self, entered: Entered, source: Source, now: ClockNow) -> None:
        waiting = self._waiting.pop(source, None)
        attempt = PinAttempt(
            source,
            digits=len(entered.digits),
            digest=partial(_digest_at, self._key, entered.digits),
            overflow=entered.overflow,
            card=waiting.attempt if waiting is not None else None,
            opened=partial(_opened, entered.digits),
        )
        # The card's tap counts for attendance whatever its PIN comes to, or is told that it does
        # not.
        self._conclude(attempt, now, waiting.denial if waiting is not None else None)

    def _card(self, item: CardPresented, now: ClockNow) -> None:
        self._forsake(item.source, now)
        try:
            digest = card_digest(self._key, item.namespace, item.identity)
        except ValueError:
            self._conclude(UnreadableAttempt(item.source, "bad_identity"), now, at_ns=item.at_ns)
            return
        reader = self._reader(item.source)
        chosen = ""
        if reader.punch is PunchRule.CHOSEN:
            collector = self._memory.collector(item.source)
            chosen = collector.standing(item.at_ns, reader.key_timeout_ms)
        attempt = CardAttempt(
            item.source,
            item.namespace,
            digest,
            item.assurance,
            proof=partial(self._verify, item) if item.proof is not None else None,
            stale=item.stale or now.mono_ns - item.at_ns > _STALE_NS,
            chosen=chosen,
        )
        if self._enrolments.offered(item, attempt, now):
            return
        self._conclude(attempt, now, at_ns=item.at_ns)

    def _forsake(self, source: Source, now: ClockNow) -> None:
        """Another card comes before the PIN of the one before: that one is denied."""
        waiting = self._waiting.pop(source, None)
        if waiting is not None:
            self._outcomes.carry_out(waiting.denial, source, now)

    def _reader(self, source: Source) -> ReaderBody:
        reader_id = self._memory.index.reader_at(source.device, source.channel)
        return _DEFAULT_READER if reader_id is None else self._memory.index.readers[reader_id]

    # --- what follows ----------------------------------------------------------------------------

    def _conclude(
        self,
        attempt: Attempt,
        now: ClockNow,
        card: Decision | None = None,
        at_ns: int | None = None,
    ) -> None:
        about = self._memory.circumstances(now)
        place = place_of(attempt.source, about)
        access = None if place is None else place.access
        if access is not None:
            self._seconds.tick(now)
            self._seconds.ask_again(access, now)
        decision = decide(attempt, about)
        if card is not None:
            decision = replace(decision, punch=card.punch, unpunched=card.unpunched)
        if self.desk is not None and access is None:
            taken_ns = now.mono_ns if at_ns is None else at_ns
            if self.desk.conclude(decision, attempt.source, taken_ns, now):
                return
        if decision.await_pin and isinstance(attempt, CardAttempt):
            until_ns = now.mono_ns + self._reader(attempt.source).key_timeout_ms * _MS
            self._waiting[attempt.source] = _Waiting(attempt, decision, until_ns)
            self._outcomes.show(attempt.source, Feedback.KEY)
            return
        if access is not None and decision.partner is not None:
            self._seconds.carry_out(decision, attempt.source, access, now)
        elif (
            access is not None
            and decision.joined is not None
            and not isinstance(attempt, UnreadableAttempt)
        ):
            self._seconds.wait(attempt, decision, access, now)
        else:
            self._outcomes.carry_out(decision, attempt.source, now)

    def internal_error(self, item: Presentation, now: ClockNow) -> None:
        """Something broke on the way: whatever it was, it is a denial."""
        self._memory.counters["internal_errors"] += 1
        self._waiting.pop(item.source, None)
        self._memory.collectors.pop(item.source, None)  # half an entry must not spoil the next one
        factor = Factor.PIN if isinstance(item, KeysPressed) else Factor.CARD
        try:
            reader = self._memory.index.reader_at(item.source.device, item.source.channel)
            denied = AccessBody(reason=Reason.INTERNAL_ERROR, factor=factor, reader=reader)
            alarm = AlarmBody(alarm=Alarm.INTERNAL_ERROR, cause="presentation")
            events = [
                NewEvent(EventKind.ACCESS_DENIED, denied),
                NewEvent(EventKind.SECURITY_ALARM, alarm),
            ]
            self._recorder.record(events, now)
            self._outcomes.show(item.source, Feedback.DENIED)
            if self.desk is not None:
                self.desk.failed(item.source, now)
        except Exception:  # the last line of defence: the loop must live to serve the next person
            _log.exception("denial_not_journaled", device=item.source.device)


def _opened(digits: str, profile: Profile, key: CodeKey) -> SealedCode | None:
    return open_code(profile, key, digits)


def _digest_at(key: PinKey, digits: str, door: str) -> str:
    return pin_digest(key, door, digits)


def _never(_door: str) -> str:
    raise ValueError("what is stale is never compared")
