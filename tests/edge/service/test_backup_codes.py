"""Backup codes at a door: opened under a secret that lies nowhere in clear, used once where once,
over restarts and failing disks, and never while nobody needs them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edge.core.model import Feedback
from edge.ports import KernelClock, LinkChanged
from wire.events import Alarm, EventKind, Factor
from wire.pins import PROFILES, CodeKey, SealedCode, cover, seal_code
from wire.policy import EntryKind
from wire.policy_bodies import BackupCodes, DoorMode, OnJournalFailure, ReaderBody
from wire.reasons import Reason
from wire.sealing import seal_context, seal_secret

CONTROLLER = "k7w2m9x4c1t8z5qa"
SECRET, OTHER = bytes(range(32)), bytes(range(1, 33))
QUARTER = PROFILES["quarter"]
HOUR = timedelta(hours=1)


class Codes:
    """The hub's side: seals the secret, hands out digits."""

    def __init__(self, rig, secret=SECRET) -> None:
        self.rig = rig
        self.secret = secret

    def sealed(self, controller=CONTROLLER, kind="door", entry_id=None) -> str:
        context = seal_context(controller, kind, entry_id or self.rig.town.door_id)
        return seal_secret(self.rig.controller_key.public_key(), self.secret, context)

    def body(self, **changes) -> BackupCodes:
        return BackupCodes(**{"profile": "quarter", "sealed": self.sealed(), **changes})

    def put(self, **changes) -> None:
        door = {name: changes.pop(name) for name in ("on_journal_failure",) if name in changes}
        self.rig.policy(self.rig.town.door(backup=self.body(**changes), **door))

    def code(self, start=None, *, generation=0, variant=0, once=False) -> SealedCode:
        begin = start or self.rig.time.wall_now
        shape, slot = cover(QUARTER, begin, begin + timedelta(minutes=30), once=once)
        return SealedCode(shape, slot, generation, variant)

    def digits(self, *code, **fields) -> str:
        key = CodeKey.of(self.secret, self.rig.town.door_id)
        return seal_code(QUARTER, key, *code or (self.code(**fields),))


@pytest.fixture
def codes(rig) -> Codes:
    """A door with backup codes whose hub is away, as a rig's is from its start."""
    codes = Codes(rig)
    codes.put()
    return codes


def link(rig, up: bool) -> None:
    rig.parts.uplinks._perform([LinkChanged(up=up, cause="test")], rig.loop.now())


def press(rig, digits: str) -> Reason:
    """Type and confirm; give the reason that was journaled."""
    rig.press(f"{digits}#")
    decided = (EventKind.ACCESS_GRANTED, EventKind.ACCESS_DENIED)
    kind = rig.events(*decided)[-1].kind
    return rig.last(EventKind(kind)).reason


# --- opening -------------------------------------------------------------------------------------


def test_a_code_opens_and_its_event_names_it_without_its_digits(rig, codes):
    code = codes.code()
    mark = len(rig.kinds())
    assert press(rig, codes.digits(code)) is Reason.SEALED_CODE_VALID
    assert rig.unlocked
    assert rig.since(mark) == ["access_granted", "bolt_retracted", "act_result"]
    granted = rig.last(EventKind.ACCESS_GRANTED)
    assert (granted.code, granted.factor, granted.digits) == (code.tag, Factor.PIN, 9)
    assert granted.act == rig.last(EventKind.ACT_RESULT).act


def test_neither_digits_nor_key_nor_secret_lie_on_the_disk_or_in_the_log(rig, codes, capfd):
    digits = codes.digits(once=True)
    press(rig, digits)
    wrong = codes.digits(generation=9)
    press(rig, wrong)
    rig.loop.end()
    key = CodeKey.of(SECRET, rig.town.door_id).secret
    written = b"".join(path.read_bytes() for path in rig.path.parent.iterdir())
    said = "".join(capfd.readouterr()).encode()
    assert rig.town.door_id.encode() in written
    for canary in (digits.encode(), wrong.encode(), SECRET, SECRET.hex().encode(), key):
        assert canary not in written
        assert canary not in said
    assert key.hex().encode() not in written + said


