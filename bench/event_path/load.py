"""Events as a controller sends them, sealed and packed into ready MQTT packets, and their way out.

The events are of about 315 bytes each, as the agent journals a granted access. The packets lie in a
file before anything is timed, so that load costs the machine a C program and nothing else.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from wire import events as ev
from wire.clock import ClockState
from wire.envelope import seal
from wire.keys import LinkKey
from wire.messages import encode_events
from wire.reasons import Reason
from wire.samples import BOOT, CREDENTIAL, DOOR, NOW
from wire.topics import Channel, topic_of

WINDOW: Final = 1_000
"""Messages that wait for the broker's PUBACK at most."""
MOST_MESSAGES: Final = 60_000


def event_bytes(number: int) -> bytes:
    """Give the bytes of the `number`-th event: all differ, as those of a journal do."""
    kind = ev.EventKind.ACCESS_GRANTED
    body = ev.AccessBody(
        reason=Reason.PIN_VALID, factor=ev.Factor.PIN, door=DOOR, credential=CREDENTIAL, digits=6
    )
    return ev.encode_event(
        ev.Event(
            kind=kind.value,
            boot=BOOT,
            mono_ns=86_400_000_000_000 + number * 1_000_003,
            at=NOW + timedelta(microseconds=number),
            clock=ClockState.TRUSTED,
            error_ms=12,
            body=ev.encode_body(kind, body),
        )
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What the publisher said: when it began and when the broker had everything (nanoseconds of
    the monotonic clock)."""

    begun_ns: int
    taken_ns: int


@dataclass(frozen=True, slots=True)
class Load:
    """A file of packets: `events` of one controller, `each` a message."""

    path: Path
    events: int
    each: int
    epoch: int

    @property
    def messages(self) -> int:
        """How many messages it is."""
        return -(-self.events // self.each)


def write_load(
    path: Path, controller: str, key: LinkKey, *, events: int, each: int, epoch: int
) -> Load:
    """Write the packets of `events` events from seq 1 of an epoch on."""
    load = Load(path, events, each, epoch)
    if load.messages > MOST_MESSAGES:
        raise ValueError(f"at most {MOST_MESSAGES} messages a run")
    topic = topic_of(controller, Channel.EVENTS)
    with path.open("wb") as file:
        for number, first in enumerate(range(0, events, each)):
            rows = [event_bytes(one) for one in range(first, min(first + each, events))]
            payload = seal(topic, encode_events(epoch, first + 1, rows), key)
            file.write(_publish_packet(topic, payload, number % 65_535 + 1))
    return load


def _publish_packet(topic: str, payload: bytes, packet_id: int) -> bytes:
    """PUBLISH, QoS 1, of MQTT 3.1.1 (section 3.3)."""
    name = topic.encode()
    rest = len(name).to_bytes(2, "big") + name + packet_id.to_bytes(2, "big") + payload
    left, size = bytearray(), len(rest)
    while True:
        size, low = divmod(size, 128)
        left.append(low | (0x80 if size else 0))
        if not size:
            return b"\x32" + bytes(left) + rest


class Publishing:
    """A publisher at work. `wait` gives what it said; raises `CalledProcessError` if it failed."""

    def __init__(self, program: Path, port: int, load: Load, window: int = WINDOW) -> None:
        self._command = [str(program), str(port), "load", str(load.path), str(window)]
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)

    def wait(self) -> Sent:
        """Wait until the broker has taken everything."""
        said, _ = self._process.communicate()
        if self._process.returncode:
            raise subprocess.CalledProcessError(self._process.returncode, self._command)
        begun, taken, _ = map(int, said.split())
        return Sent(begun, taken)
