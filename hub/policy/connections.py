"""Whether a controller can be reached now, as well as the hub knows."""

from __future__ import annotations

from collections.abc import Collection

from hub.database.scope import Scope
from hub.link.session_repository import with_current_session
from hub.policy.outlet import Outlet


class Connections:
    """A controller counts as connected while it has a session that answered our welcome, and its
    status does not say otherwise. For people: no decision is taken on it."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def of(self, scope: Scope, controller_ids: Collection[str]) -> frozenset[str]:
        """Give those of these controllers that can be reached."""
        heard = with_current_session(scope, controller_ids)
        return frozenset(each for each in heard if not self._outlet.seems_offline(each))
