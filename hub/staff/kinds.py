"""The kinds of employment that the town's ordinances know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hub.worktime.ordinance import Ordinance, Ordinances


class EmploymentKinds:
    """The kinds of employment of a town's ordinances."""

    def __init__(self, ordinances: Ordinances) -> None:
        self._ordinances = ordinances

    def titles(self, today: date) -> Mapping[str, str]:
        """Give the titles by code of those that hold on a date or will: each as the last version
        that knows it calls it."""
        found: dict[str, str] = {}
        for version in self._within(today, None):
            found |= {code: kind.title for code, kind in version.kinds.items()}
        return found

    def problem(self, code: str, first: date, last: date | None) -> str | None:
        """Say why somebody cannot be employed by a kind from a date through another (None: until
        further notice); None where they can. Before the first ordinance nothing is reckoned."""
        for version in self._within(first, last):
            if code not in version.kinds:
                known = ", ".join(version.kinds)
                return f"the ordinance from {version.since} has no kind {code}; it knows {known}"
        return None

    def _within(self, first: date, last: date | None) -> list[Ordinance]:
        versions = self._ordinances.versions
        ends = [later.since for later in versions[1:]]
        return [
            version
            for version, end in zip(versions, [*ends, date.max], strict=True)
            if end > first and (last is None or version.since <= last)
        ]
