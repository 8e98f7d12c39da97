"""Who approves: which chain holds, whom its steps ask, and who may stand in. Pure.

Heads are looked up when a step is due, not when an application is handed in: whoever leads the
department by then decides. Nobody approves what is their own, and a delegate of a delegate is none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.applications.bodies import ApplicationKind
from hub.applications.domain import Approver, ChainRule, Delegation, Step
from hub.staff.domain import Department

DEFAULT: Final = (Step(approver=Approver.HEAD),)
"""Where no rule fits."""
_DEPTH_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Case:
    """What a chain is chosen by."""

    kind: ApplicationKind
    person_id: str
    department_id: str | None
    employment: str | None
    minutes: int


@dataclass(frozen=True, slots=True)
class Offices:
    """Departments and their heads on a date, and who is away that day."""

    departments: dict[str, Department]
    heads: Callable[[str], Sequence[str]]
    away: Collection[str] = ()

    def above(self, department_id: str | None) -> list[str]:
        """Give a department and those above it, from the inside out."""
        found: list[str] = []
        at = department_id
        while at is not None and at in self.departments and at not in found:
            found.append(at)
            if len(found) >= _DEPTH_MAX:
                break
            at = self.departments[at].parent_id
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a step asks now: by person who may decide, for whom. `personnel`: everybody with the
    right may as well."""

    people: dict[str, str]
    personnel: bool = False

    def may(self, person_id: str | None) -> bool:
        """Tell whether somebody is among them by name."""
        return person_id is not None and person_id in self.people


def chain_for(rules: Iterable[ChainRule], case: Case, offices: Offices) -> tuple[Step, ...]:
    """Give the steps of the first rule that fits."""
    within = offices.above(case.department_id)
    for rule in sorted(rules, key=lambda each: (each.position, each.id)):
        fits = (
            (not rule.kinds or case.kind in rule.kinds)
            and (rule.department_id is None or rule.department_id in within)
            and (rule.employment is None or rule.employment == case.employment)
            and (rule.from_min is None or case.minutes >= rule.from_min)
        )
        if fits:
            return rule.steps
    return DEFAULT


def principals(step: Step, case: Case, offices: Offices) -> tuple[str, ...]:
    """Give whose decision a step asks for: never the applicant's. None for personnel, and where
    nobody can be found."""
    if step.approver is Approver.PERSON:
        return (step.person_id,) if step.person_id not in (None, case.person_id) else ()
    if step.approver is Approver.PERSONNEL:
        return ()
    return _heads(step.approver, case, offices)[0]


def _heads(approver: Approver, case: Case, offices: Offices) -> tuple[tuple[str, ...], list[str]]:
    """Give the heads that a step means, and the departments above theirs."""
    chain = offices.above(case.department_id)
    if approver is Approver.PARENT_HEAD:
        chain = _past_first_head(chain, case, offices)
    for number, department_id in enumerate(chain):
        heads = offices.heads(department_id)
        others = tuple(each for each in heads if each != case.person_id)
        # Two who lead together decide for one another only through the one above them.
        if others and case.person_id not in heads:
            return others, chain[number + 1 :]
    return (), []


def _past_first_head(chain: list[str], case: Case, offices: Offices) -> list[str]:
    """Leave out the departments up to the one whose head the step before asks."""
    for number, department_id in enumerate(chain):
        heads = offices.heads(department_id)
        if heads and case.person_id not in heads:
            return chain[number + 1 :]
    return []


def is_skipped(step: Step, case: Case, offices: Offices) -> bool:
    """Tell whether a step asks nobody but the applicant: they are that head themselves, nobody is
    above them, or the named person is they."""
    if step.approver is Approver.PERSONNEL:
        return False
    return not principals(step, case, offices)


def asked(
    step: Step, case: Case, offices: Offices, delegations: Iterable[Delegation], day: date
) -> Asked:
    """Give who may decide a step on a date: those it means, whoever they delegated to, and where
    all of them are away with nobody standing in, the head above. Nobody at all: personnel."""
    if step.approver is Approver.PERSONNEL:
        return Asked({}, personnel=True)
    meant = principals(step, case, offices)
    found = {each: each for each in meant}
    for each in delegations:
        stands_in = each.from_person_id in meant and each.holds(day, case.kind)
        if stands_in and each.to_person_id != case.person_id:
            found.setdefault(each.to_person_id, each.from_person_id)
    present = [each for each in found if each not in offices.away]
    if meant and not present:
        for other in _next_above(step, case, offices):
            found.setdefault(other, meant[0])
    return Asked(found, personnel=not found)


def _next_above(step: Step, case: Case, offices: Offices) -> tuple[str, ...]:
    """Give the heads above those whom a step means."""
    if step.approver is Approver.PERSON:
        above = offices.above(case.department_id)
    else:
        above = _heads(step.approver, case, offices)[1]
    for department_id in above:
        heads = offices.heads(department_id)
        there = tuple(each for each in heads if each not in offices.away)
        if there and case.person_id not in heads:
            return there
    return ()


def next_step(
    steps: Sequence[Step], start: int, case: Case, offices: Offices, decided: Collection[str]
) -> int:
    """Give the number of the next step that asks somebody, from `start` on; `len(steps)` if none
    does. A step whose only persons have approved this version already is not asked again."""
    for number in range(start, len(steps)):
        meant = principals(steps[number], case, offices)
        repeats = bool(meant) and set(meant) <= set(decided)
        if not is_skipped(steps[number], case, offices) and not repeats:
            return number
    return len(steps)
