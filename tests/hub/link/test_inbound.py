"""Nothing is believed that did not prove itself: topic, retain flag, envelope."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hub.link.inbound import Arrival, Opened, Refused, open_arrival
from hub.link.keyring import FileLinkKeys
from hub.link.service import SealedDownlink
from hub.link.tables import LinkAlarm
from provisioning.hub_keys import ControllerKeys, save_link_keys
from wire.envelope import open_sealed, seal
from wire.keys import LinkKey, PinKey
from wire.samples import CONTROLLER
from wire.topics import Channel, topic_of

KEY = LinkKey(bytes(range(32)))


class Keys:
    def of(self, controller):
        return {KEY.kid: KEY} if controller == CONTROLLER else {}


def opened(channel, payload=None, controller=CONTROLLER, retained=False, topic=None):
    topic = topic_of(controller, channel) if topic is None else topic
    payload = seal(topic, b"{}", KEY) if payload is None else payload
    return open_arrival(Arrival(1, topic, payload, retained, lambda: None), Keys())


def test_an_authentic_message_is_opened():
    assert opened(Channel.HELLO) == Opened(CONTROLLER, Channel.HELLO, b"{}")


def test_the_status_alone_may_be_retained():
    assert isinstance(opened(Channel.STATUS, retained=True), Opened)
    assert opened(Channel.WANT, retained=True).alarm is LinkAlarm.RETAINED_MESSAGE


@pytest.mark.parametrize("topic", ["", "kagimori/v1/x/up/hello", "kagimori/v2/a/up/hello"])
def test_a_topic_that_is_none_of_ours_is_misplaced(topic):
    assert opened(Channel.HELLO, b"x" * 50, topic=topic).alarm is LinkAlarm.MISPLACED_MESSAGE


def test_a_downward_message_does_not_come_up():
    topic = topic_of(CONTROLLER, Channel.ACKS)
    assert opened(Channel.ACKS, b"x" * 50, topic=topic).alarm is LinkAlarm.MISPLACED_MESSAGE


def test_the_name_of_an_unknown_controller_is_not_kept():
    refused = opened(Channel.HELLO, b"x" * 50, controller="z" * 16)
    assert refused == Refused("", LinkAlarm.UNKNOWN_CONTROLLER, "up/hello", "unknown_controller")


@pytest.fixture
def key_file(tmp_path):
    """The file that provisioning writes, with no controller in it yet."""
    path = tmp_path / "link-keys.json"
    save_link_keys(path, {})
    return path


def enrol(path):
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    path.unlink()
    save_link_keys(path, {CONTROLLER: ControllerKeys(KEY, PinKey(bytes(32)), public)})


def test_a_controller_enrolled_now_is_heard_without_a_restart(key_file):
    now = [0.0]
    keys = FileLinkKeys(key_file, lambda: now[0])
    enrol(key_file)
    assert keys.of(CONTROLLER) == {}
    now[0] += 1.0
    assert keys.of(CONTROLLER) == {KEY.kid: KEY}


def test_a_key_file_damaged_later_leaves_the_keys_that_were_known(key_file):
    now = [0.0]
    enrol(key_file)
    keys = FileLinkKeys(key_file, lambda: now[0])
    key_file.write_bytes(b"{")
    now[0] += 2.0
    assert keys.of(CONTROLLER) == {KEY.kid: KEY}


def test_the_downlink_seals_for_the_controller_and_says_when_it_cannot():
    sent = []

    def publish(topic, payload):
        sent.append((topic, payload))
        return True

    down = SealedDownlink(Keys(), None, publish)
    assert down.publish(CONTROLLER, Channel.ACKS, b"{}")
    topic, payload = sent[0]
    assert open_sealed(topic, payload, {KEY.kid: KEY}) == b"{}"
    assert not down.publish("z" * 16, Channel.ACKS, b"{}")
