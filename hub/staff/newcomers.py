"""One new member of staff: the person and their first employment, both or neither."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from hub.audit.rows import AuditedRows
from hub.database.errors import DuplicateError
from hub.database.scope import Scope
from hub.people import repository as people_rows
from hub.people.domain import Person
from hub.people.kinds import PERSON
from hub.staff import repository
from hub.staff.careers import Stint, hired
from hub.staff.domain import Place
from hub.staff.importing import NEW_PERSON
from hub.staff.rows import NUMBER, RowCode
from hub.staff.service import StaffService, check_writer, named_refusals
from hub.tabular.dates import plain
from hub.web.core import Core
from hub.web.problems import Problem, invalid
from hub.web.rights import Principal

_LONGEST: Final = 100
_TAKEN: Final = "number_taken"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who begins, as somebody wrote it: it is kept as an import does, so that a file that
    comes later finds them by their number."""

    number: str
    name: str
    kana: str = ""
    name_en: str = ""

    def values(self) -> dict[str, Any]:
        """The person's columns; raise `422 invalid` naming what cannot be."""
        number = plain(self.number)
        if not number:
            raise invalid("staff_number", RowCode.NO_NUMBER.value, "no staff number")
        if not NUMBER.fullmatch(number):
            raise invalid("staff_number", RowCode.BAD_NUMBER.value, "letters and digits, up to 40")
        texts = {
            "name": " ".join(self.name.split()),
            "name_kana": " ".join(plain(self.kana).split()),
            "name_en": " ".join(self.name_en.split()),
        }
        if not texts["name"]:
            raise invalid("name", RowCode.NO_NAME.value, "no name")
        for field, text in texts.items():
            _check_text(field, text)
        return {**NEW_PERSON, "staff_number": number, **texts}


class Newcomers:
    """Takes people up who begin to work for the town."""

    def __init__(self, core: Core, rows: AuditedRows, staff: StaffService) -> None:
        self._core = core
        self._rows = rows
        self._staff = staff

    def take_up(
        self, who: Principal, newcomer: Newcomer, place: Place, first: date, last: date | None
    ) -> Person:
        """Make a person and employ them from a day on, in one transaction.

        Raises `403 forbidden` for somebody limited to some sites, and `422 invalid` naming the
        field at fault: a number that somebody has, an unknown department or kind, a last day before
        the first.
        """
        values = newcomer.values()
        _check_text("post", place.post)

        def work(scope: Scope) -> Person:
            check_writer(who)
            scope.lock(repository.EMPLOYMENTS)
            if people_rows.id_by_staff_number(scope, values["staff_number"]) is not None:
                raise _number_taken()
            person = self._rows.add_in(scope, who, PERSON, values)
            with named_refusals():
                after = hired((), Stint(first, last, place))
                self._staff.check_places(scope, (), after)
                self._staff.write(scope, who, person.id, "hired", (), after)
            return person

        try:
            return self._core.db.write(work)
        except DuplicateError as error:  # somebody was quicker, not by way of staff
            raise _number_taken() from error


def _number_taken() -> Problem:
    return invalid("staff_number", _TAKEN, "somebody has this number")


def _check_text(field: str, text: str) -> None:
    if len(text) > _LONGEST:
        raise invalid(field, RowCode.TOO_LONG_TEXT.value, f"longer than {_LONGEST} characters")
    if "\x00" in text:
        raise invalid(field, "form", "a NUL character")
