"""Doors that open for two: who came first waits, until another comes or the time is over.

One presentation, one event: the pair's opening names both, whoever waited in vain is denied once.
A tap that should have been a punch and is none is told at once, as the denial that it is so far.
A duress PIN raises its silent alarm at once, while the reader shows what it shows to anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from edge.core.attempts import CardAttempt, Decision, PinAttempt
from edge.core.circumstances import Circumstances, FirstOfTwo
from edge.core.clock_now import ClockNow
from edge.core.decide import decide
from edge.core.model import Feedback, Source
from edge.core.place import Access, place_of
from edge.ports import NewEvent
from edge.service.memory import Memory
from edge.service.outcomes import Outcomes
from edge.service.recorder import Recorder
from wire.events import EventKind
from wire.policy_bodies import Side

_MS: Final = 1_000_000


@dataclass(slots=True)
class _First:
    """Who came first: asked again when another comes, since what held may hold no more."""

    attempt: PinAttempt | CardAttempt
    denial: Decision
    until_ns: int
    told: bool

    @property
    def source(self) -> Source:
        """The reader that was used."""
        return self.attempt.source


class SecondPersons:
    """Remembers who waits at which door and side."""

    def __init__(self, memory: Memory, recorder: Recorder, outcomes: Outcomes) -> None:
        self._memory = memory
        self._recorder = recorder
        self._outcomes = outcomes
        self._firsts: dict[tuple[str, Side], _First] = {}

    def wait(
        self, attempt: PinAttempt | CardAttempt, denial: Decision, access: Access, now: ClockNow
    ) -> None:
        """Let somebody wait for another. What they presented there before is denied."""
        place = access.door_id, access.side
        self._end(place, now)
        events = []
        if denial.punch is not None:  # the tap counts for attendance whatever comes of it
            events.append(NewEvent(EventKind.PUNCH, denial.punch))
        told = denial.duress or denial.unpunched is not None
        if told:
            events.append(NewEvent(denial.kind, denial.body()))
        if events:
            self._recorder.record(events, now)
        if isinstance(attempt, PinAttempt):
            attempt = _without_digits(attempt, access.door_id)
        until_ns = now.mono_ns + access.door.second_person_ms * _MS
        first = _First(attempt, _without_tap(denial), until_ns, told=told)
        self._firsts[place] = first
        self._note(place, first)
        self._outcomes.show(attempt.source, Feedback.WAITING)

    def ask_again(self, access: Access, now: ClockNow) -> None:
        """Another comes to a door: whoever waits there must still be one of two who may open it."""
        place = access.door_id, access.side
        first = self._firsts.get(place)
        if first is None:
            return
        about = self._memory.circumstances(now)
        # Others' wrong guesses meanwhile are not the first one's, and nobody else is there yet.
        alone = replace(
            about, throttled=lambda _reader, _kind: False, waiting=lambda _door, _side: None
        )
        again = decide(first.attempt, alone)
        if not _stands_there(first.source, access, about):
            self._end(place, now)  # what holds at another door or side holds nothing here
            return
        if again.joined is not None:
            first.denial = _without_tap(again)
            self._note(place, first)
            return
        if not again.granted:
            first.denial = replace(_without_tap(again), spends_try=False)
        self._end(place, now)

    def carry_out(self, decision: Decision, source: Source, access: Access, now: ClockNow) -> None:
        """Another has joined: carry out what both may. Who came first waits no more once that is
        done, and on where it could not be."""
        place = access.door_id, access.side
        first = self._firsts[place]
        if self._outcomes.carry_out(decision, source, now, first.denial.joined).granted:
            del self._firsts[place], self._memory.waiting[place]
            if first.source != source:
                self._outcomes.show(first.source, Feedback.GRANTED)

    def tick(self, now: ClockNow) -> None:
        """Nobody came in time: who waited is denied."""
        for place, first in list(self._firsts.items()):
            if now.mono_ns >= first.until_ns:
                self._end(place, now)

    # --- inside ----------------------------------------------------------------------------------

    def _note(self, place: tuple[str, Side], first: _First) -> None:
        joined = first.denial.joined
        if joined is None or joined.person is None:
            self._memory.waiting.pop(place, None)
            return
        self._memory.waiting[place] = FirstOfTwo(
            joined.person, joined.credential, joined.first_person, joined.counts_use
        )

    def _end(self, place: tuple[str, Side], now: ClockNow) -> None:
        first = self._firsts.pop(place, None)
        self._memory.waiting.pop(place, None)
        if first is None:
            return
        if first.told:
            self._memory.counters["denied"] += 1
            self._outcomes.show(first.source, Feedback.DENIED)
        else:
            self._outcomes.carry_out(first.denial, first.source, now)


def _stands_there(source: Source, access: Access, about: Circumstances) -> bool:
    """Whether a reader still is at that side of that door."""
    at = place_of(source, about)
    there = None if at is None else at.access
    return there is not None and (there.door_id, there.side) == (access.door_id, access.side)


def _without_tap(denial: Decision) -> Decision:
    """The same denial; what the tap is to attendance was recorded when it came."""
    return replace(denial, punch=None, unpunched=None)


def _without_digits(attempt: PinAttempt, door: str) -> PinAttempt:
    """The same attempt at that door, remembered without what was typed."""
    return PinAttempt(
        attempt.source,
        attempt.digits,
        digest=partial(_same, attempt.digest(door)),
        card=attempt.card,
    )


def _same(digest: str, _door: str) -> str:
    return digest
