"""At which sides of a door a way in counts, and whether a card proves enough there. Pure.

What a reader vouches for is never more than its driver tells: the door reckons so as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hub.people.domain import Card, Grant
from hub.sites.domain import Door, Reader, SiteState
from wire.policy_bodies import Assurance, DeviceDriver, Side, zone_granted

_VOUCHES: Final = {
    DeviceDriver.OSDP: Assurance.READER_VERIFIED,
    DeviceDriver.PCSC: Assurance.IDENTIFIER,
    DeviceDriver.GPIO: Assurance.IDENTIFIER,
    DeviceDriver.SERIAL_LOCK: Assurance.IDENTIFIER,
    DeviceDriver.VIRTUAL: Assurance.CHALLENGE,
}
"""The most that a driver says of a card by itself; a test holds it to the edge's drivers."""
_CHALLENGES: Final = frozenset({DeviceDriver.PCSC, DeviceDriver.VIRTUAL})
"""Drivers that let a card prove itself to the controller."""
SIDES: Final = (Side.ENTRY, Side.EXIT)


@dataclass(frozen=True, slots=True)
class DoorReader:
    """A reader of a door as far as it decides how sure one may be of a card."""

    side: Side
    vouches: Assurance
    challenges: bool

    def proves(self, card: Card) -> Assurance:
        """How sure it makes the door of a card."""
        has_key = card.public_key is not None or card.has_key
        return Assurance.CHALLENGE if self.challenges and has_key else self.vouches


@dataclass(frozen=True, slots=True)
class DoorSides:
    """A door, its card readers in use, and the sides that have one or a keypad."""

    door: Door
    readers: tuple[DoorReader, ...]
    keypads: frozenset[Side]

    @classmethod
    def of(
        cls, door: Door, readers: Iterable[Reader], drivers: Mapping[str, DeviceDriver]
    ) -> DoorSides:
        """Take them from the door's readers and the drivers of their devices, by id."""
        used = [each for each in readers if each.state is SiteState.ACTIVE]
        return cls(
            door,
            tuple(_reader(each, drivers[each.device_id]) for each in used if each.cards),
            frozenset(each.side for each in used if each.keypad),
        )

    def of_grant(self, grant: Grant) -> tuple[Side, ...]:
        """The sides at which a grant counts for cards."""
        there = {each.side for each in self.readers}
        return tuple(side for side in SIDES if side in there and self._counts(grant, side))

    def proven(self, card: Card, side: Side) -> bool:
        """Whether some reader at a side makes the door sure enough of a card."""
        least = self.door.min_assurance.rank
        return any(each.side is side and each.proves(card).rank >= least for each in self.readers)

    def _counts(self, grant: Grant, side: Side) -> bool:
        if grant.zone_id is None:
            return True
        return grant.zone_id == zone_granted(self.door.zone_in, self.door.zone_out, side)


def _reader(reader: Reader, driver: DeviceDriver) -> DoorReader:
    vouches = min(reader.assurance, _VOUCHES[driver], key=lambda each: each.rank)
    return DoorReader(reader.side, vouches, driver in _CHALLENGES)
