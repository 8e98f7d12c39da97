"""A virtual card on its line to the virtual reader, frame by frame."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from edge.cards.virtual_card import (
    EcdsaCard,
    MisbehavingCard,
    Misbehaviour,
    StorageKind,
    UidCard,
    VirtualCard,
)
from edge.cards.vpcd_card import main, serve_card


class Reader:
    """The reader's end of the line."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self._card_end = socket.create_connection(listening.getsockname())
            self.line, _ = listening.accept()
        self.line.settimeout(5)
        self._thread: threading.Thread | None = None

    def hold(self, card: VirtualCard) -> None:
        def serve() -> None:
            with self._card_end:
                serve_card(card, self._card_end)

        self._thread = threading.Thread(target=serve)
        self._thread.start()

    def frame(self) -> bytes:
        size = int.from_bytes(self.line.recv(2, socket.MSG_WAITALL), "big")
        return self.line.recv(size, socket.MSG_WAITALL) if size else b""

    def close(self) -> None:
        self.line.close()
        if self._thread is not None:
            self._thread.join(5)
            assert not self._thread.is_alive(), "the card ends with its reader"


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


@pytest.mark.parametrize("given", [("0120", "00" * 16), ("01" * 8, "00" * 8), ("x", "y")])
def test_a_felica_card_that_cannot_be_is_a_usage_error(given: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--felica-lite-s", *given])
    assert refused.value.code == 2


def test_power_and_reset_are_not_answered_and_deselect(reader: Reader, card: EcdsaCard) -> None:
    reader.hold(card)
    select = b"\x00\xa4\x04\x00\x0a\xf0KAGIMORI\x01\x00"
    reader.line.sendall(b"\x00\x01\x01" + b"\x00\x01\x04")
    assert reader.frame() == card.atr
    reader.line.sendall(len(select).to_bytes(2, "big") + select)
    assert reader.frame() == b"\x90\x00"
    reader.line.sendall(b"\x00\x01\x02" + b"\x00\x05\x00\xca\x01\x01\x00")
    assert reader.frame() == b"\x69\x85"


def test_a_command_is_understood_a_byte_at_a_time(reader: Reader) -> None:
    reader.hold(UidCard.storage(StorageKind.MIFARE_1K, b"\xa1\xb2\xc3\xd4"))
    for byte in b"\x00\x05\xff\xca\x00\x00\x00":
        reader.line.sendall(bytes([byte]))
    assert reader.frame() == b"\xa1\xb2\xc3\xd4\x90\x00"


def test_a_card_that_is_pulled_away_closes_the_line(reader: Reader, card: EcdsaCard) -> None:
    reader.hold(MisbehavingCard(card, Misbehaviour.LEAVE, 0xCA))
    reader.line.sendall(b"\x00\x05\x00\xca\x01\x01\x00")
    assert reader.line.recv(1) == b""


def test_a_reader_that_goes_in_mid_frame_ends_the_card(reader: Reader, card: EcdsaCard) -> None:
    reader.hold(card)
    reader.line.sendall(b"\x00\x05\x00")


def test_without_a_reader_the_program_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert main(["--port", str(port), "--uid", "felica", "0114B34D2A0B1C3D"]) == 1
    assert f"no virtual reader at port {port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--uid", "felica"],
        ["--uid", "unheard-of", "00"],
        ["--uid", "felica", "xyz"],
        ["--ecdsa", "00", "x"],
        ["--uid", "felica", "00", "--misbehave", "dance", "88"],
    ],
)
def test_a_card_that_cannot_be_made_is_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_it_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge.cards.vpcd_card", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--misbehave" in done.stdout
