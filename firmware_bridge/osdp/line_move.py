"""Moving a whole line to another speed: all boards, or none.

Every board is told in turn (COMSET in its secure channel) while the others still listen at the
old speed; then the line follows and everybody must be back. Who is not is looked for at the old
speed and told again; if that does not help, all are brought back, and who is still missing is
looked for at every other speed, each once.

The plan is a generator that yields what it waits for; it is stepped with the bus.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass
from typing import Final, Protocol

from firmware_bridge.osdp.codes import BAUD_RATES
from firmware_bridge.osdp.config import MS, SECOND

_ROUNDS: Final = 3
_TELL_NS: Final = 3 * SECOND
_GATHER_NS: Final = 5 * SECOND
_LOOK_NS: Final = 2_500 * MS


@dataclass(frozen=True, slots=True)
class LineMoved:
    """How a move ended: the line is now at `baud`; `missing` are the addresses that answer at no
    speed that was tried."""

    moved: bool
    baud: int
    missing: tuple[int, ...]


class Line(Protocol):
    """What a move needs of its bus."""

    baud: int

    def addresses(self) -> frozenset[int]:
        """Every peripheral of the line."""

    def serving(self) -> frozenset[int]:
        """Those that are online now."""

    def tell(self, address: int, baud: int, deadline_ns: int, now_ns: int) -> int:
        """Sends a COMSET; gives the id of the command."""

    def tune(self, baud: int, now_ns: int) -> None:
        """Sets the line itself to a speed."""


@dataclass(frozen=True, slots=True)
class _Wait:
    holds: Callable[[], bool]
    until_ns: int


_Plan = Generator[_Wait, int, None]


class LineMove:
    """One move under way; `step` gives its end."""

    def __init__(self, line: Line, baud: int, now_ns: int) -> None:
        self._line = line
        self._old, self._new = line.baud, baud
        self._now_ns = now_ns
        self._answered: set[int] = set()
        self._plan = self._move()
        self._result: LineMoved | None = None
        self._wait: _Wait | None = None
        self._go_on()

    @property
    def wake_ns(self) -> int:
        """When to step without anything having happened."""
        return 0 if self._wait is None else self._wait.until_ns

    def finished(self, command_id: int) -> None:
        """A command has its result, whatever it is: what counts is who comes back."""
        self._answered.add(command_id)

    def step(self, now_ns: int) -> LineMoved | None:
        """Goes on when what was waited for is there, or too late; gives the end once reached."""
        self._now_ns = now_ns
        while self._wait is not None and (self._wait.holds() or now_ns >= self._wait.until_ns):
            self._go_on()
        return self._result

    def _go_on(self) -> None:
        try:
            self._wait = next(self._plan)
        except StopIteration:
            self._wait = None

    def _missing(self) -> frozenset[int]:
        return self._line.addresses() - self._line.serving()

    def _end(self, moved: bool) -> None:
        self._result = LineMoved(moved, self._line.baud, tuple(sorted(self._missing())))

    def _move(self) -> _Plan:
        if self._missing() or self._new == self._old:
            # A board that is away now would stay behind.
            self._end(moved=self._new == self._old)
            return
        for _ in range(_ROUNDS):
            yield from self._tell_all(self._new)
            yield from self._tune(self._new, self._line.addresses(), _GATHER_NS)
            if not self._missing():
                self._end(moved=True)
                return
            yield from self._tune(self._old, self._missing(), _LOOK_NS)
        yield from self._go_back()
        self._end(moved=False)

    def _go_back(self) -> _Plan:
        """Brings everybody to the old speed, from the new one first and then from the others."""
        others = [baud for baud in BAUD_RATES if baud not in (self._old, self._new)]
        for speed in (self._new, *others):
            if not self._missing():
                return
            yield from self._tune(speed, self._missing(), _LOOK_NS)
            yield from self._tell_all(self._old)
            yield from self._tune(self._old, self._line.addresses(), _GATHER_NS)

    def _tell_all(self, baud: int) -> _Plan:
        for address in sorted(self._line.serving()):
            if address not in self._line.serving():
                # It left, or was taken from the line, while the others were told.
                continue
            deadline_ns = self._now_ns + _TELL_NS
            command_id = self._line.tell(address, baud, deadline_ns, self._now_ns)
            yield _Wait(lambda one=command_id: one in self._answered, deadline_ns)  # type: ignore[misc]

    def _tune(self, baud: int, awaited: Collection[int], longest_ns: int) -> _Plan:
        if baud != self._line.baud:
            self._line.tune(baud, self._now_ns)
        wanted = frozenset(awaited)
        yield _Wait(lambda: wanted <= self._line.serving(), self._now_ns + longest_ns)
