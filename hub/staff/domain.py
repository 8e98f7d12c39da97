"""Departments and employments as frozen values. Dates are work dates; `ends_on` is the last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from hub.worktime.domain import CapType


@dataclass(frozen=True, slots=True)
class Department:
    """A department (課, 室, 係); `parent_id` the one it belongs to. `code` is the town's own."""

    id: str
    code: str
    name: str
    name_kana: str
    name_en: str
    parent_id: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DepartmentTerm:
    """Which caps hold for a department from a day on, until its next term. `article_36`: it is a
    workplace with an agreement under Article 36 of the Labour Standards Act."""

    department_id: str
    starts_on: date
    cap_type: CapType
    article_36: bool


@dataclass(frozen=True, slots=True)
class Employment:
    """Somebody's place from `starts_on` through `ends_on` (None: until further notice).

    Those of one person never overlap; a transfer ends one and starts the next. `kind` is a code of
    the ordinance's `[kinds.…]`; `post` their title; `heads`: they lead the department, and approve.
    """

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

    def holds(self, day: date) -> bool:
        """Whether it is in force on a date."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class StaffContact:
    """Where a member of staff is written to; `language` is `ja`, `ja-easy` or `en`."""

    person_id: str
    mail: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody is, and where: all of an employment but its dates."""

    department_id: str
    kind: str
    post: str
    heads: bool


NO_TERMS = (CapType.ORDINARY, False)
"""The caps and the agreement of a department of which nobody said any."""


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody whose last employment is over, and what still lets them in: active grants of their
    own, groups with active grants, and active cards, by id."""

    person_id: str
    left_on: date
    grants: tuple[str, ...]
    groups: tuple[str, ...]
    cards: tuple[str, ...]

    @property
    def is_let_in(self) -> bool:
        """Whether anything still does."""
        return bool(self.grants or self.groups or self.cards)
