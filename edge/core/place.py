"""Where an attempt was made."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.circumstances import Circumstances
from edge.core.model import Source
from wire.policy_bodies import DoorBody, ReaderBody, Side


@dataclass(frozen=True, slots=True)
class Access:
    """A door, and the side of it that an attempt was made at."""

    door_id: str
    door: DoorBody
    side: Side


@dataclass(frozen=True, slots=True)
class Place:
    """A reader of the policy, and the way it may open: None at a terminal, or where the policy
    holds no such door."""

    reader_id: str
    reader: ReaderBody
    access: Access | None


def place_of(source: Source, about: Circumstances) -> Place | None:
    """Find the reader at a device's channel and its door."""
    reader_id = about.index.reader_at(source.device, source.channel)
    if reader_id is None:
        return None
    reader = about.index.readers[reader_id]
    door_id = reader.door if reader.side is not Side.TERMINAL else None
    door = about.index.doors.get(door_id) if door_id is not None else None
    if door_id is None or door is None:
        return Place(reader_id, reader, None)
    return Place(reader_id, reader, Access(door_id, door, reader.side))
