"""What the API takes and gives of departments, employments, contacts and leavers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from hub.catalogue import Language
from hub.people.domain import Person
from hub.people.person_schemas import PersonOut
from hub.staff import examples
from hub.staff.domain import Leaver, Place
from hub.staff.repository import Placed
from hub.staff.rows import FIRST_YEAR
from hub.staff.service import Member, Retired
from hub.web.fields import (
    BodyIn,
    CalendarDate,
    ChangeIn,
    Name,
    OptionalName,
    RowOut,
    clearable,
    shown,
)
from hub.web.paging import MAX_LIMIT
from hub.worktime.domain import CapType
from wire.policy_bodies import EntryState

_YEARS: Final = r"^(19[5-9][0-9]|2[01][0-9]{2})-"


def _as_text(given: object) -> object:
    if isinstance(given, date) or (isinstance(given, str) and given[4:5] == "-"):
        return given
    raise ValueError("write a date as 2026-04-10")


def _of_a_career(given: date) -> date:
    if not FIRST_YEAR <= given.year < 2200:
        raise ValueError(f"a date lies between the years {FIRST_YEAR} and 2199")
    return given


CareerDate = Annotated[
    date,
    BeforeValidator(_as_text),
    AfterValidator(_of_a_career),
    Field(json_schema_extra={"pattern": _YEARS}),
]
"""A date of somebody's career: many began before 2000."""
Id = Annotated[str, Field(min_length=1, max_length=80)]
Code = Annotated[
    str,
    Field(pattern=r"^[0-9A-Za-z._-]{1,40}$", description="The town's own code of the department."),
]
KindCode = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="A code of the ordinance's kinds of employment: `regular`, `short_time`, ...",
    ),
]
Post = Annotated[str, Field(max_length=100, description="Their title, as 主査.")]
Heads = Annotated[bool, Field(description="They lead the department, and approve.")]
StartsOn = Annotated[CareerDate, Field(description="The first day.")]
LastDay = Annotated[CareerDate, Field(description="The last day.")]
Mail = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class DepartmentIn(BodyIn):
    """A new department."""

    model_config = shown(examples.DEPARTMENT_IN)

    code: Code
    name: Name
    name_kana: OptionalName = ""
    name_en: OptionalName = ""
    parent_id: Annotated[Id | None, Field(description="The one that it belongs to.")] = None


class DepartmentChange(ChangeIn):
    """What to change of a department."""

    model_config = shown(examples.DEPARTMENT_CHANGE)

    code: Code | None = None
    name: Name | None = None
    name_kana: OptionalName | None = None
    name_en: OptionalName | None = None
    parent_id: Id | None = clearable()


class DepartmentOut(RowOut):
    """A department; they form a tree."""

    model_config = shown(examples.DEPARTMENT_OUT)

    id: str
    code: str
    name: str
    name_kana: str
    name_en: str
    parent_id: str | None
    created_at: datetime
    updated_at: datetime


class DepartmentTermIn(BodyIn):
    """What holds for a department from a day on."""

    model_config = shown(examples.TERM_IN)

    cap_type: CapType = Field(description="`other_led`: its work is set by others (他律的業務).")
    article_36: bool = Field(
        False, description="A workplace with an agreement under Article 36 (36協定)."
    )


class DepartmentTermOut(RowOut):
    """What holds for a department from a day on, until its next terms. Before the first,
    `ordinary` and no agreement."""

    model_config = shown(examples.TERM_OUT)

    department_id: str
    starts_on: date
    cap_type: CapType
    article_36: bool


class EmploymentIn(BodyIn):
    """A new employment of somebody who has none in that time."""

    model_config = shown(examples.EMPLOYMENT_IN)

    starts_on: StartsOn
    ends_on: LastDay | None = None
    department_id: Id
    kind: KindCode
    post: Post = ""
    heads: Heads = False

    def place(self) -> Place:
        """All of it but its dates."""
        return Place(self.department_id, self.kind, self.post, self.heads)


class TransferIn(BodyIn):
    """Another place from a day on; the present employment ends the day before."""

    model_config = shown(examples.TRANSFER_IN)

    starts_on: StartsOn
    department_id: Id
    kind: KindCode
    post: Post = ""
    heads: Heads = False

    def place(self) -> Place:
        """All of it but its date."""
        return Place(self.department_id, self.kind, self.post, self.heads)


class RetirementIn(BodyIn):
    """The last day on which somebody is employed."""

    model_config = shown(examples.RETIRE_IN)

    ends_on: LastDay


