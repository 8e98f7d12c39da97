"""Policy bodies of doors, and what all bodies share; others read them in `wire.policy_bodies`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec

from wire.clock import Instant

Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Milliseconds: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
Sealed: TypeAlias = Annotated[str, msgspec.Meta(max_length=4096)]


class EntryBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all bodies share: frozen, by keyword, defaults left out to keep deltas small."""


class Assurance(StrEnum):
    """How sure a reader can be of a credential, weakest first (facts: three assurance classes)."""

    IDENTIFIER = "identifier"
    """A number sent in clear (UID, IDm, Wiegand): anybody can clone it."""
    READER_VERIFIED = "reader_verified"
    """The reader authenticated the card and sent its number over a secure channel."""
    CHALLENGE = "challenge"
    """The edge itself verified a challenge and response."""

    @property
    def rank(self) -> int:
        """0 for the weakest; compare by it."""
        return list(Assurance).index(self)


class FailMode(StrEnum):
    """What the lock does without power."""

    SECURE = "fail_secure"
    SAFE = "fail_safe"


class OnUntrustedClock(StrEnum):
    """What a PIN may still do while the clock is untrusted."""

    DENY = "deny"
    FLOOR_IN_WINDOW = "floor_in_window"


class OnJournalFailure(StrEnum):
    """What a door does when an opening cannot be journaled."""

    DENY = "deny"
    OPEN = "open"


class FirstPerson(StrEnum):
    """What waits until somebody whose grant says `first_person` has opened the door that day; days
    turn at 04:00 in Asia/Tokyo."""

    NONE = "none"
    HOLD = "hold"
    """The hold by schedule: the door stays shut on a day when nobody came to open it."""
    ENTRY = "entry"
    """Everybody else's entry, and the hold by schedule."""


class Point(msgspec.Struct, frozen=True):
    """An input or output of a device; `inverted` where the active state reads as 0."""

    device: Id
    channel: Annotated[int, msgspec.Meta(ge=0, le=63)] = 0
    inverted: bool = False


class BackupCodes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A door's sealed codes (docs/offline-pin.md): taken while its controller has no hub, and for
    `grace_s` after it was last without one, since a code handed out meanwhile is to work.

    `profile` names an entry of `wire.offline_profiles.PROFILES`; `sealed` is the door's own code
    secret, 32 bytes, sealed to the controller (`wire.sealing`, kind `door`). Codes of a generation
    before `generation` are retired.
    """

    profile: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    sealed: Sealed
    generation: Annotated[int, msgspec.Meta(ge=0, le=63)] = 0
    grace_s: Annotated[int, msgspec.Meta(ge=0, le=604_800)] = 86_400


class DoorBody(EntryBody, frozen=True, kw_only=True):
    """A door: how it is driven and watched, and what it demands. Entry id = door id.

    `strike` releases the bolt for `unlock_ms`; `contact` sees the leaf, `bolt` the bolt (active =
    retracted), `rex` is request-to-exit, `mechanical_key` the cylinder's switch, `bell` a bell push
    whose ring is told to the hub. A door left open
    beyond `held_after_ms` is held; one opened without a release is forced if `detect_forced`.

    A reader of side `entry` leads from `zone_out` into `zone_in`, one of side `exit` back. The door
    stands open while `hold_schedule` holds and the clock is relied on. With `two_person` it opens
    for two different persons who both may, the second within `second_person_ms` of the first. What
    these mean together is told in docs/policy.md.
    """

    unlock_ms: Annotated[int, msgspec.Meta(ge=100, le=300_000)] = 5_000
    held_after_ms: Milliseconds = 60_000
    detect_forced: bool = True
    min_assurance: Assurance = Assurance.READER_VERIFIED
    min_digits: Annotated[int, msgspec.Meta(ge=4, le=10)] = 6
    strike: Point | None = None
    contact: Point | None = None
    bolt: Point | None = None
    rex: Point | None = None
    mechanical_key: Point | None = None
    bell: Point | None = None
    fail: FailMode = FailMode.SECURE
    on_untrusted_clock: OnUntrustedClock = OnUntrustedClock.DENY
    on_journal_failure: OnJournalFailure = OnJournalFailure.DENY
    zone_in: Id | None = None
    zone_out: Id | None = None
    hold_schedule: Id | None = None
    first_person: FirstPerson = FirstPerson.NONE
    two_person: bool = False
    second_person_ms: Annotated[int, msgspec.Meta(ge=5_000, le=120_000)] = 30_000
    backup: BackupCodes | None = None
    interlock: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    """Of the controller's doors with the same interlock at most one is open or released: the others
    let nobody in meanwhile. The way out, the fire alarm and modes are asked for nothing."""
    shelter: bool = False
    """Opened with the shelter, by the hub's order or on the spot."""


class DoorMode(StrEnum):
    """What a mode entry may put a door into; `normal` is the absence of an entry."""

    HOLD_OPEN = "hold_open"
    LOCKED = "locked"
    LOCKDOWN = "lockdown"
    EMERGENCY_OPEN = "emergency_open"


class ModeBody(EntryBody, frozen=True, kw_only=True):
    """A door's mode, in force until `expires_at` or until dropped; `order` numbers the orders of
    the town, and of emergency_open and lockdown the later order wins."""

    door: Id
    mode: DoorMode
    order: Annotated[int, msgspec.Meta(ge=1)]
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    actor: Id | None = None
    expires_at: Instant | None = None
