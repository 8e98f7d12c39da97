"""Presentations: digest, decide, commit, act, show. The only way from a reader to a bolt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias

import structlog

from edge.core.attempts import Attempt, CardAttempt, Decision, PinAttempt, UnreadableAttempt
from edge.core.backup import DoorCodes
from edge.core.clock_now import ClockNow
from edge.core.decide import decide
from edge.core.keys import CLEAR, CONFIRM, Entered
from edge.core.model import (
    CardFailed,
    CardPresented,
    Feedback,
    KeysPressed,
    Presentation,
    Source,
)
from edge.ports import NewEvent
from edge.service.acts import Acts, Drivers
from edge.service.memory import SEALED, USES, Memory, budget_name
from edge.service.recorder import Recorder
from wire.events import (
    AccessBody,
    Alarm,
    AlarmBody,
    EventKind,
    Factor,
    LockoutBody,
    PunchBody,
)
from wire.keys import PinKey
from wire.offline_profiles import Profile
from wire.pins import card_digest, pin_digest
from wire.policy_bodies import CardBody, OnJournalFailure, PunchRule, ReaderBody
from wire.reasons import Reason
from wire.sealed_codes import CodeKey, SealedCode, open_code

_MS: Final = 1_000_000
_STALE_NS: Final = 10_000 * _MS
"""A presentation that waited this long in our own queue opens nothing."""

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
    ) -> None:
        self._memory = memory
        self._recorder = recorder
        self._acts = acts
        self._drivers = drivers
        self._key = pin_key
        self._verify = verify
        self._waiting: dict[Source, _Waiting] = {}

    def handle(self, item: Presentation, now: ClockNow) -> None:
        """Decide and do what follows. Whatever goes wrong inside is a denial, journaled."""
        try:
            match item:
                case KeysPressed():
                    self._keys(item, now)
                case CardPresented():
                    self._card(item, now)
                case CardFailed():
                    self._conclude(UnreadableAttempt(item.source, item.cause), now)
        except Exception:
            _log.exception("presentation_failed", device=item.source.device)
            self.internal_error(item, now)

    def tick(self, now: ClockNow) -> None:
        """A PIN that was awaited did not come: the card alone is denied."""
        for source, waiting in list(self._waiting.items()):
            if now.mono_ns >= waiting.until_ns:
                del self._waiting[source]
                self._carry_out(waiting.denial, source, now)

    # --- what is presented -----------------------------------------------------------------------

    def _keys(self, item: KeysPressed, now: ClockNow) -> None:
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
        # The card's tap counts for attendance whatever its PIN comes to.
        self._conclude(attempt, now, waiting.denial.punch if waiting is not None else None)

    def _card(self, item: CardPresented, now: ClockNow) -> None:
        self._forsake(item.source, now)
        try:
            digest = card_digest(self._key, item.namespace, item.identity)
        except ValueError:
            self._conclude(UnreadableAttempt(item.source, "bad_identity"), now)
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
        self._conclude(attempt, now)

    def _forsake(self, source: Source, now: ClockNow) -> None:
        """Another card comes before the PIN of the one before: that one is denied."""
        waiting = self._waiting.pop(source, None)
        if waiting is not None:
            self._carry_out(waiting.denial, source, now)

    def _reader(self, source: Source) -> ReaderBody:
        reader_id = self._memory.index.reader_at(source.device, source.channel)
        return _DEFAULT_READER if reader_id is None else self._memory.index.readers[reader_id]

    # --- what follows ----------------------------------------------------------------------------

    def _conclude(self, attempt: Attempt, now: ClockNow, punch: PunchBody | None = None) -> None:
        decision = decide(attempt, self._memory.circumstances(now))
        if punch is not None:
            decision = replace(decision, punch=punch)
        if decision.await_pin and isinstance(attempt, CardAttempt):
            until_ns = now.mono_ns + self._reader(attempt.source).key_timeout_ms * _MS
            self._waiting[attempt.source] = _Waiting(attempt, decision, until_ns)
            self._show(attempt.source, Feedback.KEY)
            return
        self._carry_out(decision, attempt.source, now)

    def _carry_out(self, decision: Decision, source: Source, now: ClockNow) -> None:
        act_id = self._acts.new_id() if decision.release_ms is not None else None
        punched = decision.door is None and decision.punch is not None
        events = [] if punched else [NewEvent(decision.kind, decision.body(act_id))]
        if decision.punch is not None:
            events.append(NewEvent(EventKind.PUNCH, decision.punch))
        state: dict[str, bytes | None] = {}
        lockout_s = self._spend_try(decision, now, events, state)
        self._count_use(decision, state)
        taken = self._take_code(decision, now, state)
        if not self._recorder.commit(events, now, state):
            decision = self._without_journal(decision, now, events, state)
        if taken is not None and decision.takes_code and decision.door is not None:
            self._memory.hold_codes(decision.door, taken)
        if act_id is not None and decision.door is not None and decision.release_ms is not None:
            self._acts.release(act_id, decision.door, decision.release_ms, now)
        self._memory.counters["granted" if decision.granted else "denied"] += 1
        if decision.granted or punched:
            self._show(source, Feedback.GRANTED)
        elif lockout_s is not None or decision.reason is Reason.THROTTLED:
            self._show(source, Feedback.LOCKED_OUT)
        else:
            self._show(source, Feedback.DENIED)

    def _spend_try(
        self,
        decision: Decision,
        now: ClockNow,
        events: list[NewEvent],
        state: dict[str, bytes | None],
    ) -> int | None:
        reader, kind = decision.reader, decision.try_kind
        if not decision.spends_try or reader is None:
            return None
        rungs = self._memory.rungs(reader, kind)
        if not rungs:
            return None
        budget, lockout_s = self._memory.budget(reader, kind).spend(rungs, now.mono_ns)
        self._memory.budgets[reader, kind] = budget
        state[budget_name(reader, kind)] = budget.save(now.boot, now.mono_ns)
        if lockout_s is not None:
            body = LockoutBody(reader=reader, lockout_s=lockout_s, door=decision.door, kind=kind)
            events.append(NewEvent(EventKind.PIN_LOCKOUT, body))
        return lockout_s

    def _count_use(self, decision: Decision, state: dict[str, bytes | None]) -> None:
        grant = decision.counts_use
        if grant is not None:
            self._memory.uses[grant] = self._memory.uses.get(grant, 0) + 1
            state[USES + grant] = b"%d" % self._memory.uses[grant]

    def _take_code(
        self, decision: Decision, now: ClockNow, state: dict[str, bytes | None]
    ) -> DoorCodes | None:
        """A sealed code is taken: its generation and its use are kept with the event. Give what the
        door then knows."""
        door, code = decision.door, decision.code
        if not decision.takes_code or door is None or code is None:
            return None
        taken = self._memory.codes[door].taken(code, now.floor)
        state[SEALED + door] = taken.kept.save()
        return taken

    def _without_journal(
        self,
        decision: Decision,
        now: ClockNow,
        events: list[NewEvent],
        state: dict[str, bytes | None],
    ) -> Decision:
        """What becomes of a decision that could not be committed."""
        if decision.release_ms is not None and decision.door is not None:
            rule = self._memory.index.doors[decision.door].on_journal_failure
            if rule is OnJournalFailure.DENY:
                if decision.counts_use is not None:
                    self._memory.uses[decision.counts_use] -= 1
                    state.pop(USES + decision.counts_use)
                state.pop(SEALED + decision.door, None)
                decision = replace(
                    decision, reason=Reason.JOURNAL_FAILED, release_ms=None, takes_code=False
                )
                events[0] = NewEvent(decision.kind, decision.body())
        self._recorder.hold(events, now, state)
        return decision

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
            self._show(item.source, Feedback.DENIED)
        except Exception:  # the last line of defence: the loop must live to serve the next person
            _log.exception("denial_not_journaled", device=item.source.device)

    def _show(self, source: Source, feedback: Feedback) -> None:
        driver = self._drivers.of(source.device)
        if driver is None:
            return
        try:
            driver.show(source, feedback)
        except Exception:  # lights and tones never decide anything
            _log.exception("feedback_failed", device=source.device)


def _opened(digits: str, profile: Profile, key: CodeKey) -> SealedCode | None:
    return open_code(profile, key, digits)


def _digest_at(key: PinKey, digits: str, door: str) -> str:
    return pin_digest(key, door, digits)


def _never(_door: str) -> str:
    raise ValueError("what is stale is never compared")
