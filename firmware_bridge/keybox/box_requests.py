"""What a virtual device does when it is asked over the link: each request to its answer.

A request that is authentic and cannot be carried out raises `RefusedError` with its cause.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable
from typing import Final

from firmware_bridge.keybox.answers import (
    Answer,
    BoxStatus,
    Cleared,
    ClockAnswer,
    Drove,
    ListStanding,
    LogAnswer,
)
from firmware_bridge.keybox.body import Empty
from firmware_bridge.keybox.codes import (
    MAX_SET_ERROR_S,
    UNKNOWN_I16,
    UNKNOWN_I32,
    Cause,
    Kind,
    RecordKind,
    RefusedError,
)
from firmware_bridge.keybox.firmware_slots import FirmwareSlots, VerifyImage
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


class BoxRequests:
    """Carries out requests at a virtual device. `restart` is called once an image has been taken;
    without `verify` no image is."""

    def __init__(self, box: VirtualBox, verify: VerifyImage | None = None) -> None:
        self._box = box
        self.slots = FirmwareSlots(box, verify)
        self._coming: list[ListEntry] | None = None
        self._announced = (0, b"")
        self._deeds: dict[type[Request], Callable[..., Answer | None]] = {
            AskStatus: self._status,
            ReadLog: self._read_log,
            SetClock: self._set_clock,
            ClearLog: self._clear_log,
            InstallSecret: self._install,
            Retire: self._retire,
            FirmwareBegin: self.slots.begin,
            FirmwareData: self.slots.data,
            FirmwareEnd: self.slots.end,
            FirmwareAbort: self.slots.abort,
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
        outcome = self._box.door.outcome
        return None if outcome is None else Drove(outcome)

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
            slot=self.slots.running,
            slot_states=self.slots.states[0] << 8 | self.slots.states[1],
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
        self._box.write(RecordKind.RELEASED_BY_HOST, 0, bytes(4))
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
