"""Identity is the certificate, topics are its own: the same facts on Mosquitto and on the demo's
embedded broker."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from provisioning.authority import Purpose, create_authority
from provisioning.keys import new_tls_key, private_pem
from provisioning.topic_rules import may_publish, may_receive
from wire.envelope import MAX_PAYLOAD_BYTES
from wire.topics import Channel, down_filter, topic_of, up_filter

pytestmark = pytest.mark.mosquitto

FOREIGN = ["kagimori/v1/hub/up/hello", "kagimori/v2/x", "$SYS/broker/uptime", "anything", "a/b/c"]


def pair(town, name, certificate, key):
    """Write a certificate and its key, and give a client's TLS with them."""
    pem, secret = town.directory / f"{name}.pem", town.directory / f"{name}.key"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(private_pem(key))
    context = ssl.create_default_context(cafile=str(town.ca))
    context.load_cert_chain(pem, secret)
    return context


def refused(probe, broker, context, client_id="anything") -> bool:
    """Whether the broker lets a client in neither at the handshake nor at CONNECT."""
    try:
        return not probe(broker.port, context, client_id).accepted()
    except (ssl.SSLError, OSError):
        return True


def test_every_name_reaches_exactly_the_topics_of_the_rules(town, broker, probe):
    """Three controllers and the hub publish every topic of everybody, and foreign ones, while each
    listens to all it can think of: exactly what the rules allow arrives."""
    ids = [town.add_controller() for _ in range(3)]
    clients = {name: probe(broker.port, town.controller_context(name)) for name in ids}
    clients["hub"] = probe(broker.port, town.hub_context())
    topics = [topic_of(i, channel) for i in ids for channel in Channel]
    for name, client in clients.items():
        assert client.accepted()
        wanted = [
            down_filter(name) if name != "hub" else up_filter(),
            "#",
            "+/#",
            "kagimori/v1/+/down/+",
            "kagimori/v1/+/up/+",
            "$SYS/#",
            *topics,
            *FOREIGN,
        ]
        for topic_filter in wanted:
            client.subscribe(topic_filter)
    for name, client in clients.items():
        for topic in [*topics, *(t for t in FOREIGN if not t.startswith("$"))]:
            client.publish(topic, f"{name} to {topic}".encode())
    # one last message that each may receive: whatever came before it has arrived
    for name in ids:
        clients["hub"].publish(topic_of(name, Channel.ACKS), b"last")
        clients[name].sees(topic_of(name, Channel.ACKS), b"last")
        clients[name].publish(topic_of(name, Channel.WANT), b"last")
        clients["hub"].sees(topic_of(name, Channel.WANT), b"last")
    for name, client in clients.items():
        expected = {
            (topic, f"{sender} to {topic}".encode())
            for topic in topics
            for sender in clients
            if may_publish(sender, topic) and may_receive(name, topic)
        }
        assert {entry for entry in client.received if entry[1] != b"last"} == expected, name
        assert client.retained == []


def test_nobody_gets_anothers_retained_message(town, broker, probe):
    """A retained status reaches the hub that comes later, and no other controller, whatever it
    subscribes to and whenever it connects; one on another's topic is not kept."""
    first, second = town.add_controller(), town.add_controller()
    status = topic_of(first, Channel.STATUS)
    sender = probe(broker.port, town.controller_context(first))
    assert sender.accepted()
    sender.publish(status, b"born", retain=True)
    sender.publish(topic_of(second, Channel.STATUS), b"forged", retain=True)
    sender.publish(topic_of(second, Channel.COMMANDS), b"forged", retain=True)
    hub = probe(broker.port, town.hub_context())
    assert hub.accepted()
    hub.subscribe(up_filter())
    hub.wait(lambda: len(hub.retained) > 0, "the retained status")
    other = probe(broker.port, town.controller_context(second))
    assert other.accepted()
    for topic_filter in ("#", status, up_filter(), down_filter(second)):
        other.subscribe(topic_filter)
    hub.publish(topic_of(second, Channel.ACKS), b"last")
    other.sees(topic_of(second, Channel.ACKS), b"last")
    assert hub.retained == [(status, b"born")]
    assert other.retained == []


