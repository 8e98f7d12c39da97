"""Where messages to controllers leave: the link is attached once the process has one.

A process without a link (`--role api` beside another that has it) has nothing attached.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.link.ports import Downlink
from wire.topics import Channel


def _no_hint(_controller: str) -> bool | None:
    return None


class Outlet:
    """A `Downlink` that sends nothing until a link is attached."""

    def __init__(self) -> None:
        self._downlink: Downlink | None = None
        self._hint: Callable[[str], bool | None] = _no_hint

    def attach(
        self, downlink: Downlink, hint_online: Callable[[str], bool | None] = _no_hint
    ) -> None:
        """Send over this link from now on."""
        self._downlink = downlink
        self._hint = hint_online

    def publish(self, controller: str, channel: Channel, body: bytes) -> bool:
        """Send; False where nothing is attached or the link says that nothing was sent."""
        return self._downlink is not None and self._downlink.publish(controller, channel, body)

    def seems_offline(self, controller: str) -> bool:
        """Tell whether the controller's last will says that it is away: for telling people early,
        never for deriving a state."""
        return self._hint(controller) is False
