"""What a virtual device does when it is asked over the link: each request to its answer.

A request that is authentic and cannot be carried out raises `RefusedError` with its cause.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from firmware_bridge.keybox.answers import (
    Answer,
    BoxStatus,
    Cleared,
    ClockAnswer,
    Drove,
    ListStanding,
    LogAnswer,
    NextOffset,
)
from firmware_bridge.keybox.body import Empty
from firmware_bridge.keybox.codes import (
    MAX_SET_ERROR_S,
    UNKNOWN_I16,
    UNKNOWN_I32,
    Cause,
    Driven,
    Input,
    Kind,
    RecordKind,
    ResetCause,
    SlotState,
)
from firmware_bridge.keybox.requests import (
    AskList,
    AskStatus,
    ClearLog,
    Close,
    FirmwareAbort,
    FirmwareBegin,
    FirmwareData,
    FirmwareEnd,
    Hold,
    InstallSecret,
    ListBegin,
    ListData,
    ListEnd,
    ReadLog,
    Release,
    Request,
    Retire,
    SecureBolt,
    SetClock,
    Signal,
)
from firmware_bridge.keybox.virtual_box import VirtualBox
from wire.errors import WireError
from wire.keybox_keys import SecretEnvelope
from wire.lock_list import ListEntry, list_digest
from wire.offline_profiles import ProfileError, profile_numbered

MAX_LIST: Final = 500
_HEADER: Final = struct.Struct(">B3xIII32s")


class RefusedError(Exception):
    """A request that is authentic and cannot be carried out."""

    def __init__(self, cause: Cause) -> None:
        self.cause = cause
        super().__init__(cause.name.lower())


class VerifyImage(Protocol):
    """Tells whether a header's signature is that of whoever may sign firmware."""

    def __call__(self, header: bytes, signature: bytes) -> bool: ...


@dataclass(slots=True)
class _Image:
    header: bytes
    firmware: int
    rollback: int
    size: int
    digest: bytes
    data: bytearray = field(default_factory=bytearray)


