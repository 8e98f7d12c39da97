"""The main thread: tells systemd that the agent is ready, alive, and how it stands (sd_notify(3)).

It is the one thread that watches the loop, which watches all others. The watchdog is fed only while
the loop goes round and whatever must live does; otherwise the reason is left in a file for the
agent's next life to journal, and systemd, or this thread where there is no watchdog, ends the
process. Ending it moves no output.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

import structlog

from edge.glance import Health, status_line
from edge.words import Words

PATIENCE_S: Final = 15.0
"""So long the loop may be silent: a worn SD card takes seconds for one commit."""
EVERY_S: Final = 2.0
_END_AFTER: Final = 3.0
"""Without a watchdog the process ends itself after so many times its patience."""
_WATCHDOG: Final = "WATCHDOG_USEC"
LAST_WORDS: Final = "last_words"
_LONGEST_WORDS: Final = 64
HUNG_EXIT: Final = 70
_log = structlog.get_logger(__name__)


class Notify(Protocol):
    """What of `sdnotify.SystemdNotifier` is used; it does nothing where there is no systemd."""

    def notify(self, state: str) -> None:
        """Send lines of `sd_notify`."""


class Served(Protocol):
    """What of the agent is used."""

    def health(self) -> Health:
        """How it stands; asks no other thread."""


class ServiceManager:
    """Speaks to systemd for one agent."""

    def __init__(
        self,
        notifier: Notify,
        words: Words,
        data_dir: Path,
        environment: Mapping[str, str] = os.environ,
        end: Callable[[int], None] = os._exit,
    ) -> None:
        self._notifier = notifier
        self._words = words
        self._data_dir = data_dir
        self._end = end
        watchdog_s = _watchdog_s(environment)
        self.watched = watchdog_s is not None
        self.every_s = EVERY_S if watchdog_s is None else min(EVERY_S, watchdog_s / 4)
        self.patience_s = PATIENCE_S if watchdog_s is None else min(PATIENCE_S, watchdog_s / 2)
        self._line = ""
        self._complained = False

    def starting(self) -> None:
        """The doors are not served yet."""
        self._notifier.notify(f"STATUS={self._words('line.starting')}")

    def ready(self, agent: Served) -> None:
        """The doors are served."""
        self._notifier.notify("READY=1")
        self.look(agent)

    def stopping(self) -> None:
        """The agent ends in order."""
        self._notifier.notify(f"STOPPING=1\nSTATUS={self._words('line.stopping')}")

    def serve(self, agent: Served, stopping: threading.Event) -> bool:
        """Look again and again until told to stop; False where the agent is dead."""
        while not stopping.wait(self.every_s):
            if not self.look(agent):
                return False
        return True

    def look(self, agent: Served) -> bool:
        """Take one look, and feed the watchdog if all is well; False where the loop is gone."""
        health = agent.health()
        if not health.loop_alive:
            _log.critical("loop_gone")
            leave_last_words(self._data_dir, "loop")
            return False
        part = "loop" if health.loop_age_s > self.patience_s else health.glance.unfit
        if part:
            self._unfit(part, health)
            return True
        self._complained = False
        line = status_line(health.glance, self._words)
        told = [] if line == self._line else [f"STATUS={line}"]
        self._line = line
        if self.watched or told:
            self._notifier.notify("\n".join([*(["WATCHDOG=1"] * self.watched), *told]))
        return True

    def _unfit(self, part: str, health: Health) -> None:
        """Told once: what hangs, where it stands, and a word for the next life."""
        if not self._complained:
            self._complained = True
            self._line = ""
            _log.critical(
                "agent_unfit",
                part=part,
                loop_age_s=round(health.loop_age_s, 1),
                stacks=stacks(),
            )
            leave_last_words(self._data_dir, part)
            self._notifier.notify(f"STATUS={self._words('line.hangs', part=part)}")
        too_long = health.loop_age_s > self.patience_s * _END_AFTER
        if not self.watched and (too_long or part != "loop"):
            self._end(HUNG_EXIT)


def systemd_notifier() -> Notify:
    """The notification socket of systemd, or nothing. It never blocks: a manager that does not read
    must not keep the main thread from its looks, nor from a signal."""
    import sdnotify

    notifier = sdnotify.SystemdNotifier()
    if notifier.socket is not None:
        notifier.socket.setblocking(False)
    made: Notify = notifier
    return made


def stacks() -> dict[str, str]:
    """Where every thread stands, without the values of variables: files, lines and names."""
    names = {one.ident: one.name for one in threading.enumerate()}
    return {
        names.get(ident, str(ident)): "".join(traceback.format_stack(frame, limit=12))
        for ident, frame in sys._current_frames().items()  # noqa: SLF001 - the documented way
    }


def leave_last_words(data_dir: Path, part: str) -> None:
    """Say for the next life what this one is ended for, if the disk lets us."""
    with contextlib.suppress(OSError):
        (data_dir / LAST_WORDS).write_text(part[:_LONGEST_WORDS], encoding="utf-8")


def take_last_words(data_dir: Path) -> str:
    """Give what the life before was ended for, once; empty if it was not."""
    path = data_dir / LAST_WORDS
    try:
        data = path.read_bytes()[: 4 * _LONGEST_WORDS]
        path.unlink()
    except OSError:
        return ""
    return data.decode("utf-8", "replace")[:_LONGEST_WORDS]


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """How often systemd wants to hear of us; None where it does not watch this process."""
    wanted = environment.get(_WATCHDOG, "")
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(wanted) / 1e6 if wanted.isdecimal() and int(wanted) > 0 else None
