"""A virtual door board: keypad, card reader, inputs, outputs with timers, LED, buzzer, text.

It implements `peripheral.Device`, keeps its state in memory and notes what changed as
`DeviceChange` values, so that a simulated door can show it. Time is handed in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from firmware_bridge.osdp.codes import CapabilityCode, NakCode, OutputControl
from firmware_bridge.osdp.commands import (
    AskInputs,
    AskLocalStatus,
    AskOutputs,
    AskReaders,
    Buzz,
    Command,
    ComSet,
    KeySet,
    SetLed,
    SetOutput,
    ShowText,
)
from firmware_bridge.osdp.config import MS
from firmware_bridge.osdp.framing import MAX_FRAME_LEN
from firmware_bridge.osdp.replies import (
    Ack,
    Capabilities,
    Capability,
    Communication,
    Identity,
    Inputs,
    Keys,
    LocalState,
    Nak,
    Outputs,
    RawCard,
    Readers,
    Reply,
)
from firmware_bridge.osdp.virtual_files import FileReceived, VirtualFiles

_MAX_REPORTS: Final = 64
_MAX_KEYS: Final = 32
_WIEGAND: Final = 1
_KEY_CODES: Final = {**{key: ord(key) for key in "0123456789"}, "#": 0x0D, "*": 0x7F}


@dataclass(frozen=True, slots=True)
class OutputChanged:
    """An output switched, by command or because its time was over."""

    output_no: int
    is_on: bool


@dataclass(frozen=True, slots=True)
class SignalShown:
    """A LED, buzzer or text command was carried out."""

    command: SetLed | Buzz | ShowText


@dataclass(frozen=True, slots=True)
class KeyInstalled:
    """A KEYSET was accepted."""


@dataclass(frozen=True, slots=True)
class CommunicationSet:
    """A COMSET was accepted: the board listens there from now on."""

    address: int
    baud: int


DeviceChange = OutputChanged | SignalShown | KeyInstalled | CommunicationSet | FileReceived


@dataclass(slots=True)
class _Output:
    """`steady` holds; `brief` overrides it until `until_ns`."""

    steady: bool = False
    brief: bool = False
    until_ns: int | None = None

    @property
    def is_on(self) -> bool:
        return self.steady if self.until_ns is None else self.brief

    def set(self, control: OutputControl, until_ns: int) -> None:
        match control:
            case OutputControl.OFF_NOW | OutputControl.ON_NOW:
                self.steady = control is OutputControl.ON_NOW
                self.until_ns = None
            case OutputControl.OFF_AFTER_TIMED | OutputControl.ON_AFTER_TIMED:
                self.steady = control is OutputControl.ON_AFTER_TIMED
            case OutputControl.ON_TIMED | OutputControl.OFF_TIMED:
                self.brief = control is OutputControl.ON_TIMED
                self.until_ns = until_ns
            case OutputControl.NO_CHANGE:
                return


def default_identity(serial: int) -> Identity:
    """The PDID of a virtual board."""
    return Identity(vendor=0x4B474D, model=1, version=1, serial=serial, firmware=(1, 0, 0))


class VirtualDevice:
    """A door board with `outputs` outputs, `inputs` inputs, one keypad and card reader."""

    def __init__(self, *, outputs: int = 2, inputs: int = 4, serial: int = 1) -> None:
        self.identity = default_identity(serial)
        self.capabilities = Capabilities(
            (
                Capability(CapabilityCode.CONTACT_STATUS, 1, inputs),
                Capability(CapabilityCode.OUTPUT_CONTROL, 4, outputs),
                Capability(CapabilityCode.CARD_FORMAT, 1, 0),
                Capability(CapabilityCode.LED_CONTROL, 1, 1),
                Capability(CapabilityCode.AUDIBLE_OUTPUT, 2, 1),
                Capability(CapabilityCode.TEXT_OUTPUT, 1, 1),
                Capability(CapabilityCode.CHECK_CHARACTER, 1, 0),
                Capability(CapabilityCode.COMMUNICATION_SECURITY, 1, 1),
                Capability(CapabilityCode.RECEIVE_BUFFER, MAX_FRAME_LEN & 0xFF, MAX_FRAME_LEN >> 8),
                Capability(CapabilityCode.READERS, 1, 1),
                Capability(CapabilityCode.OSDP_VERSION, 2, 0),
            )
        )
        self.busy_until_ns = 0
        self._outputs = [_Output() for _ in range(outputs)]
        self._inputs = [False] * inputs
        self._local = LocalState(tamper=False, power_failure=False)
        self._reports: deque[Reply] = deque(maxlen=_MAX_REPORTS)
        self._changes: list[DeviceChange] = []
        self.files = VirtualFiles(self._changes.append)

    # What happens at the door.

    def press(self, keys: str, reader_no: int = 0) -> None:
        """Presses 0-9, * and # in order; ValueError for other keys."""
        if unknown := set(keys) - set(_KEY_CODES):
            raise ValueError(f"keys {''.join(sorted(unknown))!r} are not on this keypad")
        for at in range(0, len(keys), _MAX_KEYS):
            codes = bytes(_KEY_CODES[key] for key in keys[at : at + _MAX_KEYS])
            self._reports.append(Keys(reader_no, codes))

    def present_card(self, bits: int, data: bytes, reader_no: int = 0) -> None:
        """Presents a card of `bits` bits, left-aligned in `data`."""
        if len(data) != (bits + 7) // 8:
            raise ValueError(f"{bits} bits take {(bits + 7) // 8} bytes, not {len(data)}")
        self._reports.append(RawCard(reader_no, _WIEGAND, bits, data))

    def set_input(self, input_no: int, active: bool) -> None:
        """Switches an input, such as a door contact or REX; reported when it changed."""
        if self._inputs[input_no] != active:
            self._inputs[input_no] = active
            self._reports.append(Inputs(tuple(self._inputs)))

    def set_local(self, *, tamper: bool, power_failure: bool = False) -> None:
        """Opens or closes the case; reported when it changed."""
        state = LocalState(tamper, power_failure)
        if state != self._local:
            self._local = state
            self._reports.append(state)

    @property
    def outputs(self) -> tuple[bool, ...]:
        """What each output shows now."""
        return tuple(output.is_on for output in self._outputs)

    def take_changes(self) -> tuple[DeviceChange, ...]:
        """What changed since the last call."""
        changes = tuple(self._changes)
        self._changes.clear()
        return changes

    def next_timer_ns(self) -> int | None:
        """When the next output falls back."""
        return min((o.until_ns for o in self._outputs if o.until_ns is not None), default=None)

    def run_timers(self, now_ns: int) -> None:
        """Lets outputs fall back whose time is over."""
        before = self.outputs
        for output in self._outputs:
            if output.until_ns is not None and output.until_ns <= now_ns:
                output.until_ns = None
        self._note_outputs(before)

    # What the session asks (`peripheral.Device`).

    def is_busy(self, now_ns: int) -> bool:
        """Whether commands have to wait."""
        return now_ns < self.busy_until_ns

    def next_report(self, now_ns: int) -> Reply | None:
        """The oldest report."""
        self.run_timers(now_ns)
        return self._reports.popleft() if self._reports else None

    def handle(self, command: Command, now_ns: int) -> Reply:
        """Carries out one command."""
        self.run_timers(now_ns)
        match command:
            case AskInputs():
                return Inputs(tuple(self._inputs))
            case AskOutputs():
                return Outputs(self.outputs)
            case AskLocalStatus():
                return self._local
            case AskReaders():
                return Readers((0,))
            case SetOutput():
                return self._switch(command, now_ns)
            case SetLed() | Buzz() | ShowText():
                self._changes.append(SignalShown(command))
                return Ack()
            case KeySet():
                self._changes.append(KeyInstalled())
                return Ack()
            case ComSet(address, baud):
                self._changes.append(CommunicationSet(address, baud))
                return Communication(address, baud)
        return Nak(NakCode.UNKNOWN_COMMAND)

    def _switch(self, command: SetOutput, now_ns: int) -> Reply:
        known = command.control in OutputControl.__members__.values()
        if command.output_no >= len(self._outputs) or not known:
            return Nak(NakCode.BAD_RECORD)
        before = self.outputs
        until_ns = now_ns + command.time_100ms * 100 * MS
        self._outputs[command.output_no].set(OutputControl(command.control), until_ns)
        self._note_outputs(before)
        return Ack()

    def _note_outputs(self, before: tuple[bool, ...]) -> None:
        after = self.outputs
        if before == after:
            return
        self._reports.append(Outputs(after))
        for output_no, (was_on, is_on) in enumerate(zip(before, after, strict=True)):
            if was_on != is_on:
                self._changes.append(OutputChanged(output_no, is_on))
