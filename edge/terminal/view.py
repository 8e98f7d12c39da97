"""What the screen shows at one moment: codes and times, never sentences. `page/` has the rest."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from edge.terminal.ledger import JAPAN


class Kind(StrEnum):
    """What a tap came to."""

    ASK = "ask"
    """A direction is asked for; nothing counts yet, but the tap is in the journal's keeping."""
    RECORDED = "recorded"
    REPEATED = "repeated"
    """Recorded as well, and it will not count: the same was recorded a moment ago."""
    DENIED = "denied"
    UNRECORDED = "unrecorded"
    """Nobody chose, and the setting says that nothing is recorded then."""
    UNSAVED = "unsaved"
    """The journal could not take it: it stands in memory, and whether it lasts nobody knows."""


class Notice(StrEnum):
    """What is wrong with the terminal itself."""

    NOT_SET_UP = "not_set_up"
    READER_AWAY = "reader_away"
    JOURNAL_FAILS = "journal_fails"
    CLOCK_UNTRUSTED = "clock_untrusted"
    HUB_AWAY = "hub_away"


class PunchLine(msgspec.Struct, frozen=True):
    """One of the person's own punches: `day` is `yesterday` or empty, `waits` whether its time has
    to be looked at by somebody."""

    direction: str
    at: str
    day: str = ""
    waits: bool = False


class Result(msgspec.Struct, frozen=True):
    """What stands in the middle. `name` is there for seconds; `reason` is a code of a denial;
    `earlier` is when the same was recorded already. `number` grows with each, so that the page
    sounds once."""

    number: int
    kind: Kind
    name: str = ""
    direction: str = ""
    at: str = ""
    waits: bool = False
    earlier: str = ""
    reason: str = ""
    lines: tuple[PunchLine, ...] = ()
    left_ms: int = 0
    question: int | None = None


class View(msgspec.Struct, frozen=True):
    """Everything on the screen but the running clock; `chosen` and `suggested` are directions or
    empty, `unsent` how many records the hub does not have yet."""

    keys: bool = False
    chosen: str = ""
    chosen_left_ms: int = 0
    suggested: str = ""
    result: Result | None = None
    notices: tuple[Notice, ...] = ()
    unsent: int = 0
    late: int = 0
    """Grows with each key that came after its question was over."""


def clock_text(instant: datetime) -> str:
    """An instant as Japan's clocks show it, `8:29`."""
    local = instant.astimezone(JAPAN)
    return f"{local.hour}:{local.minute:02}"
