"""Carries out visits in a thread of their own: serial work never keeps the loop from a door.

The command line orders a visit over the agent's socket and looks at how it stands; the loop
journals, between two things that happen at doors. One visit is under way at a time.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import structlog

from edge.core.clock_now import ClockNow
from edge.core.model import NewEvent
from edge.keybox.orders import (
    JOURNALED,
    Errand,
    Journaled,
    VisitOrder,
    VisitRefusedError,
    VisitState,
)
from edge.keybox.visit import Visit
from edge.keybox.wants import (
    Ask,
    Commit,
    Look,
    OpenSession,
    Pause,
    Renew,
    SendImage,
    Tell,
    Want,
)
from edge.ports import JournalError, ThreadSign
from edge.running_clock import running_ns
from firmware_bridge.keybox.codes import Rights, TicketKind
from firmware_bridge.keybox.host_events import (
    Credential,
)
from firmware_bridge.keybox.opening import HelloAnswer
from firmware_bridge.keybox.serial_host import KeyboxClient, KeyboxError
from firmware_bridge.serial_link import BytePort, PortError, SerialPort, SerialSettings
from wire.errors import WireError
from wire.identity import uuid_bytes
from wire.keybox_ticket import KeyboxTicket, decode_ticket

BAUD: Final = 115_200
_PAUSE_S: Final = 1.0
_HEADER: Final = 48
_SIGNATURE: Final = 64
_LONGEST_IMAGE: Final = 1 << 20
_STOP_S: Final = 2.0
_PATIENCE_S: Final = 60.0
_log = structlog.get_logger(__name__)


class Desk(Protocol):
    """What a visit needs of the agent's loop; called from the visit's thread."""

    def look(self) -> ClockNow:
        """The agent's clock."""

    def state(self, prefix: str) -> dict[str, bytes]:
        """The journal's named values."""

    def commit(self, events: tuple[NewEvent, ...], state: Mapping[str, bytes | None]) -> None:
        """Journal in one transaction, durable when it returns; raise `JournalError`."""


@dataclass(frozen=True, slots=True)
class FirmwareFile:
    """A firmware file: header 48, signature 64, image."""

    header: bytes
    signature: bytes
    image: bytes

    @property
    def number(self) -> int:
        """Which firmware it is."""
        return int.from_bytes(self.header[4:8], "big")

    @classmethod
    def of(cls, text: str) -> FirmwareFile:
        """Read one from base64; raise `VisitRefusedError`."""
        try:
            data = base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error) as error:
            raise VisitRefusedError("the firmware file did not come through") from error
        start = _HEADER + _SIGNATURE
        if not start < len(data) <= start + _LONGEST_IMAGE:
            raise VisitRefusedError("this is no firmware file")
        size = int.from_bytes(data[12:16], "big")
        if size != len(data) - start:
            raise VisitRefusedError("the firmware file is cut short; copy it again")
        return cls(data[:_HEADER], data[_HEADER:start], data[start:])


