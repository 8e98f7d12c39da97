"""What came over the wire, checked before anything else looks at it: pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from hub.link.ports import LinkKeys
from hub.link.tables import LinkAlarm
from wire.envelope import open_sealed
from wire.errors import WireError, WireFault
from wire.topics import RETAINED, Channel, parse_topic


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A message as the broker gave it. `acknowledge` belongs to the connection it came by: after a
    reconnect it does nothing, so that no stale number acknowledges another message. `number` grows
    with each arrival. One that is not `guaranteed` (QoS 0) is held back by nobody: no broker waits
    for its acknowledgement, so any number of them may come."""

    number: int
    topic: str
    payload: bytes
    retained: bool
    acknowledge: Callable[[], None]
    guaranteed: bool = True

    def __repr__(self) -> str:
        """Without what it says."""
        return f"Arrival({self.number}, {self.topic!r}, {len(self.payload)} bytes)"


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that its controller has truly sent, at some time, on this topic."""

    controller: str
    channel: Channel
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not taken."""

    controller: str
    alarm: LinkAlarm
    channel: str
    cause: str


_MALFORMED: Final = frozenset({WireFault.TOO_LARGE, WireFault.TOO_SHORT})


def open_arrival(arrival: Arrival, keys: LinkKeys) -> Opened | Refused:
    """Check topic, retain flag and envelope. Costs a controller that is not known no more than a
    look-up, and its name is not kept: anybody could make up names."""
    try:
        topic = parse_topic(arrival.topic)
    except WireError as error:
        return Refused("", LinkAlarm.MISPLACED_MESSAGE, "", error.fault.value)
    channel = topic.channel
    if not channel.is_up:
        return Refused("", LinkAlarm.MISPLACED_MESSAGE, channel.value, "direction")
    held = keys.of(topic.controller)
    if not held:
        return Refused("", LinkAlarm.UNKNOWN_CONTROLLER, channel.value, "unknown_controller")
    if arrival.retained and channel not in RETAINED:
        return Refused(topic.controller, LinkAlarm.RETAINED_MESSAGE, channel.value, "retained")
    try:
        body = open_sealed(arrival.topic, arrival.payload, held)
    except WireError as error:
        malformed = error.fault in _MALFORMED
        alarm = LinkAlarm.MALFORMED_MESSAGE if malformed else LinkAlarm.FORGED_MESSAGE
        return Refused(topic.controller, alarm, channel.value, error.fault.value)
    return Opened(topic.controller, channel, body)
