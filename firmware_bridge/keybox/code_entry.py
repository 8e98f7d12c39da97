"""What a virtual lock makes of confirmed digits: pure, by the rules of docs/offline-pin.md.

The lock's own list is asked first, then the digits themselves, which carry their window.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from firmware_bridge.keybox.codes import CodeReason
from firmware_bridge.keybox.records import code_data
from wire.keybox_keys import MaintenanceSecret
from wire.lock_list import ListEntry, lock_pin_digest
from wire.offline_profiles import DEFAULT_PROFILE, PROFILES, Profile
from wire.sealed_codes import (
    CodeKey,
    CodeVerdict,
    LockClock,
    SealedCode,
    judge_code,
    open_code,
)

ONE_TIME_CAPACITY: Final = 64
_MIN_PIN, _MAX_PIN = 4, 10

_REASONS: Final = {
    CodeVerdict.VALID: CodeReason.VALID,
    CodeVerdict.NOT_A_CODE: CodeReason.NOT_A_CODE,
    CodeVerdict.RETIRED: CodeReason.RETIRED,
    CodeVerdict.NOT_YET: CodeReason.NOT_YET,
    CodeVerdict.EARLY: CodeReason.EARLY,
    CodeVerdict.EXPIRED: CodeReason.EXPIRED,
    CodeVerdict.USED: CodeReason.USED,
}


@dataclass(slots=True)
class Secrets:
    """What a provisioned device keeps: K_maint, and the code secret once one was installed. `used`
    has the one-time codes that were taken, with the end of their window."""

    maintenance: MaintenanceSecret = field(repr=False)
    version: int = 0
    code_secret: bytes | None = field(default=None, repr=False)
    profile: Profile = PROFILES[DEFAULT_PROFILE]
    newest: int = 0
    used: dict[SealedCode, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """What an entry comes to: it opens if its reason is VALID, by the `code` it is or as the list's
    entry of that `reference`."""

    reason: CodeReason
    code: SealedCode | None = None
    reference: bytes | None = None
    spends_try: bool = False

    @property
    def data(self) -> bytes:
        """The 8 bytes of its record."""
        if self.reference is not None:
            return self.reference
        one = self.code
        return bytes(8) if one is None else data_of(one)


def data_of(code: SealedCode) -> bytes:
    """The data of a code's record."""
    return code_data(code.shape, code.slot, code.generation, code.variant)


def judge_entry(
    digits: str,
    device: str | None,
    secrets: Secrets | None,
    entries: Iterable[ListEntry],
    interval: LockClock | None,
) -> Judged:
    """Say what digits come to at a lock whose true time lies in that interval."""
    if interval is None:
        return Judged(CodeReason.CLOCK_UNKNOWN)
    if secrets is None or device is None:
        return Judged(CodeReason.NO_SECRET)
    reference = _listed(digits, device, secrets, entries, interval)
    if reference is not None:
        return Judged(CodeReason.VALID, reference=reference)
    if secrets.code_secret is None:
        return Judged(CodeReason.NO_SECRET)
    code = open_code(secrets.profile, CodeKey.of(secrets.code_secret, device), digits)
    verdict = judge_code(secrets.profile, code, interval, secrets.newest, secrets.used)
    if verdict is CodeVerdict.VALID and code is not None and _is_full(code, secrets, interval):
        return Judged(CodeReason.ONE_TIME_FULL, code)
    return Judged(_REASONS[verdict], code, spends_try=verdict.spends_try)


def living(secrets: Secrets, interval: LockClock) -> dict[SealedCode, int]:
    """The used one-time codes whose window may still last."""
    return {code: end_s for code, end_s in secrets.used.items() if interval.earliest_s < end_s}


def _is_full(code: SealedCode, secrets: Secrets, interval: LockClock) -> bool:
    once = secrets.profile.shapes[code.shape].once
    return once and len(living(secrets, interval)) >= ONE_TIME_CAPACITY


def _listed(
    digits: str,
    device: str,
    secrets: Secrets,
    entries: Iterable[ListEntry],
    interval: LockClock,
) -> bytes | None:
    if not _MIN_PIN <= len(digits) <= _MAX_PIN:
        return None
    key = secrets.maintenance.list_key(device)
    digest = bytes.fromhex(lock_pin_digest(key, device, digits))
    for entry in entries:
        possible = interval.latest_s >= entry.start_s and interval.earliest_s < entry.end_s
        if entry.digest == digest and possible:
            return bytes.fromhex(entry.reference)
    return None
