"""Whatever happens to a booking, and however sending goes: what was told last is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.bookings.records import BookingWish, Contact, HolderWish
from hub.bookings.tables import BookingState
from hub.catalogue import Language, Translator
from hub.notices import repository
from hub.notices.domain import ENDINGS, NoticeState, Outcome, Sent
from hub.notices.texts import span_of_days
from hub.pages.words import Words
from hub.sites import repository as sites


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is tested here does not depend on the kind of database."""
    return sqlite_at


@dataclass
class Life:
    """One booking's life, and what its contact was told of it."""

    desk: Any
    read: Any
    key: str
    door_choice: tuple[str, str]
    in_flight: list[str] = field(default_factory=list)
    tried_at_end: int | None = None
    stale: set[int] = field(default_factory=set)

    @property
    def tried(self) -> list[Any]:
        return [m for m in self.desk.log if m.said is not None]

    def booking(self) -> Any:
        return self.desk.bookings.get(self.desk.clerk, self.key).booking

    def put(self, **wished: Any) -> None:
        if self.booking().state is BookingState.CONFIRMED:
            self.desk.bookings.put(self.desk.clerk, self.key, BookingWish(**wished))

    def act(self, what: str, number: int) -> None:
        desk = self.desk
        now = desk.clock.now()
        match what:
            case "move":
                start = now + timedelta(hours=30 + 7 * number)
                self.put(starts_at=start, ends_at=start + timedelta(hours=2))
            case "near":
                start = now + timedelta(hours=14 + number)
                self.put(starts_at=start, ends_at=start + timedelta(hours=2))
            case "longer":
                self.put(ends_at=self.booking().booked.ends_at + timedelta(minutes=number + 1))
            case "doors":
                one, two = self.door_choice
                self.put(doors=((one,), (two,), (one, two))[number % 3])
            case "holders":
                self.put(holders=(HolderWish(("山田 花子", "鈴木 一郎")[number % 2]),))
            case "paid":
                self.put(paid=bool(number % 2))
            case "reissue":
                if self.booking().state is BookingState.CONFIRMED:
                    desk.bookings.reissue(desk.clerk, self.key)
            case "cancel":
                if self.booking().state is BookingState.CONFIRMED:
                    desk.bookings.cancel(desk.clerk, self.key)
                    self.tried_at_end = len(desk.log)

    def true_now(self, message: Any) -> None:
        """What is being said is so at this moment."""
        booking = self.booking()
        text = self.read.text(message)
        words = Words(
            Translator(Language.JA), self.desk.hub.core.settings.town.zone, self.desk.clock.now()
        )
        if booking.stands:
            said = span_of_days((booking.booked.starts_at, booking.booked.ends_at), words)
            assert f"\n日時: {said}\n" in text
            digits = self.read.digits(message)
            if digits:
                assert digits == self.desk.digits(self.key)
        else:
            assert self.read.digits(message) == ""
            assert "取り消されました" in message.said.subject

    def finish(self) -> None:
        """Let every channel work and every door confirm, and wait until nothing is left."""
        desk = self.desk
        desk.mail.answers.clear()
        desk.line.answers.clear()
        self.in_flight.clear()
        desk.place()
        desk.run()
        for _ in range(60):
            due = [each.next_at for each in desk.open_rows(self.booking().id)]
            if not due:
                return
            desk.clock.set(max(desk.clock.now(), min(due)) + timedelta(seconds=1))
            desk.planner.run()
            desk.sender.run()
        pytest.fail("it never comes to rest")


