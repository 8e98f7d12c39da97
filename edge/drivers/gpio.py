"""Relays, contacts and Wiegand readers on a Raspberry Pi's own pins.

A board is the pins of one door, as the agent's settings have them wired; the policy names it by its
address. Acts are done at once in the thread that asks. A thread of the driver's ends pulses by the
monotonic clock, whatever the loop is busy with, takes the bounces off inputs and gathers Wiegand
bits; edges come from a thread of the library.

Nothing moves at a start: outputs are claimed idle, or as an act that came before wants them, so
that a door which a fire alarm holds open is not shut for a moment. An output that is held on stays
on when the driver stops. A pulse under way ends with it, since nobody would be left to end it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from edge.cards.faces import ReaderFace
from edge.core.model import Act, ActFinished, DeviceOffline, DeviceOnline, Feedback, Source
from edge.drivers.gpio_board import Board
from edge.drivers.gpio_chip import Chip, ChipError, OpenChip, Pin, open_chip
from edge.drivers.gpio_pins import TakeEdge
from edge.drivers.gpio_watch import PinWatch
from edge.ports import Emit, Incoming, ThreadSign
from edge.running_clock import running_ns
from edge.settings_gpio import GpioPort
from wire.events import ActOutcome
from wire.policy_bodies import DeviceBody

_SECOND: Final = 1_000_000_000
_MS: Final = 1_000_000
_LONGEST_WAIT_S: Final = 2.0
_PATIENCE_S: Final = 6.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GpioTimes:
    """How often pins are read beside their edges, and how long to wait for a chip or board."""

    look_ms: int = 250
    retry_first_s: float = 1.0
    retry_most_s: float = 30.0


@dataclass(slots=True)
class _Standing:
    """A board and whether its pins are ours. `tried`: they were, or could not be had."""

    board: Board
    up: bool = False
    tried: bool = False
    told: str = ""
    retry_ns: int = 0
    delay_s: float = 0.0


class GpioDriver:
    """Fulfils `ports.Driver` for the boards of one chip. `faces` are the card faces by name that
    readers of the settings refer to."""

    def __init__(
        self,
        port: GpioPort,
        faces: Mapping[str, ReaderFace],
        *,
        open_chip: OpenChip = open_chip,
        times: GpioTimes = GpioTimes(),
    ) -> None:
        self._port = port
        self._faces = faces
        self._open = open_chip
        self._times = times
        self._changed = threading.Condition(threading.RLock())
        self._boards: dict[str, _Standing] = {}
        self._unserved: dict[str, str] = {}
        self._waiting: list[Act] = []
        self._chip: Chip | None = None
        self._chip_retry_ns, self._chip_delay_s = 0, 0.0
        self._look_ns = 0
        self._emit: Emit | None = None
        self._stopping = False
        self._beat_ns = running_ns()
        self._thread = self._new_thread()

    # --- the port --------------------------------------------------------------------------------

    def start(self, emit: Emit) -> None:
        """Begin; the pins are claimed in the driver's thread."""
        with self._changed:
            self._emit = emit
            self._tell_unserved()
            self._beat_ns = running_ns()
        self._thread.start()

    def configure(
        self,
        devices: dict[str, DeviceBody],
        secrets: dict[str, bytes],  # noqa: ARG002  pins have no secret
    ) -> None:
        """Take the policy's boards. One that is no more lets its outputs go: nobody else would."""
        wiring = {board.address: board for board in self._port.boards}
        with self._changed:
            self._unserved = {}
            taken: set[int] = set()
            wanted: dict[str, int] = {}
            for device, body in sorted(devices.items()):
                if body.address not in wiring:
                    self._unserved[device] = "not_wired"
                elif body.address in taken:
                    self._unserved[device] = "address_taken"
                else:
                    taken.add(body.address)
                    wanted[device] = body.address
            for device, standing in list(self._boards.items()):
                if wanted.get(device) != standing.board.wiring.address:
                    self._forget(device)
            for device, address in wanted.items():
                if device not in self._boards:
                    board = Board(device, wiring[address], self._faces)
                    self._boards[device] = _Standing(board)
            if self._emit is not None:
                self._tell_unserved()
            self._changed.notify_all()

    def act(self, act: Act) -> None:
        """Drive an output now; before the pins were first claimed, claim it so."""
        with self._changed:
            standing = self._boards.get(act.target.device)
            if self._emit is None or (standing is not None and not standing.tried):
                self._waiting.append(act)
                self._changed.notify_all()
                return
            now_ns = running_ns()
            if standing is None or not standing.up:
                self._tell([_failed(act, "not wired here" if standing is None else "not there")])
                return
            try:
                self._tell(standing.board.drive(act, now_ns))
            except Exception:  # whatever a pin raises: the act has its one result
                _log.exception("gpio_failed", device=act.target.device)
                self._tell([_failed(act, "gpio failed")])
                self._lose(standing, "gpio_failed", now_ns)
            self._changed.notify_all()

    def show(self, source: Source, feedback: Feedback) -> None:
        """Light and tone; for a reader without a wire for them, nothing."""
        with self._changed:
            standing = self._boards.get(source.device)
            if standing is not None and standing.up:
                standing.board.show(source.channel, feedback, running_ns())
                self._changed.notify_all()

    def threads(self) -> tuple[ThreadSign, ...]:
        """The driver's thread; the library's own only tells edges sooner than `look_ms`."""
        thread, devices = self._thread, tuple(self._boards)
        if self._emit is None:
            return ()
        return (ThreadSign("pins", thread.is_alive(), self._beat_ns, _PATIENCE_S, devices=devices),)

    def revive(self) -> None:
        """Go on with the same pins in a new thread, if the old one is dead; what is served is told
        again, since nothing was while it was dead."""
        if self._thread.is_alive() or self._stopping:
            return
        self._thread = self._new_thread()
        with self._changed:
            up = [one.board.device for one in self._boards.values() if one.up]
            self._tell(DeviceOnline(device, running_ns(), "gpio") for device in up)
        self._thread.start()

    def _new_thread(self) -> threading.Thread:
        self._beat_ns = running_ns()
        return threading.Thread(target=self._run, name="gpio", daemon=True)

    def stop(self) -> None:
        """End the thread and the pulses under way; what is held on stays on."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    # --- in the driver's thread ------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._open_chip()
                self._serve()
            except Exception:  # the thread must live: it ends the pulses
                _log.exception("gpio_survived")
                time.sleep(self._times.look_ms / 1_000)
        with self._changed:
            for standing in self._boards.values():
                if standing.up:
                    _quietly(standing.board, pulses_only=True)
            self._fail_waiting(self._waiting)

    def _open_chip(self) -> None:
        with self._changed:
            needless = self._chip is not None or not self._boards
            if needless or running_ns() < self._chip_retry_ns:
                return
        try:
            chip = self._open(self._port.chip)
        except ChipError as error:
            with self._changed:
                self._chip_failed(error)
        else:
            with self._changed:
                self._chip, self._chip_delay_s = chip, 0.0

    def _chip_failed(self, error: ChipError) -> None:
        now_ns = running_ns()
        self._chip_delay_s = self._longer(self._chip_delay_s)
        self._chip_retry_ns = now_ns + round(self._chip_delay_s * _SECOND)
        for standing in self._boards.values():
            standing.tried = True
            if standing.told != error.cause:
                _log.warning("gpio_unavailable", cause=error.cause, detail=str(error))
            self._offline(standing, error.cause, now_ns)
        self._fail_waiting(self._waiting)

    def _serve(self) -> None:
        with self._changed:
            if self._stopping:
                return
            now_ns = self._beat_ns = running_ns()
            looks = now_ns >= self._look_ns
            if looks:
                self._look_ns = now_ns + self._times.look_ms * _MS
            for standing in list(self._boards.values()):
                if standing.up:
                    self._step(standing, now_ns, looks=looks)
                elif self._chip is not None and now_ns >= standing.retry_ns:
                    self._claim(standing, self._chip, now_ns)
            self._changed.wait(self._wait_s(running_ns()))

    def _step(self, standing: _Standing, now_ns: int, *, looks: bool) -> None:
        try:
            if looks:
                self._tell(standing.board.look(now_ns))
            self._tell(standing.board.step(now_ns))
        except Exception:  # one board's trouble must not keep the others from serving
            _log.exception("gpio_failed", device=standing.board.device)
            self._lose(standing, "gpio_failed", now_ns)

    def _claim(self, standing: _Standing, chip: Chip, now_ns: int) -> None:
        board = standing.board
        waiting = [act for act in self._waiting if act.target.device == board.device]
        self._waiting = [act for act in self._waiting if act not in waiting]
        standing.tried = True
        finished = [board.prepare(act, now_ns) for act in waiting]
        try:
            items = board.claim(chip, self._watch, now_ns)
        except Exception:  # a pin that something else holds, or that is none
            _log.exception("gpio_not_claimed", device=board.device)
            if waiting:
                board.forget_acts()
            self._tell([_failed(act, "not there") for act in waiting])
            self._lose(standing, "gpio_not_claimed", now_ns)
            if not any(one.up for one in self._boards.values()):
                self._close(chip)
            return
        standing.up, standing.told, standing.delay_s = True, "", 0.0
        self._tell([*items, *finished])

    def _wait_s(self, now_ns: int) -> float:
        if not self._boards:
            return _LONGEST_WAIT_S
        dues = [self._look_ns]
        for standing in self._boards.values():
            due_ns = standing.board.due_ns if standing.up else standing.retry_ns
            if due_ns is not None and (standing.up or self._chip is not None):
                dues.append(due_ns)
        if self._chip is None:
            dues.append(self._chip_retry_ns)
        return min(max(min(dues) - now_ns, 0) / _SECOND, _LONGEST_WAIT_S)

    # --- with the lock held ----------------------------------------------------------------------

    def _lose(self, standing: _Standing, cause: str, now_ns: int) -> None:
        standing.up = False
        standing.board.let_be()
        standing.delay_s = self._longer(standing.delay_s)
        standing.retry_ns = now_ns + round(standing.delay_s * _SECOND)
        self._offline(standing, cause, now_ns)

    def _offline(self, standing: _Standing, cause: str, now_ns: int) -> None:
        if standing.told != cause:
            standing.told = cause
            self._tell([DeviceOffline(standing.board.device, cause, now_ns)])

    def _forget(self, device: str) -> None:
        standing = self._boards.pop(device)
        if standing.up:
            _quietly(standing.board, pulses_only=False)
        if self._emit is not None:
            self._fail_waiting([act for act in self._waiting if act.target.device == device])

    def _fail_waiting(self, acts: Iterable[Act]) -> None:
        acts = list(acts)
        self._waiting = [act for act in self._waiting if act not in acts]
        self._tell([_failed(act, "not there") for act in acts])

    def _close(self, chip: Chip) -> None:
        """No pin can be had from it: it is opened anew before the next attempt."""
        self._chip, self._chip_retry_ns = None, 0
        try:
            chip.close()
        except Exception:
            _log.exception("gpio_not_closed")

    def _longer(self, delay_s: float) -> float:
        times = self._times
        return min(max(delay_s * 2, times.retry_first_s), times.retry_most_s)

    def _tell_unserved(self) -> None:
        now_ns = running_ns()
        self._tell([DeviceOffline(one, cause, now_ns) for one, cause in self._unserved.items()])
        self._fail_waiting([act for act in self._waiting if act.target.device not in self._boards])

    def _tell(self, items: Iterable[Incoming]) -> None:
        for item in items:
            if self._emit is not None:
                self._emit(item)

    def _watch(self, pin: Pin, take: TakeEdge, edges: str) -> PinWatch:
        watch = PinWatch(pin, take, self._changed)
        pin.when_changed = None  # else a watch of an earlier claim would keep edges switched off
        pin.edges = edges
        pin.when_changed = watch.changed
        return watch


def _failed(act: Act, detail: str) -> ActFinished:
    return ActFinished(act.act, ActOutcome.FAILED, running_ns(), detail=detail)


def _quietly(board: Board, *, pulses_only: bool) -> None:
    try:
        board.let_go(pulses_only=pulses_only)
    except Exception:
        _log.exception("gpio_not_let_go", device=board.device)
    board.let_be()
