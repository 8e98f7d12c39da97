"""Where months come from: what payroll asks of timesheets, and nothing else of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.payroll.domain import MonthRow, PunchRow
from hub.web.rights import Principal
from hub.worktime.domain import Month


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose months are asked for: a department's with those below it, one person's, or all."""

    month: Month
    department_id: str | None = None
    person_id: str | None = None


class MonthSource(Protocol):
    """Gives months by department code, then kana, then staff number."""

    def months(self, who: Principal, asked: Asked) -> Sequence[MonthRow]:
        """Give months as they stand: closed ones as they were closed, with what changed since as
        adjustments; open ones as they are reckoned now."""
        ...

    def punches(self, who: Principal, asked: Asked) -> Sequence[PunchRow]:
        """Give the punches that count, corrections applied."""
        ...

    def department(self, department_id: str) -> tuple[str, str]:
        """Give a department's code and name; raise `404 not_found`."""
        ...

    def departments(self, who: Principal) -> Sequence[tuple[str, str]]:
        """Give the departments that may be asked for: id and name, in the order of their codes."""
        ...
