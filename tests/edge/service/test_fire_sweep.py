"""Nothing that a hub can send, and nothing that fails, stops or undoes a fire alarm or an egress:
every kind of policy entry, every mode, every command; before, during, and after a restart."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from edge.core.model import OutputMode, Source
from edge.service.happenings import FireAlarm
from wire import samples
from wire.events import EventKind
from wire.policy import EntryKind
from wire.policy_bodies import (
    AntiPassback,
    DaySpan,
    DeviceBody,
    DeviceDriver,
    DoorMode,
    EnrolmentBody,
    EntryState,
    FailMode,
    HolidayBody,
    Point,
    ScheduleBody,
    SettingBody,
    WeekSpan,
    ZoneBody,
)

REX, FIRE = 2, 4


@pytest.fixture
def wired(make_rig):
    """A rig whose panel is wired to its device, and which has been well for a while."""
    rig = make_rig().usual()
    rig.fire_alarm = FireAlarm(rig.town.device_id, FIRE)
    rig.restart()
    rig.hub_time()
    rig.go(1)
    return rig


def _dropped(kind: EntryKind, entry: str):
    return lambda rig: rig.policy(drop=[rig.town.drop(kind, getattr(rig.town, entry))])


def _put(kind: EntryKind, entry_id: str, body):
    return lambda rig: rig.policy(rig.town.put(kind, entry_id, body))


def _door(**changes):
    return lambda rig: rig.policy(rig.town.door(**changes))


def _device(**changes):
    body = {"driver": DeviceDriver.VIRTUAL, "port": "site", "address": 1, **changes}
    return lambda rig: rig.policy(
        rig.town.put(EntryKind.DEVICE, rig.town.device_id, DeviceBody(**body))
    )


def _mode(mode: DoorMode):
    return lambda rig: rig.policy(rig.town.mode(mode, 99))


def _hold_and_withdraw(rig) -> None:
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 98))
    rig.policy(drop=[rig.town.drop(EntryKind.MODE, rig.town_id(900))])


NEVER = WeekSpan((0,), (DaySpan(0, 1),))
# What a hub might send, by kind of entry.
SENT = {
    "door dropped": (EntryKind.DOOR, _dropped(EntryKind.DOOR, "door_id")),
    "door without strike": (EntryKind.DOOR, _door(strike=None)),
    "strike elsewhere": (
        EntryKind.DOOR,
        lambda rig: _door(strike=Point(rig.town.device_id, 9))(rig),
    ),
    "strike nowhere": (EntryKind.DOOR, _door(strike=Point("no-such-device", 0))),
    "door fail secure": (EntryKind.DOOR, _door(fail=FailMode.SECURE, unlock_ms=100)),
    "device dropped": (EntryKind.DEVICE, _dropped(EntryKind.DEVICE, "device_id")),
    "device on no port": (EntryKind.DEVICE, _device(port="nowhere")),
    "device of another driver": (EntryKind.DEVICE, _device(driver=DeviceDriver.OSDP, address=7)),
    "device sealed to another": (EntryKind.DEVICE, _device(sealed="AQID")),
    "locked": (EntryKind.MODE, _mode(DoorMode.LOCKED)),
    "lockdown": (EntryKind.MODE, _mode(DoorMode.LOCKDOWN)),
    "hold begun and ended": (EntryKind.MODE, _hold_and_withdraw),
    "reader dropped": (
        EntryKind.READER,
        lambda rig: rig.policy(drop=[rig.town.drop(EntryKind.READER, rig.town.id(2))]),
    ),
    "schedule": (EntryKind.SCHEDULE, _put(EntryKind.SCHEDULE, "s", ScheduleBody(week=(NEVER,)))),
    "holiday": (EntryKind.HOLIDAY, _put(EntryKind.HOLIDAY, "h", HolidayBody(dates=()))),
    "grant blocked": (
        EntryKind.GRANT,
        lambda rig: rig.policy(rig.town.grant(state=EntryState.BLOCKED)),
    ),
    "credential revoked": (
        EntryKind.CREDENTIAL,
        lambda rig: rig.policy(rig.town.pin(state=EntryState.REVOKED)),
    ),
    "person blocked": (
        EntryKind.PERSON_FLAGS,
        lambda rig: rig.policy(rig.town.person(state=EntryState.BLOCKED)),
    ),
    "zone": (
        EntryKind.ZONE,
        _put(EntryKind.ZONE, "z", ZoneBody(anti_passback=AntiPassback.HARD, occupancy_max=1)),
    ),
    "setting fire_alarm": (
        EntryKind.SETTING,
        _put(EntryKind.SETTING, "fire_alarm", SettingBody(value=False)),
    ),
    "setting telemetry": (
        EntryKind.SETTING,
        _put(EntryKind.SETTING, "telemetry_s", SettingBody(value=-1)),
    ),
    "enrolment": (
        EntryKind.ENROLMENT,
        _put(
            EntryKind.ENROLMENT,
            "e",
            EnrolmentBody(
                reader="r", recipient=samples.RECIPIENT, until=datetime(2030, 1, 1, tzinfo=UTC)
            ),
        ),
    ),
    "empty snapshot": (EntryKind.DOOR, lambda rig: rig.policy(snapshot=True)),
    "command unlock": (EntryKind.MODE, lambda rig: rig.command()),
    "command with nonsense": (EntryKind.MODE, lambda rig: rig.command(action="lock", pulse_ms=0)),
}


def test_the_sweep_knows_every_kind_of_entry_there_is():
    assert {kind for kind, _ in SENT.values()} == set(EntryKind)


@pytest.mark.parametrize("sent", SENT)
def test_what_is_sent_during_an_alarm_shuts_no_door(wired, sent):
    wired.set_input(FIRE, True)
    assert wired.unlocked
    SENT[sent][1](wired)
    wired.go(45, step_s=5)
    strike = Source(wired.town.device_id, wired.town.strike)
    ours = [act.mode for act in wired.site.acts() if act.target == strike]
    assert OutputMode.OFF not in ours
    assert wired.unlocked


@pytest.mark.parametrize("sent", SENT)
def test_what_is_sent_before_an_alarm_does_not_keep_it_from_releasing(wired, sent):
    SENT[sent][1](wired)
    wired.go(45, step_s=5)
    wired.set_input(FIRE, True)
    assert wired.unlocked


@pytest.mark.parametrize("sent", SENT)
def test_nor_does_a_restart_after_it(wired, sent):
    SENT[sent][1](wired)
    wired.restart(crash=True, reboot=True)
    wired.set_input(FIRE, True)
    assert wired.unlocked
    wired.restart(crash=True, reboot=True)
    wired.go(3)
    assert wired.unlocked


def test_all_of_it_at_once_does_not_either(wired):
    for name in sorted(SENT):
        if not name.endswith("dropped"):
            SENT[name][1](wired)
    wired.policy(snapshot=True)
    wired.set_input(FIRE, True)
    assert wired.unlocked


# --- what fails ----------------------------------------------------------------------------------


def _journal_fails(rig) -> None:
    rig.journal.cause = "read_only"


def _clock_is_lost(rig) -> None:
    rig.time.ntp = type(rig.time.ntp)(synchronised=False, error_ms=16_000)
    rig.restart(crash=True, reboot=True)


def _hub_is_away(rig) -> None:
    rig.disconnect()


def _hub_says_the_time_is_tomorrow(rig) -> None:
    rig.hub_time(off_s=86_400)


FAILS = {
    "hub": _hub_is_away,
    "time": _hub_says_the_time_is_tomorrow,
    "clock": _clock_is_lost,
    "journal": _journal_fails,
}


@pytest.mark.parametrize(
    "failing", [*([one] for one in FAILS), list(FAILS)], ids=[*FAILS, "all at once"]
)
def test_the_fire_alarm_needs_nothing_but_its_wires(wired, failing):
    for one in failing:
        FAILS[one](wired)
    wired.set_input(FIRE, True)
    assert wired.unlocked
    wired.go(60, step_s=5)
    assert wired.unlocked
    wired.set_input(FIRE, False)
    assert not wired.unlocked


def test_it_needs_no_journal_that_raises_what_it_never_should(wired, monkeypatch):
    def broken(*_args, **_named):
        raise OSError(5, "the card is gone")

    monkeypatch.setattr(wired.journal.journal, "append", broken)
    wired.set_input(FIRE, True)
    assert wired.unlocked


# --- egress --------------------------------------------------------------------------------------

MODES = (None, DoorMode.LOCKED, DoorMode.LOCKDOWN)
TROUBLES = [
    set(some) for count in range(len(FAILS) + 1) for some in itertools.combinations(FAILS, count)
]


def _name(value) -> str:
    return "+".join(sorted(value)) or "none" if isinstance(value, set) else str(value)


@pytest.mark.parametrize("troubles", TROUBLES, ids=_name)
def test_egress_is_released_whatever_rules_the_door_and_whatever_fails(rig, troubles):
    for mode in MODES:
        if mode is not None:
            rig.policy(rig.town.mode(mode, 1))
        for _ in range(12):
            rig.press("777777#")  # throttled
        for one in FAILS:
            if one in troubles:
                FAILS[one](rig)
        rig.set_input(REX, True)
        assert rig.unlocked, mode
        rig.set_input(REX, False)
        rig.journal.cause = None
        rig.go(6)
        assert not rig.unlocked


def test_an_egress_lasts_long_enough_to_walk_out_whatever_the_door_says(rig):
    rig.policy(rig.town.door(unlock_ms=100))
    rig.set_input(REX, True)
    rig.go(2.75)
    assert rig.unlocked
    rig.go(0.5)
    assert not rig.unlocked


@pytest.mark.parametrize("mode", [DoorMode.LOCKED, DoorMode.LOCKDOWN])
def test_no_order_to_lock_cuts_an_egress_short_however_often_it_comes(rig, mode):
    rig.set_input(REX, True)
    for order in range(1, 12):
        rig.policy(rig.town.mode(mode, order))
        rig.go(0.25)
        assert rig.unlocked
    rig.go(3)
    assert not rig.unlocked


def test_nothing_is_kept_where_no_fire_alarm_is_wired(rig):
    rig.go(1)
    assert rig.parts.memory.fire.kept == {}
    rig.policy(drop=[rig.town.drop(EntryKind.DEVICE, rig.town.device_id)])
    assert rig.parts.memory.served == {}


def test_doors_that_the_settings_do_not_name_are_not_kept(make_rig):
    rig = make_rig().usual()
    rig.fire_alarm = FireAlarm(rig.town.device_id, FIRE, doors=frozenset({"another"}))
    rig.restart()
    rig.go(1)
    assert rig.parts.memory.fire.kept == {}


def test_somebody_at_the_pi_forgets_what_is_truly_gone(wired):
    wired.policy(drop=[wired.town.drop(EntryKind.DOOR, wired.town.door_id)])
    assert wired.parts.policies.forget_fire(wired.loop.now()) == 1
    wired.settle()
    wired.set_input(FIRE, True)
    assert not wired.unlocked
    wired.restart()
    assert wired.parts.memory.fire.kept == {}


def test_a_strike_that_the_policy_still_has_is_not_forgotten(wired):
    assert wired.parts.policies.forget_fire(wired.loop.now()) == 0
    wired.set_input(FIRE, True)
    assert wired.unlocked


def test_another_device_in_its_place_is_not_served(make_rig):
    """Of two devices at one address a driver serves the first by name."""
    from edge.service.fire_keep import _without_rivals

    kept = DeviceBody(driver=DeviceDriver.OSDP, port="bus", address=3)
    served = {"0": kept, "z": kept, "y": DeviceBody(driver=kept.driver, port="bus", address=4)}
    assert set(_without_rivals(served, "z", kept)) == {"y", "z"}


def test_a_policy_that_keeps_rewiring_a_door_fills_no_memory(wired):
    for channel in range(40):
        wired.policy(wired.town.door(strike=Point(wired.town.device_id, channel)))
        wired.go(0.25)
    assert len(wired.parts.memory.fire.kept[wired.town.door_id]) == 32
    wired.set_input(FIRE, True)
    assert wired.unlocked


def test_the_end_of_the_alarm_lets_every_kept_strike_go(wired):
    wired.policy(wired.town.door(strike=Point(wired.town.device_id, 5)))
    wired.set_input(FIRE, True)
    assert wired.site.outputs() == {
        Source(wired.town.device_id, channel): True for channel in (0, 5)
    }
    wired.set_input(FIRE, False)
    assert not any(wired.site.outputs().values())
    assert wired.events(EventKind.FIRE_ALARM_CLEARED)


def test_another_lock_on_the_line_of_a_kept_one_is_not_served():
    """A line has room for one lock, whatever its address: the driver serves the first by name."""
    from edge.service.fire_keep import _without_rivals

    kept = DeviceBody(driver=DeviceDriver.SERIAL_LOCK, port="lock")
    rival = DeviceBody(driver=DeviceDriver.SERIAL_LOCK, port="lock", address=5)
    elsewhere = DeviceBody(driver=DeviceDriver.SERIAL_LOCK, port="hall")
    served = {"0": rival, "1": elsewhere, "z": kept}
    assert set(_without_rivals(served, "z", kept)) == {"1", "z"}
