"""The body of each kind of policy entry. Ids, never names in clear: those stay in the hub.

Windows are half-open `[start, end)`; minutes count from midnight in the schedule's time zone.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from wire.clock import Instant
from wire.door_bodies import (
    Assurance,
    BackupCodes,
    DoorBody,
    DoorMode,
    EntryBody,
    FailMode,
    FirstPerson,
    Id,
    Milliseconds,
    ModeBody,
    OnJournalFailure,
    OnUntrustedClock,
    Point,
    Sealed,
)
from wire.errors import WireError, WireFault
from wire.policy import Entry, EntryKind

__all__ = [
    "AntiPassback",
    "Assurance",
    "BackupCodes",
    "Body",
    "CardBody",
    "CredentialBody",
    "DateException",
    "DaySpan",
    "DeviceBody",
    "DeviceDriver",
    "DoorBody",
    "DoorMode",
    "EnrolmentBody",
    "EntryBody",
    "EntryState",
    "FailMode",
    "FirstPerson",
    "GrantBody",
    "HolidayBody",
    "Id",
    "Milliseconds",
    "Minute",
    "ModeBody",
    "OnJournalFailure",
    "OnUntrustedClock",
    "PersonFlagsBody",
    "PinBody",
    "Point",
    "PunchRule",
    "ReaderBody",
    "ScheduleBody",
    "Sealed",
    "SettingBody",
    "Side",
    "WeekSpan",
    "Weekday",
    "ZoneBody",
    "decode_body",
]

Minute: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1440)]
Weekday: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=6)]

_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_HEX32: Final = re.compile(r"[0-9a-f]{32}")


def _known_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("unknown time zone") from error


# --- time --------------------------------------------------------------------------------------


class DaySpan(msgspec.Struct, frozen=True, array_like=True):
    """`[from, to)` in minutes since midnight; `to` may be 1440."""

    start_min: Minute
    end_min: Minute

    def __post_init__(self) -> None:
        if self.start_min >= self.end_min:
            raise ValueError("a span ends after it starts; one over midnight is two spans")


class WeekSpan(msgspec.Struct, frozen=True):
    """The same span on several weekdays, 0 = Monday."""

    days: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1, max_length=7)]
    spans: tuple[DaySpan, ...]


class DateException(msgspec.Struct, frozen=True):
    """One date that follows its own spans (none = closed) whatever its weekday."""

    day: date
    spans: tuple[DaySpan, ...] = ()


class ScheduleBody(EntryBody, frozen=True, kw_only=True):
    """When something holds. First a date's exception decides, then, on a day of the named holiday
    `calendar`, `holiday_spans` (none = closed), then the weekday."""

    tz: str = "Asia/Tokyo"
    week: tuple[WeekSpan, ...] = ()
    calendar: Id | None = None
    holiday_spans: tuple[DaySpan, ...] = ()
    exceptions: tuple[DateException, ...] = ()

    def __post_init__(self) -> None:
        _known_zone(self.tz)


class HolidayBody(EntryBody, frozen=True, kw_only=True):
    """A holiday calendar: its dates, within what the controller may need. Entry id = calendar."""

    dates: tuple[date, ...]


# --- rights ------------------------------------------------------------------------------------


class EntryState(StrEnum):
    """Whether a credential, grant or person counts. A revoked one stays in the policy until its
    window has ended, so that the door can say why it denies."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    REVOKED = "revoked"


class GrantBody(EntryBody, frozen=True, kw_only=True):
    """Joins exactly one of credential, person and group to exactly one of door and zone, for a
    window and a schedule. A grant to a zone counts wherever `zone_granted` names that zone."""

    door: Id | None = None
    zone: Id | None = None
    credential: Id | None = None
    person: Id | None = None
    group: Id | None = None
    start: Instant | None = None
    end: Instant | None = None
    schedule: Id | None = None
    state: EntryState = EntryState.ACTIVE
    booking: Id | None = None
    needs_pin: bool = False
    first_person: bool = False
    """Who holds it counts as the first person of a door that waits for one."""
    max_uses: Annotated[int, msgspec.Meta(ge=1)] | None = None
    counted_as: Id | None = None
    """Under which name its uses are counted, in place of its own id: grants of one controller that
    share a name share the count."""
    escorts: Annotated[tuple[Id, ...], msgspec.Meta(max_length=20)] = ()
    """Opens only within `escort_s` after one of these, persons or members of these groups, was let
    in at the same side of the door. None: opens alone."""
    escort_s: Annotated[int, msgspec.Meta(ge=1, le=300)] = 30

    def __post_init__(self) -> None:
        if (self.door is None) == (self.zone is None):
            raise ValueError("a grant is to a door or to a zone")
        subjects = (self.credential, self.person, self.group)
        if sum(subject is not None for subject in subjects) != 1:
            raise ValueError("a grant has exactly one subject")
        if self.start and self.end and self.end - self.start <= timedelta(0):
            raise ValueError("a window ends after it starts")


