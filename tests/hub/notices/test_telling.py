"""What is told when: from what happens to a booking to what somebody reads."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar

from hub.audit.service import AuditFilter, AuditService
from hub.bookings.facilities import FacilitiesService
from hub.bookings.ics import ics_of
from hub.bookings.numbers import grouped
from hub.bookings.records import BookingWish, Contact, HolderWish
from hub.bookings.steps import Step, StepMoment
from hub.bookings.tables import Approval, Payment
from hub.catalogue import Language
from hub.notices.domain import Channel, NoticeKind, NoticeState, PinInNotice, Why
from hub.notices.rules import NoticeRules, OwnRule
from hub.notices.service import NoticesService
from hub.notices.settings import LineSettings, MailSettings, NoticesSettings
from hub.settings import load_settings
from hub.web.rights import SYSTEM, Principal, PrincipalKind, Role


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is told does not depend on the kind of database; `test_failing` asks both."""
    return sqlite_at


def test_a_confirmation_has_the_link_and_no_digits(desk: Any, read: Any) -> None:
    desk.put()
    desk.settle()
    (mail,) = desk.mail.sent
    assert desk.kinds() == ["confirmed"]
    text = read.text(mail)
    assert "https://doors.test/p/" in text
    assert desk.digits() not in text.replace(" ", "")
    assert "山田 花子 様" in text
    assert "体育館" in text


def test_the_reminder_brings_the_pin_a_day_before(desk: Any, read: Any) -> None:
    booking = desk.put(start_h=48)
    desk.settle()
    desk.place()
    desk.skip(hours=22)
    assert desk.kinds() == ["confirmed"]
    desk.let_pass(hours=2.5)
    assert desk.kinds() == ["confirmed", "reminder"]
    assert read.digits(desk.mail.sent[1]) == desk.digits()
    audit = desk.hub.services.get(AuditService).page(AuditFilter(action="pin.revealed"), None, 10)
    (sent,) = (each for each in audit.items if each.details.get("by"))
    assert (sent.target_id, sent.actor) == (booking, "system:hub")
    assert sent.details == {"by": "mail", "kind": "reminder", "notice": desk.mail.sent[1].id}


def test_booked_late_and_ready_it_is_one_message_with_the_pin(desk: Any, read: Any) -> None:
    booking = desk.put(start_h=5)
    desk.place()
    desk.settle()
    desk.settle()
    assert desk.kinds() == ["confirmed"]
    assert read.digits(desk.mail.sent[0]) == desk.digits()
    covered = [each for each in desk.rows(booking) if each.why is Why.COVERED]
    assert [each.kind.value for each in covered] == ["reminder"]


def test_booked_late_and_not_ready_the_pin_follows_once_the_door_confirms(
    desk: Any, read: Any
) -> None:
    desk.put(start_h=5)
    desk.settle()
    desk.let_pass(minutes=30)
    assert desk.kinds() == ["confirmed"]
    assert read.digits(desk.mail.sent[0]) == ""
    desk.place()
    desk.run()
    assert desk.kinds() == ["confirmed", "reminder"]
    assert read.digits(desk.mail.sent[1]) == desk.digits()
    assert "まだ確認できていません" not in read.text(desk.mail.sent[1])


def test_at_the_last_moment_it_goes_out_and_says_that_the_door_has_not_confirmed(
    desk: Any, read: Any
) -> None:
    desk.put(start_h=3)
    desk.settle()
    desk.let_pass(minutes=100)
    assert desk.kinds() == ["confirmed"]
    desk.let_pass(minutes=12)  # the effective window begins ten minutes before the booked
    assert desk.kinds() == ["confirmed", "reminder"]
    assert "まだ確認できていません" in read.text(desk.mail.sent[1])
    assert read.digits(desk.mail.sent[1]) == desk.digits()


def test_five_changes_within_a_minute_give_one_message(desk: Any) -> None:
    desk.put()
    desk.settle()
    for hours in (3, 4, 5, 6, 7):
        desk.put(hours=hours)
        desk.run()
        desk.clock.advance(timedelta(seconds=10))
        desk.run()
    desk.settle()
    assert desk.kinds() == ["confirmed", "changed"]


