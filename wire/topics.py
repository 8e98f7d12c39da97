"""The closed list of MQTT topics, `kagimori/v1/{controller}/{direction}/{name}`."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from wire.errors import WireError, WireFault
from wire.identity import check_controller_id
from wire.version import MAJOR

PREFIX: Final = f"kagimori/v{MAJOR}"


class Channel(StrEnum):
    """What a topic carries; the value is its last two levels."""

    STATUS = "up/status"
    HELLO = "up/hello"
    EVENTS = "up/events"
    WANT = "up/want"
    REPORTED = "up/reported"
    WELCOME = "down/welcome"
    ACKS = "down/acks"
    POLICY = "down/policy"
    COMMANDS = "down/commands"

    @property
    def is_up(self) -> bool:
        """Whether the edge publishes it."""
        return self.value.startswith("up/")


SIGNED: Final = frozenset({Channel.WELCOME, Channel.POLICY, Channel.COMMANDS})
"""Channels whose payload carries the hub's Ed25519 signature beside the tag. The channel decides,
never a flag in the payload, so that nobody can take the signature off."""

RETAINED: Final = frozenset({Channel.STATUS})
"""Channels that may be retained. A retained message on any other is refused and reported."""


class Topic(NamedTuple):
    """A topic taken apart."""

    controller: str
    channel: Channel


def topic_of(controller: str, channel: Channel) -> str:
    """Give the topic of one controller's channel; raise `WireError` for a bad controller id."""
    return f"{PREFIX}/{check_controller_id(controller)}/{channel.value}"


_LONGEST: Final = 64
"""Longer texts are not remembered: topics of ours are shorter."""


def parse_topic(text: str) -> Topic:
    """Take a topic apart; raise `WireError(BAD_TOPIC)` for one that is not in the list."""
    return _parsed(text) if len(text) <= _LONGEST else _parse(text)


def _parse(text: str) -> Topic:
    head, _, rest = text.removeprefix(PREFIX + "/").partition("/")
    if not text.startswith(PREFIX + "/") or not rest:
        raise WireError(WireFault.BAD_TOPIC, "not a topic of this version")
    try:
        return Topic(check_controller_id(head), Channel(rest))
    except ValueError as error:  # WireError is one
        raise WireError(WireFault.BAD_TOPIC, "not in the list of topics") from error


_parsed: Final = lru_cache(maxsize=4_096)(_parse)
"""Every message is looked at by its topic, most often one seen a moment ago."""


def down_filter(controller: str) -> str:
    """Give the filter an edge subscribes to: everything that is meant for it."""
    return f"{PREFIX}/{check_controller_id(controller)}/down/+"


def up_filter(share: str | None = None) -> str:
    """Give the filter the hub subscribes to: every controller's upward channels.

    With `share`, an MQTT 5 shared subscription of that name, for several ingest processes.
    """
    plain = f"{PREFIX}/+/up/+"
    return f"$share/{share}/{plain}" if share else plain
