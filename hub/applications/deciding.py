"""Deciding: approving step by step, returning, rejecting; one's inbox; many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from hub.applications import repository
from hub.applications.bodies import ApplicationKind, LeaveBody, PunchBody
from hub.applications.chains import next_step
from hub.applications.checks import Finding, Refusal, collision_findings, resting_on
from hub.applications.domain import (
    HOLDS,
    WAITING,
    Act,
    Application,
    IllegalActError,
    State,
    Told,
    after,
)
from hub.applications.gathering import Gathering, Today, takings
from hub.applications.marks import mark_claims
from hub.applications.neighbours import Neighbours
from hub.applications.refusing import NOT_ASKED, OWN, changed, illegal, refused
from hub.applications.service import ApplicationsService
from hub.applications.writing import Writer
from hub.database.scope import Scope
from hub.leave import repository as ledger
from hub.leave.service import LeaveService
from hub.web.core import Core
from hub.web.problems import NOT_FOUND, Problem, invalid
from hub.web.rights import Principal, Right

BULK_MAX = 200


class Verdict(StrEnum):
    """What somebody decides. Of a cancellation only to approve or to reject it."""

    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Ballot:
    """One decision: the version and the step that were seen."""

    application_id: str
    version: int
    step: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of many. `problem` None: it was approved by this step."""

    application_id: str
    state: State | None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class InboxItem:
    """Something that waits for the reader; `for_person_id` is whom they would stand in for."""

    application: Application
    for_person_id: str | None
    comment: str


_TOLD = {
    (State.SUBMITTED, Act.PASS_ON): Told.PASSED,
    (State.SUBMITTED, Act.APPROVE): Told.APPROVED,
    (State.SUBMITTED, Act.RETURN): Told.RETURNED,
    (State.SUBMITTED, Act.REJECT): Told.REJECTED,
    (State.CANCELLING, Act.PASS_ON): Told.CANCEL_PASSED,
    (State.CANCELLING, Act.APPROVE): Told.CANCELLED,
    (State.CANCELLING, Act.REJECT): Told.CANCEL_REFUSED,
}
_PASSED = frozenset({Told.PASSED, Told.CANCEL_PASSED})
_BEGUN = frozenset({Told.SUBMITTED, Told.CHANGED, Told.CANCEL_ASKED})


