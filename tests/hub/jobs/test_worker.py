"""Jobs run in threads of their own, one process at a time, and come again after a failure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from hub.database.engine import Database, open_database
from hub.jobs.worker import JobMeters, JobsWorker, JobThread


@dataclass
class Sent:
    """A job that does what it is told."""

    name: str = "post"
    every_s: float = 3600.0
    does: Callable[[], None] = lambda: None
    ran: threading.Event = field(default_factory=threading.Event)
    runs: int = 0

    def run(self) -> None:
        self.runs += 1
        self.ran.set()
        self.does()


def fail() -> None:
    raise RuntimeError("the server is away")


def test_a_job_runs_at_the_start_and_when_it_is_woken(db: Database) -> None:
    job = Sent()
    worker = JobsWorker(db, [job], CollectorRegistry())
    worker.start()
    assert job.ran.wait(10)
    job.ran.clear()
    worker.wake("post")
    worker.wake("nobody")
    assert job.ran.wait(10)
    worker.stop()


def test_a_job_that_hangs_holds_up_no_other(db: Database) -> None:
    gate = threading.Event()
    slow, quick = Sent("slow", does=lambda: assert_waits(gate)), Sent("quick")
    worker = JobsWorker(db, [slow, quick], CollectorRegistry())
    worker.start()
    assert slow.ran.wait(10)
    assert quick.ran.wait(10)
    gate.set()
    worker.stop()


def assert_waits(gate: threading.Event) -> None:
    assert gate.wait(10)


def test_a_job_that_raises_is_counted_and_comes_again(db: Database) -> None:
    registry = CollectorRegistry()
    job = Sent(does=fail)
    thread = JobThread(db, job, JobMeters(registry))
    assert not thread.step()
    assert not thread.step()
    assert job.runs == 2
    labels = {"job": "post"}
    assert registry.get_sample_value("kagimori_job_failures_total", labels) == 2
    job.does = lambda: None
    assert thread.step()
    assert registry.get_sample_value("kagimori_job_last_success_timestamp_seconds", labels)


def test_two_jobs_have_two_names(db: Database) -> None:
    with pytest.raises(ValueError, match="same name"):
        JobsWorker(db, [Sent(), Sent()], CollectorRegistry())


@pytest.mark.postgres
def test_two_processes_never_run_one_job_side_by_side(
    request: pytest.FixtureRequest, town_id: str
) -> None:
    url = request.getfixturevalue("postgresql_url")
    here, there = open_database(url, town_id), open_database(url, town_id)
    meters = JobMeters(CollectorRegistry())
    other = Sent()
    mine = Sent(does=lambda: assert_skipped(JobThread(there, other, meters)))
    assert JobThread(here, mine, meters).step()
    assert other.runs == 0
    assert JobThread(there, other, meters).step()
    here.close()
    there.close()


def assert_skipped(thread: JobThread) -> None:
    assert not thread.step()
