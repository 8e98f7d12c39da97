"""The loop's part of a terminal: decide, commit, and only then say so on the screen.

A tap whose direction is asked for is kept in the journal's state until it is known, with the clock
as it stood at the tap: a power cut in between loses none, and the punch has the tap's own time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import msgspec
import structlog

from edge.core.attempts import Decision
from edge.core.clock_now import ClockNow
from edge.core.model import Feedback, KeysPressed, PunchChosen, Source
from edge.core.punches import BY_KEY
from edge.ports import NewEvent
from edge.service.memory import Memory
from edge.service.outcomes import Outcomes
from edge.service.recorder import Recorder
from edge.settings_terminal import Terminal
from edge.terminal import choices
from edge.terminal.choices import Settled, Standing, Step, Tap, Waits
from edge.terminal.ledger import JAPAN, KEPT, Ledger, Noted
from edge.terminal.notices import Looker
from edge.terminal.screen import Screen
from edge.terminal.view import Kind, Notice, PunchLine, Result, View, clock_text
from wire.errors import WireError
from wire.events import EventKind, PunchDirection
from wire.policy_bodies import PunchRule, ReaderBody, Side
from wire.reasons import Reason

PENDING: Final = "terminal/asked"
CLEAR_KEY: Final = "*"
_SECOND: Final = 1_000_000_000
_LINES_MAX: Final = 8
_UNSHOWN: Final = 1 << 62
"""Until when a result stands that was not on the screen yet."""

_log = structlog.get_logger(__name__)


class Desk:
    """Fulfils `edge.ports.terminal.PunchDesk`."""

    def __init__(
        self,
        settings: Terminal,
        memory: Memory,
        recorder: Recorder,
        outcomes: Outcomes,
        screen: Screen,
        open_name: Callable[[str, str], str],
    ) -> None:
        self._settings = settings
        self._waits = Waits(settings.choice_s, settings.ask_s)
        self._memory = memory
        self._recorder = recorder
        self._outcomes = outcomes
        self._screen = screen
        self._open_name = open_name
        self._looker = Looker(settings, memory, recorder, self.is_ours)
        self._ledger = Ledger()
        self._standing = Standing()
        self._result: Result | None = None
        self._until_ns = 0
        self._results = 0
        self._late = 0

    # --- for the loop ----------------------------------------------------------------------------

    def begin(self, now: ClockNow) -> None:
        """Take up what the journal holds: the punches of today, and a tap that was asked about when
        the run before ended. Raises `JournalError` where it cannot be read."""
        journal = self._recorder.journal
        self._ledger.take_up(journal.punches_since(now.at - KEPT))
        kept = journal.state(PENDING).get(PENDING)
        if kept is not None:
            try:
                tap = msgspec.json.decode(kept, type=Tap)
            except msgspec.DecodeError:
                self._memory.counters["state_unreadable"] += 1
                _log.exception("state_unreadable", name=PENDING)
            else:
                self._settle(Settled(tap, None), asked=True)
        self._result = None  # whose it was has gone
        self._show(now)

    def keys(self, item: KeysPressed, now: ClockNow) -> bool:
        """Keys 1 to 4 of a reader's own keypad choose; `*` takes back; others say nothing."""
        reader = self._reader(item.source)
        if reader is None or reader.punch is not PunchRule.CHOSEN:
            return False
        for pressed in "" if item.stale else item.keys:
            if pressed in BY_KEY:
                self._press(BY_KEY[pressed], item.at_ns, None, now)
            elif pressed == CLEAR_KEY:
                self._follow(choices.clear(self._standing), now)
        return True

    def choose(self, item: PunchChosen, now: ClockNow) -> None:
        """A key of the screen; without a reader where people choose it chooses nothing."""
        if self._looker.chooses():
            self._press(item.direction, item.at_ns, item.answers, now)

    def conclude(self, decision: Decision, source: Source, at_ns: int, now: ClockNow) -> bool:
        """Record or ask, and show."""
        reader = self._reader(source)
        if reader is None:
            return False
        punch = decision.punch
        if punch is None:
            decision = self._outcomes.carry_out(decision, source, now)
            self._deny(decision.reason, now)
            return True
        new = Tap(punch, source, now)
        chosen = self._standing.chosen
        ask = reader.punch is PunchRule.CHOSEN
        if ask and (chosen is None or at_ns >= chosen.until_ns):
            # A card held twice by mistake is no question: it is recorded, and said.
            ask = self._repeats(punch.person, None, now) is None
        step = choices.tap(self._standing, new, at_ns, self._waits, ask=ask)
        self._follow(step, now, new)
        return True

    def failed(self, source: Source, now: ClockNow) -> None:
        """Say that nothing was recorded."""
        if self._reader(source) is not None:
            self._deny(Reason.INTERNAL_ERROR, now)

    def tick(self, now: ClockNow) -> None:
        """Questions, choices and names end."""
        self._follow(choices.tick(self._standing, now.mono_ns), now)

    def notices(self, now: ClockNow) -> tuple[Notice, ...]:
        """What is wrong with the terminal, for the doctor."""
        return self._looker.look(now).notices

    def is_ours(self, reader_id: str, reader: ReaderBody) -> bool:
        """Whether a reader of the policy belongs to this screen."""
        if reader.punch is PunchRule.NONE:
            return False
        if self._settings.readers:
            return reader_id in self._settings.readers
        return reader.side is Side.TERMINAL or reader.door is None

    # --- inside ----------------------------------------------------------------------------------

    def _reader(self, source: Source) -> ReaderBody | None:
        index = self._memory.index
        reader_id = index.reader_at(source.device, source.channel)
        if reader_id is None:
            return None
        reader = index.readers[reader_id]
        return reader if self.is_ours(reader_id, reader) else None

    def _press(
        self, direction: PunchDirection, at_ns: int, answers: int | None, now: ClockNow
    ) -> None:
        step = choices.key(self._standing, direction, at_ns, self._waits, answers)
        self._late += step.late
        if step.standing.chosen is not None:
            self._result = None  # what the one before was told is no longer in the way
        self._follow(step, now)

    def _follow(self, step: Step, now: ClockNow, new: Tap | None = None) -> None:
        """Do what a step asks for, then show what is true."""
        before, self._standing = self._standing.asked, step.standing
        for settled in step.settled:
            self._settle(settled, asked=before is not None and settled.tap is before.tap)
        asked = step.standing.asked
        if asked is not None and (asked is not before or new is not None):
            if asked is not before:
                self._recorder.commit([], asked.tap.now, {PENDING: msgspec.json.encode(asked.tap)})
            self._ask(asked)
        if self._result is not None and now.mono_ns >= self._until_ns:
            self._result = None
        self._show(now)

    def _settle(self, settled: Settled, *, asked: bool) -> None:
        """Record a tap, committed before anything says so; give up the journal's keeping of it in
        the same commit."""
        tap, direction = settled.tap, settled.direction
        state: dict[str, bytes | None] = {PENDING: None} if asked else {}
        if asked and direction is None and self._settings.if_unchosen == "discard":
            self._memory.counters["taps_unchosen"] += 1
            self._recorder.record([], tap.now, state)
            self._tell(Kind.UNRECORDED, tap)
            return
        punch = tap.punch
        if direction is not None:
            punch = msgspec.structs.replace(punch, direction=direction)
        earlier = self._repeats(punch.person, punch.direction, tap.now)
        event = NewEvent(EventKind.PUNCH, punch)
        saved = self._recorder.commit([event], tap.now, state)
        if not saved:
            self._recorder.hold([event], tap.now, state)
        self._ledger.note(punch.person, punch.direction, tap.now)
        self._memory.counters["punches"] += 1
        kind = Kind.RECORDED if earlier is None else Kind.REPEATED
        self._tell(kind if saved else Kind.UNSAVED, replace(tap, punch=punch), earlier)

    def _repeats(
        self, person: str, direction: PunchDirection | None, now: ClockNow
    ) -> Noted | None:
        return self._ledger.repeated(person, direction, now, self._settings.duplicate_s)

    def _ask(self, asked: choices.Asked) -> None:
        tap = asked.tap
        self._outcomes.show(tap.source, Feedback.WAITING)
        result = self._about(Kind.ASK, tap)
        left_ms = self._settings.ask_s * 1_000
        self._put(
            msgspec.structs.replace(result, question=asked.number, left_ms=left_ms),
            asked.until_ns,
        )

    def _tell(self, kind: Kind, tap: Tap, earlier: Noted | None = None) -> None:
        well = kind in (Kind.RECORDED, Kind.REPEATED)
        self._outcomes.show(tap.source, Feedback.GRANTED if well else Feedback.DENIED)
        result = self._about(kind, tap)
        if earlier is not None:
            result = msgspec.structs.replace(
                result, earlier=clock_text(earlier.at), direction=earlier.direction.value
            )
        self._put(result, None)

    def _about(self, kind: Kind, tap: Tap) -> Result:
        """What is said of a tap to whoever it was: their name, and their own punches."""
        person, today = tap.punch.person, tap.now.at.astimezone(JAPAN).date()
        noted = self._ledger.today(person, tap.now)[-_LINES_MAX:]
        lines = tuple(
            PunchLine(
                one.direction.value,
                clock_text(one.at),
                "" if one.day == today else "yesterday",
                not one.relied_on,
            )
            for one in noted
        )
        self._results += 1
        return Result(
            self._results,
            kind,
            name=self._name_of(person),
            direction="" if kind is Kind.ASK else tap.punch.direction.value,
            at=clock_text(tap.now.at),
            waits=not tap.now.relied_on,
            lines=lines,
        )

    def _deny(self, reason: Reason, now: ClockNow) -> None:
        self._results += 1
        self._put(Result(self._results, Kind.DENIED, reason=reason.value), None)
        self._show(now)

    def _put(self, result: Result, until_ns: int | None) -> None:
        self._result = result
        # Counted from when it is shown, not from the tap: half a minute may lie between.
        self._until_ns = until_ns if until_ns is not None else _UNSHOWN

    def _name_of(self, person: str) -> str:
        flags = self._memory.index.person(person)
        if flags is None or flags.name is None:
            return ""
        try:
            return self._open_name(person, flags.name)
        except WireError:
            self._memory.counters["names_unreadable"] += 1
            return ""

    def _show(self, now: ClockNow) -> None:
        if self._result is not None and self._until_ns == _UNSHOWN:
            self._until_ns = now.mono_ns + self._settings.shown_s * _SECOND
        look = self._looker.look(now)
        chosen = self._standing.chosen
        view = View(
            keys=look.chooses,
            chosen="" if chosen is None else chosen.direction.value,
            chosen_left_ms=0 if chosen is None else self._settings.choice_s * 1_000,
            suggested=look.suggested,
            result=self._result,
            notices=look.notices,
            unsent=look.unsent,
            late=self._late,
        )
        self._screen.show(view, now.at)
