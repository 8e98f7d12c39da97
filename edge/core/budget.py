"""The try budgets of a reader: how many wrong PINs it takes, and for how long it then takes none;
and the same for card numbers that anybody can copy.

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

from wire.events import TryKind
from wire.policy_bodies import ReaderBody

SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of tries is counted: `tries` in `window_s`, and the lockouts that answer them.
    Failures are remembered for `horizon_s`; `most_tries` is exact for spans up to it."""

    tries: int
    window_s: int
    lockout_s: int
    lockout_max_s: int
    horizon_s: int


def rule_of(reader: ReaderBody, kind: TryKind = TryKind.PIN) -> Rule | None:
    """Give a reader's rule for a kind of tries; None where it does not count them.

    An hour is remembered of cards, as many as their budget takes: what is written with each wrong
    one must stay small.
    """
    if kind is TryKind.PIN:
        longest_s = reader.lockout_max_s
        first_s = min(reader.lockout_s, longest_s)
        return Rule(reader.tries, reader.budget_window_s, first_s, longest_s, 86_400)
    if reader.card_tries == 0:
        return None
    longest_s = reader.card_lockout_max_s
    first_s = min(reader.card_lockout_s, longest_s)
    return Rule(reader.card_tries, reader.card_window_s, first_s, longest_s, 3_600)


@dataclass(frozen=True, slots=True)
class Rung:
    """So many failures within a window are answered by a lockout."""

    failures: int
    window_s: int
    lockout_s: int


def ladder(reader: ReaderBody, kind: TryKind = TryKind.PIN) -> tuple[Rung, ...]:
    """Give a reader's rungs, lowest first, up to the first that spans more than is remembered; none
    where it does not count this kind."""
    rule = rule_of(reader, kind)
    if rule is None:
        return ()
    rungs: list[Rung] = []
    lockout_s = span_s = rule.lockout_s
    while not rungs or rungs[-1].window_s <= rule.horizon_s:
        window_s = max(span_s, rule.window_s)
        rungs.append(Rung(rule.tries * (len(rungs) + 1), window_s, lockout_s))
        lockout_s = min(lockout_s * 2, rule.lockout_max_s)
        span_s += lockout_s
    return tuple(rungs)


def most_tries(reader: ReaderBody, span_s: int, kind: TryKind = TryKind.PIN) -> int:
    """Give the most wrong PINs, or cards, that a reader compares within a span, both ends included.

    Of what is no longer remembered nothing follows: a longer span takes at most what its parts take
    one by one. Raises `ValueError` for a kind that is not counted.
    """
    rule = rule_of(reader, kind)
    if rule is None:
        raise ValueError(f"{kind} is not counted at this reader")
    if span_s <= rule.horizon_s:
        return _tries_within(rule, span_s)
    whole, rest_s = divmod(span_s, rule.horizon_s)
    return whole * _tries_within(rule, rule.horizon_s) + _tries_within(rule, rest_s)


def _tries_within(rule: Rule, span_s: int) -> int:
    lockout_s = spent_s = rule.lockout_s
    tries = rule.tries
    while spent_s <= span_s:
        tries += rule.tries
        lockout_s = min(lockout_s * 2, rule.lockout_max_s)
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
    """The failures of one kind that a reader remembers (monotonic ns, oldest first); it compares
    none before `until_ns`."""

    failed_ns: tuple[int, ...] = ()
    until_ns: int = 0

    def throttled(self, now_ns: int) -> bool:
        """Whether none is compared now."""
        return now_ns < self.until_ns

    def spend(self, rungs: tuple[Rung, ...], now_ns: int) -> tuple[Budget, int | None]:
        """Count a wrong one; give the budget left and, where it is spent, the lockout in s."""
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