class PinBody(EntryBody, frozen=True, kw_only=True, tag="pin", tag_field="type"):
    """A PIN at one door. Entry id = `{credential}@{door}`; `digest` by `wire.pins.pin_digest`."""

    credential: Id
    door: Id
    digest: str
    state: EntryState = EntryState.ACTIVE
    person: Id | None = None
    booking: Id | None = None
    duress: bool = False
    at_lock: str | None = None
    """For a lock that keeps a list of its own: the digest under the lock's list key, 32 hexadecimal
    digits (`wire.lock_list.lock_pin_digest`)."""

    def __post_init__(self) -> None:
        if not _HEX64.fullmatch(self.digest):
            raise ValueError("a PIN digest has 64 hexadecimal digits")
        if self.at_lock is not None and not _HEX32.fullmatch(self.at_lock):
            raise ValueError("a digest for a lock's list has 32 hexadecimal digits")


class CardBody(EntryBody, frozen=True, kw_only=True, tag="card", tag_field="type"):
    """A card, good at every door of the controller that a grant names. Entry id = credential id.

    `digest` by `wire.pins.card_digest` over namespace and identity; `public_key` is the card's
    P-256 key (uncompressed point, base64) for profiles that sign, `sealed` its own key
    of 16 bytes (`wire.card_keys`) for those that share one, sealed for context kind `card`.
    """

    credential: Id
    namespace: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    digest: str
    state: EntryState = EntryState.ACTIVE
    person: Id | None = None
    profile: Id | None = None
    public_key: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    sealed: Sealed | None = None
    end: Instant | None = None
    """The card expires here, whatever it was granted."""

    def __post_init__(self) -> None:
        if not _HEX64.fullmatch(self.digest):
            raise ValueError("a card digest has 64 hexadecimal digits")


CredentialBody: TypeAlias = PinBody | CardBody


Forgiven: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
"""A count. What the edge remembers of whereabouts holds under the count it was written under, and
is void under another: no clock is asked, and a message that comes twice changes nothing."""


class PersonFlagsBody(EntryBody, frozen=True, kw_only=True):
    """What the edge must know of a person, and no more. Entry id = person id."""

    state: EntryState = EntryState.ACTIVE
    groups: tuple[Id, ...] = ()
    anti_passback_exempt: bool = False
    forgiven: Forgiven = 0
    """Raised by the hub to forget where this person is."""
    long_unlock: bool = False
    name: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    """For controllers with an attendance terminal alone: what its screen calls the person, sealed
    to the controller (`wire.sealed_names`)."""


class AntiPassback(StrEnum):
    """How a zone treats a second entry without an exit."""

    NONE = "none"
    SOFT = "soft"
    HARD = "hard"


class ZoneBody(EntryBody, frozen=True, kw_only=True):
    """An area behind doors. A zone that `spans` controllers can be `soft` at most: what one
    controller does not see it cannot enforce, only report.

    Only credentials of a person have whereabouts: a booking's PIN may be shared. Of somebody who
    went in, it is forgotten after `forget_after_s`, and of everybody at `reset_min` (minutes since
    midnight in `tz`, None: never), since people leave by doors that nobody watches. At most
    `occupancy_max` persons are let in; where the zone spans, one more is reported. Whoever goes on
    through a door with `zone_out` here is still in here: zones lie within one another.
    """

    anti_passback: AntiPassback = AntiPassback.NONE
    occupancy_max: Annotated[int, msgspec.Meta(ge=1)] | None = None
    spans: bool = False
    forget_after_s: Annotated[int, msgspec.Meta(ge=60, le=604_800)] | None = None
    reset_min: Annotated[int, msgspec.Meta(ge=0, le=1_439)] | None = 240
    tz: str = "Asia/Tokyo"
    forgiven: Forgiven = 0
    """Raised by the hub to forget everybody in the zone."""

    def __post_init__(self) -> None:
        if self.spans and self.anti_passback is AntiPassback.HARD:
            raise ValueError("a zone that spans controllers cannot be hard")
        _known_zone(self.tz)


# --- hardware ----------------------------------------------------------------------------------


class DeviceDriver(StrEnum):
    """Which driver serves a device."""

    OSDP = "osdp"
    PCSC = "pcsc"
    GPIO = "gpio"
    SERIAL_LOCK = "serial_lock"
    VIRTUAL = "virtual"


class DeviceBody(EntryBody, frozen=True, kw_only=True):
    """Something on a port of the controller. Entry id = device id.

    `port` names a port of the controller's own settings, which know the path and the speed.
    `sealed` holds the device's secrets (an OSDP key), sealed to the controller (`wire.sealing`).
    """

    driver: DeviceDriver
    port: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    address: Annotated[int, msgspec.Meta(ge=0, le=126)] = 0
    sealed: Sealed | None = None
    reader_name: Annotated[str, msgspec.Meta(max_length=128)] | None = None


class Side(StrEnum):
    """On which side of its door a reader stands."""

    ENTRY = "entry"
    EXIT = "exit"
    TERMINAL = "terminal"


