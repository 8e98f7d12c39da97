"""The worker: reads raw events behind its watermark and hands them to the projectors.

A batch is one transaction with its watermark, and each event a savepoint within it: what cannot be
read, or makes a projector raise, is put aside alone. A database that fails stops the batch and
nothing is lost: the batch is tried again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, TypeAlias

import structlog
from sqlalchemy.exc import DataError, DBAPIError

from hub.database.engine import Database
from hub.database.scope import Scope
from hub.projection import repository
from hub.projection.clock import KnownTime
from hub.projection.domain import (
    Projected,
    ProjectedEvent,
    RawRow,
    Rejected,
    RejectReason,
    read_row,
)
from hub.projection.meters import ProjectionMeters
from hub.projection.projector import Projector, Retiming
from hub.projection.timelines import Timelines

RawSource: TypeAlias = Callable[[Scope, int, int], Sequence[RawRow]]
"""`(scope, after_id, limit)` gives the next raw rows by id."""

BATCH: Final = 200
POLL_S: Final = 1.0
"""How long an event kept by another process can wait; our own ingest rings at once."""
RETRY_S: Final = 2.0
STOP_S: Final = 10.0
_LOCK: Final = "projection"
_log = structlog.get_logger(__name__)


class ProjectionWorker:
    """Projects until stopped. `on_projected` is called after each commit that moved anything."""

    def __init__(
        self,
        database: Database,
        source: RawSource,
        projectors: Sequence[Projector],
        on_projected: Callable[[], None] = lambda: None,
        meters: ProjectionMeters | None = None,
    ) -> None:
        self._database = database
        self._source = source
        self._projectors = tuple(projectors)
        self._on_projected = on_projected
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._meters = meters
        self.rejects: Counter[RejectReason] = Counter()
        """Rows put aside since the start, for the metrics."""

    def wake(self) -> None:
        """Say that raw events were committed; from any thread."""
        self._bell.set()

    def start(self) -> None:
        """Work in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="hub-projection", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand and end the thread."""
        self._stopping.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def run(self) -> None:
        """Project whatever comes until `stop`."""
        while not self._stopping.is_set():
            try:
                while self.step() and not self._stopping.is_set():
                    continue
            except Exception:
                # Whatever it was (a database that is away, most likely), the batch comes again.
                _log.exception("projection_batch_failed", retry_s=RETRY_S)
                self._stopping.wait(RETRY_S)
            self._bell.wait(POLL_S)
            self._bell.clear()

    def step(self) -> int:
        """Project one batch in one transaction; give how many raw rows it took."""
        taken, rejected = self._database.write(self._batch)
        self.rejects.update(rejected)
        if self._meters is not None:
            self._meters.projected.inc(taken)
            for reason in rejected:
                self._meters.rejected.labels(reason.value).inc()
        if taken:
            self._on_projected()
        return taken

    def replay(self) -> int:
        """Forget what was derived and project everything again; give how many rows that took."""
        self._database.write(self._forget)
        total = 0
        while taken := self.step():
            total += taken
        return total

    def _forget(self, scope: Scope) -> None:
        scope.lock(_LOCK)
        repository.forget_all(scope)
        for projector in self._projectors:
            if projector.reset is not None:
                projector.reset(scope)

    def _batch(self, scope: Scope) -> tuple[int, list[RejectReason]]:
        scope.lock(_LOCK)  # one projection at a time, in whichever process
        rows = self._source(scope, repository.watermark(scope), BATCH)
        rejected: list[RejectReason] = []
        times = Timelines(scope)
        for row in rows:
            if row.again is not None:
                self._project_again(scope, row, times)
                continue
            found = read_row(row, partial(_correct, times, row))
            outcome = found if isinstance(found, Rejected) else self._project(scope, found, times)
            if outcome is not None:
                rejected.append(outcome.reason)
                self._put_aside(scope, outcome, row.received_at)
        times.save()
        if rows:
            repository.move_watermark(scope, rows[-1].number)
        return len(rows), rejected

    def _project(self, scope: Scope, event: Projected, times: Timelines) -> Rejected | None:
        """Hand an event to every projector that wants it, and what is known by it of others' times;
        give the rejection if one raises."""
        name = "projection"
        known = _note(times, event)
        try:
            with scope.savepoint():
                for projector in self._projectors:
                    name = projector.name
                    _hand_over(projector, scope, event)
                    if known is not None and projector.retime is not None:
                        projector.retime(scope, known)
        except DataError as error:  # a value the database cannot hold: this row's own fault
            return _failed(event, name, error)
        except DBAPIError:
            raise
        except Exception as error:
            return _failed(event, name, error)
        return None

    def _project_again(self, scope: Scope, row: RawRow, times: Timelines) -> None:
        """Tell an event once more; it was read before, and put aside then if it could not be."""
        event = read_row(row, partial(_correct, times, row))
        if not isinstance(event, ProjectedEvent) or row.again is None:
            return
        event = replace(event, raw_id=row.again)
        for projector in self._projectors:
            if projector.again is None or event.kind not in projector.kinds:
                continue
            try:
                with scope.savepoint():
                    projector.again(scope, event)
            except DataError as error:
                _failed(event, projector.name, error)
            except DBAPIError:
                raise
            except Exception as error:
                _failed(event, projector.name, error)

    def _put_aside(self, scope: Scope, rejected: Rejected, received_at: datetime) -> None:
        repository.put_aside(scope, rejected)
        for projector in self._projectors:
            if projector.rejected is None:
                continue
            try:
                with scope.savepoint():
                    projector.rejected(scope, rejected, received_at)
            except DBAPIError:
                raise
            except Exception as error:
                _log.error("reject_not_told", projector=projector.name, error=type(error).__name__)


def _hand_over(projector: Projector, scope: Scope, event: Projected) -> None:
    if isinstance(event, ProjectedEvent):
        if event.kind in projector.kinds:
            projector.project(scope, event)
    elif projector.project_gap is not None:
        projector.project_gap(scope, event)


def _failed(event: Projected, projector: str, error: Exception) -> Rejected:
    # The message of an exception can repeat what the row holds; its type does not.
    _log.error(
        "projector_failed", projector=projector, raw_id=event.raw_id, error=type(error).__name__
    )
    return Rejected(
        event.raw_id,
        event.controller,
        RejectReason.PROJECTOR_FAILED,
        f"{projector}: {type(error).__name__}",
    )


def _note(times: Timelines, event: Projected) -> Retiming | None:
    if not isinstance(event, ProjectedEvent) or event.origin is not None:
        return None
    times.begin(event.controller, event.epoch, event.seq, event.boot, event.mono_ns)
    return times.note(event)


def _correct(
    times: Timelines, row: RawRow, controller: str, boot: str, mono_ns: int, received_at: datetime
) -> KnownTime | None:
    times.begin(controller, row.epoch, row.seq, boot, mono_ns)
    return times.time_of(controller, boot, mono_ns, received_at)
