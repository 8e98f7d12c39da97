"""`kagimori-provision`: authority, hub, broker and controllers from the command line.

Results go to stdout (one JSON object with `--json`), progress to stderr. Exit 0 done, 1 failed,
2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from provisioning import controller_keys, enrolment, firmware_release
from provisioning.errors import ProvisioningError
from provisioning.keys import load_tls_key
from provisioning.private_files import read_file, read_private, refuse_existing
from provisioning.register import Register

app: Final = typer.Typer(no_args_is_help=True, help="Keys and certificates of a Kagimori town.")
ca_app: Final = typer.Typer(no_args_is_help=True, help="The certificate authority.")
hub_app: Final = typer.Typer(no_args_is_help=True, help="The hub's keys.")
controller_app: Final = typer.Typer(no_args_is_help=True, help="Controllers.")
broker_app: Final = typer.Typer(no_args_is_help=True, help="The MQTT broker.")
app.add_typer(ca_app, name="ca")
app.add_typer(hub_app, name="hub")
app.add_typer(controller_app, name="controller")
app.add_typer(broker_app, name="broker")
firmware_app: Final = typer.Typer(no_args_is_help=True, help="Firmware of key boxes and locks.")
app.add_typer(firmware_app, name="firmware")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
CaOption = Annotated[Path, typer.Option("--ca", help="The authority's directory.")]
HubOption = Annotated[Path, typer.Option("--hub", help="The hub's directory of keys.")]
Passphrase = Annotated[
    Path | None, typer.Option("--passphrase-file", help="File with the authority's passphrase.")
]
Directory = Annotated[Path, typer.Argument(help="Where to write; made if it is missing.")]
Hosts = Annotated[
    list[str] | None, typer.Option("--host", help="Name or address it is reached under; repeat.")
]


def _now() -> datetime:
    return datetime.now(UTC)


def _read_passphrase(path: Path | None) -> bytes | None:
    if path is None:
        return None
    passphrase = read_private(path).strip()
    if not passphrase:
        raise ProvisioningError(f"{path} holds no passphrase")
    return passphrase


def _open(ca: Path, passphrase: Path | None) -> Register:
    return Register.load(ca, _read_passphrase(passphrase))


def _say(as_json: bool, result: dict[str, object]) -> None:
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    for key, value in result.items():
        print(f"{key}: {value}")


@ca_app.command("init")
def ca_init(
    directory: Directory,
    organisation: Annotated[str, typer.Option(help="The town, as certificates name it.")],
    years: Annotated[int, typer.Option(min=1, max=50)] = 20,
    demo: Annotated[bool, typer.Option(help="For demonstrations: production refuses it.")] = False,
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Make a new certificate authority."""
    register = Register.create(
        directory,
        organisation,
        _now(),
        timedelta(days=365 * years),
        demo=demo,
        passphrase=_read_passphrase(passphrase_file),
    )
    if passphrase_file is None:
        print("the authority's key has no passphrase: keep it offline", file=sys.stderr)
    _say(as_json, {"ca": str(directory), "organisation": register.authority.organisation})


@ca_app.command("list")
def ca_list(ca: CaOption, passphrase_file: Passphrase = None, as_json: AsJson = False) -> None:
    """List every certificate that was issued."""
    entries = [
        {
            "name": entry.name,
            "purpose": entry.purpose,
            "not_after": entry.not_after.isoformat(),
            "revoked_at": entry.revoked_at.isoformat() if entry.revoked_at else None,
        }
        for entry in _open(ca, passphrase_file).issued()
    ]
    if as_json:
        print(json.dumps({"issued": entries}, ensure_ascii=False))
        return
    for entry in entries:
        state = f"revoked {entry['revoked_at']}" if entry["revoked_at"] else "holds"
        print(f"{entry['name']}  {entry['purpose']}  until {entry['not_after']}  {state}")


