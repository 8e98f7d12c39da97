"""From an authority to a running installation: the hub's directory, the broker's, a controller's.

Each function writes one directory whole, and refuses one whose keys are there already.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from provisioning import controller_keys, hub_keys, mosquitto
from provisioning.authority import Purpose, check_request, make_request
from provisioning.errors import ProvisioningError
from provisioning.keys import new_secret, new_tls_key, private_pem
from provisioning.private_files import (
    PUBLIC_MODE,
    directory_lock,
    make_private_directory,
    read_file,
    refuse_existing,
    write_file,
)
from provisioning.register import Register
from provisioning.topic_rules import HUB_NAME
from wire.errors import WireError
from wire.identity import check_controller_id, controller_id_from
from wire.keys import LinkKey, PinKey

SERVER_LIFETIME: Final = timedelta(days=3 * 365)
CONTROLLER_LIFETIME: Final = timedelta(days=5 * 365)
SIGNING_LIFETIME: Final = timedelta(days=5 * 365)
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

SIGNING_KEY: Final = "signing.key"
SIGNING_CERTIFICATE: Final = "signing.pem"
MQTT_KEY: Final = "mqtt.key"
MQTT_CERTIFICATE: Final = "mqtt.pem"
HTTPS_KEY: Final = "https.key"
HTTPS_CERTIFICATE: Final = "https.pem"
CA: Final = "ca.pem"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A controller that was added: its id and where its files lie."""

    controller: str
    directory: Path


def init_hub(
    register: Register, directory: Path, now: datetime, hosts: Iterable[str] = LOOPBACK
) -> None:
    """Write everything a new hub needs: signing key, TLS keys, data keys, hub epoch 1."""
    make_private_directory(directory)
    refuse_existing(directory / SIGNING_KEY)
    signing = Ed25519PrivateKey.generate()
    certificate = register.issue(
        Purpose.HUB_SIGNING, "hub signing", signing.public_key(), now, SIGNING_LIFETIME
    )
    write_file(directory / SIGNING_CERTIFICATE, certificate, PUBLIC_MODE)
    _tls_pair(register, Purpose.HUB_CLIENT, HUB_NAME, directory / MQTT_KEY, now)
    _tls_pair(register, Purpose.HUB_WEB, "hub web", directory / HTTPS_KEY, now, hosts)
    write_file(directory / CA, register.ca_pem(), PUBLIC_MODE)
    hub_keys.save_data_keys(directory / hub_keys.DATA_KEYS, hub_keys.new_data_keys())
    hub_keys.save_link_keys(directory / hub_keys.LINK_KEYS, {})
    hub_keys.save_hub_epoch(directory / hub_keys.HUB_EPOCH, register.open_epoch(1, now))
    write_file(directory / SIGNING_KEY, private_pem(signing))


def open_next_epoch(register: Register, hub: Path, now: datetime) -> int:
    """Open the next hub epoch, after a restore from a backup; give its number. None is opened
    twice, even where the hub's keys were put back from an older copy."""
    with directory_lock(hub):
        held = hub_keys.load_hub_epoch(hub / hub_keys.HUB_EPOCH)
        proof = register.open_epoch(max(held.hub_epoch, register.newest_epoch) + 1, now)
        hub_keys.save_hub_epoch(hub / hub_keys.HUB_EPOCH, proof)
    return proof.hub_epoch


def init_broker(
    register: Register,
    directory: Path,
    now: datetime,
    hosts: Iterable[str] = LOOPBACK,
    port: int = 8883,
    bind: str | None = None,
    user: str | None = None,
) -> None:
    """Write a Mosquitto directory: configuration, ACL, certificate and revocation list.

    The files are given to `user`, under whom the broker runs; by default, for root, the account
    `mosquitto` where there is one, otherwise the caller.
    """
    directory = directory.absolute()
    make_private_directory(directory)
    refuse_existing(directory / mosquitto.BROKER_KEY)
    user = user or _broker_user()
    listener = mosquitto.Listener(directory, user, port, bind)
    texts = {
        mosquitto.CONFIGURATION: mosquitto.configuration(listener).encode(),
        mosquitto.ACCESS_RULES: mosquitto.access_rules().encode(),
        mosquitto.CA: register.ca_pem(),
    }
    for name, content in texts.items():
        write_file(directory / name, content, PUBLIC_MODE)
    write_file(directory / mosquitto.ACCESS_RULES, texts[mosquitto.ACCESS_RULES])
    publish_revocations(register, directory)
    _tls_pair(register, Purpose.BROKER, "broker", directory / mosquitto.BROKER_KEY, now, hosts)
    if os.geteuid() == 0:
        for path in (directory, *directory.iterdir()):
            shutil.chown(path, user)


def _broker_user() -> str:
    """The account the broker will run under: Debian's own, or whoever calls without root."""
    if os.geteuid() == 0:
        with suppress(KeyError):
            return pwd.getpwnam("mosquitto").pw_name
    return pwd.getpwuid(os.geteuid()).pw_name


