"""The policy as `decide` reads it: every look-up costs the same however many entries there are.

A change is first prepared (everything decoded and judged, nothing touched), then stored by the
shell, then swapped in; preparing and swapping cost O(change), and the digest is the sum over
exactly the entries in the index. An entry that cannot be taken is rejected by name; the rest goes
in. One thread reads and swaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias, TypeVar

from edge.core.policy_entries import Accepted, Prepared, read_entry
from edge.core.windows import Schedule
from wire import policy_bodies as pb
from wire.messages import Rejected
from wire.policy import EntryKey, EntryKind, PolicyDigest

_K = TypeVar("_K")
_B = TypeVar("_B")
_Multi: TypeAlias = dict[_K, dict[str, _B]]

_NONE: Final[Mapping[str, pb.GrantBody]] = {}


class InputRole:
    """What an input means to a door; the name of its field in `DoorBody`."""

    CONTACT = "contact"
    BOLT = "bolt"
    REX = "rex"
    MECHANICAL_KEY = "mechanical_key"
    BELL = "bell"
    ALL = (CONTACT, BOLT, REX, MECHANICAL_KEY, BELL)


@dataclass(frozen=True, slots=True)
class DoorInput:
    """An input of a door, found by the device and channel it is wired to."""

    door: str
    role: str
    inverted: bool


def count_name(grant_id: str, grant: pb.GrantBody) -> str:
    """Give the name under which a grant's uses are counted: its own id, unless it shares one."""
    return grant.counted_as or grant_id


