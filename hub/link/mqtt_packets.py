"""MQTT 3.1.1 and 5 packets as the hub's client needs them: bytes in, bytes out, no I/O.

Only what that client uses: CONNECT, CONNACK, SUBSCRIBE, SUBACK, PUBLISH and PUBACK both ways, PING,
DISCONNECT. A broker that sends anything else, or a packet that breaks off or contradicts itself, is
told by `MqttFaultError`. Source: OASIS MQTT 3.1.1 and 5.0, sections as named.

`PacketReader` is made for many small publications: it looks at what a read gave as a whole, and one
publication costs a few microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

LONGEST_KEPT: Final = 512 * 1024
"""Of a longer publication only so many bytes are kept; what follows is passed over."""

PINGREQ: Final = b"\xc0\x00"
DISCONNECT: Final = b"\xe0\x00"
_PUBACK_HEAD: Final = b"\x40\x02"

_CONNACK, _PUBLISH, _PUBACK, _SUBACK, _PINGRESP, _DISCONNECT = 2, 3, 4, 9, 13, 14
_FAILED: Final = 0x80
"""Reason codes from here on are failures (5.0, 2.4); so is 0x80 in a SUBACK of 3.1.1."""

_RECEIVE_MAXIMUM, _SERVER_KEEP_ALIVE = 0x21, 0x13


class MqttFaultError(Exception):
    """The broker broke the protocol; the connection cannot go on."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """CONNACK: `code` 0 is yes. `keepalive_s` and `receive_maximum` are the broker's wishes."""

    code: int
    keepalive_s: int | None = None
    receive_maximum: int = 65_535


