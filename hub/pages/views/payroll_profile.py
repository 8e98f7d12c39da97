"""A payroll profile as a form: fields in words, columns, and what is wrong with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.pages.words import Words
from hub.payroll.domain import Unit
from hub.payroll.fields import ADJUSTED, FIELDS, bucket_name
from hub.payroll.profile import Column, Profile, RowKind
from hub.web.problems import Problem


def field_name(code: str, words: Words) -> str:
    """A field in words: `支給：時間外（深夜）` for `paid:overtime.night`."""
    what, _, which = code.partition(":")
    if not which:
        return words.t(f"payroll.column.{code}")
    if what == "adjusted" and which in ADJUSTED:
        name = words.t(f"payroll.column.{which}")
        return words.t("payroll.column.adjusted", which=name)
    if what == "adjusted_explained":
        name = words.t(f"worktime.explained.{which}")
        return words.t("payroll.column.adjusted", which=name)
    if what.startswith("leave_"):
        return words.t(f"payroll.column.{what}", which=words.t(f"payroll.leave.{which}"))
    is_kind = what == "explained"
    name = words.t(f"worktime.explained.{which}") if is_kind else bucket_name(which, words.t)
    return words.t(f"payroll.column.{what}", which=name)


def field_choices(rows: RowKind, words: Words) -> list[tuple[str, str, str]]:
    """What a column of such rows can show: code, name, and what it is."""
    return [(code, field_name(code, words), unit.value) for code, unit in FIELDS[rows].items()]


@dataclass(frozen=True, slots=True)
class ColumnForm:
    """One column of the editor. `form` is the way of writing that its field has."""

    title: str
    field: str
    text: str
    form: str
    width: str
    pad: str
    places: int
    blank: bool
    words: str
    lacking: str
    """The name of its field, where rows of the chosen kind have no such field."""


def column_form(column: Column, rows: RowKind, words: Words) -> ColumnForm:
    """Give a column as the editor shows it."""
    return ColumnForm(
        title=column.title,
        field=column.field or "",
        text=column.text,
        form=_form_of(column),
        width="" if column.width is None else str(column.width),
        pad=column.pad.value,
        places=column.places,
        blank=column.zero_is_empty,
        words=", ".join(f"{value}={word}" for value, word in column.words.items()),
        lacking=_lacking(column, rows, words),
    )


def _lacking(column: Column, rows: RowKind, words: Words) -> str:
    code = column.field or ""
    if not code or code in FIELDS[rows]:
        return ""
    return field_name(code, words) if any(code in each for each in FIELDS.values()) else code


def lacking(profile: Profile, words: Words) -> list[str]:
    """Give the columns whose field rows of the profile's kind lack, each in words: they stand in
    the form until somebody chooses another field or removes them."""
    named = ((n, _lacking(each, profile.rows, words)) for n, each in enumerate(profile.columns, 1))
    return [words.t("payroll.lacking_column", n=n, name=name) for n, name in named if name]


_SPOKEN: Final = frozenset({"delimiter", "file_name", "text", "width"})


def told(problem: Problem, words: Words) -> str:
    """Say what is wrong with a profile, with the columns' numbers."""
    found = []
    for each in problem.fields:
        *place, which = each.field.removeprefix("body.").split(".")
        why = words.t(f"payroll_wrong.{which}") if which in _SPOKEN else each.message
        number = int(place[1]) + 1 if len(place) == 2 and place[1].isdigit() else None
        column = "" if number is None else words.t("payroll.nth_column", n=number)
        found.append(f"{column}{why}")
    return " ".join(found) or problem.detail


def _form_of(column: Column) -> str:
    units = {code: unit for each in FIELDS.values() for code, unit in each.items()}
    unit = units.get(column.field or "")
    if unit is Unit.MINUTES:
        return f"minutes:{column.minutes.value}"
    if unit is Unit.CLOCK:
        return f"clock:{column.clock.value}"
    return f"date:{column.date.value}" if unit in (Unit.DATE, Unit.MONTH) else ""
