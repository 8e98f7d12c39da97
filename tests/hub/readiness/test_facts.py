"""What is judged is what the hub really knows: each fact from the table where it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.entries import repository as states
from hub.entries.devices import Contact, DeviceState
from hub.entries.doors import ActiveMode, DoorState
from hub.link import losses
from hub.policy import touch
from hub.sites.device_keys import LOCK_SECRET_LEN, sealed_row
from hub.sites.tables import controllers, devices, doors, readers
from wire.clock import ClockState
from wire.policy_bodies import DeviceDriver, DoorMode, Point


@pytest.fixture
def placed(hall: Any) -> Any:
    """The hall with a booking that both doors have confirmed."""
    hall.book()
    hall.prove()
    hall.look()
    assert hall.codes() == {}
    return hall


def device_of(hall: Any, reader: str) -> str:
    with hall.hub.core.db.read() as scope:
        found = scope.scalar(scope.select(readers.c.device_id).where(readers.c.id == reader))
    return str(found)


def reader_at(hall: Any) -> str:
    """The reader of the first door."""
    with hall.hub.core.db.read() as scope:
        found = scope.select(readers.c.id).where(readers.c.door_id == hall.doors[0])
        return str(scope.scalar(found))


def write(hall: Any, work: Any) -> None:
    hall.hub.core.db.write(work)


def test_a_keypad_that_does_not_answer_blocks_its_door_and_no_other(placed: Any) -> None:
    device = device_of(placed, reader_at(placed))
    state = DeviceState(device, placed.controller, Contact.OFFLINE)
    write(placed, lambda scope: states.keep_device_state(scope, state))
    assert placed.codes() == {"keypad_offline": "blocker"}
    assert placed.codes(door=1) == {}
    assert placed.readiness()["level"] == "blocked"


def test_a_keypad_too_short_a_locked_door_and_a_missing_battery_clock(placed: Any) -> None:
    town = placed.town
    town.set(readers, touch.touch_reader, reader_at(placed), max_keys=4)
    town.set(controllers, touch.touch_controller, placed.controller, has_rtc=False)
    now = placed.clock.now()
    state = DoorState(placed.doors[0], placed.controller)
    locked = DoorState(
        placed.doors[0], placed.controller, modes=(ActiveMode(DoorMode.LOCKED, 1, now),)
    )
    assert state.mode is None
    write(placed, lambda scope: states.keep_door_state(scope, locked, 1))
    found = placed.codes()
    assert found["keypad_too_short"] == found["door_locked"] == "blocker"
    assert found["no_rtc"] == "warning"
    assert "door_locked" not in placed.codes(door=1)


def test_a_clock_that_is_not_trusted_blocks_every_door_of_its_controller(placed: Any) -> None:
    placed.clock.advance(timedelta(minutes=1))
    placed.connect(ClockState.UNTRUSTED)
    assert placed.codes() == placed.codes(door=1) == {"clock_untrusted": "blocker"}


def test_a_lost_controller_warns_of_what_it_holds_and_blocks_what_it_does_not(
    placed: Any,
) -> None:
    now = placed.clock.now()
    write(placed, lambda scope: losses.lose(scope, None, placed.controller, now))
    assert placed.codes() == {"controller_lost": "warning"}
    assert placed.readiness()["level"] == "warned"
    placed.book("k2", start_h=20)
    assert placed.codes("k2")["controller_lost"] == "blocker"


def test_unpaid_and_unapproved_bookings_are_named(placed: Any) -> None:
    placed.book(paid=False)
    assert placed.codes() == {"unpaid": "warning"}
    placed.book("k3", start_h=30, state="requested")
    assert placed.codes("k3")["unapproved"] == "blocker"
    assert placed.readiness("k3")["deadline"] is None


def test_a_booking_whose_pin_waits_for_payment_is_unpaid_though_nobody_said_so(hall: Any) -> None:
    wanted = {"site_id": hall.site, "name_ja": "会議室", "doors": list(hall.doors)}
    made = hall.client.post("/api/v1/facilities", json=wanted | {"payment": "before_pin"})
    booked = hall.client.put(
        "/api/v1/bookings/k9",
        json={
            "facility_id": made.json()["id"],
            "starts_at": hall.at(30).isoformat(),
            "ends_at": hall.at(32).isoformat(),
        },
    )
    assert booked.json()["paid"] is None
    assert hall.codes("k9")["unpaid"] == "warning"
    hall.client.put("/api/v1/bookings/k9", json={"paid": True})
    assert "unpaid" not in hall.codes("k9")


def test_a_lock_with_a_list_of_its_own_has_to_prove_it_too(hall: Any) -> None:
    """And a list that was proven before the PIN went out proves nothing of that PIN."""
    lock = hall.hub.core.ids.new()
    hall.town._insert(
        devices,
        touch.touch_device,
        id=lock,
        controller_id=hall.controller,
        state="active",
        name="錠",
        driver=DeviceDriver.SERIAL_LOCK,
        port="lock",
        address=0,
        secret=hall.hub.core.keys.seal(bytes(LOCK_SECRET_LEN), sealed_row(lock)),
        created_at=hall.clock.now(),
        updated_at=hall.clock.now(),
    )
    strike = Point(device=lock, channel=0)
    hall.town.set(doors, touch.touch_door, hall.doors[0], strike=strike)

    def list_proven() -> None:
        state = DeviceState(lock, hall.controller, list_placed=True, list_at=hall.clock.now())
        write(hall, lambda scope: states.keep_device_state(scope, state))

    list_proven()
    hall.clock.advance(timedelta(seconds=5))
    hall.book()
    hall.prove()
    hall.look()
    assert hall.codes() == {"list_unconfirmed": "blocker"}
    assert hall.told() == []
    hall.clock.advance(timedelta(seconds=5))
    list_proven()
    hall.look()
    hall.clock.advance(timedelta(seconds=6))
    hall.look()
    assert hall.codes() == {}
    assert [str(each.kind) for each in hall.told()] == ["booking.ready"]


def test_a_guess_risk_that_came_later_is_named(placed: Any) -> None:
    """The keypad takes more tries than when the PIN was given; its neighbour is as it was."""
    reader = reader_at(placed)
    placed.town.set(readers, touch.touch_reader, reader, tries=1000, lockout_s=1, lockout_max_s=1)
    assert placed.codes() == {"guess_risk": "warning"}
    assert placed.codes(door=1) == {}
