"""Closing a month: who signed, what stands in the way, what was signed, and what came after. Pure.

A department's month goes through steps: each person signs theirs (setting), a head signs, personnel
closes. A closing keeps the whole results and is never changed. It can be opened again, as an act of
its own with a cause; the next closing is another round. What arrives after a closing changes no
figure of it: the difference is an adjustment, carried into the next month that is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import msgspec

from hub.timesheets.day_prints import ChangedDay
from hub.timesheets.figures import Figures
from hub.timesheets.sources import DerivedMonth, OpenApplication
from hub.worktime.domain import DayNote, Month

# --- what stands in the way ----------------------------------------------------------------------


class BlockerKind(StrEnum):
    """Why a month cannot be closed yet. Each has its sentence in the catalogue
    (`closing.blocker.<value>`)."""

    MONTH_NOT_OVER = "month_not_over"
    UNRECKONABLE = "unreckonable"
    """Of somebody whose kind of employment the ordinance does not know."""
    MISSING_PUNCH = "missing_punch"
    STILL_IN = "still_in"
    WAITING_PUNCH = "waiting_punch"
    """A punch whose time nobody has confirmed."""
    ABSENT = "absent"
    """Regular hours neither worked nor explained, the whole day."""
    OPEN_APPLICATION = "open_application"
    OPEN_DIVERGENCE = "open_divergence"
    NOT_SIGNED = "not_signed"
    """A person has not signed their month as it stands."""
    HEAD_NOT_SIGNED = "head_not_signed"
    UNSIGNED_ADJUSTMENT = "unsigned_adjustment"
    """Of an earlier month, to be carried into this one."""


NEVER_OVERRIDDEN: Final = frozenset({BlockerKind.MONTH_NOT_OVER, BlockerKind.UNRECKONABLE})
"""All others may be, with a cause that is kept."""


class Blocker(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One thing in the way. `about` is the id of what it is; `path` the page that deals with it."""

    kind: BlockerKind
    person_id: str = ""
    work_date: date | None = None
    about: str = ""
    path: str = ""


_NOTE_BLOCKS: Final = {
    DayNote.MISSING_PUNCH: BlockerKind.MISSING_PUNCH,
    DayNote.STILL_IN: BlockerKind.STILL_IN,
    DayNote.ABSENT: BlockerKind.ABSENT,
}


def blockers_of_results(
    derived: Iterable[DerivedMonth], waiting: Mapping[str, Iterable[date]]
) -> list[Blocker]:
    """Give what the derived months themselves leave open, and punches that wait (dates by
    person)."""
    found = []
    for each in derived:
        for day in each.result.days:
            path = f"/attendance/people/{each.person_id}/{day.work_date.isoformat()}"
            found += [
                Blocker(
                    kind=_NOTE_BLOCKS[note],
                    person_id=each.person_id,
                    work_date=day.work_date,
                    path=path,
                )
                for note in day.notes
                if note in _NOTE_BLOCKS
            ]
        found += [
            Blocker(
                kind=BlockerKind.WAITING_PUNCH,
                person_id=each.person_id,
                work_date=day,
                path="/divergences#waiting",
            )
            for day in waiting.get(each.person_id, ())
        ]
    return found


def blockers_of_unreckonable(found: Mapping[str, date]) -> list[Blocker]:
    """Give those whose months cannot be reckoned (with the first such date, by person)."""
    return [
        Blocker(
            kind=BlockerKind.UNRECKONABLE,
            person_id=person_id,
            work_date=day,
            path=f"/staff/people/{person_id}",
        )
        for person_id, day in found.items()
    ]


def blockers_of_applications(found: Iterable[OpenApplication]) -> list[Blocker]:
    """Give what nobody has decided on."""
    return [
        Blocker(
            kind=BlockerKind.OPEN_APPLICATION,
            person_id=each.person_id,
            work_date=each.work_date,
            about=each.id,
            path=each.path,
        )
        for each in found
    ]


# --- who signed ----------------------------------------------------------------------------------


class SignedKind(StrEnum):
    """Whose month was signed."""

    PERSON = "person"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Somebody's word for a month as it stood: once the fingerprint is another, it says nothing."""

    id: str
    kind: SignedKind
    subject_id: str
    month: str
    fingerprint: str
    signed_by: str
    signed_at: datetime


# --- closings ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentClosing:
    """A department's closed month. `cause` is why it was closed over what stood in the way
    (`overridden`); `round` counts from 1. Opened again: `reopened_*`."""

    id: str
    department_id: str
    month: str
    round: int
    people: int
    fingerprint: str
    ordinance: str
    cause: str
    overridden: tuple[Blocker, ...]
    closed_by: str
    closed_at: datetime
    reopened_by: str | None = None
    reopened_at: datetime | None = None
    reopened_cause: str = ""

    @property
    def holds(self) -> bool:
        """Whether it was not opened again."""
        return self.reopened_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedMonth:
    """One person's month as it was signed: the whole result, as `snapshots.text_of` writes it.
    `result` is None for somebody who came to the department after it was closed: all of theirs is
    an adjustment. `file` is what it was reckoned from, as `kept.file_to_text` writes it, for sheets
    that show times of day; `inputs` are the records behind it."""

    closing_id: str
    person_id: str
    month: str
    department_id: str
    result: str | None = field(repr=False)
    fingerprint: str
    inputs: tuple[str, ...]
    in_force: bool
    file: str | None = field(default=None, repr=False)


