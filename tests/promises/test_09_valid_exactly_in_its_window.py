"""Valid exactly in [start, end): a PIN opens from the first microsecond of its effective window to
the last, wherever daylight saving or a leap day falls; and what is good once opens once, whoever
else tries it at the same moment."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.bootstrap import build
from edge.controller_files import load_controller
from edge.drivers.virtual import VirtualDriver
from edge.ports import TimeSample
from edge.settings import load_settings
from hub.bookings.windows import BookedWindow, BookingRules
from tests.edge.conftest import BOOKING, DEVICE, DOOR, READER, made_id
from tests.edge.service.conftest import Rig
from tests.edge.service.test_backup_codes import Codes
from tests.edge.test_agent import _make_installation
from tests.edge.test_agent_osdp import _leave_policy
from tests.promises.pins_bench import (
    BESIDE_READER,
    OTHER_DOOR,
    OTHER_READER,
    openings,
    quick_folder,
    rig_at,
)
from wire import policy_bodies as pb
from wire.events import AccessBody, decode_event_body, decode_row
from wire.identity import pin_policy_id
from wire.pins import pin_digest
from wire.policy import EntryKind, encode_entry
from wire.reasons import Reason

US = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
ZONES = ["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
PIN = "482915"
RACES = 10


def _at(rig: Rig, moment: datetime) -> None:
    """It is that moment, to the microsecond."""
    away = (moment - rig.loop.now().at) // US
    assert away >= 0, "time never goes back"
    rig.time.mono += away * 1_000
    rig.time.wall_now += away * US
    rig.site.advance(rig.time.mono)
    rig.settle()
    assert rig.loop.now().at == moment


def _begin(rig: Rig, moment: datetime, away_ns: int = 10**12) -> None:
    """The hub's signed time is exactly that moment."""
    rig.time.mono += away_ns
    rig.time.wall_now = moment
    sample = TimeSample(moment, rig.time.mono, rig.time.mono)
    rig.parts.uplinks._perform([sample], rig.loop.now())
    rig.settle()
    assert rig.loop.now().at == moment


def _opens(rig: Rig, moment: datetime) -> Reason:
    _at(rig, moment)
    before = openings(rig)
    rig.press(f"{PIN}#")
    reason = _reason(rig)
    assert (openings(rig) > before) == (reason is Reason.PIN_VALID)
    return reason


def _reason(rig: Rig) -> Reason:
    bodies = [decode_event_body(event) for event in rig.events()]
    return [body.reason for body in bodies if isinstance(body, AccessBody)][-1]


_local = datetime.fromisoformat  # wall time somewhere
starts = st.builds(
    datetime,
    st.integers(2027, 2032),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.integers(0, 999_999),
)


@settings(max_examples=15, deadline=None)
@given(
    local=starts,
    zone=st.sampled_from(ZONES),
    lasting_us=st.integers(1, 3 * 86_400 * 10**6),
    before_min=st.integers(0, 120),
    after_min=st.integers(0, 120),
)
@example(_local("2028-02-28T23:59:59.999999"), "Asia/Tokyo", 86_400 * 10**6, 10, 10)
@example(_local("2028-02-29T00:00"), "America/New_York", 86_400 * 10**6, 0, 0)
@example(_local("2027-03-28T01:30"), "Europe/Berlin", 3_600 * 10**6, 45, 45)
@example(_local("2027-10-31T02:30").replace(fold=1), "Europe/Berlin", 3_600 * 10**6, 60, 60)
@example(_local("2027-04-04T01:45"), "Australia/Lord_Howe", 1_800 * 10**6, 30, 30)
def test_valid_exactly_in_its_window(local, zone, lasting_us, before_min, after_min):
    start = local.replace(tzinfo=ZoneInfo(zone))
    booked = BookedWindow(start, (start.astimezone(UTC) + lasting_us * US).astimezone(start.tzinfo))
    rules = BookingRules(margin_before_min=before_min, margin_after_min=after_min)
    effective = rules.effective(booked)
    begin = start.astimezone(UTC) - timedelta(minutes=before_min)
    end = start.astimezone(UTC) + lasting_us * US + timedelta(minutes=after_min)
    assert (effective.starts_at, effective.ends_at) == (begin, end)
    with quick_folder() as folder, rig_at(folder / "edge.sqlite3") as rig:
        # After so long nothing is reckoned any more: the hub is believed however far off it is.
        _begin(rig, begin - timedelta(minutes=1), away_ns=10**15)
        rig.policy(
            rig.town.door(),
            rig.town.reader(),
            rig.town.device(),
            rig.town.pin(PIN, booking=BOOKING),
            rig.town.grant(start=effective.starts_at, end=effective.ends_at, booking=BOOKING),
            snapshot=True,
        )
        assert _opens(rig, begin - US) is Reason.NOT_YET_VALID
        assert _opens(rig, begin) is Reason.PIN_VALID
        if end - begin > timedelta(days=1):
            _begin(rig, end - timedelta(minutes=1))
        if end - US > begin:
            assert _opens(rig, end - US) is Reason.PIN_VALID
        assert _opens(rig, end) is Reason.EXPIRED
        rig.restart(crash=True, reboot=True)
        rig.press(f"{PIN}#")
        assert _reason(rig) in (Reason.EXPIRED, Reason.BELOW_FLOOR, Reason.CLOCK_UNTRUSTED)


