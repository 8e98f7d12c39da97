"""`kagimori-edge status [--watch] [--json]`: once, each second, or a stream of JSON lines.

Plain ANSI on the other screen of the terminal: over ssh nothing else is needed, and what stood
there before is back afterwards.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TextIO

import msgspec

from edge.control_socket import AgentAbsentError, Request, ask_agent
from edge.settings import Settings
from edge.status_view import Decisions, Line, painted, view
from edge.words import Language, Words

EVERY_S: Final = 1.0
_FIRST_ROWS, _NEXT_ROWS = 500, 50
_ENTER: Final = "\x1b[?1049h\x1b[?25l"
_LEAVE: Final = "\x1b[?25h\x1b[?1049l"
_HOME, _REST, _BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
Ask = Callable[[Request], Any]


@dataclass(slots=True)
class StatusWatch:
    """Asks the agent and shows what it says. `pause` gives False to end."""

    settings: Settings
    out: TextIO
    ask: Ask
    pause: Callable[[float], bool]
    size: Callable[[], os.terminal_size] = shutil.get_terminal_size
    _decisions: Decisions = field(default_factory=Decisions)
    _rows: int = _FIRST_ROWS

    def once(self) -> None:
        """Show it once, as long as it takes. Raises `AgentAbsentError`."""
        for line in self._screen(height=1_000, width=120):
            print(line, file=self.out)

    def screens(self) -> None:
        """Show it each second until told to end."""
        self.out.write(_ENTER)
        try:
            while True:
                columns, rows = self.size()
                lines = self._screen_or_why(rows - 1, columns)
                self.out.write(_HOME + "".join(f"{line}{_REST}\r\n" for line in lines) + _BELOW)
                self.out.flush()
                if not self.pause(EVERY_S):
                    return
        except KeyboardInterrupt:
            return
        finally:
            self.out.write(_LEAVE)
            self.out.flush()

    def stream(self) -> None:
        """Write a JSON line each second until told to end."""
        try:
            while True:
                try:
                    told: Any = {**self.ask(Request("status")), "decisions": self._gathered().of}
                except AgentAbsentError as error:
                    told = {"error": str(error)}
                print(msgspec.json.encode(told).decode(), file=self.out, flush=True)
                if not self.pause(EVERY_S):
                    return
        except KeyboardInterrupt:
            return

    def _screen_or_why(self, height: int, width: int) -> list[str]:
        try:
            return self._screen(height, width)
        except AgentAbsentError as error:
            words = self._words()
            lines = [Line(words("view.absent"), bad=True), Line(str(error))]
            return painted(lines, width, colour=self._colour())

    def _screen(self, height: int, width: int) -> list[str]:
        status = self.ask(Request("status"))
        now = datetime.now().astimezone()
        seen = self._gathered()
        lines = view(status, seen, self._words(), height=height, width=width, now=now)
        return painted(lines, width, colour=self._colour())

    def _gathered(self) -> Decisions:
        self._decisions.take(self.ask(Request("journal", self._rows)))
        self._rows = _NEXT_ROWS
        return self._decisions

    def _words(self) -> Words:
        return Words("status", Language(self.settings.language))

    def _colour(self) -> bool:
        return self.out.isatty() and "NO_COLOR" not in os.environ


def show_status(settings: Settings, *, watch: bool, as_json: bool) -> None:
    """Show how the running agent stands. Raises `AgentAbsentError` unless it watches."""

    def ask(request: Request) -> Any:
        return ask_agent(settings.socket_path, request)

    def pause(seconds: float) -> bool:
        time.sleep(seconds)
        return True

    shown = StatusWatch(settings, sys.stdout, ask, pause)
    if watch and as_json:
        shown.stream()
    elif watch:
        shown.screens()
    elif as_json:
        sys.stdout.write(msgspec.json.encode(ask(Request("status"))).decode() + "\n")
    else:
        shown.once()
