"""What is wrong with the terminal itself, and which key the time of day suggests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from edge.core.clock_now import ClockNow
from edge.ports import JournalError
from edge.service.memory import Memory
from edge.service.recorder import Recorder
from edge.settings_terminal import Terminal, minutes_of
from edge.terminal.ledger import JAPAN
from edge.terminal.view import Notice
from wire.events import PunchDirection
from wire.policy_bodies import PunchRule, ReaderBody

_COUNT_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: whether people choose, the suggested direction or nothing."""

    chooses: bool
    suggested: str
    notices: tuple[Notice, ...]
    unsent: int


class Looker:
    """Looks at the loop's memory; counts the journal's unsent rows at most once a second."""

    def __init__(
        self,
        settings: Terminal,
        memory: Memory,
        recorder: Recorder,
        is_ours: Callable[[str, ReaderBody], bool],
    ) -> None:
        self._memory = memory
        self._recorder = recorder
        self._is_ours = is_ours
        self._suggest = tuple(
            (minutes_of(span), direction.value)
            for span, direction in (
                (settings.suggest.arrive, PunchDirection.IN),
                (settings.suggest.leave, PunchDirection.OUT),
            )
            if span
        )
        self._unsent = 0
        self._counted_ns: int | None = None

    def chooses(self) -> bool:
        """Whether people choose at one of the readers."""
        return any(one.punch is PunchRule.CHOSEN for one in self._readers())

    def look(self, now: ClockNow) -> Look:
        """Look at everything."""
        readers = self._readers()
        notices = []
        if not readers:
            notices.append(Notice.NOT_SET_UP)
        elif not all(self._answers(one.device) for one in readers):
            notices.append(Notice.READER_AWAY)
        if self._recorder.failure is not None:
            notices.append(Notice.JOURNAL_FAILS)
        if not now.relied_on:
            notices.append(Notice.CLOCK_UNTRUSTED)
        if not self._memory.link_up:
            notices.append(Notice.HUB_AWAY)
        chooses = any(one.punch is PunchRule.CHOSEN for one in readers)
        suggested = self._suggested(now) if chooses else ""
        return Look(chooses, suggested, tuple(notices), self._count(now))

    def _readers(self) -> list[ReaderBody]:
        readers = self._memory.index.readers
        return [body for one, body in readers.items() if self._is_ours(one, body)]

    def _answers(self, device: str) -> bool:
        standing = self._memory.devices.get(device)
        return standing is not None and standing.online is True

    def _suggested(self, now: ClockNow) -> str:
        if not now.relied_on:
            return ""
        local = now.at.astimezone(JAPAN)
        minute = local.hour * 60 + local.minute
        return next((name for (start, end), name in self._suggest if start <= minute < end), "")

    def _count(self, now: ClockNow) -> int:
        """Rows the hub does not have; only told while it cannot be reached."""
        if self._memory.link_up:
            self._counted_ns = None
            return 0
        if self._counted_ns is None or now.mono_ns - self._counted_ns >= _COUNT_NS:
            self._counted_ns = now.mono_ns
            with suppress(JournalError):  # it is told by a notice of its own
                self._unsent = self._recorder.journal.counters().get("unacknowledged", 0)
        return self._unsent