# --- once means once -----------------------------------------------------------------------------


@contextmanager
def _agent(folder: Path) -> Iterator[tuple[object, VirtualDriver]]:
    """The built agent with its threads: a door with two keypads, a door beside it, and PINs that
    are good once at each door."""
    file = _make_installation(folder, demo=False)
    loaded = load_settings(file)
    controller, now = load_controller(loaded), datetime.now(UTC)

    def entry(kind: EntryKind, entry_id: str, body: pb.Body) -> bytes:
        return encode_entry(kind, entry_id, 1, body)

    def reader(channel: int, door: str) -> pb.ReaderBody:
        return pb.ReaderBody(device=DEVICE, channel=channel, door=door, keypad=True, tries=20)

    untrusted = pb.OnUntrustedClock.FLOOR_IN_WINDOW
    device = pb.DeviceBody(driver=pb.DeviceDriver.VIRTUAL, port="site", address=1)
    entries = [
        entry(EntryKind.DEVICE, DEVICE, device),
        entry(EntryKind.READER, READER, reader(0, DOOR)),
        entry(EntryKind.READER, BESIDE_READER, reader(1, DOOR)),
        entry(EntryKind.READER, OTHER_READER, reader(2, OTHER_DOOR)),
    ]
    for strike, door in enumerate((DOOR, OTHER_DOOR)):
        body = pb.DoorBody(strike=pb.Point(DEVICE, strike), on_untrusted_clock=untrusted)
        entries.append(entry(EntryKind.DOOR, door, body))
        for number in range(RACES):
            credential = made_id(1_000 + number)
            digest = pin_digest(controller.pin, door, f"{700_000 + number}")
            pin = pb.PinBody(credential=credential, door=door, digest=digest)
            entries.append(entry(EntryKind.CREDENTIAL, pin_policy_id(credential, door), pin))
            grant = pb.GrantBody(
                door=door, credential=credential, start=now - HOUR, end=now + HOUR, max_uses=1
            )
            entries.append(entry(EntryKind.GRANT, made_id(3_000 + 100 * strike + number), grant))
    _leave_policy(loaded, tuple(entries))
    site = VirtualDriver()
    agent = build(loaded, drivers={"site": site})
    agent.start()
    try:
        yield agent, site
    finally:
        agent.stop()


def _decided(agent) -> list[AccessBody]:
    rows = [decode_row(data) for _, data in agent.tail(1_000)]
    bodies = [decode_event_body(row) for row in rows if row.kind.startswith("access_")]
    return [body for body in bodies if isinstance(body, AccessBody)]


def _race(site: VirtualDriver, digits: str, channels: tuple[int, ...]) -> None:
    """Somebody at each keypad confirms at one moment."""
    ready = threading.Barrier(len(channels))

    def one(channel: int) -> None:
        site.press(DEVICE, digits, channel)
        ready.wait()
        site.press(DEVICE, "#", channel)

    people = [threading.Thread(target=one, args=(channel,)) for channel in channels]
    for person in people:
        person.start()
    for person in people:
        person.join()


def _until(agent, count: int) -> list[AccessBody]:
    end = time.monotonic() + 10
    while len(_decided(agent)) < count:
        assert time.monotonic() < end, "not everything was decided"
        time.sleep(0.01)
    return _decided(agent)


@pytest.mark.parametrize(
    ("channels", "each"),
    [((0, 1), 1), ((0, 2), 2), ((0, 1, 2), 2)],
    ids=["two keypads of a door", "two doors", "all"],
)
def test_what_is_good_once_opens_once_however_many_try_it_at_one_moment(tmp_path, channels, each):
    with _agent(tmp_path) as (agent, site):
        for number in range(RACES):
            _race(site, f"{700_000 + number}", channels)
            _until(agent, (number + 1) * len(channels))
        decided = _decided(agent)
        acts = [act for act in site.acts() if act.pulse_ms]
    granted = [(body.credential, body.door) for body in decided if body.act is not None]
    assert len(granted) == len(set(granted)) == RACES * each, "once at each door"
    assert len(acts) == len(granted)
    late = [body.reason for body in decided if body.act is None]
    assert late == [Reason.USED_UP] * (RACES * (len(channels) - each))


def test_what_is_good_once_stays_used_over_a_power_cut_at_any_moment():
    """The power goes between any two steps: used is used, also where the door stayed shut."""
    chance = random.Random(9)
    with quick_folder() as folder, rig_at(folder / "edge.sqlite3") as rig:
        codes = Codes(rig)
        codes.put()
        rig.policy(rig.town.reader(tries=20))
        for number in range(12):
            digits = codes.digits(variant=number % 4, once=True)
            before = openings(rig)
            rig.press(f"{digits}#")
            assert openings(rig) == before + 1
            if chance.random() < 0.7:
                rig.restart(crash=True, reboot=chance.random() < 0.5)
                rig.hub_time()
            rig.go(6)
            rig.press(f"{digits}#")
            assert openings(rig) == before + 1
            assert _reason(rig) is Reason.USED_UP
            rig.parts.memory.budgets.clear()
            rig.go(3_600 if number % 4 == 3 else 1, step_s=60)
