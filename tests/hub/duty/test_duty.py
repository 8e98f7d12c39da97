"""What the duty person is mailed: late bookings and failing joins, few mails, nobody's data."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from hub.bookings.records import BookingWish, Contact
from hub.bookings.service import BookingsService
from hub.database.scope import Scope
from hub.duty import wiring
from hub.feeds.tables import feeds
from hub.happenings.domain import HappeningKind as H
from hub.notices import repository as notice_rows
from hub.notices.domain import Channel, NoticeKind, NoticeState, Outcome, Sent, Why
from hub.notices.failing import give_up
from hub.notices.planner import new_row
from hub.notices.settings import MailSettings
from hub.readiness.settings import ReadinessSettings
from hub.web.rights import SYSTEM


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is told does not depend on the kind of database; `test_outbox` asks both."""
    return sqlite_at


def second_step(hall: Any) -> str:
    """A booking whose doors have not confirmed a quarter of an hour before it begins."""
    booking: str = hall.book(contact={"name": "山田 花子", "phone": "0123-45-6789"})
    hall.pass_time(hours=8, minutes=41)
    assert [step for _, step in hall.words()] == [1, 2]
    return booking


def test_the_first_step_is_not_the_duty_persons(duty: Any) -> None:
    duty.hall.book()
    duty.hall.pass_time(hours=7, minutes=51)
    duty.run()
    duty.run(minutes=4)
    assert [step for _, step in duty.hall.words()] == [1]
    assert duty.mails() == []


def test_the_second_step_brings_findings_and_remedies_and_nobodys_data(duty: Any) -> None:
    booking = second_step(duty.hall)
    duty.run()
    duty.run()
    (text,) = duty.texts()
    assert "開始までに扉の準備ができない予約が 1 件" in text
    assert "扉からの確認を待っています：数秒で届きます" in text
    assert "→ 利用者の到着に合わせて、扉のページから解錠してください。" in text
    assert f"https://doors.test/bookings/{booking}" in text
    (message,) = duty.mail.sent
    assert message.to == "touban@example.jp"
    found = duty.hall.client.get("/api/v1/bookings/k1").json()
    (pin, *_) = duty.hall.client.get("/api/v1/bookings/k1/pin").json()
    assert found["number"] in text
    for secret in ("山田", "0123-45-6789", pin["pin"]):
        assert secret not in text.replace(" ", "")
    assert (message.entry, message.stop_link) == (None, "")
    duty.run(minutes=4)
    assert len(duty.mail.sent) == 1  # told once


def test_what_is_settled_before_it_is_sent_is_left_out(duty: Any) -> None:
    second_step(duty.hall)
    duty.hall.prove()
    duty.hall.look()
    duty.run()
    duty.run()
    assert duty.mail.tried == []
    assert [each.state for each in duty.mails()] == [NoticeState.DROPPED]


def failing_feed(hall: Any, name: str) -> str:
    """A calendar that could not be read some times."""
    body = {"name": name, "url": "https://cal.example.jp/a.ics?key=secret", "places": []}
    answer = hall.client.post("/api/v1/feeds", json=body | {"facility_id": facility(hall)})
    assert answer.status_code == 201, answer.text
    feed = str(answer.json()["id"])
    hall.hub.core.db.write(lambda scope: scope.update(feeds, {"failures": 5}, feeds.c.id == feed))
    return feed


