"""What the pages of applications show, read within what the principal may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from hub.applications.bodies import BODY_OF, ApplicationKind, SwapBody, WorkBody
from hub.applications.checks import Finding, Refusal
from hub.applications.claims import swap_kind
from hub.applications.deciding import DecisionsService, InboxItem
from hub.applications.domain import WAITING, Application, Approver, State, TrailEntry
from hub.applications.gathering import Gathering
from hub.applications.neighbours import Neighbours
from hub.applications.service import ApplicationsService, Seen
from hub.attendance.domain import DayProblem, work_date_of
from hub.attendance.service import AttendanceService
from hub.database.scope import Scope
from hub.leave.balances import total
from hub.leave.domain import Amount
from hub.leave.service import LeaveService
from hub.pages.application_forms import clock_of
from hub.pages.approval_effects import Effect, effects
from hub.pages.naming import user_names
from hub.pages.views.application import (
    TONE,
    ApplicationLine,
    ApplicationPage,
    LeaveChoice,
    TrailLine,
    amount_text,
    dated,
    era_of,
    leave_choice,
    what_of,
    when_of,
)
from hub.pages.words import Words
from hub.people import repository as people
from hub.staff import repository as staff
from hub.web.core import Core
from hub.web.rights import Principal
from wire.events import PunchDirection

_MISSING = {
    DayProblem.MISSING_IN: PunchDirection.IN,
    DayProblem.MISSING_OUT: PunchDirection.OUT,
    DayProblem.MISSING_BREAK_START: PunchDirection.BREAK_START,
    DayProblem.MISSING_BREAK_END: PunchDirection.BREAK_END,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What is refused or said about a form, in words."""

    refused: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    """What is refused of one field, by its name in the form."""


class InboxOrder(StrEnum):
    """In which order what waits is shown."""

    WAITING = "waiting"
    NAME = "name"
    """By the kana of the applicant's name."""
    DATE = "date"