@hub_app.command("init")
def hub_init(
    directory: Directory,
    ca: CaOption,
    host: Hosts = None,
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Make a hub's keys: signing, TLS, data, hub epoch 1."""
    enrolment.init_hub(_open(ca, passphrase_file), directory, _now(), host or enrolment.LOOPBACK)
    _say(as_json, {"hub": str(directory), "hub_epoch": 1})


@hub_app.command("epoch")
def hub_epoch(
    hub: HubOption, ca: CaOption, passphrase_file: Passphrase = None, as_json: AsJson = False
) -> None:
    """Open the next hub epoch, after a restore."""
    number = enrolment.open_next_epoch(_open(ca, passphrase_file), hub, _now())
    _say(as_json, {"hub": str(hub), "hub_epoch": number})


@broker_app.command("init")
def broker_init(
    directory: Directory,
    ca: CaOption,
    host: Hosts = None,
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8883,
    bind: Annotated[str | None, typer.Option(help="Listen on this address only.")] = None,
    user: Annotated[str | None, typer.Option(help="System user the broker runs under.")] = None,
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Write a Mosquitto directory: configuration, ACL, certificate, revocation list."""
    register = _open(ca, passphrase_file)
    hosts = host or enrolment.LOOPBACK
    enrolment.init_broker(register, directory, _now(), hosts, port, bind, user)
    _say(as_json, {"broker": str(directory), "port": port})


@controller_app.command("add")
def controller_add(
    directory: Directory,
    ca: CaOption,
    hub: HubOption,
    controller: Annotated[
        str | None, typer.Option("--id", help="Its id; drawn if left out.")
    ] = None,
    csr: Annotated[
        Path | None, typer.Option(help="Its signing request: its key stays with it.")
    ] = None,
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Add a controller, from its signing request or with a key drawn here."""
    register = _open(ca, passphrase_file)
    if csr is not None and controller is not None:
        raise typer.BadParameter("the signing request names the id itself", param_hint="--id")
    if csr is not None:
        made = enrolment.answer_request(register, hub, directory, csr, _now())
    else:
        made = enrolment.add_controller(register, hub, directory, _now(), controller)
    _say(as_json, {"controller": made.controller, "directory": str(directory)})


@controller_app.command("request")
def controller_request(
    directory: Directory,
    controller: Annotated[
        str | None, typer.Option("--id", help="Its id; drawn if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """On the controller: draw its key and write a signing request."""
    made = enrolment.request_enrolment(directory, controller)
    request = directory / controller_keys.CONTROLLER_REQUEST
    _say(as_json, {"controller": made.controller, "request": str(request)})


@controller_app.command("open")
def controller_open(
    directory: Directory, sealed: Annotated[Path, typer.Option()], as_json: AsJson = False
) -> None:
    """On the controller: open the sealed identity that came back with the certificate."""
    key = load_tls_key(directory / controller_keys.CONTROLLER_KEY)
    identity = controller_keys.open_sealed_identity(read_file(sealed), key)
    refuse_existing(directory / controller_keys.IDENTITY)
    controller_keys.save_identity(directory / controller_keys.IDENTITY, identity)
    _say(as_json, {"controller": identity.controller, "directory": str(directory)})


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="The common name: a controller's id.")],
    ca: CaOption,
    hub: Annotated[Path | None, typer.Option(help="Forget its keys here as well.")] = None,
    broker: Annotated[Path | None, typer.Option(help="Write the list here as well.")] = None,
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Revoke every certificate of a name."""
    count = enrolment.revoke(_open(ca, passphrase_file), name, _now(), hub, broker)
    print("send the broker a SIGHUP: it then refuses new connections", file=sys.stderr)
    _say(as_json, {"revoked": name, "certificates": count})


@app.command("crl")
def crl(
    ca: CaOption,
    broker: Annotated[Path | None, typer.Option(help="Write the list here as well.")] = None,
    passphrase_file: Passphrase = None,
    as_json: AsJson = False,
) -> None:
    """Write the revocation list again."""
    register = _open(ca, passphrase_file)
    register.renew_revocation_list(_now())
    if broker is not None:
        enrolment.publish_revocations(register, broker)
    _say(
        as_json,
        {"ca": str(ca), "revoked": sum(e.revoked_at is not None for e in register.issued())},
    )


@firmware_app.command("key")
def firmware_key(
    out: Annotated[Path, typer.Option(help="Directory for the key; made if it is missing.")],
    as_json: AsJson = False,
) -> None:
    """Draw the key that signs firmware; a build takes its public half in."""
    public = firmware_release.create_release_key(out)
    print("keep the release key offline: devices take what it signs", file=sys.stderr)
    _say(as_json, {"key": str(out / firmware_release.RELEASE_KEY), "public": public})


@firmware_app.command("sign")
def firmware_sign(
    image: Annotated[Path, typer.Argument(help="What the build made, as raw bytes.")],
    kind: Annotated[str, typer.Option(help="key_box or serial_lock.")],
    version: Annotated[int, typer.Option(min=0)],
    rollback: Annotated[int, typer.Option(min=0, help="Devices refuse less than they confirmed.")],
    key: Annotated[Path, typer.Option(help="The release key.")],
    out: Annotated[Path, typer.Option(help="Where to write the signed image.")],
    as_json: AsJson = False,
) -> None:
    """Sign a firmware image."""
    length = firmware_release.sign_release(
        key, image, out, kind=kind, firmware=version, rollback=rollback
    )
    _say(as_json, {"image": str(out), "bytes": length, "version": version, "rollback": rollback})


def main() -> None:
    """Run the command line; a `ProvisioningError` becomes one line on stderr and exit 1."""
    try:
        app()
    except ProvisioningError as error:
        print(f"kagimori-provision: {error}", file=sys.stderr)
        sys.exit(1)
