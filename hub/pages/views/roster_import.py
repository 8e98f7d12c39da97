"""What a roster's file would change, as people read it."""

from __future__ import annotations

from dataclasses import dataclass

from hub.pages.views.roster import OFF, cell_text
from hub.pages.words import Words
from hub.rosters.importing import TriedRoster


@dataclass(frozen=True, slots=True)
class ChangedPerson:
    """Somebody's dates that would change: date, before, after."""

    name: str
    days: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class TriedCard:
    """A file that was tried."""

    key: str
    file: str
    weeks: str
    count: int
    people: tuple[ChangedPerson, ...]
    wrong: tuple[tuple[int, int, str], ...]


def tried_roster(found: TriedRoster, words: Words) -> TriedCard:
    """Give all that it would do, or all that is wrong with it."""
    codes = {each.id: each.code for each in found.grid.codes}
    by_person: dict[str, list[tuple[str, str, str]]] = {}
    for each in found.plan.changes:
        person = each.row.person
        after = codes[each.after] if each.after else OFF
        line = (words.day(each.day), cell_text(each.before, words), after)
        by_person.setdefault(words.name(person.name, person.name_en), []).append(line)
    return TriedCard(
        key=found.key,
        file=words.t("roster_import.read", name=found.file_name, encoding=found.encoding.upper()),
        weeks=words.t(
            "roster.weeks", first=words.day(found.grid.first), last=words.day(found.grid.last)
        ),
        count=len(found.plan.changes),
        people=tuple(ChangedPerson(name, tuple(days)) for name, days in by_person.items()),
        wrong=tuple(
            (one.row, one.column, words.t(f"roster_import.code.{one.code}", text=one.text[:20]))
            for one in found.plan.wrong[:200]
        ),
    )
