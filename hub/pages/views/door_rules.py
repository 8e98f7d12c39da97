"""By what rules a door opens: the hold by schedule, the first person, two persons, its zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.commands.access import HoldNow
from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.sites.domain import Door, Zone
from wire.policy_bodies import DaySpan, FirstPerson


@dataclass(frozen=True, slots=True)
class ZoneLink:
    """A zone of the door, and whether the door leads into or out of it."""

    id: str
    name: str
    way: str


@dataclass(frozen=True, slots=True)
class DoorRules:
    """The rules part of a door's page; empty texts for rules that the door has not."""

    hold: str
    hold_today: str
    hold_chip: Chip | None
    first_person: str
    firsts: str
    first_chip: Chip | None
    two_person: str
    interlock: str
    shelter: str
    zones: tuple[ZoneLink, ...]

    @property
    def any(self) -> bool:
        """Whether there is anything to show."""
        told = (self.hold, self.first_person, self.two_person, self.interlock, self.shelter)
        return any(told) or bool(self.zones)


def door_rules(
    door: Door,
    hold: HoldNow | None,
    firsts: Sequence[str] | None,
    zones: Sequence[Zone],
    words: Words,
) -> DoorRules:
    """Give what the page says. `firsts` names those who count as the first person; None where the
    reader may not know them."""
    waits = door.first_person is not FirstPerson.NONE
    return DoorRules(
        hold=words.name(hold.schedule.name, hold.schedule.name_en) if hold else "",
        hold_today=words.t("door_rules.today", spans=spans_text(hold.today, words)) if hold else "",
        hold_chip=Chip("wait", "door_open", words.t("door_rules.holds_now"))
        if hold is not None and hold.holds
        else None,
        first_person=words.t(f"door_rules.first_{door.first_person}") if waits else "",
        firsts=words.t("door_rules.firsts", names=words.t("words.comma").join(firsts))
        if waits and firsts
        else "",
        first_chip=Chip("bad", "alert", words.t("door_rules.nobody_is_first"))
        if waits and firsts is not None and not firsts
        else None,
        two_person=words.t("door_rules.within", seconds=door.second_person_ms // 1_000)
        if door.two_person
        else "",
        interlock=words.t("door_rules.interlock_with", name=door.interlock)
        if door.interlock
        else "",
        shelter=words.t("door_rules.shelter_opens") if door.shelter else "",
        zones=tuple(
            ZoneLink(
                zone.id,
                words.name(zone.name, zone.name_en),
                words.t("zone.leads_in" if zone.id == door.zone_in else "zone.leads_out"),
            )
            for zone in zones
        ),
    )


def spans_text(spans: Sequence[DaySpan], words: Words) -> str:
    """`8:30–12:00、13:00–17:15`; in words where there is none."""
    told = [f"{words.clock(span.start_min)}–{words.clock(span.end_min)}" for span in spans]
    return words.t("words.comma").join(told) or words.t("door_rules.not_today")
