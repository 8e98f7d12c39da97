"""The try budget of a reader: how many wrong PINs it takes, and for how long it then takes none.

The rule is `tries` in `budget_window_s`, then a lockout of `lockout_s`, doubling up to
`lockout_max_s` while the budget stays exhausted. A plain sliding window would let a patient guesser
make one try less than the limit for ever and never meet the doubling. So the doubling is a ladder:
the k-th rung is full when k times `tries` failures lie within the sum of the first k lockouts, and
is answered by the k-th lockout, at least until its oldest failure has left that span. Hence at any
pace, nobody gets more tries out of a span of time than somebody who always uses them up at once:
`most_tries` is that bound, for spans up to the day that is remembered.

A success restores nothing. Ages count on the monotonic clock; over a reboot no time counts as
passed, so switching the power off wins nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from wire.policy_bodies import ReaderBody

SECOND: Final = 1_000_000_000
_HORIZON_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Rung:
    """So many failures within a window are answered by a lockout."""

    failures: int
    window_s: int
    lockout_s: int


def ladder(reader: ReaderBody) -> tuple[Rung, ...]:
    """Give a reader's rungs, lowest first, up to the first that spans more than a day."""
    rungs: list[Rung] = []
    lockout_s = min(reader.lockout_s, reader.lockout_max_s)
    span_s = lockout_s
    while not rungs or rungs[-1].window_s <= _HORIZON_S:
        window_s = max(span_s, reader.budget_window_s)
        rungs.append(Rung(reader.tries * (len(rungs) + 1), window_s, lockout_s))
        lockout_s = min(lockout_s * 2, reader.lockout_max_s)
        span_s += lockout_s
    return tuple(rungs)


def most_tries(reader: ReaderBody, span_s: int) -> int:
    """Give the most PINs that can be compared at a reader within a span of up to a day."""
    lockout_s = min(reader.lockout_s, reader.lockout_max_s)
    tries = reader.tries
    spent_s = lockout_s
    while spent_s <= span_s:
        tries += reader.tries
        lockout_s = min(lockout_s * 2, reader.lockout_max_s)
        spent_s += lockout_s
    return tries


class _Saved(msgspec.Struct, frozen=True):
    """A budget as it is kept: ages, since a monotonic time means nothing in another boot."""

    boot: str
    at_ns: int
    failed_ns: tuple[int, ...]
    until_ns: int


@dataclass(frozen=True, slots=True)
class Budget:
    """The failures a reader remembers (monotonic ns, oldest first); no PIN before `until_ns`."""

    failed_ns: tuple[int, ...] = ()
    until_ns: int = 0

    def throttled(self, now_ns: int) -> bool:
        """Whether no PIN is compared now."""
        return now_ns < self.until_ns

    def spend(self, rungs: tuple[Rung, ...], now_ns: int) -> tuple[Budget, int | None]:
        """Count a wrong PIN; give the budget left and, where it is spent, the lockout in s."""
        oldest_ns = now_ns - rungs[-1].window_s * SECOND
        failed = (*(at for at in self.failed_ns if at > oldest_ns), now_ns)
        failed = failed[-rungs[-1].failures :]
        until_ns = self.until_ns
        for rung in rungs:
            if len(failed) < rung.failures:
                break
            left_ns = failed[-rung.failures] + rung.window_s * SECOND
            if left_ns > now_ns:  # full
                until_ns = max(until_ns, left_ns, now_ns + rung.lockout_s * SECOND)
        if until_ns <= now_ns:
            return Budget(failed, until_ns), None
        return Budget(failed, until_ns), -(-(until_ns - now_ns) // SECOND)

    def save(self, boot: str, now_ns: int) -> bytes:
        """Give the bytes to keep."""
        return msgspec.json.encode(_Saved(boot, now_ns, self.failed_ns, self.until_ns))

    @classmethod
    def load(cls, data: bytes, boot: str, now_ns: int) -> Budget:
        """Take a budget up again; in another boot everything is as old as when it was kept.

        Raises `ValueError` for bytes that are no budget.
        """
        saved = msgspec.json.decode(data, type=_Saved)
        shift = 0 if saved.boot == boot else now_ns - saved.at_ns
        return cls(tuple(at + shift for at in saved.failed_ns), saved.until_ns + shift)