class DecisionsService:
    """What approvers do."""

    def __init__(
        self,
        core: Core,
        applications: ApplicationsService,
        gathering: Gathering,
        leave: LeaveService,
        neighbours: Neighbours,
    ) -> None:
        self._core = core
        self._applications = applications
        self._gathering = gathering
        self._leave = leave
        self._neighbours = neighbours
        self._writer = Writer(core)

    # --- reading -------------------------------------------------------------------------------

    def inbox(self, who: Principal) -> Sequence[InboxItem]:
        """Give everything that somebody may decide now, what waits longest first."""
        with self._core.db.read() as scope:
            waiting = repository.waiting(scope)
            today = self._gathering.today(scope, self._applications.today())
            found: list[InboxItem] = []
            for each in waiting:
                allowed, for_person = self._may(who, each, today)
                if allowed:
                    found.append(InboxItem(each, for_person, ""))
            trails = repository.trails(scope, [each.application.id for each in found])
        return [
            replace(each, comment=trails[each.application.id][-1].comment)
            if trails.get(each.application.id)
            else each
            for each in found
        ]

    # --- deciding ------------------------------------------------------------------------------

    def decide(
        self, who: Principal, ballot: Ballot, verdict: Verdict, comment: str = ""
    ) -> Application:
        """Decide the step that was seen; raise `409` if it is another by now, or another version.

        What is approved last has its effects in the same transaction: leave is taken, a punch is
        corrected, a cancellation gives back.
        """
        if verdict is not Verdict.APPROVE and not comment.strip():
            raise invalid("comment", "missing", "say why")

        def work(scope: Scope) -> Application:
            found = self._locked(scope, who, ballot)
            today = self._gathering.today(scope, self._applications.today())
            if found.state not in WAITING:
                raise illegal(IllegalActError(found.state, Act(verdict.value)))
            if (found.version, found.step) != (ballot.version, ballot.step):
                seen = f"it waits at step {found.step} of version {found.version}"
                raise changed(seen, found.version, found.step)
            allowed, for_person = self._may(who, found, today)
            if not allowed:
                own = found.person_id == who.person_id
                raise Problem(OWN if own else NOT_ASKED, "this step asks somebody else")
            return self._decided(scope, who, found, verdict, for_person, comment, today)

        return self._core.db.write(work)

    def approve_all(
        self, who: Principal, ballots: Sequence[Ballot], comment: str = ""
    ) -> list[Outcome]:
        """Approve each by itself: one that is refused holds up none of the others."""
        done: list[Outcome] = []
        for ballot in ballots[:BULK_MAX]:
            try:
                found = self.decide(who, ballot, Verdict.APPROVE, comment)
                done.append(Outcome(ballot.application_id, found.state))
            except Problem as problem:
                done.append(Outcome(ballot.application_id, None, problem))
        return done

    # --- inside ----------------------------------------------------------------------------------

    def _locked(self, scope: Scope, who: Principal, ballot: Ballot) -> Application:
        """Give the application with its row held, after the locks that its effects need."""
        before = repository.application(scope, ballot.application_id)
        if before is None:
            raise Problem(NOT_FOUND, "no such application")
        scope.lock(repository.person_lock(before.person_id))
        if before.kind is ApplicationKind.LEAVE:
            scope.lock(ledger.LEDGER)
        found = repository.application(scope, ballot.application_id, lock=True)
        if found is None or not self._knows(scope, who, found):
            raise Problem(NOT_FOUND, "no such application")
        return found

    def _knows(self, scope: Scope, who: Principal, found: Application) -> bool:
        """Whoever may not even see an application is told that there is none."""
        if who.may(Right.ATTENDANCE_READ) or found.person_id == who.person_id:
            return True
        if who.person_id is None:
            return False
        trail = repository.trail(scope, found.id)
        if any(who.person_id in (each.person_id, each.for_person_id) for each in trail):
            return True
        today = self._gathering.today(scope, self._applications.today())
        case = self._gathering.case_of(found)
        return any(
            today.asked(replace(found, step=number), case).may(who.person_id)
            for number in range(len(found.steps))
        )

    def _may(self, who: Principal, found: Application, today: Today) -> tuple[bool, str | None]:
        """Tell whether somebody may decide what waits, and for whom they would."""
        if found.person_id == who.person_id or found.step >= len(found.steps):
            return False, None
        asked = today.asked(found, self._gathering.case_of(found))
        if who.person_id is not None and asked.may(who.person_id):
            meant = asked.people[who.person_id]
            return True, meant if meant != who.person_id else None
        return asked.personnel and who.may(Right.ATTENDANCE_WRITE), None

    def _decided(
        self,
        scope: Scope,
        who: Principal,
        found: Application,
        verdict: Verdict,
        for_person: str | None,
        comment: str,
        today: Today,
    ) -> Application:
        act, at, skipped = Act(verdict.value), found.step, range(0)
        if verdict is Verdict.APPROVE:
            decided = self._who_passed(scope, found) | {for_person or who.person_id or ""}
            case = self._gathering.case_of(found)
            at = next_step(found.steps, found.step + 1, case, today.offices, decided)
            skipped = range(found.step + 1, at)
            act = Act.APPROVE if at == len(found.steps) else Act.PASS_ON
        try:
            state = after(found.state, act)
        except IllegalActError as error:
            raise illegal(error) from error
        if act is Act.APPROVE:
            self._effects(scope, who, found)
        now = self._core.clock.now()
        told = _TOLD[(found.state, act)]
        self._writer.tell(scope, who, found, told, for_person_id=for_person, comment=comment)
        for number in skipped:
            self._writer.tell(scope, who, replace(found, step=number), Told.SKIPPED)
        goes_on = act is Act.PASS_ON
        made = replace(
            found,
            state=state,
            step=at if goes_on else found.step,
            waiting_since=now if goes_on else None,
            decided_at=found.decided_at if goes_on else now,
            updated_at=now,
        )
        repository.keep(scope, made)
        if act is Act.APPROVE:
            mark_claims(scope, made, now)
        return made

    def _who_passed(self, scope: Scope, found: Application) -> set[str]:
        """Give who approved a step of what waits now: since it was handed in, changed, or its
        cancellation was asked for."""
        passed: set[str] = set()
        for each in repository.trail(scope, found.id):
            if each.told in _BEGUN:
                passed = set()
            elif each.told in _PASSED and each.version == found.version:
                passed.add(each.for_person_id or each.person_id or "")
        return passed

    def _effects(self, scope: Scope, who: Principal, found: Application) -> None:
        """What follows from the last approval."""
        others = repository.active_around(scope, found.person_id, found.first, found.last, found.id)
        if found.state is State.CANCELLING:
            if (rests := resting_on(found, others)) is not None:
                raise refused([rests])
            self._leave.give_back(scope, who, found.id)
            return
        # Nothing that contradicts it can have been handed in since, unless a plan has changed: of
        # two, what was approved first holds.
        holding = [each for each in others if each.state in HOLDS]
        if clashes := collision_findings(found.kind, found.body, found.claims, holding):
            raise refused(clashes)
        match found.body:
            case LeaveBody() as body:
                self._take(scope, who, found, body)
            case PunchBody() as body:
                now = self._core.clock.now()
                problem = self._neighbours.corrections.record(scope, who, found, body, now)
                if problem is not None:
                    raise refused([Finding(problem, body.work_date)])

    def _take(self, scope: Scope, who: Principal, found: Application, body: LeaveBody) -> None:
        kind = self._leave.kinds.get(body.leave_kind)
        if kind is None:
            raise refused([Finding(Refusal.LEAVE_KIND_UNKNOWN, found.first)])
        short = self._gathering.short(
            scope, found.person_id, body, found.claims, found.id, with_waiting=False
        )
        if short and not kind.below_zero:
            raise refused([Finding(Refusal.LEAVE_SHORT, short[0])])
        self._leave.take(
            scope, who, found.person_id, body.leave_kind, found.id, takings(found.claims)
        )
