"""Readiness reckons the guess-risk of PINs in use with the same PINs as whoever issues one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.pins import placements, risk_in_use
from hub.pins.reservations import Reservations
from hub.pins.risk_in_use import RisksInUse
from hub.pins.service import Issue


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The same on both: one is enough."""
    return sqlite_at


def test_duress_pins_and_old_digits_that_may_open_still_are_reckoned_with(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = town.site()
    controller = town.controller(site)
    door = town.door(site, controller)
    town.reader(controller, door)
    start = town.clock.now() + timedelta(hours=1)
    window = start, start + timedelta(hours=2)
    order = Issue("b", "h", None, (door,), window, None, True, "test", duress=True)
    first = town.db.write(lambda scope: town.pins.issue(scope, order))
    town.compile()
    town.db.write(lambda scope: town.pins.reissue(scope, first, "test"))
    plain = replace(order, booking_id="b2", holder_id="h2", duress=False)
    own = town.db.write(lambda scope: town.pins.issue(scope, plain))
    reckoned: list[Any] = []

    def look(*given: Any, **more: Any) -> int:
        reckoned.append((sorted(map(repr, given[2])), more.get("new", (False,))))
        return int(given[3])

    monkeypatch.setattr(risk_in_use, "digits_needed", look)
    with town.db.read() as scope:
        issuing = [
            *Reservations(town.ids, town.keys).live_around(scope, door, window, own),
            *placements.still_open(scope, door, window),
        ]
        RisksInUse(scope, town.clock.now()).exceeds(door, window, 6, own)
        RisksInUse(scope, town.clock.now()).exceeds(door, window, 6, own, duress=True)
    wanted = sorted(map(repr, issuing))
    assert len(wanted) == 3, "the ordinary PIN, the one for duress, and the old digits"
    assert reckoned == [(wanted, (False,)), (wanted, (True,))]