def publish_revocations(register: Register, broker: Path) -> None:
    """Bring the current revocation list to the broker, which reads it on SIGHUP."""
    write_file(broker / mosquitto.REVOCATION_LIST, register.revocation_list(), PUBLIC_MODE)


def new_controller_id() -> str:
    """Draw a controller id."""
    return controller_id_from(secrets.token_bytes(32))


def add_controller(
    register: Register, hub: Path, directory: Path, now: datetime, controller: str | None = None
) -> Enrolled:
    """Make a controller with a key drawn here, and write all its files: for the demo, and for SD
    cards written by hand."""
    name = _checked(controller or new_controller_id())
    make_private_directory(directory)
    refuse_existing(directory / controller_keys.CONTROLLER_KEY)
    key = new_tls_key()
    identity = _certify(register, hub, directory, now, name, key.public_key())
    controller_keys.save_identity(directory / controller_keys.IDENTITY, identity)
    write_file(directory / controller_keys.CONTROLLER_KEY, private_pem(key))
    return Enrolled(name, directory)


def request_enrolment(directory: Path, controller: str | None = None) -> Enrolled:
    """On the controller: draw its key, which stays, and write the signing request, which goes."""
    name = _checked(controller or new_controller_id())
    make_private_directory(directory)
    refuse_existing(directory / controller_keys.CONTROLLER_KEY)
    key = new_tls_key()
    request = make_request(key, name).public_bytes(Encoding.PEM)
    write_file(directory / controller_keys.CONTROLLER_KEY, private_pem(key))
    write_file(directory / controller_keys.CONTROLLER_REQUEST, request, PUBLIC_MODE)
    return Enrolled(name, directory)


def answer_request(
    register: Register, hub: Path, directory: Path, request: Path, now: datetime
) -> Enrolled:
    """Certify a signing request; the secrets it writes are sealed to the requester's key."""
    name, key = check_request(read_file(request))
    make_private_directory(directory)
    refuse_existing(directory / controller_keys.SEALED_IDENTITY)
    identity = _certify(register, hub, directory, now, _checked(name), key)
    sealed = directory / controller_keys.SEALED_IDENTITY
    controller_keys.save_sealed_identity(sealed, identity, key)
    return Enrolled(name, directory)


def _certify(
    register: Register,
    hub: Path,
    directory: Path,
    now: datetime,
    name: str,
    key: ec.EllipticCurvePublicKey,
) -> controller_keys.Identity:
    identity = controller_keys.Identity(name, LinkKey(new_secret()), PinKey(new_secret()))
    links = hub / hub_keys.LINK_KEYS
    with directory_lock(hub):
        held = hub_keys.load_link_keys(links)
        if name in held or any(entry.name == name for entry in register.issued()):
            raise ProvisioningError(
                f"controller {name} is known already", "a replaced controller gets a new id"
            )
        certificate = register.issue(Purpose.CONTROLLER, name, key, now, CONTROLLER_LIFETIME)
        held[name] = hub_keys.ControllerKeys(identity.link, identity.pin, key)
        hub_keys.save_link_keys(links, held)
    public = {
        controller_keys.CONTROLLER_CERTIFICATE: certificate,
        controller_keys.CA: register.ca_pem(),
        controller_keys.HUB_SIGNING: read_file(hub / SIGNING_CERTIFICATE),
    }
    for file, content in public.items():
        write_file(directory / file, content, PUBLIC_MODE)
    return identity


def revoke(
    register: Register, name: str, now: datetime, hub: Path | None, broker: Path | None
) -> int:
    """Revoke every certificate of a name, forget its keys at the hub, and tell the broker's list.

    Gives the number of certificates. The hub refuses the controller from its next look at
    `link-keys.json`; the broker from its next SIGHUP, for new connections.
    """
    count = register.revoke(name, now)
    if hub is not None:
        with directory_lock(hub):
            held = hub_keys.load_link_keys(hub / hub_keys.LINK_KEYS)
            if held.pop(name, None) is not None:
                hub_keys.save_link_keys(hub / hub_keys.LINK_KEYS, held)
    if broker is not None:
        publish_revocations(register, broker)
    return count


def _checked(name: str) -> str:
    try:
        return check_controller_id(name)
    except WireError as error:
        raise ProvisioningError(f"{name!r} is no controller id", "16 of a-z and 0-9") from error


def _tls_pair(
    register: Register,
    purpose: Purpose,
    name: str,
    key_path: Path,
    now: datetime,
    hosts: Iterable[str] = (),
) -> None:
    key = new_tls_key()
    certificate = register.issue(purpose, name, key.public_key(), now, SERVER_LIFETIME, hosts)
    write_file(key_path.with_suffix(".pem"), certificate, PUBLIC_MODE)
    write_file(key_path, private_pem(key))
