"""Patterns: the list, the form with its cycle, and what four weeks would look like."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from hub.pages.days import day_or
from hub.pages.views.roster import OFF, finding_text
from hub.pages.views.working_time import whole_text
from hub.pages.words import Words
from hub.rosters.domain import (
    CYCLE_MAX,
    Assignment,
    PatternKind,
    ShiftCode,
    WorkPattern,
)
from hub.rosters.previewing import PatternPreview
from hub.rosters.schemas import WorkPatternIn, as_pattern
from hub.rosters.sheet import OFF_SIGNS
from hub.tabular.dates import plain
from hub.web.problems import Problem

WEEK: Final = 7
_SIGN: Final = re.compile(r"[\s,、，;；/|]+")


@dataclass(frozen=True, slots=True)
class PatternLine:
    """A pattern in the list. `cycle` are its first days, as codes."""

    id: str
    name: str
    kind: str
    cycle: tuple[str, ...]
    more: bool
    holders: int
    retired: bool


@dataclass(frozen=True, slots=True)
class CycleCell:
    """A day of the cycle. `name` is the form's field."""

    name: str
    label: str
    typed: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class PreviewCell:
    """A date of the preview."""

    day: str
    text: str
    title: str
    tone: str


@dataclass(frozen=True, slots=True)
class PreviewCard:
    """Four weeks."""

    heads: tuple[str, ...]
    weeks: tuple[tuple[PreviewCell, ...], ...]
    span: str
    week: str
    full_week: str
    days_off: int
    odd: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatternForm:
    """The form. `days` is the length as typed; `rows` the cycle in weeks; `beyond` what was typed
    past a length that was made shorter. `errors` by field."""

    id: str
    name: str
    name_en: str
    kind: str
    days: str
    anchor: str
    rostered: bool
    retired: bool
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[CycleCell, ...]], ...]
    beyond: tuple[tuple[str, str], ...]
    fill: str
    preview_from: str
    count: int
    errors: Mapping[str, str] = field(default_factory=dict)


def pattern_lines(
    patterns: Iterable[WorkPattern],
    codes: Mapping[str, ShiftCode],
    held: Mapping[str, Sequence[Assignment]],
    words: Words,
) -> tuple[PatternLine, ...]:
    """Give the list; `held` are the assignments that have not ended, by pattern."""
    return tuple(
        PatternLine(
            id=each.id,
            name=words.name(each.name, each.name_en),
            kind=kind_text(each, words),
            cycle=tuple(_code_text(one, codes) for one in each.codes[: 2 * WEEK]),
            more=len(each.codes) > 2 * WEEK,
            holders=len(held.get(each.id, ())),
            retired=each.retired,
        )
        for each in patterns
    )


