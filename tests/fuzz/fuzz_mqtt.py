"""What a broker says to the hub's MQTT reader: any bytes, cut anywhere.

The first byte chooses the version and how the rest is cut; the rest is the stream.
"""

from __future__ import annotations

from typing import Final

from hub.link import mqtt_packets
from hub.link.mqtt_packets import MqttFaultError, Packet, PacketReader, Published
from tests.fuzz.target import PythonTarget


def one_stream(data: bytes) -> None:
    """However a stream is cut, the same packets come out of it before the same end; nothing but
    `MqttFaultError` is raised; no more is kept than a packet may be long."""
    head, stream = (data[0], data[1:]) if data else (0, b"")
    mqtt5, piece = bool(head & 1), 1 + (head >> 1)
    cut, whole = _read(stream, piece, mqtt5=mqtt5), _read(stream, len(stream) or 1, mqtt5=mqtt5)
    assert cut[1] == whole[1]
    # What stands before the fault in the same piece is lost with it: the connection ends there.
    assert cut[0][: len(whole[0])] == whole[0] if whole[1] else cut[0] == whole[0]


def _read(stream: bytes, piece: int, *, mqtt5: bool) -> tuple[list[Packet], bool]:
    reader, found = PacketReader(mqtt5=mqtt5), list[Packet]()
    try:
        for at in range(0, len(stream), piece):
            found += reader.feed(stream[at : at + piece])
            held = sum(map(len, reader._parts))
            assert held <= mqtt_packets.LONGEST_KEPT + piece
    except MqttFaultError:
        return found, True
    for packet in found:
        if type(packet) is Published:
            assert packet.qos in (0, 1)
            assert bool(packet.packet_id) == bool(packet.qos)
            assert len(packet.topic) + len(packet.payload) <= len(stream)
    return found, False


TARGETS: Final = [PythonTarget("hub_mqtt", one_stream, "tests.fuzz.fuzz_mqtt", "hub.link", 600)]
