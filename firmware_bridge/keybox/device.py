"""The device's half of the link, sans-I/O, before a virtual device.

Nothing is believed before the proof holds; a repeat is answered with the same bytes and not carried
out twice; whatever is not the next frame of the session is dropped and counted.
"""

from __future__ import annotations

import hmac
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_bridge.keybox.box_requests import BoxRequests
from firmware_bridge.keybox.codes import (
    ANSWER_BIT,
    CLEAR_TYPES,
    Cause,
    HelloFlag,
    MessageError,
    RecordKind,
    RefusedError,
    Rights,
    TicketKind,
    Type,
)
from firmware_bridge.keybox.framing import Decoder, Frame, encode_frame
from firmware_bridge.keybox.notices import InputsNotice, encode_notice
from firmware_bridge.keybox.opening import HelloAnswer, Open, OpenAnswer, Provision, Refused
from firmware_bridge.keybox.requests import REQUESTS, Close, FirmwareEnd, InstallSecret
from firmware_bridge.keybox.secure import SessionKeys, device_proof, host_proof
from firmware_bridge.keybox.virtual_box import VirtualBox
from wire.keybox_keys import Right

_NS: Final = 1_000_000_000
_NONCE_NS: Final = 30 * _NS
_SESSION_NS: Final = 60 * _NS
_LINK_NS: Final = 10 * _NS
_NOTICE_NS: Final = _NS // 4
_MAX_WAITING: Final = 32
_WRONG_PROOFS: Final = 5
_CLOSED_NS: Final = 60 * _NS
_AGAIN_NS: Final = 600 * _NS
_DAY_S: Final = 86_400
_ALL_RIGHTS: Final = 0x7F
_ENDING: Final = (InstallSecret, FirmwareEnd, Close)


@dataclass(slots=True)
class _Session:
    keys: SessionKeys
    rights: Rights
    life_ns: int
    heard_ns: int
    operates: bool
    counter: int = 0
    last_request: Frame | None = None
    last_answer: bytes = b""
    awaits_bolt: bool = False
    is_over: bool = False
    """It answers repeats of its last request, in case the answer was lost, and nothing else."""
    notice_counter: int = 0
    notice: bytes = b""
    notice_due_ns: int = 0


