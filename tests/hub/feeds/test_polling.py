"""What a poll makes of a calendar: bookings made, moved, kept and cancelled, over real HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.bookings.records import BookingWish, Contact, ContactWish, HolderWish
from hub.bookings.tables import BookingState
from hub.catalogue import Language
from hub.feeds.domain import (
    AuthKind,
    EventState,
    FeedState,
    FetchResult,
    PlaceProperty,
    PlaceRule,
)
from hub.happenings.domain import HappeningKind as H


def test_a_calendar_becomes_bookings_with_pins(desk: Any, ical: Any) -> None:
    feed = desk.add()
    desk.publish(
        desk.event(
            "a@town", 24, 2, "SUMMARY:卓球クラブ", "ATTENDEE;CN=山田 花子:mailto:h@example.jp"
        ),
        desk.event("b@town", 30, 1, "STATUS:TENTATIVE"),
    )
    run = desk.poll(feed)
    assert (run.result, run.made, run.refused) == (FetchResult.OK, 2, 0)
    first, second = desk.all()
    assert first.booking.state is BookingState.CONFIRMED
    assert first.booking.contact == Contact("山田 花子", "h@example.jp")
    assert first.booking.purpose == "卓球クラブ"
    assert second.booking.state is BookingState.REQUESTED
    assert first.booking.source.value == "feed"
    revealed = desk.bookings.reveal(ical.clerk, first.booking.reservation_key)
    assert revealed[0].pin
    assert desk.view(feed).feed.state is FeedState.FINE
    assert desk.view(feed).counts.booked == 2


def test_the_same_calendar_again_touches_nothing_and_doubles_nothing(desk: Any) -> None:
    feed = desk.add()
    desk.publish(desk.event("a", 24), desk.event("b", 26))
    desk.poll(feed)
    before = desk.booked()
    again = desk.poll(feed, 5)
    assert (again.result, again.http_status) == (FetchResult.NOT_MODIFIED, 304)
    desk.server.validators = False
    plain = desk.poll(feed, 5)
    assert (plain.result, plain.made, plain.changed) == (FetchResult.OK, 0, 0)
    assert desk.booked() == before


def test_a_moved_event_moves_its_booking_and_keeps_its_pin(desk: Any, ical: Any) -> None:
    feed = desk.add()
    desk.publish(desk.event("a", 24))
    desk.poll(feed)
    (before,) = desk.all()
    key = before.booking.reservation_key
    pin = desk.bookings.reveal(ical.clerk, key)[0].pin
    desk.publish(desk.event("a", 48, 3, "SEQUENCE:1"))
    run = desk.poll(feed, 5)
    assert (run.made, run.changed) == (0, 1)
    (after,) = desk.all()
    assert after.booking.id == before.booking.id
    assert after.booking.booked.ends_at - after.booking.booked.starts_at == timedelta(hours=3)
    assert desk.bookings.reveal(ical.clerk, key)[0].pin == pin


def test_a_cancelled_event_is_cancelled_at_once(desk: Any) -> None:
    feed = desk.add()
    desk.publish(desk.event("a", 24), desk.event("b", 26))
    desk.poll(feed)
    desk.publish(desk.event("a", 24, 1, "STATUS:CANCELLED", "SEQUENCE:1"), desk.event("b", 26))
    assert desk.poll(feed, 1).cancelled == 1
    assert desk.standing(feed) == {"b"}
    assert desk.events(feed)["a"].state is EventState.CANCELLED
    # It comes back: booked anew, for what is cancelled stays cancelled.
    desk.publish(desk.event("a", 24, 1, "SEQUENCE:2"), desk.event("b", 26))
    assert desk.poll(feed, 1).made == 1
    assert desk.standing(feed) == {"a", "b"}
    assert desk.events(feed)["a"].reservation_key.endswith("~2")


def test_an_event_is_gone_after_two_whole_fetches_ten_minutes_apart(desk: Any) -> None:
    feed = desk.add()
    stay = [desk.event(f"s{i}", 24 + i) for i in range(4)]
    desk.publish(*stay, desk.event("gone", 40))
    desk.poll(feed)
    desk.publish(*stay)
    first = desk.poll(feed, 1)
    assert (first.cancelled, first.absent) == (0, 1)
    assert (desk.poll(feed, 9).cancelled, "gone" in desk.standing(feed)) == (0, True)
    last = desk.poll(feed, 1)  # answered with 304: the same calendar once more
    assert (last.result, last.cancelled) == (FetchResult.NOT_MODIFIED, 1)
    assert desk.standing(feed) == {"s0", "s1", "s2", "s3"}
    assert desk.events(feed)["gone"].state is EventState.GONE


def test_an_event_that_is_seen_between_begins_its_absence_anew(desk: Any) -> None:
    feed = desk.add()
    stay, gone = [desk.event(f"s{i}", 24 + i) for i in range(4)], desk.event("gone", 40)
    for events, minutes in ([*stay, gone], 0), (stay, 1), ([*stay, gone], 6), (stay, 6), (stay, 9):
        desk.publish(*events)
        assert desk.poll(feed, minutes).cancelled == 0
    assert "gone" in desk.standing(feed)
    assert desk.poll(feed, 2).cancelled == 1


def test_a_feed_that_answers_again_has_recovered(desk: Any) -> None:
    feed = desk.add()
    desk.publish(desk.event("a", 24))
    desk.server.status = 500
    for _ in range(3):
        desk.poll(feed, 5)
    desk.server.status = 200
    assert desk.poll(feed, 5).made == 1
    assert desk.told(H.FEED_FAILING, H.FEED_RECOVERED) == [H.FEED_FAILING, H.FEED_RECOVERED]


def test_a_shrunken_calendar_changes_nothing_until_staff_confirm(desk: Any, ical: Any) -> None:
    feed = desk.add()
    events = [desk.event(f"e{i}", 24 + i) for i in range(10)]
    desk.publish(*events)
    desk.poll(feed)
    before = desk.booked()
    desk.publish(*events[:6], desk.event("new", 60))
    run = desk.poll(feed, 5)
    assert (run.result, run.absent, run.made) == (FetchResult.SHRANK, 4, 0)
    assert desk.poll(feed, 60).result is FetchResult.SHRANK
    assert desk.booked() == before
    assert desk.view(feed).feed.state is FeedState.SHRANK
    asked = desk.feeds.shrink(ical.clerk, feed)
    assert {e.uid for e in asked.events} == {"e6", "e7", "e8", "e9"}
    assert desk.feeds.confirm_shrink(ical.clerk, feed, asked.token) == 4
    assert desk.standing(feed) == {f"e{i}" for i in range(6)}
    assert desk.poll(feed, 5).made == 1
    assert desk.view(feed).feed.state is FeedState.FINE
    assert desk.told(H.FEED_SHRANK, H.FEED_RECOVERED) == [H.FEED_SHRANK, H.FEED_RECOVERED]


def test_what_staff_keep_stays_though_it_is_absent_for_ever(desk: Any, ical: Any) -> None:
    feed = desk.add()
    events = [desk.event(f"e{i}", 240 + i) for i in range(10)]
    desk.publish(*events)
    desk.poll(feed)
    desk.publish(*events[:6])
    desk.poll(feed, 5)
    asked = desk.feeds.shrink(ical.clerk, feed)
    assert desk.feeds.dismiss_shrink(ical.clerk, feed, asked.token) == 4
    for _ in range(3):
        assert desk.poll(feed, 60).result.is_good
    assert len(desk.standing(feed)) == 10
    assert desk.view(feed).counts.waiting == 4
    # The rest is followed, deletions too: one of six is under 30 %.
    desk.publish(*events[:5])
    desk.poll(feed, 5)
    assert desk.poll(feed, 15).cancelled == 1
    # Seen again, they are as any other.
    desk.publish(*events)
    desk.poll(feed, 5)
    assert desk.view(feed).counts.waiting == 0


def test_staff_confirm_what_they_saw_and_nothing_else(desk: Any, ical: Any) -> None:
    feed = desk.add()
    events = [desk.event(f"e{i}", 24 + i) for i in range(10)]
    desk.publish(*events)
    desk.poll(feed)
    desk.publish(*events[:6])
    desk.poll(feed, 5)
    seen = desk.feeds.shrink(ical.clerk, feed).token
    desk.publish(*events[:5])
    desk.poll(feed, 5)
    with pytest.raises(Exception, match="changed_meanwhile"):
        desk.feeds.confirm_shrink(ical.clerk, feed, seen)
    assert len(desk.standing(feed)) == 10


def test_three_shrinkings_of_a_fifth_do_not_slip_through(desk: Any) -> None:
    feed = desk.add()
    events = [desk.event(f"e{i}", 240 + i) for i in range(20)]
    desk.publish(*events)
    desk.poll(feed)
    desk.publish(*events[:16])
    desk.poll(feed, 5)
    assert desk.poll(feed, 15).cancelled == 4
    desk.publish(*events[:12])
    assert desk.poll(feed, 60).result is FetchResult.SHRANK  # 8 of 20 within a day
    assert desk.poll(feed, 60).result is FetchResult.SHRANK
    assert len(desk.standing(feed)) == 16


def test_an_event_that_is_refused_is_kept_and_tried_again(desk: Any, ical: Any) -> None:
    feed = desk.add()
    start = desk.later(24)
    by_hand = BookingWish(
        facility_id=desk.hall, starts_at=start, ends_at=start + timedelta(hours=1)
    )
    desk.bookings.put(ical.clerk, "by-hand", replace(by_hand, state=BookingState.CONFIRMED))
    desk.publish(desk.event("a", 24), desk.event("b", 26))
    run = desk.poll(feed)
    assert (run.made, run.refused) == (1, 1)
    assert desk.events(feed)["a"].problem == "double_booked"
    assert desk.poll(feed, 5).refused == 1
    desk.bookings.cancel(ical.clerk, "by-hand")
    assert (desk.poll(feed, 5).made, desk.events(feed)["a"].problem) == (1, "")
    assert desk.standing(feed) == {"a", "b"}


def test_events_that_swap_or_shift_their_times_do_not_block_each_other(desk: Any) -> None:
    feed = desk.add()
    times = [(desk.later(24 + i), desk.later(25 + i)) for i in range(4)]
    desk.publish(*(desk.timed(f"e{i}", *times[i]) for i in range(3)))
    desk.poll(feed)
    desk.publish(*(desk.timed(f"e{i}", *times[i + 1]) for i in range(3)))
    assert (desk.poll(feed, 5).changed, desk.view(feed).counts.problems) == (3, 0)
    order = (3, 1, 2)
    desk.publish(*(desk.timed(f"e{i}", *times[order[i]]) for i in range(3)))
    run = desk.poll(feed, 5)
    assert (run.changed, run.refused) == (3, 0)
    booked = desk.booked()
    for i, event in enumerate(desk.events(feed).values()):
        assert booked[event.reservation_key][1:] == (event.starts_at, event.ends_at), i


def test_the_feed_wins_the_window_and_staff_win_contact_and_holders(desk: Any, ical: Any) -> None:
    feed = desk.add()
    who = "ATTENDEE;CN=山田:mailto:old@example.jp"
    desk.publish(desk.event("a", 24, 1, who, "SUMMARY:練習"))
    desk.poll(feed)
    key = desk.events(feed)["a"].reservation_key
    start, end = desk.booked()[key][1:]
    by_hand = BookingWish(
        starts_at=start + timedelta(hours=1),
        ends_at=end + timedelta(hours=1),
        contact=Contact("山田", "staff@example.jp", "0123-45-6789"),
        holders=(HolderWish("山田"), HolderWish("鈴木")),
    )
    desk.bookings.put(ical.clerk, key, by_hand)
    assert desk.poll(feed, 5).changed == 1
    assert desk.booked()[key][1:] == (start, end)
    desk.publish(
        desk.timed("a", start, end, "ATTENDEE;CN=山田 花子:mailto:new@example.jp", "SUMMARY:試合")
    )
    desk.poll(feed, 5)
    found = desk.bookings.get(ical.clerk, key)
    assert found.booking.contact == Contact("山田 花子", "staff@example.jp", "0123-45-6789")
    assert found.booking.purpose == "試合"
    assert {each.holder for each in found.credentials} == {"山田", "鈴木"}


def test_the_contact_of_an_event_knows_no_line_and_unlinks_nobody(desk: Any, ical: Any) -> None:
    feed = desk.add()
    desk.publish(desk.event("a", 24, 1, "ATTENDEE;CN=山田:mailto:old@example.jp"))
    desk.poll(feed)
    key = desk.events(feed)["a"].reservation_key
    linked = ContactWish(line="U1", language=Language.EN)
    desk.bookings.put(ical.clerk, key, BookingWish(contact=linked))
    for name, mail in (("山田 花子", "new@example.jp"), ("山田", "other@example.jp")):
        desk.publish(desk.event("a", 24, 1, f"ATTENDEE;CN={name}:mailto:{mail}"))
        desk.poll(feed, 5)
        found = desk.bookings.get(ical.clerk, key).booking.contact
        assert found == Contact(name, mail, "", "U1", Language.EN)


def test_a_booking_that_staff_cancelled_stays_cancelled(desk: Any, ical: Any) -> None:
    feed = desk.add()
    desk.publish(desk.event("a", 24), desk.event("b", 26))
    desk.poll(feed)
    desk.bookings.cancel(ical.clerk, desk.events(feed)["a"].reservation_key)
    for minutes in (5, 70):
        assert desk.poll(feed, minutes).made == 0
    assert desk.standing(feed) == {"b"}
    assert desk.events(feed)["a"].state is EventState.CANCELLED_HERE
    assert desk.view(feed).counts.cancelled_here == 1


def test_an_older_copy_of_an_event_is_ignored(desk: Any) -> None:
    feed = desk.add()
    desk.publish(desk.event("a", 24, 1, "SEQUENCE:5"))
    desk.poll(feed)
    before = desk.booked()
    desk.publish(desk.event("a", 30, 1, "SEQUENCE:4", "STATUS:CANCELLED"))
    desk.poll(feed, 5)
    assert desk.booked() == before
    assert [u.problem.value for u in desk.view(feed).feed.unread] == ["stale"]


def test_past_and_running_events_are_never_cancelled_for_their_absence(desk: Any) -> None:
    feed = desk.add()
    desk.publish(desk.event("now", 0.5, 2), *(desk.event(f"s{i}", 24 + i) for i in range(5)))
    desk.poll(feed)
    desk.clock.advance(timedelta(hours=1))
    desk.publish(*(desk.event(f"s{i}", 24 + i) for i in range(5)))
    desk.poll(feed, 1)
    desk.poll(feed, 20)
    assert "now" in desk.standing(feed)
    desk.poll(feed, 180)
    assert "now" in desk.standing(feed)


def test_an_event_put_off_after_it_was_over_is_booked_anew(desk: Any) -> None:
    feed = desk.add()
    desk.publish(desk.event("a", 1))
    desk.poll(feed)
    before = desk.booked()
    desk.publish(desk.event("a", 48, 1, "SEQUENCE:1"))
    assert desk.poll(feed, 180).made == 1
    after = desk.booked()
    assert before.items() <= after.items()  # what is over is never changed
    assert len(after) == 2
    assert desk.poll(feed, 120).made == 0


def test_an_event_moved_beyond_the_horizon_moves_its_booking(desk: Any) -> None:
    feed = desk.add(horizon_days=10)
    desk.publish(desk.event("a", 24), desk.event("far", 24 * 30))
    desk.poll(feed)
    assert desk.standing(feed) == {"a"}
    desk.publish(desk.event("a", 24 * 20, 1, "SEQUENCE:1"), desk.event("far", 24 * 30))
    assert desk.poll(feed, 5).changed == 1
    for _ in range(3):
        desk.poll(feed, 70)
    assert desk.standing(feed) == {"a"}
    ((_, starts_at, _),) = desk.booked().values()
    assert starts_at == desk.later(24 * 20)


def test_an_event_that_cannot_be_read_is_not_absent(desk: Any) -> None:
    feed = desk.add()
    stay = [desk.event(f"s{i}", 24 + i) for i in range(4)]
    desk.publish(*stay, desk.event("broken", 40))
    desk.poll(feed)
    desk.publish(*stay, desk.event("broken", 40).replace("DTSTART:", "DTSTART:x"))
    assert desk.poll(feed, 20).refused == 1
    for _ in range(3):
        run = desk.poll(feed, 70)
        assert (run.cancelled, run.absent) == (0, 0)
    assert "broken" in desk.standing(feed)
    assert [u.uid for u in desk.view(feed).feed.unread] == ["broken"]


def test_places_choose_the_facility(desk: Any) -> None:
    rules = (
        PlaceRule(PlaceProperty.LOCATION, "和室", desk.other, contains=True),
        PlaceRule(PlaceProperty.CATEGORIES, "図書室", None),
        PlaceRule(PlaceProperty.LOCATION, "ＡＢＣホール", desk.hall),
    )
    feed = desk.add(facility_id=None, places=rules)
    desk.publish(
        desk.event("w", 24, 1, "LOCATION:公民館 2階 和室"),
        desk.event("l", 24, 1, "CATEGORIES:本,図書室"),
        desk.event("h", 24, 1, "LOCATION:ABCホール"),
        desk.event("x", 26, 1, "LOCATION:どこか"),
    )
    run = desk.poll(feed)
    assert (run.made, run.refused) == (2, 1)
    facilities = {v.booking.facility_id for v in desk.all()}
    assert facilities == {desk.hall, desk.other}
    assert (desk.events(feed)["x"].problem, desk.events(feed)["x"].problem_detail) == (
        "no_facility",
        "どこか",
    )
    assert "l" not in desk.events(feed)


def test_an_event_moved_to_no_known_place_keeps_its_booking(desk: Any) -> None:
    rules = (PlaceRule(PlaceProperty.LOCATION, "体育館", desk.hall),)
    feed = desk.add(facility_id=None, places=rules)
    desk.publish(desk.event("a", 24, 1, "LOCATION:体育館"))
    desk.poll(feed)
    before = desk.booked()
    desk.publish(desk.event("a", 48, 1, "LOCATION:新館", "SEQUENCE:1"))
    assert desk.poll(feed, 5).refused == 1
    assert desk.booked() == before
    assert desk.events(feed)["a"].problem == "no_facility"


def test_a_series_keeps_its_pins_through_every_change(desk: Any, ical: Any) -> None:
    """Single to series, the hour of the series moved, one occurrence moved, back to single."""
    feed = desk.add()
    start = desk.later(24)
    at = ical.utc

    def series(begin: Any, *more: str) -> str:
        lines = (f"DTSTART:{at(begin)}", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4")
        return ical.event("UID:w", *lines, *more)

    desk.publish(desk.timed("w", start, start + timedelta(hours=1)))
    desk.poll(feed)
    key = desk.events(feed)["w"].reservation_key
    pin = desk.bookings.reveal(ical.clerk, key)[0].pin
    desk.publish(series(start))
    run = desk.poll(feed, 5)
    assert (run.made, run.cancelled, run.absent) == (3, 0, 0)
    keys = {e.reservation_key for e in desk.events(feed).values()}
    assert key in keys
    later = start + timedelta(hours=2)
    desk.publish(series(later, "SEQUENCE:1"))
    run = desk.poll(feed, 5)
    assert (run.made, run.changed, run.absent) == (0, 4, 0)
    assert {e.reservation_key for e in desk.events(feed).values()} == keys
    moved = ical.event(
        "UID:w",
        f"RECURRENCE-ID:{at(later)}",
        f"DTSTART:{at(later + timedelta(hours=4))}",
        "DURATION:PT2H",
        "SEQUENCE:2",
    )
    desk.publish(series(later, "SEQUENCE:1"), moved)
    assert desk.poll(feed, 5).changed == 1
    assert desk.booked()[key][1] == later + timedelta(hours=4)
    assert desk.bookings.reveal(ical.clerk, key)[0].pin == pin


def test_the_address_and_the_password_are_shown_nowhere(
    desk: Any, capsys: pytest.CaptureFixture[str], ical: Any
) -> None:
    feed = desk.add(auth=AuthKind.BASIC, user="kagimori", secret="pässwörd-9")
    desk.publish(desk.event("a", 24))
    desk.poll(feed)
    assert desk.server.asked[0]["Authorization"].startswith("Basic ")
    desk.server.status = 500
    desk.poll(feed, 5)
    shown = repr(desk.view(feed)) + repr(desk.feeds.runs(ical.clerk, feed, None, 50))
    with desk.hub.core.db.read() as scope:
        from hub.audit.tables import audit_entries

        shown += repr(scope.all(scope.select(audit_entries)))
    shown += "".join(capsys.readouterr())
    for secret in ("private-7f3a9c", "s3cr3tT0ken", "pässwörd", "kagimori:"):
        assert secret not in shown
    assert desk.view(feed).feed.shown_url == f"http://127.0.0.1:{desk.server.port}/•••"


@pytest.mark.parametrize("afterwards", ["keep", "cancel"])
def test_removing_a_feed_keeps_or_cancels_what_is_ahead(
    desk: Any, ical: Any, afterwards: str
) -> None:
    from hub.feeds.service import Afterwards

    feed = desk.add()
    desk.publish(desk.event("now", -0.5, 2), desk.event("a", 24), desk.event("b", 26))
    desk.poll(feed)
    cancelled = desk.feeds.remove(ical.clerk, feed, Afterwards(afterwards))
    assert cancelled == (2 if afterwards == "cancel" else 0)
    states = [state for state, *_ in desk.booked().values()]
    assert states.count(BookingState.CONFIRMED) == (1 if afterwards == "cancel" else 3)
    assert desk.feeds.listed(ical.clerk) == []
