"""The broker's configuration: identity is the certificate, topics are the closed list, no more.

The broker is trusted with nothing (messages carry their own authentication), yet it keeps
controllers apart: each reads and writes its own topics only. It remembers nothing on disk, since
nothing depends on what it remembers. Source: mosquitto.conf(5), Mosquitto 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.errors import ProvisioningError
from provisioning.topic_rules import HUB_NAME
from wire.envelope import MAX_PAYLOAD_BYTES
from wire.topics import PREFIX, Channel

BROKER_KEY: Final = "broker.key"
BROKER_CERTIFICATE: Final = "broker.pem"
CA: Final = "ca.pem"
REVOCATION_LIST: Final = "crl.pem"
CONFIGURATION: Final = "mosquitto.conf"
ACCESS_RULES: Final = "acl"

_PACKET_OVERHEAD_BYTES: Final = 1_024
"""Topic and MQTT 5 properties around a payload."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Where the broker's files lie, under which system user it runs, and where it listens."""

    directory: Path
    user: str
    port: int = 8883
    bind: str | None = None


def access_rules(hub_names: Iterable[str] = (HUB_NAME,)) -> str:
    """Give the ACL file: %u is the certificate's CN, which is the controller's id.

    Only exact topics stand here. A filter with wildcards may be subscribed to by anybody, and
    brings nothing but what these lines allow.
    """
    lines = ["# Who may read and write what. Made by kagimori-provision; do not edit."]
    for channel in Channel:
        verb = "write" if channel.is_up else "read"
        lines.append(f"pattern {verb} {PREFIX}/%u/{channel.value}")
    for name in hub_names:
        lines.append(f"user {name}")
        lines.append(f"topic deny {PREFIX}/{name}/#")  # the patterns above hold for it too
        for channel in Channel:
            verb = "read" if channel.is_up else "write"
            lines.append(f"topic {verb} {PREFIX}/+/{channel.value}")
    return "\n".join(lines) + "\n"


def configuration(listener: Listener) -> str:
    """Give mosquitto.conf for one TLS listener whose files lie in the listener's directory."""
    at = listener.directory
    if "\n" in str(at) or not at.is_absolute():
        raise ProvisioningError(f"{at} is no absolute path", "name the broker's directory in full")
    where = f"listener {listener.port}" + (f" {listener.bind}" if listener.bind else "")
    settings = [
        "# Made by kagimori-provision; do not edit.",
        f"user {listener.user}",
        "per_listener_settings false",
        f"acl_file {at / ACCESS_RULES}",
        "",
        "# Nothing depends on what a broker remembers, and what it holds on disk can be stolen.",
        "persistence false",
        "autosave_interval 0",
        "persistent_client_expiration 1d",
        "queue_qos0_messages false",
        "max_queued_messages 2000",
        "max_inflight_messages 4000",
        "",
        "# Longer messages are none of ours.",
        f"max_packet_size {MAX_PAYLOAD_BYTES + _PACKET_OVERHEAD_BYTES}",
        "max_keepalive 120",
        "set_tcp_nodelay true",
        "sys_interval 0",
        "",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "log_type information",
        "connection_messages true",
        "",
        where,
        "allow_anonymous false",
        "allow_zero_length_clientid false",
        f"cafile {at / CA}",
        f"certfile {at / BROKER_CERTIFICATE}",
        f"keyfile {at / BROKER_KEY}",
        f"crlfile {at / REVOCATION_LIST}",
        "tls_version tlsv1.2",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
    ]
    return "\n".join(settings) + "\n"
