"""What the API takes and gives of people, groups, cards, grants, schedules and calendars."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field

from hub.people import examples
from hub.people.domain import CalendarSource, CardState, NamedDay
from hub.web.fields import (
    BodyIn,
    CalendarDate,
    ChangeIn,
    Instant,
    Name,
    OptionalName,
    RowOut,
    clearable,
    shown,
)
from hub.web.problems import invalid
from wire.policy_bodies import Assurance, DateException, DaySpan, EntryState, WeekSpan

Id = Annotated[str, Field(min_length=1, max_length=80)]
StaffNumber = Annotated[str, Field(min_length=1, max_length=40)]
Organisation = Annotated[
    str,
    Field(
        max_length=100,
        description="For whom an outsider works. Where staff works say their employments.",
    ),
]
Namespace = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$",
        description="How the number is read: `uid`, `felica`, `p256`, ...",
    ),
]
Identity = Annotated[
    str,
    Field(
        pattern=r"^([0-9A-Fa-f]{2}){1,128}$",
        description="The card's number, hexadecimal. Kept sealed, never given back.",
    ),
]
KeySetId = Annotated[Id | None, Field(description="The card key set that its key is made from.")]
SecretKey = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Fa-f]{32}$",
        description="An AES-128 key, hexadecimal. Kept sealed, never given back.",
        json_schema_extra={"writeOnly": True},
    ),
]
FirstPerson = Annotated[
    bool, Field(description="Who holds it counts as the first person of a door that waits for one.")
]
MaxUses = Annotated[
    int, Field(ge=1, le=1_000_000, description="Opens so often in all; a group shares the count.")
]
Soft = Annotated[
    bool,
    Field(
        description="Each controller counts for itself; more uses than the limit, over all such "
        "grants of the subject together, are reported. Without it, limited grants of one subject "
        "at doors of several controllers are refused."
    ),
]
Escorts = Annotated[
    list[Id],
    Field(
        max_length=20,
        description="Persons or groups: it opens only after one of them was let in there.",
    ),
]
EscortSeconds = Annotated[int, Field(ge=1, le=300, description="For so long after them.")]
CardEnd = Annotated[Instant, Field(description="From then on the card opens nothing.")]
Reason = Annotated[str, Field(max_length=200, description="For the audit log.")]


class PersonIn(BodyIn):
    """A new person."""

    model_config = shown(examples.PERSON_IN)

    name: Name
    name_kana: OptionalName = ""
    name_en: OptionalName = ""
    staff_number: StaffNumber | None = None
    organisation: Organisation = ""
    anti_passback_exempt: bool = False
    long_unlock: Annotated[bool, Field(description="Doors release longer for them.")] = False


class PersonChange(ChangeIn):
    """What to change of a person. `blocked` closes every door to them at once."""

    model_config = shown(examples.PERSON_CHANGE)

    name: Name | None = None
    name_kana: OptionalName | None = None
    name_en: OptionalName | None = None
    staff_number: StaffNumber | None = clearable()
    organisation: Organisation | None = None
    state: EntryState | None = None
    anti_passback_exempt: bool | None = None
    long_unlock: bool | None = None


class PersonOut(RowOut):
    """A person."""

    model_config = shown(examples.PERSON_OUT)

    id: str
    name: str
    name_kana: str
    name_en: str
    staff_number: str | None
    organisation: str
    state: EntryState
    anti_passback_exempt: bool
    long_unlock: bool
    forgiven: int = Field(description="How often it was forgotten where they are.")
    forgiven_at: datetime | None
    created_at: datetime
    updated_at: datetime


class GroupIn(BodyIn):
    """A new group of people."""

    model_config = shown(examples.GROUP_IN)

    name: Name
    name_en: OptionalName = ""


class GroupChange(ChangeIn):
    """What to change of a group."""

    model_config = shown(examples.GROUP_CHANGE)

    name: Name | None = None
    name_en: OptionalName | None = None


class GroupOut(RowOut):
    """A group of people who are granted things together."""

    model_config = shown(examples.GROUP_OUT)

    id: str
    name: str
    name_en: str
    created_at: datetime
    updated_at: datetime


class Members(BodyIn):
    """The people of a group."""

    model_config = shown(examples.MEMBERS)

    person_ids: Annotated[list[Id], Field(max_length=10_000)]


class CardIn(BodyIn):
    """A new card."""

    model_config = shown(examples.CARD_IN)

    namespace: Namespace
    identity: Identity
    person_id: Id | None = None
    label: Annotated[str, Field(max_length=100, description="Printed on it, or a note.")] = ""
    profile: Annotated[Id | None, Field(description="The profile that challenges it.")] = None
    public_key: Annotated[
        str | None, Field(max_length=200, description="Uncompressed P-256 point, base64.")
    ] = None
    key_set_id: KeySetId = None
    key: SecretKey | None = None
    valid_until: CardEnd | None = None


class CardReissueIn(BodyIn):
    """The card that takes another's place; label and end are that one's where they are left
    out."""

    model_config = shown(examples.CARD_REISSUE)

    namespace: Namespace
    identity: Identity
    label: Annotated[str, Field(max_length=100)] = ""
    profile: Id | None = None
    public_key: Annotated[str | None, Field(max_length=200)] = None
    key_set_id: KeySetId = None
    key: SecretKey | None = None
    valid_until: CardEnd | None = None
    reason: Reason = ""


class CardChange(ChangeIn):
    """What to change of a card; its state has routes of its own."""

    model_config = shown(examples.CARD_CHANGE)

    person_id: Id | None = clearable()
    label: Annotated[str, Field(max_length=100)] | None = None
    valid_until: CardEnd | None = clearable()


class CardOut(RowOut):
    """A card. Its number is never given."""

    model_config = shown(examples.CARD_OUT)

    id: str
    person_id: str | None
    namespace: str
    label: str
    profile: str | None
    state: CardState
    state_reason: str
    state_changed_at: datetime
    valid_until: datetime | None = Field(description="From then on it opens nothing.")
    replaces_id: str | None = Field(description="The card in whose place it came.")
    assurance: Assurance | None = Field(
        description="What the reader vouched for at which it was enrolled; null: typed in."
    )
    reader_id: str | None = Field(description="The reader at which it was enrolled.")
    has_key: bool = Field(description="Whether it shares a key with us: that key is never given.")
    key_set_id: str | None = Field(description="The set that its key was made from.")
    key_version: int | None = Field(description="The version of that set's master.")
    created_at: datetime
    updated_at: datetime


class CardLookup(BodyIn):
    """A card as a reader tells it: in a body, for a number does not belong into an address."""

    model_config = shown(examples.CARD_LOOKUP)

    namespace: Namespace
    identity: Identity


class CardMove(BodyIn):
    """Why a card's state changes."""

    model_config = shown(examples.CARD_MOVE)

    reason: Reason = ""


