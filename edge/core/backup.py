"""Backup codes: the sealed codes that a networked door takes while its controller has no hub, and
for a grace after, since a code handed out meanwhile is to work (docs/offline-pin.md).

The algorithm is `wire.sealed_codes`; here is what a controller makes of a verdict. Most blind
guesses open to *some* window (in profile `quarter` 73 in 100), nearly always years away: what it
was is told only where the window is near, or the journal would speak of codes nobody has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from edge.core.clock_now import ClockNow
from wire.offline_profiles import DEFAULT_PROFILE, EPOCH, PROFILES, Profile
from wire.policy_bodies import BackupCodes
from wire.reasons import Reason
from wire.sealed_codes import CodeKey, CodeVerdict, LockClock, SealedCode, judge_code

OpenDigits: TypeAlias = Callable[[Profile, CodeKey], SealedCode | None]
"""Opens what was typed under a door's profile and key (`wire.sealed_codes.open_code`)."""

NEAR_S: Final = 172_800
"""A window that begins or ended within 48 h is named in the journal. A blind guess that opens to
one by chance is rarer than 1 in 2,000 (counted in the tests)."""

_SECOND: Final = timedelta(seconds=1)
_NS: Final = 1_000_000_000
_PRINT_LABEL: Final = b"kagimori/edge/backup-codes/v1"


class KeptCodes(msgspec.Struct, frozen=True):
    """What a door's codes leave behind, kept over restarts: the generation that the policy told,
    the newest that was seen, and the one-time codes used, by tag with the end of their window in
    seconds since the epoch. `of` says under which secret."""

    of: str
    told: int
    newest: int
    used: dict[str, int] = {}

    def save(self) -> bytes:
        """Give the bytes to keep."""
        return msgspec.json.encode(self)

    @classmethod
    def load(cls, data: bytes) -> KeptCodes:
        """Read it; raise `ValueError` for bytes that are none."""
        kept = msgspec.json.decode(data, type=cls)
        for tag in kept.used:
            SealedCode.of_tag(tag)
        return kept


@dataclass(frozen=True, slots=True)
class DoorCodes:
    """A door's backup codes, ready for asking. Its key lives in memory alone."""

    profile: Profile
    key: CodeKey = field(repr=False)
    grace_s: int
    told: int
    newest: int
    used: Mapping[SealedCode, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, profile: Profile, key: CodeKey, body: BackupCodes, kept: KeptCodes | None
    ) -> DoorCodes:
        """Make ready what the policy says, with what is remembered of the same secret."""
        told = body.generation % profile.generations
        made = cls(profile, key, body.grace_s, told, told)
        if kept is None or kept.of != made.print or not 0 <= kept.newest < profile.generations:
            return made
        return replace(
            made,
            newest=newest_of(profile, kept, told),
            used={SealedCode.of_tag(tag): end_s for tag, end_s in kept.used.items()},
        )

    @property
    def print(self) -> str:
        """Tells secrets apart, and yields nothing of them."""
        return hashlib.sha256(_PRINT_LABEL + self.key.secret).hexdigest()[:16]

    def taken(self, code: SealedCode, floor: datetime) -> DoorCodes:
        """What is left once a code was taken: its generation is the newest, and a one-time code is
        remembered until its window is certainly past."""
        floor_s = (floor - EPOCH) // _SECOND
        used = {one: end_s for one, end_s in self.used.items() if end_s > floor_s}
        if self.profile.shapes[code.shape].once:
            used[code] = code.window_s(self.profile)[1]
        return replace(self, newest=code.generation, used=used)

    @property
    def kept(self) -> KeptCodes:
        """What is to be remembered."""
        used = {code.tag: end_s for code, end_s in self.used.items()}
        return KeptCodes(self.print, self.told, self.newest, used)


@dataclass(frozen=True, slots=True)
class CodeJudgement:
    """What a confirmed entry comes to as a backup code; `code` is what the journal may name."""

    reason: Reason
    spends_try: bool
    code: SealedCode | None = None


_UNKNOWN: Final = CodeJudgement(Reason.UNKNOWN_PIN, spends_try=True)

_REASONS: Final = {
    CodeVerdict.VALID: Reason.SEALED_CODE_VALID,
    CodeVerdict.NOT_A_CODE: Reason.UNKNOWN_PIN,
    CodeVerdict.RETIRED: Reason.CODE_RETIRED,
    CodeVerdict.NOT_YET: Reason.NOT_YET_VALID,
    CodeVerdict.EARLY: Reason.NOT_YET_VALID,
    CodeVerdict.EXPIRED: Reason.EXPIRED,
    CodeVerdict.USED: Reason.USED_UP,
}

_DECOYS: Final = {profile.digits: profile for profile in PROFILES.values()}
_DECOY_KEY: Final = CodeKey(bytes(32))


def newest_of(profile: Profile, kept: KeptCodes, told: int) -> int:
    """Give the newest generation once the policy tells one. The hub never hands out a code of a
    generation ahead of its own: what the policy newly tells counts, unless codes that were used
    meanwhile are ahead of it (the policy is the older word then)."""
    ahead = (kept.newest - told) % profile.generations < profile.ahead
    return kept.newest if told == kept.told or ahead else told


def judge_backup(
    codes: DoorCodes | None, digits: int, opened: OpenDigits, now: ClockNow, away_ns: int | None
) -> CodeJudgement:
    """Say what `digits` digits come to at a door with these codes, or with none.

    `away_ns` is how long ago the controller was last without its hub: 0 while it is, None where it
    never was. The digits are opened in any case, so that the time it takes does not tell which
    doors have codes.
    """
    if codes is None or digits != codes.profile.digits:
        opened(_DECOYS.get(digits, PROFILES[DEFAULT_PROFILE]), _DECOY_KEY)
        return _UNKNOWN
    code = opened(codes.profile, codes.key)
    clock = _lock_clock(now)
    if code is None or not _is_near(codes.profile, code, clock):
        return _UNKNOWN
    verdict = judge_code(codes.profile, code, clock, codes.newest, codes.used)
    if not now.relied_on and verdict is not CodeVerdict.RETIRED:
        return CodeJudgement(Reason.CLOCK_UNTRUSTED, spends_try=True, code=code)
    reason = _REASONS[verdict]
    if verdict is CodeVerdict.VALID and not _needed(codes, away_ns):
        reason = Reason.BACKUP_NOT_NEEDED
    return CodeJudgement(reason, verdict.spends_try, code)


def _lock_clock(now: ClockNow) -> LockClock:
    """The true time is within the error, and never before the floor."""
    error = timedelta(milliseconds=now.error_ms or 0)
    earliest = max(now.at - error, now.floor)
    latest = max(now.at + error, earliest)
    return LockClock((earliest - EPOCH) // _SECOND, (latest - EPOCH) // _SECOND)


def _is_near(profile: Profile, code: SealedCode, clock: LockClock) -> bool:
    start_s, end_s = code.window_s(profile)
    return start_s - clock.latest_s <= NEAR_S and clock.earliest_s - end_s <= NEAR_S


def _needed(codes: DoorCodes, away_ns: int | None) -> bool:
    return away_ns is not None and (away_ns == 0 or away_ns < codes.grace_s * _NS)