def test_a_change_that_is_taken_back_at_once_is_not_told(desk: Any) -> None:
    first = desk.wish()
    desk.bookings.put(desk.clerk, "b1", first)
    desk.settle()
    desk.put(hours=3)
    desk.run()
    desk.bookings.put(desk.clerk, "b1", first)
    desk.settle()
    assert desk.kinds() == ["confirmed"]


def test_a_caller_that_puts_the_same_again_and_again_tells_nobody(desk: Any) -> None:
    """With its holders named each time, which alone tells nothing of a change."""
    wish = desk.wish(holders=(HolderWish("山田 花子"),))
    for _ in range(4):
        desk.bookings.put(desk.clerk, "b1", wish)
        desk.settle()
    assert desk.kinds() == ["confirmed"]


def test_a_change_says_what_was_and_what_is(desk: Any, read: Any) -> None:
    desk.put(start_h=48)
    desk.settle()
    desk.put(start_h=50)
    desk.settle()
    text = read.text(desk.mail.sent[1])
    assert "変更前の日時: 4月8日（水） 09:00–11:00" in text
    assert "\n日時: 4月8日（水） 11:01–13:01" in text


def test_digits_that_replace_told_ones_say_so(desk: Any, read: Any) -> None:
    desk.put(start_h=6)
    desk.place()
    desk.settle()
    old = desk.digits()
    assert read.digits(desk.mail.sent[-1]) == old
    desk.bookings.reissue(desk.clerk, "b1")
    desk.place()
    desk.settle()
    assert desk.kinds() == ["confirmed", "pin_changed"]
    new = desk.digits()
    assert new != old
    assert read.digits(desk.mail.sent[-1]) == new
    assert "前の番号は使えなくなります" in read.text(desk.mail.sent[-1])
    assert desk.bookings.get(desk.clerk, "b1").problems == ()


def test_a_cancellation_makes_what_is_unsent_needless(desk: Any, read: Any) -> None:
    booking = desk.put()
    desk.run()
    desk.bookings.cancel(desk.clerk, "b1")
    desk.settle()
    desk.let_pass(minutes=3)
    assert desk.kinds() == ["cancelled"]
    assert read.digits(desk.mail.sent[0]) == ""
    assert "/p/" not in read.text(desk.mail.sent[0])
    assert desk.open_rows(booking) == []


def test_a_request_is_received_then_confirmed_or_rejected_with_its_reason(
    make_desk: Callable[..., Any], read: Any
) -> None:
    desk = make_desk(approval=Approval.REQUIRED)
    clerk = desk.clerk
    integration = Principal(PrincipalKind.TOKEN, "api", "api", Role.INTEGRATION)
    for key, start in (("b1", 48), ("b2", 72)):
        desk.bookings.put(integration, key, desk.wish(start_h=start))
    desk.settle()
    desk.bookings.decide(clerk, "b1", approve=True)
    desk.bookings.decide(clerk, "b2", approve=False, reason="工事のため")
    desk.settle()
    assert sorted(desk.kinds()) == ["confirmed", "rejected", "requested", "requested"]
    (rejected,) = [m for m in desk.mail.sent if "工事のため" in read.text(m)]
    assert "お受けできませんでした" in rejected.said.subject


def test_a_payment_is_confirmed(desk: Any) -> None:
    desk.put()
    desk.settle()
    desk.bookings.put(desk.clerk, "b1", BookingWish(paid=True))
    desk.settle()
    assert desk.kinds() == ["confirmed", "paid"]


def test_where_the_pin_waits_for_payment_the_confirmation_says_so(desk: Any, read: Any) -> None:
    facilities = desk.hub.services.get(FacilitiesService)
    facilities.change(desk.clerk, desk.facility, payment=Payment.BEFORE_PIN)
    desk.put()
    desk.settle()
    assert "お支払いが済むと使えるようになります" in read.text(desk.mail.sent[0])
    desk.bookings.put(desk.clerk, "b1", BookingWish(paid=True))
    desk.settle()
    assert "暗証番号は、ご利用の前にあらためて" in read.text(desk.mail.sent[1])


def test_a_message_names_the_booking_by_the_number_that_people_say(desk: Any, read: Any) -> None:
    desk.put("feed.ebb5b95fe8c640cad8643c935ef39cce.once")
    desk.settle()
    (mail,) = desk.mail.sent
    number = desk.bookings.get(
        desk.clerk, "feed.ebb5b95fe8c640cad8643c935ef39cce.once"
    ).booking.number
    assert f"予約番号: {grouped(number)}" in read.text(mail)
    assert "ebb5b95f" not in read.text(mail) + mail.entry.content.decode()


