"""Whoever wants out gets out: no field of the policy, no mode, no lockdown, no lost clock, link or
journal keeps a request to exit from releasing its door. Only the wiring itself is the wiring."""

from __future__ import annotations

import random
import types
import typing
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.edge.conftest import (
    BOOKING,
    CARD,
    CREDENTIAL,
    DEVICE,
    DOOR,
    GRANT,
    PERSON,
    READER,
    REX,
    HandTime,
    Town,
    made_id,
)
from tests.edge.service.conftest import Rig
from wire import policy_bodies as pb
from wire.events import EventKind
from wire.identity import pin_policy_id
from wire.policy import EntryKind, encode_entry
from wire.policy_bodies import DoorMode
from wire.reasons import Reason
from wire.samples import RECIPIENT

ZONE, SCHEDULE, CALENDAR, MODE, ENROLMENT = (made_id(number) for number in range(40, 45))
ALWAYS = (pb.WeekSpan((0, 1, 2, 3, 4, 5, 6), (pb.DaySpan(0, 1440),)),)
COMBINATIONS, SEED = 60, 20261126

# What a request to exit is made of: the button, the strike, and the line to the device they are on.
WIRING = {
    (pb.DoorBody, "rex"),
    (pb.DoorBody, "strike"),
    (pb.DeviceBody, "driver"),
    (pb.DeviceBody, "port"),
    (pb.DeviceBody, "sealed"),
}

# The field whose change moves an entry elsewhere is given the door's own id as well as another.
IDS = (None, DOOR, PERSON, ZONE, SCHEDULE, made_id(99))


def entries() -> dict[tuple[EntryKind, str], pb.Body]:
    """One of every kind, all about the one door."""
    town = Town()
    town.usual()
    bodies = {(EntryKind(key.kind), key.id): body for key, body in town.bodies.items()}
    zone = pb.ZoneBody(anti_passback=pb.AntiPassback.HARD, occupancy_max=1)
    bodies[EntryKind.ZONE, ZONE] = zone
    bodies[EntryKind.SCHEDULE, SCHEDULE] = pb.ScheduleBody(week=ALWAYS, calendar=CALENDAR)
    bodies[EntryKind.HOLIDAY, CALENDAR] = pb.HolidayBody(dates=(date(2026, 11, 24),))
    bodies[EntryKind.MODE, MODE] = pb.ModeBody(door=DOOR, mode=DoorMode.LOCKDOWN, order=1)
    bodies[EntryKind.SETTING, "telemetry_s"] = pb.SettingBody(value=300)
    bodies[EntryKind.ENROLMENT, ENROLMENT] = pb.EnrolmentBody(
        reader=READER, recipient=RECIPIENT, until=datetime.fromisoformat("2040-01-01T00:00:00Z")
    )
    door = bodies[EntryKind.DOOR, DOOR]
    bodies[EntryKind.DOOR, DOOR] = msgspec.structs.replace(door, zone_in=ZONE)
    assert {type(body) for body in bodies.values()} == set(typing.get_args(pb.Body))
    return bodies


