"""MQTT packets: byte for byte as the standards say, however they arrive; none is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.link import mqtt_packets as mq
from hub.link.mqtt_packets import (
    Accepted,
    Goodbye,
    MqttFaultError,
    PacketReader,
    Pong,
    Published,
    Subscribed,
    Taken,
)


def read(data: bytes, *, mqtt5: bool = True) -> list[mq.Packet]:
    return PacketReader(mqtt5=mqtt5).feed(data)


# --- what we say ---------------------------------------------------------------------------------


def test_connect_in_3_1_1_has_a_clean_session_and_our_name():
    #      fixed   name                level clean keep-alive  client id
    wanted = "100f 0004 4d515454       04    02    001e        0003 687562"
    made = mq.connect_packet("hub", 30, mqtt5=False, receive_maximum=4_000)
    assert made == bytes.fromhex(wanted)


def test_connect_in_5_0_says_how_many_messages_may_wait_for_us():
    wanted = "1013 0004 4d515454 05 02 001e 03 21 0fa0 0003 687562"
    made = mq.connect_packet("hub", 30, mqtt5=True, receive_maximum=4_000)
    assert made == bytes.fromhex(wanted)


def test_subscribe_asks_for_qos_1_and_in_5_0_for_the_retain_flag_as_published():
    assert mq.subscribe_packet(1, "a/b", mqtt5=False) == bytes.fromhex("8208 0001 0003 612f62 01")
    assert mq.subscribe_packet(1, "a/b", mqtt5=True) == bytes.fromhex("8209 0001 00 0003 612f62 09")


def test_a_publication_of_ours_is_qos_1_and_not_retained():
    assert mq.publish_packet("a", b"xy", 7, mqtt5=False) == bytes.fromhex("3207 0001 61 0007 7879")
    assert mq.publish_packet("a", b"xy", 7, mqtt5=True) == bytes.fromhex(
        "3208 0001 61 0007 00 7879"
    )


def test_acknowledgements_go_out_in_one_piece():
    assert mq.puback_packets([1, 65_535]) == bytes.fromhex("40020001 4002ffff")


# --- what the broker says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "mqtt5", "wanted"),
    [
        ("2002 00 00", False, Accepted(0)),
        ("2002 00 05", False, Accepted(5)),
        ("2003 00 00 00", True, Accepted(0)),
        # server keep-alive 10 s, receive maximum 20, a user property, a reason in words
        ("2016 00 00 13 13000a 210014 26000161000162 1f00026f6b 2a00", True, None),
        ("9003 0001 01", False, Subscribed(True)),
        ("9003 0001 80", False, Subscribed(False)),
        ("9004 0001 00 87", True, Subscribed(False, 1)),
        ("9004 0007 00 01", True, Subscribed(True, 7)),
        ("4002 0102", True, Taken(258)),
        ("4004 0102 1000", True, Taken(258)),
        ("d000", True, Pong()),
        ("e001 8e", True, Goodbye(0x8E)),
        ("e000", True, Goodbye(0)),
    ],
)
def test_small_packets(data, mqtt5, wanted):
    wanted = wanted or Accepted(0, keepalive_s=10, receive_maximum=20)
    assert read(bytes.fromhex(data), mqtt5=mqtt5) == [wanted]


def test_publications_keep_topic_payload_id_and_flags():
    plain = read(bytes.fromhex("3307 0001 61 0007 7879"), mqtt5=False)
    assert plain == [Published(b"a", b"xy", 7, 1, True)]
    # properties: message expiry 60 s
    five = read(bytes.fromhex("320d 0001 61 0007 05 020000003c 7879"))
    assert five == [Published(b"a", b"xy", 7, 1, False)]
    assert read(bytes.fromhex("3005 0001 61 00 78")) == [Published(b"a", b"x", 0, 0, False)]


@pytest.mark.parametrize(
    "data",
    [
        "34 07 0001 61 0007 7879",  # QoS 2 was never subscribed to
        "36 07 0001 61 0007 7879",  # QoS 3 does not exist
        "32 07 0001 61 0000 7879",  # a packet id of zero
        "32 03 0009 61",  # the topic ends behind the packet
        "32 06 0001 61 0007 7f",  # so do the properties
        "32 ffffffff 7f",  # a length of five bytes
        "10 00",  # a broker does not connect
        "50 02 0001",  # PUBREC, of QoS 2
        "20 01 00",
        "20 04 00 00 01 99",  # a property that does not exist
        "20 05 00 00 05 21 00",  # properties that break off
        "40 01 00",
        "90 02 0001",
        "d0 80808001",  # a PINGRESP of 2 MiB
    ],
)
def test_what_no_broker_says_ends_the_connection(data):
    with pytest.raises(MqttFaultError):
        read(bytes.fromhex(data))


_PUBLICATION = st.builds(
    lambda topic, payload, number, retain: (
        Published(topic.encode(), payload, number, 1, retain),
        topic,
    ),
    st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=40),
    st.binary(max_size=400),
    st.integers(1, 65_535),
    st.booleans(),
)


@given(st.lists(_PUBLICATION, max_size=8), st.booleans(), st.data())
def test_however_the_bytes_are_cut_the_same_packets_come_out(publications, mqtt5, data):
    """Byte at a time, many packets at once, and everything between."""
    stream = b""
    for packet, topic in publications:
        made = mq.publish_packet(topic, packet.payload, packet.packet_id, mqtt5=mqtt5)
        stream += bytes([made[0] | packet.retain]) + made[1:] + b"\xd0\x00"
    wanted = [one for packet, _ in publications for one in (packet, Pong())]
    reader, found, at = PacketReader(mqtt5=mqtt5), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 64))
        found += reader.feed(stream[at : at + size])
        at += size
    assert found == wanted


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused_by_name(noise, mqtt5):
    reader = PacketReader(mqtt5=mqtt5)
    try:
        for at in range(0, len(noise), 7):
            reader.feed(noise[at : at + 7])
    except MqttFaultError:
        return


@pytest.mark.parametrize("piece", [1_000, 70_000, 10**9])
def test_of_a_publication_too_long_the_head_is_kept_and_the_rest_passed_over(monkeypatch, piece):
    """So it can be acknowledged and told, and nobody can fill our memory with it."""
    monkeypatch.setattr(mq, "LONGEST_KEPT", 10_000)
    long = mq.publish_packet("a/b", bytes(100_000), 9, mqtt5=True)
    after = mq.publish_packet("a/b", b"short", 10, mqtt5=True)
    stream, reader, found = after + long + after, PacketReader(mqtt5=True), []
    for at in range(0, len(stream), piece):
        found += reader.feed(stream[at : at + piece])
        assert sum(map(len, reader._parts)) <= 10_000
    assert [(one.packet_id, one.topic) for one in found] == [
        (10, b"a/b"),
        (9, b"a/b"),
        (10, b"a/b"),
    ]
    assert 9_900 < len(found[1].payload) < 10_000
    assert found[2].payload == b"short"
