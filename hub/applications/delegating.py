"""Standing in for an approver (代決), and the chains themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from hub.applications import repository
from hub.applications.bodies import ApplicationKind
from hub.applications.domain import Approver, ChainRule, Delegation, Step
from hub.applications.refusing import NO_PERSON, OWN_CHAIN, OWN_DELEGATION
from hub.applications.tables import chain_rules
from hub.audit.rows import AuditedRows, RowKind
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people import repository as people
from hub.staff import repository as staff
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem, invalid
from hub.web.rights import Principal, Right

CHAIN_RULE: Final = RowKind(name="chain_rule", table=chain_rules, row=ChainRule)
DAYS_MAX: Final = 366


@dataclass(frozen=True, slots=True)
class DelegationWanted:
    """Who stands in for whom, from when until when, for which kinds (none: all)."""

    to_person_id: str
    starts_on: date
    ends_on: date
    kinds: tuple[ApplicationKind, ...] = ()
    from_person_id: str | None = None


class DelegationsService:
    """Gives and revokes delegations: one's own, or anybody's with `attendance:write`. Ending one
    takes the right alone, giving one for another a person who has it."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def listed(self, who: Principal) -> Sequence[Delegation]:
        """Give those that one gave or was given; with `attendance:read` everybody's."""
        if not who.may(Right.ATTENDANCE_READ) and who.person_id is None:
            return ()
        whose = None if who.may(Right.ATTENDANCE_READ) else who.person_id
        with self._core.db.read() as scope:
            return repository.delegations_of(scope, whose)

    def give(self, who: Principal, wanted: DelegationWanted) -> Delegation:
        """Let somebody decide in one's place. Whoever does so for somebody else is a person, and
        never the one who stands in."""
        giver = wanted.from_person_id or who.person_id
        if giver is None:
            raise invalid("from_person_id", "missing", "you are no member of staff: name whose")
        if giver != who.person_id and not who.may(Right.ATTENDANCE_WRITE):
            raise Problem(FORBIDDEN, "for others this needs the right attendance:write")
        if who.person_id is None:
            raise Problem(NO_PERSON, "an account or token tied to nobody lets nobody stand in")
        if giver != who.person_id and wanted.to_person_id == who.person_id:
            raise Problem(OWN_DELEGATION, "another person has to let you stand in for somebody")
        if wanted.ends_on < wanted.starts_on:
            raise invalid("ends_on", "before_start", "the last day is not before the first")
        if wanted.ends_on - wanted.starts_on > timedelta(days=DAYS_MAX):
            raise invalid("ends_on", "too_long", f"at most {DAYS_MAX} days")
        if giver == wanted.to_person_id:
            raise invalid("to_person_id", "oneself", "somebody else stands in")

        def work(scope: Scope) -> Delegation:
            known = people.people_by_id(scope, {giver, wanted.to_person_id})
            for name, person_id in (
                ("from_person_id", giver),
                ("to_person_id", wanted.to_person_id),
            ):
                if person_id not in known:
                    raise invalid(name, "unknown", "no such person")
            now = self._core.clock.now()
            made = Delegation(
                id=self._core.ids.new(),
                from_person_id=giver,
                to_person_id=wanted.to_person_id,
                kinds=tuple(dict.fromkeys(wanted.kinds)),
                starts_on=wanted.starts_on,
                ends_on=wanted.ends_on,
                revoked_at=None,
                created_at=now,
                updated_at=now,
            )
            repository.add_delegation(scope, made)
            record(scope, now, who, "delegation.given", ("delegation", made.id), _said(made))
            return made

        return self._core.db.write(work)

    def revoke(self, who: Principal, delegation_id: str) -> Delegation:
        """End one now; what was decided by it stays decided."""

        def work(scope: Scope) -> Delegation:
            found = repository.delegation(scope, delegation_id)
            theirs = found is not None and who.person_id == found.from_person_id
            if found is None or not (theirs or who.may(Right.ATTENDANCE_WRITE)):
                raise Problem(NOT_FOUND, "no such delegation")
            if found.revoked_at is not None:
                return found
            now = self._core.clock.now()
            values = {"revoked_at": now, "updated_at": now}
            repository.change_delegation(scope, found.id, values)
            record(scope, now, who, "delegation.revoked", ("delegation", found.id), _said(found))
            return replace(found, revoked_at=now, updated_at=now)

        return self._core.db.write(work)


class ChainsService:
    """Adds, changes and removes rules of who approves what."""

    def __init__(self, core: Core, rows: AuditedRows) -> None:
        self._core = core
        self._rows = rows

    def listed(self) -> Sequence[ChainRule]:
        """Give every rule, in the order in which they are tried."""
        with self._core.db.read() as scope:
            return repository.rules(scope)

    def add(self, who: Principal, values: Mapping[str, Any]) -> ChainRule:
        """Add a rule; what waits already keeps the chain it was handed in with."""
        return self._core.db.write(
            lambda scope: self._rows.add_in(
                scope, who, CHAIN_RULE, self._checked(scope, who, values)
            )
        )

    def change(self, who: Principal, rule_id: str, values: Mapping[str, Any]) -> ChainRule:
        """Change one."""
        return self._core.db.write(
            lambda scope: self._rows.change_in(
                scope, who, CHAIN_RULE, rule_id, self._checked(scope, who, values)
            )
        )

    def remove(self, who: Principal, rule_id: str) -> None:
        """Remove one."""

        def work(scope: Scope) -> None:
            if not scope.delete(chain_rules, chain_rules.c.id == rule_id):
                raise Problem(NOT_FOUND, "no such chain_rule")
            now = self._core.clock.now()
            record(scope, now, who, "chain_rule.removed", ("chain_rule", rule_id))

        self._core.db.write(work)

    def _checked(
        self, scope: Scope, who: Principal, values: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Refuse steps that name nobody, or whoever writes the rule, and departments that there are
        not."""
        steps: Sequence[Step] = values.get("steps", ())
        if "steps" in values and not steps:
            raise invalid("steps", "missing", "a chain has at least one step")
        for step in steps:
            named = step.approver is Approver.PERSON
            if named != (step.person_id is not None):
                raise invalid("steps", "person", "`person_id` goes with `person`, and only there")
            if step.person_id is not None and people.person(scope, step.person_id) is None:
                raise invalid("steps", "unknown", "no such person")
        _four_eyes(who, {step.person_id for step in steps if step.person_id is not None})
        department_id = values.get("department_id")
        known = {each.id for each in staff.departments(scope)}
        if department_id is not None and department_id not in known:
            raise invalid("department_id", "unknown", "no such department")
        return values


def _four_eyes(who: Principal, named: Collection[str]) -> None:
    """Refuse persons in a rule whom its writer names themselves by, or could."""
    if named and who.person_id is None:
        raise Problem(NO_PERSON, "an account or token tied to nobody names no approver")
    if who.person_id in named:
        raise Problem(OWN_CHAIN, "another person has to name you as an approver")


def _said(made: Delegation) -> dict[str, Any]:
    return {
        "from": made.from_person_id,
        "to": made.to_person_id,
        "kinds": [each.value for each in made.kinds],
        "starts_on": made.starts_on.isoformat(),
        "ends_on": made.ends_on.isoformat(),
    }
