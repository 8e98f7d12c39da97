"""The pins of one door, claimed: what they tell, and what they are told.

Nothing here waits. The driver hands in the time and hears by `due_ns` when to come again; whatever
a pin raises comes out, and the driver takes the board for lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge.cards.faces import ReaderFace, face_identity
from edge.cards.faults import CardError
from edge.core.model import (
    Act,
    ActFinished,
    CardFailed,
    CardPresented,
    DeviceFault,
    DeviceOnline,
    Feedback,
    InputChanged,
    KeysPressed,
    OutputChanged,
    OutputMode,
    Source,
    TamperChanged,
)
from edge.drivers.gpio_chip import Chip
from edge.drivers.gpio_feedback import LIGHT, TONE
from edge.drivers.gpio_output import Output
from edge.drivers.gpio_pins import (
    Driven,
    Reader,
    Watch,
    Watched,
    Watching,
    claim_input,
    claim_output,
    claim_reader,
)
from edge.ports import Incoming
from edge.settings_gpio import GpioBoard
from firmware_bridge.wiegand import Burst, Key, WiegandError, decode
from wire.events import ActOutcome, Observed
from wire.policy_bodies import Assurance

_MS: Final = 1_000_000


class Board:
    """One device. `claim` makes it live; what its outputs are to be outlives a loss of the pins."""

    def __init__(self, device: str, wiring: GpioBoard, faces: Mapping[str, ReaderFace]) -> None:
        self.device = device
        self.wiring = wiring
        self._faces = faces
        self._outputs = [Output() for _ in wiring.outputs]
        self._driven: list[Driven] = []
        self._inputs: list[Watched] = []
        self._tamper: Watched | None = None
        self._readers: list[Reader] = []
        self._watches: list[Watching] = []

    # --- coming and going ------------------------------------------------------------------------

    def claim(self, chip: Chip, watch: Watch, now_ns: int) -> list[Incoming]:
        """Claim every pin, outputs at the level they are to have: idle, or as they were told to be
        already. Give what the board tells thereby."""
        self.let_be()
        for wired, output in zip(self.wiring.outputs, self._outputs, strict=True):
            self._driven.append(claim_output(chip, wired, on=output.on(now_ns)))
        for wired_input in self.wiring.inputs:
            one, watched = claim_input(chip, watch, wired_input)
            self._inputs.append(one)
            self._watches.append(watched)
        if self.wiring.tamper is not None:
            self._tamper, watched = claim_input(chip, watch, self.wiring.tamper)
            self._watches.append(watched)
        for number, wired_reader in enumerate(self.wiring.readers):
            reader, edges = claim_reader(chip, watch, number, wired_reader)
            self._readers.append(reader)
            self._watches += edges
        items: list[Incoming] = [DeviceOnline(self.device, now_ns, "gpio")]
        for number, one in enumerate(self._inputs):
            source = Source(self.device, number)
            items.append(InputChanged(source, one.debounce.active, now_ns, initial=True))
        if self._tamper is not None and self._tamper.debounce.active:
            items.append(TamperChanged(self.device, active=True, at_ns=now_ns))
        return items

    def let_be(self) -> None:
        """Listen to no pin any more, and leave every output as it is."""
        for watching in self._watches:
            watching.end()
        self._watches.clear()
        self._driven, self._inputs, self._readers, self._tamper = [], [], [], None

    def let_go(self, *, pulses_only: bool) -> None:
        """Turn off what nobody will turn off later: pulses, or everything."""
        for output, driven in zip(self._outputs, self._driven, strict=False):
            output.pulse_end_ns = None
            output.held = output.held and pulses_only
            if driven.on and not output.held:
                driven.set(on=False)
        for reader in self._readers:
            for light in reader.lights():
                light.driven.set(on=False)

    # --- acts ------------------------------------------------------------------------------------

    def prepare(self, act: Act, now_ns: int) -> ActFinished:
        """Take an act before the pins are claimed: they are then claimed as it wants them."""
        refused = self._refuse(act, now_ns)
        if refused is not None:
            return refused
        self._outputs[act.target.channel].drive(act.mode, act.pulse_ms, now_ns)
        return _done(act, now_ns)

    def forget_acts(self) -> None:
        """Be told nothing yet: acts that were prepared have failed."""
        self._outputs = [Output() for _ in self.wiring.outputs]

    def drive(self, act: Act, now_ns: int) -> list[Incoming]:
        """Do an act; give what came of it."""
        refused = self._refuse(act, now_ns)
        if refused is not None:
            return [refused]
        number = act.target.channel
        output, driven = self._outputs[number], self._driven[number]
        output.drive(act.mode, act.pulse_ms, now_ns)
        before, on = driven.on, output.on(now_ns)
        if not driven.set(on):
            detail = "output does not follow"
            return [ActFinished(act.act, ActOutcome.FAILED, now_ns, detail=detail)]
        items: list[Incoming] = [_done(act, now_ns)]
        if on != before:
            items.append(OutputChanged(act.target, on, now_ns))
        return items

    def _refuse(self, act: Act, now_ns: int) -> ActFinished | None:
        if now_ns >= act.deadline_ns:
            return ActFinished(act.act, ActOutcome.EXPIRED, now_ns)
        if act.target.channel >= len(self._outputs):
            return ActFinished(act.act, ActOutcome.FAILED, now_ns, detail="no such output")
        return None

    def show(self, channel: int, feedback: Feedback, now_ns: int) -> None:
        """Let a reader's light and buzzer tell something."""
        if channel < len(self._readers):
            reader = self._readers[channel]
            for light, rhythms in ((reader.light, LIGHT), (reader.tone, TONE)):
                if light is not None and rhythms[feedback]:
                    light.play(rhythms[feedback], now_ns)

    # --- time ------------------------------------------------------------------------------------

    @property
    def due_ns(self) -> int | None:
        """When `step` has something to do, if no edge comes before."""
        inputs = [*self._inputs, *([self._tamper] if self._tamper is not None else [])]
        dues = [
            *(output.pulse_end_ns for output in self._outputs),
            *(one.debounce.due_ns for one in inputs),
            *(reader.collector.due_ns for reader in self._readers),
            *(light.due_ns for reader in self._readers for light in reader.lights()),
        ]
        if any(reader.over for reader in self._readers):
            return 0
        return min((due for due in dues if due is not None), default=None)

    def step(self, now_ns: int) -> list[Incoming]:
        """Let time do its work: pulses end, inputs settle, frames are over, lights go on."""
        items: list[Incoming] = []
        for number, (output, driven) in enumerate(zip(self._outputs, self._driven, strict=True)):
            on = output.on(now_ns)
            if on != driven.on:
                driven.set(on)
                items.append(OutputChanged(Source(self.device, number), on, now_ns))
        for number, one in enumerate(self._inputs):
            settled = one.debounce.settle(now_ns)
            if settled is not None:
                source = Source(self.device, number)
                items.append(InputChanged(source, settled.active, settled.at_ns))
        tampered = None if self._tamper is None else self._tamper.debounce.settle(now_ns)
        if tampered is not None:
            items.append(TamperChanged(self.device, tampered.active, tampered.at_ns))
        for reader in self._readers:
            items += self._read(reader, now_ns)
            for light in reader.lights():
                light.step(now_ns)
        return items

    def look(self, now_ns: int) -> list[Incoming]:
        """Read every pin: an edge that was lost costs a moment, a pin that fails is noticed."""
        items: list[Incoming] = []
        for one in (*self._inputs, self._tamper):
            if one is not None:
                one.edge(bool(one.pin.state), now_ns, now_ns)
        for driven in self._driven:
            differs = bool(driven.pin.state) != driven.level(driven.on)
            if differs:  # something else moved the line, or holds it: put it right
                driven.set(driven.on)
            if differs and not driven.differs:
                items.append(DeviceFault(self.device, "output_does_not_follow", now_ns))
            driven.differs = differs
        for reader in self._readers:
            low = not all(bool(pin.state) for pin in reader.lines)
            if low and reader.low and not reader.collector.due_ns:
                items.append(DeviceFault(self.device, "wiegand_line_low", now_ns))
            reader.low = low
        return items

    # --- Wiegand ---------------------------------------------------------------------------------

    def _read(self, reader: Reader, now_ns: int) -> list[Incoming]:
        last = reader.collector.flush(now_ns)
        bursts = [*reader.over, *([last] if last is not None else [])]
        reader.over.clear()
        return [self._hear(reader, burst) for burst in bursts]

    def _hear(self, reader: Reader, burst: Burst) -> Incoming:
        source = Source(self.device, reader.number)
        try:
            heard = decode(burst.value, burst.count, reader.wired.raw_bits)
        except WiegandError as error:
            cause = f"wiegand_{error.fault.value}"
            return DeviceFault(self.device, cause, burst.at_ns, noise=True)
        if isinstance(heard, Key):
            return KeysPressed(source, heard.key, burst.at_ns)
        namespace, value = f"wiegand{heard.bits}", heard.data
        if reader.wired.face is not None:
            try:
                identity = face_identity(self._faces[reader.wired.face], heard.data, heard.bits)
            except CardError as error:
                return CardFailed(source, error.fault.value, burst.at_ns)
            namespace, value = identity.namespace, identity.value
        return CardPresented(source, namespace, value, Assurance.IDENTIFIER, burst.at_ns)


def _done(act: Act, now_ns: int) -> ActFinished:
    on = act.mode is not OutputMode.OFF
    observed = Observed.OUTPUT_ON if on else Observed.NOTHING
    return ActFinished(act.act, ActOutcome.DONE, now_ns, observed)
