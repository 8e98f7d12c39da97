"""What the API takes and gives of grants."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from hub.people import examples
from hub.people.person_schemas import Id
from hub.web.fields import BodyIn, ChangeIn, Instant, RowOut, clearable, shown
from wire.policy_bodies import EntryState

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


def grant_columns(values: dict[str, Any]) -> dict[str, Any]:
    """Turn a grant's lists as sent into the row's tuples."""
    escorts = values.get("escorts")
    return values if escorts is None else {**values, "escorts": tuple(escorts)}