class PolicyIndex:
    """All look-ups of the decision, O(1) each."""

    def __init__(self) -> None:
        self._entries: dict[EntryKey, Accepted] = {}
        self._rejected: dict[EntryKey, Rejected] = {}
        self._digest = PolicyDigest()
        self.doors: dict[str, pb.DoorBody] = {}
        self.readers: dict[str, pb.ReaderBody] = {}
        self.devices: dict[str, pb.DeviceBody] = {}
        self.settings: dict[str, bool | int | str] = {}
        self.zones: dict[str, pb.ZoneBody] = {}
        self._persons: dict[str, pb.PersonFlagsBody] = {}
        self._schedules: dict[str, Schedule] = {}
        self._calendars: dict[str, frozenset[date]] = {}
        self._pins: _Multi[tuple[str, str], pb.PinBody] = {}
        self._cards: _Multi[tuple[str, str], pb.CardBody] = {}
        self._sealed_cards: _Multi[tuple[str, str], pb.CardBody] = {}
        self._grants: _Multi[tuple[str, str], pb.GrantBody] = {}
        self._counted: _Multi[str, pb.GrantBody] = {}
        self._modes: _Multi[str, pb.ModeBody] = {}
        self._enrolments: _Multi[str, pb.EnrolmentBody] = {}
        self._reader_at: _Multi[tuple[str, int], pb.ReaderBody] = {}
        self._inputs: _Multi[tuple[str, int], DoorInput] = {}

    # --- change ----------------------------------------------------------------------------------

    def prepare(self, put: Iterable[bytes], drop: Iterable[EntryKey] = ()) -> Prepared:
        """Read a change; the last of several entries with one key counts."""
        read: dict[EntryKey, Accepted | Rejected] = {}
        for data in put:
            entry = read_entry(data)
            key = entry.key if isinstance(entry, Accepted) else EntryKey(entry.kind, entry.id)
            read[key] = entry
        return Prepared(
            put=tuple(entry for entry in read.values() if isinstance(entry, Accepted)),
            gone=frozenset(drop).difference(read),
            rejected=tuple(entry for entry in read.values() if isinstance(entry, Rejected)),
        )

    def swap(self, change: Prepared) -> None:
        """Make a prepared change part of the index and of its digest."""
        for key in change.gone:
            self._remove(key)
        for refused in change.rejected:
            key = EntryKey(refused.kind, refused.id)
            self._remove(key)
            self._rejected[key] = refused
        for entry in change.put:
            self._remove(entry.key)
            self._entries[entry.key] = entry
            self._digest.add(entry.digest)
            self._place(entry.key.id, entry.body)

    def _remove(self, key: EntryKey) -> None:
        self._rejected.pop(key, None)
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._digest.remove(entry.digest)
            self._displace(key.id, entry.body)

    def _place(self, entry_id: str, body: pb.Body) -> None:
        match body:
            case pb.DoorBody():
                self.doors[entry_id] = body
                for point, found in _inputs_of(entry_id, body):
                    self._inputs.setdefault(point, {})[entry_id + found.role] = found
            case pb.ScheduleBody():
                self._schedules[entry_id] = Schedule.of(body)
            case pb.HolidayBody():
                self._calendars[entry_id] = frozenset(body.dates)
            case pb.PersonFlagsBody():
                self._persons[entry_id] = body
            case pb.DeviceBody():
                self.devices[entry_id] = body
            case pb.SettingBody():
                self.settings[entry_id] = body.value
            case pb.PinBody():
                self._pins.setdefault((body.door, body.digest), {})[entry_id] = body
            case pb.CardBody():
                self._cards.setdefault((body.namespace, body.digest), {})[entry_id] = body
                if body.sealed is not None:
                    name = (body.namespace, body.digest)
                    self._sealed_cards.setdefault(name, {})[entry_id] = body
            case pb.GrantBody():
                self._grants.setdefault((_place(body), _subject(body)), {})[entry_id] = body
                self._counted.setdefault(count_name(entry_id, body), {})[entry_id] = body
            case pb.ModeBody():
                self._modes.setdefault(body.door, {})[entry_id] = body
            case pb.ReaderBody():
                self.readers[entry_id] = body
                self._reader_at.setdefault((body.device, body.channel), {})[entry_id] = body
            case pb.ZoneBody():
                self.zones[entry_id] = body
            case pb.EnrolmentBody():
                self._enrolments.setdefault(body.reader, {})[entry_id] = body

    def _displace(self, entry_id: str, body: pb.Body) -> None:
        match body:
            case pb.DoorBody():
                del self.doors[entry_id]
                for point, found in _inputs_of(entry_id, body):
                    _forget(self._inputs, point, entry_id + found.role)
            case pb.ScheduleBody():
                del self._schedules[entry_id]
            case pb.HolidayBody():
                del self._calendars[entry_id]
            case pb.PersonFlagsBody():
                del self._persons[entry_id]
            case pb.DeviceBody():
                del self.devices[entry_id]
            case pb.SettingBody():
                del self.settings[entry_id]
            case pb.PinBody():
                _forget(self._pins, (body.door, body.digest), entry_id)
            case pb.CardBody():
                _forget(self._cards, (body.namespace, body.digest), entry_id)
                if body.sealed is not None:
                    _forget(self._sealed_cards, (body.namespace, body.digest), entry_id)
            case pb.GrantBody():
                _forget(self._grants, (_place(body), _subject(body)), entry_id)
                _forget(self._counted, count_name(entry_id, body), entry_id)
            case pb.ModeBody():
                _forget(self._modes, body.door, entry_id)
            case pb.ReaderBody():
                del self.readers[entry_id]
                _forget(self._reader_at, (body.device, body.channel), entry_id)
            case pb.ZoneBody():
                del self.zones[entry_id]
            case pb.EnrolmentBody():
                _forget(self._enrolments, body.reader, entry_id)

    # --- what is held ----------------------------------------------------------------------------

    @property
    def digest(self) -> str:
        """The digest over exactly what is in the index."""
        return self._digest.hex

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """What the policy holds and the index does not."""
        return tuple(self._rejected.values())

    def holds(self, kind: EntryKind, entry_id: str) -> bool:
        """Whether an entry is in the index."""
        return EntryKey(kind.value, entry_id) in self._entries

    def counts(self, name: str) -> bool:
        """Whether a grant in the index counts its uses under a name."""
        return name in self._counted

    def __len__(self) -> int:
        return len(self._entries)

    # --- look-ups --------------------------------------------------------------------------------

    def reader_at(self, device: str, channel: int) -> str | None:
        """The reader on a device's channel; of several, always the same one."""
        found = self._reader_at.get((device, channel))
        return min(found) if found else None

    def inputs_at(self, device: str, channel: int) -> Iterable[DoorInput]:
        """What an input means, to each door it is wired to."""
        return self._inputs.get((device, channel), {}).values()

    def pins(self, door: str, digest: str) -> Iterable[pb.PinBody]:
        """The PINs of a door with that digest: several where windows do not overlap."""
        return self._pins.get((door, digest), {}).values()

    def door_pins(self, door: str) -> Iterable[pb.PinBody]:
        """All PINs of a door; costs as much as there are PINs."""
        for (at, _), found in self._pins.items():
            if at == door:
                yield from found.values()

    def cards(self, namespace: str, digest: str) -> Iterable[pb.CardBody]:
        """The cards with that identity."""
        return self._cards.get((namespace, digest), {}).values()

    def sealed_cards(self) -> dict[tuple[str, str], pb.CardBody]:
        """The cards that share a key with us, by namespace and digest: a copy of its own. Of
        several under one identity, one that counts."""
        return {
            name: min(cards.values(), key=lambda card: card.state is not pb.EntryState.ACTIVE)
            for name, cards in self._sealed_cards.items()
        }

    def grants(self, door: str, subject: str, side: pb.Side) -> Mapping[str, pb.GrantBody]:
        """The grants that join a credential, person or group to a side of a door, by id: those to
        the door, and those to the zone that this side leads into; where it leads into none, to the
        zone that it leads out of."""
        own = self._grants.get((door, subject), _NONE)
        body = self.doors.get(door)
        zone = None if body is None else pb.zone_granted(body.zone_in, body.zone_out, side)
        if zone is None:
            return own
        of_zone = self._grants.get((zone, subject), _NONE)
        return {**own, **of_zone} if own and of_zone else own or of_zone

    def grant(self, grant: str | None) -> pb.GrantBody | None:
        """A grant by its id."""
        entry = self._entries.get(EntryKey(EntryKind.GRANT.value, grant or ""))
        return entry.body if entry is not None and isinstance(entry.body, pb.GrantBody) else None

    def enrolments(self, reader: str) -> Mapping[str, pb.EnrolmentBody]:
        """The enrolments at a reader, over or not, by id."""
        return self._enrolments.get(reader, {})

    def modes(self, door: str) -> Iterable[pb.ModeBody]:
        """The mode entries of a door, in force or not."""
        return self._modes.get(door, {}).values()

    def person(self, person: str | None) -> pb.PersonFlagsBody | None:
        """What is known of a person."""
        return self._persons.get(person) if person is not None else None

    def schedule(self, schedule: str) -> Schedule | None:
        """A schedule, ready for asking."""
        return self._schedules.get(schedule)

    def holidays(self, calendar: str) -> frozenset[date] | None:
        """The dates of a holiday calendar."""
        return self._calendars.get(calendar)


def _place(body: pb.GrantBody) -> str:
    """Ids are UUIDs, so one look-up serves doors and zones."""
    return body.door or body.zone or ""


def _subject(body: pb.GrantBody) -> str:
    """Ids are UUIDs, so one look-up serves all three sorts of subject."""
    return body.credential or body.person or body.group or ""


def _inputs_of(door: str, body: pb.DoorBody) -> Iterable[tuple[tuple[str, int], DoorInput]]:
    for role in InputRole.ALL:
        point: pb.Point | None = getattr(body, role)
        if point is not None:
            yield (point.device, point.channel), DoorInput(door, role, point.inverted)


def _forget(multi: _Multi[_K, _B], key: _K, entry_id: str) -> None:
    found = multi[key]
    del found[entry_id]
    if not found:
        del multi[key]
