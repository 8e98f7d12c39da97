"""The one file that knows pyscard: the few calls of `smartcard.scard` that the driver makes.

Result codes become `PcscError` with a named cause. pyscard is an extra that compiles against
pcsc-lite: it is imported when the driver is started, and `open_pcsc` says what to install.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any, Final

PNP: Final = "\\\\?PnP?\\Notification"
"""The reader name under which pcsc-lite tells of readers that come and go."""


class PcscCause(StrEnum):
    """Why a call failed, as far as anybody acts differently on it."""

    NO_LIBRARY = "pyscard_missing"
    NO_SERVICE = "service_absent"
    REFUSED = "service_refused"
    NO_READER = "reader_absent"
    CARD_REMOVED = "card_removed"
    CARD_MUTE = "card_mute"
    CARD_IN_USE = "card_in_use"
    CANCELLED = "cancelled"
    READER_FAILED = "reader_failed"


REMEDIES: Final[dict[PcscCause, str]] = {
    PcscCause.NO_LIBRARY: 'apt install libpcsclite-dev gcc; pip install "kagimori[pcsc]"',
    PcscCause.NO_SERVICE: "apt install pcscd; systemctl enable --now pcscd.socket",
    PcscCause.REFUSED: "allow the agent's user org.debian.pcsc-lite.access_pcsc in polkit",
    PcscCause.NO_READER: "plug the reader in, and compare `reader_name` with what pcsc_scan shows",
}

_CODES: Final[dict[int, PcscCause]] = {
    0x80100002: PcscCause.CANCELLED,
    0x80100009: PcscCause.NO_READER,
    0x8010000B: PcscCause.CARD_IN_USE,
    0x8010000C: PcscCause.CARD_REMOVED,
    0x80100010: PcscCause.CARD_REMOVED,
    0x80100013: PcscCause.NO_SERVICE,
    0x80100016: PcscCause.CARD_REMOVED,
    0x80100017: PcscCause.NO_READER,
    0x8010001D: PcscCause.NO_SERVICE,
    0x8010001E: PcscCause.NO_SERVICE,
    0x8010002E: PcscCause.NO_READER,
    0x8010006A: PcscCause.REFUSED,
    0x80100066: PcscCause.CARD_MUTE,
    0x80100067: PcscCause.CARD_REMOVED,
    0x80100068: PcscCause.CARD_REMOVED,
    0x80100069: PcscCause.CARD_REMOVED,
}
_TIMEOUT: Final = 0x8010000A
_NO_READERS: Final = 0x8010002E


class PcscError(Exception):
    """A call to the card service failed: what was called, its code, and what that means."""

    def __init__(self, cause: PcscCause, call: str, code: int = 0) -> None:
        self.cause = cause
        self.call = call
        self.code = code
        super().__init__(f"{cause.value}: {call} gave {code:08X}")


@dataclass(frozen=True, slots=True)
class ReaderState:
    """A reader as the service sees it: state bits, the number of its insertions and removals
    (16 bits), the ATR of its card."""

    reader: str
    flags: int
    events: int
    atr: bytes

    @property
    def word(self) -> int:
        """The state as the service takes it back: what is known now."""
        return self.events << 16 | self.flags


@dataclass(frozen=True, slots=True)
class CardHandle:
    """A connected card: the service's handle and protocol, and the card's ATR."""

    handle: int
    protocol: int
    atr: bytes


class Pcsc:
    """The card service. Each thread establishes a context of its own; only `cancel` crosses."""

    def __init__(self, scard: ModuleType) -> None:
        self._scard: Any = scard
        self.present: int = scard.SCARD_STATE_PRESENT
        self.empty: int = 0x0010  # SCARD_STATE_EMPTY, the same in every implementation
        self.mute: int = scard.SCARD_STATE_MUTE
        self._changed: int = scard.SCARD_STATE_CHANGED

    def establish(self) -> int:
        """Open a context."""
        code, context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_SYSTEM)
        self._check("SCardEstablishContext", code)
        return int(context)

    def release(self, context: int) -> None:
        """Close a context; one that the service has forgotten is closed already."""
        self._scard.SCardReleaseContext(context)

    def cancel(self, context: int) -> None:
        """End another thread's `wait` on this context."""
        self._scard.SCardCancel(context)

    def readers(self, context: int) -> list[str]:
        """Give the names of all readers, none when there are none."""
        code, names = self._scard.SCardListReaders(context, [])
        if code & 0xFFFFFFFF == _NO_READERS:
            return []
        self._check("SCardListReaders", code)
        return [str(name) for name in names]

    def wait(self, context: int, known: dict[str, int], timeout_ms: int) -> list[ReaderState]:
        """Wait until a reader's state differs from the `known` one (state word by name; 0 =
        unknown) and give those that do; none at the timeout."""
        asked = list(known.items())
        code, states = self._scard.SCardGetStatusChange(context, timeout_ms, asked)
        if code & 0xFFFFFFFF == _TIMEOUT:
            return []
        self._check("SCardGetStatusChange", code)
        return [
            ReaderState(str(name), word & 0xFFFF & ~self._changed, word >> 16 & 0xFFFF, bytes(atr))
            for name, word, atr in states
            if word & self._changed
        ]

    def connect(self, context: int, reader: str) -> CardHandle:
        """Connect to the card on a reader, for this program alone."""
        scard = self._scard
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        code, handle, protocol = scard.SCardConnect(
            context, reader, scard.SCARD_SHARE_EXCLUSIVE, protocols
        )
        self._check("SCardConnect", code)
        code, _, _, _, atr = scard.SCardStatus(handle)
        if code != scard.SCARD_S_SUCCESS:
            scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)
            self._check("SCardStatus", code)
        return CardHandle(handle, protocol, bytes(atr))

    def transmit(self, card: CardHandle, command: bytes) -> bytes:
        """Send a command and give the answer. Has no timeout of its own.

        Some reader drivers call it a success, with no bytes, when the card left before answering.
        """
        code, answer = self._scard.SCardTransmit(card.handle, card.protocol, list(command))
        self._check("SCardTransmit", code)
        if not answer:
            raise PcscError(PcscCause.CARD_REMOVED, "SCardTransmit")
        return bytes(byte & 0xFF for byte in answer)

    def disconnect(self, card: CardHandle) -> None:
        """Let go of the card without resetting it: a reset would look like another tap."""
        self._scard.SCardDisconnect(card.handle, self._scard.SCARD_LEAVE_CARD)

    def _check(self, call: str, code: int) -> None:
        if code != self._scard.SCARD_S_SUCCESS:
            unsigned = code & 0xFFFFFFFF
            raise PcscError(_CODES.get(unsigned, PcscCause.READER_FAILED), call, unsigned)


def open_pcsc() -> Pcsc:
    """Load pyscard; raise `PcscError(NO_LIBRARY)`."""
    try:
        from smartcard import scard
    except ImportError as error:
        raise PcscError(PcscCause.NO_LIBRARY, "import smartcard") from error
    return Pcsc(scard)
