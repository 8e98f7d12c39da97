"""Which digits leave by mail and LINE, and when: paid, trimmed, under duress, with the steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bookings.facilities import FacilitiesService
from hub.bookings.records import BookingWish, Contact
from hub.bookings.steps import Step, StepMoment
from hub.bookings.tables import Handover, Payment
from hub.bookings.windows import BookingRules
from hub.catalogue import Language
from hub.notices.domain import Why

HTML = {"Accept": "text/html"}
LINE_ID = "U" + "0" * 32


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Nothing here depends on the kind of database."""
    return sqlite_at


@pytest.fixture
def change_hall(desk: Any) -> Any:
    """Give the hall other rules."""
    service = desk.hub.services.get(FacilitiesService)
    return lambda **changed: service.change(desk.clerk, desk.facility, **changed)


def put(desk: Any, **wished: Any) -> None:
    desk.bookings.put(desk.clerk, "b1", BookingWish(**wished))


# --- paid ------------------------------------------------------------------------------------


def test_no_digits_are_told_before_it_is_paid_and_then_at_once(
    desk: Any, read: Any, change_hall: Any
) -> None:
    change_hall(payment=Payment.BEFORE_PIN)
    booking = desk.put(start_h=5)
    desk.place()
    desk.settle()
    desk.let_pass(minutes=30)
    (first,) = desk.mail.sent
    assert read.digits(first) == ""
    assert "お支払いが済むと使える" in read.text(first)
    (waiting,) = desk.open_rows(booking)
    assert (waiting.kind.value, waiting.why) == ("reminder", Why.NOT_SHOWN)
    put(desk, paid=True)
    desk.place()
    desk.settle()
    assert read.digits(desk.mail.sent[1]) == desk.digits()
    assert sum(read.digits(each) != "" for each in desk.mail.sent) == 1
    assert desk.open_rows(booking) == []


def test_a_payment_taken_back_is_told_to_whoever_was_told_the_pin(
    desk: Any, read: Any, change_hall: Any
) -> None:
    change_hall(payment=Payment.BEFORE_PIN)
    desk.put(start_h=5, paid=True)
    desk.place()
    desk.settle()
    pin = desk.digits()
    assert read.digits(desk.mail.sent[-1]) == pin
    put(desk, paid=False)
    desk.settle()
    assert desk.kinds()[-1] == "changed"
    assert read.digits(desk.mail.sent[-1]) == ""
    assert "いまは使えません" in read.text(desk.mail.sent[-1])
    put(desk, paid=True)
    desk.place()
    desk.settle()
    assert read.digits(desk.mail.sent[-1]) == desk.digits()


def test_a_payment_taken_back_before_the_pin_was_told_disturbs_nobody(
    desk: Any, change_hall: Any
) -> None:
    change_hall(payment=Payment.BEFORE_PIN)
    desk.put(start_h=48, paid=True)
    desk.settle()
    put(desk, paid=False)
    desk.settle()
    assert desk.kinds() == ["confirmed"]


def test_approved_unpaid_the_reminder_goes_out_the_same_minute(
    desk: Any, read: Any, change_hall: Any
) -> None:
    change_hall(payment=Payment.BEFORE_PIN_OR_APPROVED)
    booking = desk.put(start_h=5)
    desk.settle()
    desk.let_pass(minutes=15)
    assert desk.kinds() == ["confirmed"]
    desk.bookings.decide(desk.clerk, "b1", approve=True)
    desk.place()
    desk.run()
    assert desk.kinds() == ["confirmed", "reminder"]
    assert read.digits(desk.mail.sent[1]) == desk.digits()
    assert desk.open_rows(booking) == []


# --- the time around -------------------------------------------------------------------------


def trimmed(desk: Any, change_hall: Any, start_h: float) -> str:
    """A booking of a hall whose windows meet: ten minutes around it while nobody follows."""
    change_hall(rules=BookingRules(handover=Handover.TRIM))
    return str(desk.put(start_h=start_h))


def follow(desk: Any, booking: str) -> None:
    """Somebody books the two hours behind."""
    end = desk.bookings.by_id(desk.clerk, booking).booking.booked.ends_at
    wish = BookingWish(facility_id=desk.facility, starts_at=end, ends_at=end + timedelta(hours=2))
    desk.bookings.put(desk.clerk, "b2", wish)


