"""The PC/SC driver: every card reader that pcsc-lite serves, as devices of the policy.

`smartcard.scard` directly, not `CardMonitor`: that one dies silently when the service restarts and
misses a card swapped for another of its kind. One thread watches, one thread a reader reads.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import structlog

from edge.core.model import Act, ActFinished, DeviceOffline, DeviceOnline, Feedback, Source
from edge.drivers.pcsc_api import REMEDIES, Pcsc, PcscCause, PcscError, open_pcsc
from edge.drivers.pcsc_watch import PcscTimes, ReaderWatch, Tap
from edge.drivers.pcsc_worker import CardReading, ReaderWorker
from edge.ports import Emit, ThreadSign
from edge.running_clock import running_ns
from wire.events import ActOutcome
from wire.policy_bodies import DeviceBody

_log: Final = structlog.get_logger(__name__)
_STOP_S: Final = 1.2
_HUNG: Final = "card_hangs"


class PcscDriver:
    """Fulfils `ports.Driver` for all PC/SC readers of the controller.

    Each device of the policy is one reader, found by `reader_name` (`match_readers`). Cards are
    presented on channel 0. A card that already lay there when we first looked is presented as
    stale: starting the agent or the card service opens nothing.
    """

    def __init__(
        self,
        reading: CardReading,
        times: PcscTimes | None = None,
        opener: Callable[[], Pcsc] = open_pcsc,
    ) -> None:
        self._reading = reading
        self._lock = threading.RLock()
        self._emit: Emit | None = None
        self._pcsc: Pcsc | None = None
        self._devices: dict[str, DeviceBody] = {}
        self._looked = False
        self._readers: list[str] = []
        self._lost: PcscCause | None = None
        self._workers: dict[str, ReaderWorker] = {}
        self._retired: list[ReaderWorker] = []
        self._told: dict[str, str] = {}
        self._watch = ReaderWatch(self, times or PcscTimes(), opener)

    # --- ports.Driver ----------------------------------------------------------------------------

    def start(self, emit: Emit) -> None:
        """Begin to watch; a missing library, service or reader is told and tried again."""
        with self._lock:
            self._emit = emit
        self._watch.start()

    def configure(self, devices: dict[str, DeviceBody], secrets: dict[str, bytes]) -> None:
        """Take the policy's readers; those that stay the same go on undisturbed."""
        del secrets  # a card reader has none
        with self._lock:
            for gone in self._told.keys() - devices.keys():
                del self._told[gone]
            self._devices = dict(devices)
            self._assign()

    def act(self, act: Act) -> None:
        """Refuse: a card reader has no outputs."""
        finished = ActFinished(
            act.act, ActOutcome.REFUSED, running_ns(), detail="a card reader has no outputs"
        )
        self._tell(finished)

    def show(self, source: Source, feedback: Feedback) -> None:
        """Show nothing: PC/SC readers light and sound by themselves."""

    def threads(self) -> tuple[ThreadSign, ...]:
        """The watching thread, and those of each reader."""
        with self._lock:
            if self._emit is None:
                return ()
            watch, devices = self._watch, tuple(self._devices)
            readers = [worker.sign() for worker in self._workers.values()]
        sign = ThreadSign("watch", watch.is_alive, watch.beat_ns, watch.patience_s, devices=devices)
        return (sign, *readers)

    def revive(self) -> None:
        """Begin a new watch, or a new worker for a reader, where the old one is dead."""
        with self._lock:
            if not self._watch.is_alive:
                self._told.clear()  # what it sees is told anew
                self._looked = False
                self._watch = self._watch.again()
                self._watch.start()
            for device, worker in list(self._workers.items()):
                if not worker.sign().is_alive:
                    worker.stop()
                    self._retired.append(self._workers.pop(device))
                    self._told.pop(device, None)
            self._assign()

    def stop(self) -> None:
        """End the threads within 2 s; one that a hung card holds is left to end by itself."""
        deadline = time.monotonic() + _STOP_S
        with self._lock:
            self._emit = None
            workers = [*self._workers.values(), *self._retired]
            self._workers.clear()
            self._retired.clear()
        for worker in workers:
            worker.stop()
        ended = self._watch.stop(_STOP_S / 2)
        for worker in workers:
            ended &= worker.join(max(0.0, deadline - time.monotonic()))
        if not ended:
            _log.warning("pcsc_thread_left", remedy="take the card off the reader")

    # --- WatchListener ---------------------------------------------------------------------------

    def readers_seen(self, pcsc: Pcsc, readers: list[str]) -> None:
        """Assign the readers that are plugged in now to the policy's devices."""
        with self._lock:
            self._pcsc, self._readers, self._lost = pcsc, readers, None
            self._looked = True
            self._assign()

    def tapped(self, reader: str, tap: Tap) -> None:
        """Have the reader's own thread read the card; a reader of no device is left alone."""
        with self._lock:
            worker = next((one for one in self._workers.values() if one.reader == reader), None)
        if worker is not None:
            worker.tap(tap)

    def service_lost(self, error: PcscError) -> None:
        """Tell of each device that it cannot be reached, and why."""
        with self._lock:
            if error.cause is not self._lost:
                remedy = REMEDIES.get(error.cause, "see pcscd's log")
                _log.warning("pcsc_lost", cause=error.cause, error=str(error), remedy=remedy)
            self._readers, self._lost = [], error.cause
            self._looked = True
            self._assign()

    # --- inside ----------------------------------------------------------------------------------

    def _assign(self) -> None:
        """Let each device have its reader, or say why not. Called with the lock held."""
        if self._emit is None or not self._looked:
            return
        held = {device: worker.reader for device, worker in self._workers.items()}
        wanted = match_readers(self._devices, self._readers, held)
        for device, worker in list(self._workers.items()):
            if wanted.get(device) != worker.reader:
                worker.stop()
                self._retired.append(self._workers.pop(device))
        self._retired = [worker for worker in self._retired if not worker.join(0)]
        absent = self._lost or PcscCause.NO_READER
        for device in self._devices:
            if device not in wanted:
                self._state(device, absent.value)
            elif device not in self._workers and self._pcsc is not None:
                self._engage(self._pcsc, device, wanted[device])
            elif (engaged := self._workers.get(device)) is not None:
                self._state(device, _HUNG if engaged.hung else "", engaged.reader)

    def _engage(self, pcsc: Pcsc, device: str, reader: str) -> None:
        tell, hung_changed = self._tell, self._hung_changed
        worker = ReaderWorker(pcsc, reader, device, self._reading, tell, hung_changed)
        self._workers[device] = worker
        self._state(device, "", reader)
        worker.start()

    def _hung_changed(self, worker: ReaderWorker) -> None:
        with self._lock:
            if self._workers.get(worker.device) is worker:
                self._state(worker.device, _HUNG if worker.hung else "", worker.reader)

    def _state(self, device: str, cause: str, detail: str = "") -> None:
        """Tell whether a device answers (no cause) or why not, once each."""
        if self._told.get(device) == cause:
            return
        self._told[device] = cause
        at_ns = running_ns()
        if cause:
            self._tell(DeviceOffline(device, cause, at_ns))
        else:
            self._tell(DeviceOnline(device, at_ns, detail))

    @property
    def _tell(self) -> Emit:
        return self._emit or _nobody


