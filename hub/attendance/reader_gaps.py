"""When a terminal could not record: so that 'no punches' is told from 'the reader was down'. Pure.

    up   --its device goes offline, or is not served--> down (reader_away)
    up   --the agent ends or dies--> down (agent_down), from its last sign of life on
    down --its device answers--> up

A controller that is cut off keeps recording, so that is no gap. What it has not told yet is not
known: that is said apart (`not_told`), and becomes what it was once the controller is heard again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final


class SignKind(StrEnum):
    """What an entry says of a reader."""

    ONLINE = "online"
    """Its device answers, and is served."""
    OFFLINE = "offline"
    """Its device does not answer, or is not served."""
    AGENT_ENDED = "agent_ended"
    """The agent stopped in order."""
    AGENT_BEGAN = "agent_began"
    """The agent started: whatever ended it, nobody recorded before."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One entry, in the order of the journal. Of a start, `last_sign` is when the run before gave
    its last sign of life."""

    kind: SignKind
    at: datetime
    last_sign: datetime | None = None


class GapCause(StrEnum):
    """Why nothing could be recorded."""

    READER_AWAY = "reader_away"
    AGENT_DOWN = "agent_down"
    NEVER_HEARD = "never_heard"
    """Nothing was ever heard of the reader until then."""
    NOT_TOLD = "not_told"
    """Whether anything was recorded is not known yet: the controller has not told."""


@dataclass(frozen=True, slots=True)
class ReaderGap:
    """An interval `[start, end)` in which a reader could not record; `end` is None where it lasts
    beyond the range that was asked for."""

    reader_id: str
    start: datetime
    end: datetime | None
    cause: GapCause

    @property
    def sure(self) -> bool:
        """Whether it is known that nothing could be recorded."""
        return self.cause is not GapCause.NOT_TOLD

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether it touches `[start, end)`."""
        return self.start < end and (self.end is None or self.end > start)


@dataclass(frozen=True, slots=True)
class ReaderSigns:
    """What is known of one reader: the entries up to the end of the range that is asked for, from
    the newest before its start on, and the instant up to which its controller has told everything
    (None: nothing yet)."""

    reader_id: str
    signs: tuple[Sign, ...]
    told_through: datetime | None


_EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
_DOWN: Final = {
    SignKind.OFFLINE: GapCause.READER_AWAY,
    SignKind.AGENT_ENDED: GapCause.AGENT_DOWN,
    SignKind.AGENT_BEGAN: GapCause.AGENT_DOWN,
}


def reader_gaps(known: ReaderSigns, start: datetime, end: datetime) -> tuple[ReaderGap, ...]:
    """Give the gaps of a reader within `[start, end)`, oldest first, cut to it. `end` is now at the
    latest: what is to come is no gap."""
    told = min(end, known.told_through) if known.told_through is not None else start
    found = [gap for gap in _down_times(known) if _touches(gap, start, told)]
    gaps = [_cut(gap, start, told) for gap in found]
    if told < end:
        since = max(start, told)
        gaps = [gap for gap in gaps if gap.end is not None or gap.start < since]
        gaps = [_ended(gap, since) for gap in gaps]
        gaps.append(ReaderGap(known.reader_id, since, None, GapCause.NOT_TOLD))
    return tuple(gaps)


def explains(gaps: Iterable[ReaderGap], start: datetime, end: datetime) -> Sequence[ReaderGap]:
    """Give the gaps that may be why there is no punch in `[start, end)`."""
    return [gap for gap in gaps if gap.overlaps(start, end)]


def _down_times(known: ReaderSigns) -> list[ReaderGap]:
    """All times at which it was down, the last without an end if it is so still."""
    gaps: list[ReaderGap] = []
    since: datetime | None = None
    cause = GapCause.NEVER_HEARD
    if not known.signs:
        return [ReaderGap(known.reader_id, _EVER, None, cause)]
    if known.signs[0].kind is SignKind.ONLINE:
        since, cause = _EVER, GapCause.NEVER_HEARD
    for sign in known.signs:
        if sign.kind is SignKind.ONLINE:
            if since is not None and since < sign.at:
                gaps.append(ReaderGap(known.reader_id, since, sign.at, cause))
            since = None
        elif since is None:
            began = sign.last_sign if sign.last_sign is not None else sign.at
            # A clock that was put right may make the last sign the later one.
            since, cause = min(began, sign.at), _DOWN[sign.kind]
    if since is not None:
        gaps.append(ReaderGap(known.reader_id, since, None, cause))
    return gaps


def _touches(gap: ReaderGap, start: datetime, end: datetime) -> bool:
    return start < end and gap.overlaps(start, end)


def _cut(gap: ReaderGap, start: datetime, end: datetime) -> ReaderGap:
    until = None if gap.end is None or gap.end > end else gap.end
    return ReaderGap(gap.reader_id, max(gap.start, start), until, gap.cause)


def _ended(gap: ReaderGap, at: datetime) -> ReaderGap:
    return gap if gap.end is not None else ReaderGap(gap.reader_id, gap.start, at, gap.cause)
