"""What is wrong with a form about staff, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from hub.pages.views.staff import day_or_none
from hub.pages.words import Words
from hub.web.problems import FORBIDDEN, INTERNAL, NOT_FOUND, Problem

_SPOKEN: Final = frozenset({"starts_that_day", "cycle", "inverted"})


class BadDateError(Exception):
    """A form's date is none."""


def day_of(text: str) -> date:
    """Read a date that has to be there; raise `BadDateError`."""
    found = day_or_none(text)
    if found is None:
        raise BadDateError
    return found


def last_day_of(text: str) -> date | None:
    """Read a last day, None where the field is empty; raise `BadDateError`."""
    return day_of(text) if text else None


def refusal_of(work: Callable[[], object], words: Words) -> str:
    """Do something; give what is wrong in the page's language, empty for nothing. What is not
    there and what one may not do are pages of their own, and raised."""
    try:
        work()
    except BadDateError:
        return words.t("staff_error.date")
    except Problem as problem:
        if problem.kind in (NOT_FOUND, FORBIDDEN, INTERNAL):
            raise
        return _told(problem, words)
    return ""


def _told(problem: Problem, words: Words) -> str:
    if not problem.fields:
        return words.t(f"problem.{problem.kind.code}.title")
    code = problem.fields[0].code
    if words.t.has(f"staff_code.{code}"):
        return words.t(f"staff_code.{code}")
    return words.t(f"staff_error.{code if code in _SPOKEN else 'form'}")
