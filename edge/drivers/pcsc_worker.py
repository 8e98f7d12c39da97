"""Reads the cards of one PC/SC reader in a thread with a context of its own, under a watchdog.

The service's transmit has no timeout: a card that hangs holds this thread for seconds, no other
reader. The watchdog then reports the tap as failed; what the card says later counts for nothing.
"""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from edge.cards.faults import CardError, CardFault
from edge.cards.identity import is_part, narrow
from edge.cards.keyring import CardKeys
from edge.cards.profile import CardProfile, ProfileError
from edge.cards.script import CardRead, read_card, run_script
from edge.core.model import CardFailed, CardPresented, Source
from edge.drivers.pcsc_api import CardHandle, Pcsc, PcscCause, PcscError
from edge.drivers.pcsc_watch import Tap
from edge.drivers.pcsc_watchdog import Watchdog
from edge.ports import Emit, ThreadSign
from edge.running_clock import running_ns
from wire.policy_bodies import Assurance

_log: Final = structlog.get_logger(__name__)

_FAULTS: Final[dict[PcscCause, CardFault]] = {
    PcscCause.CARD_REMOVED: CardFault.CARD_REMOVED,
    PcscCause.CARD_MUTE: CardFault.CARD_MUTE,
    PcscCause.CARD_IN_USE: CardFault.CARD_IN_USE,
}


@dataclass(frozen=True, slots=True)
class CardReading:
    """How cards are read here: profiles in the order they are tried; the namespace to which the
    site's coarsest reader cuts numbers, if any does; how long one card may take; and the keys that
    cards share with us. Raises `ProfileError` for a namespace that is no part."""

    profiles: tuple[CardProfile, ...]
    narrow_to: str | None = None
    tap_timeout_s: float = 3.0
    keys: CardKeys | None = None

    def __post_init__(self) -> None:
        if self.narrow_to is not None and not is_part(self.narrow_to):
            remedy = f"{self.narrow_to!r} is no part of a number; write for example 'uid.first4'"
            raise ProfileError("settings", "narrow_to", remedy)


class ReaderWorker:
    """One reader's thread. Of each tap exactly one presentation comes: read, or failed and why."""

    def __init__(
        self,
        pcsc: Pcsc,
        reader: str,
        device: str,
        reading: CardReading,
        emit: Emit,
        hung_changed: Callable[[ReaderWorker], None],
    ) -> None:
        self.reader = reader
        self.device = device
        self._pcsc = pcsc
        self._reading = reading
        self._emit = emit
        self._hung_changed = hung_changed
        self.hung = False
        self._taps: queue.SimpleQueue[Tap | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._current: Tap | None = None
        self._context: int | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=f"pcsc-{device}", daemon=True)
        self._watchdog = Watchdog(reading.tap_timeout_s, self._expire, f"pcsc-guard-{device}")

    def start(self) -> None:
        """Begin to read."""
        self._watchdog.start()
        self._thread.start()

    def tap(self, tap: Tap) -> None:
        """Read the card that has come; returns at once."""
        self._taps.put(tap)

    def stop(self) -> None:
        """Present nothing from now on and end once the card at hand lets go."""
        with self._lock:
            self._stopped = True
            self._current = None
        self._watchdog.stop()
        self._taps.put(None)

    def sign(self) -> ThreadSign:
        """The two threads of the reader, as one: idle they wait for a card. A card that hangs is
        told by the watchdog, and held against neither."""
        alive = self._thread.is_alive() and self._watchdog.is_alive
        patience_s, now_ns = self._reading.tap_timeout_s, running_ns()
        name, devices = f"reader {self.device}", (self.device,)
        return ThreadSign(name, alive, now_ns, patience_s, devices=devices)

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False while a hung card still holds the thread."""
        guarded = self._watchdog.join(timeout_s)
        self._thread.join(timeout_s)
        return guarded and not self._thread.is_alive()

    def _run(self) -> None:
        while (tap := self._taps.get()) is not None:
            self._serve(tap)
        self._forget_context()

    def _serve(self, tap: Tap) -> None:
        outcome: CardPresented | CardFailed
        age_s = (running_ns() - tap.at_ns) / 1e9
        with self._lock:
            if self._stopped:
                return
            self._current = tap
        self._watchdog.begin(tap)
        try:
            if age_s > self._reading.tap_timeout_s:
                outcome = self._failed(tap, CardFault.CARD_TIMEOUT)
            else:
                outcome = self._outcome(tap)
        finally:
            self._watchdog.end()
        self._present(tap, outcome)

    def _present(self, tap: Tap, outcome: CardPresented | CardFailed) -> None:
        with self._lock:
            if self._current is tap:
                self._current = None
                self._emit(outcome)
                return
            self.hung = False
        self._hung_changed(self)

    def _expire(self, tap: Tap) -> None:
        with self._lock:
            if self._current is not tap:
                return
            self._current = None
            self._emit(self._failed(tap, CardFault.CARD_TIMEOUT))
            self.hung = True
        self._hung_changed(self)

    def _outcome(self, tap: Tap) -> CardPresented | CardFailed:
        if tap.mute:
            return self._failed(tap, CardFault.CARD_MUTE)
        try:
            return self._presented(tap, self._read())
        except CardError as error:
            _log.info("card_failed", device=self.device, cause=error.fault, detail=error.detail)
            return self._failed(tap, error.fault)
        except PcscError as error:
            _log.info("card_failed", device=self.device, cause=error.cause, call=error.call)
            self._forget_context()
            return self._failed(tap, _FAULTS.get(error.cause, CardFault.READER_FAILED))
        except Exception:
            _log.exception("card_failed", device=self.device)
            return self._failed(tap, CardFault.INTERNAL_ERROR)

    def _read(self) -> CardRead:
        if self._context is None:
            self._context = self._pcsc.establish()
        card = self._pcsc.connect(self._context, self.reader)
        try:
            reading = self._reading
            script = read_card(reading.profiles, card.atr, secrets.token_bytes, reading.keys)
            return run_script(script, self._transmitter(card))
        finally:
            self._pcsc.disconnect(card)

    def _transmitter(self, card: CardHandle) -> Callable[[bytes], bytes]:
        return lambda command: self._pcsc.transmit(card, command)

    def _presented(self, tap: Tap, read: CardRead) -> CardPresented:
        identity = read.identity
        if self._reading.narrow_to is not None:
            identity = narrow(identity, self._reading.narrow_to)
        return CardPresented(
            Source(self.device),
            identity.namespace,
            identity.value,
            Assurance.IDENTIFIER,  # the core alone raises it, once it has verified the proof
            tap.at_ns,
            read.proof,
            tap.stale,
        )

    def _failed(self, tap: Tap, fault: CardFault) -> CardFailed:
        return CardFailed(Source(self.device), fault.value, tap.at_ns)

    def _forget_context(self) -> None:
        if self._context is not None:
            self._pcsc.release(self._context)
            self._context = None
