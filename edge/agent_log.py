"""The agent's log: one JSON line an event, on stderr, for the system's journal.

Exceptions are written as plain tracebacks: never with the values of variables, among which there
may be digits and keys. What cannot be written is lost and counted, and stops nothing: a reader
must not die with the log.
"""

from __future__ import annotations

import sys

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
