"""A team of today, as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.pages.views.working_time import Figure, whole_text
from hub.pages.words import Words
from hub.timesheets.team import Member, PresentStanding, TeamToday


@dataclass(frozen=True, slots=True)
class MemberLine:
    """Somebody of a team today."""

    path: str
    name: str
    tone: str
    icon: str
    status: str
    since: str
    planned: str
    note: str


@dataclass(frozen=True, slots=True)
class TeamPage:
    """A team today, whoever is missing first; `away`: what is known ends there."""

    heading: str
    counts: tuple[Figure, ...]
    as_of: str
    away: str
    members: tuple[MemberLine, ...]


def team_page(team: TeamToday, words: Words) -> TeamPage:
    """Give a team."""
    order = list(_SHOWN)
    members = sorted(team.members, key=lambda one: order.index(one.standing))
    counts = {each: sum(m.standing is each for m in members) for each in order}
    return TeamPage(
        heading=words.day(words.today),
        counts=tuple(
            Figure(words.t(f"team.{each}"), words.t("team.people", count=count))
            for each, count in counts.items()
            if count
        ),
        as_of=words.when(team.as_of),
        away=words.t("words.comma").join(team.away),
        members=tuple(_member(each, words) for each in members),
    )


_SHOWN: Mapping[PresentStanding, tuple[str, str]] = {
    PresentStanding.LATE: ("warn", "alert"),
    PresentStanding.IN: ("good", "check"),
    PresentStanding.BREAK: ("good", "clock"),
    PresentStanding.SEEN: ("", "person"),
    PresentStanding.EXPECTED: ("wait", "clock"),
    PresentStanding.ELSEWHERE: ("wait", "calendar"),
    PresentStanding.LEAVE: ("", "calendar"),
    PresentStanding.LEFT: ("", "door_closed"),
    PresentStanding.OFF: ("", "calendar"),
}
"""In this order: what asks for attention first. Tone and icon of each."""


def _member(found: Member, words: Words) -> MemberLine:
    tone, icon = _SHOWN[found.standing]
    notes = [words.t(f"worktime.explained.{each.kind}") for each in found.explained]
    if found.late:
        notes.insert(0, words.t("team.came_late"))
    return MemberLine(
        path=f"/attendance/people/{found.person.id}/{found.plan.work_date.isoformat()}",
        name=words.name(found.person.name, found.person.name_en),
        tone=tone,
        icon=icon,
        status=words.t(f"team.{found.standing}"),
        since=words.when(found.since) if found.since else "",
        planned=whole_text(found.plan.due_spans, words),
        note=words.t("words.comma").join(notes),
    )
