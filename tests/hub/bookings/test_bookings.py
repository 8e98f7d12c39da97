"""Bookings: one key is one booking, its PINs follow it, its doors confirm it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from hub.audit.tables import audit_entries
from hub.bookings.records import BookingWish, Contact, ContactWish, HolderWish
from hub.bookings.tables import Approval, BookingState, booking_requests
from hub.catalogue import Language
from hub.pins.placement import PlacementState, Problem, Readiness
from hub.pins.tables import pin_credentials, pin_links, pin_placements, pin_reservations
from hub.web.problems import Problem as Refused
from hub.web.rights import Principal, PrincipalKind, Role

LINE_ID = "U" + "0" * 32


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.kind.code


def test_a_booking_gets_one_pin_for_all_its_doors_and_both_windows(hall: Any) -> None:
    view, new = hall.bookings.put(hall.clerk, "k1", hall.wish())
    assert new
    assert view.booking.state is BookingState.CONFIRMED
    assert view.booking.booked.starts_at - view.booking.effective.starts_at == timedelta(minutes=10)
    (credential,) = view.credentials
    assert {placement.door_id for placement in credential.placements} == set(hall.doors)
    assert view.readiness is Readiness.SCHEDULED
    assert len(hall.digits("k1")) == 6


def test_the_same_put_again_changes_nothing(hall: Any) -> None:
    wish = hall.wish()
    first, _ = hall.bookings.put(hall.clerk, "k1", wish)
    pin = hall.digits("k1")
    again, new = hall.bookings.put(hall.clerk, "k1", wish)
    assert not new
    assert again == first
    assert hall.digits("k1") == pin


def test_leaving_an_end_of_the_window_out_never_drops_it(hall: Any) -> None:
    first, _ = hall.bookings.put(hall.clerk, "k1", hall.wish(start_h=1, hours=2))
    later = first.booking.booked.ends_at + timedelta(hours=1)
    moved, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(ends_at=later))
    assert moved.booking.booked.starts_at == first.booking.booked.starts_at
    assert moved.booking.booked.ends_at == later
    paid, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(paid=True))
    assert paid.booking.booked == moved.booking.booked
    assert paid.booking.contact == first.booking.contact


def test_what_a_contact_leaves_out_stays(hall: Any) -> None:
    """LINE and language above all: the systems that send names and numbers know neither."""
    linked = Contact("山田", "y@example.jp", "090-0000-0000", LINE_ID, Language.EASY)
    hall.bookings.put(hall.clerk, "k1", hall.wish(contact=linked))
    for wish, then in (
        (ContactWish(phone="0123-45-6789"), replace(linked, phone="0123-45-6789")),
        (ContactWish(name="山田 花子", email="", phone=""), Contact("山田 花子", "", "", LINE_ID)),
        (ContactWish(line=""), Contact("山田 花子")),
    ):
        view, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(contact=wish))
        assert view.booking.contact == replace(then, language=Language.EASY)


def test_a_change_of_time_keeps_the_pin_and_reaches_the_doors(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish(start_h=1))
    pin = hall.digits("k1")
    moved, _ = hall.bookings.put(hall.clerk, "k1", hall.wish(start_h=5))
    assert hall.digits("k1") == pin
    assert moved.problems == ()
    hall.town.compile()
    grants = [
        json.loads(b) for k, b in hall.town.held(hall.controller).items() if k.kind == "grant"
    ]
    starts = {grant["start"] for grant in grants}
    assert starts == {moved.booking.effective.starts_at.isoformat().replace("+00:00", "Z")}


def test_a_change_of_time_that_would_collide_gives_another_pin_and_says_so(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish(start_h=1, hours=1))
    start = hall.at(24 * 40)
    hall.bookings.put(hall.clerk, "k2", hall.wish(start_h=24 * 40, hours=1))
    pin = hall.digits("k1")

    def collide(scope: Any) -> None:
        # the far booking happens to have drawn the same digits, which 40 days allow
        credential = scope.one(scope.select(pin_credentials).order_by(pin_credentials.c.id.desc()))
        blinds = {
            row.door_id: row.blind
            for row in scope.all(scope.select(pin_reservations))
            if row.credential_id != credential.id
        }
        for door, blind in blinds.items():
            t = pin_reservations
            scope.update(
                t, {"blind": blind}, t.c.credential_id == credential.id, t.c.door_id == door
            )

    hall.town.db.write(collide)
    wish = BookingWish(starts_at=start + timedelta(hours=2), ends_at=start + timedelta(hours=3))
    moved, _ = hall.bookings.put(hall.clerk, "k1", wish)
    assert moved.problems == (Problem.PIN_CHANGED,)
    assert moved.readiness is not Readiness.PROBLEM
    assert hall.digits("k1") != pin


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"start_h": 3, "hours": -1}, "window_inverted"),
        ({"start_h": -9, "hours": 1}, "in_the_past"),
        ({"hours": 24 * 15}, "too_long"),
        ({"start_h": 24 * 500}, "too_far_ahead"),
        ({"facility_id": "nowhere"}, "facility_unknown"),
        ({"doors": ("nowhere",)}, "door_unknown"),
        ({"facility_id": None}, "doors_missing"),
        ({"state": BookingState.CANCELLED}, "state_change"),
    ],
)
def test_each_failure_has_its_code(hall: Any, change: dict[str, Any], code: str) -> None:
    assert code_of(lambda: hall.bookings.put(hall.clerk, "k1", hall.wish(**change))) == code
    assert code_of(lambda: hall.bookings.get(hall.clerk, "k1")) == "booking_unknown"


def test_a_window_is_asked_for_when_it_is_missing(hall: Any) -> None:
    wish = replace(hall.wish(), ends_at=None)
    assert code_of(lambda: hall.bookings.put(hall.clerk, "k1", wish)) == "window_missing"


def test_adjacent_bookings_fit_and_overlapping_ones_do_not(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish(start_h=1, hours=2))
    hall.bookings.put(hall.clerk, "k2", hall.wish(start_h=3, hours=2))
    overlapping = hall.wish(start_h=2, hours=2)
    assert code_of(lambda: hall.bookings.put(hall.clerk, "k3", overlapping)) == "double_booked"
    stretch = BookingWish(ends_at=hall.at(4))
    assert code_of(lambda: hall.bookings.put(hall.clerk, "k1", stretch)) == "double_booked"
    hall.bookings.cancel(hall.clerk, "k2")
    hall.bookings.put(hall.clerk, "k1", stretch)


def test_of_two_who_book_the_same_time_at_once_exactly_one_wins(hall: Any) -> None:
    for round_ in range(4):
        barrier = Barrier(2)

        def book(key: str, start: Barrier = barrier, hour: int = round_) -> str:
            wish = hall.wish(start_h=1 + 3 * hour)
            start.wait()
            try:
                hall.bookings.put(hall.clerk, key, wish)
            except Refused as refused:
                return refused.kind.code
            return "made"

        with ThreadPoolExecutor(2) as pool:
            results = sorted(pool.map(book, [f"a{round_}", f"b{round_}"]))
        assert results == ["double_booked", "made"]


def test_of_two_who_put_one_key_at_once_one_makes_it_and_the_other_changes_it(hall: Any) -> None:
    barrier = Barrier(2)
    wish = hall.wish()

    def book(_: int) -> bool:
        barrier.wait()
        return bool(hall.bookings.put(hall.clerk, "same", wish)[1])

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(book, range(2))) == [False, True]


def test_a_request_reaches_no_door_until_it_is_approved(
    hall: Any, make_facility: Callable[..., Any]
) -> None:
    room = hall.facilities.create(
        hall.clerk, make_facility(hall.site, hall.doors, approval=Approval.REQUIRED)
    )
    wish = replace(hall.wish(), facility_id=room.id)
    asked, _ = hall.bookings.put(hall.clerk, "k1", wish)
    assert asked.booking.state is BookingState.REQUESTED
    assert asked.readiness is Readiness.DRAFT
    assert code_of(lambda: hall.bookings.reveal(hall.clerk, "k1")) == "no_pin"
    hall.town.compile()
    assert not any(key.kind == "credential" for key in hall.town.held(hall.controller))
    approved = hall.bookings.decide(hall.clerk, "k1", approve=True)
    assert approved.readiness is Readiness.SCHEDULED
    hall.town.compile()
    assert any(key.kind == "credential" for key in hall.town.held(hall.controller))


def test_a_booking_system_cannot_approve_what_a_person_must(
    hall: Any, make_facility: Callable[..., Any]
) -> None:
    room = hall.facilities.create(
        hall.clerk, make_facility(hall.site, hall.doors, approval=Approval.REQUIRED)
    )
    system = Principal(PrincipalKind.TOKEN, "system", "system", Role.INTEGRATION)
    wish = replace(hall.wish(state=BookingState.CONFIRMED), facility_id=room.id)
    assert code_of(lambda: hall.bookings.put(system, "k1", wish)) == "state_change"


def test_cancelling_takes_the_pins_away_and_frees_the_time(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish())
    hall.town.compile()
    gone = hall.bookings.cancel(hall.clerk, "k1")
    states = {placement.state for placement in gone.credentials[0].placements}
    assert states == {PlacementState.REVOKING}
    assert gone.readiness is Readiness.OVER
    assert hall.bookings.cancel(hall.clerk, "k1") == gone
    hall.town.compile()
    pins = [
        json.loads(body)
        for key, body in hall.town.held(hall.controller).items()
        if key.kind == "credential"
    ]
    assert {pin["state"] for pin in pins} == {"revoked"}
    hall.bookings.put(hall.clerk, "k2", hall.wish())
    assert code_of(lambda: hall.bookings.put(hall.clerk, "k1", hall.wish())) == "booking_over"


def test_every_holder_has_a_pin_of_their_own(hall: Any) -> None:
    members = tuple(HolderWish(name) for name in ("青木", "伊藤", "上田"))
    hall.bookings.put(hall.clerk, "club", hall.wish(holders=members))
    before = {each.holder_id: each.pin for each in hall.bookings.reveal(hall.clerk, "club")}
    assert len(set(before.values())) == 3
    changed, _ = hall.bookings.put(hall.clerk, "club", BookingWish(holders=members[:2]))
    after = {each.holder_id: each.pin for each in hall.bookings.reveal(hall.clerk, "club")}
    assert len(changed.credentials) == 2
    assert after.items() < before.items()


def test_a_door_added_later_gets_the_same_pin_and_a_door_taken_away_loses_it(hall: Any) -> None:
    front, side = hall.doors
    hall.bookings.put(hall.clerk, "k1", hall.wish(doors=(front,)))
    pin = hall.digits("k1")
    hall.town.compile()
    both, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(doors=(front, side)))
    assert hall.digits("k1") == pin
    assert len(both.credentials[0].placements) == 2
    one, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(doors=(side,)))
    states = {p.door_id: p.state for p in one.credentials[0].placements}
    assert states[front] is PlacementState.REVOKING
    again, _ = hall.bookings.put(hall.clerk, "k1", BookingWish(doors=(front, side)))
    assert {p.state for p in again.credentials[0].placements} == {PlacementState.SCHEDULED}
    assert hall.digits("k1") == pin
    hall.town.compile()
    assert hall.town.held(hall.controller) == hall.town.from_nothing(hall.controller)


def test_reissuing_gives_other_digits_and_marks_the_doors(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish())
    hall.town.compile()
    before, held = hall.digits("k1"), hall.town.held(hall.controller)
    hall.bookings.reissue(hall.clerk, "k1")
    hall.town.compile()
    assert hall.digits("k1") != before
    assert hall.town.held(hall.controller) != held


def test_looking_a_pin_up_is_in_the_audit_log_and_the_digits_are_not(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish())
    digits = hall.digits("k1")
    with hall.town.db.read() as scope:
        rows = scope.all(scope.select(audit_entries).order_by(audit_entries.c.seq))
    assert [row.action for row in rows][-1] == "pin.revealed"
    assert all(digits not in str(row) and "山田" not in str(row) for row in rows)


def test_no_table_holds_the_digits_of_a_pin(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish())
    hall.town.compile()
    digits = hall.digits("k1").encode()
    from hub.database.tables import metadata

    ours = [t for t in metadata.sorted_tables if t.name.startswith(("pin", "policy", "place"))]
    with hall.town.db.read() as scope:
        for table in ours:
            for row in scope.all(scope.select(table)):
                for value in row:
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    assert digits not in raw, table.name


def test_a_clerk_of_another_site_sees_nothing(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish())
    stranger = replace(hall.clerk, sites=frozenset({"elsewhere"}))
    assert code_of(lambda: hall.bookings.get(stranger, "k1")) == "booking_unknown"
    assert code_of(lambda: hall.bookings.put(stranger, "k1", hall.wish())) == "booking_unknown"
    assert code_of(lambda: hall.bookings.put(stranger, "k2", hall.wish())) == "facility_unknown"


def test_a_facility_whose_doors_share_no_pin_length_is_refused(
    hall: Any, make_facility: Callable[..., Any]
) -> None:
    strict = hall.town.door(hall.site, hall.controller, min_digits=8)
    short = hall.town.door(hall.site, hall.controller)
    hall.town.reader(hall.controller, short, max_keys=6)
    wanted = make_facility(hall.site, (strict, short))
    assert code_of(lambda: hall.facilities.create(hall.clerk, wanted)) == "digits_incompatible"


def test_a_pin_too_easy_to_guess_is_refused_with_the_digits_that_would_do(hall: Any) -> None:
    door = hall.town.door(hall.site, hall.controller, min_digits=4)
    hall.town.reader(hall.controller, door)
    long = hall.wish(facility_id=None, doors=(door,), hours=24 * 10)
    with pytest.raises(Refused) as refused:
        hall.bookings.put(hall.clerk, "k1", long)
    assert refused.value.kind.code == "guess_risk"
    proposed = refused.value.extra["digits"]
    assert proposed == 6
    hall.bookings.put(hall.clerk, "k1", replace(long, digits=proposed))
    assert len(hall.digits("k1")) == 6


# --- residents -----------------------------------------------------------------------------------


def test_a_resident_asks_opens_the_link_once_and_sees_the_pin_by_cookie(hall: Any) -> None:
    wish = hall.wish(start_h=24)
    from hub.bookings.windows import BookedWindow

    window = BookedWindow(wish.starts_at, wish.ends_at)
    asked = hall.residents.request_booking(hall.id, window, wish.contact, "卓球")
    assert len(asked.token) >= 22
    opened = hall.residents.open_link(asked.token)
    assert opened.booking_id == asked.view.booking.id
    assert hall.residents.open_link(asked.token) is None
    shown = hall.residents.shown(opened.cookie)
    assert [each.pin for each in shown.revealed] == [
        hall.digits(asked.view.booking.reservation_key)
    ]
    with hall.town.db.read() as scope:
        stored = str(scope.all(scope.select(pin_links)))
    assert asked.token not in stored
    assert opened.cookie not in stored


def test_a_link_dies_with_its_booking(hall: Any) -> None:
    from hub.bookings.windows import BookedWindow

    wish = hall.wish(start_h=24)
    window = BookedWindow(wish.starts_at, wish.ends_at)
    asked = hall.residents.request_booking(hall.id, window, wish.contact)
    opened = hall.residents.open_link(asked.token)
    unused = hall.residents.new_link(hall.clerk, asked.view.booking.reservation_key)
    hall.residents.cancel(opened.cookie)
    assert hall.residents.shown(opened.cookie) is None
    assert hall.residents.open_link(unused) is None


@pytest.mark.parametrize("token", ["", "x" * 22, "x" * 5000])
def test_any_other_text_opens_nothing(hall: Any, token: str) -> None:
    assert hall.residents.open_link(token) is None
    assert hall.residents.shown(token) is None


def test_a_resident_is_held_to_the_grid_and_to_a_number_of_bookings(hall: Any) -> None:
    from hub.bookings.windows import BookedWindow

    contact = hall.wish().contact
    off = BookedWindow(hall.at(24.1), hall.at(26))
    ask = hall.residents.request_booking
    assert code_of(lambda: ask(hall.id, off, contact)) == "off_the_grid"
    for day in range(5):
        ask(hall.id, BookedWindow(hall.at(24 * day + 24), hall.at(24 * day + 25)), contact)
    more = BookedWindow(hall.at(200), hall.at(201))
    assert code_of(lambda: ask(hall.id, more, contact)) == "too_many_bookings"


def test_one_address_asks_for_so_many_bookings_an_hour_whatever_the_number(hall: Any) -> None:
    """Refused requests count too; another address, and staff, are not concerned."""
    from hub.bookings.windows import BookedWindow

    numbers = iter(range(1_000, 2_000))

    def ask(address: str, day: int) -> Any:
        window = BookedWindow(hall.at(24 * day), hall.at(24 * day + 1))
        contact = Contact("山田", "", f"090-0000-{next(numbers)}")
        return hall.residents.request_booking(hall.id, window, contact, address=address)

    ask("192.0.2.7", 1)
    assert code_of(lambda: ask("192.0.2.7", 1)) == "double_booked"
    ask("192.0.2.7", 2)
    hall.town.clock.advance(timedelta(minutes=30))
    with pytest.raises(Refused) as refused:
        ask("192.0.2.7", 3)
    assert refused.value.kind.code == "too_many_tries"
    assert refused.value.headers["Retry-After"] == "1800"
    hall.town.clock.advance(timedelta(minutes=30))
    ask("192.0.2.7", 3)
    for day in range(4, 8):
        ask(f"2001:db8::{day}", day)
    with hall.town.db.read() as scope:
        stored = str(scope.all(scope.select(booking_requests)))
    assert "192.0.2.7" not in stored


def test_a_resident_gets_the_digits_that_are_safe_without_being_asked(
    hall: Any, make_facility: Callable[..., Any]
) -> None:
    from hub.bookings.windows import BookedWindow

    door = hall.town.door(hall.site, hall.controller, min_digits=4)
    hall.town.reader(hall.controller, door)
    room = hall.facilities.create(hall.clerk, make_facility(hall.site, (door,)))
    window = BookedWindow(hall.at(24), hall.at(24 * 5))
    asked = hall.residents.request_booking(room.id, window, hall.wish().contact)
    assert asked.view.credentials[0].digits > 4


def test_the_day_shows_what_is_taken(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish(start_h=24, hours=2))
    slots = hall.facilities.availability(hall.id, hall.at(24).date())
    assert sum(slot.state.value == "taken" for slot in slots) == 4


def test_no_credential_is_left_without_placements(hall: Any) -> None:
    hall.bookings.put(hall.clerk, "k1", hall.wish())
    with hall.town.db.read() as scope:
        placements = scope.all(scope.select(pin_placements))
    assert len(placements) == 2
