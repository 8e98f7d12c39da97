"""Modes: one manual and one emergency order a door, and none that expires into open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.commands.modes import (
    LAYER,
    OPENING,
    Layer,
    ModeOrder,
    ModeRefusal,
    displaced,
    effective,
    refusal,
)
from wire.policy_bodies import DoorMode

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def order(mode: DoorMode, number: int, hours: int | None = None) -> ModeOrder:
    expires_at = None if hours is None else NOW + timedelta(hours=hours)
    return ModeOrder(f"o{number}", mode, number, expires_at)


def test_what_holds_a_door_open_states_when_it_ends() -> None:
    assert refusal(DoorMode.HOLD_OPEN, None, [], NOW) is ModeRefusal.EXPIRY_NEEDED
    assert refusal(DoorMode.HOLD_OPEN, NOW, [], NOW) is ModeRefusal.EXPIRY_PAST
    far = NOW + timedelta(days=30)
    assert refusal(DoorMode.HOLD_OPEN, far, [], NOW) is ModeRefusal.EXPIRY_TOO_FAR
    assert refusal(DoorMode.LOCKED, None, [], NOW) is None


def test_a_door_in_lockdown_is_not_held_open() -> None:
    standing = [order(DoorMode.LOCKDOWN, 3)]
    hour = NOW + timedelta(hours=1)
    assert refusal(DoorMode.HOLD_OPEN, hour, standing, NOW) is ModeRefusal.EMERGENCY_ACTIVE


def test_an_emergency_governs_before_a_later_manual_order() -> None:
    standing = [order(DoorMode.LOCKDOWN, 1), order(DoorMode.LOCKED, 2)]
    governing = effective(standing, NOW)
    assert governing is not None
    assert governing.mode is DoorMode.LOCKDOWN


orders = st.lists(st.tuples(st.sampled_from(DoorMode), st.integers(1, 48)), max_size=12)


@given(orders)
def test_a_door_has_one_order_a_layer_and_no_lock_expires_into_open(
    wanted: list[tuple[DoorMode, int]],
) -> None:
    standing: list[ModeOrder] = []
    for number, (mode, hours) in enumerate(wanted, 1):
        new = order(mode, number, hours)
        if refusal(mode, new.expires_at, standing, NOW) is not None:
            continue
        standing = [o for o in standing if o not in displaced(mode, standing)] + [new]
        layers = [LAYER[o.mode] for o in standing]
        assert len(layers) == len(set(layers))
        closed = False
        for hour in range(50):
            now = effective(standing, NOW + timedelta(hours=hour))
            if now is not None and now.mode not in OPENING:
                closed = True
            assert not (closed and now is not None and now.mode in OPENING)


@pytest.mark.parametrize("mode", DoorMode)
def test_every_mode_has_its_layer(mode: DoorMode) -> None:
    assert LAYER[mode] in Layer