# --- adjustments ---------------------------------------------------------------------------------


class AdjustmentCause(StrEnum):
    """What changed a month after it was closed."""

    LATE_PUNCH = "late_punch"
    CORRECTION = "correction"
    APPLICATION = "application"
    JOINED_LATE = "joined_late"
    """The person was put into the department after it was closed."""
    RULES = "rules"
    """No record of these: a plan, an employment, an ordinance, or an earlier month."""


_CAUSE_OF: Final = {
    "punch": AdjustmentCause.LATE_PUNCH,
    "correction": AdjustmentCause.CORRECTION,
    "order": AdjustmentCause.APPLICATION,
    "explained": AdjustmentCause.APPLICATION,
    "swap": AdjustmentCause.APPLICATION,
}


class AdjustmentState(StrEnum):
    """Where an adjustment stands."""

    OPEN = "open"
    SIGNED = "signed"
    CARRIED = "carried"
    """A later month was closed with it: it has been paid, or taken back, there."""
    WITHDRAWN = "withdrawn"
    """Its month was opened again, and the next closing holds what it said."""


class AdjustmentAct(StrEnum):
    """What happens to an adjustment."""

    SIGN = "sign"
    CARRY = "carry"
    """A later month is closed with it."""
    RELEASE = "release"
    """The month that took it up was opened again."""
    WITHDRAW = "withdraw"


ADJUSTMENT_STEPS: Final[dict[tuple[AdjustmentState, AdjustmentAct], AdjustmentState]] = {
    (AdjustmentState.OPEN, AdjustmentAct.SIGN): AdjustmentState.SIGNED,
    (AdjustmentState.OPEN, AdjustmentAct.CARRY): AdjustmentState.CARRIED,
    (AdjustmentState.OPEN, AdjustmentAct.WITHDRAW): AdjustmentState.WITHDRAWN,
    (AdjustmentState.SIGNED, AdjustmentAct.CARRY): AdjustmentState.CARRIED,
    (AdjustmentState.SIGNED, AdjustmentAct.WITHDRAW): AdjustmentState.WITHDRAWN,
    (AdjustmentState.CARRIED, AdjustmentAct.RELEASE): AdjustmentState.SIGNED,
}
"""What is not here may not happen: what was carried is not signed again, or it were paid twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthAdjustment:
    """What a closed month would come to now, less what was signed and adjusted before. `added` and
    `removed` are the records behind it (`kind:id`); `days` the dates that came to something else,
    none where only the month as a whole did. `carried_into`: the month that paid it."""

    id: str
    seq: int
    closing_id: str
    person_id: str
    month: str
    department_id: str
    causes: tuple[AdjustmentCause, ...]
    figures: Figures
    added: tuple[str, ...]
    removed: tuple[str, ...]
    days: tuple[ChangedDay, ...] = ()
    state: AdjustmentState
    found_at: datetime
    signed_by: str | None = None
    signed_at: datetime | None = None
    remark: str = ""
    carried_into: str | None = None
    carried_by: str | None = None

    @property
    def work_dates(self) -> tuple[date, ...]:
        """The dates that came to something else."""
        return tuple(each.work_date for each in self.days)

    @property
    def counts(self) -> bool:
        """Whether it belongs to what a month comes to."""
        return self.state is not AdjustmentState.WITHDRAWN


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be written as an adjustment."""

    figures: Figures
    added: tuple[str, ...]
    removed: tuple[str, ...]
    causes: tuple[AdjustmentCause, ...]


def difference(
    signed: Figures,
    inputs: Iterable[str],
    before: Iterable[MonthAdjustment],
    fresh: Figures,
    fresh_inputs: Iterable[str],
    *,
    joined_late: bool = False,
) -> Difference | None:
    """Give what a fresh derivation comes to beyond what was signed and adjusted so far, and by
    which records; None where the figures are the same (a record that changes none is no
    adjustment)."""
    counted = [each for each in before if each.counts]
    expected = signed.summed(each.figures for each in counted)
    change = fresh.minus(expected)
    if change.is_zero:
        return None
    known = set(inputs)
    for each in sorted(counted, key=lambda one: one.seq):
        known = (known | set(each.added)) - set(each.removed)
    added, removed = set(fresh_inputs) - known, known - set(fresh_inputs)
    kinds = {_CAUSE_OF[each.partition(":")[0]] for each in added | removed}
    if joined_late and not counted:
        kinds = {AdjustmentCause.JOINED_LATE}
    causes = tuple(each for each in AdjustmentCause if each in kinds) or (AdjustmentCause.RULES,)
    return Difference(change, tuple(sorted(added)), tuple(sorted(removed)), causes)


def month_of_text(text: str) -> Month:
    """Give the month of `2026-04`; raise `ValueError` for what is none."""
    year, _, number = text.partition("-")
    found = Month(int(year), int(number))
    if str(found) != text or not 1 <= found.number <= 12:
        raise ValueError(f"no month: {text}")
    return found
