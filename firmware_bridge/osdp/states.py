"""The life of one peripheral as its panel sees it: a table of states and signals.

A signal that a state does not list is a mistake in our own code: `advance` raises and the
state stays. Only HELLO, CHALLENGING and PROVING use the wire in clear, and they carry
nothing worth reading; there is no way from them to ONLINE past the secure channel.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class LinkState(StrEnum):
    """Where a link stands; each state but OFFLINE names what is asked in it."""

    OFFLINE = "offline"
    HELLO = "hello"
    CHALLENGING = "challenging"
    PROVING = "proving"
    KEYING = "keying"
    IDENTIFYING = "identifying"
    ASKING_CAPABILITIES = "asking_capabilities"
    DRAINING = "draining"
    ONLINE = "online"


class Signal(StrEnum):
    """What moves a link."""

    PROBED = "probed"
    ANSWERED = "answered"
    PROVED_DEFAULT_KEY = "proved_default_key"
    NOTHING_QUEUED = "nothing_queued"
    LOST = "lost"


TRANSITIONS: Final[dict[LinkState, dict[Signal, LinkState]]] = {
    LinkState.OFFLINE: {
        Signal.PROBED: LinkState.HELLO,
        Signal.LOST: LinkState.OFFLINE,
    },
    LinkState.HELLO: {
        Signal.ANSWERED: LinkState.CHALLENGING,
        Signal.LOST: LinkState.OFFLINE,
    },
    LinkState.CHALLENGING: {
        Signal.ANSWERED: LinkState.PROVING,
        Signal.LOST: LinkState.OFFLINE,
    },
    LinkState.PROVING: {
        Signal.ANSWERED: LinkState.IDENTIFYING,
        Signal.PROVED_DEFAULT_KEY: LinkState.KEYING,
        Signal.LOST: LinkState.OFFLINE,
    },
    # The default key serves one command, the new key; then everything starts again.
    LinkState.KEYING: {
        Signal.LOST: LinkState.OFFLINE,
    },
    LinkState.IDENTIFYING: {
        Signal.ANSWERED: LinkState.ASKING_CAPABILITIES,
        Signal.LOST: LinkState.OFFLINE,
    },
    LinkState.ASKING_CAPABILITIES: {
        Signal.ANSWERED: LinkState.DRAINING,
        Signal.LOST: LinkState.OFFLINE,
    },
    # What the peripheral kept while nobody listened comes first and is stale.
    LinkState.DRAINING: {
        Signal.NOTHING_QUEUED: LinkState.ONLINE,
        Signal.LOST: LinkState.OFFLINE,
    },
    LinkState.ONLINE: {
        Signal.NOTHING_QUEUED: LinkState.ONLINE,
        Signal.LOST: LinkState.OFFLINE,
    },
}

# States in which the application's commands are taken.
SERVING: Final = frozenset({LinkState.DRAINING, LinkState.ONLINE})
# States in which every frame must carry a MAC.
SECURED: Final = SERVING | {
    LinkState.KEYING,
    LinkState.IDENTIFYING,
    LinkState.ASKING_CAPABILITIES,
}


class IllegalSignalError(RuntimeError):
    """A signal that the present state does not know."""


def advance(state: LinkState, signal: Signal) -> LinkState:
    """The state after `signal`; IllegalSignalError when the table has no such line."""
    try:
        return TRANSITIONS[state][signal]
    except KeyError:
        raise IllegalSignalError(f"{signal.value} in state {state.value}") from None
