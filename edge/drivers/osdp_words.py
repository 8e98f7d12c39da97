"""OSDP's words and the loop's: bus events to presentations and device events, acts to commands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from edge.cards.faces import ReaderFace, face_identity
from edge.cards.faults import CardError
from edge.core.model import (
    Act,
    ActFinished,
    BusAttack,
    CardFailed,
    CardPresented,
    DeviceFault,
    DeviceKeyChanged,
    DeviceOffline,
    DeviceOnline,
    Feedback,
    InputChanged,
    InstallBegan,
    InstallEnded,
    OutputChanged,
    OutputMode,
    PowerChanged,
    Source,
    TamperChanged,
)
from edge.core.model import KeysPressed as Keys
from edge.ports import Incoming
from firmware_bridge import osdp as bus
from firmware_bridge.osdp import (
    Buzz,
    BytesDropped,
    CardRead,
    Command,
    CommandFinished,
    InputReport,
    KeysPressed,
    LocalStatus,
    Offline,
    Online,
    Outcome,
    OutputReport,
    PortLost,
    ReaderStatus,
    SerialBusEvent,
    SetLed,
    SetOutput,
    TemporaryLed,
)
from firmware_bridge.osdp.codes import OutputControl
from wire.events import ActOutcome, Observed
from wire.policy_bodies import Assurance

_READER_TAMPERED: Final = 2
_SECOND: Final = 1_000_000_000
_RED, _GREEN, _AMBER = 1, 2, 3
_SET: Final = 2
_LONGEST_100MS: Final = 65_535


@dataclass(slots=True)
class _Seen:
    """What a device last said, so that only changes are told. Inputs and outputs are None right
    after it came online; tamper and power are compared with what they were before it left."""

    inputs: tuple[bool, ...] | None = None
    outputs: tuple[bool, ...] | None = None
    tamper: bool = False
    reader_tamper: bool = False
    power_failure: bool = False

    @property
    def tampered(self) -> bool:
        """Whether its case or a reader's is open."""
        return self.tamper or self.reader_tamper


@dataclass(slots=True)
class BusWords:
    """Translates what one bus tells."""

    face: ReaderFace | None = None
    _devices: dict[int, str] = field(default_factory=dict)
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def follow(self, devices: dict[int, str]) -> None:
        """Take the devices of the bus by address."""
        self._devices = devices

    def hear(self, event: SerialBusEvent, at_ns: int) -> list[Incoming]:
        """Give what an event means, in order; nothing for an address nobody knows."""
        if isinstance(event, PortLost):
            return [DeviceOffline(device, "port_lost", at_ns) for device in self._all()]
        if isinstance(event, BytesDropped):
            # Noise has no address: it is told of the line's first device.
            return [
                DeviceFault(device, f"bytes_{cause.value}", at_ns, count, noise=True)
                for device in self._all()[:1]
                for cause, count in event.counts
            ]
        if isinstance(event, bus.AttackSeen):
            return self._attack(event, at_ns)
        device = self._devices.get(getattr(event, "address", -1))
        return [] if device is None else self._of(device, event, at_ns)

    def _attack(self, event: bus.AttackSeen, at_ns: int) -> list[Incoming]:
        """An attack under an address that nobody has is told of the line's first device."""
        devices = [self._devices.get(event.address), *self._all()]
        device = next((one for one in devices if one is not None), None)
        if device is None:
            return []
        return [BusAttack(device, event.kind.value, at_ns, event.count)]

    def _all(self) -> list[str]:
        return [device for _, device in sorted(self._devices.items())]

    def _of(self, device: str, event: SerialBusEvent, at_ns: int) -> list[Incoming]:
        match event:
            case Online():
                before = self._seen.get(device, _Seen())
                self._seen[device] = replace(before, inputs=None, outputs=None)
                identity = event.identity
                firmware = ".".join(map(str, identity.firmware))
                detail = f"{identity.vendor:06x}-{identity.model} {firmware}"
                return [DeviceOnline(device, at_ns, detail)]
            case Offline():
                return [DeviceOffline(device, event.reason.value, at_ns)]
            case CardRead():
                return [self._card(device, event, at_ns)]
            case KeysPressed():
                return [Keys(Source(device, event.reader_no), event.keys, at_ns, event.stale)]
            case InputReport():
                return self._inputs(device, event, at_ns)
            case OutputReport():
                return self._outputs(device, event, at_ns)
            case LocalStatus():
                return self._local(device, event, at_ns)
            case ReaderStatus():
                return self._readers(device, event, at_ns)
            case bus.InstallBegan():
                seconds = round((event.until_ns - at_ns) / _SECOND)
                return [InstallBegan(device, seconds, at_ns)]
            case bus.InstallEnded():
                return [InstallEnded(device, event.installed, at_ns)]
            case bus.KeyChanged():
                return [DeviceKeyChanged(device, at_ns)]
            case CommandFinished(command=bus.KeySet(), outcome=Outcome.NAK | Outcome.REFUSED):
                return [DeviceFault(device, "key_refused", at_ns)]
            case _:
                return []

    def _card(self, device: str, event: CardRead, at_ns: int) -> Incoming:
        source = Source(device, event.reader_no)
        namespace, value = f"wiegand{event.bits}", event.data
        if self.face is not None:
            try:
                identity = face_identity(self.face, event.data, event.bits)
            except CardError as error:
                return CardFailed(source, error.fault.value, at_ns)
            namespace, value = identity.namespace, identity.value
        return CardPresented(
            source, namespace, value, Assurance.READER_VERIFIED, at_ns, stale=event.stale
        )

    def _inputs(self, device: str, event: InputReport, at_ns: int) -> list[Incoming]:
        seen = self._seen.setdefault(device, _Seen())
        before, seen.inputs = seen.inputs, event.states
        initial = before is None or event.stale
        return [
            InputChanged(Source(device, number), active, at_ns, initial)
            for number, active in enumerate(event.states)
            if before is None or number >= len(before) or before[number] != active
        ]

    def _outputs(self, device: str, event: OutputReport, at_ns: int) -> list[Incoming]:
        seen = self._seen.setdefault(device, _Seen())
        before, seen.outputs = seen.outputs, event.states
        return [
            OutputChanged(Source(device, number), active, at_ns)
            for number, active in enumerate(event.states)
            if before is None or number >= len(before) or before[number] != active
        ]

    def _local(self, device: str, event: LocalStatus, at_ns: int) -> list[Incoming]:
        seen = self._seen.setdefault(device, _Seen())
        before = seen.tampered
        seen.tamper = event.tamper
        items = _tamper(device, before, seen.tampered, at_ns)
        if event.power_failure != seen.power_failure:
            items.append(PowerChanged(device, event.power_failure, at_ns))
        seen.power_failure = event.power_failure
        return items

    def _readers(self, device: str, event: ReaderStatus, at_ns: int) -> list[Incoming]:
        seen = self._seen.setdefault(device, _Seen())
        before = seen.tampered
        seen.reader_tamper = _READER_TAMPERED in event.states
        return _tamper(device, before, seen.tampered, at_ns)


