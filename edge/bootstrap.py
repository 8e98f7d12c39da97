"""Builds the agent out of its settings; importing builds nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edge.agent import Agent, agent_version
from edge.agent_log import configure_log
from edge.cards.keyring import CardKeyring
from edge.cards.profile import ProfileError
from edge.cards.profile_files import load_profiles
from edge.cards.verify import CardVerifier, Verdict
from edge.controller_files import Controller, load_controller, tls_context
from edge.core.model import CardPresented
from edge.driver_choice import card_folders, make_driver
from edge.machine import Machine
from edge.ports import Driver, Link, TimeSource
from edge.settings import Settings, SettingsError
from edge.uplink.mqtt import BrokerAddress, MqttLink
from edge.uplink.presence import status_message
from wire.errors import WireError
from wire.policy_bodies import CardBody

if TYPE_CHECKING:
    from edge.drivers.pcsc_api import Pcsc

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Cards:
    """What is known of card profiles: how to verify."""

    verifier: CardVerifier

    def verify(self, presented: CardPresented, card: CardBody) -> bool:
        """Whether a presentation's proof holds for a card of the policy."""
        return self.verifier.verify(presented, card) is Verdict.VERIFIED

    def signed(self, presented: CardPresented) -> bytes | None:
        """What a presentation's answer is a signature of, hashed."""
        return self.verifier.signed_hash(presented)


def build(
    settings: Settings,
    *,
    allow_demo: bool = False,
    drivers: Mapping[str, Driver] | None = None,
    open_pcsc: Callable[[], Pcsc] | None = None,
    time: TimeSource | None = None,
    alive: Callable[[], None] = lambda: None,
) -> Agent:
    """Build an agent. Raises `SettingsError` for what it cannot work with.

    `drivers` stand in for the settings' ports of the same name; `open_pcsc` for the machine's card
    service. Without `allow_demo` a demonstration's certificate is refused: its keys are no secret.
    """
    configure_log()
    controller = load_controller(settings)
    if controller.demo and not allow_demo:
        raise SettingsError(
            settings.identity.directory,
            "identity",
            "made for a demonstration, its keys are no secret",
            "Enrol this controller with kagimori-provision",
        )
    try:
        controller.signers(_LONG_AGO)
    except WireError as error:
        raise SettingsError(
            str(settings.identity_file(settings.identity.hub_signing)),
            "identity.hub_signing",
            str(error),
            "Bring the hub's signing certificate of the same CA",
        ) from error
    try:
        keys = CardKeyring(controller.pin, controller.open_card_key)
        profiles = load_profiles(*card_folders(settings, "profiles"))
        verifier = CardVerifier(profiles.values(), keys.key_for)
        built = dict(drivers or {})
        for name, port in settings.ports.items():
            if name not in built:
                built[name] = make_driver(port, settings, open_pcsc, keys)
    except ProfileError as error:
        raise SettingsError(settings.cards_dir or "cards", "ports", str(error), "") from error
    cards = _Cards(verifier)
    return Agent(
        settings,
        controller,
        built,
        _link(settings, controller),
        cards.verify,
        keys,
        time or Machine(),
        alive,
        cards.signed,
    )


def _link(settings: Settings, controller: Controller) -> Link:
    mqtt = settings.mqtt
    address = BrokerAddress(
        mqtt.host,
        mqtt.port,
        tls_context(settings),
        mqtt5=mqtt.protocol == "5",
        keepalive_s=mqtt.keepalive_s,
    )
    will = status_message(controller.id, controller.link, agent_version(), online=False)
    return MqttLink(controller.id, address, will)