def values(hint: Any) -> Iterator[Any]:
    """The edges of a field's type; a type nobody has thought of fails the test."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        for one in args:
            yield from values(one)
    elif origin is typing.Annotated:
        meta = next(one for one in args[1:] if isinstance(one, msgspec.Meta))
        if args[0] is int:
            yield from (meta.ge or 0, meta.le if meta.le is not None else 2**40)
        elif args[0] is str:
            yield from ("x" * (meta.min_length or 0), *filter(None, IDS))
        else:
            yield from values(args[0])
    elif origin is tuple:
        yield ()
        yield from ((one,) for one in values(args[0]))
    elif hint is type(None):
        yield None
    elif hint is bool:
        yield from (False, True)
    elif hint is int:
        yield from (0, 1, 2**40)
    elif hint is str:
        yield from ("", "Asia/Tokyo", "5a" * 32, "5a" * 16)
    elif hint is datetime:
        yield from (datetime.fromisoformat(f"{year}-01-01T00:00:00Z") for year in (2020, 2040))
    elif hint is date:
        yield date(2026, 11, 24)
    elif isinstance(hint, type) and issubclass(hint, Enum):
        yield from hint
    elif hint is pb.Point:
        yield from (pb.Point(DEVICE, REX), pb.Point(DEVICE, 0, inverted=True))
    elif hint is pb.DaySpan:
        yield from (pb.DaySpan(0, 1440), pb.DaySpan(0, 1))
    elif hint is pb.WeekSpan:
        yield from (pb.WeekSpan((day,), (pb.DaySpan(0, 1440),)) for day in range(7))
    elif hint is pb.DateException:
        yield pb.DateException(date(2026, 11, 24))
    elif hint is pb.BackupCodes:
        yield pb.BackupCodes(profile="quarter", sealed="AQAA")
    else:
        raise AssertionError(f"how would {hint} block an exit? Tell this test its values")


def changes() -> Iterator[tuple[EntryKind, str, str, pb.Body]]:
    """Every entry with every field at every edge that its body takes."""
    for (kind, entry_id), body in entries().items():
        hints = typing.get_type_hints(type(body), include_extras=True)
        for name in type(body).__struct_fields__:
            if (type(body), name) in WIRING:
                continue
            for value in values(hints[name]):
                try:
                    changed = msgspec.structs.replace(body, **{name: value})
                except ValueError:
                    continue  # no entry can say so
                yield kind, entry_id, f"{type(body).__name__}.{name} = {value!r}", changed


@pytest.fixture
def rig(tmp_path: Path, time: HandTime) -> Iterator[Rig]:
    """The agent at a door, with one entry of every kind."""
    made = Rig(tmp_path / "edge.sqlite3", time, Town())
    made.policy(*coded(entries()), snapshot=True)
    yield made
    made.journal.journal._file.db.conn.close()


@pytest.fixture
def time() -> HandTime:
    return HandTime()


def coded(bodies: dict[tuple[EntryKind, str], pb.Body]) -> list[bytes]:
    return [encode_entry(kind, one, 1, body) for (kind, one), body in bodies.items()]


def asks_out(rig: Rig) -> bool:
    """Somebody presses the button; tell whether the strike moved or stood open already."""
    acts = len(rig.site.acts())
    rig.set_input(REX, True)
    rig.set_input(REX, False)
    moved = len(rig.site.acts()) > acts
    return rig.unlocked and (moved or rig.parts.memory.doors[DOOR].driven_open)


def relock(rig: Rig) -> None:
    rig.go(310, step_s=310)


def test_no_field_of_any_entry_keeps_anybody_in(rig: Rig):
    walked = set()
    for kind, entry_id, what, body in changes():
        rig.policy(encode_entry(kind, entry_id, 2, body))
        assert asks_out(rig), what
        relock(rig)
        walked.add(what.split(" = ")[0])
        rig.policy(*coded({(kind, entry_id): entries()[kind, entry_id]}))
    fields = {
        f"{body.__name__}.{name}"
        for body in typing.get_args(pb.Body)
        for name in body.__struct_fields__
        if (body, name) not in WIRING
    }
    assert walked == fields


def test_no_entry_that_is_dropped_keeps_anybody_in(rig: Rig):
    dropped = [key for key in rig.parts.memory.index._entries if key.kind not in ("door", "device")]
    assert len(dropped) >= 10
    for key in dropped:
        rig.policy(drop=[key])
        assert asks_out(rig), key
        relock(rig)


def test_no_combination_of_settings_keeps_anybody_in(rig: Rig):
    chance = random.Random(SEED)
    drawn = list(changes())
    for number in range(COMBINATIONS):
        bodies = entries()
        said = []
        for kind, entry_id, what, body in chance.sample(drawn, 12):
            bodies[kind, entry_id] = body
            said.append(what)
        rig.policy(*coded(bodies), snapshot=True)
        assert asks_out(rig), f"seed {SEED}, combination {number}: {said}"
        relock(rig)


@pytest.mark.parametrize("mode", DoorMode)
def test_no_mode_keeps_anybody_in_not_even_with_everything_else_gone(rig: Rig, mode: DoorMode):
    order = pb.ModeBody(door=DOOR, mode=mode, order=9)
    rig.policy(encode_entry(EntryKind.MODE, MODE, 3, order))
    troubles: list[Callable[[], object]] = [
        rig.disconnect,
        lambda: rig.press("111111#" * 9),
        lambda: setattr(rig.journal, "cause", "read_only"),
        lambda: setattr(rig.time, "ntp", type(rig.time.ntp)(synchronised=False, error_ms=16_000)),
        lambda: setattr(rig.journal, "cause", None),
        lambda: rig.restart(crash=True, reboot=True),
    ]
    for trouble in troubles:
        trouble()
        assert asks_out(rig)
        relock(rig)


def test_who_is_on_the_way_out_is_let_out_when_a_lockdown_begins(rig: Rig):
    rig.policy(drop=[key for key in rig.parts.memory.index._entries if key.kind == "mode"])
    assert asks_out(rig)
    rig.policy(encode_entry(EntryKind.MODE, MODE, 3, entries()[EntryKind.MODE, MODE]))
    rig.go(2)
    assert rig.unlocked
    rig.go(5)
    assert not rig.unlocked


def test_who_is_on_the_way_out_of_a_held_door_is_let_out_when_the_hold_ends(rig: Rig):
    hold = pb.ModeBody(
        door=DOOR,
        mode=DoorMode.HOLD_OPEN,
        order=9,
        expires_at=rig.time.wall_now + timedelta(seconds=60),
    )
    rig.policy(encode_entry(EntryKind.MODE, MODE, 3, hold))
    rig.go(59)
    assert asks_out(rig)
    rig.go(2)
    assert rig.unlocked
    rig.go(6)
    assert not rig.unlocked


def test_an_exit_is_told_as_one(rig: Rig):
    assert asks_out(rig)
    told = rig.last(EventKind.ACCESS_GRANTED)
    assert (told.reason, told.factor.value, told.door) == (Reason.EGRESS, "rex", DOOR)


def test_the_names_this_walk_is_made_of_are_the_policys():
    """The entries it walks are those of one door: an entry elsewhere proves nothing."""
    about = {BOOKING, CARD, CREDENTIAL, DEVICE, DOOR, GRANT, PERSON, READER}
    named = {entry_id for _, entry_id in entries()}
    assert named & about
    assert pin_policy_id(CREDENTIAL, DOOR) in named
