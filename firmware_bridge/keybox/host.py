"""The host's half of a session, sans-I/O: takes bytes and a time, gives bytes and events.

One request is under way at a time and is sent again, the same bytes, until its answer comes. One
that was given up may still reach the device's ears, so that the session ends with it: what was sent
under its keys means nothing to the next one. A request whose deadline has passed is neither sent
nor sent again: a stale release opens no door.
"""

from __future__ import annotations

import hmac
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_bridge.keybox.answers import Answer, BoxStatus
from firmware_bridge.keybox.codes import (
    ANSWER_BIT,
    CLEAR_TYPES,
    Cause,
    HelloFlag,
    MessageError,
    Type,
)
from firmware_bridge.keybox.framing import DELIMITER, Decoder, Frame, encode_frame
from firmware_bridge.keybox.host_events import (
    MS,
    NEVER_NS,
    Credential,
    Ended,
    Event,
    Finished,
    HostTimes,
    Noticed,
    Opened,
    Outcome,
    Step,
    Stood,
    cause_name,
)
from firmware_bridge.keybox.notices import decode_notice
from firmware_bridge.keybox.opening import HelloAnswer, Open, OpenAnswer, Refused
from firmware_bridge.keybox.requests import (
    AskStatus,
    Close,
    FirmwareEnd,
    Hold,
    InstallSecret,
    Release,
    Request,
    SecureBolt,
)
from firmware_bridge.keybox.secure import SessionKeys, device_proof, host_proof
from firmware_bridge.keybox.states import HostState, Signal, advance

_DRIVING: Final = (Release, Hold, SecureBolt)
_DRIVING_NS: Final = 500 * MS
"""A bolt that does not move is told after a second and a half: four of these are enough."""
_ENDING: Final = (InstallSecret, FirmwareEnd, Close)
"""After these the device ends the session."""


@dataclass(slots=True)
class _Waiting:
    id: int
    request: Request
    deadline_ns: int


@dataclass(slots=True)
class _Flight:
    """What was sent last and waits for its answer."""

    data: bytes
    seq: int
    counter: int = 0
    waiting: _Waiting | None = None
    tries: int = 1
    due_ns: int = 0