def zone_granted(zone_in: str | None, zone_out: str | None, side: Side) -> str | None:
    """Give the zone of which a grant counts at a side of a door: the one that this side leads into
    (`entry`: `zone_in`); where it leads outside every zone, the one that it leads out of. Nobody is
    let on into a neighbouring zone by a right to the zone that they leave."""
    into, out_of = (zone_in, zone_out) if side is Side.ENTRY else (zone_out, zone_in)
    return into if into is not None else out_of


class PunchRule(StrEnum):
    """What a tap at this reader means for attendance."""

    NONE = "none"
    IN = "in"
    OUT = "out"
    INFERRED = "inferred"
    """First of the day in, last out: the hub derives it, the edge never toggles."""
    CHOSEN = "chosen"
    """The person chooses on the terminal's keys."""


class ReaderBody(EntryBody, frozen=True, kw_only=True):
    """A reader or keypad. Entry id = reader id. `channel` is the reader number on its device.

    The try budget: `tries` wrong PINs in `budget_window_s`, then a lockout of `lockout_s` which
    doubles up to `lockout_max_s` while the budget stays exhausted. `card_…` is the same for
    cards whose number anybody can copy (`Assurance.IDENTIFIER`); 0 `card_tries` count none.
    `min_assurance` is what a tap needs to be a punch; the door asks its own for an opening.
    """

    device: Id
    channel: Annotated[int, msgspec.Meta(ge=0, le=15)] = 0
    door: Id | None = None
    side: Side = Side.ENTRY
    keypad: bool = False
    cards: bool = True
    profiles: tuple[Id, ...] = ()
    assurance: Assurance = Assurance.IDENTIFIER
    punch: PunchRule = PunchRule.NONE
    min_assurance: Assurance = Assurance.IDENTIFIER
    key_timeout_ms: Annotated[int, msgspec.Meta(ge=1_000, le=60_000)] = 10_000
    max_keys: Annotated[int, msgspec.Meta(ge=4, le=10)] = 10
    tries: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    budget_window_s: Annotated[int, msgspec.Meta(ge=60, le=3_600)] = 300
    lockout_s: Annotated[int, msgspec.Meta(ge=60, le=3_600)] = 300
    lockout_max_s: Annotated[int, msgspec.Meta(ge=60, le=86_400)] = 3_600
    card_tries: Annotated[int, msgspec.Meta(ge=0, le=60)] = 30
    card_window_s: Annotated[int, msgspec.Meta(ge=10, le=3_600)] = 60
    card_lockout_s: Annotated[int, msgspec.Meta(ge=10, le=3_600)] = 60
    card_lockout_max_s: Annotated[int, msgspec.Meta(ge=300, le=3_600)] = 600


class EnrolmentBody(EntryBody, frozen=True, kw_only=True):
    """Until `until`, an unknown card at this reader is no attempt to open: its number is told,
    sealed to the enrolment's own key (`wire.card_offers`), and journaled as `card_offered`. Entry
    id = enrolment id. `recipient`: uncompressed P-256 point, base64."""

    reader: Id
    recipient: Annotated[str, msgspec.Meta(min_length=88, max_length=88)]
    until: Instant


class SettingBody(EntryBody, frozen=True, kw_only=True):
    """One setting of the agent that the hub steers. Entry id = the setting's name."""

    value: bool | int | str


Body: TypeAlias = (
    DoorBody
    | ModeBody
    | ScheduleBody
    | HolidayBody
    | GrantBody
    | PinBody
    | CardBody
    | PersonFlagsBody
    | ZoneBody
    | DeviceBody
    | ReaderBody
    | SettingBody
    | EnrolmentBody
)

_DECODERS: Final[dict[EntryKind, msgspec.json.Decoder[Body]]] = {
    EntryKind.DOOR: msgspec.json.Decoder(DoorBody),
    EntryKind.MODE: msgspec.json.Decoder(ModeBody),
    EntryKind.SCHEDULE: msgspec.json.Decoder(ScheduleBody),
    EntryKind.HOLIDAY: msgspec.json.Decoder(HolidayBody),
    EntryKind.GRANT: msgspec.json.Decoder(GrantBody),
    EntryKind.CREDENTIAL: msgspec.json.Decoder(CredentialBody),
    EntryKind.PERSON_FLAGS: msgspec.json.Decoder(PersonFlagsBody),
    EntryKind.ZONE: msgspec.json.Decoder(ZoneBody),
    EntryKind.READER: msgspec.json.Decoder(ReaderBody),
    EntryKind.DEVICE: msgspec.json.Decoder(DeviceBody),
    EntryKind.SETTING: msgspec.json.Decoder(SettingBody),
    EntryKind.ENROLMENT: msgspec.json.Decoder(EnrolmentBody),
}


def decode_body(entry: Entry) -> Body:
    """Read an entry's body as its kind demands, its meaning checked as well as its shape.

    Raises `WireError` with `UNKNOWN_KIND` (a later minor version's) or `BAD_FIELD`.
    """
    try:
        kind = EntryKind(entry.kind)
    except ValueError as error:
        raise WireError(WireFault.UNKNOWN_KIND, entry.kind[:32]) from error
    try:
        return _DECODERS[kind].decode(entry.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(WireFault.BAD_FIELD, f"body of kind {kind.value}") from error