def kind_text(pattern: WorkPattern, words: Words) -> str:
    """Say how a pattern goes round."""
    length = len(pattern.codes)
    if pattern.kind is PatternKind.WEEKLY:
        return words.t("pattern.weekly")
    if length % WEEK == 0:
        return words.t("pattern.weeks", weeks=length // WEEK, days=length)
    return words.t("pattern.days_cycle", days=length)


def given_of(
    pattern: WorkPattern | None, codes: Mapping[str, ShiftCode], today: date
) -> dict[str, str]:
    """Give a pattern as its form would send it; for none an empty week from this Monday on."""
    monday = today - timedelta(days=today.weekday())
    if pattern is None:
        return {"kind": "weekly", "days": "7", "shown": "7", "anchor": monday.isoformat()}
    given = {
        "name": pattern.name,
        "name_en": pattern.name_en,
        "kind": pattern.kind.value,
        "days": str(len(pattern.codes)),
        "shown": str(len(pattern.codes)),
        "anchor": pattern.anchor.isoformat(),
        "preview_from": monday.isoformat(),
    }
    if pattern.rostered:
        given["rostered"] = "yes"
    for number, code_id in enumerate(pattern.codes):
        given[f"d{number}"] = _code_text(code_id, codes)
    return given


def length_of(given: Mapping[str, str]) -> int | None:
    """Give how many days the cycle is to have; None for what is no length."""
    if given.get("kind") == PatternKind.WEEKLY.value:
        return WEEK
    text = plain(given.get("days", ""))
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        return None
    return int(text) if 1 <= int(text) <= CYCLE_MAX else None


def filled(given: Mapping[str, str]) -> dict[str, str]:
    """Repeat the codes written in one line over the whole cycle."""
    signs = [each for each in _SIGN.split(given.get("fill", "").strip()) if each]
    length = length_of(given) or 0
    cells = {f"d{n}": signs[n % len(signs)] for n in range(length)} if signs else {}
    return {**given, **cells, "shown": str(length) if signs else given.get("shown", "")}


def pattern_form(
    pattern: WorkPattern | None,
    given: Mapping[str, str],
    wrong: Collection[int],
    errors: Mapping[str, str],
    words: Words,
) -> PatternForm:
    """Give the form with all that was typed; `wrong` are the days of the cycle that are."""
    length = length_of(given) or _shown(given)
    anchor = day_or(given.get("anchor", ""), words.today)
    weekly = given.get("kind") == PatternKind.WEEKLY.value
    start = anchor - timedelta(days=anchor.weekday()) if weekly else anchor
    whole_weeks = length % WEEK == 0
    cells = [
        CycleCell(
            name=f"d{n}",
            label=_cell_label(n, start, weekly=weekly, words=words),
            typed=given.get(f"d{n}", ""),
            wrong=n in wrong,
        )
        for n in range(length)
    ]
    rows = tuple(
        (words.t("pattern.week_number", number=n // WEEK + 1), tuple(cells[n : n + WEEK]))
        for n in range(0, length, WEEK)
    )
    return PatternForm(
        id=pattern.id if pattern else "",
        name=given.get("name", ""),
        name_en=given.get("name_en", ""),
        kind="weekly" if weekly else "cycle",
        days=given.get("days", ""),
        anchor=given.get("anchor", ""),
        rostered=given.get("rostered") == "yes",
        retired=pattern.retired if pattern else False,
        heads=_heads(start, words, by_day=not whole_weeks),
        rows=rows,
        beyond=tuple(
            (f"d{n}", given[f"d{n}"]) for n in range(length, CYCLE_MAX) if given.get(f"d{n}")
        ),
        fill=given.get("fill", ""),
        preview_from=given.get("preview_from", ""),
        count=length,
        errors=errors,
    )


def read_pattern_form(
    pattern: WorkPattern | None,
    given: Mapping[str, str],
    codes: Sequence[ShiftCode],
    words: Words,
) -> tuple[dict[str, Any], dict[str, str], list[int]]:
    """Read the form: what to write, what is wrong by field, and which days of the cycle are. A
    retired code may stay where it stands."""
    errors: dict[str, str] = {}
    length = length_of(given)
    if length is None:
        errors["days"] = words.t("pattern.error.days", most=CYCLE_MAX)
    elif length > _shown(given):
        errors["days"] = words.t("pattern.error.longer", days=length)
    held = set(pattern.codes) if pattern else set()
    known = {each.code: each.id for each in codes if not each.retired or each.id in held}
    cycle: list[str | None] = []
    wrong: list[int] = []
    for n in range(length or 0):
        text = given.get(f"d{n}", "").strip()
        if text in known or plain(text) in known:
            cycle.append(known.get(text) or known[plain(text)])
        elif not text or text in OFF_SIGNS:
            cycle.append(None)
        else:
            wrong.append(n)
    if wrong:
        which = words.t("words.comma").join(str(n + 1) for n in wrong[:10])
        typed = given.get(f"d{wrong[0]}", "").strip()[:8]
        errors["cycle"] = words.t("pattern.error.code", days=which, code=typed)
    values: dict[str, Any] = {
        "name": given.get("name", "").strip(),
        "name_en": given.get("name_en", "").strip(),
        "kind": given.get("kind", ""),
        "anchor": given.get("anchor", ""),
        "codes": cycle,
        "rostered": given.get("rostered") == "yes",
    }
    try:
        whole = as_pattern(WorkPatternIn.model_validate(values).model_dump())
    except ValidationError as found:
        for one in found.errors():
            name = str(one["loc"][0]) if one["loc"] else "name"
            errors.setdefault(name, words.t(f"pattern.error.{_word_of(name)}"))
        if "codes" in errors and len(errors) > 1:
            del errors["codes"]  # the length is the cause, and said already
        whole = {}
    return ({} if errors else whole), errors, wrong


def draft_of(values: Mapping[str, Any], at: datetime) -> WorkPattern:
    """Give a pattern that is not kept."""
    return WorkPattern("", created_at=at, updated_at=at, **values)


def refused(problem: Problem, words: Words) -> dict[str, str]:
    """What a service refused, by field."""
    found = {}
    for each in problem.fields:
        key = f"pattern.error.{each.code}"
        name = each.field.removeprefix("body.")
        text = words.t(key) if words.t.has(key) else words.t("pattern.error.text")
        found["cycle" if name == "codes" else name] = text
    return found


def preview_card(found: PatternPreview, words: Words) -> PreviewCard:
    """Give four weeks as a small calendar."""
    cells = []
    odd = {each.work_date for each in found.findings if each.work_date}
    for number, each in enumerate(found.days):
        day, plan = each.plan.work_date, each.plan
        show_month = number == 0 or day.day == 1
        tones = (
            ("off", not plan.spans),
            ("odd", day in odd),
            ("sun", day.weekday() == 6),
            ("sat", day.weekday() == 5),
            ("holiday", plan.holiday),
        )
        name = words.name(each.code.name, each.code.name_en) if each.code else ""
        cells.append(
            PreviewCell(
                day=f"{day.month}/{day.day}" if show_month else str(day.day),
                text=each.code.code if each.code else OFF,
                title=" ".join(filter(None, (name, whole_text(plan.spans, words)))),
                tone=" ".join(tone for tone, holds in tones if holds),
            )
        )
    first, last = found.days[0].plan.work_date, found.days[-1].plan.work_date
    return PreviewCard(
        heads=_heads(first, words, by_day=False),
        weeks=tuple(tuple(cells[n : n + WEEK]) for n in range(0, len(cells), WEEK)),
        span=words.t("roster.weeks", first=words.day(first), last=words.day(last)),
        week=words.clock(found.week_min),
        full_week=words.clock(found.full_week_min),
        days_off=found.days_off,
        odd=tuple(finding_text(each, words) for each in found.findings),
    )


# --- inside ------------------------------------------------------------------------------------


def _code_text(code_id: str | None, codes: Mapping[str, ShiftCode]) -> str:
    return codes[code_id].code if code_id is not None else OFF


def _shown(given: Mapping[str, str]) -> int:
    """How many days of the cycle stood in the form."""
    text = given.get("shown", "")
    is_number = text.isascii() and text.isdigit() and len(text) < 4
    return min(int(text), CYCLE_MAX) if is_number else WEEK


def _heads(first: date, words: Words, *, by_day: bool) -> tuple[str, ...]:
    if by_day:
        return tuple(str(n + 1) for n in range(WEEK))
    return tuple(words.t(f"weekday.{(first.weekday() + n) % WEEK}") for n in range(WEEK))


def _cell_label(number: int, start: date, *, weekly: bool, words: Words) -> str:
    weekday = words.t(f"weekday.{(start.weekday() + number) % WEEK}")
    return weekday if weekly else words.t("pattern.day_number", number=number + 1)


def _word_of(name: str) -> str:
    return name if name in ("anchor", "kind", "codes") else "text"
