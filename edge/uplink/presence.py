"""The retained birth and last will: a hint for people, from which nothing is derived."""

from __future__ import annotations

from edge.ports import Publish
from wire.envelope import seal
from wire.keys import LinkKey
from wire.messages import Status, encode
from wire.topics import Channel, topic_of


def status_message(controller: str, key: LinkKey, agent: str, *, online: bool) -> Publish:
    """Make the birth or the will; the will is given to the link before it connects."""
    topic = topic_of(controller, Channel.STATUS)
    return Publish(topic, seal(topic, encode(Status(online=online, agent=agent)), key), retain=True)
