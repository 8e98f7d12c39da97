"""What a new cause does to the messages of a booking that are still unsent. Pure.

Each message says how things stand when it is sent, so one that waits says whatever came since; and
one that has ended a booking makes everything before needless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.notices.domain import ENDINGS, Notice, NoticeKind, NoticeState

K = NoticeKind

SAID_BY: Final[dict[NoticeKind, frozenset[NoticeKind]]] = {
    K.REQUESTED: frozenset({K.REQUESTED}),
    K.CONFIRMED: frozenset({K.CONFIRMED}),
    K.CHANGED: frozenset({K.REQUESTED, K.CONFIRMED, K.CHANGED}),
    K.PIN_CHANGED: frozenset({K.CONFIRMED, K.CHANGED, K.PIN_CHANGED}),
    K.PAID: frozenset({K.CONFIRMED, K.PAID}),
    K.CANCELLED: frozenset({K.CANCELLED}),
    K.REJECTED: frozenset({K.REJECTED}),
}
"""A cause of this kind needs no message of its own while one of these waits, not yet tried."""

MAKES_NEEDLESS: Final[dict[NoticeKind, frozenset[NoticeKind]]] = {
    K.REQUESTED: frozenset(NoticeKind) - {K.LINKED, K.REMINDER},
    K.CONFIRMED: frozenset({K.REQUESTED, K.CONFIRMED, K.CHANGED, K.PIN_CHANGED, K.PAID}),
    K.CHANGED: frozenset({K.CHANGED, K.PIN_CHANGED}),
    K.PIN_CHANGED: frozenset({K.PIN_CHANGED}),
    K.PAID: frozenset({K.PAID}),
    K.CANCELLED: frozenset(NoticeKind) - {K.CANCELLED},
    K.REJECTED: frozenset(NoticeKind) - {K.REJECTED},
}
"""A message of this kind drops these where they wait, tried or not."""

PIN_WORD: Final = "pin"
"""What `changed` says where the digits are others."""


@dataclass(frozen=True, slots=True)
class Coalesced:
    """What to do: drop these rows; then let `into` say it, or make a new row."""

    dropped: tuple[Notice, ...]
    into: Notice | None
    changed: tuple[str, ...]
    was: tuple[datetime, datetime] | None


def coalesce(
    kind: NoticeKind,
    changed: Sequence[str],
    was: tuple[datetime, datetime] | None,
    unsent: Sequence[Notice],
) -> Coalesced:
    """Fit a new cause among the unsent rows of its booking. Rows a clerk asked for stay as they
    are, unless the booking ends; one that is being sent is left alone, and says less than the new.

    A row that was tried may have arrived: what is new gets a row, and so an identity, of its own.
    """
    waiting = [
        each
        for each in unsent
        if each.state is NoticeState.WAITING and (not each.explicit or kind in ENDINGS)
    ]
    into = next((each for each in waiting if each.kind in SAID_BY[kind] and each.tries == 0), None)
    needless = MAKES_NEEDLESS[kind]
    dropped = tuple(each for each in waiting if each is not into and each.kind in needless)
    if into is not None and kind not in ENDINGS:
        # What says it may itself be about less than what is dropped.
        dropped = tuple(each for each in dropped if each.kind in (K.CHANGED, K.PIN_CHANGED, K.PAID))
    words = list(changed)
    if kind is K.PIN_CHANGED or any(each.kind is K.PIN_CHANGED for each in dropped):
        words.append(PIN_WORD)
    earlier = [each for each in (*dropped, *((into,) if into else ())) if each.was is not None]
    for each in (*dropped, *((into,) if into else ())):
        words.extend(each.changed)
    first = min(earlier, key=lambda each: each.created_at, default=None)
    return Coalesced(dropped, into, tuple(dict.fromkeys(words)), first.was if first else was)