def test_a_neighbour_before_the_reminder_writes_nothing_and_the_reminder_is_true(
    desk: Any, read: Any, change_hall: Any
) -> None:
    booking = trimmed(desk, change_hall, 48)
    desk.settle()
    follow(desk, booking)
    desk.settle()
    assert desk.kinds() == ["confirmed"]
    desk.place()
    desk.let_pass(hours=25)
    assert desk.kinds() == ["confirmed", "reminder"]
    end = desk.bookings.by_id(desk.clerk, booking).booking.effective.ends_at
    zone = desk.hub.core.settings.town.zone
    assert f"–{end.astimezone(zone):%H:%M}" in read.text(desk.mail.sent[1])


def test_a_neighbour_after_the_pin_was_told_is_told_once_and_his_going_is_not(
    desk: Any, read: Any, change_hall: Any
) -> None:
    booking = trimmed(desk, change_hall, 5)
    desk.place()
    desk.settle()
    before = desk.bookings.by_id(desk.clerk, booking).booking.effective
    follow(desk, booking)
    desk.place()
    after = desk.bookings.by_id(desk.clerk, booking).booking.effective
    assert after.ends_at < before.ends_at
    desk.settle()
    desk.settle()
    assert desk.kinds() == ["confirmed", "changed"]
    text = read.text(desk.mail.sent[1])
    zone = desk.hub.core.settings.town.zone
    assert "\n入れる時間: " in text
    assert f"–{after.ends_at.astimezone(zone):%H:%M}" in text
    assert read.digits(desk.mail.sent[1]) == desk.digits()
    desk.bookings.cancel(desk.clerk, "b2")
    desk.settle()
    desk.settle()
    assert desk.kinds() == ["confirmed", "changed"]


# --- under duress, and the steps -------------------------------------------------------------


@pytest.mark.parametrize("line", [False, True])
def test_a_duress_pin_is_sent_by_no_channel_and_printed_on_no_paper(
    desk: Any, read: Any, change_hall: Any, admin: TestClient, line: bool
) -> None:
    change_hall(duress=True)
    contact = Contact("山田 花子", "hanako@example.jp", "", LINE_ID if line else "")
    booking = desk.put(start_h=5, contact=contact)
    desk.place()
    desk.settle()
    desk.settle()
    (revealed,) = desk.bookings.reveal(desk.clerk, "b1")
    assert revealed.duress is not None
    (message,) = (desk.line if line else desk.mail).sent
    assert read.digits(message) == revealed.pin
    assert revealed.duress not in read.text(message).replace(" ", "")
    sheet = admin.post(f"/bookings/{booking}/sheet", data={"language": "ja"}, headers=HTML)
    plain = sheet.text.replace("</span><span>", "")
    assert revealed.pin in plain
    assert revealed.duress not in plain


@pytest.mark.parametrize(
    ("language", "arrive", "leave"),
    [
        (Language.JA, "玄関で靴を脱いでください。", "窓を閉めてください。"),
        (Language.EN, "Take off your shoes.", "窓を閉めてください。"),
    ],
)
def test_the_facilitys_steps_stand_in_the_reminder_and_on_the_sheet(
    desk: Any, read: Any, change_hall: Any, admin: TestClient, language: Language,
    arrive: str, leave: str,
) -> None:  # fmt: skip
    steps = (
        Step(moment=StepMoment.ARRIVE, ja="玄関で靴を脱いでください。", en="Take off your shoes."),
        Step(moment=StepMoment.LEAVE, ja="窓を閉めてください。"),
    )
    change_hall(steps=steps)
    contact = Contact("山田 花子", "hanako@example.jp", "", "", language)
    booking = desk.put(start_h=48, contact=contact)
    desk.place()
    desk.settle()
    assert arrive not in read.text(desk.mail.sent[0])  # two days ahead nobody needs them
    desk.let_pass(hours=25)
    text = read.text(desk.mail.sent[1])
    assert text.index(desk.digits()[:2]) < text.index(arrive) < text.index(leave)
    assert text.index("https://doors.test/p/") < text.index(arrive)  # LINE may cut a long end off
    form = {"language": language.value}
    sheet = admin.post(f"/bookings/{booking}/sheet", data=form, headers=HTML).text
    assert f"<li>{arrive}</li>" in sheet
    assert f"<li>{leave}</li>" in sheet
