"""A virtual key box or serial lock: what a device keeps, and what it does with keys and time.

It takes sealed codes by `wire.sealed_codes` under the rules of docs/offline-pin.md, so that demo
and tests have a device where no compiler is. What it is asked over the link is in
`box_requests.py`, how the link itself works in `device.py`.
"""

from __future__ import annotations

import struct
from typing import Final

from firmware_bridge.keybox.box_clock import BoxClock
from firmware_bridge.keybox.code_entry import Secrets, data_of, judge_entry, living
from firmware_bridge.keybox.codes import (
    UNKNOWN_I16,
    CodeReason,
    Input,
    Kind,
    Output,
    RecordKind,
    ResetCause,
)
from firmware_bridge.keybox.log_ring import CAPACITY, LogRing
from firmware_bridge.keybox.notices import (
    BatteryNotice,
    InputsNotice,
    KeysNotice,
    LoggedNotice,
    Notice,
)
from firmware_bridge.keybox.try_budget import KeyEntry, TryBudget
from firmware_bridge.keybox.virtual_door import UNLOCK_MS, VirtualDoor
from wire.keybox_keys import MaintenanceSecret, ReceiptKey, SecretBundle, WrapKey
from wire.lock_list import ListEntry, list_digest
from wire.offline_profiles import DEFAULT_PROFILE, PROFILES, profile_numbered
from wire.sealed_codes import LockClock, SealedCode

_NS: Final = 1_000_000_000
ALONE_NS: Final = 10 * _NS
"""How long a lock's link must have been dead before the lock decides itself."""

_TURNED_AWAY: Final = frozenset({CodeReason.CLOCK_UNKNOWN, CodeReason.NO_SECRET})


