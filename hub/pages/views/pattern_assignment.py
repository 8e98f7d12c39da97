"""Who of a department works by which pattern, what follows, and the form that assigns one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from hub.pages.views.work_pattern import kind_text
from hub.pages.words import Words
from hub.rosters.assigning import DepartmentPlan, MemberPlan, Subject
from hub.rosters.domain import Assignment, SubjectKind, WorkPattern
from hub.web.problems import Problem

WHOLE = "department"
"""What the form sends for everybody of the department."""
_PERSON, _KIND = "person.", "kind."
_ID_MAX = 80


@dataclass(frozen=True, slots=True)
class AssignmentLine:
    """An assignment as it is read. `overtaken`: another of the same subject goes before it from a
    date on. `holds`: today."""

    id: str
    subject: str
    pattern_id: str
    pattern: str
    span: str
    holds: bool
    open: bool
    overtaken: str


@dataclass(frozen=True, slots=True)
class MemberLine:
    """Somebody: by what they work now, from where that comes, and what follows."""

    id: str
    name: str
    note: str
    pattern: str
    pattern_id: str
    source: str
    own: tuple[AssignmentLine, ...]
    ticked: bool
    error: str


@dataclass(frozen=True, slots=True)
class AssignmentForm:
    """What was typed. `errors` by field."""

    pattern: str = ""
    starts_on: str = ""
    ends_on: str = ""
    ticked: frozenset[str] = frozenset()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DepartmentPatterns:
    """The page."""

    id: str
    name: str
    own: tuple[AssignmentLine, ...]
    kinds: tuple[AssignmentLine, ...]
    members: tuple[MemberLine, ...]
    choices: tuple[tuple[str, str], ...]
    kind_choices: tuple[tuple[str, str], ...]
    published: str
    may_write: bool
    may_write_kinds: bool


def department_patterns(
    plan: DepartmentPlan, kinds: Mapping[str, str], form: AssignmentForm, words: Words
) -> DepartmentPatterns:
    """Give the page; `kinds` are the titles of the ordinance's kinds of employment."""
    name = words.name(plan.department.name, plan.department.name_en)
    return DepartmentPatterns(
        id=plan.department.id,
        name=name,
        own=_lines(plan.own, plan, {plan.department.id: name}, words),
        kinds=_lines(plan.kinds, plan, kinds, words),
        members=tuple(_member(each, plan, form, words) for each in plan.members),
        choices=tuple(
            (each.id, f"{words.name(each.name, each.name_en)} ({kind_text(each, words)})")
            for each in plan.patterns.values()
            if not each.retired
        ),
        kind_choices=tuple(kinds.items()) if plan.may_write_kinds else (),
        published=words.day(plan.published_to) if plan.published_to else "",
        may_write=plan.may_write,
        may_write_kinds=plan.may_write_kinds,
    )


def subjects_of(ticked: Collection[str], department_id: str) -> list[Subject]:
    """Read what was ticked; what is nothing that the form offers is left out."""
    found = []
    for each in ticked:
        if len(each) > _ID_MAX or not each.isprintable():
            continue
        if each == WHOLE:
            found.append(Subject(SubjectKind.DEPARTMENT, department_id))
        elif each.startswith(_PERSON):
            found.append(Subject(SubjectKind.PERSON, each.removeprefix(_PERSON)))
        elif each.startswith(_KIND):
            found.append(Subject(SubjectKind.KIND, each.removeprefix(_KIND)))
    return sorted(found, key=lambda one: (one.kind, one.id))


def refused(problem: Problem, plan: DepartmentPlan, words: Words) -> dict[str, str]:
    """What a service refused, by field; for a subject by `subjects.<id>`, and in sum."""
    found: dict[str, str] = {}
    named = {
        each.person.id: words.name(each.person.name, each.person.name_en) for each in plan.members
    }
    for each in problem.fields:
        name = each.field.removeprefix("body.")
        key = f"pattern_for.error.{each.code}"
        text = words.t(key) if words.t.has(key) else words.t("pattern_for.error.date")
        subject_id = name.removeprefix("subjects.")
        if subject_id != name:
            who = named.get(subject_id, words.t("pattern_for.whole"))
            found[name] = f"{who}: {text}"
        else:
            found[name] = text
    return found


# --- inside ------------------------------------------------------------------------------------


def _member(
    member: MemberPlan, plan: DepartmentPlan, form: AssignmentForm, words: Words
) -> MemberLine:
    person, holding = member.person, member.holding
    pattern = plan.patterns.get(holding.pattern_id) if holding else None
    source = holding.subject_kind.value if holding else "ordinance"
    comes = member.place.starts_on > plan.on
    return MemberLine(
        id=person.id,
        name=words.name(person.name, person.name_en),
        note=words.t("pattern_for.comes", day=words.day(member.place.starts_on)) if comes else "",
        pattern=_name(pattern, words),
        pattern_id=pattern.id if pattern else "",
        source=words.t(f"pattern_for.source.{source}"),
        own=_lines(member.own, plan, {}, words),
        ticked=f"{_PERSON}{person.id}" in form.ticked,
        error=form.errors.get(f"subjects.{person.id}", ""),
    )


def _name(pattern: WorkPattern | None, words: Words) -> str:
    if pattern is None:
        return words.t("pattern_for.regular")
    return words.name(pattern.name, pattern.name_en)


def _lines(
    found: Sequence[Assignment],
    plan: DepartmentPlan,
    subjects: Mapping[str, str],
    words: Words,
) -> tuple[AssignmentLine, ...]:
    return tuple(
        AssignmentLine(
            id=each.id,
            subject=subjects.get(each.subject_id, ""),
            pattern_id=each.pattern_id,
            pattern=_name(plan.patterns.get(each.pattern_id), words),
            span=_span(each, words),
            holds=each.holds(plan.on),
            open=each.ends_on is None,
            overtaken=_overtaken(each, found, words),
        )
        for each in found
    )


def _overtaken(one: Assignment, found: Sequence[Assignment], words: Words) -> str:
    """Say from when on another goes before it: the next that starts while it lasts."""
    later = [
        each.starts_on
        for each in found
        if each.subject_id == one.subject_id
        and each.starts_on > one.starts_on
        and (one.ends_on is None or each.starts_on <= one.ends_on)
    ]
    return words.t("pattern_for.overtaken", day=words.day(min(later))) if later else ""


def _span(one: Assignment, words: Words) -> str:
    first = _day(one.starts_on, words)
    if one.ends_on is None:
        return words.t("pattern_for.since", first=first)
    return words.t("roster.weeks", first=first, last=_day(one.ends_on, words))


def _day(day: date, words: Words) -> str:
    """With the year where it is not this one."""
    return words.day(day) if day.year == words.today.year else f"{day.year}/{day.month}/{day.day}"
