"""Staff as people read it: the list, one person, departments, imports. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.people.domain import Person
from hub.staff.domain import Department, Employment, Leaver
from hub.staff.import_repository import Profile, StaffImport
from hub.staff.importing import Tried
from hub.staff.planning import Doing, StaffDone
from hub.staff.profile import Shape, StaffField
from hub.staff.repository import Placed
from hub.staff.tables import StaffImportState
from wire.policy_bodies import EntryState

SHOWN: Final = 500
"""So many rows of a file are shown, those that change something first; the API gives all."""

_DONE: Final[Mapping[StaffDone, tuple[str, str]]] = {
    StaffDone.MADE: ("good", "person"),
    StaffDone.CHANGED: ("good", "check"),
    StaffDone.MOVED: ("good", "check"),
    StaffDone.ENDED: ("warn", "calendar"),
    StaffDone.UNCHANGED: ("", "check"),
    StaffDone.PAST: ("", "clock"),
    StaffDone.REFUSED: ("bad", "alert"),
}
_ORDER: Final = (StaffDone.MADE, StaffDone.MOVED, StaffDone.ENDED, StaffDone.CHANGED)
_STATE: Final[Mapping[StaffImportState, tuple[str, str]]] = {
    StaffImportState.TRIED: ("wait", "clock"),
    StaffImportState.DONE: ("good", "check"),
    StaffImportState.FAILED: ("bad", "alert"),
}


@dataclass(frozen=True, slots=True)
class StaffLine:
    """One person of the list."""

    id: str
    name: str
    kana: str
    number: str
    department: str
    kind: str
    post: str
    heads: bool
    until: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class StintLine:
    """One employment of somebody's history."""

    id: str
    span: str
    department_id: str
    department: str
    kind: str
    kind_code: str
    post: str
    heads: bool
    starts_on: str
    ends_on: str
    chip: Chip | None


@dataclass(frozen=True, slots=True)
class LeaverLine:
    """Somebody who has left, and what lets them in."""

    id: str
    name: str
    number: str
    left_on: str
    held: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    """A department in the tree; `depth` counts those around it."""

    id: str
    code: str
    name: str
    depth: int
    heads: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class RowLine:
    """One row of a file."""

    row: int
    number: str
    name: str
    chip: Chip
    changes: tuple[tuple[str, str, str], ...]
    blocked: bool


@dataclass(frozen=True, slots=True)
class TriedCard:
    """What a file would do, or did."""

    id: str
    read_as: str
    chips: tuple[Chip, ...]
    wrong: tuple[tuple[int, str, str], ...]
    wrong_count: int
    rows: tuple[RowLine, ...]
    departments: tuple[str, ...]
    leavers: tuple[tuple[str, str, str, str], ...]
    shrinks: bool
    on: str
    waits: bool
    changes: bool


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file of the history."""

    when: str
    name: str
    on: str
    chip: Chip
    counts: str


@dataclass(frozen=True, slots=True)
class StaffProfileForm:
    """What the form of a profile shows: field, label, columns, constant."""

    id: str
    name: str
    encoding: str
    delimiter: str
    header_row: int
    number_width: int
    columns: tuple[tuple[str, str, str, str], ...]
    kinds: str
    card_namespace: str
    make_departments: bool
    complete: bool


def department_name(department: Department | None, words: Words) -> str:
    """A department's name in the page's language."""
    return words.name(department.name, department.name_en) if department else ""


def staff_line(
    placed: Placed, departments: Mapping[str, Department], kinds: Mapping[str, str], words: Words
) -> StaffLine:
    """Give one person of the list."""
    person, place = placed.person, placed.employment
    end = place.ends_on
    return StaffLine(
        id=person.id,
        name=words.name(person.name, person.name_en),
        kana=person.name_kana,
        number=person.staff_number or "",
        department=department_name(departments.get(place.department_id), words),
        kind=kinds.get(place.kind, place.kind),
        post=place.post,
        heads=place.heads,
        until=words.t("staff.until", date=words.form_day(end)) if end else "",
        blocked=person.state is not EntryState.ACTIVE,
    )


def stint_line(
    held: Employment, departments: Mapping[str, Department], kinds: Mapping[str, str], words: Words
) -> StintLine:
    """Give one employment of somebody's history."""
    first, last = held.starts_on.isoformat(), held.ends_on.isoformat() if held.ends_on else ""
    chip = None
    if held.holds(words.today):
        chip = Chip("good", "check", words.t("staff_person.now"))
    elif held.starts_on > words.today:
        chip = Chip("wait", "clock", words.t("staff_person.coming"))
    begun = words.form_day(held.starts_on)
    span = words.t("staff.open_end", first=begun)
    if held.ends_on:
        span = words.t("staff.span", first=begun, last=words.form_day(held.ends_on))
    return StintLine(
        id=held.id,
        span=span,
        department_id=held.department_id,
        department=department_name(departments.get(held.department_id), words),
        kind=kinds.get(held.kind, held.kind),
        kind_code=held.kind,
        post=held.post,
        heads=held.heads,
        starts_on=first,
        ends_on=last,
        chip=chip,
    )


def standing(employments: Sequence[Employment], words: Words) -> Chip | None:
    """Say whether somebody leaves or has left; None for whoever stays, or never was staff."""
    last = employments[-1].ends_on if employments else None
    if last is None:
        return None
    if last < words.today:
        return Chip("warn", "clock", words.t("staff_person.left", date=words.form_day(last)))
    return Chip("wait", "calendar", words.t("staff_person.leaves", date=words.form_day(last)))