OUTCOMES = (
    Sent(Outcome.SENT),
    Sent(Outcome.DEFERRED, "451"),
    Sent(Outcome.REFUSED, "550"),
    Sent(Outcome.DOWN, "down"),
)
ACTS = ("move", "near", "longer", "doors", "holders", "paid", "reissue", "reissue", "near")
steps = st.tuples(
    st.sampled_from((*ACTS, "cancel")),
    st.integers(0, 9),
    st.booleans(),  # every door confirms
    st.sampled_from((0, 0, 1, 2, 2, 5, 90, 200)),  # minutes until the next
)
answers = st.lists(
    st.one_of(st.just(OUTCOMES[0]), st.just(OUTCOMES[0]), st.sampled_from(OUTCOMES)), max_size=8
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    events=st.lists(steps, min_size=1, max_size=8),
    mail=answers,
    line=answers,
    in_flight=st.lists(
        st.sampled_from(("", "", "reissue", "near", "longer", "cancel")), max_size=6
    ),
    start_h=st.sampled_from((14, 14, 30, 60)),
)
def test_the_last_message_is_true_and_none_is_sent_twice_for_one_cause(
    truth_desk: Any,
    read: Any,
    contact: Callable[..., Contact],
    events: list[tuple[str, int, bool, int]],
    mail: list[Sent],
    line: list[Sent],
    in_flight: list[str],
    start_h: int,
) -> None:
    desk = truth_desk
    desk.count += 1
    life = Life(desk, read, f"k{desk.count}", desk.truth_doors, list(in_flight))
    desk.log.clear()
    for carrier, answers in ((desk.mail, mail), (desk.line, line)):
        carrier.sent.clear()
        carrier.tried.clear()
        carrier.answers = list(answers)
        carrier.while_sending = lambda carrier=carrier: _while_sending(life, carrier)
    start = desk.clock.now() + timedelta(hours=start_h)
    wish = BookingWish(
        doors=life.door_choice,
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        contact=contact(line=desk.count % 2 == 0),
    )
    desk.bookings.put(desk.clerk, life.key, wish)
    for what, number, confirmed, minutes in events:
        if confirmed:
            desk.place()
        desk.skip(minutes=minutes)
        life.act(what, number)
    life.finish()
    _judge(life)


def _while_sending(life: Life, carrier: Any) -> None:
    """Check what is being said, then let something happen while it is on its way."""
    message = carrier.tried[-1]
    with life.desk.hub.core.db.read() as scope:
        row = repository.by_id(scope, message.id)
    if row is None or row.booking_id != life.booking().id:
        return
    life.true_now(message)
    life.desk.log.append(message)
    if life.in_flight:
        what = life.in_flight.pop(0)
        if what:
            life.act(what, 1)


def _judge(life: Life) -> None:
    desk, booking = life.desk, life.booking()
    rows = desk.rows(booking.id)
    by_id = {each.id: each for each in rows}
    delivered = [m for m in desk.log if by_id[m.id].state is NoticeState.SENT]
    arrived = [m for m in desk.mail.sent + desk.line.sent if m.id in by_id]
    assert len({m.id for m in arrived}) == len(arrived)
    causes = {(each.kind, each.cause_seq, each.channel) for each in rows}
    assert len(causes) == len(rows)
    assert len({(by_id[m.id].kind, by_id[m.id].cause_seq) for m in delivered}) == len(
        {m.id for m in delivered}
    )
    if life.tried_at_end is not None:
        after = list(desk.log[life.tried_at_end :])
        assert all(life.read.digits(m) == "" for m in after)
        assert all(by_id[m.id].kind in ENDINGS for m in after)
    last_id = [m.id for m in desk.log if m.id in {a.id for a in arrived}]
    called = [each for each in rows if each.needs_call]
    if called and (not last_id or called[-1].ended_at >= by_id[last_id[-1]].ended_at):
        return  # somebody has to telephone, and will say what is true
    assert last_id, "nobody was told anything"
    last = [m for m in desk.log if m.id == last_id[-1]][-1]
    if booking.effective.ends_at > desk.clock.now() or not booking.stands:
        life.true_now(last)
    with_digits = [m for m in desk.log if m.id in set(last_id) and life.read.digits(m)]
    if with_digits and booking.stands:
        assert life.read.digits(with_digits[-1]) == desk.digits(life.key)


@pytest.fixture
def truth_desk(make_desk: Callable[..., Any], hub_town: Any) -> Any:
    """A desk whose bookings name doors of their own."""
    desk = make_desk()
    (front,) = desk.doors
    with desk.hub.core.db.read() as scope:
        door = sites.doors_by_id(scope, [front])[front]
    side = hub_town.door(door.site_id, door.controller_id)
    hub_town.reader(door.controller_id, side)
    desk.truth_doors = (front, side)
    desk.log = []
    return desk
