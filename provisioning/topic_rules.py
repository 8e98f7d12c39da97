"""Who may publish and receive what, for every broker: identity is the certificate's CN.

`mosquitto.access_rules` writes these same rules as Mosquitto's ACL; the demo's embedded broker asks
the functions. One test matrix runs against both.
"""

from __future__ import annotations

from typing import Final

from wire.errors import WireError
from wire.identity import check_controller_id
from wire.topics import down_filter, parse_topic, up_filter

HUB_NAME: Final = "hub"
"""CN of the hub's MQTT certificate. No controller can have it: their ids have 16 characters."""


def is_known_name(name: str) -> bool:
    """Tell whether a CN is the hub's or has the shape of a controller's."""
    try:
        return name == HUB_NAME or bool(check_controller_id(name))
    except WireError:
        return False


def may_publish(name: str, topic: str) -> bool:
    """A controller publishes its own upward channels, the hub every downward one, nobody else."""
    try:
        parsed = parse_topic(topic)
    except WireError:
        return False
    if name == HUB_NAME:
        return not parsed.channel.is_up
    return parsed.channel.is_up and parsed.controller == name


def may_receive(name: str, topic: str) -> bool:
    """A controller receives its own downward channels, the hub every upward one, nobody else."""
    try:
        parsed = parse_topic(topic)
    except WireError:
        return False
    if name == HUB_NAME:
        return parsed.channel.is_up
    return not parsed.channel.is_up and parsed.controller == name


def may_subscribe(name: str, topic_filter: str) -> bool:
    """A controller needs one filter and the hub another; exact topics they may receive as well."""
    if not is_known_name(name):
        return False
    own = up_filter() if name == HUB_NAME else down_filter(name)
    return topic_filter == own or may_receive(name, topic_filter)