class HostSession:
    """One host on one line. `nonce` gives 16 random bytes."""

    def __init__(
        self, credential: Credential, nonce: Callable[[], bytes], times: HostTimes | None = None
    ) -> None:
        self._credential = credential
        self._nonce = nonce
        self._times = times or HostTimes()
        self._decoder = Decoder()
        self.state = HostState.CLOSED
        self.counts: Counter[str] = Counter()
        self._queue: deque[_Waiting] = deque()
        self._urgent: deque[_Waiting] = deque()
        self._ids = 0
        self._seq = 0
        self._counter = 0
        self._notice_counter = 0
        self._flight: _Flight | None = None
        self._keys: SessionKeys | None = None
        self._hello: HelloAnswer | None = None
        self._host_nonce = b""
        self._greetings = 0
        self._heard_ns = 0
        self._send = bytearray()
        self._events: list[Event] = []

    # --- for whoever drives it -------------------------------------------------------------------

    @property
    def malformed(self) -> Counter[str]:
        """Frames that were dropped, by cause."""
        return Counter({cause.value: n for cause, n in self._decoder.malformed.items()})

    def begin(self, now_ns: int) -> None:
        """Greet the device and open a session."""
        self._move(Signal.BEGUN)
        self._greetings = 0
        self._send += DELIMITER  # ends whatever half a frame noise has left in the device's ears
        self._greet(now_ns)

    def submit(self, request: Request, deadline_ns: int = NEVER_NS, *, urgent: bool = False) -> int:
        """Ask within an open session; `Finished` with the id that is given follows, always. An
        urgent one passes those that wait."""
        self._ids += 1
        waiting = _Waiting(self._ids, request, deadline_ns)
        if self.state is HostState.OPEN:
            (self._urgent if urgent else self._queue).append(waiting)
        else:
            self._finish(waiting, Outcome.LOST, sent=False)
        return waiting.id

    def end(self, cause: str) -> None:
        """Give the session up: the line is gone, or nobody wants it any more."""
        if self.state is not HostState.CLOSED:
            self._lose(cause)

    def step(self, now_ns: int, data: bytes = b"") -> Step:
        """Take what came in and let time do its work."""
        for frame in self._decoder.feed(data):
            self._hear(frame, now_ns)
        self._run_timers(now_ns)
        self._send_next(now_ns)
        step = Step(bytes(self._send), tuple(self._events), self._wake_ns())
        self._send.clear()
        self._events.clear()
        return step

    # --- sending ---------------------------------------------------------------------------------

    def _greet(self, now_ns: int) -> None:
        self._greetings += 1
        self._launch(Frame(Type.HELLO, self._next_seq(), b""), now_ns)

    def _next_seq(self) -> int:
        self._seq = (self._seq + 1) % 256
        return self._seq

    def _launch(
        self, frame: Frame, now_ns: int, waiting: _Waiting | None = None, counter: int = 0
    ) -> None:
        data = encode_frame(frame)
        self._flight = _Flight(data, frame.seq, counter, waiting)
        self._flight.due_ns = now_ns + self._patience_ns(waiting)
        self._send += data

    def _patience_ns(self, waiting: _Waiting | None) -> int:
        driving = waiting is not None and isinstance(waiting.request, _DRIVING)
        return max(self._times.answer_ns, _DRIVING_NS) if driving else self._times.answer_ns

    def _send_next(self, now_ns: int) -> None:
        if self.state is not HostState.OPEN or self._keys is None:
            return
        for queue in (self._urgent, self._queue):
            while queue and now_ns >= queue[0].deadline_ns:
                self._finish(queue.popleft(), Outcome.EXPIRED, sent=False)
        if self._flight is not None:
            return
        waiting = self._pop(now_ns)
        if waiting is None:
            return
        self._counter += 1
        seq = self._next_seq()
        request = waiting.request
        frame = self._keys.host.seal(request.TYPE, seq, self._counter, request.encode())
        self._launch(frame, now_ns, waiting, self._counter)

    def _pop(self, now_ns: int) -> _Waiting | None:
        for queue in (self._urgent, self._queue):
            if queue:
                return queue.popleft()
        idle_ns = self._times.idle_ns
        if idle_ns is not None and now_ns >= self._heard_ns + idle_ns:
            return _Waiting(0, AskStatus(), NEVER_NS)
        return None

    def _run_timers(self, now_ns: int) -> None:
        flight = self._flight
        if flight is None or now_ns < flight.due_ns:
            return
        if self.state is HostState.OPENING:
            if self._greetings >= self._times.tries:
                self._lose("no_answer")
                return
            self._move(Signal.UNANSWERED)
            self._greet(now_ns)
        elif flight.tries >= self._times.tries or _is_late(flight, now_ns):
            self._lose("no_answer")
        else:
            flight.tries += 1
            flight.due_ns = now_ns + self._patience_ns(flight.waiting)
            self.counts["repeated"] += 1
            self._send += flight.data

    def _wake_ns(self) -> int:
        if self._flight is not None:
            return self._flight.due_ns
        if self.state is HostState.OPEN and self._times.idle_ns is not None:
            return self._heard_ns + self._times.idle_ns
        return NEVER_NS

    # --- hearing ---------------------------------------------------------------------------------

    def _hear(self, frame: Frame, now_ns: int) -> None:
        if frame.type in CLEAR_TYPES:
            self._hear_clear(frame, now_ns)
        elif self._keys is None:
            self.counts["unexpected"] += 1
        elif frame.type == Type.NOTICE:
            self._hear_notice(frame, now_ns)
        else:
            self._hear_answer(frame, now_ns)

    def _hear_clear(self, frame: Frame, now_ns: int) -> None:
        flight = self._flight
        if flight is None or frame.seq != flight.seq:
            self.counts["unexpected"] += 1
            return
        try:
            if frame.type == Type.REFUSED_CLEAR:
                self._refused_clear(Refused.decode(frame.body))
            elif self.state is HostState.GREETING and frame.type == Type.HELLO_ANSWER:
                self._greeted(HelloAnswer.decode(frame.body), now_ns)
            elif self.state is HostState.OPENING and frame.type == Type.OPEN_ANSWER:
                self._proved(OpenAnswer.decode(frame.body), now_ns)
            else:
                self.counts["unexpected"] += 1
        except MessageError:
            self.counts["bad_body"] += 1

    def _refused_clear(self, refused: Refused) -> None:
        """Anybody on the line can say so; all it can do is to end what it might have jammed."""
        if self.state is HostState.OPEN:
            if refused.cause == Cause.NO_SESSION:
                self._lose("session_gone")
            else:
                self.counts["unexpected"] += 1
        else:
            self._lose(cause_name(refused.cause))

    def _greeted(self, hello: HelloAnswer, now_ns: int) -> None:
        if hello.flags & HelloFlag.BLANK:
            self._lose("blank")
            return
        if hello.device != self._credential.device:
            self._lose("another_device")
            return
        self._hello, self._host_nonce = hello, self._nonce()
        one = self._credential
        proof = host_proof(one.key, hello.nonce, self._host_nonce)
        message = Open(one.ticket, one.day, one.rights, self._host_nonce, proof)
        self._move(Signal.GREETED)
        self._launch(Frame(Type.OPEN, self._next_seq(), message.encode()), now_ns)

    def _proved(self, answer: OpenAnswer, now_ns: int) -> None:
        hello, key = self._hello, self._credential.key
        if hello is None:
            return
        expected = device_proof(key, hello.nonce, self._host_nonce)
        if not hmac.compare_digest(expected, answer.proof):
            self.counts["bad_proof"] += 1
            self._lose("bad_device_proof")
            return
        self._keys = SessionKeys.derive(key, hello.nonce, self._host_nonce)
        self._counter = self._notice_counter = 0
        self._flight, self._heard_ns = None, now_ns
        self._move(Signal.PROVED)
        self._events.append(Opened(hello))

    def _hear_answer(self, frame: Frame, now_ns: int) -> None:
        flight, keys = self._flight, self._keys
        secured = None if keys is None else keys.device.open(frame)
        if secured is None:
            self.counts["bad_tag"] += 1
            return
        self._heard_ns = now_ns
        waiting = None if flight is None else flight.waiting
        if flight is None or waiting is None or secured.counter != flight.counter:
            self.counts["unexpected"] += 1  # the answer to a repeat, mostly
            return
        if frame.seq != flight.seq or frame.type not in (
            waiting.request.TYPE | ANSWER_BIT,
            Type.REFUSED,
        ):
            self.counts["unexpected"] += 1
            return
        self._flight = None
        self._answered(waiting, frame.type, secured.body)

    def _answered(self, waiting: _Waiting, kind: int, body: bytes) -> None:
        try:
            if kind == Type.REFUSED:
                refused = Refused.decode(body)
                self._finish(waiting, Outcome.REFUSED, sent=True, cause=refused.cause)
                return
            answer = waiting.request.ANSWER.decode(body)
        except MessageError:
            self.counts["bad_body"] += 1
            self._finish(waiting, Outcome.MALFORMED, sent=True)
            return
        self._finish(waiting, Outcome.DONE, sent=True, answer=answer)
        if isinstance(waiting.request, _ENDING):
            self._lose("closed")

    def _hear_notice(self, frame: Frame, now_ns: int) -> None:
        keys = self._keys
        secured = None if keys is None else keys.device.open(frame)
        if keys is None or secured is None:
            self.counts["bad_tag"] += 1
            return
        self._heard_ns = now_ns
        if secured.counter < self._notice_counter:
            self.counts["unexpected"] += 1
            return
        self._send += encode_frame(keys.host.seal(Type.NOTICED, frame.seq, secured.counter, b""))
        if secured.counter == self._notice_counter:
            self.counts["repeated_notices"] += 1
            return
        self._notice_counter = secured.counter
        try:
            notice = decode_notice(secured.body)
        except MessageError:
            notice = None
        if notice is None:
            self.counts["bad_body"] += 1
        else:
            self._events.append(Noticed(notice))

    # --- ending ----------------------------------------------------------------------------------

    def _finish(
        self,
        waiting: _Waiting,
        outcome: Outcome,
        *,
        sent: bool,
        answer: Answer | None = None,
        cause: int | None = None,
    ) -> None:
        if waiting.id:
            self._events.append(Finished(waiting.id, waiting.request, outcome, sent, answer, cause))
        elif isinstance(answer, BoxStatus):
            self._events.append(Stood(answer))

    def _lose(self, cause: str) -> None:
        self._move(Signal.ENDED)
        flight, self._flight, self._keys = self._flight, None, None
        if flight is not None and flight.waiting is not None:
            self._finish(flight.waiting, Outcome.LOST, sent=True)
        for queue in (self._urgent, self._queue):
            while queue:
                self._finish(queue.popleft(), Outcome.LOST, sent=False)
        self._events.append(Ended(cause))

    def _move(self, signal: Signal) -> None:
        self.state = advance(self.state, signal)


def _is_late(flight: _Flight, now_ns: int) -> bool:
    return flight.waiting is not None and now_ns >= flight.waiting.deadline_ns
