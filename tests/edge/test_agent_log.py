"""A log that cannot be written stops nothing."""

from __future__ import annotations

import io
import sys

import pytest
import structlog

from edge.agent_log import LOG_STREAM, configure_log


@pytest.fixture(autouse=True)
def _structlog_as_it_was():
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


class _Full(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def _closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [_closed(), _Full(), None], ids=["closed", "full", "none"])
def test_a_thread_that_logs_outlives_its_log(monkeypatch, stream) -> None:
    configure_log()
    log = structlog.get_logger("edge.test")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    log.warning("first")
    lost = LOG_STREAM.lost
    monkeypatch.setattr(sys, "stderr", stream)
    log.warning("second")
    assert LOG_STREAM.lost > lost or stream is None
    after = io.StringIO()
    monkeypatch.setattr(sys, "stderr", after)
    log.warning("third")
    assert '"event": "third"' in after.getvalue()
