"""A client that asks one device and waits: for a visit with a laptop. One thread uses it.

`cancel` may be called from any other thread and ends whatever is waited for.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from firmware_bridge.keybox.answers import (
    Answer,
    BoxStatus,
    Cleared,
    ClockAnswer,
    LogAnswer,
    NextOffset,
)
from firmware_bridge.keybox.codes import MAX_CHUNK, NONCE_LENGTH
from firmware_bridge.keybox.host import HostSession
from firmware_bridge.keybox.host_events import (
    Credential,
    Ended,
    Event,
    Finished,
    HostTimes,
    Opened,
    Outcome,
    cause_name,
)
from firmware_bridge.keybox.opening import HelloAnswer
from firmware_bridge.keybox.requests import (
    AskStatus,
    ClearLog,
    Close,
    FirmwareBegin,
    FirmwareData,
    FirmwareEnd,
    InstallSecret,
    ReadLog,
    Request,
    Retire,
    SetClock,
)
from firmware_bridge.keybox.states import HostState
from firmware_bridge.serial_link import BytePort, Waker, wait

_SECOND: Final = 1_000_000_000
_LONGEST_SLEEP_S: Final = 1.0
_T = TypeVar("_T")


class KeyboxError(Exception):
    """A device that did not do it. `cause` is a cause of the page, of the session (`no_answer`,
    `session_gone`, `another_device`, `bad_device_proof`, `blank`) or `cancelled`; `sent` says
    whether it may have been carried out all the same."""

    def __init__(self, cause: str, *, sent: bool = False) -> None:
        self.cause, self.sent = cause, sent
        super().__init__(cause)


class KeyboxClient:
    """Speaks with one device on a byte port, which stays the caller's."""

    def __init__(
        self, port: BytePort, credential: Credential, times: HostTimes | None = None
    ) -> None:
        self._port = port
        self._times = times
        self._session = self._with(credential)
        self._waker = Waker()
        self._cancelled = False
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._waker.close()

    # --- for any thread --------------------------------------------------------------------------

    def cancel(self) -> None:
        """End what is waited for with `KeyboxError("cancelled")`, now and from now on."""
        self._cancelled = True
        self._waker.wake()

    def take(self, credential: Credential) -> None:
        """Use another ticket or key from the next `open` on; the session there was is over."""
        self._session.end("closed")
        self._session = self._with(credential)
        self._received = b""

    def _with(self, credential: Credential) -> HostSession:
        return HostSession(credential, lambda: secrets.token_bytes(NONCE_LENGTH), self._times)

    # --- a session -------------------------------------------------------------------------------

    def open(self) -> HelloAnswer:
        """Open a session, in place of an open one, and give who answered; raise `KeyboxError`."""
        if self._session.state is not HostState.CLOSED:
            self._session.end("opened_again")
            self._session.step(time.monotonic_ns())  # that it ended is no news
        self._session.begin(time.monotonic_ns())
        while True:
            for event in self._turn():
                if isinstance(event, Opened):
                    return event.hello
                if isinstance(event, Ended):
                    raise KeyboxError(event.cause)

    def ask(self, request: Request) -> Answer:
        """Ask and wait for the answer; raise `KeyboxError`."""
        number = self._session.submit(request)
        while True:
            events = self._turn()
            for event in events:
                if isinstance(event, Finished) and event.id == number:
                    return _answer(event, events)

    def close(self) -> None:
        """Say goodbye, if somebody listens."""
        if self._session.state is HostState.OPEN and not self._cancelled:
            try:
                self.ask(Close())
            except KeyboxError:
                self._session.end("closed")

    def _turn(self) -> tuple[Event, ...]:
        """Let the session send and hear, once."""
        if self._cancelled:
            self._session.end("cancelled")
            raise KeyboxError("cancelled")
        step = self._session.step(time.monotonic_ns(), self._received)
        self._received = b""
        if step.send:
            self._port.write(step.send)
        if not step.events:
            timeout_s = (step.wake_ns - time.monotonic_ns()) / _SECOND
            if wait(self._port, self._waker, min(timeout_s, _LONGEST_SLEEP_S)):
                self._received = self._port.read()
        return step.events

    # --- what is asked ---------------------------------------------------------------------------

    def status(self) -> BoxStatus:
        """How the device stands."""
        return _of(BoxStatus, self.ask(AskStatus()))

    def read_log(self, log_epoch: int, start: int) -> LogAnswer:
        """Records from an index on, as many as fit one answer."""
        return _of(LogAnswer, self.ask(ReadLog(log_epoch, start)))

    def set_clock(self, time_s: int, error_s: int) -> ClockAnswer:
        """Set the clock."""
        return _of(ClockAnswer, self.ask(SetClock(time_s, error_s)))

    def clear_log(self, log_epoch: int, through: int, receipt: bytes) -> int:
        """Let the device forget what the hub has a receipt for; give the oldest index left."""
        return _of(Cleared, self.ask(ClearLog(log_epoch, through, receipt))).oldest

    def install_secret(self, envelope: bytes) -> None:
        """Hand over new secrets; ends the session."""
        self.ask(InstallSecret(envelope))

    def retire(self, generation: int, token: bytes) -> None:
        """Let codes of earlier generations die."""
        self.ask(Retire(generation, token))

    def send_image(
        self,
        header: bytes,
        signature: bytes,
        image: bytes,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> None:
        """Send a firmware image, from where an earlier attempt stopped; ends the session: the
        device starts it on trial."""
        offset = _of(NextOffset, self.ask(FirmwareBegin(header, signature))).offset
        while offset < len(image):
            progress(offset, len(image))
            chunk = FirmwareData(offset, image[offset : offset + MAX_CHUNK])
            following = _of(NextOffset, self.ask(chunk)).offset
            if following <= offset:
                raise KeyboxError("no_progress")
            offset = following
        progress(len(image), len(image))
        self.ask(FirmwareEnd())


def _answer(finished: Finished, events: tuple[Event, ...]) -> Answer:
    if finished.outcome is Outcome.DONE and finished.answer is not None:
        return finished.answer
    if finished.outcome is Outcome.REFUSED and finished.cause is not None:
        raise KeyboxError(cause_name(finished.cause))
    ended = [event.cause for event in events if isinstance(event, Ended)]
    name = ended[0] if ended else "no_session"
    raise KeyboxError(
        name if finished.outcome is Outcome.LOST else finished.outcome.value, sent=finished.sent
    )


def _of(kind: type[_T], answer: Answer) -> _T:
    if not isinstance(answer, kind):
        raise TypeError("the session gave the answer of another request")
    return answer
