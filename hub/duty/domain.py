"""What stands in the outbox of the duty person, and what a digest says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hub.happenings.domain import Happening, HappeningKind
from hub.notices.domain import NoticeState

H = HappeningKind
DUTY_STEP: Final = 2
"""From this step of the ladder on a late booking is the duty person's."""
TOLD: Final = frozenset(
    {H.BOOKING_LATE, H.FEED_SHRANK, H.FEED_FAILING, H.WEBHOOK_FAILING, H.NOTICE_FAILED}
)
SETTLE: Final = timedelta(seconds=10)
"""What happens together is told together."""
APART: Final = timedelta(minutes=3)
"""Digests are at least so far apart, however much happens."""
TOO_OLD: Final = timedelta(hours=24)
"""What happened before that is told nobody: the hub stood still, or mail was not set up."""
KEPT: Final = timedelta(days=30)


def concerns_duty(happening: Happening, now: datetime) -> bool:
    """Tell whether the duty person is to hear of something."""
    if happening.kind not in TOLD or now - happening.at > TOO_OLD:
        return False
    if happening.kind is not H.BOOKING_LATE:
        return True
    step = happening.details.get("step")
    return isinstance(step, int) and step >= DUTY_STEP


@dataclass(frozen=True, slots=True)
class DutyNote:
    """Something that happened and is to be told."""

    seq: int
    kind: HappeningKind
    at: datetime
    booking_id: str | None
    other_id: str | None


@dataclass(frozen=True, slots=True)
class DutyMail:
    """A digest on its way to one address."""

    id: str
    digest: int
    address: str = field(repr=False)
    state: NoticeState
    tries: int
    created_at: datetime
    next_at: datetime
    first_tried_at: datetime | None = None
    lease_until: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LateLock:
    """A door or key box of a late booking: what is wrong and what helps, by their codes."""

    name: str
    findings: tuple[str, ...]
    remedies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that still stands when a digest is written. `facts` are pairs of a sentence's key
    and a value; `path` is the page of the console that deals with it."""

    kind: HappeningKind
    facts: tuple[tuple[str, str], ...]
    path: str
    window: tuple[datetime, datetime] | None = None
    locks: tuple[LateLock, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
