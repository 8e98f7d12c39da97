"""The agent's log: one JSON line an event, on stderr, for the system's journal.

Exceptions are written as plain tracebacks: never with the values of variables, among which there
may be digits and keys. What cannot be written is lost and counted, and stops nothing: a reader
must not die with the log.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


class LogStream:
    """Today's stderr, whatever becomes of it: closed, its reader gone, its disk full."""

    def __init__(self) -> None:
        self.lost = 0

    def write(self, text: str) -> int:
        """Write a line if it can be written; give its length either way."""
        try:
            return sys.stderr.write(text) if sys.stderr is not None else 0
        except (OSError, ValueError):
            self.lost += 1
            return len(text)

    def flush(self) -> None:
        """Flush if it can be done."""
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
        except (OSError, ValueError):
            self.lost += 1


LOG_STREAM = LogStream()


def configure_log() -> None:
    """Set structlog up, unless whoever runs the agent has."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=LOG_STREAM),  # type: ignore[arg-type]  # it writes and flushes, and is asked nothing else
        cache_logger_on_first_use=True,
    )


@contextmanager
def lost_exceptions_logged() -> Iterator[None]:
    """Let no exception vanish that ends a thread, or that nobody could raise (a finaliser's)."""
    log = structlog.get_logger(__name__)
    before = threading.excepthook, sys.unraisablehook

    def of_thread(lost: threading.ExceptHookArgs) -> None:
        if lost.exc_type is not SystemExit:
            name = "" if lost.thread is None else lost.thread.name
            log.critical(
                "thread_died", thread=name, exc_info=_triple(lost.exc_type, lost.exc_value)
            )

    def unraisable(lost: sys.UnraisableHookArgs) -> None:
        # Neither the object nor its repr: they may hold what must not be logged.
        log.error("exception_lost", exc_info=_triple(lost.exc_type, lost.exc_value))

    threading.excepthook, sys.unraisablehook = of_thread, unraisable
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = before


def _triple(
    kind: type[BaseException], value: BaseException | None
) -> tuple[type[BaseException], BaseException, object]:
    error = kind() if value is None else value
    return kind, error, error.__traceback__