@dataclass(frozen=True, slots=True)
class ApplicationPages:
    """Reads for the pages of applications."""

    core: Core
    applications: ApplicationsService
    decisions: DecisionsService
    gathering: Gathering
    neighbours: Neighbours
    leave: LeaveService
    attendance: AttendanceService

    # --- lists ---------------------------------------------------------------------------------

    def mine(self, found: Sequence[Application], words: Words) -> list[ApplicationLine]:
        """Give the lines of one's own."""
        return [self._line(each, {}, {}, words) for each in found]

    def inbox(
        self, who: Principal, words: Words, order: InboxOrder = InboxOrder.WAITING
    ) -> list[ApplicationLine]:
        """Give what waits for the reader, with what one needs to decide it."""
        return self._inbox_lines(self.decisions.inbox(who), words, order)

    def chosen(
        self, who: Principal, words: Words, ticks: Sequence[str]
    ) -> list[tuple[ApplicationLine, list[Effect]]]:
        """Give those of the inbox that are ticked as they were shown (`id:version:step`), and what
        approving all of them does."""
        wanted = set(ticks)
        items = [each for each in self.decisions.inbox(who) if _tick(each.application) in wanted]
        lines = self._inbox_lines(items, words, InboxOrder.WAITING)
        with self.core.db.read() as scope:
            found = effects(
                scope,
                [each.application for each in items],
                self.neighbours.figures,
                self.leave,
                words,
            )
        return [(line, found.get(line.id, [])) for line in lines]

    def _inbox_lines(
        self, items: Sequence[InboxItem], words: Words, order: InboxOrder
    ) -> list[ApplicationLine]:
        with self.core.db.read() as scope:
            items = self._in_order(scope, items, order)
            names = self._names(
                scope,
                {each.application.person_id for each in items}
                | {each.for_person_id for each in items if each.for_person_id},
                words,
            )
            departments = self._departments(scope, words)
            facts = {
                each.application.id: self._facts(scope, each.application, words) for each in items
            }
        lines: list[ApplicationLine] = []
        for each in items:
            since = each.application.waiting_since
            days = (words.today - work_date_of(since)).days if since else 0
            lines.append(
                self._line(
                    each.application,
                    names,
                    departments,
                    words,
                    waited=words.t("approval.waited", days=days) if days else "",
                    for_whom=names.get(each.for_person_id or "", ""),
                    comment=each.comment,
                    facts=facts[each.application.id],
                )
            )
        return lines

    def page(self, who: Principal, application_id: str, words: Words) -> ApplicationPage:
        """Give one application's page."""
        seen = self.applications.seen(who, application_id)
        found = seen.application
        with self.core.db.read() as scope:
            ids = {found.person_id}
            ids |= {e.person_id for e in seen.trail if e.person_id}
            ids |= {e.for_person_id for e in seen.trail if e.for_person_id}
            asked = self._asked(scope, found)
            names = self._names(scope, ids | set(asked), words)
            named = {step.person_id for step in found.steps if step.person_id}
            names |= self._names(scope, named, words)
            actors = user_names(scope, {each.actor for each in seen.trail})
            departments = self._departments(scope, words)
            facts = self._facts(scope, found, words) if seen.may_decide else ()
        waits = [names[each] for each in asked if each in names]
        return ApplicationPage(
            line=self._line(found, names, departments, words, facts=facts),
            pairs=self._pairs(found, words),
            steps=tuple(
                (
                    names.get(step.person_id or "")
                    or words.t(f"chain.approver.{step.approver.value}"),
                    found.state in WAITING and number == found.step,
                )
                for number, step in enumerate(found.steps)
            ),
            trail=tuple(_trail_line(each, names, actors, words) for each in seen.trail),
            version=words.t("application.version", version=found.version),
            waits_for=self._waits_for(found, waits, words),
            mine=seen.mine,
            may_decide=seen.may_decide,
            may=_may(seen),
        )

    # --- forms ---------------------------------------------------------------------------------

    def told(self, found: Iterable[Finding], words: Words) -> Told:
        """Give refusals and warnings in words."""
        refused: list[str] = []
        warned: list[str] = []
        for each in found:
            refuses = isinstance(each.what, Refusal)
            kind = "refusal" if refuses else "warning"
            text = words.t(f"application.{kind}.{each.what.value}")
            day = dated(each.day, words) if each.day else ""
            (refused if refuses else warned).append(f"{day} {text}".strip())
        return Told(tuple(dict.fromkeys(refused)), tuple(dict.fromkeys(warned)))

    def leave_kinds(self, who: Principal, words: Words) -> list[LeaveChoice]:
        """Give each kind of leave: what is left of it beside its title, and what it asks for."""
        left: dict[str, str] = {}
        if who.person_id is not None:
            for each in self.leave.balances(who, None):
                kind = self.leave.kinds.get(each.leave_kind)
                if kind is not None and kind.balanced:
                    left[each.leave_kind] = amount_text(each.lowest, kind, words)
        return [
            leave_choice(code, kind, left.get(code, ""), words)
            for code, kind in self.leave.kinds.items()
        ]

    def punches(self, who: Principal, day: date, words: Words) -> list[tuple[int, str]]:
        """Give one's punches of a date: id and words."""
        if who.person_id is None:
            return []
        days = self.attendance.days(who, day, day, who.person_id)
        return [
            (
                read.punch.id,
                f"{words.time(read.punch.corrected_at)} "
                + words.t(f"application.direction.{read.punch.direction.value}"),
            )
            for each in days
            for read in each.punches
        ]

    def missing_direction(self, who: Principal, day: date) -> str:
        """Give which punch of one's own is missing on a date; empty where none is."""
        if who.person_id is None:
            return ""
        days = self.attendance.days(who, day, day, who.person_id)
        found = {problem for each in days for problem in each.problems}
        missing = [each for problem, each in _MISSING.items() if problem in found]
        return missing[0].value if missing else ""

    def window(self, kind: ApplicationKind, day: date, words: Words) -> str:
        """Give the dates between which the day off for a worked date may lie."""
        if BODY_OF[kind] is not SwapBody:
            return ""
        first, last = self.neighbours.plans.window(day, swap_kind(kind))
        return words.t("application.window", first=dated(first, words), last=dated(last, words))

    # --- inside ----------------------------------------------------------------------------------

    def _line(
        self,
        found: Application,
        names: dict[str, str],
        departments: dict[str, str],
        words: Words,
        *,
        waited: str = "",
        for_whom: str = "",
        comment: str = "",
        facts: tuple[tuple[str, str], ...] = (),
    ) -> ApplicationLine:
        tone, icon = TONE[found.state]
        return ApplicationLine(
            id=found.id,
            kind=words.t(f"application.kind.{found.kind.value}"),
            who=names.get(found.person_id, ""),
            department=departments.get(found.department_id or "", ""),
            when=when_of(found.body, words),
            era=era_of(found.body, words),
            what=what_of(found.body, self.leave.kinds, words),
            reason=found.body.reason,
            state=words.t(f"application.state.{found.state.value}"),
            tone=tone,
            icon=icon,
            version=found.version,
            step=found.step,
            waited=waited,
            for_whom=for_whom,
            comment=comment,
            cancels=found.state is State.CANCELLING,
            warnings=tuple(words.t(f"application.warning.{each}") for each in found.warnings),
            facts=facts,
        )

    def _pairs(self, found: Application, words: Words) -> tuple[tuple[str, str], ...]:
        """What a body says, label by label."""
        t, body = words.t, found.body
        pairs = [
            (t("application.when_label"), when_of(body, words)),
            ("", era_of(body, words)),
            (t("application.times"), what_of(body, self.leave.kinds, words)),
            (t("application.taken"), self._taken(found, words)),
            (t("application.reason"), body.reason),
            (t("application.evidence"), getattr(body, "evidence", "")),
            (
                t("application.rest_later"),
                "✓" if isinstance(body, WorkBody) and body.rest_later else "",
            ),
        ]
        cause = getattr(body, "cause", None)
        if cause is not None:
            pairs.append((t("application.punch_cause"), t(f"application.cause.{cause.value}")))
        return tuple((label, value) for label, value in pairs if value)

    def _taken(self, found: Application, words: Words) -> str:
        kind = self.leave.kinds.get(getattr(found.body, "leave_kind", ""))
        if kind is None or not found.claims:
            return ""
        taken = total(Amount(each.half_days, each.minutes) for each in found.claims)
        return amount_text(taken, kind, words)

    def _facts(self, scope: Scope, found: Application, words: Words) -> tuple[tuple[str, str], ...]:
        """What one needs beside an application to decide it: presence, and the month so far."""
        t, figures = words.t, self.neighbours.figures
        if not isinstance(found.body, WorkBody):
            taken = self._taken(found, words)
            return ((t("application.taken"), taken),) if taken else ()
        day = found.body.work_date
        present = figures.day(scope, found.person_id, day).present
        there = (
            t("approval.not_read")
            if present is None
            else "・".join(f"{clock_of(a)}–{clock_of(b)}" for a, b in present) or "–"
        )
        facts = [(t("approval.present"), there)]
        cap = figures.caps(scope, [found.person_id], day.replace(day=1)).get(found.person_id)
        if cap is not None:
            counted = words.clock(cap.counted_min)
            if cap.cap_min is not None:
                counted = t("approval.of_cap", counted=counted, cap=words.clock(cap.cap_min))
            facts.append((t("approval.month_so_far"), counted))
            if found.state is State.SUBMITTED:
                asked = sum(b - a for claim in found.claims for a, b in claim.spans)
                told = words.clock(cap.counted_min + asked)
                facts.append(("", t("approval.with_this", counted=told)))
        return tuple(facts)

    @staticmethod
    def _in_order(
        scope: Scope, items: Sequence[InboxItem], order: InboxOrder
    ) -> Sequence[InboxItem]:
        """What waits longest comes first, unless asked otherwise; among equals it does."""
        if order is InboxOrder.DATE:
            return sorted(items, key=lambda each: each.application.first)
        if order is InboxOrder.NAME:
            found = people.people_by_id(scope, {each.application.person_id for each in items})
            kana = {each.id: each.name_kana or each.name for each in found.values()}
            return sorted(items, key=lambda each: kana.get(each.application.person_id, ""))
        return items

    def _asked(self, scope: Scope, found: Application) -> list[str]:
        """Who may decide what waits; nobody by name where personnel do."""
        if found.state not in WAITING or found.step >= len(found.steps):
            return []
        today = self.gathering.today(scope, self.applications.today())
        return list(today.asked(found, self.gathering.case_of(found)).people)

    def _waits_for(self, found: Application, names: Sequence[str], words: Words) -> str:
        if found.state not in WAITING:
            return ""
        personnel = found.steps[found.step].approver is Approver.PERSONNEL or not names
        told = [words.t("application.waits_for_personnel")] if personnel else names
        return words.t("application.waits_for", names=words.t("words.comma").join(told))

    def _names(self, scope: Scope, person_ids: Iterable[str], words: Words) -> dict[str, str]:
        """Names of those who apply and decide: whoever sees an application may know them."""
        found = people.people_by_id(scope, set(person_ids))
        return {each.id: words.name(each.name, each.name_en) for each in found.values()}

    def _departments(self, scope: Scope, words: Words) -> dict[str, str]:
        return {each.id: words.name(each.name, each.name_en) for each in staff.departments(scope)}


def _tick(found: Application) -> str:
    return f"{found.id}:{found.version}:{found.step}"


def _may(seen: Seen) -> frozenset[str]:
    return frozenset(each.value for each in seen.may)


def _trail_line(
    entry: TrailEntry, names: dict[str, str], actors: dict[str, str], words: Words
) -> TrailLine:
    who = names.get(entry.person_id or "") or actors.get(entry.actor, "")
    if entry.for_person_id is not None:
        whom = names.get(entry.for_person_id, "")
        who = words.t("application.for_whom", who=who, whom=whom)
    return TrailLine(
        when=words.date_time(entry.at),
        told=words.t(f"application.told.{entry.told.value}"),
        who=who,
        comment=entry.comment,
    )
