"""Key boxes and sealed codes as frozen values, and what a code's state is. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from hub.sites.domain import SiteState
from wire.offline_profiles import EPOCH, PROFILES, Profile
from wire.sealed_codes import CodeError, CodeKey, SealedCode, cover, is_retired, seal_code


class LockKind(StrEnum):
    """What takes sealed codes."""

    KEY_BOX = "key_box"
    DOOR = "door"
    """A networked door, while its controller has no hub."""


class CodeState(StrEnum):
    """Where a sealed code stands. No lock confirms any of it: it follows from the time and from
    what the hub did."""

    COMPUTED = "computed"
    """Made, and its window is still to come."""
    ACTIVE = "active"
    ENDED = "ended"
    SUPERSEDED = "superseded"
    """Another took its place; it may still open, see `StillOpens`."""
    WITHDRAWN = "withdrawn"
    """Its booking was cancelled, or its holder left; the same."""


@dataclass(frozen=True, slots=True)
class KeyBox:
    """A key box. Its id is the device id of the maintenance link and of its sealed codes.

    `generation` is the one that new codes carry. `device_version` is the secret the box has, by
    its own word or that of whoever brought it (0: as it came from the bench), `code_version` the
    one that codes are made under.
    """

    id: str
    site_id: str
    state: SiteState
    name: str
    name_en: str
    name_kana: str
    profile: str
    place: str
    closing: str
    key_holder: str
    visit_every_days: int
    generation: int
    device_version: int
    code_version: int
    created_at: datetime
    updated_at: datetime

    @property
    def its_profile(self) -> Profile:
        """Its profile itself."""
        return PROFILES[self.profile]

    @property
    def digits(self) -> int:
        """How many digits its codes have."""
        return self.its_profile.digits

    @property
    def guess_risk(self) -> float:
        """The chance that a blind try hits a code, at any moment."""
        return float(self.its_profile.bound)


@dataclass(frozen=True, slots=True)
class BoxState:
    """What is known of a box from its log. `seen_generation` is the newest that it has taken, as
    far as its log is here; None where it told nothing yet. `heard_at` is the time of the newest
    record of its log."""

    key_box_id: str
    last_visit_at: datetime | None = None
    collected_by: str = ""
    log_epoch: int | None = None
    next_index: int | None = None
    seen_generation: int | None = None
    battery_mv: int | None = None
    battery_dc: int | None = None
    battery_at: datetime | None = None
    uses: int | None = None
    clock_set_at: datetime | None = None
    clock_offset_ms: int | None = None
    clock_error_ms: int | None = None
    firmware: str = ""
    tamper_since: datetime | None = None
    jammed_since: datetime | None = None
    key_absent_since: datetime | None = None
    heard_at: datetime | None = None

    def visit_due_at(self, box: KeyBox) -> datetime:
        """When somebody should have been there: so long after the last visit or, before the first,
        after the box was entered."""
        return (self.last_visit_at or box.created_at) + timedelta(days=box.visit_every_days)


@dataclass(frozen=True, slots=True)
class Lock:
    """What it takes to make codes of one lock: its id, profile, generation, secret and version."""

    kind: LockKind
    id: str
    profile: Profile
    generation: int
    version: int
    secret: bytes = field(repr=False)

    def digits_of(self, code: SealedCode) -> str:
        """Give a code's digits."""
        return seal_code(self.profile, CodeKey.of(self.secret, self.id), code)


@dataclass(frozen=True, slots=True)
class OfflineCode:
    """A sealed code that a holder has, or had. `wanted` is the window that the booking asks for,
    `effective` what the code really covers."""

    id: str
    lock_kind: LockKind
    lock_id: str
    booking_id: str
    holder_id: str
    profile: str
    version: int
    code: SealedCode
    wanted: tuple[datetime, datetime]
    effective: tuple[datetime, datetime]
    pin_changed: bool
    made_at: datetime
    revealed_at: datetime | None = None
    superseded_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it is its holder's code for that lock now."""
        return self.superseded_at is None and self.withdrawn_at is None

    @property
    def is_once(self) -> bool:
        """Whether its lock opens for it a single time."""
        return PROFILES[self.profile].shapes[self.code.shape].once

    def state(self, now: datetime) -> CodeState:
        """Where it stands at an instant."""
        if self.withdrawn_at is not None:
            return CodeState.WITHDRAWN
        if self.superseded_at is not None:
            return CodeState.SUPERSEDED
        if now < self.effective[0]:
            return CodeState.COMPUTED
        return CodeState.ACTIVE if now < self.effective[1] else CodeState.ENDED

    def still_opens(self, now: datetime, version: int, seen: int | None) -> bool:
        """Whether somebody may know it and its lock takes it although it is nobody's any more:
        until its window ends, its secret is replaced, or a code of a later generation was used."""
        if self.stands or self.revealed_at is None or now >= self.effective[1]:
            return False
        profile = PROFILES[self.profile]
        retired = seen is not None and is_retired(profile, self.code.generation, seen)
        return self.version >= version and not retired


class OfflineCodeError(Exception):
    """A lock can give no code as asked; `lock_id` names it."""

    def __init__(self, lock_id: str, text: str) -> None:
        self.lock_id = lock_id
        super().__init__(text)


class NoCodeLeftError(OfflineCodeError):
    """Every code of that window is somebody's already."""


class WindowUncoveredError(OfflineCodeError):
    """No window of the lock's profile covers what was asked; `longest` is the longest that can be
    from that start on, None where none starts there."""

    def __init__(self, lock_id: str, longest: timedelta | None) -> None:
        self.longest = longest
        super().__init__(lock_id, f"no window of the lock covers so much; the longest: {longest}")


class GenerationsAheadError(OfflineCodeError):
    """The box would not know a further generation: it has to be visited first."""


def covered(
    lock: Lock, window: tuple[datetime, datetime], *, once: bool = False
) -> tuple[int, int]:
    """Give shape and slot of the code that covers a window, one that opens a single time with
    `once`; raise `WindowUncoveredError`."""
    try:
        return cover(lock.profile, *window, once=once)
    except CodeError as error:
        longest = longest_from(lock.profile, window[0], once=once)
        raise WindowUncoveredError(lock.id, longest) from error


def longest_from(profile: Profile, start: datetime, *, once: bool = False) -> timedelta | None:
    """Give the longest span that one code can cover from an instant on; None where none can."""
    start_s = (start - EPOCH) // timedelta(seconds=1)
    ends_s = [
        start_s // shape.grid_s * shape.grid_s + shape.duration_s
        for shape in profile.shapes
        if shape.once is once and 0 <= start_s // shape.grid_s < shape.slots
    ]
    return EPOCH + timedelta(seconds=max(ends_s)) - start if ends_s else None
