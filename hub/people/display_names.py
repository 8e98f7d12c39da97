"""What an attendance terminal calls somebody: as little as its setting says."""

from __future__ import annotations

from collections.abc import Mapping

from hub.people.domain import Person
from hub.sites.domain import TERMINAL_NAMES, NameForm


def form_of(settings: Mapping[str, bool | int | str]) -> NameForm:
    """The form that a controller's settings ask for; the family name where they say nothing."""
    try:
        return NameForm(str(settings.get(TERMINAL_NAMES, NameForm.FAMILY)))
    except ValueError:
        return NameForm.NONE


def shown_name(person: Person, form: NameForm) -> str:
    """Give a person's name in a form; empty for none.

    The family name is what stands before the first space (of either width). A name that has no
    space is not cut by guess: the family name in kana stands for it, if that has one, else nothing
    does.
    """
    match form:
        case NameForm.FULL:
            return person.name.strip()
        case NameForm.KANA:
            return _family(person.name_kana) or _family(person.name)
        case NameForm.FAMILY:
            return _family(person.name) or _family(person.name_kana)
        case NameForm.STAFF_NUMBER:
            return person.staff_number or ""
        case NameForm.NONE:
            return ""


def _family(name: str) -> str:
    first, *rest = name.split() or [""]
    return first if rest else ""
