"""A lock on a serial line of its own: bolt, keypad, inputs, and a head for the hours without us.

While a session is open the lock decides nothing: it tells keys and inputs, and moves as it is told.
Ten seconds after its session ended it takes sealed codes and the list it was handed; what it wrote
meanwhile is read once it is met again. Everything of a session is under keys of that session, so
that nothing stale can ever be taken for current.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from edge.core.clock_now import ClockNow
from edge.core.model import (
    Act,
    ActFinished,
    DeviceFault,
    DeviceOffline,
    DeviceOnline,
    Feedback,
    Source,
)
from edge.drivers.serial_lock_upkeep import LockUpkeep
from edge.drivers.serial_lock_words import SIGNALS, LockWords, finished_act, request_for
from edge.ports import Emit, Incoming, ThreadSign
from edge.running_clock import in_running_ns, running_ns
from firmware_bridge.keybox.codes import Kind, Rights, TicketKind
from firmware_bridge.keybox.host_events import (
    Credential,
    Ended,
    Finished,
    Noticed,
    Opened,
    Stood,
)
from firmware_bridge.keybox.lock_link import LineFaults, LinkEvent, LockLink
from firmware_bridge.keybox.notices import LoggedNotice
from firmware_bridge.keybox.requests import Request, Signal
from firmware_bridge.serial_link import BytePort, SerialPort, SerialSettings
from wire.errors import WireError
from wire.events import ActOutcome
from wire.identity import uuid_bytes
from wire.keybox_keys import KEY_LENGTH, LINK_RIGHTS
from wire.lock_list import ListEntry
from wire.policy_bodies import DeviceBody

_SECOND: Final = 1_000_000_000
_FEEDBACK_LIFE_NS: Final = _SECOND // 2
_PATIENCE_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class _Lock:
    """The lock that is served, with its link."""

    device: str
    credential: Credential
    link: LockLink
    words: LockWords
    upkeep: LockUpkeep


class SerialLockDriver:
    """Fulfils `ports.Driver` and `ports.DecidesAlone` for the one lock of a line. Its secret in the
    policy is the lock's link key of the rights `LINK_RIGHTS`, 32 bytes."""

    def __init__(
        self,
        settings: SerialSettings,
        *,
        open_port: Callable[[SerialSettings], BytePort] = SerialPort,
    ) -> None:
        self._settings = settings
        self._open_port = open_port
        self._changing = threading.Lock()
        self._emit: Emit | None = None
        self._served: _Lock | None = None
        self._unserved: dict[str, str] = {}
        self._resume: dict[str, tuple[int, int]] = {}
        self._lists: dict[str, tuple[ListEntry, ...]] = {}
        self._time: ClockNow | None = None

    # --- the port --------------------------------------------------------------------------------

    def start(self, emit: Emit) -> None:
        """Begin to serve the line, there or not."""
        with self._changing:
            self._emit = emit
            served, unserved = self._served, dict(self._unserved)
        for device, cause in unserved.items():
            self._tell(DeviceOffline(device, cause, running_ns()))
        if served is not None:
            served.link.start()

    def configure(self, devices: dict[str, DeviceBody], secrets: dict[str, bytes]) -> None:
        """Follow the policy: a lock that did not change is not disturbed."""
        wanted, unserved = _choose(devices, secrets)
        before = self._served
        same = before is not None and (before.device, before.credential) == wanted
        if before is not None and not same:
            before.link.stop()
            self._resume |= before.upkeep.position  # a link made anew goes on from there
        with self._changing:
            self._unserved = unserved
            if not same:
                self._served = None if wanted is None else self._make(*wanted)
            served, started = self._served, self._emit is not None
        if not same and served is not None and started:
            served.link.start()
        if started:
            for device, cause in unserved.items():
                self._tell(DeviceOffline(device, cause, running_ns()))

    def act(self, act: Act) -> None:
        """Drive the bolt within the act's deadline, or not at all."""
        served, now_ns = self._of(act.target.device), running_ns()
        if served is None or act.target.channel != 0:
            self._tell(ActFinished(act.act, ActOutcome.FAILED, now_ns, detail="not on this line"))
        elif now_ns >= act.deadline_ns:
            self._tell(ActFinished(act.act, ActOutcome.EXPIRED, now_ns))
        else:
            # The link's session counts on a clock of its own.
            deadline_ns = time.monotonic_ns() + act.deadline_ns - now_ns
            future = served.link.submit(request_for(act), deadline_ns, urgent=True)
            future.add_done_callback(lambda done: self._finished(act, done))

    def show(self, source: Source, feedback: Feedback) -> None:
        """Light and tone; dropped when the line is too busy for half a second."""
        served = self._of(source.device)
        if served is not None:
            deadline_ns = time.monotonic_ns() + _FEEDBACK_LIFE_NS
            served.link.submit(Signal(SIGNALS[feedback]), deadline_ns)

    def threads(self) -> tuple[ThreadSign, ...]:
        """The thread of the link, once a lock is served."""
        served = self._served
        if served is None or self._emit is None:
            return ()
        link, devices = served.link, (served.device,)
        beat_ns = in_running_ns(link.beat_ns)
        return (ThreadSign("link", link.is_alive, beat_ns, _PATIENCE_S, devices=devices),)

    def revive(self) -> None:
        """Begin a new link to the lock, if the old one is dead."""
        with self._changing:
            before = self._served
            if before is None or before.link.is_alive:
                return
            self._resume |= before.upkeep.position
            self._served = self._make(before.device, before.credential)
            self._served.link.start()

    def stop(self) -> None:
        """End the link; the bolt stays as it is, and the lock soon decides by itself."""
        served = self._served
        if served is not None:
            served.link.stop()

    # --- for the hours without us ----------------------------------------------------------------

    def place(self, device: str, entries: tuple[ListEntry, ...]) -> None:
        """The list the lock is to hold."""
        self._lists[device] = entries
        served = self._of(device)
        if served is not None:
            served.upkeep.place(entries)

    def set_time(self, device: str, now: ClockNow) -> None:
        """The time its clock is to be set to."""
        self._time = now
        served = self._of(device)
        if served is not None:
            served.upkeep.set_time(now)

    def resume(self, device: str, log_epoch: int, following: int) -> None:
        """Its log is journaled before that index."""
        self._resume[device] = (log_epoch, following)
        served = self._of(device)
        if served is not None:
            served.upkeep.resume(log_epoch, following)

    # --- inside ----------------------------------------------------------------------------------

    def _of(self, device: str) -> _Lock | None:
        served = self._served
        return served if served is not None and served.device == device else None

    def _make(self, device: str, credential: Credential) -> _Lock:
        words = LockWords(device)

        def hear(event: LinkEvent) -> None:
            self._heard(made, event)

        def submit(request: Request) -> Future[Finished]:
            return made.link.submit(request)

        link = LockLink(self._settings, credential, hear, open_port=self._open_port)
        upkeep = LockUpkeep(device, submit, self._tell)
        made = _Lock(device, credential, link, words, upkeep)
        if device in self._resume:
            upkeep.resume(*self._resume[device])
        if device in self._lists:
            upkeep.place(self._lists[device])
        if self._time is not None:
            upkeep.set_time(self._time)
        return made

    def _heard(self, lock: _Lock, event: LinkEvent) -> None:
        """In the link's thread."""
        if self._served is not lock:
            return  # the policy has taken it away meanwhile
        at_ns = running_ns()
        match event:
            case Opened():
                self._opened(lock, event, at_ns)
            case Noticed():
                for item in lock.words.hear(event.notice, at_ns):
                    self._tell(item)
                if isinstance(event.notice, LoggedNotice):
                    lock.upkeep.logged(event.notice.next, at_ns)
            case Ended():
                lock.upkeep.closed()
                self._tell(DeviceOffline(lock.device, event.cause, at_ns))
            case LineFaults():
                for cause, count in event.counts:
                    fault = f"frames_{cause}"
                    self._tell(DeviceFault(lock.device, fault, at_ns, count, noise=True))
            case Stood() | Finished():
                pass  # it lives

    def _opened(self, lock: _Lock, event: Opened, at_ns: int) -> None:
        if event.hello.kind != Kind.SERIAL_LOCK:
            self._tell(DeviceFault(lock.device, "not_a_lock", at_ns))
        lock.words.opened()
        detail = f"serial_lock firmware {event.hello.firmware}"
        self._tell(DeviceOnline(lock.device, at_ns, detail))
        lock.upkeep.opened()

    def _finished(self, act: Act, done: Future[Finished]) -> None:
        at_ns = running_ns()
        error = done.exception()
        if error is not None:
            self._tell(ActFinished(act.act, ActOutcome.FAILED, at_ns, detail=str(error)))
        else:
            self._tell(finished_act(act, done.result(), at_ns))

    def _tell(self, item: Incoming) -> None:
        if self._emit is not None:
            self._emit(item)


def _id(device: str) -> bytes | None:
    try:
        return uuid_bytes(device)
    except WireError:
        return None


def _choose(
    devices: dict[str, DeviceBody], secrets: dict[str, bytes]
) -> tuple[tuple[str, Credential] | None, dict[str, str]]:
    """Give the lock that can be served, and why the others cannot."""
    chosen: tuple[str, Credential] | None = None
    unserved: dict[str, str] = {}
    for device in sorted(devices):
        key, number = secrets.get(device), _id(device)
        if key is None:
            unserved[device] = "no_key"
        elif len(key) != KEY_LENGTH or number is None:
            unserved[device] = "bad_key_or_id"
        elif chosen is not None:
            unserved[device] = "line_taken"
        else:
            rights = Rights(int(LINK_RIGHTS))
            chosen = device, Credential(TicketKind.LINK, number, 0, rights, key)
    return chosen, unserved
