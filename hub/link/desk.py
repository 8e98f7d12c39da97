"""The desk: answers hello with welcome, and hands want and reported on if their session lives.

Messages that wait together are served in one transaction: a thousand controllers that come back at
once would else wait for as many commits. Nothing is sent, noted or remembered before the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

import structlog
from sqlalchemy.exc import OperationalError

from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.link import presence, sessions
from hub.link.alarms import AlarmBook
from hub.link.inbound import Opened
from hub.link.pacing import BacklogPacing
from hub.link.ports import Downlink, PolicyDesk
from hub.link.sessions import Greeting, Judged
from hub.link.tables import LinkAlarm
from wire.errors import WireError
from wire.messages import (
    TYPES,
    EpochProof,
    HeldPolicy,
    Hello,
    Message,
    Reported,
    Status,
    Want,
    Welcome,
    decode,
    encode,
)
from wire.topics import Channel

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Greeted:
    """What a welcome told: nothing at or below `through_seq` of `epoch` is sent again by a live
    edge after it (`number` of the arrival that was answered)."""

    number: int
    epoch: int
    through_seq: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a controller said: an arrival that was opened and read."""

    controller: str
    channel: Channel
    message: Message = field(repr=False)
    number: int


Effect: TypeAlias = Callable[[], object]
"""What follows from a message, once its transaction is committed."""


class Desk:
    """Serves the small channels."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        downlink: Downlink,
        alarms: AlarmBook,
        policy: PolicyDesk,
        proof: Callable[[], EpochProof],
        watermark: Callable[[Scope, str, int, int], tuple[int, str | None]],
        pacing: BacklogPacing | None = None,
    ) -> None:
        self._database, self._clock = database, clock
        self._downlink, self._alarms, self._policy = downlink, alarms, policy
        self._proof, self._watermark = proof, watermark
        self._pacing = pacing or BacklogPacing()
        self._greeted: dict[str, Greeted] = {}
        self._online: dict[str, bool] = {}

    def greeted(self, controller: str) -> Greeted | None:
        """What this process last told the controller in a welcome."""
        return self._greeted.get(controller)

    def hint_online(self, controller: str) -> bool | None:
        """What the retained status says: a hint for people, nothing is derived from it."""
        return self._online.get(controller)

    def serve(self, arrived: Sequence[tuple[Opened, int]]) -> None:
        """Serve messages with the numbers of their arrivals, in their order. Bytes that are no such
        message are counted. What one of them raises costs none of the others; a database that is
        away costs all of them, and raises."""
        said = [one for each, number in arrived if (one := self._read(each, number)) is not None]
        if not said:
            return
        try:
            self._together(said)
        except OperationalError:
            raise
        except Exception:
            if len(said) == 1:
                raise
            for one in said:
                self._alone(one)

    def _read(self, opened: Opened, number: int) -> Said | None:
        kind: Any = TYPES[opened.channel]
        try:
            return Said(opened.controller, opened.channel, decode(kind, opened.body), number)
        except WireError as error:
            alarm, channel = LinkAlarm.MALFORMED_MESSAGE, opened.channel.value
            self._alarms.note(opened.controller, alarm, channel, error.fault.value)
            return None

    def _together(self, said: Sequence[Said]) -> None:
        def work(scope: Scope) -> list[Effect]:
            # In one order everywhere: two processes must not wait for one another.
            for controller in sorted({one.controller for one in said}):
                scope.lock(f"sessions/{controller}")
            return [effect for one in said for effect in _HANDLERS[one.channel](self, scope, one)]

        for effect in self._database.write(work):
            effect()

    def _alone(self, one: Said) -> None:
        try:
            self._together([one])
        except Exception:  # the edge says it again
            _log.exception("link_message_failed", channel=one.channel.value)

    def _on_hello(self, scope: Scope, said: Said) -> list[Effect]:
        hello, controller = said.message, said.controller
        assert isinstance(hello, Hello)  # noqa: S101  # the table says so
        judged = sessions.greet(scope, controller, hello, self._clock.now())
        if judged.greeting is Greeting.REPLAYED:
            return [self._alarm(said, LinkAlarm.REPLAYED_HELLO, "session")]
        through, digest = self._watermark(scope, controller, hello.epoch, hello.through_seq)
        held = self._policy.held(scope, controller)
        return [partial(self._welcome, said, hello, judged, (through, digest), held)]

    def _welcome(
        self,
        said: Said,
        hello: Hello,
        judged: Judged,
        watermark: tuple[int, str | None],
        held: HeldPolicy,
    ) -> None:
        """Answer a hello that is kept. The time is that of the answer: its error is half the round
        trip."""
        controller, (through, digest) = said.controller, watermark
        if judged.cloned:
            self._alarm(said, LinkAlarm.CLONED_CONTROLLER, "boot_came_back")()
        if judged.greeting is Greeting.NEW and through > hello.last_seq:
            self._alarm(said, LinkAlarm.JOURNAL_ROLLED_BACK, "last_seq")()
        if through < hello.last_seq:
            self._pacing.behind(controller)
        proof = self._proof()
        welcome = Welcome(
            session=hello.session,
            hub_time=self._clock.now(),
            hub_epoch=proof.hub_epoch,
            epoch=hello.epoch,
            through_seq=through,
            since_hash=digest,
            policy=held,
            proof=proof,
            backlog_per_s=self._pacing.per_s(),
        )
        self._greeted[controller] = Greeted(said.number, hello.epoch, through)
        self._downlink.publish(controller, Channel.WELCOME, encode(welcome))

    def _on_want(self, scope: Scope, said: Said) -> list[Effect]:
        want = said.message
        assert isinstance(want, Want)  # noqa: S101  # the table says so
        if not sessions.confirm(scope, said.controller, want.session, self._clock.now()):
            return [self._alarm(said, LinkAlarm.REPLAYED_WANT, "session")]
        return self._sends(said.controller, self._policy.wanted(scope, said.controller, want))

    def _on_reported(self, scope: Scope, said: Said) -> list[Effect]:
        reported = said.message
        assert isinstance(reported, Reported)  # noqa: S101  # the table says so
        if not sessions.is_fresh_report(scope, said.controller, reported):
            return [self._alarm(said, LinkAlarm.STALE_REPORT, "not_of_session")]
        bodies = self._policy.reported(scope, said.controller, reported)
        return self._sends(said.controller, bodies)

    def _on_status(self, scope: Scope, said: Said) -> list[Effect]:
        """Another process may have heard of a change: the row is looked at each time."""
        status, controller = said.message, said.controller
        assert isinstance(status, Status)  # noqa: S101  # the table says so
        presence.keep_presence(scope, controller, online=status.online, now=self._clock.now())
        return [partial(self._online.__setitem__, controller, status.online)]

    def _sends(self, controller: str, bodies: Sequence[bytes]) -> list[Effect]:
        return [
            partial(self._downlink.publish, controller, Channel.POLICY, body) for body in bodies
        ]

    def _alarm(self, said: Said, alarm: LinkAlarm, cause: str) -> Effect:
        return partial(self._alarms.note, said.controller, alarm, said.channel.value, cause)


_Handler = Callable[[Desk, Scope, Said], list[Effect]]
_HANDLERS: Final[Mapping[Channel, _Handler]] = {
    Channel.HELLO: Desk._on_hello,  # noqa: SLF001 - the class's own table
    Channel.WANT: Desk._on_want,  # noqa: SLF001 - the same
    Channel.REPORTED: Desk._on_reported,  # noqa: SLF001 - the same
    Channel.STATUS: Desk._on_status,  # noqa: SLF001 - the same
}
