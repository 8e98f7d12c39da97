"""Keeps the agent small: what it never uses is not imported, what its start needed is given back.

structlog takes the libraries for coloured tracebacks along wherever they are installed, and asyncio
for loggers that are awaited; sqlite-utils takes those of data frames. A log of JSON lines and a
journal use none of them.
`import_light` has to run before anything imports structlog.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Final

_UNUSED: Final = ("rich", "better_exceptions", "colorama")
_M_ARENA_MAX: Final = -8
_ARENAS: Final = 1
"""glibc gives every thread an arena of its own otherwise, which none of ours fills."""


def import_light() -> None:
    """Import structlog without what only terminals want; nothing if it is there already."""
    if "structlog" in sys.modules:
        return
    with postponed("asyncio"), without(*_UNUSED):
        import structlog
    del structlog


@contextmanager
def postponed(name: str) -> Iterator[None]:
    """Have whoever imports this module meanwhile load it once something of it is used; nothing if
    it is loaded already. An own `__getattr__` does it: what `importlib.util.LazyLoader` gives loads
    with the next import statement."""
    if name in sys.modules:
        yield
        return
    later = ModuleType(name)
    later.__dict__["__getattr__"] = lambda of: getattr(importlib.import_module(name), of)
    sys.modules[name] = later
    try:
        yield
    finally:
        del sys.modules[name]


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Have these modules look as if they were not installed, as long as they are not loaded."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # the documented way to have it fail
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def few_arenas() -> None:
    """Have threads share their memory; nothing where the C library is another one."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Let go of what the start needed, and never search through what lives for ever again."""
    gc.collect()
    gc.freeze()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
