"""An application's life, as a table; and what is kept of it. Pure.

A version is what somebody approves: a change after it was handed in makes a new one and begins its
approval anew. Whoever decides names the version and the step they saw. What is approved holds until
its cancellation is approved too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import msgspec

from hub.applications.bodies import ApplicationKind, Body
from hub.web.addresses import AddressKind


class State(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    """Sent back to be changed and handed in again."""
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CANCELLING = "cancelling"
    """Approved, and its cancellation waits for approval: it holds as before."""
    CANCELLED = "cancelled"


class Act(StrEnum):
    """What somebody does with an application."""

    SUBMIT = "submit"
    CHANGE = "change"
    WITHDRAW = "withdraw"
    PASS_ON = "pass_on"  # noqa: S105  # an act, no password
    """Approved by one step; others follow."""
    APPROVE = "approve"
    """Approved by the last step."""
    RETURN = "return"
    REJECT = "reject"
    ASK_CANCEL = "ask_cancel"


S, A = State, Act
TRANSITIONS: Final[dict[tuple[State, Act], State]] = {
    (S.DRAFT, A.CHANGE): S.DRAFT,
    (S.DRAFT, A.SUBMIT): S.SUBMITTED,
    (S.DRAFT, A.WITHDRAW): S.WITHDRAWN,
    (S.SUBMITTED, A.CHANGE): S.SUBMITTED,
    (S.SUBMITTED, A.WITHDRAW): S.WITHDRAWN,
    (S.SUBMITTED, A.PASS_ON): S.SUBMITTED,
    (S.SUBMITTED, A.APPROVE): S.APPROVED,
    (S.SUBMITTED, A.RETURN): S.RETURNED,
    (S.SUBMITTED, A.REJECT): S.REJECTED,
    (S.RETURNED, A.CHANGE): S.RETURNED,
    (S.RETURNED, A.SUBMIT): S.SUBMITTED,
    (S.RETURNED, A.WITHDRAW): S.WITHDRAWN,
    (S.APPROVED, A.ASK_CANCEL): S.CANCELLING,
    (S.CANCELLING, A.PASS_ON): S.CANCELLING,
    (S.CANCELLING, A.APPROVE): S.CANCELLED,
    (S.CANCELLING, A.REJECT): S.APPROVED,
    (S.CANCELLING, A.WITHDRAW): S.APPROVED,
}
"""Everything that may happen; what is not here may not. Rejected, withdrawn and cancelled are ends:
somebody who wants it after all applies anew."""

WAITING: Final = frozenset({S.SUBMITTED, S.CANCELLING})
"""Somebody has to decide."""
HOLDS: Final = frozenset({S.APPROVED, S.CANCELLING})
"""It counts: claims are made of it."""
ACTIVE: Final = HOLDS | {S.SUBMITTED}
"""What another application must not overlap."""
OPEN: Final = frozenset({S.DRAFT, S.RETURNED}) | WAITING


class IllegalActError(Exception):
    """What is asked for may not happen to an application as it stands; nothing was changed."""

    def __init__(self, state: State, act: Act) -> None:
        super().__init__(f"an application that is {state.value} takes no {act.value}")
        self.state = state
        self.act = act


def after(state: State, act: Act) -> State:
    """Give the state after an act; raise `IllegalActError`."""
    try:
        return TRANSITIONS[(state, act)]
    except KeyError:
        raise IllegalActError(state, act) from None


class Approver(StrEnum):
    """Whom a step of a chain asks."""

    HEAD = "head"
    """Who leads the applicant's department; where nobody does, or only the applicant, the next one
    above it."""
    PARENT_HEAD = "parent_head"
    """Who leads the department above that."""
    PERSON = "person"
    PERSONNEL = "personnel"
    """Anybody with `attendance:write`."""


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of a chain; `person_id` for a named person."""

    approver: Approver
    person_id: str | None = None


class DayClaim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an application covers on one work date, as found in the plan when it was handed in:
    spans as pairs of minutes; of leave also how much of it is taken. Of a swap: the hours that
    leave its day off."""

    work_date: date
    spans: tuple[tuple[int, int], ...]
    half_days: int = 0
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Application:
    """An application as it stands. `steps` are those of the chain that held when it was handed in;
    `step` is the one that waits. `claims` and `department_id` are of that moment too. `warnings`
    are what was said then."""

    id: str
    person_id: str
    kind: ApplicationKind
    body: Body
    state: State
    version: int
    steps: tuple[Step, ...]
    step: int
    department_id: str | None
    first: date
    last: date
    claims: tuple[DayClaim, ...]
    warnings: tuple[str, ...]
    submitted_at: datetime | None
    waiting_since: datetime | None
    decided_at: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime


class Told(StrEnum):
    """What the trail of an application tells."""

    CREATED = "created"
    CHANGED = "changed"
    SUBMITTED = "submitted"
    PASSED = "passed"
    SKIPPED = "skipped"
    """A step that asks nobody else: the applicant is its head, or somebody approved already."""
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CANCEL_ASKED = "cancel_asked"
    CANCEL_PASSED = "cancel_passed"
    CANCELLED = "cancelled"
    CANCEL_REFUSED = "cancel_refused"
    CANCEL_DROPPED = "cancel_dropped"


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One entry of the trail; never changed. `person_id` acted, `for_person_id` is whom they stood
    in for (代決)."""

    application_id: str
    seq: int
    version: int
    step: int
    told: Told
    at: datetime
    actor: str
    person_id: str | None
    for_person_id: str | None
    came_from: AddressKind
    comment: str


@dataclass(frozen=True, slots=True)
class Delegation:
    """From its first through its last day `to_person_id` decides for `from_person_id`; `kinds`
    empty: everything."""

    id: str
    from_person_id: str
    to_person_id: str
    kinds: tuple[ApplicationKind, ...]
    starts_on: date
    ends_on: date
    revoked_at: datetime | None
    created_at: datetime
    updated_at: datetime

    def holds(self, day: date, kind: ApplicationKind) -> bool:
        """Whether it is in force for a kind on a date."""
        in_time = self.starts_on <= day <= self.ends_on and self.revoked_at is None
        return in_time and (not self.kinds or kind in self.kinds)


@dataclass(frozen=True, slots=True)
class ChainRule:
    """Who approves what. The first rule by `position` that fits is taken; None and empty fit all.
    `department_id` means those below it too; `from_min`: applications for so many minutes or
    more."""

    id: str
    name: str
    position: int
    kinds: tuple[ApplicationKind, ...]
    department_id: str | None
    employment: str | None
    from_min: int | None
    steps: tuple[Step, ...]
    created_at: datetime
    updated_at: datetime
