"""One choice of a list box."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """What is sent, and what is read."""

    value: str
    text: str
