"""What the page of terminals shows: every reader that takes punches, and what it asks of a card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.attendance.service import AttendanceService
from hub.audit.rows import AuditedRows
from hub.pages.words import Words
from hub.sites import repository as sites
from hub.sites.domain import Reader, SiteState
from hub.sites.kinds import READER
from hub.sites.tables import readers
from hub.web.core import Core
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal, Right
from wire.policy_bodies import Assurance, PunchRule

TERMINALS_MAX: Final = 200
_LATELY: Final = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Level:
    """A class of assurance to choose."""

    value: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class TerminalLine:
    """A reader that takes punches. `levels`: what it can ask for; `weak`: cards that can be copied
    count; `refused`: how many taps of this week it refused, None for who may not know."""

    id: str
    name: str
    place: str
    rule: str
    asks: str
    weak: bool
    levels: tuple[Level, ...]
    refused: int | None


@dataclass(frozen=True, slots=True)
class TerminalPages:
    """Reads for the page of terminals, and its one change."""

    core: Core
    rows: AuditedRows
    attendance: AttendanceService

    def lines(self, who: Principal, words: Words) -> tuple[TerminalLine, ...]:
        """Give every reader that takes punches, within somebody's reach."""
        where = readers.c.punch != PunchRule.NONE, readers.c.state == SiteState.ACTIVE
        found = self.rows.page(who, READER, None, TERMINALS_MAX, *where).items
        refused = self._refused(who, words)
        with self.core.db.read() as scope:
            doors = sites.doors_by_id(scope, {each.door_id for each in found if each.door_id})
        return tuple(
            TerminalLine(
                id=each.id,
                name=each.name,
                place=words.name(doors[each.door_id].name, doors[each.door_id].name_en)
                if each.door_id in doors
                else words.t("terminals.no_door"),
                rule=words.t(f"terminals.rule_{each.punch}"),
                asks=words.t(f"terminals.{each.min_assurance}"),
                weak=each.min_assurance is Assurance.IDENTIFIER,
                levels=_levels(each, words),
                refused=None if refused is None else refused.get(each.id, 0),
            )
            for each in found
        )

    def ask_for(self, who: Principal, reader_id: str, level: str) -> None:
        """Let a reader ask for an assurance; raises `invalid` for one that no card comes to."""
        if level not in set(Assurance):
            raise Problem(NOT_FOUND, "no such class of assurance")
        self.rows.change(who, READER, reader_id, {"min_assurance": Assurance(level)})

    def _refused(self, who: Principal, words: Words) -> dict[str, int] | None:
        if not who.may(Right.ATTENDANCE_READ):
            return None
        counts: dict[str, int] = {}
        for tap in self.attendance.refused(who, words.today - _LATELY, words.today, None):
            counts[tap.reader_id] = counts.get(tap.reader_id, 0) + 1
        return counts


def _levels(reader: Reader, words: Words) -> tuple[Level, ...]:
    return tuple(
        Level(each, words.t(f"terminals.{each}"), each is reader.min_assurance)
        for each in Assurance
        if each.rank <= reader.best_assurance.rank
    )
