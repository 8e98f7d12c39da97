"""The policy's side of the link: what `hub.link.ports.PolicyDesk` asks for."""

from __future__ import annotations

from collections.abc import Sequence

from hub.backup.repository import under_review
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.link.ports import Downlink
from hub.link.sessions import current_session
from hub.policy.compiler import NewVersion
from hub.policy.exchange import PolicyExchange, PolicyMessage
from hub.policy.packing import PolicyHead, pack_delta
from wire.messages import HeldPolicy, Reported, Want, encode
from wire.topics import Channel


class PolicyCounter:
    """Answers controllers and tells them of new versions."""

    def __init__(self, db: Database, exchange: PolicyExchange, downlink: Downlink) -> None:
        self._db = db
        self._exchange = exchange
        self._downlink = downlink

    def held(self, scope: Scope, controller: str) -> HeldPolicy:
        """Give what the controller should hold now; version 0, empty, where nothing is compiled."""
        return self._exchange.held(scope, controller)[1]

    def wanted(self, scope: Scope, controller: str, want: Want) -> list[bytes]:
        """Give the delta or snapshot asked for; nothing to a controller that is up to date."""
        held = self._exchange.held(scope, controller)[1]
        if want.from_version == held.version:
            return []
        found = self._exchange.answer_want(scope, controller, want.session, want.from_version)
        return self._released(scope, found)

    def reported(self, scope: Scope, controller: str, reported: Reported) -> list[bytes]:
        """Take a report of the current session, and give a snapshot where its digest is not the
        desired one."""
        found = self._exchange.on_reported(scope, controller, reported, reported.session)
        return self._released(scope, found)

    def announce(self, made: Sequence[NewVersion]) -> None:
        """Send each new version as the change from the one before: a controller that does not
        hold that one asks. What does not fit one message goes out as a snapshot."""
        if not made:
            return
        with self._db.read() as scope:
            epoch = self._exchange.epoch(scope)
            if epoch is None:
                return  # nobody can be connected yet: see `hub.policy.hub_epoch`
            for version in made:
                head = PolicyHead(epoch, version.held.version, version.held.digest)
                delta = pack_delta(head, version.from_version, version.put, version.drop)
                if delta is not None and version.from_version:
                    self._send(version.controller_id, self._released(scope, [delta]))
                    continue
                session = current_session(scope, version.controller_id)
                if session is not None:
                    found = self._exchange.answer_want(scope, version.controller_id, session, None)
                    self._send(version.controller_id, self._released(scope, found))

    def _send(self, controller: str, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            self._downlink.publish(controller, Channel.POLICY, body)

    @staticmethod
    def _released(scope: Scope, messages: Sequence[PolicyMessage]) -> list[bytes]:
        """Give messages as bytes; none if the database was restored and nobody has looked yet: what
        doors hold is newer than what is known here (docs/backup.md). They ask again."""
        if not messages or under_review(scope) is not None:
            return []
        return [encode(message) for message in messages]
