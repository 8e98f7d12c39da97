"""`kagimori-edge keybox provision`: make a blank box or lock somebody, at the bench.

It needs no agent and no hub: the file that the hub gave (`POST .../provisioning`) and a cable.
"""

from __future__ import annotations

import base64
import binascii
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from firmware_bridge.keybox.codes import Kind
from firmware_bridge.keybox.opening import HelloAnswer, Provision
from firmware_bridge.keybox.provisioning import ANSWER_S, Exchange, provision
from firmware_bridge.serial_link import BytePort, SerialPort, SerialSettings, Waker, wait
from wire.errors import WireError
from wire.identity import uuid_bytes
from wire.keybox_keys import KEY_LENGTH

_BAUD: Final = 115_200
REMEDIES: Final = {
    "no_answer": "Is the cable in, is it the right port, has the device power? Try again",
    "not_blank": "This device is somebody already: bring it new secrets by a ticket, or erase it",
    "another_device": "What answers now is another device: is more than one on the line?",
    "not_understood": "What answers does not speak this protocol, or another version of it",
}


class BenchFileError(Exception):
    """A provisioning file that cannot be read; the text says what to do."""


class _BenchFile(msgspec.Struct, frozen=True):
    """As the hub gives it."""

    device: str
    kind: int
    maintenance_secret: str


def read_bench_file(path: Path) -> Provision:
    """Read a provisioning file; raise `BenchFileError`."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_BenchFile)
        secret = base64.b64decode(file.maintenance_secret, validate=True)
        if len(secret) != KEY_LENGTH:
            raise ValueError("length")
        return Provision(uuid_bytes(file.device), Kind(file.kind), secret)
    except OSError as error:
        raise BenchFileError(f"{path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, ValueError, binascii.Error, WireError) as error:
        remedy = "save the hub's answer to POST .../provisioning as it came"
        raise BenchFileError(f"{path}: not a provisioning file; {remedy}") from error


def provision_at(path: str, message: Provision) -> HelloAnswer:
    """Provision the device on a serial port. Raises `PortError` and `ProvisioningError`."""
    with closing(SerialPort(SerialSettings(path, _BAUD))) as port:
        return play(port, provision(message))


def play(port: BytePort, exchange: Exchange) -> HelloAnswer:
    """Carry an exchange over a port, which stays the caller's."""
    waker = Waker()
    try:
        send = next(exchange)
        until_s = 0.0
        while True:
            if send:
                port.write(send)
                until_s = time.monotonic() + ANSWER_S
            readable = wait(port, waker, until_s - time.monotonic())
            send = exchange.send(port.read() if readable else None)
    except StopIteration as done:
        answer: HelloAnswer = done.value
        return answer
    finally:
        waker.close()
