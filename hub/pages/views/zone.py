"""A zone as people read it: its rules, who is inside and as of when, and its doors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.pages.views.door import AlarmLine, Chip
from hub.pages.words import Words
from hub.sites.domain import Door, Zone
from hub.zones.domain import Occupancy, Whereabouts
from wire.policy_bodies import AntiPassback

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a zone; the chip says whether it is enforced or only reported, if it matters."""

    name: str
    text: str
    chip: Chip | None = None


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """A zone in the list."""

    id: str
    name: str
    site: str
    count: str
    chip: Chip | None
    rules: str


@dataclass(frozen=True, slots=True)
class InsideLine:
    """Somebody inside."""

    person_id: str
    name: str
    since: str
    door: str


@dataclass(frozen=True, slots=True)
class DoorLine:
    """A door of the zone: whether it leads in or out of it, and whether leaving by it is noted."""

    id: str
    name: str
    way: str
    chip: Chip | None


@dataclass(frozen=True, slots=True)
class ZonePage:
    """A zone's page. `inside` is None for those who may not know people."""

    line: ZoneLine
    as_of: str
    away: tuple[str, ...]
    standing_open: tuple[str, ...]
    rules: tuple[Rule, ...]
    inside: tuple[InsideLine, ...] | None
    doors: tuple[DoorLine, ...]
    forgiven: str
    alarms: tuple[AlarmLine, ...]
    stream_at: int
    may_forgive: bool


def zone_line(found: Occupancy, site: str, spans: bool, words: Words) -> ZoneLine:
    """Give a zone's line in the list."""
    zone = found.zone
    told = [rule.text for rule in rules_of(zone, spans, words)[:2]]
    return ZoneLine(
        id=zone.id,
        name=words.name(zone.name, zone.name_en),
        site=site,
        count=count_text(found, words),
        chip=state_of(found, words),
        rules=words.t("words.comma").join(told),
    )


def count_text(found: Occupancy, words: Words) -> str:
    """How many are inside, of how many that may be."""
    if found.zone.occupancy_max is None:
        return words.t("zone.count", count=found.count)
    return words.t("zone.count_of", count=found.count, max=found.zone.occupancy_max)


def state_of(found: Occupancy, words: Words) -> Chip | None:
    """What to know first: that the number is not known to be right, or that nobody more fits."""
    if found.away:
        return Chip("warn", "question", words.t("zone.not_known"))
    if found.standing_open:
        return Chip("warn", "door_open", words.t("zone.open"))
    if found.is_full:
        return Chip("warn", "person", words.t("zone.full"))
    return None


def rules_of(zone: Zone, spans: bool, words: Words) -> tuple[Rule, ...]:
    """Give the zone's rules, each with whether it is enforced."""
    t = words.t
    rules = [
        Rule(
            t("zone.anti_passback"),
            t(f"zone.anti_passback_{zone.anti_passback}"),
            None
            if zone.anti_passback is AntiPassback.NONE
            else _force(zone.anti_passback is AntiPassback.HARD, words),
        ),
        Rule(
            t("zone.occupancy_max"),
            t("zone.no_limit")
            if zone.occupancy_max is None
            else t("zone.people", count=zone.occupancy_max),
            None if zone.occupancy_max is None else _force(not spans, words),
        ),
        Rule(t("zone.forget_after"), _forget_text(zone, words)),
        Rule(t("zone.reset"), _reset_text(zone, words)),
        Rule(t("zone.controllers"), t("zone.spans" if spans else "zone.one_controller")),
    ]
    return tuple(rules)


def inside_lines(
    found: Occupancy, people: Mapping[str, str], words: Words
) -> tuple[InsideLine, ...]:
    """Give who is inside, the one who went in first first."""
    doors = {door.id: words.name(door.name, door.name_en) for door in found.doors}
    return tuple(_inside(each, people, doors, words) for each in found.inside)


def door_lines(found: Occupancy, words: Words) -> tuple[DoorLine, ...]:
    """Give the zone's doors; those by which people leave unseen say so."""
    unwatched = {door.id for door in found.unwatched}
    return tuple(
        DoorLine(
            id=door.id,
            name=words.name(door.name, door.name_en),
            way=words.t("zone.leads_in" if door.zone_in == found.zone.id else "zone.leads_out"),
            chip=Chip("warn", "question", words.t("zone.unwatched"))
            if door.id in unwatched
            else None,
        )
        for door in sorted(found.doors, key=lambda door: _by_name(door, words))
    )


def _by_name(door: Door, words: Words) -> str:
    return words.name(door.name, door.name_en)


def _inside(
    where: Whereabouts, people: Mapping[str, str], doors: Mapping[str, str], words: Words
) -> InsideLine:
    return InsideLine(
        person_id=where.person_id,
        name=people.get(where.person_id) or words.t("entries.staff_member"),
        since=words.since(where.since),
        door=doors.get(where.door_id, ""),
    )


def _force(enforced: bool, words: Words) -> Chip:
    if enforced:
        return Chip("good", "lock", words.t("zone.enforced"))
    return Chip("warn", "bell", words.t("zone.reported"))


def _forget_text(zone: Zone, words: Words) -> str:
    if zone.forget_after_s is None:
        return words.t("zone.no_end")
    if zone.forget_after_s % _DAY_S == 0:
        return words.t("zone.days", days=zone.forget_after_s // _DAY_S)
    return words.hours(-(-zone.forget_after_s // 60))


def _reset_text(zone: Zone, words: Words) -> str:
    if zone.reset_min is None:
        return words.t("zone.never")
    told = words.t("zone.every_day", time=words.clock(zone.reset_min))
    return told if zone.tz == words.zone.key else f"{told} ({zone.tz})"
