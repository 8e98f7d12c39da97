"""The desk: answers hello with welcome, and hands want and reported on if their session lives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

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
from wire.messages import EpochProof, Hello, Reported, Status, Want, Welcome, decode, encode
from wire.topics import Channel


@dataclass(frozen=True, slots=True)
class Greeted:
    """What a welcome told: nothing at or below `through_seq` of `epoch` is sent again by a live
    edge after it (`number` of the arrival that was answered)."""

    number: int
    epoch: int
    through_seq: int


class Desk:
    """Serves the small channels, one message at a time."""

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

    def serve(self, message: Opened, number: int) -> None:
        """Serve one message; raises `WireError` for bytes that are no such message."""
        _HANDLERS[message.channel](self, message, number)

    def _on_hello(self, message: Opened, number: int) -> None:
        hello = decode(Hello, message.body)
        controller = message.controller

        def work(scope: Scope) -> tuple[Judged, tuple[int, str | None]]:
            judged = sessions.greet(scope, controller, hello, self._clock.now())
            return judged, self._watermark(scope, controller, hello.epoch, hello.through_seq)

        judged, (through, digest) = self._database.write(work)
        channel = Channel.HELLO.value
        if judged.greeting is Greeting.REPLAYED:
            self._alarms.note(controller, LinkAlarm.REPLAYED_HELLO, channel, "session")
            return
        if judged.cloned:
            self._alarms.note(controller, LinkAlarm.CLONED_CONTROLLER, channel, "boot_came_back")
        if judged.greeting is Greeting.NEW and through > hello.last_seq:
            self._alarms.note(controller, LinkAlarm.JOURNAL_ROLLED_BACK, channel, "last_seq")
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
            policy=self._policy.held(controller),
            proof=proof,
            backlog_per_s=self._pacing.per_s(),
        )
        self._greeted[controller] = Greeted(number, hello.epoch, through)
        self._downlink.publish(controller, Channel.WELCOME, encode(welcome))

    def _on_want(self, message: Opened, _number: int) -> None:
        want = decode(Want, message.body)
        alive = self._database.write(
            lambda scope: sessions.confirm(
                scope, message.controller, want.session, self._clock.now()
            )
        )
        if alive:
            self._policy.wanted(message.controller, want)
            return
        self._alarms.note(
            message.controller, LinkAlarm.REPLAYED_WANT, message.channel.value, "session"
        )

    def _on_reported(self, message: Opened, _number: int) -> None:
        reported = decode(Reported, message.body)
        with self._database.read() as scope:
            fresh = sessions.is_fresh_report(scope, message.controller, reported)
        if fresh:
            self._policy.reported(message.controller, reported)
            return
        self._alarms.note(
            message.controller, LinkAlarm.STALE_REPORT, message.channel.value, "not_of_session"
        )

    def _on_status(self, message: Opened, _number: int) -> None:
        """Another process may have heard of a change: the row is looked at each time."""
        controller, online = message.controller, decode(Status, message.body).online
        now = self._clock.now()
        self._database.write(
            lambda scope: presence.keep_presence(scope, controller, online=online, now=now)
        )
        self._online[controller] = online


_Handler = Callable[[Desk, Opened, int], None]
_HANDLERS: Final[Mapping[Channel, _Handler]] = {
    Channel.HELLO: Desk._on_hello,  # noqa: SLF001 - the class's own table
    Channel.WANT: Desk._on_want,  # noqa: SLF001 - the same
    Channel.REPORTED: Desk._on_reported,  # noqa: SLF001 - the same
    Channel.STATUS: Desk._on_status,  # noqa: SLF001 - the same
}