def held_by(leaver: Leaver, groups: Sequence[str], words: Words) -> tuple[str, ...]:
    """Say what lets somebody in; `groups` are the names of the groups that do."""
    told = []
    if leaver.cards:
        told.append(words.t("staff_person.cards", count=len(leaver.cards)))
    if leaver.grants:
        told.append(words.t("staff_person.grants", count=len(leaver.grants)))
    if groups:
        told.append(f"{words.t('staff_person.groups')}: {words.t('words.comma').join(groups)}")
    return tuple(told)


def leaver_line(person: Person, leaver: Leaver, groups: Sequence[str], words: Words) -> LeaverLine:
    """Give somebody who has left."""
    return LeaverLine(
        id=person.id,
        name=words.name(person.name, person.name_en),
        number=person.staff_number or "",
        left_on=words.form_day(leaver.left_on),
        held=held_by(leaver, groups, words),
    )


def tree(
    departments: Sequence[Department],
    heads: Mapping[str, tuple[str, ...]],
    counts: Mapping[str, int],
    words: Words,
) -> tuple[DepartmentLine, ...]:
    """Give departments as a tree read downwards, by code; `heads` are names, `counts` how many are
    employed, by department."""
    parts: dict[str | None, list[Department]] = {}
    for each in departments:
        parts.setdefault(each.parent_id, []).append(each)
    lines: list[DepartmentLine] = []
    ahead = [(each, 0) for each in reversed(parts.get(None, []))]
    while ahead:
        one, depth = ahead.pop()
        name = department_name(one, words)
        lines.append(
            DepartmentLine(
                one.id, one.code, name, depth, heads.get(one.id, ()), counts.get(one.id, 0)
            )
        )
        ahead += [(each, depth + 1) for each in reversed(parts.get(one.id, []))]
    return tuple(lines)


# --- imports -----------------------------------------------------------------------------------


def tried_card(found: Tried, departments: Mapping[str, Department], words: Words) -> TriedCard:
    """Give what a file would do: what changes first, then by row."""
    order = {done: index for index, done in enumerate(_ORDER)}
    doings = sorted(found.plan.doings, key=lambda one: (order.get(one.done, 9), one.row))
    shown = [each for each in doings if each.changes or each.is_blocked][:SHOWN]
    kept, plan = found.kept, found.plan
    return TriedCard(
        id=kept.id,
        read_as=words.t(
            "csv.read_as", encoding=found.encoding, rows=kept.rows, skipped=found.sheet.skipped
        ),
        chips=tuple(_count_chip(name, count, words) for name, count in kept.counts.items()),
        wrong=tuple(
            (each.row, each.column, words.t(f"staff_code.{each.code}"))
            for each in plan.wrong[:SHOWN]
        ),
        wrong_count=len(plan.wrong),
        rows=tuple(_row_line(each, words) for each in shown),
        departments=tuple(f"{each.code} {each.name}" for each in plan.departments),
        leavers=tuple(
            (
                each.person_id,
                each.number,
                each.name,
                department_name(departments.get(each.department_id), words),
            )
            for each in plan.leavers
        ),
        shrinks=plan.shrinks,
        on=kept.effective_on.isoformat(),
        waits=kept.state is StaffImportState.TRIED,
        changes=bool(shown or plan.departments),
    )


def _row_line(doing: Doing, words: Words) -> RowLine:
    return RowLine(
        row=doing.row,
        number=doing.number,
        name=doing.name,
        chip=Chip(*_DONE[doing.done], words.t(f"staff_done.{doing.done}")),
        changes=tuple(
            (words.t(f"staff_field.{each.field}"), each.before, each.after)
            for each in doing.changes
        ),
        blocked=doing.is_blocked,
    )


def _count_chip(name: str, count: int, words: Words) -> Chip:
    tone = _DONE[StaffDone(name)] if name in set(StaffDone) else ("warn", "calendar")
    return Chip(*tone, words.t("csv.count", name=words.t(f"staff_done.{name}"), count=count))


def file_line(kept: StaffImport, words: Words) -> FileLine:
    """Give one file of the history."""
    counts = [
        words.t("csv.count", name=words.t(f"staff_done.{name}"), count=count)
        for name, count in kept.counts.items()
    ]
    return FileLine(
        when=words.when(kept.done_at or kept.tried_at),
        name=kept.file_name,
        on=kept.effective_on.isoformat(),
        chip=Chip(*_STATE[kept.state], words.t(f"staff_import.state_{kept.state}")),
        counts=words.t("words.comma").join(counts),
    )


def profile_form(profile: Profile | None, words: Words) -> StaffProfileForm:
    """Give the form of a profile, or an empty one."""
    shape = profile.shape if profile else Shape(columns={})
    return StaffProfileForm(
        id=profile.id if profile else "",
        name=profile.name if profile else "",
        encoding=shape.encoding.value,
        delimiter=shape.delimiter,
        header_row=shape.header_row,
        number_width=shape.number_width,
        columns=tuple(
            (
                field.value,
                words.t(f"staff_field.{field}"),
                "+".join(shape.columns.get(field, ())),
                shape.constants.get(field, ""),
            )
            for field in StaffField
        ),
        kinds="\n".join(f"{text} = {code}" for text, code in shape.kinds.items()),
        card_namespace=shape.card_namespace,
        make_departments=shape.make_departments,
        complete=shape.complete,
    )


def day_or_none(text: str) -> date | None:
    """Read what a form's date field sent; None for what is no date of a career."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1950 <= found.year < 2200 else None
