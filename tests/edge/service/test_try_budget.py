"""A reader counts wrong PINs and copyable cards apart, keeps both counts over a reboot, and says
once when either is spent."""

from __future__ import annotations

import pytest

from wire.events import EventKind, TryKind
from wire.policy import EntryKind
from wire.policy_bodies import Assurance
from wire.reasons import Reason

TRIES = 30


def _emulate(rig, first: int, count: int) -> None:
    for number in range(first, first + count):
        rig.tap(number.to_bytes(7, "big"))


def _reasons(rig, count: int) -> list[Reason]:
    return [body.reason for body in rig.bodies(EventKind.ACCESS_DENIED)[-count:]]


def test_an_emulator_is_locked_out_at_its_thirtieth_card_and_told_of_once(rig):
    _emulate(rig, 1, TRIES + 5)
    assert _reasons(rig, TRIES + 5) == [Reason.UNKNOWN_CARD] * TRIES + [Reason.THROTTLED] * 5
    (lockout,) = rig.bodies(EventKind.PIN_LOCKOUT)
    assert (lockout.kind, lockout.lockout_s) == (TryKind.CARD, 60)
    rig.tap()
    assert _reasons(rig, 1) == [Reason.THROTTLED]
    rig.go(60, step_s=5)
    rig.tap()
    assert rig.unlocked


@pytest.mark.parametrize("reboot", [False, True])
def test_both_budgets_are_kept_over_a_crash_and_neither_touches_the_other(rig, reboot):
    _emulate(rig, 1, TRIES)
    rig.restart(crash=True, reboot=reboot)
    rig.hub_time()
    rig.tap()
    assert _reasons(rig, 1) == [Reason.THROTTLED]
    rig.tap(assurance=Assurance.READER_VERIFIED)
    assert _reasons(rig, 1) == [Reason.THROTTLED], "the policy does not vouch for this reader"
    rig.policy(rig.town.reader(assurance=Assurance.READER_VERIFIED))
    rig.tap(assurance=Assurance.READER_VERIFIED)
    assert rig.unlocked
    rig.go(6)
    for _ in range(5):
        rig.press("000000#")
    rig.restart(crash=True, reboot=reboot)
    rig.hub_time()
    rig.press("482915#")
    assert not rig.unlocked
    rig.go(61, step_s=5)
    rig.tap()
    assert rig.unlocked, "a minute frees cards, and five minutes are not over for PINs"


def test_a_success_restores_no_try(rig):
    _emulate(rig, 1, TRIES - 1)
    rig.tap()
    assert rig.unlocked
    _emulate(rig, 100, 1)
    assert len(rig.bodies(EventKind.PIN_LOCKOUT)) == 1


def test_with_no_card_tries_nothing_is_counted_and_a_lockout_ends_at_once(rig):
    _emulate(rig, 1, TRIES)
    rig.policy(rig.town.reader(card_tries=0))
    rig.tap()
    assert rig.unlocked
    _emulate(rig, 1, 2 * TRIES)
    assert Reason.THROTTLED not in _reasons(rig, 2 * TRIES)


def test_a_removed_reader_is_forgotten_with_both_its_budgets(rig):
    _emulate(rig, 1, 1)
    rig.press("000000#")
    names = [f"budget/{_reader(rig)}", f"budget/{_reader(rig)}/card"]
    assert sorted(rig.journal.state("budget/")) == names
    rig.policy(drop=[rig.town.drop(EntryKind.READER, _reader(rig))])
    rig.restart()
    assert rig.journal.state("budget/") == {}


def _reader(rig) -> str:
    return next(iter(rig.parts.memory.index.readers))
