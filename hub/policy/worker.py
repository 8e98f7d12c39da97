"""The thread that compiles marks as soon as they are committed, and does what time demands."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final, Protocol

import structlog
from prometheus_client import Counter, Histogram

from hub.database.engine import Database
from hub.database.scope import Scope
from hub.policy import repository
from hub.policy.bell import Bell
from hub.policy.compiler import Compiled, Compiler
from hub.policy.desk import PolicyCounter

POLL_S: Final = 0.5
"""How long a mark made by another process can wait. Marks of this process ring."""

RETRY_S: Final = 30.0
CHORE_S: Final = 1.0

_log = structlog.get_logger(__name__)
_compiled = Counter("kagimori_policy_versions_total", "Policy versions made")
_failed = Counter(
    "kagimori_policy_failures_total", "Controllers whose policy could not be compiled"
)
_chores_failed = Counter("kagimori_policy_chore_failures_total", "Chores that raised")
_took = Histogram("kagimori_policy_compile_seconds", "Time to compile one batch of marks")


class Chore(Protocol):
    """Something to be done now and then: `is_due` reads, and only if it says so `run` writes."""

    def is_due(self, scope: Scope) -> bool:
        """Tell whether anything has to be written."""
        ...

    def run(self, scope: Scope) -> object:
        """Do it."""
        ...


class PolicyWorker:
    """Compiles, announces, and runs the chores, in one thread."""

    def __init__(
        self,
        db: Database,
        compiler: Compiler,
        counter: PolicyCounter,
        chores: Sequence[Chore],
        prompt: Sequence[Chore] = (),
    ) -> None:
        self._db = db
        self._compiler = compiler
        self._counter = counter
        self._chores = chores
        self._prompt = prompt
        self._bell = Bell()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hub-policy", daemon=True)
        self._retry_at: dict[str, float] = {}

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in hand and end."""
        self._stopping.set()
        self._bell.ring()
        if self._thread.is_alive():
            self._thread.join()

    def work(self) -> int:
        """Compile everything that is marked now, and announce it; give how many marks."""
        marks = 0
        while True:
            leave = self._left_for_later()
            with self._db.read() as scope:
                if not repository.any_mark(scope, leave):
                    return marks

            def compile_marks(scope: Scope, leave: tuple[str, ...] = leave) -> Compiled:
                return self._compiler.compile_marks(scope, leave=leave)

            with _took.time():
                done = self._db.write(compile_marks)
            marks += done.marks
            _compiled.inc(len(done.made))
            _failed.inc(len(done.failed))
            self._retry_at |= dict.fromkeys(done.failed, time.monotonic() + RETRY_S)
            self._counter.announce(done.made)

    def chores(self) -> None:
        """Do what is due. One that fails is tried again next time, and the others go on."""
        self._do(self._chores)

    def prompt(self) -> None:
        """The same of what somebody waits for: done at every ring, not only once a second."""
        self._do(self._prompt)

    def _do(self, chores: Sequence[Chore]) -> None:
        for chore in chores:
            try:
                with self._db.read() as scope:
                    due = chore.is_due(scope)
                if due:
                    self._db.write(chore.run)
            except Exception:
                _chores_failed.inc()
                _log.exception("chore_failed", chore=type(chore).__name__)

    def _left_for_later(self) -> tuple[str, ...]:
        now = time.monotonic()
        self._retry_at = {each: at for each, at in self._retry_at.items() if at > now}
        return tuple(self._retry_at)

    def _run(self) -> None:
        chores_at = 0.0
        while not self._stopping.is_set():
            try:
                if time.monotonic() >= chores_at:
                    self.chores()
                    chores_at = time.monotonic() + CHORE_S
                self.prompt()
                self.work()  # after the chores: what both have marked is compiled once
            except Exception:  # the database may be away for a while: go on when it is back
                _log.exception("policy_worker")
                self._stopping.wait(CHORE_S)
            self._bell.wait(POLL_S)
