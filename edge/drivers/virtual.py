"""A virtual site: keypads, readers, strikes, bolts and contacts that exist in memory only.

A real backend, used by tests, by the demonstration and for trying a policy at a desk. Whoever holds
it is the person at the door (`press`, `tap`, `set_input`) and the electrician (`unplug`). Without
`threaded`, pulses end when `advance` is told the time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.core.model import (
    Act,
    ActFinished,
    CardPresented,
    ChallengeProof,
    DeviceOffline,
    DeviceOnline,
    Feedback,
    InputChanged,
    KeysPressed,
    OutputChanged,
    OutputMode,
    Source,
)
from edge.ports import Emit, Incoming, ThreadSign
from edge.running_clock import running_ns
from wire.events import ActOutcome, Observed
from wire.policy_bodies import Assurance, DeviceBody

_MS: Final = 1_000_000
_SECOND: Final = 1_000_000_000


@dataclass(slots=True)
class _Output:
    on: bool = False
    pulse_end_ns: int | None = None


@dataclass(slots=True)
class VirtualState:
    """What an onlooker sees: outputs that are on, inputs that are active, the latest feedback."""

    outputs: dict[Source, bool] = field(default_factory=dict)
    inputs: dict[Source, bool] = field(default_factory=dict)
    shown: list[tuple[Source, Feedback]] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)


class VirtualDriver:
    """Fulfils `ports.Driver` for every device on one virtual port.

    `bolts` wires outputs to inputs: the input becomes active while the output is on, as a bolt's
    own switch does.
    """

    def __init__(
        self,
        bolts: Mapping[Source, Source] | None = None,
        *,
        mono_ns: Callable[[], int] = running_ns,
        threaded: bool = True,
    ) -> None:
        self._bolts = dict(bolts or {})
        self._mono_ns = mono_ns
        self._threaded = threaded
        self._state = VirtualState()
        self._outputs: dict[Source, _Output] = {}
        self._devices: dict[str, DeviceBody] = {}
        self._unplugged: set[str] = set()
        self._emit: Emit | None = None
        self._stopping = False
        self._changed = threading.Condition(threading.RLock())
        self._thread = self._new_thread()

    # --- the port --------------------------------------------------------------------------------

    def start(self, emit: Emit) -> None:
        """Begin; devices that are plugged in come online."""
        with self._changed:
            self._emit = emit
            for device in self._devices:
                self._announce(device)
        if self._threaded:
            self._thread.start()

    def configure(
        self,
        devices: dict[str, DeviceBody],
        secrets: dict[str, bytes],  # noqa: ARG002  a virtual device has nothing to hide
    ) -> None:
        """Take the policy's devices; new ones come online."""
        with self._changed:
            added = devices.keys() - self._devices.keys()
            self._devices = dict(devices)
            for device in sorted(added):
                self._announce(device)

    def act(self, act: Act) -> None:
        """Drive an output in memory; a device that is unplugged fails."""
        with self._changed:
            now_ns = self._mono_ns()
            self._state.acts.append(act)
            outcome, observed, detail = self._drive(act, now_ns)
            self._tell(ActFinished(act.act, outcome, now_ns, observed, detail))
            self._changed.notify_all()

    def show(self, source: Source, feedback: Feedback) -> None:
        """Remember what a reader was told to show."""
        with self._changed:
            self._state.shown.append((source, feedback))

    def threads(self) -> tuple[ThreadSign, ...]:
        """The thread that ends pulses; it sleeps until there is one."""
        if self._emit is None or not self._threaded:
            return ()
        alive, devices = self._thread.is_alive(), tuple(self._devices)
        return (ThreadSign("site", alive, running_ns(), 6.0, devices=devices),)

    def revive(self) -> None:
        """Go on in a new thread, if the old one is dead; what is plugged in is told again."""
        if not self._thread.is_alive() and not self._stopping:
            self._thread = self._new_thread()
            with self._changed:
                for device in self._devices:
                    self._announce(device)
            self._thread.start()

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, name="virtual site", daemon=True)

    def stop(self) -> None:
        """End the thread; outputs stay as they are."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    # --- the person at the door, the electrician -------------------------------------------------

    def press(self, device: str, keys: str, channel: int = 0, *, stale: bool = False) -> None:
        """Press keys on a keypad."""
        self._report(device, KeysPressed(Source(device, channel), keys, self._mono_ns(), stale))

    def tap(
        self,
        device: str,
        namespace: str,
        identity: bytes,
        channel: int = 0,
        *,
        assurance: Assurance = Assurance.IDENTIFIER,
        proof: ChallengeProof | None = None,
        stale: bool = False,
    ) -> None:
        """Hold a card to a reader."""
        source = Source(device, channel)
        self._report(
            device,
            CardPresented(source, namespace, identity, assurance, self._mono_ns(), proof, stale),
        )

    def set_input(self, device: str, channel: int, active: bool) -> None:
        """Switch an input: a leaf, a REX button, a mechanical key."""
        with self._changed:
            self._switch(Source(device, channel), active)

    def unplug(self, device: str) -> None:
        """Take a device off its line."""
        with self._changed:
            self._unplugged.add(device)
            self._tell(DeviceOffline(device, "unplugged", self._mono_ns()))

    def plug(self, device: str) -> None:
        """Put a device back on its line."""
        with self._changed:
            self._unplugged.discard(device)
            self._announce(device)

    def outputs(self) -> dict[Source, bool]:
        """The outputs that were ever driven, and whether they are on."""
        with self._changed:
            return dict(self._state.outputs)

    def inputs(self) -> dict[Source, bool]:
        """The inputs that ever moved, and whether they are active."""
        with self._changed:
            return dict(self._state.inputs)

    def acts(self) -> list[Act]:
        """Every act this site was told to do."""
        with self._changed:
            return list(self._state.acts)

    def shown(self) -> list[tuple[Source, Feedback]]:
        """Everything readers were told to show."""
        with self._changed:
            return list(self._state.shown)

    def advance(self, now_ns: int) -> None:
        """End the pulses whose time is over."""
        with self._changed:
            for source, output in self._outputs.items():
                if output.pulse_end_ns is not None and now_ns >= output.pulse_end_ns:
                    output.pulse_end_ns = None
                    self._set_output(source, output, on=False)

    # --- inside ----------------------------------------------------------------------------------

    def _drive(self, act: Act, now_ns: int) -> tuple[ActOutcome, Observed, str]:
        device = act.target.device
        if device not in self._devices or device in self._unplugged:
            return ActOutcome.FAILED, Observed.NOTHING, "not there"
        if now_ns > act.deadline_ns:
            return ActOutcome.EXPIRED, Observed.NOTHING, ""
        output = self._outputs.setdefault(act.target, _Output())
        pulse = act.mode is OutputMode.PULSE
        output.pulse_end_ns = now_ns + act.pulse_ms * _MS if pulse else None
        self._set_output(act.target, output, on=act.mode is not OutputMode.OFF)
        on = act.mode is not OutputMode.OFF
        return ActOutcome.DONE, Observed.OUTPUT_ON if on else Observed.NOTHING, ""

    def _set_output(self, source: Source, output: _Output, *, on: bool) -> None:
        if output.on == on:
            return
        output.on = on
        self._state.outputs[source] = on
        self._report(source.device, OutputChanged(source, on, self._mono_ns()))
        bolt = self._bolts.get(source)
        if bolt is not None:
            self._switch(bolt, on)

    def _switch(self, source: Source, active: bool) -> None:
        if self._state.inputs.get(source, False) == active:
            return
        self._state.inputs[source] = active
        self._report(source.device, InputChanged(source, active, self._mono_ns()))

    def _announce(self, device: str) -> None:
        if device in self._unplugged:
            return
        now_ns = self._mono_ns()
        self._tell(DeviceOnline(device, now_ns, "virtual"))
        for source, active in self._state.inputs.items():
            if source.device == device:
                self._tell(InputChanged(source, active, now_ns, initial=True))

    def _report(self, device: str, item: Incoming) -> None:
        with self._changed:
            if device in self._devices and device not in self._unplugged:
                self._tell(item)

    def _tell(self, item: Incoming) -> None:
        if self._emit is not None:
            self._emit(item)

    def _run(self) -> None:
        with self._changed:
            while not self._stopping:
                ends = [one.pulse_end_ns for one in self._outputs.values() if one.pulse_end_ns]
                wait_s = (min(ends) - self._mono_ns()) / _SECOND if ends else None
                self._changed.wait(wait_s if wait_s is None else max(wait_s, 0))
                self.advance(self._mono_ns())
