"""What happens when a channel does not work: again, by another, and at last by telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub.bookings.records import BookingWish, Contact
from hub.database.all_tables import all_tables
from hub.happenings.domain import HappeningKind
from hub.happenings.repository import of_booking
from hub.notices import repository
from hub.notices.domain import Channel, NoticeState, Outcome, Sent, Why
from hub.notices.retention import ForgetAddresses
from hub.notices.sender import LEASE
from hub.notices.service import NoticeFilter, NoticesService

NO, LATER, DOWN = Sent(Outcome.REFUSED, "550"), Sent(Outcome.DEFERRED, "451"), Sent(Outcome.DOWN)


def failures(desk: Any, booking: str) -> list[Any]:
    with desk.hub.core.db.read() as scope:
        told = of_booking(scope, booking)
    return [each for each in told if each.kind is HappeningKind.NOTICE_FAILED]


def test_what_is_refused_goes_by_the_next_channel_at_once(
    desk: Any, contact: Callable[..., Contact]
) -> None:
    booking = desk.put(contact=contact(line=True))
    desk.line.answers = [NO]
    desk.settle()
    assert (desk.kinds(desk.line), desk.kinds(desk.mail)) == ([], ["confirmed"])
    first, second = desk.rows(booking)
    assert (first.state, first.why) == (NoticeState.FAILED, Why.REFUSED)
    assert second.cause_seq == first.cause_seq
    assert failures(desk, booking) == []


def test_when_no_channel_is_left_somebody_has_to_telephone(
    desk: Any, contact: Callable[..., Contact]
) -> None:
    booking = desk.put(contact=contact(line=True))
    desk.line.answers, desk.mail.answers = [NO], [NO]
    desk.settle()
    (told,) = failures(desk, booking)
    assert told.details == {"kind": "confirmed", "channel": "email", "why": "refused"}
    service = desk.hub.services.get(NoticesService)
    (seen,) = service.page(desk.clerk, NoticeFilter(needs_call=True), None, 10).items
    assert seen.booking is not None
    assert seen.booking.contact.phone == "0123-45-6789"
    service.handled(desk.clerk, seen.notice.id)
    assert service.page(desk.clerk, NoticeFilter(needs_call=True), None, 10).items == ()


def test_what_is_put_off_is_tried_for_hours_under_one_identity_then_given_up(desk: Any) -> None:
    booking = desk.put(start_h=72)
    desk.mail.answers = [LATER] * 100
    desk.settle()
    for _ in range(24):
        desk.skip(minutes=20)
    (row,) = desk.rows(booking)
    assert (row.state, row.why) == (NoticeState.FAILED, Why.GAVE_UP)
    assert {each.id for each in desk.mail.tried} == {row.id}
    assert 8 <= row.tries <= 14
    assert len(failures(desk, booking)) == 1


def test_the_nearer_the_window_the_sooner_the_next_channel(
    desk: Any, contact: Callable[..., Contact]
) -> None:
    desk.put(start_h=2, contact=contact(line=True))
    desk.line.answers = [LATER] * 100
    desk.let_pass(minutes=40)
    assert "confirmed" in desk.kinds(desk.mail)


def test_a_channel_that_is_down_is_asked_once_a_run(desk: Any) -> None:
    for number in range(5):
        desk.put(f"b{number}", start_h=48 + 3 * number)
    desk.mail.answers = [DOWN]
    desk.settle()
    assert len(desk.mail.tried) == 1
    desk.skip(minutes=2)
    assert desk.kinds() == ["confirmed"] * 5


def test_an_address_that_is_none_is_not_tried(desk: Any) -> None:
    booking = desk.put(contact=Contact("山田", "hanako(at)example.jp", "0123-45-6789"))
    desk.settle()
    (row,) = desk.rows(booking)
    assert (row.state, row.why, row.needs_call) == (NoticeState.FAILED, Why.BAD_ADDRESS, True)
    assert desk.mail.tried == []


def test_without_any_address_only_what_they_cannot_have_seen_is_to_be_called(desk: Any) -> None:
    phone = Contact("山田", "", "0123-45-6789")
    booking = desk.put(contact=phone)
    desk.settle()
    assert desk.rows(booking) == []
    desk.put(hours=3, contact=phone)
    desk.settle()
    (row,) = desk.rows(booking)
    assert (row.channel, row.why, row.needs_call) == (Channel.NONE, Why.NO_ADDRESS, True)


def test_one_whose_sender_died_is_sent_once_more_under_the_same_identity(desk: Any) -> None:
    """Killed between sending and keeping that it was sent."""
    booking = desk.put()

    def die() -> None:
        desk.mail.while_sending = None
        raise KeyboardInterrupt

    desk.run()
    desk.clock.advance(timedelta(seconds=61))
    desk.mail.while_sending = die
    with pytest.raises(KeyboardInterrupt):
        desk.sender.run()
    desk.run()
    assert desk.mail.sent == []  # its lease still holds
    desk.skip(seconds=LEASE.total_seconds() + 1)
    (row,) = desk.rows(booking)
    assert (row.state, row.tries) == (NoticeState.SENT, 2)
    assert {each.id for each in desk.mail.tried} == {row.id}


def test_cancelled_while_its_sender_was_dead_it_is_not_sent_again(desk: Any, read: Any) -> None:
    desk.put(start_h=5)
    desk.place()

    def die() -> None:
        desk.mail.while_sending = None
        raise KeyboardInterrupt

    desk.run()
    desk.clock.advance(timedelta(seconds=61))
    desk.mail.while_sending = die
    with pytest.raises(KeyboardInterrupt):
        desk.sender.run()
    desk.bookings.cancel(desk.clerk, "b1")
    desk.skip(seconds=LEASE.total_seconds() + 1)
    assert desk.kinds() == ["cancelled"]
    assert read.digits(desk.mail.sent[0]) == ""


def test_cancelled_while_it_waits_to_be_tried_again_it_is_not_sent(desk: Any) -> None:
    desk.put(start_h=5)
    desk.place()
    desk.mail.answers = [LATER]
    desk.settle()
    desk.bookings.cancel(desk.clerk, "b1")
    desk.skip(minutes=5)
    assert desk.kinds() == ["cancelled"]


def test_changed_while_it_waits_to_be_tried_again_it_says_what_is_true(
    desk: Any, read: Any
) -> None:
    desk.put(start_h=48)
    desk.mail.answers = [LATER]
    desk.settle()
    desk.bookings.put(desk.clerk, "b1", BookingWish(ends_at=desk.clock.now() + timedelta(hours=52)))
    desk.let_pass(minutes=8)
    assert desk.kinds()[-1] in ("changed", "confirmed")
    assert "–13:01" in read.text(desk.mail.sent[-1])
    assert len({each.id for each in desk.mail.sent}) == len(desk.mail.sent)


def test_a_row_that_cannot_be_made_holds_up_no_other(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = desk.put("b1")
    desk.put("b2", start_h=60)
    compose = desk.sender._composer.compose

    def fails(scope: Any, notice: Any, *rest: Any) -> Any:
        if notice.booking_id == bad:
            raise RuntimeError("cannot be said")
        return compose(scope, notice, *rest)

    monkeypatch.setattr(desk.sender._composer, "compose", fails)
    desk.planner.run()
    desk.clock.advance(timedelta(seconds=61))
    for _ in range(3):
        try:
            desk.sender.run()
        except RuntimeError:
            continue
    assert desk.kinds() == ["confirmed"]
    (row,) = desk.rows(bad)
    assert (row.state, row.why, row.tries) == (NoticeState.WAITING, Why.RETRYING, 1)


def test_addresses_are_forgotten_a_month_after_the_booking_ended(desk: Any) -> None:
    booking = desk.put(start_h=48)
    desk.settle()
    assert [each.address for each in desk.rows(booking)] == ["hanako@example.jp"]
    chore = ForgetAddresses(desk.clock, 30)
    with desk.hub.core.db.read() as scope:
        assert not chore.is_due(scope)
    desk.skip(days=33)
    with desk.hub.core.db.read() as scope:
        assert chore.is_due(scope)
    desk.hub.core.db.write(chore.run)
    assert {each.address for each in desk.rows(booking)} == {""}
    with desk.hub.core.db.read() as scope:
        assert repository.oldest_due(scope, desk.clock.now()) is None


def test_nothing_that_was_said_lies_in_the_database(desk: Any, read: Any) -> None:
    """Neither digits nor a link, in any table, after a reminder was sent."""
    desk.put(start_h=6)
    desk.place()
    desk.settle()
    (mail,) = desk.mail.sent
    digits = read.digits(mail)
    assert digits == desk.digits()
    link = read.text(mail).split("/p/")[1].split()[0]
    with desk.hub.core.db.read() as scope:
        for table in all_tables().sorted_tables:
            for row in scope.connection.execute(sa.select(table)).all():
                told = " ".join(str(value) for value in row)
                assert link not in told, table.name
                assert digits not in told.replace(" ", "").split("'"), table.name
                if table.name == "notices":
                    assert digits not in told
