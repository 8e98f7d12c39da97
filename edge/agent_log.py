"""The agent's log: one JSON line an event, on stderr, for the system's journal.

Exceptions are written as plain tracebacks: never with the values of variables, among which there
may be digits and keys.
"""

from __future__ import annotations

import sys

import structlog


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
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