def _nobody(_: object) -> None:
    """Nobody listens any more."""


def match_readers(
    devices: Mapping[str, DeviceBody], readers: Iterable[str], held: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give each device the reader it has (`held`), or else the first free one, that fits its
    `reader_name`.

    The name is part of the service's (`ACR1252`), whatever its case, or a pattern of the whole with
    `*` and `?`; none fits any reader. Devices with a name choose first, then by id.
    """
    free = sorted(readers)
    matched: dict[str, str] = {}
    for device, body in sorted(devices.items(), key=lambda one: (not one[1].reader_name, one[0])):
        fits = [name for name in free if _pattern(body.reader_name or "").search(name)]
        if fits:
            kept = (held or {}).get(device)
            others = set((held or {}).values())
            new = next((name for name in fits if name not in others), fits[0])
            matched[device] = kept if kept in fits else new
            free.remove(matched[device])
    return matched


def _pattern(name: str) -> re.Pattern[str]:
    """Only `*` and `?` are special: readers' own names hold brackets."""
    if "*" not in name and "?" not in name:
        return re.compile(re.escape(name), re.IGNORECASE)
    parts = {"*": ".*", "?": "."}
    return re.compile(
        r"\A" + "".join(parts.get(one, re.escape(one)) for one in name) + r"\Z", re.IGNORECASE
    )
