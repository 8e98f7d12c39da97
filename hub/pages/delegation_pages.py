"""What the pages of standing in and of chains show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from hub.applications.bodies import ApplicationKind
from hub.applications.delegating import ChainsService, DelegationsService, DelegationWanted
from hub.applications.domain import Approver, Delegation, Step
from hub.pages.views.application import dated
from hub.pages.words import Words
from hub.people import repository as people
from hub.staff import repository as staff
from hub.staff.kana import person_key
from hub.web.core import Core
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal, Right


@dataclass(frozen=True, slots=True)
class DelegationLine:
    """One delegation."""

    id: str
    who: str
    when: str
    kinds: str
    tone: str
    state: str
    may_revoke: bool


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule of the chains."""

    id: str
    name: str
    position: int
    fits: str
    steps: tuple[str, ...]


_Short = Annotated[str, Field(max_length=80)]
_Many = Annotated[list[_Short], Field(max_length=40)]


class ChainForm(BaseModel):
    """What the form of a rule sends: a step each with the staff number beside it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: _Short = ""
    position: _Short = ""
    department_id: _Short = ""
    employment: _Short = ""
    from_min: _Short = ""
    kinds: _Many = []
    steps: _Many = []
    people: _Many = []


@dataclass(frozen=True, slots=True)
class DelegationPages:
    """Reads for these pages."""

    core: Core
    delegations: DelegationsService
    chains: ChainsService

    def lines(self, who: Principal, words: Words) -> list[DelegationLine]:
        """Give the delegations that the reader may see: those in force, those to come, those that
        are over; each by the kana of whoever gave it."""
        found = self.delegations.listed(who)
        ids = {each.from_person_id for each in found} | {each.to_person_id for each in found}
        with self.core.db.read() as scope:
            known = people.people_by_id(scope, ids)
        names = {each.id: words.name(each.name, each.name_en) for each in known.values()}
        last = max(map(person_key, known.values()), default=())
        ordered = sorted(
            found,
            key=lambda each: (
                _STATES.index(_state(each, words)),
                person_key(known[each.from_person_id]) if each.from_person_id in known else last,
                each.starts_on,
            ),
        )
        return [_line(each, names, who, words) for each in ordered]

    def rules(self, words: Words) -> list[RuleLine]:
        """Give the rules, in the order in which they are tried."""
        t, departments = words.t, dict(self.departments(words))
        found = self.chains.listed()
        with self.core.db.read() as scope:
            named = {s.person_id for each in found for s in each.steps if s.person_id}
            known = people.people_by_id(scope, named)
        lines: list[RuleLine] = []
        for each in found:
            fits = [
                _kinds(each.kinds, words),
                departments.get(each.department_id or "", "") if each.department_id else "",
                each.employment or "",
                words.t("chain.at_least", minutes=each.from_min)
                if each.from_min is not None
                else "",
            ]
            steps = tuple(
                known[step.person_id].name
                if step.person_id in known
                else t(f"chain.approver.{step.approver.value}")
                for step in each.steps
            )
            told = " ・ ".join(part for part in fits if part)
            lines.append(RuleLine(each.id, each.name, each.position, told, steps))
        return lines

    def departments(self, words: Words) -> list[tuple[str, str]]:
        """Give id and name of every department, by kana."""
        with self.core.db.read() as scope:
            found = staff.departments(scope)
        ordered = sorted(found, key=lambda each: (each.name_kana, each.code))
        return [(each.id, words.name(each.name, each.name_en)) for each in ordered]

    def form_of(self, rule_id: str) -> ChainForm:
        """Fill the form of a rule in; raise `404 not_found`."""
        found = next((each for each in self.chains.listed() if each.id == rule_id), None)
        if found is None:
            raise Problem(NOT_FOUND, "no such chain_rule")
        with self.core.db.read() as scope:
            named = {each.person_id for each in found.steps if each.person_id}
            known = people.people_by_id(scope, named)
        numbers = {each.id: each.staff_number or "" for each in known.values()}
        return ChainForm(
            name=found.name,
            position=str(found.position),
            department_id=found.department_id or "",
            employment=found.employment or "",
            from_min="" if found.from_min is None else str(found.from_min),
            kinds=[each.value for each in found.kinds],
            steps=[each.approver.value for each in found.steps],
            people=[numbers.get(each.person_id or "", "") for each in found.steps],
        )

    def values(self, form: ChainForm) -> dict[str, Any]:
        """Give the columns of a rule as its form says them."""
        numbers = [*form.people, *[""] * len(form.steps)]
        steps = tuple(
            Step(
                approver=Approver(each),
                person_id=self.by_number(number) if each == Approver.PERSON.value else None,
            )
            for each, number in zip(form.steps, numbers, strict=False)
            if each in set(Approver)
        )
        return {
            "name": form.name.strip() or "–",
            "position": _number(form.position) or 0,
            "kinds": tuple(ApplicationKind(e) for e in form.kinds if e in set(ApplicationKind)),
            "department_id": form.department_id or None,
            "employment": form.employment.strip()[:40] or None,
            "from_min": _number(form.from_min),
            "steps": steps,
        }

    def by_number(self, staff_number: str) -> str | None:
        """Give who has a staff number."""
        with self.core.db.read() as scope:
            return people.id_by_staff_number(scope, staff_number.strip())


def wanted_of(
    to_person_id: str | None,
    starts_on: str,
    ends_on: str,
    kinds: Sequence[str],
    from_person_id: str | None = None,
) -> DelegationWanted | None:
    """Read the form of a delegation; None for what is no date."""
    try:
        first, last = date.fromisoformat(starts_on), date.fromisoformat(ends_on)
    except ValueError:
        return None
    if to_person_id is None or not all(2000 <= each.year < 2199 for each in (first, last)):
        return None
    wanted = tuple(ApplicationKind(each) for each in kinds if each in set(ApplicationKind))
    return DelegationWanted(to_person_id, first, last, wanted, from_person_id)


def _number(text: str) -> int | None:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= 6 else None


_HOLDS, _LATER, _ENDED = "holds", "later", "ended"
_STATES = (_HOLDS, _LATER, _ENDED)


def _state(found: Delegation, words: Words) -> str:
    if found.revoked_at is not None or found.ends_on < words.today:
        return _ENDED
    return _HOLDS if found.starts_on <= words.today else _LATER


def _line(found: Delegation, names: dict[str, str], who: Principal, words: Words) -> DelegationLine:
    state = _state(found, words)
    mine = found.from_person_id == who.person_id or who.may(Right.ATTENDANCE_WRITE)
    giver, taker = names.get(found.from_person_id, ""), names.get(found.to_person_id, "")
    return DelegationLine(
        id=found.id,
        who=f"{giver} → {taker}",
        when=f"{dated(found.starts_on, words)} – {dated(found.ends_on, words)}",
        kinds=_kinds(found.kinds, words),
        tone={"ended": "", "holds": "good", "later": "wait"}[state],
        state=words.t(f"delegation.{state}"),
        may_revoke=mine and state != _ENDED,
    )


def _kinds(kinds: Sequence[ApplicationKind], words: Words) -> str:
    told = [words.t(f"application.kind.{each.value}") for each in kinds]
    return words.t("words.comma").join(told) or words.t("delegation.all_kinds")