def test_the_facilitys_own_steps_come_with_the_pin(desk: Any, read: Any) -> None:
    steps = (
        Step(moment=StepMoment.ARRIVE, ja="右の照明をつけます"),
        Step(moment=StepMoment.LEAVE, ja="窓を閉めます"),
    )
    desk.hub.services.get(FacilitiesService).change(desk.clerk, desk.facility, steps=steps)
    desk.put(start_h=5)
    desk.place()
    desk.settle()
    text = read.text(desk.mail.sent[0])
    assert "\n1. 右の照明をつけます\n\n帰るとき\n\n1. 窓を閉めます\n" in text


def test_a_calendar_that_took_the_pages_file_believes_the_mail_that_cancels(desk: Any) -> None:
    """Both are of one UID; the higher SEQUENCE, or the later stamp of equal ones, wins."""
    desk.put()
    desk.settle()
    desk.skip(hours=5)
    desk.bookings.put(desk.clerk, "b1", BookingWish(purpose="練習"))
    kept = desk.bookings.get(desk.clerk, "b1").booking
    page = Calendar.from_ical(ics_of(kept, None, organizer_host="doors.test"))
    (event,) = page.walk("VEVENT")
    desk.skip(minutes=5)
    desk.bookings.cancel(desk.clerk, "b1")
    desk.settle()
    entry = desk.mail.sent[-1].entry
    assert entry.method == "CANCEL"
    (told,) = Calendar.from_ical(entry.content).walk("VEVENT")
    assert (str(told["UID"]), str(told["STATUS"])) == (str(event["UID"]), "CANCELLED")
    assert int(told["SEQUENCE"]) > int(event["SEQUENCE"])


def test_changes_that_are_not_urgent_wait_for_the_morning(desk: Any) -> None:
    desk.put(start_h=72)
    desk.settle()
    desk.skip(hours=13)  # 22:01 in Tokyo
    desk.put(start_h=60)
    desk.settle()
    assert desk.kinds() == ["confirmed"]
    (waits,) = [each for each in desk.open_rows(desk.put(start_h=60)) if each.why]
    assert waits.why is Why.QUIET
    assert waits.next_at.astimezone(desk.hub.core.settings.town.zone).hour == 8
    desk.skip(hours=10)
    assert desk.kinds() == ["confirmed", "changed"]


def test_what_begins_within_twelve_hours_disturbs_at_night(desk: Any) -> None:
    desk.put(start_h=72)
    desk.settle()
    desk.skip(hours=13)
    desk.put(start_h=10)
    desk.settle()
    assert "changed" in desk.kinds()


def test_a_new_address_is_told_and_a_new_telephone_number_is_not(
    desk: Any, contact: Callable[..., Contact]
) -> None:
    desk.bookings.put(desk.clerk, "b1", desk.wish(contact=contact()))
    desk.settle()
    phone = Contact("山田 花子", "hanako@example.jp", "0999-99-9999")
    desk.bookings.put(desk.clerk, "b1", BookingWish(contact=phone))
    desk.settle()
    assert desk.kinds() == ["confirmed"]
    moved = Contact("山田 花子", "new@example.jp", "0999-99-9999")
    desk.bookings.put(desk.clerk, "b1", BookingWish(contact=moved))
    desk.settle()
    assert desk.kinds() == ["confirmed", "changed"]
    assert desk.mail.sent[-1].to == "new@example.jp"