def test_a_last_will_on_anothers_topic_is_never_sent(town, broker, probe):
    """A client may die over its own status only."""
    first, second = town.add_controller(), town.add_controller()
    hub = probe(broker.port, town.hub_context())
    assert hub.accepted()
    hub.subscribe(up_filter())
    forged = topic_of(second, Channel.STATUS)
    hostile = probe(broker.port, town.controller_context(first), will=(forged, b"forged"))
    if hostile.accepted():
        hostile.drop()
    own = topic_of(second, Channel.STATUS)
    honest = probe(broker.port, town.controller_context(second), will=(own, b"gone"))
    assert honest.accepted()
    honest.drop()
    hub.sees(own, b"gone")
    assert (forged, b"forged") not in [*hub.received, *hub.retained]


def test_naming_anothers_client_id_takes_nothing_over(town, broker, probe):
    """The certificate decides who a client is: the one it names stays connected and subscribed."""
    victim, thief = town.add_controller(), town.add_controller()
    first = probe(broker.port, town.controller_context(victim), client_id=victim)
    assert first.accepted()
    first.subscribe(down_filter(victim))
    second = probe(broker.port, town.controller_context(thief), client_id=victim)
    hub = probe(broker.port, town.hub_context(), client_id="hub")
    assert hub.accepted()
    if second.accepted():
        second.subscribe(down_filter(victim))
    hub.publish(topic_of(victim, Channel.ACKS), b"for the victim")
    first.sees(topic_of(victim, Channel.ACKS), b"for the victim")
    assert not first.closed.is_set()
    assert second.received == []


def test_a_second_client_of_one_certificate_replaces_the_first(town, broker, probe):
    """Two agents with one identity cannot both stay: the newer connection holds."""
    name = town.add_controller()
    first = probe(broker.port, town.controller_context(name))
    assert first.accepted()
    second = probe(broker.port, town.controller_context(name))
    assert second.accepted()
    assert first.closed.wait(8)
    second.subscribe(down_filter(name))
    hub = probe(broker.port, town.hub_context())
    assert hub.accepted()
    hub.publish(topic_of(name, Channel.ACKS), b"once")
    second.sees(topic_of(name, Channel.ACKS), b"once")


def test_who_has_no_certificate_of_this_authority_is_refused(town, broker, probe):
    """None, another authority's with the same names, and an ended one: none connects."""
    now = datetime.now(UTC)
    name = town.add_controller()
    nothing = ssl.create_default_context(cafile=str(town.ca))
    assert refused(probe, broker, nothing, name)
    nothing.maximum_version = ssl.TLSVersion.TLSv1_2  # here the refusal comes within the handshake
    assert refused(probe, broker, nothing, name)
    key = new_tls_key()
    imitation = create_authority("Test Town", now, timedelta(days=2))
    forged = imitation.issue(Purpose.CONTROLLER, name, key.public_key(), now, timedelta(days=1))
    assert refused(probe, broker, pair(town, "forged", forged, key), name)
    ended = town.register.authority.issue(
        Purpose.CONTROLLER,
        name,
        key.public_key(),
        now - timedelta(days=9),
        timedelta(days=1),
    )
    assert refused(probe, broker, pair(town, "ended", ended, key), name)
    assert not refused(probe, broker, town.controller_context(name), name)


def test_a_certificate_for_something_else_is_no_clients(town, broker, probe):
    """The broker's own certificate, though of the right authority, does not connect as the hub."""
    now = datetime.now(UTC)
    key = new_tls_key()
    issue = town.register.authority.issue
    server = issue(Purpose.BROKER, "hub", key.public_key(), now, timedelta(days=1), ["localhost"])
    assert refused(probe, broker, pair(town, "server", server, key), "hub")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")  # that it is deprecated is the point
def test_old_tls_is_refused(town, broker, probe):
    """TLS 1.1 and older do not connect, even with a good certificate."""
    name = town.add_controller()
    context = town.controller_context(name)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    assert refused(probe, broker, context)


def test_mosquitto_takes_the_longest_message_and_none_beyond(town, mosquitto, probe):
    """What is longer than the wire allows ends its sender's connection, and reaches nobody."""
    name = town.add_controller()
    running = mosquitto()
    hub = probe(running.port, town.hub_context())
    assert hub.accepted()
    hub.subscribe(up_filter())
    sender = probe(running.port, town.controller_context(name))
    assert sender.accepted()
    topic = topic_of(name, Channel.EVENTS)
    longest = bytes(MAX_PAYLOAD_BYTES)
    sender.publish(topic, longest)
    hub.sees(topic, longest)
    sender.client.publish(topic, bytes(MAX_PAYLOAD_BYTES + 2_000), qos=1)
    assert sender.closed.wait(8)
    assert len(hub.received) == 1
