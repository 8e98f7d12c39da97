"""Puts a virtual card on a virtual reader, for the demo and the tests.

Run `python -m edge.cards.vpcd_card --uid mifare-1k 04A1B2C3`.

Speaks the protocol of vsmartcard's reader driver over TCP: frames of a 16-bit big-endian length and
so many bytes; the reader speaks first; a frame of one byte is a control (off, on, reset, ATR),
any other a command for the card. Connecting puts the card on the reader, closing takes it away.
"""

from __future__ import annotations

import argparse
import socket
import sys
from typing import Final

from edge.cards.virtual_card import (
    CardLeftError,
    EcdsaCard,
    MisbehavingCard,
    Misbehaviour,
    StorageKind,
    UidCard,
    VirtualCard,
)
from edge.cards.virtual_felica import FelicaLiteSCard

FIRST_PORT: Final = 35963
_POWER: Final = (0x00, 0x01, 0x02)
_SEND_ATR: Final = 0x04


def serve_card(card: VirtualCard, connection: socket.socket) -> None:
    """Answer the reader until it closes the connection or the card is pulled away."""
    while True:
        frame = _receive(connection)
        if frame is None:
            return
        if len(frame) == 1:
            if frame[0] in _POWER:
                card.reset()
            elif frame[0] == _SEND_ATR:
                _send(connection, card.atr)
            continue
        try:
            answer = card.answer(frame)
        except CardLeftError:
            return
        if answer is not None:
            _send(connection, answer)


def _send(connection: socket.socket, data: bytes) -> None:
    connection.sendall(len(data).to_bytes(2, "big") + data)


def _receive(connection: socket.socket) -> bytes | None:
    """Give the next frame, or None once the reader has closed the connection."""
    head = _exactly(connection, 2)
    return None if head is None else _exactly(connection, int.from_bytes(head, "big"))


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        # The kernel forgets this option; without it each command waits 44 ms for a delayed ACK.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        try:
            part = connection.recv(size - len(data))
        except ConnectionError:
            return None
        if not part:
            return None
        data += part
    return data


def build_card(arguments: argparse.Namespace) -> VirtualCard:
    """Make the card that the command line describes."""
    card: VirtualCard
    if arguments.uid:
        kind, uid = arguments.uid
        card = UidCard.storage(StorageKind(kind), bytes.fromhex(uid))
    elif arguments.processor:
        historical, uid = arguments.processor
        card = UidCard.processor(bytes.fromhex(historical), bytes.fromhex(uid))
    elif arguments.felica_lite_s:
        idm, key = (bytes.fromhex(given) for given in arguments.felica_lite_s)
        if (len(idm), len(key)) != (8, 16):
            raise ValueError("an IDm has 8 bytes, block CK has 16")
        card = FelicaLiteSCard(idm, key)
    else:
        number, scalar = arguments.ecdsa
        card = EcdsaCard.with_scalar(bytes.fromhex(number), int(scalar))
    if arguments.misbehave:
        what, at = arguments.misbehave
        card = MisbehavingCard(card, Misbehaviour(what), int(at, 16))
    return card


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m edge.cards.vpcd_card", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=FIRST_PORT, help="35963 is the first reader")
    card = parser.add_mutually_exclusive_group(required=True)
    kinds = ", ".join(StorageKind)
    card.add_argument("--uid", nargs=2, metavar=("KIND", "HEX"), help=f"kinds: {kinds}")
    card.add_argument("--processor", nargs=2, metavar=("HISTORICAL", "HEX"))
    card.add_argument("--ecdsa", nargs=2, metavar=("NUMBER", "SCALAR"), help="a test card")
    card.add_argument("--felica-lite-s", nargs=2, metavar=("IDM", "KEY"), help="block CK, 16 bytes")
    parser.add_argument(
        "--misbehave", nargs=2, metavar=("HOW", "INS"), help=", ".join(Misbehaviour)
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Hold a card to a reader until killed; exit code 1 when there is no reader, 2 for usage."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        card = build_card(arguments)
    except ValueError as error:
        parser.error(str(error))
    try:
        connection = socket.create_connection((arguments.host, arguments.port), timeout=5)
    except OSError as error:
        print(f"no virtual reader at port {arguments.port}: {error}", file=sys.stderr)  # noqa: T201 - a program's own message
        return 1
    with connection:
        connection.settimeout(None)
        serve_card(card, connection)
    return 0


if __name__ == "__main__":
    sys.exit(main())
