"""A payroll profile as the editor's form sends it: read, its columns added, moved, removed."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.datastructures import FormData

from hub.payroll.profile import Column, Pad, Profile

COLUMNS_MAX: Final = 200


def text_of(given: FormData, name: str) -> str:
    """Give a field of the form, empty where it has none."""
    value = given.get(name, "")
    if not isinstance(value, str) or "\x00" in value:
        return ""
    return value


def wanted(given: FormData, what: str) -> Profile:
    """Read the form; raise `ValueError` for what is no profile. `what` may be a button of a column:
    `add`, `up-3`, `down-3`, `remove-3`."""
    count = min(int(text_of(given, "count") or 0), COLUMNS_MAX)
    columns = _arranged([_column(given, number) for number in range(count)], what)
    made = {
        "title": text_of(given, "name").strip(),
        "rows": text_of(given, "rows"),
        "columns": columns,
        "encoding": text_of(given, "encoding"),
        "crlf": text_of(given, "crlf") == "yes",
        "header": text_of(given, "header") == "yes",
        "delimiter": text_of(given, "delimiter") or ",",
        "quoting": text_of(given, "quoting"),
        "skip_empty": text_of(given, "skip_empty") == "yes",
        "file_name": text_of(given, "file_name").strip(),
    }
    return msgspec.convert(made, Profile)


def _arranged(columns: list[Column], what: str) -> tuple[Column, ...]:
    verb, _, number = what.partition("-")
    at = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else -1
    if verb == "add" and len(columns) < COLUMNS_MAX:
        columns.append(Column())
    elif verb == "remove" and 0 <= at < len(columns) and len(columns) > 1:
        del columns[at]
    elif verb in ("up", "down") and 0 <= at < len(columns):
        other = at + (-1 if verb == "up" else 1)
        if 0 <= other < len(columns):
            columns[at], columns[other] = columns[other], columns[at]
    return tuple(columns)


def focus_after(what: str, count: int) -> str:
    """Give the field on which somebody at the keyboard goes on after a button: the same button of
    the column that moved, the column that was added, or that took a removed one's place; `rows`
    where the row's kind was taken over."""
    verb, _, number = what.partition("-")
    if verb == "add":
        return f"title_{count - 1}"
    if not (number.isascii() and number.isdigit() and len(number) < 4):
        return "rows" if verb == "rows" else ""
    at = int(number)
    if verb == "remove":
        return f"title_{min(at, count - 1)}"
    moved = min(max(at + (-1 if verb == "up" else 1), 0), count - 1)
    return f"{verb}_{moved}" if verb in ("up", "down") else ""


def _column(given: FormData, number: int) -> Column:
    def text(name: str) -> str:
        return text_of(given, f"{name}_{number}").strip()

    kind, _, form = text("form").partition(":")
    field = text("field") or None
    width = text("width")
    made = {
        "title": text("title"),
        "field": field,
        "text": "" if field else text("text"),
        "pad": text("pad") or Pad.NONE.value,
        "places": int(text("places") or Column().places),
        "width": int(width) if width.isascii() and width.isdigit() else None,
        "zero_is_empty": text("blank") == "yes",
        "words": _pairs(text("words")),
    }
    if kind in ("minutes", "clock", "date"):
        made[kind] = form
    return msgspec.convert(made, Column)


def _pairs(text: str) -> dict[str, str]:
    """Read `overtime=101, day_off=111`."""
    pairs = (part.partition("=") for part in text.split(","))
    return {value.strip(): word.strip() for value, sign, word in pairs if sign and value.strip()}
