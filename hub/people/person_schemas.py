"""What the API takes and gives of people and groups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from hub.people import examples
from hub.web.fields import BodyIn, ChangeIn, Instant, Name, OptionalName, RowOut, clearable, shown
from wire.policy_bodies import EntryState

Id = Annotated[str, Field(min_length=1, max_length=80)]
StaffNumber = Annotated[str, Field(min_length=1, max_length=40)]
Organisation = Annotated[
    str,
    Field(
        max_length=100,
        description="For whom an outsider works. Where staff works say their employments.",
    ),
]


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
    starts_at: Annotated[Instant | None, Field(description="Before it nothing lets them in.")] = (
        None
    )
    ends_at: Annotated[Instant | None, Field(description="From then on nothing does.")] = None


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
    starts_at: Instant | None = clearable()
    ends_at: Instant | None = clearable()


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
    starts_at: datetime | None
    ends_at: datetime | None
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