class GrantIn(BodyIn):
    """A new grant: exactly one of person, group and card, to exactly one of door and zone."""

    model_config = shown(examples.GRANT_IN)

    door_id: Id | None = None
    zone_id: Annotated[
        Id | None,
        Field(description="Every way into it, and out of it into no zone; also later doors."),
    ] = None
    person_id: Id | None = None
    group_id: Id | None = None
    card_id: Id | None = None
    start_at: Instant | None = None
    end_at: Annotated[Instant | None, Field(description="The window is half-open.")] = None
    schedule_id: Id | None = None
    needs_pin: Annotated[bool, Field(description="Card and PIN together.")] = False
    first_person: FirstPerson = False
    max_uses: MaxUses | None = None
    soft: Soft = False
    escorts: Escorts = Field(default_factory=list)
    escort_s: EscortSeconds = 30
    note: Annotated[str, Field(max_length=200)] = ""


class GrantChange(ChangeIn):
    """What to change of a grant; `revoked` withdraws it."""

    model_config = shown(examples.GRANT_CHANGE)

    start_at: Instant | None = clearable()
    end_at: Instant | None = clearable()
    schedule_id: Id | None = clearable()
    needs_pin: bool | None = None
    first_person: FirstPerson | None = None
    max_uses: MaxUses | None = clearable()
    soft: Soft | None = None
    escorts: Escorts | None = None
    escort_s: EscortSeconds | None = None
    state: EntryState | None = None
    note: Annotated[str, Field(max_length=200)] | None = None


class GrantOut(RowOut):
    """A grant."""

    model_config = shown(examples.GRANT_OUT)

    id: str
    door_id: str | None
    zone_id: str | None
    person_id: str | None
    group_id: str | None
    card_id: str | None
    start_at: datetime | None
    end_at: datetime | None
    schedule_id: str | None
    needs_pin: bool
    first_person: bool
    max_uses: int | None
    soft: bool
    escorts: list[str]
    escort_s: int
    state: EntryState
    note: str
    created_at: datetime
    updated_at: datetime


# --- schedules and calendars -------------------------------------------------------------------

Minute = Annotated[int, Field(ge=0, le=1440, strict=True)]
Span = Annotated[
    tuple[Minute, Minute],
    Field(description="`[from, to)` in minutes since midnight; over midnight is two spans."),
]
Spans = Annotated[list[Span], Field(max_length=20)]