def test_a_code_dies_at_its_end_and_is_dead_before_its_window(rig, codes):
    digits = codes.digits()
    tomorrow = codes.digits(start=rig.time.wall_now + 24 * HOUR)
    rig.time.go(2 * 3_600)
    rig.hub_time()
    assert press(rig, digits) is Reason.EXPIRED
    assert press(rig, tomorrow) is Reason.NOT_YET_VALID
    assert not rig.site.acts()


def test_an_untrusted_clock_denies_codes(rig, codes):
    digits = codes.digits()
    rig.time.ntp = KernelClock(synchronised=False, error_ms=0)
    rig.restart(reboot=True)
    assert press(rig, digits) is Reason.CLOCK_UNTRUSTED
    rig.hub_time()
    assert press(rig, digits) is Reason.SEALED_CODE_VALID


# --- the hub away and back -----------------------------------------------------------------------


def test_codes_are_taken_while_the_hub_is_away_through_the_grace_and_not_after(rig):
    codes = Codes(rig)
    codes.put(grace_s=600)
    link(rig, up=True)
    rig.time.go(599)
    assert press(rig, codes.digits()) is Reason.SEALED_CODE_VALID
    rig.time.go(1)
    assert press(rig, codes.digits()) is Reason.BACKUP_NOT_NEEDED
    link(rig, up=False)
    rig.time.go(100_000)
    rig.hub_time()
    assert press(rig, codes.digits(start=rig.time.wall_now)) is Reason.SEALED_CODE_VALID
    link(rig, up=True)
    assert press(rig, codes.digits(start=rig.time.wall_now)) is Reason.SEALED_CODE_VALID


def test_a_welcome_and_a_lost_broker_are_what_away_means(hub):
    hub.welcome()
    assert hub.rig.parts.memory.away_ns(hub.rig.loop.now()) is not None
    hub.rig.time.go(5)
    assert hub.rig.parts.memory.away_ns(hub.rig.loop.now()) == 5_000_000_000
    hub.rig.disconnect()
    assert hub.rig.parts.memory.away_ns(hub.rig.loop.now()) == 0


# --- once and never again ------------------------------------------------------------------------


def test_a_one_time_code_opens_once_over_restarts_of_any_sort(rig, codes):
    digits = codes.digits(once=True)
    assert press(rig, digits) is Reason.SEALED_CODE_VALID
    for how in ({}, {"crash": True}, {"crash": True, "reboot": True}):
        rig.restart(**how)
        rig.hub_time()
        assert press(rig, digits) is Reason.USED_UP
    codes.put()  # the same secret, sealed anew
    assert press(rig, digits) is Reason.USED_UP
    assert codes.digits(once=True, variant=1) != digits
    assert press(rig, codes.digits(once=True, variant=1)) is Reason.SEALED_CODE_VALID


def test_two_readers_race_for_a_one_time_code_and_one_wins(rig, codes):
    reader = rig.town.put(
        EntryKind.READER,
        rig.town_id(60),
        ReaderBody(device=rig.town.device_id, channel=1, door=rig.town.door_id, keypad=True),
    )
    rig.policy(reader)
    digits = codes.digits(once=True)
    rig.site.press(rig.town.device_id, f"{digits}#", channel=0)
    rig.site.press(rig.town.device_id, f"{digits}#", channel=1)
    rig.settle()
    granted, denied = rig.bodies(EventKind.ACCESS_GRANTED), rig.bodies(EventKind.ACCESS_DENIED)
    assert [body.reason for body in granted] == [Reason.SEALED_CODE_VALID]
    assert [body.reason for body in denied] == [Reason.USED_UP]
    assert granted[0].reader != denied[0].reader


