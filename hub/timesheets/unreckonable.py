"""Whose months cannot be reckoned: their kind of employment is not in the ordinance in force.

An employment of such a kind is refused when it is written (`hub.staff`): what is left is an
ordinance from which a kind was taken away. Whoever asks for the month is told what to do; what
works in the background goes on with everybody else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Final

from hub.staff.domain import Employment
from hub.web.problems import Problem, ProblemKind
from hub.worktime.ordinance import Ordinances

KIND_UNKNOWN: Final = ProblemKind("employment_kind_unknown", HTTPStatus.CONFLICT)


@dataclass(frozen=True, slots=True)
class UnknownKind:
    """Somebody who is employed by a kind that the ordinance does not know. `work_date`: the first
    date on which; `since` is the ordinance's."""

    person_id: str
    kind: str
    work_date: date
    since: date


def unknown_kinds(
    employments: Mapping[str, Sequence[Employment]],
    first: date,
    last: date,
    ordinances: Ordinances,
) -> dict[str, UnknownKind]:
    """Give those of whom a date of `[first, last]` cannot be reckoned, by person."""
    found: dict[str, UnknownKind] = {}
    for person_id in sorted(employments):
        wrong = next(_unknown(employments[person_id], first, last, ordinances), None)
        if wrong is not None:
            found[person_id] = wrong
    return found


def _unknown(
    places: Sequence[Employment], first: date, last: date, ordinances: Ordinances
) -> Iterator[UnknownKind]:
    for place in places:
        start, end = max(first, place.starts_on), min(last, place.ends_on or last)
        begins = [each.since for each in ordinances.versions if start < each.since <= end]
        for day in (start, *begins) if start <= end else ():
            ordinance = ordinances.at(day)
            if place.kind not in ordinance.kinds:
                yield UnknownKind(place.person_id, place.kind, day, ordinance.since)


def problem_of(found: Collection[UnknownKind], names: Mapping[str, str]) -> Problem:
    """Say who it is, which kind, and what to do: `409 employment_kind_unknown`."""
    ordered = sorted(found, key=lambda one: one.person_id)
    first = ordered[0]
    others = f" (and {len(ordered) - 1} more)" if len(ordered) > 1 else ""
    return Problem(
        KIND_UNKNOWN,
        f"{names.get(first.person_id, first.person_id)}{others}: the ordinance in force since"
        f" {first.since} has no kind of employment {first.kind!r}, which holds on"
        f" {first.work_date}: add [kinds.{first.kind}] to it, or correct the employment",
        extra={
            "people": [
                {
                    "person_id": each.person_id,
                    "name": names.get(each.person_id, ""),
                    "kind": each.kind,
                    "work_date": each.work_date.isoformat(),
                }
                for each in ordered[:100]
            ]
        },
    )
