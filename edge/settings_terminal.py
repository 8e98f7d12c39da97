"""How an attendance terminal behaves: the table `[terminal]` of the agent's settings."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec

_SPAN: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_DAY_MIN: Final = 1_440


def minutes_of(span: str) -> tuple[int, int]:
    """Read `"05:00-10:00"` as minutes of the day, `[start, end)`; raise `ValueError`."""
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ValueError(f'{span!r}: write a span of the day as "05:00-10:00"')
    first, second, third, fourth = map(int, found.groups())
    start, end = first * 60 + second, third * 60 + fourth
    if not start < end <= _DAY_MIN:
        raise ValueError(f"{span!r}: a span ends after it starts, at 24:00 at the latest")
    return start, end


class Suggest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When which key is highlighted, as `"05:00-10:00"` in Japan's time; empty: never. Nothing is
    ever chosen by it."""

    arrive: str = "05:00-10:00"
    leave: str = "16:00-22:00"

    def __post_init__(self) -> None:
        for text in (self.arrive, self.leave):
            if text:
                minutes_of(text)


class Terminal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A screen for attendance, served on 127.0.0.1 alone.

    Without `readers` it belongs to every reader of the policy that takes punches and stands at no
    door. A key counts for `choice_s`, and for one tap. Who taps first is asked for `ask_s`; whoever
    answers nothing is recorded with a direction to be inferred, or not at all (`discard`). Names
    stand on the screen for `shown_s`. Only processes of `kiosk_user` may look at the page.
    """

    port: Annotated[int, msgspec.Meta(ge=1_024, le=65_535)] = 8_787
    readers: tuple[str, ...] = ()
    choice_s: Annotated[int, msgspec.Meta(ge=3, le=60)] = 10
    ask_s: Annotated[int, msgspec.Meta(ge=2, le=30)] = 8
    shown_s: Annotated[int, msgspec.Meta(ge=2, le=15)] = 5
    duplicate_s: Annotated[int, msgspec.Meta(ge=0, le=600)] = 60
    if_unchosen: Literal["inferred", "discard"] = "inferred"
    suggest: Suggest = Suggest()
    kiosk_user: str | None = None