def test_the_use_is_in_the_same_commit_as_the_opening(rig, codes):
    seen = []
    append = rig.journal.journal.append

    def watched(events, now, state=None, *rest):
        if any(event.kind is EventKind.ACCESS_GRANTED for event in events):
            seen.append((sorted(state or {}), len(rig.site.acts())))
        return append(events, now, state or {}, *rest)

    rig.journal.journal.append = watched
    press(rig, codes.digits(once=True))
    assert seen == [([f"sealed/{rig.town.door_id}"], 0)]


def test_a_newer_generation_once_seen_retires_the_older_over_a_restart(rig, codes):
    assert press(rig, codes.digits(generation=0)) is Reason.SEALED_CODE_VALID
    assert press(rig, codes.digits(generation=2)) is Reason.SEALED_CODE_VALID
    assert press(rig, codes.digits(generation=0)) is Reason.CODE_RETIRED
    rig.restart(crash=True)
    rig.hub_time()
    assert press(rig, codes.digits(generation=1)) is Reason.CODE_RETIRED
    assert press(rig, codes.digits(generation=2)) is Reason.SEALED_CODE_VALID


def test_the_policys_generation_retires_what_was_before_it(rig, codes):
    assert press(rig, codes.digits(generation=0)) is Reason.SEALED_CODE_VALID
    for generation in (1, 9, 15, 3):  # round the circle, by leaps
        codes.put(generation=generation)
        assert press(rig, codes.digits(generation=generation)) is Reason.SEALED_CODE_VALID
        before = codes.digits(generation=(generation - 1) % 16)
        assert press(rig, before) is Reason.CODE_RETIRED
        rig.restart()
        rig.hub_time()


def test_a_new_secret_forgets_what_was_under_the_old_one(rig, codes):
    old = codes.digits(once=True, generation=2)
    assert press(rig, old) is Reason.SEALED_CODE_VALID
    codes.secret = OTHER
    codes.put()
    assert press(rig, old) is Reason.UNKNOWN_PIN
    assert press(rig, codes.digits(once=True)) is Reason.SEALED_CODE_VALID


# --- guessing ------------------------------------------------------------------------------------


def test_five_wrong_codes_lock_the_keypad_and_then_no_code_is_opened(rig, codes):
    for wrong in range(5):
        press(rig, codes.digits(generation=6 + wrong))
    assert rig.last(EventKind.PIN_LOCKOUT).lockout_s == 300
    assert press(rig, codes.digits()) is Reason.THROTTLED
    assert rig.site.shown()[-1][1] is Feedback.LOCKED_OUT
    rig.go(301, step_s=10)
    assert press(rig, codes.digits()) is Reason.SEALED_CODE_VALID


def test_a_code_that_is_early_or_not_needed_costs_no_try(rig):
    codes = Codes(rig)
    codes.put(grace_s=0)
    early = codes.digits(start=rig.time.wall_now + HOUR)
    for _ in range(8):
        assert press(rig, early) is Reason.NOT_YET_VALID
    link(rig, up=True)
    rig.time.go(1)
    for _ in range(8):
        assert press(rig, codes.digits()) is Reason.BACKUP_NOT_NEEDED
    assert not rig.events(EventKind.PIN_LOCKOUT)


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_code_that_cannot_be_journaled_is_denied_and_not_used(rig, codes):
    digits = codes.digits(once=True, generation=1)
    rig.journal.cause = "read_only"
    rig.press(f"{digits}#")
    assert not rig.unlocked
    rig.journal.cause = None
    rig.loop.tick()
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.JOURNAL_FAILED
    assert press(rig, codes.digits(generation=0)) is Reason.SEALED_CODE_VALID
    assert press(rig, digits) is Reason.SEALED_CODE_VALID
    rig.restart(crash=True)
    rig.hub_time()
    assert press(rig, digits) is Reason.USED_UP


