"""A hand that lays virtual cards on the terminal's reader and takes them away again."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from edge.cards.virtual_card import VirtualCard
from edge.cards.vpcd_card import serve_card


class Hand:
    """Holds one card at a time to the reader at a loopback port."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._card: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def lay(self, card: VirtualCard) -> None:
        """Lay a card on the reader, instead of the one that may lie there."""
        self.take()
        with self._lock:
            held = socket.create_connection(("127.0.0.1", self._port), timeout=5)
            held.settimeout(None)
            self._card = held
            self._thread = threading.Thread(target=_serve, args=(card, held), daemon=True)
            self._thread.start()

    def take(self) -> None:
        """Take the card away; nothing happens if none lies there."""
        with self._lock:
            if self._card is None or self._thread is None:
                return
            with suppress(OSError):  # the reader may have ended the connection first
                self._card.shutdown(socket.SHUT_RDWR)
            self._thread.join()
            self._card.close()
            self._card = None


def _serve(card: VirtualCard, held: socket.socket) -> None:
    with suppress(OSError):  # taken away in the middle of an answer: what a hand does
        serve_card(card, held)
