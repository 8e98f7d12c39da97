"""Whether a controller can be reached now, as well as the hub knows."""

from __future__ import annotations

from collections.abc import Callable, Collection

from hub.database.scope import Scope
from hub.link.sessions import current_session

OnlineHint = Callable[[str], bool | None]
"""What a controller's retained status says, where this process hears it; None: nothing."""


class Connections:
    """A controller counts as connected while it has a session that answered our welcome, and its
    status does not say otherwise. For people: no decision is taken on it."""

    def __init__(self, hint: OnlineHint = lambda _controller: None) -> None:
        self._hint = hint

    def listen_to(self, hint: OnlineHint) -> None:
        """Take the hints of the link, once this process has one."""
        self._hint = hint

    def of(self, scope: Scope, controller_ids: Collection[str]) -> frozenset[str]:
        """Give those of these controllers that can be reached."""
        return frozenset(
            each
            for each in controller_ids
            if self._hint(each) is not False and current_session(scope, each) is not None
        )