class BoxRequests:
    """Carries out requests at a virtual device. `restart` is called once an image has been taken;
    without `verify` no image is."""

    def __init__(self, box: VirtualBox, verify: VerifyImage | None = None) -> None:
        self._box = box
        self._verify = verify
        self._image: _Image | None = None
        self._coming: list[ListEntry] | None = None
        self._announced = (0, b"")
        self.restart_due = False
        self.slot_states = [SlotState.CONFIRMED, SlotState.EMPTY]
        self.slot = 0
        self._deeds: dict[type[Request], Callable[..., Answer | None]] = {
            AskStatus: self._status,
            ReadLog: self._read_log,
            SetClock: self._set_clock,
            ClearLog: self._clear_log,
            InstallSecret: self._install,
            Retire: self._retire,
            FirmwareBegin: self._firmware_begin,
            FirmwareData: self._firmware_data,
            FirmwareEnd: self._firmware_end,
            FirmwareAbort: self._firmware_abort,
            Release: self._release,
            Hold: self._hold,
            SecureBolt: self._secure,
            Signal: self._signal,
            ListBegin: self._list_begin,
            ListData: self._list_data,
            ListEnd: self._list_end,
            AskList: self._list_status,
            Close: self._close,
        }

    def session_ended(self) -> None:
        """A list that was on its way is forgotten; an image is not."""
        self._coming = None

    def carry_out(self, request: Request) -> Answer | None:
        """Do it; raise `RefusedError`. None where the outcome is still to be seen (`outcome`)."""
        return self._deeds[type(request)](request)

    def outcome(self) -> Drove | None:
        """What came of driving the bolt, None while it may still move."""
        box = self._box
        if box.inputs & Input.JAMMED:
            return Drove(Driven.JAMMED)
        moved = not box.bolt_fitted or bool(box.inputs & Input.BOLT) == bool(box.outputs)
        return Drove(Driven.DONE) if moved else None

    # --- reading ---------------------------------------------------------------------------------

    def _status(self, _request: AskStatus) -> BoxStatus:
        box, secrets = self._box, self._box.secrets
        time_s, interval = box.clock.time_s(box.now_ns), box.clock.interval(box.now_ns)
        return BoxStatus(
            time_s=time_s or 0,
            clock_known=int(time_s is not None),
            earliest_s=0 if interval is None else max(interval.earliest_s, 0),
            latest_s=0 if interval is None else max(interval.latest_s, 0),
            rate=box.clock.rate,
            profile=0 if secrets is None else secrets.profile.number,
            generation=0 if secrets is None else secrets.newest,
            lockout_s=box.budget.lockout_s(box.now_ns),
            lockout_level=box.budget.level,
            tries_left=box.budget.left,
            battery_mv=box.battery_mv,
            temperature=UNKNOWN_I16 if box.temperature_dc is None else box.temperature_dc,
            uses=box.uses,
            inputs=box.inputs,
            outputs=box.outputs,
            log_epoch=box.log.epoch,
            oldest=box.log.oldest,
            next=box.log.next,
            receipted=box.log.receipted,
            secret_version=0 if secrets is None else secrets.version,
            firmware=box.firmware,
            rollback=box.rollback,
            slot=self.slot,
            slot_states=self.slot_states[0] << 8 | self.slot_states[1],
            reset_cause=box.reset_cause,
            boots=box.boots,
            lost_frames=0,
        )

    def _read_log(self, request: ReadLog) -> LogAnswer:
        log = self._box.log
        same = request.log_epoch == log.epoch
        records = log.read(request.start, request.most) if same else ()
        return LogAnswer(log.epoch, log.oldest, log.next, records)

    def _list_status(self, _request: AskList) -> ListStanding:
        self._needs_lock()
        return ListStanding(self._box.list_digest, len(self._box.entries))

    # --- clock, log, secrets ---------------------------------------------------------------------

    def _set_clock(self, request: SetClock) -> ClockAnswer:
        box, last = self._box, self._box.clock.last_set_s
        if request.error_s > MAX_SET_ERROR_S or (last is not None and request.time_s < last):
            raise RefusedError(Cause.BAD_VALUE)
        offset_s = box.clock.set(request.time_s, request.error_s, box.now_ns)
        told = UNKNOWN_I32 if offset_s is None else offset_s
        box.write(RecordKind.CLOCK_SET, 0, struct.pack(">ih", told, box.clock.rate))
        return ClockAnswer(offset_s, box.clock.rate)

    def _clear_log(self, request: ClearLog) -> Cleared:
        log, key = self._box.log, self._box.receipt_key
        if key is None or request.log_epoch != log.epoch or request.through >= log.next:
            raise RefusedError(Cause.BAD_VALUE)
        expected = key.clear_receipt(request.log_epoch, request.through)
        if not hmac.compare_digest(expected, request.receipt):
            raise RefusedError(Cause.BAD_RECEIPT)
        if request.through >= log.receipted:
            log.clear(request.through)
            self._box.write(RecordKind.LOG_CLEARED, 0, request.through.to_bytes(4, "big"))
        return Cleared(log.oldest)

    def _install(self, request: InstallSecret) -> Empty:
        box, key, secrets = self._box, self._box.wrap_key, self._box.secrets
        if key is None or secrets is None:
            raise RefusedError(Cause.BLANK)
        envelope = SecretEnvelope.decode(request.envelope)
        try:
            bundle = key.open(envelope)
            profile_numbered(bundle.profile)
        except WireError as error:
            raise RefusedError(Cause.BAD_RECEIPT) from error
        except ProfileError as error:
            raise RefusedError(Cause.BAD_VALUE) from error
        if envelope.version <= secrets.version:
            raise RefusedError(Cause.TOO_OLD)
        box.install(bundle, envelope.version)
        return Empty()

    def _retire(self, request: Retire) -> Empty:
        key, secrets = self._box.receipt_key, self._box.secrets
        if key is None or secrets is None:
            raise RefusedError(Cause.BLANK)
        expected = key.retire_token(secrets.version, request.generation)
        if not hmac.compare_digest(expected, request.token):
            raise RefusedError(Cause.BAD_RECEIPT)
        ahead = (request.generation - secrets.newest) % secrets.profile.generations
        if request.generation >= secrets.profile.generations or ahead > secrets.profile.ahead:
            raise RefusedError(Cause.TOO_OLD)
        if ahead:
            self._box.retire(request.generation)
        return Empty()

    # --- firmware --------------------------------------------------------------------------------

    def _firmware_begin(self, request: FirmwareBegin) -> NextOffset:
        if self._image is not None and self._image.header == request.header:
            return NextOffset(len(self._image.data))
        if self._verify is None:
            raise RefusedError(Cause.NOT_SUPPORTED)
        kind, firmware, rollback, size, digest = _HEADER.unpack(request.header)
        if kind != self._box.kind or not 0 < size <= 1 << 20:
            self._refuse_image(Cause.BAD_VALUE, firmware, rollback)
        if not self._verify(request.header, request.signature):
            self._refuse_image(Cause.BAD_SIGNATURE, firmware, rollback)
        if rollback < self._box.rollback:
            self._refuse_image(Cause.TOO_OLD, firmware, rollback)
        self._image = _Image(request.header, firmware, rollback, size, digest)
        self.slot_states[1 - self.slot] = SlotState.RECEIVING
        return NextOffset(0)

    def _refuse_image(self, cause: Cause, firmware: int, rollback: int) -> None:
        data = struct.pack(">II", firmware, rollback)
        self._box.write(RecordKind.FIRMWARE_REFUSED, cause, data)
        raise RefusedError(cause)

    def _firmware_data(self, request: FirmwareData) -> NextOffset:
        image = self._image
        if image is None:
            raise RefusedError(Cause.BAD_VALUE)
        room = image.size - len(image.data)
        if request.offset == len(image.data) and len(request.data) <= room:
            image.data += request.data
        return NextOffset(len(image.data))

    def _firmware_end(self, _request: FirmwareEnd) -> Empty:
        image, self._image = self._image, None
        if image is None or len(image.data) != image.size:
            self._image = image
            raise RefusedError(Cause.BAD_VALUE)
        if hashlib.sha256(image.data).digest() != image.digest:
            self.slot_states[1 - self.slot] = SlotState.BAD
            self._refuse_image(Cause.BAD_SIGNATURE, image.firmware, image.rollback)
        self.slot = 1 - self.slot
        self.slot_states[self.slot] = SlotState.CONFIRMED
        box = self._box
        box.firmware, box.rollback = image.firmware, image.rollback
        self.restart_due = True
        return Empty()

    def _firmware_abort(self, _request: FirmwareAbort) -> Empty:
        self._image = None
        self.slot_states[1 - self.slot] = SlotState.EMPTY
        return Empty()

    def restart(self, now_ns: int) -> None:
        """Start the image that was taken; this virtual device's self-test always passes."""
        self.restart_due = False
        self._box.start(ResetCause.UPDATE, now_ns)
        data = struct.pack(">II", self._box.firmware, self._box.rollback)
        self._box.write(RecordKind.FIRMWARE_UPDATED, 0, data)

    # --- operating -------------------------------------------------------------------------------

    def _needs_lock(self) -> None:
        if self._box.kind is not Kind.SERIAL_LOCK:
            raise RefusedError(Cause.NOT_SUPPORTED)

    def _release(self, request: Release) -> Drove | None:
        self._needs_lock()
        if not 1 <= request.pulse_ms <= 300_000:
            raise RefusedError(Cause.BAD_VALUE)
        self._box.write(RecordKind.RELEASED_BY_HOST, 0, request.pulse_ms.to_bytes(4, "big"))
        self._box.release(request.pulse_ms)
        return self.outcome()

    def _hold(self, _request: Hold) -> Drove | None:
        self._needs_lock()
        self._box.hold()
        return self.outcome()

    def _secure(self, _request: SecureBolt) -> Drove | None:
        self._needs_lock()
        self._box.secure()
        return self.outcome()

    def _signal(self, request: Signal) -> Empty:
        self._needs_lock()
        self._box.shown.append(request.feedback)
        return Empty()

    # --- the list --------------------------------------------------------------------------------

    def _list_begin(self, request: ListBegin) -> Empty:
        self._needs_lock()
        if request.count > MAX_LIST:
            raise RefusedError(Cause.STORAGE)
        self._coming, self._announced = [], (request.count, request.digest)
        return Empty()

    def _list_data(self, request: ListData) -> Empty:
        if self._coming is None:
            raise RefusedError(Cause.BAD_VALUE)
        if len(self._coming) + len(request.entries) > self._announced[0]:
            self._coming = None
            raise RefusedError(Cause.BAD_VALUE)
        self._coming += map(ListEntry.decode, request.entries)
        return Empty()

    def _list_end(self, _request: ListEnd) -> ListStanding:
        coming, self._coming = self._coming, None
        if coming is None or (len(coming), list_digest(coming)) != self._announced:
            raise RefusedError(Cause.BAD_VALUE)
        box = self._box
        box.entries = tuple(coming)
        data = struct.pack(">H6s", len(coming), box.list_digest[:6])
        box.write(RecordKind.LIST_PLACED, 0, data)
        return ListStanding(box.list_digest, len(coming))

    def _close(self, _request: Close) -> Empty:
        return Empty()