class Visits:
    """The visits of one agent."""

    def __init__(
        self,
        desk: Desk,
        *,
        open_port: Callable[[SerialSettings], BytePort] = SerialPort,
    ) -> None:
        self._desk = desk
        self._open_port = open_port
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._visit: Visit | None = None
        self._client: KeyboxClient | None = None
        self._cause: str | None = None
        self._over = True
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat_ns = 0

    def begin(self, order: VisitOrder) -> None:
        """Begin a visit; raise `VisitRefusedError` where it cannot be."""
        try:
            ticket = decode_ticket(order.ticket.encode())
            credential = _credential(ticket, ticket.key)
        except WireError as error:
            raise VisitRefusedError(
                f"the ticket cannot be read ({error}); fetch it anew"
            ) from error
        file = None if order.image is None else FirmwareFile.of(order.image)
        if file is None and order.errand is Errand.FIRMWARE:
            raise VisitRefusedError("name a firmware file")
        with self._lock:
            if not self._over:
                raise VisitRefusedError("a visit is under way; wait until it is over")
            self._over, self._cause, self._lines = False, None, []
            self._visit = Visit(order.errand, ticket, None if file is None else file.number)
            arguments = (self._visit, order.port, credential, file)
            self._beat_ns = running_ns()
            self._thread = threading.Thread(
                target=self._run, args=arguments, name="keybox visit", daemon=True
            )
            self._thread.start()

    def look(self, since: int) -> VisitState:
        """How the visit stands, with its lines from that number on."""
        with self._lock:
            report = None if self._visit is None else self._visit.report
            return VisitState(
                lines=self._lines[max(since, 0) :],
                over=self._over,
                report=report if self._over else None,
                cause=self._cause,
            )

    def threads(self) -> tuple[ThreadSign, ...]:
        """The thread of the visit under way. No door depends upon it."""
        with self._lock:
            thread, over = self._thread, self._over
        if over or thread is None:
            return ()
        alive = thread.is_alive()
        return (ThreadSign("visit", alive, self._beat_ns, _PATIENCE_S, must_live=False),)

    def revive(self) -> None:
        """A visit is not begun again by itself: whoever ordered it is told that it failed."""
        with self._lock:
            if self._thread is not None and not self._thread.is_alive() and not self._over:
                self._cause, self._over, self._client = "internal_error", True, None

    def stop(self) -> None:
        """Cancel what is under way and end its thread."""
        self._stopping.set()
        client, thread = self._client, self._thread
        if client is not None:
            client.cancel()
        if thread is not None and thread.is_alive():
            thread.join(timeout=_STOP_S)

    # --- in the visit's thread -------------------------------------------------------------------

    def _run(
        self, visit: Visit, path: str, credential: Credential, file: FirmwareFile | None
    ) -> None:
        cause: str | None
        try:
            with closing(self._open_port(SerialSettings(path, BAUD))) as port:
                cause = self._speak(visit, port, credential, file)
        except PortError as error:
            cause = str(error)
        except Exception:  # a visit's trouble must not end silently
            _log.exception("keybox_visit_failed")
            cause = "internal_error"
        with self._lock:
            self._cause, self._over, self._client = cause, True, None
        device = visit.ticket.device
        _log.info("keybox_visit_over", device=device, cause=cause, records=visit.report.journaled)

    def _speak(
        self, visit: Visit, port: BytePort, credential: Credential, file: FirmwareFile | None
    ) -> str | None:
        with KeyboxClient(port, credential) as client:
            self._client = client
            if self._stopping.is_set():  # it was not there yet to be cancelled
                client.cancel()
            try:
                self._perform(visit, client, file)
            except KeyboxError as error:
                return error.cause
            except JournalError as error:
                return f"journal_{error.cause}"
            client.close()
        return None

    def _perform(self, visit: Visit, client: KeyboxClient, file: FirmwareFile | None) -> None:
        steps = visit.steps()
        result: object = None
        error: KeyboxError | None = None
        while True:
            try:
                want = steps.send(result) if error is None else steps.throw(error)
            except StopIteration:
                return
            try:
                result, error = self._do(want, client, file), None
            except KeyboxError as thrown:  # the visit decides what an answer that failed means
                error = thrown

    def _do(self, want: Want, client: KeyboxClient, file: FirmwareFile | None) -> object:
        self._beat_ns = running_ns()
        match want:
            case OpenSession():
                return client.open()
            case Renew():
                return self._renew(client)
            case Ask():
                return client.ask(want.request)
            case SendImage():
                if file is not None:
                    client.send_image(file.header, file.signature, file.image, self._sent)
                return None
            case Look():
                return self._desk.look(), self._journaled(want.device)
            case Commit():
                self._desk.commit(want.events, want.state)
                return None
            case Pause():
                self._stopping.wait(_PAUSE_S)
                return None
            case Tell():
                self._tell(want.text)
                return None

    def _renew(self, client: KeyboxClient) -> HelloAnswer:
        """Open a session under the ticket of the box's new secrets."""
        visit = self._visit
        if visit is None or visit.ticket.key_then is None:
            raise KeyboxError("bad_proof")
        client.take(_credential(visit.ticket, visit.ticket.key_then))
        return client.open()

    def _journaled(self, device: str) -> Journaled | None:
        data = self._desk.state(JOURNALED + device).get(JOURNALED + device)
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=Journaled)
        except msgspec.DecodeError:
            return None  # read from the beginning: the hub tells twins by their origin

    def _sent(self, done: int, whole: int) -> None:
        self._beat_ns = running_ns()
        if done % 8_192 == 0:
            self._tell(f"firmware: {done * 100 // whole} %")

    def _tell(self, text: str) -> None:
        with self._lock:
            self._lines.append(text)


def _credential(ticket: KeyboxTicket, key: bytes) -> Credential:
    """What a ticket says under one of its keys. Raises `WireError` for an id that is none."""
    device, rights = uuid_bytes(ticket.device), Rights(ticket.rights)
    return Credential(TicketKind.DAY, device, ticket.day, rights, key)
