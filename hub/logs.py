"""Structured logs: one JSON object a line, without query strings, bodies, PINs or keys."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

_NEVER: Final = frozenset(
    {"pin", "digits", "password", "token", "cookie", "authorization", "secret", "key", "card"}
)


def hide_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank the fields whose name says that their value must not be kept: a second lock, for
    nobody should log them in the first place."""
    for name in event:
        if name.lower() in _NEVER:
            event[name] = "(hidden)"
    return event


def configure_logs(level: int = logging.INFO) -> None:
    """Send every log, ours and the libraries', to stderr as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Its lines carry addresses with their query strings; ours replace them.
    logging.getLogger("uvicorn.access").disabled = True