class EmploymentChange(ChangeIn):
    """What was entered wrongly of an employment. For what really changed, transfer."""

    model_config = shown(examples.EMPLOYMENT_CHANGE)

    starts_on: StartsOn | None = None
    ends_on: LastDay | None = clearable()
    department_id: Id | None = None
    kind: KindCode | None = None
    post: Post | None = None
    heads: Heads | None = None


class EmploymentOut(RowOut):
    """Somebody's place through a span of time; those of one person never overlap."""

    model_config = shown(examples.EMPLOYMENT_OUT)

    id: str
    person_id: str
    starts_on: date
    ends_on: date | None
    department_id: str
    kind: str
    post: str
    heads: bool
    created_at: datetime
    updated_at: datetime


class StaffSearchIn(BodyIn):
    """Of whom the list is to be."""

    model_config = shown(examples.STAFF_SEARCH_IN)

    text: Annotated[str, Field(max_length=100, description="In name, reading or staff number.")]
    on: Annotated[CalendarDate | None, Field(description="Today where none is named.")] = None
    department_id: Annotated[
        str | None, Field(max_length=80, description="With all that belong to it.")
    ] = None
    kind: Annotated[str | None, Field(max_length=40, description="Only of this kind.")] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50
    cursor: Annotated[
        str | None, Field(max_length=500, description="`next_cursor` of the page before.")
    ] = None


class StaffContactIn(BodyIn):
    """Where somebody is written to, and in which language."""

    model_config = shown(examples.CONTACT_IN)

    mail: Mail | None = None
    language: Language = Language.JA


class StaffContactOut(RowOut):
    """Where somebody is written to."""

    model_config = shown(examples.CONTACT_OUT)

    person_id: str
    mail: str | None
    language: Language


class PlacedOut(BaseModel):
    """Somebody employed on a date, and where."""

    model_config = shown(examples.PLACED_OUT)

    person_id: str
    name: str
    name_kana: str
    name_en: str
    staff_number: str | None
    state: EntryState = Field(description="Only `active` people are let in anywhere.")
    employment: EmploymentOut

    @classmethod
    def of(cls, found: Placed) -> PlacedOut:
        """Show one."""
        person = found.person
        return cls(
            person_id=person.id,
            name=person.name,
            name_kana=person.name_kana,
            name_en=person.name_en,
            staff_number=person.staff_number,
            state=person.state,
            employment=EmploymentOut.model_validate(found.employment),
        )


class MemberOut(BaseModel):
    """A person as staff."""

    model_config = shown(examples.MEMBER_OUT)

    person: PersonOut
    employments: list[EmploymentOut] = Field(description="All of them, in order.")
    contact: StaffContactOut | None

    @classmethod
    def of(cls, found: Member) -> MemberOut:
        """Show one."""
        return cls(
            person=PersonOut.model_validate(found.person),
            employments=[EmploymentOut.model_validate(each) for each in found.employments],
            contact=StaffContactOut.model_validate(found.contact) if found.contact else None,
        )


_GRANTS = "Active grants of their own, by id."
_GROUPS = "Groups of theirs with active grants, by id."
_CARDS = "Their active cards, by id."


class RetiredOut(BaseModel):
    """An employment that ends, and what lets its holder in until they are blocked."""

    model_config = shown(examples.RETIRED_OUT)

    employment: EmploymentOut
    blocked_by_hub: bool = Field(description="The hub blocks them by itself on the day after.")
    grants: list[str] = Field(description=_GRANTS)
    groups: list[str] = Field(description=_GROUPS)
    cards: list[str] = Field(description=_CARDS)

    @classmethod
    def of(cls, found: Retired) -> RetiredOut:
        """Show it."""
        return cls(
            employment=EmploymentOut.model_validate(found.employment),
            blocked_by_hub=found.blocked_by_hub,
            grants=list(found.leaver.grants),
            groups=list(found.leaver.groups),
            cards=list(found.leaver.cards),
        )


class LeaverOut(BaseModel):
    """Somebody who has left and whom something still lets in."""

    model_config = shown(examples.LEAVER_OUT)

    person_id: str
    name: str
    staff_number: str | None
    left_on: date = Field(description="The last day of the last employment.")
    grants: list[str] = Field(description=_GRANTS)
    groups: list[str] = Field(description=_GROUPS)
    cards: list[str] = Field(description=_CARDS)

    @classmethod
    def of(cls, person: Person, found: Leaver) -> LeaverOut:
        """Show one."""
        return cls(
            person_id=person.id,
            name=person.name,
            staff_number=person.staff_number,
            left_on=found.left_on,
            grants=list(found.grants),
            groups=list(found.groups),
            cards=list(found.cards),
        )
