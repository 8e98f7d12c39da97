"""The states of a delivery session and the one table of what leads where."""

from __future__ import annotations

from enum import Enum
from typing import Final


class State(Enum):
    """How far the hub is reached."""

    OFFLINE = "offline"
    """No connection: nothing is sent."""
    GREETING = "greeting"
    """Hello was said, the welcome is awaited; hello is repeated with back-off."""
    WELCOMED = "welcomed"
    """The hub answered this session: events flow, policy and commands are taken."""


class Trigger(Enum):
    """What moves a session."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    WELCOME = "welcome"
    SILENCE = "silence"
    """The hub acknowledged nothing although it was asked again."""
    CLOCK_ASTRAY = "clock_astray"
    """The time may have strayed since the welcome: the hub is asked for it."""


TABLE: Final[dict[tuple[State, Trigger], State]] = {
    (State.OFFLINE, Trigger.CONNECTED): State.GREETING,
    (State.GREETING, Trigger.CONNECTED): State.GREETING,
    (State.WELCOMED, Trigger.CONNECTED): State.GREETING,
    (State.OFFLINE, Trigger.DISCONNECTED): State.OFFLINE,
    (State.GREETING, Trigger.DISCONNECTED): State.OFFLINE,
    (State.WELCOMED, Trigger.DISCONNECTED): State.OFFLINE,
    (State.GREETING, Trigger.WELCOME): State.WELCOMED,
    (State.WELCOMED, Trigger.SILENCE): State.GREETING,
    (State.WELCOMED, Trigger.CLOCK_ASTRAY): State.GREETING,
}
"""What is not listed cannot happen; the session leaves its state as it is."""
