"""A bound on the time that somebody else's rule may take.

`dateutil` looks for the next date of a rule without ever coming back where there is none ("every
30th of February"). A thread cannot be ended from outside, but its profile function is called at
every call it makes, and what that raises is raised there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class TooSlowError(Exception):
    """It took longer than it may."""


@contextmanager
def deadline(limit_s: float) -> Iterator[None]:
    """Raise `TooSlowError` in this thread at the first call made after so many seconds."""
    end = time.monotonic() + limit_s
    before = sys.getprofile()

    def look(frame: FrameType, event: str, argument: Any) -> None:  # noqa: ARG001  # Python's shape
        if time.monotonic() > end:
            sys.setprofile(None)
            raise TooSlowError

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)
