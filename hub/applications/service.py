"""Applying: drafts, handing in, changing, withdrawing, asking for a cancellation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement

from hub.applications import repository
from hub.applications.bodies import ApplicationKind, Body, first_and_last
from hub.applications.chains import Case, chain_for, next_step
from hub.applications.checks import (
    Finding,
    findings,
    refusals,
    resting_on,
    shape_problems,
    warnings,
)
from hub.applications.domain import (
    TRANSITIONS,
    Act,
    Application,
    Approver,
    DayClaim,
    IllegalActError,
    State,
    Step,
    Told,
    TrailEntry,
    after,
)
from hub.applications.gathering import Gathering, Today
from hub.applications.refusing import changed, illegal, refused
from hub.applications.tables import applications
from hub.applications.writing import Writer
from hub.database.scope import Scope
from hub.leave import repository as ledger
from hub.people import repository as people
from hub.web.core import Core
from hub.web.paging import Page, beyond, page_of
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem, invalid
from hub.web.rights import Principal, Right


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which applications are asked for; None does not limit."""

    person_id: str | None = None
    kind: ApplicationKind | None = None
    state: State | None = None
    first: date | None = None
    last: date | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What the rows must satisfy."""
        a, found = applications.c, list[ColumnElement[bool]]()
        if self.person_id is not None:
            found.append(a.person_id == self.person_id)
        if self.kind is not None:
            found.append(a.kind == self.kind)
        if self.state is not None:
            found.append(a.state == self.state)
        if self.first is not None:
            found.append(a.last >= self.first)
        if self.last is not None:
            found.append(a.first <= self.last)
        return found


@dataclass(frozen=True, slots=True)
class Seen:
    """An application with its trail, and whether the reader may decide it now."""

    application: Application
    trail: tuple[TrailEntry, ...]
    mine: bool
    may_decide: bool
    may: frozenset[Act]


class ApplicationsService:
    """What applicants do."""

    def __init__(self, core: Core, gathering: Gathering) -> None:
        self._core = core
        self._gathering = gathering
        self._writer = Writer(core)

    # --- reading -------------------------------------------------------------------------------

    def page(
        self, who: Principal, wanted: Wanted, cursor: str | None, limit: int
    ) -> Page[Application]:
        """Give one's own, the newest first; with `attendance:read` everybody's."""
        if not who.may(Right.ATTENDANCE_READ):
            if wanted.person_id not in (None, who.person_id):
                raise Problem(FORBIDDEN, "others' applications need the right attendance:read")
            if who.person_id is None:
                return Page((), None)
            wanted = replace(wanted, person_id=who.person_id)
        key = applications.c.id
        where = [*wanted.conditions(), beyond([key], cursor, descending=True)]
        with self._core.db.read() as scope:
            rows = repository.newest(scope, where, limit + 1)
        return page_of(rows, limit, lambda row: [row.id])

    def seen(self, who: Principal, application_id: str) -> Seen:
        """Give one with its trail; `404 not_found` also for one that is none of theirs."""
        with self._core.db.read() as scope:
            found = repository.application(scope, application_id)
            if found is None:
                raise Problem(NOT_FOUND, "no such application")
            trail = repository.trail(scope, application_id)
            mine = who.person_id is not None and found.person_id == who.person_id
            asked = self._is_asked(scope, who, found) if not mine else False
            took_part = who.person_id is not None and any(
                who.person_id in (each.person_id, each.for_person_id) for each in trail
            )
            if not (mine or asked or took_part or who.may(Right.ATTENDANCE_READ)):
                raise Problem(NOT_FOUND, "no such application")
            acts = frozenset(act for state, act in TRANSITIONS if state is found.state)
            return Seen(found, trail, mine, asked, acts)

    def versions(self, who: Principal, application_id: str) -> dict[int, Body]:
        """Give what each version said."""
        self.seen(who, application_id)
        with self._core.db.read() as scope:
            return repository.versions(scope, application_id)

    def check(
        self, who: Principal, kind: ApplicationKind, body: Body, person_id: str | None = None
    ) -> list[Finding]:
        """Give what would be refused and said, without handing anything in."""
        with self._core.db.read() as scope:
            whose = self._whose(scope, who, person_id)
            return self._findings(scope, whose, kind, body, None)[0]

    # --- writing -------------------------------------------------------------------------------

    def create(
        self,
        who: Principal,
        kind: ApplicationKind,
        body: Body,
        *,
        person_id: str | None = None,
        submit: bool = False,
    ) -> Application:
        """Make a draft, and hand it in at once if asked: then all or nothing."""

        def work(scope: Scope) -> Application:
            whose = self._whose(scope, who, person_id)
            _hold(scope, whose, kind)
            now = self._core.clock.now()
            first, last = first_and_last(body)
            made = Application(
                id=self._core.ids.new(),
                person_id=whose,
                kind=kind,
                body=body,
                state=State.DRAFT,
                version=1,
                steps=(),
                step=0,
                department_id=None,
                first=first,
                last=last,
                claims=(),
                warnings=(),
                submitted_at=None,
                waiting_since=None,
                decided_at=None,
                created_by=who.actor,
                created_at=now,
                updated_at=now,
            )
            repository.add(scope, made)
            repository.add_version(scope, made, who.actor)
            self._writer.tell(scope, who, made, Told.CREATED)
            return self._submit(scope, who, made) if submit else made

        return self._core.db.write(work)

    def change(
        self,
        who: Principal,
        application_id: str,
        version: int,
        body: Body,
        *,
        submit: bool = False,
    ) -> Application:
        """Make a new version of one that is not decided; one that was handed in begins its approval
        anew. `version` names the one that was changed."""

        def work(scope: Scope) -> Application:
            found = self._own(scope, who, application_id)
            if type(body) is not type(found.body):
                raise invalid("kind", "other_kind", "a version is of the same kind")
            _same(found, version)
            state = self._after(found, Act.CHANGE)
            first, last = first_and_last(body)
            made = replace(
                found,
                body=body,
                state=state,
                version=found.version + 1,
                first=first,
                last=last,
                updated_at=self._core.clock.now(),
            )
            repository.add_version(scope, made, who.actor)
            self._writer.tell(scope, who, made, Told.CHANGED)
            if state is State.SUBMITTED:
                return self._hand_in(scope, who, made)
            repository.keep(scope, made)
            return self._submit(scope, who, made) if submit else made

        return self._core.db.write(work)

    def submit(self, who: Principal, application_id: str, version: int) -> Application:
        """Hand a draft or a returned one in; raise `422 application_refused`."""

        def work(scope: Scope) -> Application:
            found = self._own(scope, who, application_id)
            _same(found, version)
            return self._submit(scope, who, found)

        return self._core.db.write(work)

    def withdraw(self, who: Principal, application_id: str, comment: str = "") -> Application:
        """Take back what is not decided; of a cancellation that waits, the wish for it."""

        def work(scope: Scope) -> Application:
            found = self._own(scope, who, application_id)
            state = self._after(found, Act.WITHDRAW)
            kept = found.state is State.CANCELLING
            now = self._core.clock.now()
            made = replace(
                found,
                state=state,
                waiting_since=None,
                decided_at=found.decided_at if kept else now,
                updated_at=now,
            )
            repository.keep(scope, made)
            told = Told.CANCEL_DROPPED if kept else Told.WITHDRAWN
            self._writer.tell(scope, who, made, told, comment=comment)
            return made

        return self._core.db.write(work)

    def ask_cancel(self, who: Principal, application_id: str, comment: str) -> Application:
        """Ask that what is approved be cancelled: by the same chain, as it would be now. The wish
        is a version that says the same."""
        if not comment.strip():
            raise invalid("comment", "missing", "say why")

        def work(scope: Scope) -> Application:
            found = self._own(scope, who, application_id)
            state = self._after(found, Act.ASK_CANCEL)
            if found.kind is ApplicationKind.PUNCH:
                raise illegal(IllegalActError(found.state, Act.ASK_CANCEL))
            around = repository.active_around(
                scope, found.person_id, found.first, found.last, found.id
            )
            if (rests := resting_on(found, around)) is not None:
                raise refused([rests])
            now = self._core.clock.now()
            # A version of its own: a decision on what was handed in, sent late or twice, is none
            # on its cancellation.
            version = found.version + 1
            asking = replace(found, state=state, version=version, waiting_since=now, updated_at=now)
            repository.add_version(scope, asking, who.actor)
            self._writer.tell(scope, who, asking, Told.CANCEL_ASKED, comment=comment)
            made = self._with_steps(scope, who, asking)
            repository.keep(scope, made)
            return made

        return self._core.db.write(work)

    # --- inside ----------------------------------------------------------------------------------

    def _submit(self, scope: Scope, who: Principal, found: Application) -> Application:
        state = self._after(found, Act.SUBMIT)
        self._writer.tell(scope, who, replace(found, step=0), Told.SUBMITTED)
        return self._hand_in(scope, who, replace(found, state=state))

    def _hand_in(self, scope: Scope, who: Principal, found: Application) -> Application:
        """Check a body, choose its chain, and let it wait at the first step that asks somebody."""
        said, claims = self._findings(scope, found.person_id, found.kind, found.body, found.id)
        if refusals(said):
            raise refused(refusals(said))
        now = self._core.clock.now()
        employed = self._gathering.employment(scope, found.person_id, found.body, self.today())
        made = replace(
            found,
            department_id=employed.department_id if employed else None,
            claims=claims,
            warnings=tuple(dict.fromkeys(each.what.value for each in warnings(said))),
            submitted_at=now,
            waiting_since=now,
            decided_at=None,
            updated_at=now,
        )
        made = self._with_steps(scope, who, made)
        repository.keep(scope, made)
        self._writer.happened_submitted(scope, who, made)
        return made

    def _with_steps(self, scope: Scope, who: Principal, found: Application) -> Application:
        """Give an application the chain that holds now; steps that ask nobody are skipped, and
        said to be. Where nobody is left to ask, personnel decide."""
        today = self._gathering.today(scope, self.today())
        employed = self._gathering.employment(scope, found.person_id, found.body, today.day)
        case = self._gathering.case(
            found.kind, found.person_id, found.body, employed, found.department_id
        )
        steps = chain_for(repository.rules(scope), case, today.offices)
        at = next_step(steps, 0, case, today.offices, ())
        if at == len(steps):
            steps = (*steps, Step(approver=Approver.PERSONNEL))
        made = replace(found, steps=steps, step=at)
        for number in range(at):
            self._writer.tell(scope, who, replace(made, step=number), Told.SKIPPED)
        return made

    def _findings(
        self,
        scope: Scope,
        person_id: str,
        kind: ApplicationKind,
        body: Body,
        application_id: str | None,
    ) -> tuple[list[Finding], tuple[DayClaim, ...]]:
        shape = shape_problems(kind, body)
        if shape:
            return shape, ()
        claims = self._gathering.claims(scope, person_id, body)
        now, today = self._core.clock.now(), self.today()
        facts = self._gathering.facts(
            scope, person_id, kind, body, claims, now, today, application_id
        )
        return findings(kind, body, claims, facts), claims

    def _is_asked(self, scope: Scope, who: Principal, found: Application) -> bool:
        if found.waiting_since is None or found.step >= len(found.steps):
            return False
        today: Today = self._gathering.today(scope, self.today())
        case: Case = self._gathering.case_of(found)
        asked = today.asked(found, case)
        return asked.may(who.person_id) or (asked.personnel and who.may(Right.ATTENDANCE_WRITE))

    def _own(self, scope: Scope, who: Principal, application_id: str) -> Application:
        """Give one that somebody may change: their own, or anybody's with `attendance:write`."""
        before = repository.application(scope, application_id)
        if before is None:
            raise Problem(NOT_FOUND, "no such application")
        _hold(scope, before.person_id, before.kind)
        found = repository.application(scope, application_id, lock=True)
        if found is None:
            raise Problem(NOT_FOUND, "no such application")
        if found.person_id != who.person_id and not who.may(Right.ATTENDANCE_WRITE):
            raise Problem(NOT_FOUND, "no such application")
        return found

    def _whose(self, scope: Scope, who: Principal, person_id: str | None) -> str:
        if person_id is None or person_id == who.person_id:
            if who.person_id is None:
                raise invalid("person_id", "missing", "you are no member of staff: name whose")
            return who.person_id
        if not who.may(Right.ATTENDANCE_WRITE):
            raise Problem(FORBIDDEN, "to apply for others needs the right attendance:write")
        if people.person(scope, person_id) is None:
            raise invalid("person_id", "unknown", "no such person")
        return person_id

    @staticmethod
    def _after(found: Application, act: Act) -> State:
        try:
            return after(found.state, act)
        except IllegalActError as error:
            raise illegal(error) from error

    def today(self) -> date:
        """The date in the town."""
        return self._core.clock.now().astimezone(self._core.settings.town.zone).date()


def _hold(scope: Scope, person_id: str, kind: ApplicationKind) -> None:
    """Take the locks of whoever applies, those of leave before `STORY`: whoever decides does so
    too, or the two would wait for one another."""
    scope.lock(repository.person_lock(person_id))
    if kind is ApplicationKind.LEAVE:
        scope.lock(ledger.LEDGER)


def _same(found: Application, version: int) -> None:
    if found.version != version:
        raise changed(
            f"it is at version {found.version}: look at that first", found.version, found.step
        )