class WeekShape(BodyIn):
    """The same spans on several weekdays, 0 = Monday."""

    days: Annotated[
        list[Annotated[int, Field(ge=0, le=6, strict=True)]], Field(min_length=1, max_length=7)
    ]
    spans: Spans


class ExceptionShape(BodyIn):
    """One date that follows its own spans; none means closed."""

    day: CalendarDate
    spans: Spans = Field(default_factory=list)


class DayShape(BodyIn):
    """A date with its name."""

    day: CalendarDate
    name: Name


TimeZone = Annotated[str, Field(max_length=64)]
Week = Annotated[list[WeekShape], Field(max_length=20)]
Exceptions = Annotated[list[ExceptionShape], Field(max_length=500)]
HolidaySpans = Annotated[
    Spans, Field(description="What holds on a day of the calendar; none means closed.")
]
Days = Annotated[list[DayShape], Field(max_length=500)]
Dates = Annotated[list[CalendarDate], Field(max_length=500)]


class ScheduleIn(BodyIn):
    """A new schedule."""

    model_config = shown(examples.SCHEDULE_IN)

    name: Name
    name_en: OptionalName = ""
    tz: TimeZone = "Asia/Tokyo"
    week: Week = Field(default_factory=list)
    calendar_id: Id | None = None
    holiday_spans: HolidaySpans = Field(default_factory=list)
    exceptions: Exceptions = Field(default_factory=list)


class ScheduleChange(ChangeIn):
    """What to change of a schedule."""

    model_config = shown(examples.SCHEDULE_CHANGE)

    name: Name | None = None
    name_en: OptionalName | None = None
    tz: TimeZone | None = None
    week: Week | None = None
    calendar_id: Id | None = clearable()
    holiday_spans: HolidaySpans | None = None
    exceptions: Exceptions | None = None


class ScheduleOut(RowOut):
    """A schedule. First a date's exception decides, then a holiday, then the weekday."""

    model_config = shown(examples.SCHEDULE_OUT)

    id: str
    name: str
    name_en: str
    tz: str
    week: list[WeekShape]
    calendar_id: str | None
    holiday_spans: list[Span]
    exceptions: list[ExceptionShape]
    created_at: datetime
    updated_at: datetime


class CalendarIn(BodyIn):
    """A new holiday calendar."""

    model_config = shown(examples.CALENDAR_IN)

    name: Name
    name_en: OptionalName = ""
    source: CalendarSource = CalendarSource.JAPAN
    added: Days = Field(default_factory=list, description="Days that are holidays here besides.")
    removed: Dates = Field(default_factory=list, description="Days that are no holidays here.")


class CalendarChange(ChangeIn):
    """What to change of a holiday calendar."""

    model_config = shown(examples.CALENDAR_CHANGE)

    name: Name | None = None
    name_en: OptionalName | None = None
    source: CalendarSource | None = None
    added: Days | None = None
    removed: Dates | None = None


class CalendarOut(RowOut):
    """A holiday calendar."""

    model_config = shown(examples.CALENDAR_OUT)

    id: str
    name: str
    name_en: str
    source: CalendarSource
    added: list[DayShape]
    removed: list[date]
    created_at: datetime
    updated_at: datetime


class HolidaysOut(BaseModel):
    """The dates of a holiday calendar."""

    model_config = shown(examples.HOLIDAYS_OUT)

    dates: list[date]


_SHAPES: dict[str, Any] = {
    "week": tuple[WeekSpan, ...],
    "holiday_spans": tuple[DaySpan, ...],
    "exceptions": tuple[DateException, ...],
    "added": tuple[NamedDay, ...],
    "removed": tuple[date, ...],
}


def time_columns(values: dict[str, Any]) -> dict[str, Any]:
    """Turn spans and days as sent into the wire's; raise a problem naming the field."""
    made = dict(values)
    for name in _SHAPES.keys() & values.keys():
        try:
            made[name] = msgspec.convert(values[name], _SHAPES[name])
        except msgspec.ValidationError as error:
            raise invalid(name, "bad_span", "a span ends after it starts") from error
    return made


def grant_columns(values: dict[str, Any]) -> dict[str, Any]:
    """Turn a grant's lists as sent into the row's tuples."""
    escorts = values.get("escorts")
    return values if escorts is None else {**values, "escorts": tuple(escorts)}


def keyed(values: dict[str, Any]) -> dict[str, Any]:
    """Turn a card's key as sent into bytes."""
    key = values.get("key")
    return values if key is None else {**values, "key": bytes.fromhex(key)}
