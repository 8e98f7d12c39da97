"""Builds the link's worker: for `hub.bootstrap`."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry

from hub.audit.service import record
from hub.backup import repository as restores
from hub.backup.repository import Restore
from hub.database.scope import Scope
from hub.ingest.assembly import HubLink
from hub.ingest.meters import LinkMeters
from hub.link.keyring import FileLinkKeys
from hub.link.mqtt import BrokerAddress
from hub.policy import hub_epoch
from hub.policy.desk import PolicyCounter
from hub.policy.hub_epoch import HubEpochError
from hub.policy.outlet import Outlet
from hub.settings import ConfigError, Settings
from hub.web.core import Core, Services
from hub.web.rights import SYSTEM
from provisioning.errors import ProvisioningError
from provisioning.hub_keys import load_hub_epoch
from provisioning.keys import load_signing_key
from wire.keys import HubSigner
from wire.messages import EpochProof

_log = structlog.get_logger(__name__)


class LinkWorker:
    """The link to the broker. What it needs of files is read at the start, not when it is built.

    `start` raises `ConfigError` for keys or certificates that cannot be used; a broker that is
    away is tried for ever.
    """

    def __init__(
        self,
        core: Core,
        services: Services,
        registry: CollectorRegistry,
        on_committed: Callable[[], None],
    ) -> None:
        self._core = core
        self._outlet = services.get(Outlet)
        self._policy = services.get(PolicyCounter)
        self._on_committed = on_committed
        self._link: HubLink | None = None
        LinkMeters(registry, lambda: self._link)

    @property
    def connected(self) -> bool:
        """Whether the broker is reached."""
        return self._link is not None and self._link.connected

    def start(self) -> None:
        """Take up the hub epoch, and begin to take in and to answer."""
        core = self._core
        settings = core.settings
        try:
            proof = self._take_up_epoch(load_hub_epoch(settings.file("hub_epoch")))
            link = HubLink(
                broker_address(settings),
                core.db,
                core.clock,
                FileLinkKeys(settings.file("link_keys")),
                HubSigner(load_signing_key(settings.file("signing_key"))),
                lambda: proof,
                self._on_committed,
            )
        except (ProvisioningError, HubEpochError) as error:
            raise ConfigError(str(error)) from error
        self._link = link
        self._outlet.attach(link.downlink, link.hint_online)
        link.start(self._policy)

    def stop(self) -> None:
        """Let the broker go and finish what is in hand."""
        if self._link is not None:
            self._link.stop()

    def _take_up_epoch(self, proof: EpochProof) -> EpochProof:
        """Only a restore opens a new epoch for a hub that has lived. One that nobody noted (it was
        cut off, or the database was put back without `kagimori-hub restore`) is looked at like any
        other before a policy is sent (docs/backup.md)."""
        now = self._core.clock.now()

        def work(scope: Scope) -> tuple[EpochProof, bool]:
            before = hub_epoch.number(scope)
            present = hub_epoch.ensure(scope, proof)
            unnoted = before is not None and present.hub_epoch > before
            if unnoted:
                restores.note(scope, Restore(present.hub_epoch, None, now, None))
                restores.end_former_life(scope)
                said = {"hub_epoch": present.hub_epoch, "taken_at": None}
                record(scope, now, SYSTEM, "hub.restored", ("hub", "hub"), said)
            return present, unnoted

        present, unnoted = self._core.db.write(work)
        if unnoted:
            _log.warning("restore_not_released", hub_epoch=present.hub_epoch)
        return present


def broker_address(settings: Settings) -> BrokerAddress:
    """Give where the broker is and the hub's TLS; raise `ConfigError` naming the files."""
    mqtt = settings.mqtt
    ca, certificate, key = (settings.file(f"mqtt_{name}") for name in ("ca", "certificate", "key"))
    try:
        tls = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ca))
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        tls.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{ca}, {certificate}, {key}: mqtt.ca, mqtt.certificate and mqtt.key cannot be used "
            f"({error}); write them with `kagimori-provision hub init`"
        ) from error
    return BrokerAddress(
        mqtt.host, mqtt.port, tls, mqtt5=mqtt.protocol == "5", keepalive_s=mqtt.keepalive_s
    )