def facility(hall: Any) -> str:
    body = {"site_id": hall.site, "name_ja": "体育館", "doors": list(hall.doors)}
    answer = hall.client.post("/api/v1/facilities", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_however_much_happens_a_mail_goes_out_every_few_minutes_at_most(duty: Any) -> None:
    known = [failing_feed(duty.hall, f"暦{number}") for number in range(6)]
    duty.tell(H.FEED_FAILING, known[0])
    duty.run()
    duty.run()
    assert len(duty.mail.sent) == 1
    for feed in known[1:]:
        duty.tell(H.FEED_FAILING, feed)
        duty.tell(H.FEED_FAILING, feed)
        duty.run(seconds=20)
    assert len(duty.mail.sent) == 1
    duty.run(minutes=3)
    first, second = duty.texts()
    assert ("暦0" in first, "5 件" in second) == (True, True)
    assert all(second.count(f"暦{number}") == 1 for number in range(1, 6))
    assert "暦0" not in second
    assert "cal.example.jp" not in first
    assert "secret" not in first


def test_what_has_recovered_is_left_out_of_a_digest_that_has_more(duty: Any) -> None:
    well, ill = failing_feed(duty.hall, "暦よし"), failing_feed(duty.hall, "暦だめ")
    for feed in (well, ill):
        duty.tell(H.FEED_FAILING, feed)
    duty.hall.hub.core.db.write(
        lambda scope: scope.update(feeds, {"failures": 0}, feeds.c.id == well)
    )
    duty.run()
    duty.run()
    (text,) = duty.texts()
    assert "暦だめ" in text
    assert "暦よし" not in text


def test_whom_no_message_reached_is_named_by_the_bookings_number_alone(duty: Any) -> None:
    hall = duty.hall
    contact = Contact("山田 花子", "hanako@example.jp", "0123-45-6789")
    start = hall.clock.now() + timedelta(hours=30)
    wish = BookingWish(
        doors=hall.doors, starts_at=start, ends_at=start + timedelta(hours=1), contact=contact
    )
    view, _ = hall.hub.services.get(BookingsService).put(SYSTEM, "k1", wish)
    now, booking = hall.clock.now(), view.booking

    def fail(scope: Scope) -> None:
        row = new_row(hall.hub.core.ids.new(), booking, NoticeKind.CONFIRMED, 1, Channel.EMAIL, now)
        notice_rows.add(scope, row)
        give_up(scope, row, Why.REFUSED, now)

    hall.hub.core.db.write(fail)
    duty.run()
    duty.run()
    (text,) = duty.texts()
    assert "利用者にお知らせが届きません" in text
    assert booking.number in text
    for private in ("山田", "hanako", "0123"):
        assert private not in text


def test_a_server_that_is_down_gets_it_later_under_the_same_identity(duty: Any) -> None:
    feed = failing_feed(duty.hall, "暦")
    duty.mail.answers = [Sent(Outcome.DOWN, "x"), Sent(Outcome.DEFERRED, "451")]
    duty.tell(H.FEED_FAILING, feed)
    duty.run()
    for _ in range(8):
        duty.run(minutes=1)
    assert len(duty.mail.sent) == 1
    assert len({each.id for each in duty.mail.tried}) == 1
    assert len(duty.mail.tried) == 3
    assert [each.state for each in duty.mails()] == [NoticeState.SENT]


def test_one_address_that_is_refused_holds_up_no_other(make_duty: Callable[..., Any]) -> None:
    duty = make_duty("a@example.jp", "b@example.jp", "a@example.jp")
    feed = failing_feed(duty.hall, "暦")
    duty.mail.answers = [Sent(Outcome.REFUSED, "550")]
    duty.tell(H.FEED_FAILING, feed)
    duty.run()
    duty.run()
    assert sorted(each.state for each in duty.mails()) == [NoticeState.FAILED, NoticeState.SENT]
    assert len(duty.mail.sent) == 1


def test_what_is_a_day_old_is_told_nobody(duty: Any) -> None:
    feed = failing_feed(duty.hall, "暦")
    duty.tell(H.FEED_FAILING, feed)
    duty.run(hours=25)
    duty.run()
    assert duty.mails() == []


def test_without_a_mail_server_or_an_address_there_is_no_job(hall: Any) -> None:
    core = hall.hub.core
    mail = MailSettings.model_validate(
        {"host": "localhost", "security": "none", "from": "kagi@town.example.jp"}
    )
    listed = ReadinessSettings(duty_emails=("touban@example.jp",))
    for changed, jobs in (({}, 0), ({"mail": mail}, 0), ({"mail": mail, "readiness": listed}, 1)):
        settings = core.settings.model_copy(update=changed)
        changed_core = replace(core, settings=settings)
        assert len(wiring.duty_jobs(changed_core, hall.hub.services, CollectorRegistry())) == jobs


def test_every_sentence_of_a_digest_is_in_the_catalogue() -> None:
    path = Path("hub/catalogue/notices.toml")
    words = tomllib.loads(path.read_text(encoding="utf-8"))["duty"]
    kinds = ("booking_late", "feed_shrank", "feed_failing", "webhook_failing", "notice_failed")
    assert {f"{kind}{end}" for kind in kinds for end in ("", "_do")} <= words.keys()
