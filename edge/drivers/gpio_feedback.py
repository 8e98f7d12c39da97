"""Light and tone of a reader that has one wire for each: told apart by rhythm, not by colour."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from edge.core.model import Feedback

Rhythm: TypeAlias = tuple[int, ...]
"""Milliseconds on, off, on, ...; it ends off."""

LIGHT: Final[Mapping[Feedback, Rhythm]] = MappingProxyType(
    {
        Feedback.GRANTED: (2_000,),
        Feedback.DENIED: (200, 200, 200, 200, 200),
        Feedback.LOCKED_OUT: (100, 100) * 14 + (100,),
        Feedback.KEY: (100,),
        Feedback.WAITING: (500, 500) * 4 + (500,),
        Feedback.BUSY: (1_000,),
        Feedback.IDLE: (),
    }
)

TONE: Final[Mapping[Feedback, Rhythm]] = MappingProxyType(
    {
        Feedback.GRANTED: (400,),
        Feedback.DENIED: (100, 100, 100, 100, 100),
        Feedback.LOCKED_OUT: (100, 100) * 4 + (100,),
        Feedback.KEY: (60,),
        Feedback.WAITING: (60, 200, 60),
        Feedback.BUSY: (),
        Feedback.IDLE: (),
    }
)