def test_a_door_that_opens_without_a_journal_still_takes_a_one_time_code_once(rig):
    codes = Codes(rig)
    codes.put(on_journal_failure=OnJournalFailure.OPEN)
    digits = codes.digits(once=True)
    rig.journal.cause = "disk_io"
    rig.press(f"{digits}#")
    assert rig.unlocked
    rig.go(6)
    rig.press(f"{digits}#")
    assert not rig.unlocked
    rig.journal.cause = None
    rig.loop.tick()
    rig.restart(crash=True)
    rig.hub_time()
    assert press(rig, digits) is Reason.USED_UP


@pytest.mark.parametrize(
    "seal",
    [
        {"controller": "z" * 16},
        {"kind": "device"},
        {"entry_id": "01a0c450-6c03-7000-8000-000000000007"},
    ],
)
def test_a_secret_sealed_for_another_place_is_refused_and_told_once(rig, seal):
    codes = Codes(rig)
    for _ in range(3):
        codes.put(sealed="bm90IHNlYWxlZA==")
    codes.put(sealed=codes.sealed(**seal))
    rig.policy(rig.town.pin())  # another change tells nothing again
    alarms = [body.cause for body in rig.bodies(EventKind.SECURITY_ALARM)]
    assert alarms == ["backup_secret_not_ours"] * 2
    assert rig.last(EventKind.SECURITY_ALARM).alarm is Alarm.INTERNAL_ERROR
    assert press(rig, codes.digits()) is Reason.UNKNOWN_PIN
    assert press(rig, "482915") is Reason.PIN_VALID


def test_a_profile_of_a_later_version_is_told_and_the_door_serves_its_pins(rig):
    codes = Codes(rig)
    codes.put(profile="of_tomorrow")
    assert rig.last(EventKind.SECURITY_ALARM).cause == "backup_profile_unknown"
    assert press(rig, codes.digits()) is Reason.UNKNOWN_PIN
    assert press(rig, "482915") is Reason.PIN_VALID


def test_a_secret_of_another_length_is_refused(rig):
    codes = Codes(rig, secret=bytes(31))
    codes.put()
    assert rig.last(EventKind.SECURITY_ALARM).cause == "backup_secret_not_ours"


def test_state_that_cannot_be_read_is_named_and_the_policy_counts(rig, codes):
    now = rig.loop.now()
    rig.parts.recorder.record([], now, {f"sealed/{rig.town.door_id}": b"rubbish"})
    rig.restart()
    rig.hub_time()
    assert rig.parts.memory.counters["state_unreadable"] == 1
    assert press(rig, codes.digits()) is Reason.SEALED_CODE_VALID


def test_a_door_that_loses_its_codes_takes_none(rig, codes):
    digits = codes.digits()
    rig.policy(rig.town.door())
    assert press(rig, digits) is Reason.UNKNOWN_PIN
    assert not rig.parts.memory.codes


def test_what_a_door_that_is_gone_left_behind_is_forgotten_at_a_start(rig, codes):
    name = f"sealed/{rig.town.door_id}"
    press(rig, codes.digits(once=True))
    assert name in rig.journal.state("sealed/")
    rig.policy(drop=[rig.town.drop(EntryKind.DOOR, rig.town.door_id)])
    rig.restart()
    assert rig.journal.state("sealed/") == {}


@pytest.mark.parametrize("mode", [DoorMode.LOCKDOWN, DoorMode.LOCKED])
def test_a_shut_door_stays_shut_and_leaves_a_one_time_code_unused(rig, codes, mode):
    digits = codes.digits(once=True)
    rig.policy(rig.town.mode(mode, 1))
    press(rig, digits)
    assert not rig.unlocked
    rig.policy(drop=[rig.town.drop(EntryKind.MODE, rig.town.id(900))])
    assert press(rig, digits) is Reason.SEALED_CODE_VALID
