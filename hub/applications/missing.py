"""What is missing, as a list: of punches, explanations, decisions, signatures.

Each source gives what it knows; `hub.applications.reminders` has those of applications, and
`hub.timesheets` those of days and months. Each kind has its sentence in the catalogue
(`missing.<value>`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from hub.database.scope import Scope


class MissingKind(StrEnum):
    """What somebody has to do something about."""

    MISSING_IN = "missing_in"
    MISSING_OUT = "missing_out"
    PUNCH_REFUSED = "punch_refused"
    """A card was held to a terminal and did not count, and nothing was done about it since."""
    ABSENT = "absent"
    """Regular hours with neither presence nor explanation."""
    PRESENT_WITHOUT_ORDER = "present_without_order"
    ORDER_WITHOUT_PRESENCE = "order_without_presence"
    APPROVAL_WAITS = "approval_waits"
    """The person has to decide it."""
    RETURNED = "returned"
    """The person's own application came back."""
    REST_EXPIRES = "rest_expires"
    """A compensatory day is not taken yet, and its weeks are nearly over."""
    LEAVE_LAPSES = "leave_lapses"
    """Days of leave are lost at the end of their year."""
    MONTH_NOT_SIGNED = "month_not_signed"
    DIVERGENCE = "divergence"
    """Records do not agree, and the person has not said why."""
    DIVERGENCE_WAITS = "divergence_waits"
    """Somebody has said why, and the head has to decide."""
    CAP_NEAR = "cap_near"
    """A threshold or a cap of working time was reached."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing. `person_id` has to see to it; `day` is what it is about; `until` when it is too
    late; `link` is the page that deals with it; `about_person_id`: whose it is, if another's; `at`:
    the instant that the sentence names, of a kind that names one."""

    person_id: str
    kind: MissingKind
    day: date
    link: str
    until: date | None = None
    about_person_id: str | None = None
    minutes: int | None = None
    days: int | None = None
    at: datetime | None = None


class MissingSource(Protocol):
    """Knows of some kinds of what is missing."""

    def missing(
        self, scope: Scope, person_ids: Collection[str] | None, today: date
    ) -> Sequence[Missing]:
        """Give what is missing as of a date, of some people or of everybody (None)."""
        ...
