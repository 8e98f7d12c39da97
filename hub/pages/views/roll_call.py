"""The roll call as people read it: names in big letters, by zone or by department, each with how it
is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.pages.words import Words
from hub.visitors.roll_call import Doubt, Known, RollCall, RollLine, Uncertainty


class RollBy(StrEnum):
    """How names are put together."""

    ZONE = "zone"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True)
class NameLine:
    """A name to tick off; `beside` is the department, or the zone where those are the groups."""

    name: str
    beside: str
    how: str


@dataclass(frozen=True, slots=True)
class RollGroup:
    """Names that belong together."""

    name: str
    lines: tuple[NameLine, ...]


@dataclass(frozen=True, slots=True)
class RollPage:
    """The page."""

    site: str
    site_id: str
    by: str
    at: str
    count: int
    groups: tuple[RollGroup, ...]
    doubts: tuple[str, ...]


def roll_page(found: RollCall, by: RollBy, words: Words) -> RollPage:
    """Give the page."""
    groups: dict[str, list[NameLine]] = {}
    for line in found.lines:
        groups.setdefault(_group(line, by, words), []).append(_line(line, by, words))
    last = {words.t("roll_call.place_unknown"), words.t("roll_call.visitors")}
    names = sorted(groups, key=lambda name: (name in last, name))
    site = found.site
    return RollPage(
        site=words.name(site.name, site.name_en) if site else words.t("roll_call.everywhere"),
        site_id=site.id if site else "",
        by=by.value,
        at=f"{words.date_time(found.at)}:{words.second(found.at)[-2:]}",
        count=len(found.lines),
        groups=tuple(RollGroup(name, tuple(groups[name])) for name in names),
        doubts=tuple(_doubt(each, words) for each in found.doubts),
    )


def _group(line: RollLine, by: RollBy, words: Words) -> str:
    if line.known_by is Known.REGISTER:
        return words.t("roll_call.visitors")
    if by is RollBy.DEPARTMENT:
        return line.department or words.t("roll_call.no_department")
    return line.zone or words.t("roll_call.place_unknown")


def _line(line: RollLine, by: RollBy, words: Words) -> NameLine:
    zoned = by is RollBy.ZONE or line.known_by is Known.REGISTER
    beside = line.department if zoned else line.zone
    time = words.when(line.since)
    how = words.t(f"roll_call.by_{line.known_by}_known", door=line.door, time=time)
    name = line.name or words.t("visitors.forgotten")
    return NameLine(name=name, beside=beside, how=how)


def _doubt(each: Uncertainty, words: Words) -> str:
    time = words.when(each.since) if each.since is not None else ""
    return words.t(f"roll_call.doubt_{Doubt(each.doubt)}", name=each.name, time=time)
