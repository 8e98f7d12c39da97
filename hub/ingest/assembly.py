"""Link, desk and ingest put together: what the bootstrap holds and starts.

The policy's side needs the downlink and the link needs the policy's side, so it comes with `start`.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.ingest.repository import standing
from hub.ingest.worker import IngestCounts, IngestWorker
from hub.link.alarms import AlarmBook
from hub.link.desk import Desk
from hub.link.mqtt import BrokerAddress
from hub.link.pacing import BacklogPacing
from hub.link.ports import Downlink, LinkKeys, PolicyDesk
from hub.link.service import LinkService
from hub.link.sessions import current_session
from wire.keys import HubSigner
from wire.messages import EpochProof


class HubLink:
    """Everything between broker and database. Fulfils `hub.link.ports.Sessions`.

    `proof` gives the present hub epoch's proof, read at each welcome. `on_committed` is called
    after each commit of new raw events, in the ingest thread.
    """

    def __init__(
        self,
        address: BrokerAddress,
        database: Database,
        clock: Clock,
        keys: LinkKeys,
        signer: HubSigner,
        proof: Callable[[], EpochProof],
        on_committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._database, self._clock, self._keys = database, clock, keys
        self._proof, self._on_committed = proof, on_committed
        self.alarms = AlarmBook()
        self._link = LinkService(address, database, clock, keys, signer, self.alarms)
        self._desk: Desk | None = None
        self._ingest: IngestWorker | None = None

    @property
    def downlink(self) -> Downlink:
        """Sends to controllers, from any thread, also before the start (then it says False)."""
        return self._link.downlink

    @property
    def connected(self) -> bool:
        """Whether the broker is reached."""
        return self._link.connected

    @property
    def counts(self) -> IngestCounts:
        """What came in since the start."""
        return self._ingest.counts if self._ingest else IngestCounts()

    def current(self, controller: str) -> str | None:
        """The session a command must name, None while no session is known to be alive."""
        with self._database.read() as scope:
            return current_session(scope, controller)

    def current_in(self, scope: Scope, controller: str) -> str | None:
        """The same within a transaction that is open already."""
        return current_session(scope, controller)

    def hint_online(self, controller: str) -> bool | None:
        """What the retained status says: a hint for people, nothing is derived from it."""
        return self._desk.hint_online(controller) if self._desk else None

    def start(self, policy: PolicyDesk) -> None:
        """Begin to take in and to answer; a broker that is away is tried for ever."""
        pacing = BacklogPacing()
        self._desk = desk = Desk(
            self._database,
            self._clock,
            self.downlink,
            self.alarms,
            policy,
            self._proof,
            standing,
            pacing,
        )
        self._ingest = ingest = IngestWorker(
            self._database,
            self._clock,
            self._keys,
            self.downlink,
            self.alarms,
            greeted=desk.greeted,
            on_committed=self._on_committed,
            renew=self._link.renew,
            pacing=pacing,
        )
        ingest.start()
        self._link.start(desk, ingest)

    def stop(self) -> None:
        """Let the broker go and finish the batch in hand."""
        self._link.stop()
        if self._ingest is not None:
            self._ingest.stop()