class VirtualBox:
    """One device. Everything is told the running time in nanoseconds; nothing here waits.

    `bolt_fitted`: its bolt has a switch; a `stuck` bolt does not move.
    """

    def __init__(
        self,
        device: str | None = None,
        kind: Kind = Kind.KEY_BOX,
        maintenance: bytes | None = None,
        *,
        log_epoch: int = 1,
        log_capacity: int = CAPACITY,
        crystal_ppm: float = 0.0,
        bolt_fitted: bool = True,
    ) -> None:
        self.device, self.kind = device, kind
        self.secrets = None if maintenance is None else Secrets(MaintenanceSecret(maintenance))
        self.clock = BoxClock(PROFILES[DEFAULT_PROFILE].drift_s, crystal_ppm)
        self.budget = TryBudget()
        self.log = LogRing(log_epoch, self._stamp, log_capacity)
        self.entries: tuple[ListEntry, ...] = ()
        self.newest_ticket_day = 0
        self.firmware, self.rollback, self.boots = 1, 0, 0
        self.reset_cause = ResetCause.POWER
        self.battery_mv, self.uses = 6_000, 0
        self.temperature_dc: int | None = None
        self.door = VirtualDoor(bolt_fitted)
        self.linked = False
        self.now_ns = 0
        self.notices: list[Notice] = []
        self.shown: list[int] = []
        self._unlinked_ns = 0
        self._keys = KeyEntry()
        self._shown = Input(0), Output(0)
        self._turned_away_ns: int | None = None
        self.start(ResetCause.POWER, 0)

    # --- life ------------------------------------------------------------------------------------

    def start(self, cause: ResetCause, now_ns: int) -> None:
        """Power came, or a reset: the bolt falls back, what is kept stays."""
        self.now_ns, self._unlinked_ns, self.linked = now_ns, now_ns, False
        self.boots += 1
        self.reset_cause = cause
        self.budget.power_cycle(now_ns)
        self._keys = KeyEntry()
        self._turned_away_ns = None
        self.door.start(now_ns)
        self.notices.clear()
        self.write(RecordKind.STARTED, 0, bytes((cause,)))

    def provision(self, device: str, kind: Kind, maintenance: bytes) -> None:
        """Become somebody, once."""
        self.device, self.kind = device, kind
        self.secrets = Secrets(MaintenanceSecret(maintenance))

    def install(self, bundle: SecretBundle, version: int) -> None:
        """Take new secrets, all of them at once."""
        profile = profile_numbered(bundle.profile)
        self.secrets = Secrets(
            MaintenanceSecret(bundle.maintenance),
            version,
            bundle.code_secret,
            profile,
            bundle.generation,
        )
        self.clock.drift_s = profile.drift_s
        self.write(RecordKind.SECRET_CHANGED, 0, version.to_bytes(4, "big"))

    @property
    def wrap_key(self) -> WrapKey | None:
        """Opens envelopes; None on a blank device."""
        if self.secrets is None or self.device is None:
            return None
        return self.secrets.maintenance.wrap_key(self.device)

    @property
    def receipt_key(self) -> ReceiptKey | None:
        """Checks receipts; None on a blank device."""
        if self.secrets is None or self.device is None:
            return None
        return self.secrets.maintenance.receipt_key(self.device)

    @property
    def list_digest(self) -> bytes:
        """What its own list proves to be."""
        return list_digest(self.entries)

    def write(self, kind: RecordKind, reason: int = 0, data: bytes = b"") -> None:
        """Write a record, and tell a host that listens."""
        self.log.append(self.boots, kind, reason, data)
        if self.linked:
            self.notices.append(LoggedNotice(self.log.next))

    def _stamp(self) -> tuple[int | None, int | None]:
        return self.clock.time_s(self.now_ns), self.clock.error_s(self.now_ns)

    # --- the link --------------------------------------------------------------------------------

    def link_began(self, now_ns: int) -> None:
        """A host that operates has opened a session: it decides, and is told the states."""
        self.now_ns, self.linked = now_ns, True
        self._shown = self.inputs, self.outputs
        self.notices[:] = [InputsNotice(*self._shown)]

    def link_ended(self, now_ns: int) -> None:
        """That session is over."""
        if self.linked:
            self.now_ns, self.linked, self._unlinked_ns = now_ns, False, now_ns
            self.notices.clear()

    def _decides(self) -> bool:
        if self.kind is Kind.KEY_BOX:
            return not self.linked
        return not self.linked and self.now_ns - self._unlinked_ns >= ALONE_NS

    # --- who stands before it --------------------------------------------------------------------

    def press(self, keys: str, now_ns: int) -> None:
        """Press keys; a linked lock hands them on, and one whose link has just died drops them:
        nobody's word would be current."""
        self.advance(now_ns)
        if self.linked:
            self.notices.append(KeysNotice(keys))
            return
        for key in keys:
            entry = self._keys.press(key, now_ns)
            if entry is not None and self._decides():
                self._entered(entry)

    def set_input(self, which: Input, active: bool, now_ns: int) -> None:
        """Move an input: leaf, key, tamper switch."""
        self.advance(now_ns)
        hands = self.door.hands
        self.door.hands = hands | which if active else hands & ~which
        self._settle(self.now_ns)

    def measure(self, battery_mv: int, temperature_dc: int | None, now_ns: int) -> None:
        """Measure the battery, log it and tell it."""
        self.advance(now_ns)
        self.battery_mv, self.temperature_dc = battery_mv, temperature_dc
        temperature = UNKNOWN_I16 if temperature_dc is None else temperature_dc
        data = struct.pack(">HhI", battery_mv, temperature, self.uses)
        self.write(RecordKind.BATTERY, 0, data)
        if self.linked:
            self.notices.append(BatteryNotice(battery_mv, temperature_dc, self.uses))

    def advance(self, now_ns: int) -> None:
        """Let time do its work, each thing at its own time."""
        while (due_ns := self.wake_ns()) is not None and due_ns < now_ns:
            self._settle(due_ns)
        self._settle(now_ns)

    def wake_ns(self) -> int | None:
        """When `advance` has something to do."""
        times = [self.door.due_ns()]
        if self.outputs & Output.HELD and not self.linked:
            times.append(self._unlinked_ns + ALONE_NS)
        return min((one for one in times if one is not None), default=None)

    def _settle(self, now_ns: int) -> None:
        self.now_ns = max(self.now_ns, now_ns)
        self.budget.advance(self.now_ns)
        if self.outputs & Output.HELD and self._decides():
            self.door.secure(self.now_ns)  # whoever held it is dead
        for kind in self.door.poll(self.now_ns):
            self.write(kind)
        shown = self.inputs, self.outputs
        if shown != self._shown and self.linked:
            self.notices.append(InputsNotice(*shown))
        self._shown = shown

    # --- the bolt --------------------------------------------------------------------------------

    @property
    def inputs(self) -> Input:
        """The inputs as they are told."""
        return self.door.inputs

    @property
    def outputs(self) -> Output:
        """The outputs."""
        return self.door.outputs

    @property
    def stuck(self) -> bool:
        """Whether the bolt does not move."""
        return self.door.stuck

    @stuck.setter
    def stuck(self, stuck: bool) -> None:
        self.door.stuck = stuck
        self._settle(self.now_ns)

    def release(self, pulse_ms: int) -> None:
        """Retract the bolt for a while."""
        self.uses += 1
        self.door.release(self.now_ns, pulse_ms)
        self._settle(self.now_ns)

    def hold(self) -> None:
        """Keep it retracted."""
        self.uses += 1
        self.door.hold(self.now_ns)
        self._settle(self.now_ns)

    def secure(self) -> None:
        """Let it go at once."""
        self.door.secure(self.now_ns)
        self._settle(self.now_ns)

    # --- entries ---------------------------------------------------------------------------------

    def _entered(self, digits: str) -> None:
        if self.budget.lockout_s(self.now_ns):
            self._turn_away(CodeReason.THROTTLED)
            return
        interval = self.clock.interval(self.now_ns)
        judged = judge_entry(digits, self.device, self.secrets, self.entries, interval)
        if judged.reason in _TURNED_AWAY:
            self._turn_away(judged.reason)
        elif judged.reason is not CodeReason.VALID:
            self.write(RecordKind.CODE_REFUSED, judged.reason, judged.data)
        elif judged.code is None:
            self.write(RecordKind.LIST_PIN_ACCEPTED, judged.reason, judged.data)
            self.release(UNLOCK_MS)
        elif self.secrets is not None and interval is not None:
            self._accept(judged.code, interval, self.secrets)
        if judged.spends_try:
            lockout_s = self.budget.spend(self.now_ns)
            if lockout_s is not None:
                self.write(RecordKind.LOCKOUT, 0, lockout_s.to_bytes(4, "big"))
                self._turned_away_ns = None

    def _turn_away(self, reason: CodeReason) -> None:
        """Nothing was compared: written once a minute, lest typing wash the log away."""
        told_ns = self._turned_away_ns
        if told_ns is None or self.now_ns - told_ns >= 60 * _NS:
            self._turned_away_ns = self.now_ns
            self.write(RecordKind.CODE_REFUSED, reason)

    def _accept(self, code: SealedCode, interval: LockClock, secrets: Secrets) -> None:
        profile = secrets.profile
        start_s, end_s = code.window_s(profile)
        if profile.shapes[code.shape].once:
            secrets.used = {**living(secrets, interval), code: end_s}
        self.write(RecordKind.CODE_ACCEPTED, CodeReason.VALID, data_of(code))
        if (code.generation - secrets.newest) % profile.generations:
            self.retire(code.generation)
        self.clock.narrow(start_s, end_s, self.now_ns)
        self.release(UNLOCK_MS)

    def retire(self, generation: int) -> None:
        """Codes before that generation are dead."""
        if self.secrets is not None:
            self.secrets.newest = generation
            self.write(RecordKind.GENERATION_RETIRED, 0, bytes((generation,)))
