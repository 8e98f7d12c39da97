"""What comes of a decision: committed, then acted upon, remembered and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from edge.core.attempts import Decision
from edge.core.backup import DoorCodes
from edge.core.clock_now import ClockNow
from edge.core.model import Feedback, Source
from edge.ports import NewEvent
from edge.service import passages
from edge.service.acts import Acts, Drivers
from edge.service.memory import SEALED, USES, Memory, budget_name
from edge.service.passages import Moves
from edge.service.recorder import Recorder
from wire.events import EventKind, Factor, LockoutBody
from wire.policy_bodies import OnJournalFailure, Side
from wire.reasons import Reason

_log: Final = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Opening:
    """What an opening leaves behind: uses counted, a code taken, persons moved."""

    moves: Moves
    uses: dict[str, int] = field(default_factory=dict)
    taken: tuple[str, DoorCodes] | None = None

    @property
    def state(self) -> dict[str, bytes | None]:
        """The journal's named state of it."""
        state = {USES + grant: b"%d" % count for grant, count in self.uses.items()}
        if self.taken is not None:
            door, codes = self.taken
            state[SEALED + door] = codes.kept.save()
        return {**state, **self.moves.state}

    def apply(self, memory: Memory) -> None:
        """Remember it."""
        memory.uses.update(self.uses)
        if self.taken is not None:
            memory.hold_codes(*self.taken)
        self.moves.apply(memory)


class Outcomes:
    """Carries decisions out."""

    def __init__(self, memory: Memory, recorder: Recorder, acts: Acts, drivers: Drivers) -> None:
        self._memory = memory
        self._recorder = recorder
        self._acts = acts
        self._drivers = drivers

    def carry_out(
        self, decision: Decision, source: Source, now: ClockNow, other: Decision | None = None
    ) -> Decision:
        """Journal a decision and do what follows; give what it came to in the end. `other` is the
        opening of the one of two persons who came first: it leaves behind what any opening does."""
        act_id = self._acts.new_id() if decision.release_ms is not None else None
        punched = decision.door is None and decision.punch is not None
        events = [] if punched else [NewEvent(decision.kind, decision.body(act_id))]
        if decision.punch is not None:
            events.append(NewEvent(EventKind.PUNCH, decision.punch))
        tried: dict[str, bytes | None] = {}
        lockout_s = self._spend_try(decision, now, events, tried)
        both = (decision,) if other is None else (other, decision)
        opening, leaders = self._opening(both, now), self._leaders(both, now)
        opens = decision.granted
        if not self._recorder.commit(events, now, {**tried, **opening.state}):
            opens = opens and not self._is_shut_without_journal(decision)
            if decision.granted and not opens:
                decision = _unjournaled(decision)
                events[0] = NewEvent(decision.kind, decision.body())
            state = {**tried, **opening.state} if opens else tried
            self._recorder.hold(events, now, state)
        if opens:
            opening.apply(self._memory)
            for door, side, person in leaders:
                self._memory.note_let_in(door, side, person, now.mono_ns)
        if act_id is not None and decision.door is not None and decision.release_ms is not None:
            self._acts.release(act_id, decision.door, decision.release_ms, now)
        self._memory.counters["granted" if decision.granted else "denied"] += 1
        if decision.soft is not None and decision.granted:
            self._memory.counters[f"soft.{decision.soft.value}"] += 1
        self._show_outcome(decision, source, punched=punched, locked_out=lockout_s is not None)
        return decision

    def show(self, source: Source, feedback: Feedback) -> None:
        """Let a reader show something, if it can."""
        driver = self._drivers.of(source.device)
        if driver is None:
            return
        try:
            driver.show(source, feedback)
        except Exception:  # lights and tones never decide anything
            _log.exception("feedback_failed", device=source.device)

    # --- inside ----------------------------------------------------------------------------------

    def _show_outcome(
        self, decision: Decision, source: Source, *, punched: bool, locked_out: bool
    ) -> None:
        if decision.granted or punched:
            self.show(source, Feedback.GRANTED)
        elif locked_out or decision.reason is Reason.THROTTLED:
            self.show(source, Feedback.LOCKED_OUT)
        else:
            self.show(source, Feedback.DENIED)

    def _leaders(self, decisions: Sequence[Decision], now: ClockNow) -> list[tuple[str, Side, str]]:
        """Who may take visitors along, by door and side: those whose own grant lets them in, and
        not those who need an escort themselves. Through a door that stands open anybody walks in,
        whatever they show, and a booking's PIN may be shared: it tells of no one person."""
        about = self._memory.circumstances(now)
        leaders = []
        for one in decisions:
            reader = about.index.readers.get(one.reader or "")
            grant = about.index.grant(one.grant)
            if not one.granted or grant is None or grant.escorts:
                continue
            if one.door is None or one.person is None or reader is None:
                continue
            shared = one.factor is Factor.PIN and one.booking is not None
            if not shared and not about.stands_open(one.door):
                leaders.append((one.door, reader.side, one.person))
        return leaders

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

    def _opening(self, decisions: Sequence[Decision], now: ClockNow) -> _Opening:
        opening = _Opening(passages.going(self._memory, decisions, now))
        for decision in decisions:
            grant = decision.counts_use
            if grant is not None:
                before = opening.uses.get(grant, self._memory.uses.get(grant, 0))
                opening.uses[grant] = before + 1
            door, code = decision.door, decision.code
            if decision.takes_code and door is not None and code is not None:
                # Its generation and its use are kept with the event.
                opening.taken = door, self._memory.codes[door].taken(code, now.floor)
        return opening

    def _is_shut_without_journal(self, decision: Decision) -> bool:
        if decision.release_ms is None or decision.door is None:
            return False
        rule = self._memory.index.doors[decision.door].on_journal_failure
        return rule is OnJournalFailure.DENY


def _unjournaled(decision: Decision) -> Decision:
    return replace(
        decision,
        reason=Reason.JOURNAL_FAILED,
        release_ms=None,
        takes_code=False,
        soft=None,
        partner=None,
    )
