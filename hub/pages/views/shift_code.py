"""Shift codes: the list, and the form that gives back all that was typed into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from hub.pages.views.working_time import spans_text, whole_text
from hub.pages.words import Words
from hub.rosters.domain import ShiftCode, Stretch, WorkPattern
from hub.rosters.schemas import ShiftCodeIn, as_code
from hub.rosters.shift_times import minute_text, read_minute
from hub.tabular.dates import BadDateError
from hub.web.problems import Problem
from hub.worktime.minutes import total

LINES_MAX: Final = 12
"""Of stretches, and of breaks."""
_LEAST: Final = {"stretch": 2, "break": 3}
_OF_FIELD: Final = {"stretches": "stretch", "breaks": "break"}


@dataclass(frozen=True, slots=True)
class ShiftCodeLine:
    """A code in the list."""

    id: str
    code: str
    name: str
    hours: str
    breaks: str
    regular: str
    patterns: tuple[str, ...]
    retired: bool


@dataclass(frozen=True, slots=True)
class TimeLine:
    """From when to when, as it was typed. `number` counts from 0."""

    number: int
    start: str
    end: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class ShiftCodeForm:
    """The form. `errors` by field: code, name, name_en, stretch, break."""

    id: str
    code: str = ""
    name: str = ""
    name_en: str = ""
    retired: bool = False
    stretches: tuple[TimeLine, ...] = ()
    breaks: tuple[TimeLine, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


def code_lines(
    codes: Iterable[ShiftCode], patterns: Sequence[WorkPattern], words: Words
) -> tuple[ShiftCodeLine, ...]:
    """Give the list, each with the patterns in which it stands."""
    return tuple(
        ShiftCodeLine(
            id=each.id,
            code=each.code,
            name=words.name(each.name, each.name_en),
            hours=_hours(each, words),
            breaks=spans_text(each.break_spans, words),
            regular=words.clock(total(each.spans)),
            patterns=tuple(
                words.name(one.name, one.name_en) for one in patterns if each.id in one.codes
            ),
            retired=each.retired,
        )
        for each in codes
    )


def code_form(code: ShiftCode | None) -> ShiftCodeForm:
    """Give the form of a code; an empty one for none."""
    if code is None:
        return ShiftCodeForm("", stretches=_lines("stretch", []), breaks=_lines("break", []))
    return ShiftCodeForm(
        id=code.id,
        code=code.code,
        name=code.name,
        name_en=code.name_en,
        retired=code.retired,
        stretches=_lines("stretch", [_written(each) for each in code.stretches]),
        breaks=_lines("break", [_written(each) for each in code.breaks]),
    )


def typed_form(
    code: ShiftCode | None, given: Mapping[str, str], errors: Mapping[str, str]
) -> ShiftCodeForm:
    """Give the form as it was sent, with what is wrong."""
    return ShiftCodeForm(
        id=code.id if code else "",
        code=given.get("code", ""),
        name=given.get("name", ""),
        name_en=given.get("name_en", ""),
        retired=code.retired if code else False,
        stretches=_lines("stretch", _typed(given, "stretch")),
        breaks=_lines("break", _typed(given, "break")),
        errors=errors,
    )


def read_code_form(given: Mapping[str, str], words: Words) -> tuple[dict[str, Any], dict[str, str]]:
    """Read the form: what to write, or what is wrong by field."""
    errors: dict[str, str] = {}
    values: dict[str, Any] = {
        name: given.get(name, "").strip() for name in ("code", "name", "name_en")
    }
    for name, kind in _OF_FIELD.items():
        values[name] = []
        for number, (start, end) in enumerate(_typed(given, kind), 1):
            if not start.strip() and not end.strip():
                continue
            try:
                values[name].append({"start": read_minute(start), "end": read_minute(end)})
            except BadDateError:
                errors[kind] = words.t("shift.error.time", number=number)
    if not errors:
        try:
            whole = ShiftCodeIn.model_validate(values).model_dump()
            return as_code(whole), {}
        except ValidationError as wrong:
            for one in wrong.errors():
                name = str(one["loc"][0]) if one["loc"] else "name"
                errors[_OF_FIELD.get(name, name)] = words.t(f"shift.error.{_word_of(name)}")
    return {}, errors


def refused(problem: Problem, words: Words) -> dict[str, str]:
    """What a service refused, by field."""
    found = {}
    for each in problem.fields:
        name = each.field.removeprefix("body.")
        key = f"shift.error.{each.code}"
        text = words.t(key) if words.t.has(key) else words.t("shift.error.text")
        found[_OF_FIELD.get(name, name)] = text
    return found


# --- inside ------------------------------------------------------------------------------------


def _word_of(name: str) -> str:
    return name if name == "code" else "text"


def _hours(code: ShiftCode, words: Words) -> str:
    whole = whole_text(code.spans, words)
    return whole or words.t("roster.off")


def _written(stretch: Stretch) -> tuple[str, str]:
    return minute_text(stretch.start), minute_text(stretch.end)


def _typed(given: Mapping[str, str], kind: str) -> list[tuple[str, str]]:
    found = [
        (given.get(f"{kind}_start_{n}", ""), given.get(f"{kind}_end_{n}", ""))
        for n in range(LINES_MAX)
    ]
    while found and not "".join(found[-1]).strip():
        found.pop()
    return found


def _lines(kind: str, found: Sequence[tuple[str, str]]) -> tuple[TimeLine, ...]:
    """One more line than is filled, up to the most there may be."""
    shown = min(LINES_MAX, max(_LEAST[kind], len(found) + 1))
    padded = [*found, *([("", "")] * shown)][:shown]
    return tuple(
        TimeLine(number, start, end, _is_wrong(start, end))
        for number, (start, end) in enumerate(padded)
    )


def _is_wrong(start: str, end: str) -> bool:
    if not start.strip() and not end.strip():
        return False
    try:
        return read_minute(start) >= read_minute(end)
    except BadDateError:
        return True