def _tamper(device: str, before: bool, now: bool, at_ns: int) -> list[Incoming]:
    """A device is tampered with while its own case or one of its readers' is open."""
    return [TamperChanged(device, now, at_ns)] if now != before else []


# --- to the bus ----------------------------------------------------------------------------------


def command_for(act: Act) -> SetOutput:
    """Give the OUT command of an act; a pulse is rounded up to tenths of a second."""
    match act.mode:
        case OutputMode.PULSE:
            time_100ms = min(-(-act.pulse_ms // 100), _LONGEST_100MS)
            return SetOutput(act.target.channel, OutputControl.ON_TIMED, max(time_100ms, 1))
        case OutputMode.ON:
            return SetOutput(act.target.channel, OutputControl.ON_NOW)
        case OutputMode.OFF:
            return SetOutput(act.target.channel, OutputControl.OFF_NOW)


def finished_act(act: Act, done: CommandFinished, at_ns: int) -> ActFinished:
    """Give what became of an act; once it was on the wire and unanswered, nobody knows."""
    if done.outcome is Outcome.DONE:
        on = act.mode is not OutputMode.OFF
        observed = Observed.OUTPUT_ON if on else Observed.NOTHING
        return ActFinished(act.act, ActOutcome.DONE, at_ns, observed)
    if done.sent and done.outcome in (Outcome.EXPIRED, Outcome.LINK_LOST):
        outcome = ActOutcome.OUTCOME_UNKNOWN
    elif done.outcome is Outcome.EXPIRED:
        outcome = ActOutcome.EXPIRED
    else:
        outcome = ActOutcome.FAILED
    return ActFinished(act.act, outcome, at_ns, detail=done.outcome.value)


def _led(reader: int, color: int, on: int, off: int, time_100ms: int) -> SetLed:
    return SetLed(reader, 0, TemporaryLed(_SET, on, off, color, 0, time_100ms))


def _beep(reader: int, on: int, off: int, count: int) -> Buzz:
    return Buzz(reader, on_100ms=on, off_100ms=off, count=count)


def feedback_for(reader: int, feedback: Feedback) -> list[Command]:
    """Give light and tone; each is told by its rhythm as well, never by colour alone."""
    match feedback:
        case Feedback.GRANTED:
            return [_led(reader, _GREEN, 20, 0, 20), _beep(reader, 4, 0, 1)]
        case Feedback.DENIED:
            return [_led(reader, _RED, 2, 2, 12), _beep(reader, 1, 1, 3)]
        case Feedback.LOCKED_OUT:
            return [_led(reader, _RED, 30, 0, 30), _beep(reader, 1, 1, 5)]
        case Feedback.KEY:
            return [_led(reader, _AMBER, 3, 3, 60), _beep(reader, 1, 0, 1)]
        case Feedback.WAITING:
            return [_led(reader, _AMBER, 5, 5, 100), _beep(reader, 1, 2, 2)]
        case Feedback.BUSY:
            return [_led(reader, _AMBER, 10, 0, 10)]
        case Feedback.IDLE:
            return []