def test_nobody_is_told_and_nobody_called_where_no_channel_is_set_up(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(channels=())
    booking = desk.put()
    desk.settle()
    assert desk.rows(booking) == []


@pytest.mark.parametrize("never", [True, False])
def test_a_facility_may_keep_digits_out_of_every_message(desk: Any, read: Any, never: bool) -> None:
    rules = desk.hub.services.get(NoticeRules)
    if never:
        own = OwnRule(pin_in_notice=PinInNotice.NEVER, closing=("土足禁止です。", "", ""))
        rules.put(SYSTEM, "facility", desk.facility, own)
    desk.put(start_h=30)
    desk.settle()
    desk.place()
    desk.skip(hours=7)
    assert desk.kinds() == ["confirmed", "reminder"]
    assert (read.digits(desk.mail.sent[1]) == "") is never
    assert ("土足禁止です。" in read.text(desk.mail.sent[1])) is never
    assert "/p/" in read.text(desk.mail.sent[1])


def test_a_clerk_sends_again_at_night_and_to_those_who_want_nothing(desk: Any) -> None:
    booking = desk.put(start_h=72)
    core = desk.hub.core
    core.db.write(
        lambda scope: desk.subscriptions.set_of(
            scope, Channel.EMAIL, "Hanako@Example.jp", stopped=True
        )
    )
    desk.settle()
    assert desk.mail.sent == []
    assert [each.why for each in desk.rows(booking)] == [Why.UNSUBSCRIBED]
    desk.skip(hours=13)
    service = desk.hub.services.get(NoticesService)
    made = service.send_again(desk.clerk, "b1", NoticeKind.REMINDER)
    assert made.notice.state is NoticeState.WAITING
    desk.run()
    assert desk.kinds() == ["reminder"]


def test_a_key_boxs_code_is_told_like_a_pin_and_so_is_a_new_one(
    desk: Any, admin: TestClient, read: Any
) -> None:
    """A box cannot confirm: nothing is waited for, and the mail says the code and the steps."""
    site = admin.get(f"/api/v1/facilities/{desk.facility}").json()["site_id"]
    box = admin.post(
        "/api/v1/key_boxes", json={"site_id": site, "name": "小屋の箱", "name_en": "Hut box"}
    ).json()["id"]
    start = desk.clock.now() + timedelta(hours=6)
    wish = BookingWish(
        key_boxes=(box,),
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        contact=desk.wish().contact,
    )
    desk.bookings.put(desk.clerk, "b1", wish)
    desk.settle()
    (revealed,) = desk.bookings.reveal(desk.clerk, "b1")
    old = revealed.codes[0].digits
    assert desk.kinds() == ["confirmed"]
    assert read.digits(desk.mail.sent[0]) == old
    assert "小屋の箱" in read.text(desk.mail.sent[0])
    desk.bookings.reissue(desk.clerk, "b1")
    desk.settle()
    assert desk.kinds() == ["confirmed", "pin_changed"]
    assert read.digits(desk.mail.sent[1]) not in ("", old)
    desk.bookings.cancel(desk.clerk, "b1")
    desk.settle()
    assert "キーボックスは、取り消したあとも" in read.text(desk.mail.sent[2])


def test_a_town_whose_booking_system_confirms_by_itself_leaves_that_out(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(kinds=(NoticeKind.REMINDER, NoticeKind.CHANGED))
    desk.put(start_h=6)
    desk.place()
    desk.settle()
    desk.settle()
    assert desk.kinds() == ["reminder"]


@pytest.mark.parametrize("language", list(Language))
def test_each_is_told_in_their_language(
    desk: Any, read: Any, contact: Callable[..., Contact], language: Language
) -> None:
    desk.put(start_h=6, contact=contact(language=language))
    desk.place()
    desk.settle()
    text = read.text(desk.mail.sent[0])
    expected = {
        Language.JA: ("体育館", "暗証番号\n"),
        Language.EASY: ("たいいくかん", "番号（ばんごう）\n"),
        Language.EN: ("Gym", "PIN\n"),
    }
    assert all(each in text for each in expected[language])
    assert read.digits(desk.mail.sent[0]) == desk.digits()


def test_the_settings_in_the_documentation_are_settings() -> None:
    told = Path("docs/notices.md").read_text(encoding="utf-8")
    found = tomllib.loads(told.split("```toml\n")[1].split("```")[0])
    assert NoticesSettings.model_validate(found["notices"]) == NoticesSettings()
    mail = MailSettings.model_validate(found["mail"])
    assert (mail.security, mail.sender) == ("tls", "kagi@town.example.jp")
    assert LineSettings.model_validate(found["line"]).token_file == Path("line-token")


def test_files_of_secrets_lie_beside_the_settings(tmp_path: Path) -> None:
    told = Path("docs/notices.md").read_text(encoding="utf-8")
    (tmp_path / "hub.toml").write_text(told.split("```toml\n")[1].split("```")[0], "utf-8")
    settings = load_settings(tmp_path / "hub.toml")
    assert settings.mail.password_file == tmp_path / "mail-password"
    assert settings.mail.ca == tmp_path / "town-ca.pem"
    assert settings.line.secret_file == tmp_path / "line-secret"
