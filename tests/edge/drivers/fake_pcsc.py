"""A card service in memory: for the PC/SC driver's tests and the contract of all drivers."""

from __future__ import annotations

import queue
import threading

from edge.drivers.pcsc_api import CardHandle, PcscCause, PcscError, ReaderState

EMPTY, PRESENT, MUTE = 0x10, 0x20, 0x200
READER = "ACS ACR1252 [CCID] 00 00"
ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")


class FakePcsc:
    """A card service that answers what the test puts in: `changes` for the long wait, `names` for
    the list, an error in either to raise it."""

    present, empty, mute = PRESENT, EMPTY, MUTE

    def __init__(self) -> None:
        self.names: list[str] = [READER]
        self.lying: dict[str, ReaderState] = {}
        self.changes: queue.Queue[list[ReaderState] | Exception] = queue.Queue()
        self.fail_to_open: list[Exception] = []
        self.read = threading.Event()
        self.read.set()
        self.uid = bytes.fromhex("A1B2C3D4")

    def opener(self) -> FakePcsc:
        if self.fail_to_open:
            raise self.fail_to_open.pop(0)
        return self

    def establish(self) -> int:
        return 1

    def release(self, context: int) -> None:
        pass

    def cancel(self, context: int) -> None:
        self.changes.put(PcscError(PcscCause.CANCELLED, "SCardGetStatusChange"))

    def readers(self, context: int) -> list[str]:
        return list(self.names)

    def wait(self, context: int, known: dict[str, int], timeout_ms: int) -> list[ReaderState]:
        if timeout_ms == 0:
            unseen = [name for name, word in known.items() if word == 0]
            return [self.lying.get(name, ReaderState(name, EMPTY, 0, b"")) for name in unseen]
        change = self.changes.get(timeout=10)
        if isinstance(change, Exception):
            raise change
        return change

    def card(self, events: int, flags: int = PRESENT, reader: str = READER) -> None:
        self.changes.put([ReaderState(reader, flags, events, ATR)])

    def connect(self, context: int, reader: str) -> CardHandle:
        return CardHandle(1, 2, ATR)

    def transmit(self, card: CardHandle, command: bytes) -> bytes:
        assert self.read.wait(10)
        return self.uid + b"\x90\x00"

    def disconnect(self, card: CardHandle) -> None:
        pass