@dataclass(frozen=True, slots=True)
class Subscribed:
    """SUBACK: whether every filter was granted."""

    granted: bool
    packet_id: int = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """PUBACK: the broker has a publication of ours, or refused it, which is the same to us."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Pong:
    """PINGRESP."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """DISCONNECT by the broker (5.0 only)."""

    code: int


class Published(msgspec.Struct, frozen=True, gc=False):
    """PUBLISH: `packet_id` is 0 for QoS 0. `payload` is cut at `LONGEST_KEPT` with its packet."""

    topic: bytes
    payload: bytes
    packet_id: int
    qos: int
    retain: bool


Packet: TypeAlias = Accepted | Subscribed | Taken | Pong | Goodbye | Published


# --- what we say ---------------------------------------------------------------------------------


def connect_packet(client_id: str, keepalive_s: int, *, mqtt5: bool, receive_maximum: int) -> bytes:
    """CONNECT with a clean session (3.1.1: 3.1; 5.0: 3.1). Session expiry stays 0 in 5.0, so the
    broker remembers nothing of us either way."""
    properties = b""
    if mqtt5:
        wish = bytes((_RECEIVE_MAXIMUM,)) + receive_maximum.to_bytes(2, "big")
        properties = _length(len(wish)) + wish
    level, clean = (5 if mqtt5 else 4), 2
    head = _text(b"MQTT") + bytes((level, clean)) + keepalive_s.to_bytes(2, "big")
    return _packet(0x10, head + properties + _text(client_id.encode()))


def subscribe_packet(packet_id: int, topic_filter: str, *, mqtt5: bool) -> bytes:
    """SUBSCRIBE with QoS 1. In 5.0 with 'retain as published': a retained message must be seen to
    be one (3.8.3.1)."""
    options = bytes((0x01 | (0x08 if mqtt5 else 0),))
    properties = b"\x00" if mqtt5 else b""
    body = packet_id.to_bytes(2, "big") + properties + _text(topic_filter.encode()) + options
    return _packet(0x82, body)


def publish_packet(topic: str, payload: bytes, packet_id: int, *, mqtt5: bool) -> bytes:
    """PUBLISH with QoS 1, not retained."""
    head = _text(topic.encode()) + packet_id.to_bytes(2, "big") + (b"\x00" if mqtt5 else b"")
    return b"\x32" + _length(len(head) + len(payload)) + head + payload


def puback_packets(packet_ids: Iterable[int]) -> bytes:
    """PUBACKs, one after the other; the short form says success in 5.0 (3.4.2.1)."""
    return b"".join([_PUBACK_HEAD + number.to_bytes(2, "big") for number in packet_ids])


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + _length(len(body)) + body


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _length(value: int) -> bytes:
    """A variable byte integer (5.0, 1.5.5)."""
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


# --- what the broker says ------------------------------------------------------------------------


class PacketReader:
    """Takes bytes as they come and gives the packets that are complete. After a `MqttFaultError` it
    is of no more use."""

    def __init__(self, *, mqtt5: bool) -> None:
        self._mqtt5 = mqtt5
        self._parts: list[bytes] = []
        self._have, self._wanted = 0, 2
        self._passing = 0

    def feed(self, data: bytes) -> list[Packet]:
        """Give the packets that these bytes complete; raise `MqttFaultError`."""
        if self._passing:
            passed = min(self._passing, len(data))
            self._passing -= passed
            data = data[passed:]
        if self._have + len(data) < self._wanted:
            if data:
                self._parts.append(data)
                self._have += len(data)
            return []
        if self._parts:
            self._parts.append(data)
            data = b"".join(self._parts)
            self._parts.clear()
        return self._take_apart(data)

    def _take_apart(self, data: bytes) -> list[Packet]:
        packets: list[Packet] = []
        at, size, mqtt5 = 0, len(data), self._mqtt5
        self._wanted = 2
        while size - at >= 2:
            first, length, body = data[at], data[at + 1], at + 2
            if length & 0x80:
                found = _read_length(data, at + 1, size)
                if found is None:
                    self._wanted = size - at + 1
                    break
                length, body = found
            end = body + length
            if end - at > LONGEST_KEPT:
                if first >> 4 != _PUBLISH:
                    raise MqttFaultError("a packet longer than any of its kind")
                kept_end = at + LONGEST_KEPT
                if size < kept_end:
                    self._wanted = LONGEST_KEPT
                    break
                packets.append(_published(data, first, body, kept_end, mqtt5=mqtt5))
                self._passing = max(0, end - size)
                at = min(end, size)
                continue
            if end > size:
                self._wanted = end - at
                break
            if first >> 4 == _PUBLISH:
                packets.append(_published(data, first, body, end, mqtt5=mqtt5))
            else:
                packets.append(_small(first, data[body:end], mqtt5=mqtt5))
            at = end
        if at < size:
            self._parts.append(data[at:])
        self._have = size - at
        return packets


def _read_length(data: bytes, at: int, size: int) -> tuple[int, int] | None:
    """A variable byte integer and where it ends; None where it is not complete."""
    value = 0
    for count in range(4):
        if at + count >= size:
            return None
        byte = data[at + count]
        value |= (byte & 0x7F) << 7 * count
        if not byte & 0x80:
            return value, at + count + 1
    raise MqttFaultError("a length of more than four bytes")


def _published(data: bytes, first: int, at: int, end: int, *, mqtt5: bool) -> Published:
    """PUBLISH (3.3) from its variable header on."""
    qos = first >> 1 & 0x03
    if qos == 2 or qos == 3:
        raise MqttFaultError("a publication of a QoS that was not subscribed to")
    topic_end = at + 2 + int.from_bytes(data[at : at + 2], "big")
    payload_at, packet_id = topic_end, 0
    if qos:
        packet_id = int.from_bytes(data[topic_end : topic_end + 2], "big")
        payload_at += 2
    if payload_at + mqtt5 > end:
        raise MqttFaultError("a publication shorter than its head")
    if mqtt5:
        length, after = (data[payload_at], payload_at + 1)
        if length & 0x80:
            found = _read_length(data, payload_at, end)
            if found is None:
                raise MqttFaultError("properties that break off")
            length, after = found
        payload_at = after + length
        if payload_at > end:
            raise MqttFaultError("properties longer than their packet")
    if qos and not packet_id:
        raise MqttFaultError("a publication without a packet id")
    return Published(
        data[at + 2 : topic_end], data[payload_at:end], packet_id, qos, bool(first & 0x01)
    )


def _small(first: int, body: bytes, *, mqtt5: bool) -> Packet:
    read = _READERS.get(first >> 4)
    if read is None:
        raise MqttFaultError(f"a packet of kind {first >> 4}")
    return read(body, mqtt5)


def _connack(body: bytes, mqtt5: bool) -> Accepted:
    if len(body) < 2 + mqtt5:
        raise MqttFaultError("a CONNACK that breaks off")
    if not mqtt5:
        return Accepted(body[1])
    numbers = _numbers_in(body, 2)
    return Accepted(
        body[1], numbers.get(_SERVER_KEEP_ALIVE), numbers.get(_RECEIVE_MAXIMUM, 65_535) or 1
    )


def _suback(body: bytes, mqtt5: bool) -> Subscribed:
    at = 2
    if mqtt5:
        found = _read_length(body, 2, len(body))
        if found is None:
            raise MqttFaultError("a SUBACK that breaks off")
        at = found[0] + found[1]
    codes = body[at:]
    granted = bool(codes) and all(code < _FAILED for code in codes)
    return Subscribed(granted, int.from_bytes(body[:2], "big"))


def _puback(body: bytes, _mqtt5: bool) -> Taken:
    if len(body) < 2:
        raise MqttFaultError("a PUBACK that breaks off")
    return Taken(int.from_bytes(body[:2], "big"))


def _pingresp(_body: bytes, _mqtt5: bool) -> Pong:
    return Pong()


def _disconnect(body: bytes, _mqtt5: bool) -> Goodbye:
    return Goodbye(body[0] if body else 0)


_READERS: Final[dict[int, Callable[[bytes, bool], Packet]]] = {
    _CONNACK: _connack,
    _SUBACK: _suback,
    _PUBACK: _puback,
    _PINGRESP: _pingresp,
    _DISCONNECT: _disconnect,
}

_FIXED: Final = {
    **dict.fromkeys((0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((_SERVER_KEEP_ALIVE, _RECEIVE_MAXIMUM, 0x22), 2),
    **dict.fromkeys((0x11, 0x27), 4),
}
"""Properties of a CONNACK (5.0, 3.2.2.3) that are numbers, and their bytes. Texts and binary data
carry a length of two bytes; a user property is two texts."""
_TEXTS: Final = {0x12: 1, 0x15: 1, 0x16: 1, 0x1A: 1, 0x1C: 1, 0x1F: 1, 0x26: 2}


def _numbers_in(body: bytes, at: int) -> dict[int, int]:
    """The properties that are numbers."""
    found = _read_length(body, at, len(body))
    if found is None:
        raise MqttFaultError("properties that break off")
    length, at = found
    end, numbers = at + length, dict[int, int]()
    while at < end:
        name = body[at] if at < len(body) else -1
        at += 1
        if name in _FIXED:
            numbers[name] = int.from_bytes(body[at : at + _FIXED[name]], "big")
            at += _FIXED[name]
        elif name in _TEXTS:
            for _ in range(_TEXTS[name]):
                at += 2 + int.from_bytes(body[at : at + 2], "big")
        else:
            raise MqttFaultError(f"an unknown property {name}")
    if end > len(body):
        raise MqttFaultError("properties longer than their packet")
    return numbers
