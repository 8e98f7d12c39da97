"""Runs jobs: each in a thread of its own, each in one process of the hub at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final, Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from hub.database.engine import Database

STOP_S: Final = 10.0
_log = structlog.get_logger(__name__)


class Job(Protocol):
    """Something to be done again and again that may wait for the network.

    A run that raises is logged and tried again after `every_s`: it must leave what it could not
    finish where the next run finds it. It may be stopped between any two statements.
    """

    @property
    def name(self) -> str:
        """Its name in snake_case: its lock, its thread and its meters carry it."""
        ...

    @property
    def every_s(self) -> float:
        """Seconds between the end of one run and the next, unless it is woken."""
        ...

    def run(self) -> None:
        """Do what is due now, and return."""
        ...


class JobMeters:
    """What is measured of jobs."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.took = Histogram("kagimori_job_seconds", "Time a run took", ["job"], registry=registry)
        self.failed = Counter(
            "kagimori_job_failures_total", "Runs that raised", ["job"], registry=registry
        )
        self.last = Gauge(
            "kagimori_job_last_success_timestamp_seconds",
            "When a run last came to its end",
            ["job"],
            registry=registry,
        )


class JobThread:
    """One job and its thread."""

    def __init__(self, db: Database, job: Job, meters: JobMeters) -> None:
        self._db = db
        self._job = job
        self._meters = meters
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"hub-job-{job.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Run soon; from any thread."""
        self._bell.set()

    def tell_to_stop(self) -> None:
        """Let the run in hand be the last."""
        self._stopping.set()
        self._bell.set()

    def join(self) -> None:
        """Wait for the end, but not for ever: a run may hang in somebody else's server."""
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def step(self) -> bool:
        """Run once, if no other process is at it; tell whether it ran to its end."""
        name = self._job.name
        try:
            with self._db.held(f"job:{name}") as ours:
                if not ours:
                    return False
                with self._meters.took.labels(name).time():
                    self._job.run()
        except Exception:  # whatever it was, the next run tries again
            self._meters.failed.labels(name).inc()
            _log.exception("job_failed", job=name)
            return False
        self._meters.last.labels(name).set(time.time())
        return True

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._bell.clear()
            self.step()
            if not self._stopping.is_set():
                self._bell.wait(self._job.every_s)


class JobsWorker:
    """All jobs of a process."""

    def __init__(self, db: Database, jobs: Sequence[Job], registry: CollectorRegistry) -> None:
        meters = JobMeters(registry)
        self._threads = {job.name: JobThread(db, job, meters) for job in jobs}
        if len(self._threads) != len(jobs):
            raise ValueError("two jobs have the same name")

    def start(self) -> None:
        """Begin, each in a thread of its own."""
        for thread in self._threads.values():
            thread.start()

    def stop(self) -> None:
        """Let every job finish what is in hand and end."""
        for thread in self._threads.values():
            thread.tell_to_stop()
        for thread in self._threads.values():
            thread.join()

    def wake(self, name: str) -> None:
        """Have a job run soon; nothing happens where no job has that name."""
        thread = self._threads.get(name)
        if thread is not None:
            thread.wake()
