"""Hands what is to be seen from the loop to whoever shows it: one writer, any number of readers."""

from __future__ import annotations

import secrets
import threading
from datetime import datetime
from typing import Final

import msgspec

from edge.terminal.view import View

_encode: Final = msgspec.json.Encoder().encode


class _Message(msgspec.Struct, frozen=True):
    """What a page is sent. `life` is new at every start of the agent: a page of another life loads
    itself anew. `now` is the agent's own clock."""

    life: str
    version: int
    now: datetime
    view: View


class Screen:
    """The newest view, and its number."""

    def __init__(self) -> None:
        self.life: Final = secrets.token_hex(8)
        self._changed = threading.Condition()
        self._view = View()
        self._version = 0
        self._message = b""
        self._closed = False

    def show(self, view: View, now: datetime) -> None:
        """Show a view, unless it is what is shown already. Called by the loop alone."""
        if view == self._view and self._version:
            return
        with self._changed:
            self._view, self._version = view, self._version + 1
            self._message = _encode(_Message(self.life, self._version, now, view))
            self._changed.notify_all()

    def after(self, version: int, timeout_s: float) -> tuple[int, bytes]:
        """Wait for a view newer than a version; give its number and JSON, or the version and
        nothing if none came. Raises `EOFError` once the screen is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._version > version, timeout_s)
            if self._closed:
                raise EOFError
            if self._version == version:
                return version, b""
            return self._version, self._message

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