class DeviceSession:
    """One device on one line. `nonce` gives 16 random bytes."""

    def __init__(self, box: VirtualBox, requests: BoxRequests, nonce: Callable[[], bytes]) -> None:
        self._box = box
        self._requests = requests
        self._draw = nonce
        self._decoder = Decoder()
        self.counts: Counter[str] = Counter()
        self._session: _Session | None = None
        self._nonce: bytes | None = None
        self._nonce_ns = 0
        self._wrong = 0
        self._closed_until_ns = 0
        self._refusal_ns: int | None = None
        self._opening: tuple[object, int] = None, 0
        self._send = bytearray()

    @property
    def is_open(self) -> bool:
        """Whether somebody has proved a key."""
        return self._session is not None and not self._session.is_over

    def step(self, now_ns: int, data: bytes = b"") -> bytes:
        """Take what came in, let time do its work, give what is to be sent."""
        self._box.advance(now_ns)
        session = self._session
        if session is not None and now_ns - session.heard_ns >= session.life_ns:
            self._end(now_ns)
        for frame in self._decoder.feed(data):
            self._hear(frame, now_ns)
        self._tell_outcome()
        self._notify(now_ns)
        sent = bytes(self._send)
        self._send.clear()
        return sent

    def wake_ns(self) -> int | None:
        """When `step` has something to do without bytes."""
        times = [self._box.wake_ns()]
        if self._session is not None:
            times.append(self._session.heard_ns + self._session.life_ns)
            if self._session.notice:
                times.append(self._session.notice_due_ns)
        return min((one for one in times if one is not None), default=None)

    def restart(self, now_ns: int) -> None:
        """The power went, or a reset came: nothing of the link is left."""
        self._end(now_ns)
        self._nonce, self._decoder = None, Decoder()
        self._refusal_ns, self._opening = None, (None, 0)

    # --- in clear --------------------------------------------------------------------------------

    def _hear(self, frame: Frame, now_ns: int) -> None:
        if frame.type not in CLEAR_TYPES:
            self._hear_secured(frame, now_ns)
            return
        try:
            if frame.type == Type.HELLO:
                self._hello(frame, now_ns)
            elif frame.type == Type.OPEN:
                self._open(frame, Open.decode(frame.body), now_ns)
            elif frame.type == Type.PROVISION:
                self._provision(frame, Provision.decode(frame.body))
            else:
                self.counts["unexpected"] += 1
        except MessageError:
            self._refuse_clear(frame, Cause.MALFORMED)
        except RefusedError as error:
            self._refuse_clear(frame, error.cause)

    def _say(self, frame: Frame) -> None:
        self._send += encode_frame(frame)

    def _refuse_clear(self, frame: Frame, cause: Cause) -> None:
        self._say(Frame(Type.REFUSED_CLEAR, frame.seq, Refused(cause).encode()))

    def _hello(self, frame: Frame, now_ns: int) -> None:
        if frame.body:
            raise MessageError("a hello has no body")
        box = self._box
        flags = HelloFlag(0)
        if box.clock.known:
            flags |= HelloFlag.CLOCK_KNOWN
        if box.budget.lockout_s(now_ns):
            flags |= HelloFlag.LOCKED_OUT
        if box.secrets is None:
            flags |= HelloFlag.BLANK
        self._nonce, self._nonce_ns = self._draw(), now_ns
        device = bytes(16) if box.device is None else uuid.UUID(box.device).bytes
        answer = HelloAnswer(device, box.kind, box.firmware, box.boots, self._nonce, flags)
        self._say(Frame(Type.HELLO_ANSWER, frame.seq, answer.encode()))

    def _open(self, frame: Frame, message: Open, now_ns: int) -> None:
        key = self._ticket(message)
        if now_ns < self._closed_until_ns:
            raise RefusedError(Cause.TRY_LATER)
        nonce, self._nonce = self._nonce, None
        if nonce is None or now_ns - self._nonce_ns >= _NONCE_NS:
            raise RefusedError(Cause.NO_SESSION)
        if not hmac.compare_digest(host_proof(key, nonce, message.nonce), message.proof):
            self._wrong_proof(message, now_ns)
        self._wrong = 0
        if message.ticket is TicketKind.DAY:
            self._check_day(message)
        self._begin(SessionKeys.derive(key, nonce, message.nonce), message, now_ns)
        proof = device_proof(key, nonce, message.nonce)
        self._say(Frame(Type.OPEN_ANSWER, frame.seq, OpenAnswer(proof).encode()))

    def _ticket(self, message: Open) -> bytes:
        box = self._box
        if box.secrets is None or box.device is None:
            raise RefusedError(Cause.BLANK)
        if not 0 < message.rights <= _ALL_RIGHTS:
            raise RefusedError(Cause.BAD_VALUE)
        right = Right(int(message.rights))
        if message.ticket is TicketKind.DAY:
            return box.secrets.maintenance.ticket(box.device, message.day, right)
        if message.day:
            raise RefusedError(Cause.BAD_VALUE)
        return box.secrets.maintenance.link_key(box.device, right)

    def _wrong_proof(self, message: Open, now_ns: int) -> None:
        self._wrong += 1
        if self._wrong >= _WRONG_PROOFS:
            self._wrong, self._closed_until_ns = 0, now_ns + _CLOSED_NS
        self._log_refusal(message, Cause.BAD_PROOF)
        raise RefusedError(Cause.BAD_PROOF)

    def _check_day(self, message: Open) -> None:
        box = self._box
        time_s = box.clock.time_s(box.now_ns)
        far = time_s is not None and abs(time_s // _DAY_S - message.day) > 1
        if far or message.day < box.newest_ticket_day:
            self._log_refusal(message, Cause.BAD_DAY)
            raise RefusedError(Cause.BAD_DAY)
        box.newest_ticket_day = message.day

    def _log_opening(self, message: Open, now_ns: int) -> None:
        """Once in a while for one ticket: a host that comes and goes must not wash the log away."""
        ticket, (before, at_ns) = (message.ticket, message.day, message.rights), self._opening
        if ticket != before or now_ns - at_ns >= _AGAIN_NS:
            self._opening = ticket, now_ns
            self._log_session(RecordKind.SESSION_OPENED, message)

    def _log_refusal(self, message: Open, cause: Cause) -> None:
        """Now and then: somebody with a cable must not wash the log away."""
        now_ns, before = self._box.now_ns, self._refusal_ns
        if before is None or now_ns - before >= _AGAIN_NS:
            self._refusal_ns = now_ns
            self._log_session(RecordKind.SESSION_REFUSED, message, cause)

    def _log_session(self, kind: RecordKind, message: Open, cause: int = 0) -> None:
        data = message.day.to_bytes(4, "big") + int(message.rights).to_bytes(2, "big")
        self._box.write(kind, cause, data)

    def _begin(self, keys: SessionKeys, message: Open, now_ns: int) -> None:
        self._end(now_ns)
        link = message.ticket is TicketKind.LINK
        operates = link and bool(message.rights & Rights.OPERATE)
        life_ns = _LINK_NS if link else _SESSION_NS
        self._session = _Session(keys, message.rights, life_ns, now_ns, operates)
        self._log_opening(message, now_ns)
        if operates:
            self._box.link_began(now_ns)

    def _end(self, now_ns: int) -> None:
        self._session = None
        self._requests.session_ended()
        self._box.link_ended(now_ns)

    def _provision(self, frame: Frame, message: Provision) -> None:
        if self._box.secrets is not None:
            raise RefusedError(Cause.NOT_BLANK)
        device = str(uuid.UUID(bytes=message.device))
        self._box.provision(device, message.kind, message.maintenance)
        self._say(Frame(Type.DONE, frame.seq, b""))

    # --- secured ---------------------------------------------------------------------------------

    def _hear_secured(self, frame: Frame, now_ns: int) -> None:
        session = self._session
        if session is None:
            self._refuse_clear(frame, Cause.NO_SESSION)
            return
        if frame == session.last_request:
            self._send += session.last_answer
            return
        if session.is_over:
            return
        secured = session.keys.host.open(frame)
        if secured is None:
            self.counts["bad_tag"] += 1
            return
        if frame.type == Type.NOTICED:
            session.heard_ns = now_ns
            self._noticed(session, secured.counter)
        elif secured.counter != session.counter + 1:
            self.counts["unexpected"] += 1
        else:
            session.heard_ns = now_ns
            session.counter = secured.counter
            self._request(session, frame, secured.body, now_ns)

    def _request(self, session: _Session, frame: Frame, body: bytes, now_ns: int) -> None:
        kind, answer, ends = Type.REFUSED.value, b"", False
        try:
            wanted = REQUESTS.get(frame.type)
            if wanted is None:
                raise RefusedError(Cause.UNKNOWN_TYPE)
            if wanted.RIGHT & ~session.rights:
                raise RefusedError(Cause.NO_RIGHT)
            request = wanted.decode(body)
            session.last_request, session.last_answer = frame, b""
            done = self._requests.carry_out(request)
            session.awaits_bolt = done is None
            if done is None:
                return
            answer = done.encode()
            kind, ends = frame.type | ANSWER_BIT, isinstance(request, _ENDING)
        except MessageError:
            answer = Refused(Cause.MALFORMED).encode()
        except RefusedError as error:
            answer = Refused(error.cause).encode()
        self._answer(session, frame, kind, answer)
        if ends:
            session.is_over = True
            self._requests.session_ended()
            self._box.link_ended(now_ns)
            if self._requests.slots.restart_due:
                self._session = None
                self._requests.slots.restart(now_ns)

    def _answer(self, session: _Session, frame: Frame, kind: int, body: bytes) -> None:
        sealed = session.keys.device.seal(kind, frame.seq, session.counter, body)
        session.last_request, session.last_answer = frame, encode_frame(sealed)
        self._send += session.last_answer

    def _tell_outcome(self) -> None:
        session = self._session
        if session is None or not session.awaits_bolt or session.last_request is None:
            return
        outcome = self._requests.outcome()
        if outcome is not None:
            session.awaits_bolt = False
            frame = session.last_request
            self._answer(session, frame, frame.type | ANSWER_BIT, outcome.encode())

    # --- notices ---------------------------------------------------------------------------------

    def _noticed(self, session: _Session, counter: int) -> None:
        if session.notice and counter == session.notice_counter:
            session.notice = b""

    def _notify(self, now_ns: int) -> None:
        session, notices = self._session, self._box.notices
        if session is None or not session.operates or session.is_over:
            return
        while len(notices) > _MAX_WAITING:
            droppable = (n for n, one in enumerate(notices) if not isinstance(one, InputsNotice))
            del notices[next(droppable, 0)]
        if not session.notice:
            if not notices:
                return
            session.notice_counter += 1
            seq = session.notice_counter % 256
            body = encode_notice(notices.pop(0))
            frame = session.keys.device.seal(Type.NOTICE, seq, session.notice_counter, body)
            session.notice = encode_frame(frame)
        elif now_ns < session.notice_due_ns:
            return
        session.notice_due_ns = now_ns + _NOTICE_NS
        self._send += session.notice
