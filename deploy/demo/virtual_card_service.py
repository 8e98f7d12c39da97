"""A card service without pcscd: the few calls of `smartcard.scard` that the PC/SC driver makes.

The production driver runs on it unchanged, so that the demo needs no Debian package and no
compiler. A card is a connection to the reader's loopback port: connecting lays it on, closing takes
it away; it speaks as `edge.cards.vpcd_card.serve_card` does.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Final, cast

from edge.drivers.pcsc_api import Pcsc

SUCCESS: Final = 0
TIMEOUT: Final = 0x8010000A
CANCELLED: Final = 0x80100002
NO_CARD: Final = 0x8010000C
REMOVED: Final = 0x80100069
UNKNOWN_READER: Final = 0x80100009

_PRESENT: Final = 0x20
_EMPTY: Final = 0x10
_CHANGED: Final = 0x02
_POWER_ON: Final = b"\x01"
_SEND_ATR: Final = b"\x04"
_CARD_TIMEOUT_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.02


class LostCardError(Exception):
    """The card was taken away."""


class VirtualReader:
    """One reader with at most one card on it. Readers of one service share `changed`."""

    def __init__(
        self, name: str, port: int = 0, changed: threading.Condition | None = None
    ) -> None:
        self.name = name
        self.changed = changed or threading.Condition()
        self._card: socket.socket | None = None
        self._talking = threading.Lock()
        self._events = 0
        self.atr = b""
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._run, name=f"reader {name}", daemon=True).start()

    @property
    def word(self) -> int:
        """State bits, and in the upper half how often a card came or went."""
        return (_PRESENT if self._card is not None else _EMPTY) | (self._events & 0xFFFF) << 16

    def exchange(self, frame: bytes) -> bytes:
        """Send one frame to the card and give its answer; raise `LostCardError` if it has gone."""
        with self._talking:
            if self._card is None:
                raise LostCardError
            return _ask(self._card, frame)

    def _run(self) -> None:
        while True:
            card, _ = self._listener.accept()
            with card:
                card.settimeout(_CARD_TIMEOUT_S)
                try:
                    card.sendall(struct.pack(">H", len(_POWER_ON)) + _POWER_ON)
                    atr = _ask(card, _SEND_ATR)
                except (LostCardError, OSError):
                    continue  # gone before it could be read at all
                self._set(card, atr)
                while not self._is_gone(card):
                    time.sleep(_LOOK_EVERY_S)
                self._set(None, b"")

    def _is_gone(self, card: socket.socket) -> bool:
        """The card speaks only when asked: what is readable while nobody asks is its end."""
        with self._talking:
            card.settimeout(0)
            try:
                return card.recv(1, socket.MSG_PEEK) == b""
            except BlockingIOError:
                return False
            except OSError:
                return True
            finally:
                card.settimeout(_CARD_TIMEOUT_S)

    def _set(self, card: socket.socket | None, atr: bytes) -> None:
        """Card, ATR and count change in one step: a tap must never look like two."""
        with self._talking, self.changed:
            self._card = card
            self.atr = atr
            self._events += 1
            self.changed.notify_all()


class VirtualCardService:
    """Stands in for the module `smartcard.scard`: same names, same result codes."""

    SCARD_S_SUCCESS = SUCCESS
    SCARD_STATE_PRESENT = _PRESENT
    SCARD_STATE_MUTE = 0x200
    SCARD_STATE_CHANGED = _CHANGED
    SCARD_SCOPE_SYSTEM = 2
    SCARD_PROTOCOL_T0 = 1
    SCARD_PROTOCOL_T1 = 2
    SCARD_SHARE_EXCLUSIVE = 1
    SCARD_LEAVE_CARD = 0

    def __init__(self, *readers: VirtualReader) -> None:
        self._readers = {reader.name: reader for reader in readers}
        self._connected = list(readers)
        self._changed = readers[0].changed
        self._contexts = 0
        self._cancelled: set[int] = set()

    def SCardEstablishContext(self, _scope: int) -> tuple[int, int]:  # noqa: N802 - the API's name
        """Open a context."""
        with self._changed:
            self._contexts += 1
            return SUCCESS, self._contexts

    def SCardReleaseContext(self, _context: int) -> int:  # noqa: N802 - the API's name
        """Close a context."""
        return SUCCESS

    def SCardCancel(self, context: int) -> int:  # noqa: N802 - the API's name
        """End a wait."""
        with self._changed:
            self._cancelled.add(context)
            self._changed.notify_all()
        return SUCCESS

    def SCardListReaders(  # noqa: N802 - the API's name
        self, _context: int, _groups: Sequence[str]
    ) -> tuple[int, list[str]]:
        """Give the readers."""
        return SUCCESS, list(self._readers)

    def SCardGetStatusChange(  # noqa: N802 - the API's name
        self, context: int, timeout_ms: int, known: Sequence[tuple[str, int]]
    ) -> tuple[int, list[tuple[str, int, bytes]]]:
        """Wait until some reader's state differs from the known one."""

        def differs() -> bool:
            return any(
                name in self._readers and word != self._readers[name].word for name, word in known
            )

        with self._changed:
            self._changed.wait_for(
                lambda: differs() or context in self._cancelled, timeout_ms / 1000
            )
            if context in self._cancelled:
                self._cancelled.discard(context)
                return CANCELLED, []
            if not differs():
                return TIMEOUT, []
            return SUCCESS, [self._state(name, word) for name, word in known]

    def _state(self, name: str, known: int) -> tuple[str, int, bytes]:
        reader = self._readers.get(name)
        if reader is None:
            return name, known, b""
        return name, reader.word | (_CHANGED if reader.word != known else 0), reader.atr

    def SCardConnect(  # noqa: N802 - the API's name
        self, _context: int, reader: str, _share: int, _protocols: int
    ) -> tuple[int, int, int]:
        """Connect to the card; the handle is the reader's place in the list."""
        found = self._readers.get(reader)
        if found is None:
            return UNKNOWN_READER, 0, 0
        present = bool(found.word & _PRESENT)
        return (
            SUCCESS if present else NO_CARD,
            self._connected.index(found),
            self.SCARD_PROTOCOL_T1,
        )

    def SCardStatus(self, handle: int) -> tuple[int, str, int, int, bytes]:  # noqa: N802 - the API's name
        """Give the card's ATR."""
        reader = self._connected[handle]
        return SUCCESS, reader.name, _PRESENT, self.SCARD_PROTOCOL_T1, reader.atr

    def SCardTransmit(  # noqa: N802 - the API's name
        self, handle: int, _protocol: int, command: list[int]
    ) -> tuple[int, list[int]]:
        """Send a command to the card."""
        try:
            return SUCCESS, list(self._connected[handle].exchange(bytes(command)))
        except LostCardError:
            return REMOVED, []

    def SCardDisconnect(self, _handle: int, _disposition: int) -> int:  # noqa: N802 - the API's name
        """Let go of the card."""
        return SUCCESS


def virtual_pcsc(service: VirtualCardService) -> Pcsc:
    """Give the service as the driver's own type takes it."""
    return Pcsc(cast("ModuleType", service))


def _ask(card: socket.socket, frame: bytes) -> bytes:
    try:
        card.sendall(struct.pack(">H", len(frame)) + frame)
        return _exactly(card, struct.unpack(">H", _exactly(card, 2))[0])
    except OSError as error:
        raise LostCardError from error


def _exactly(card: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = card.recv(length - len(data))
        if not more:
            raise ConnectionResetError("the card has gone")
        data += more
    return data
