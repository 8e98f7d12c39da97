"""'No punches' is told from 'the reader was down', by what the controller said of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.attendance.gap_repository import signs_of
from hub.attendance.reader_gaps import (
    GapCause,
    ReaderGap,
    ReaderSigns,
    Sign,
    SignKind,
    explains,
    reader_gaps,
)
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.ingest.repository import raw_events_after, store
from hub.ingest.rows import read_rows
from hub.projection.worker import ProjectionWorker
from hub.sites.tables import readers
from wire import events as ev
from wire.clock import ClockState
from wire.events import EventKind
from wire.messages import Events, decode, encode_events
from wire.policy_bodies import PunchRule

DAY = datetime(2026, 4, 6, 0, 0, tzinfo=UTC)


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


def gaps(
    *signs: tuple[SignKind, float], start: float = 8, end: float = 18, told: float | None = 18
) -> list[tuple[float, float | None, GapCause]]:
    found = reader_gaps(
        ReaderSigns(
            "r",
            tuple(Sign(kind, at(hour)) for kind, hour in signs),
            None if told is None else at(told),
        ),
        at(start),
        at(end),
    )
    return [
        (hours(one.start), None if one.end is None else hours(one.end), one.cause) for one in found
    ]


def hours(moment: datetime) -> float:
    return (moment - DAY) / timedelta(hours=1)


ON, OFF = SignKind.ONLINE, SignKind.OFFLINE
ENDED, BEGAN = SignKind.AGENT_ENDED, SignKind.AGENT_BEGAN


def test_a_reader_that_answered_all_day_has_no_gap() -> None:
    assert gaps((ON, 1)) == []


def test_a_reader_that_went_away_and_came_back() -> None:
    assert gaps((ON, 1), (OFF, 9), (ON, 10)) == [(9, 10, GapCause.READER_AWAY)]


def test_it_is_away_still() -> None:
    assert gaps((ON, 1), (OFF, 9)) == [(9, None, GapCause.READER_AWAY)]


def test_away_since_before_the_range_is_cut_to_it() -> None:
    assert gaps((OFF, 2), (ON, 9)) == [(8, 9, GapCause.READER_AWAY)]
    assert gaps((OFF, 2), (ON, 7)) == []


def test_an_agent_that_stopped_is_a_gap_until_the_reader_answers_the_next_one() -> None:
    assert gaps((ON, 1), (ENDED, 9), (BEGAN, 10), (ON, 10.5)) == [(9, 10.5, GapCause.AGENT_DOWN)]


def test_an_agent_that_died_is_missed_from_its_last_sign_of_life_on() -> None:
    known = ReaderSigns(
        "r", (Sign(ON, at(1)), Sign(BEGAN, at(10), last_sign=at(9.5)), Sign(ON, at(10.1))), at(18)
    )
    assert reader_gaps(known, at(8), at(18)) == (
        ReaderGap("r", at(9.5), at(10.1), GapCause.AGENT_DOWN),
    )


def test_a_controller_that_was_cut_off_and_told_later_has_no_gap() -> None:
    """Its journal went on: nothing in it says that the reader was away."""
    assert gaps((ON, 1), told=18) == []


def test_what_a_controller_has_not_told_is_not_known_and_said_apart() -> None:
    found = reader_gaps(ReaderSigns("r", (Sign(ON, at(1)),), at(12)), at(8), at(18))
    assert found == (ReaderGap("r", at(12), None, GapCause.NOT_TOLD),)
    assert not found[0].sure
    assert gaps((ON, 1), (OFF, 11), told=12) == [
        (11, 12, GapCause.READER_AWAY),
        (12, None, GapCause.NOT_TOLD),
    ]


def test_a_reader_of_which_nothing_was_heard() -> None:
    assert gaps() == [(8, None, GapCause.NEVER_HEARD)]
    assert gaps((ON, 9)) == [(8, 9, GapCause.NEVER_HEARD)]
    assert gaps(told=None) == [(8, None, GapCause.NOT_TOLD)]


def test_which_gaps_may_explain_a_missing_punch() -> None:
    one = ReaderGap("r", at(9), at(10), GapCause.READER_AWAY)
    assert explains([one], at(9.5), at(11)) == [one]
    assert explains([one], at(10), at(11)) == []
    assert explains([one], at(8), at(9)) == []


SIGNS = st.lists(st.tuples(st.sampled_from(SignKind), st.integers(0, 24 * 60)), max_size=12)


@given(SIGNS, st.integers(0, 24 * 60), st.integers(0, 24 * 60), st.integers(0, 24 * 60))
def test_by_the_minute_it_is_down_exactly_where_a_look_at_each_minute_says_so(
    told_signs: list[tuple[SignKind, int]], one: int, other: int, told: int
) -> None:
    """Against an independent reckoning: the newest sign before a minute decides it."""
    ordered = sorted(told_signs, key=lambda sign: sign[1])
    start, end = sorted((one, other))
    signs = tuple(Sign(kind, at(minute / 60)) for kind, minute in ordered)
    found = reader_gaps(ReaderSigns("r", signs, at(told / 60)), at(start / 60), at(end / 60))
    for minute in range(start, end, 7):
        newest = [kind for kind, when in ordered if when <= minute]
        down = newest[-1] is not ON if newest else not ordered or ordered[0][0] is ON
        said = [gap for gap in found if gap.overlaps(at(minute / 60), at((minute + 0.5) / 60))]
        if minute >= told:
            assert [gap.cause for gap in said] == [GapCause.NOT_TOLD]
        else:
            assert bool(said) == down
    for earlier, later in pairwise(found):
        assert earlier.end is not None
        assert earlier.end <= later.start


# --- from what a controller journaled -----------------------------------------------------------


class Controller:
    """Journals, and tells the hub through its own ingest and projection."""

    def __init__(self, db: Any, controller: str, device: str) -> None:
        self.db, self.controller, self.device = db, controller, device
        self.rows: list[bytes] = []
        self.told = 0

    def journal(self, hour: float, kind: EventKind, body: ev.EventBody) -> None:
        event = ev.Event(
            kind=kind.value,
            boot="boot",
            mono_ns=round(hour * 3_600e9),
            at=at(hour),
            clock=ClockState.TRUSTED,
            body=ev.encode_body(kind, body),
        )
        self.rows.append(ev.encode_event(event))

    def device_is(self, hour: float, kind: EventKind, cause: str = "") -> None:
        self.journal(hour, kind, ev.DeviceEventBody(device=self.device, cause=cause))

    def tell(self, hour: float) -> None:
        data = encode_events(7, self.told + 1, self.rows[self.told :])
        self.told = len(self.rows)
        message = read_rows(self.controller, decode(Events, data))
        self.db.write(lambda scope: store(scope, [message], at(hour)))
        worker = ProjectionWorker(self.db, raw_events_after, [ENTRIES])
        while worker.step():
            continue


@pytest.fixture
def terminal(town: Any) -> tuple[Controller, str]:
    """A controller with a terminal's reader that answered at one o'clock."""
    controller = town.controller(town.site())
    reader = town.reader(controller, None, punch=PunchRule.CHOSEN)
    with town.db.read() as scope:
        query = scope.select(readers.c.device_id).where(readers.c.id == reader)
        device = scope.scalar(query)
    made = Controller(town.db, controller, device)
    made.journal(0.9, EventKind.AGENT_STARTED, ev.AgentBody(agent="1"))
    made.device_is(1, EventKind.DEVICE_ONLINE)
    return made, reader


def read(controller: Controller, reader: str, start: float = 8, end: float = 18) -> Any:
    with controller.db.read() as scope:
        known = signs_of(scope, reader, at(start), at(end))
    assert known is not None
    return [(g.start, g.end, g.cause) for g in reader_gaps(known, at(start), at(end))]


def test_a_day_as_a_controller_journals_it(terminal: tuple[Controller, str]) -> None:
    controller, reader = terminal
    controller.device_is(9, EventKind.DEVICE_OFFLINE, "unplugged")
    controller.device_is(9.5, EventKind.DEVICE_ONLINE)
    controller.device_is(9.6, EventKind.DEVICE_FAULT, "bytes_dropped")
    controller.journal(11, EventKind.TELEMETRY, ev.TelemetryBody(counters={}))
    controller.journal(12, EventKind.AGENT_STARTED, ev.AgentBody(agent="1", clean=False))
    controller.device_is(12.1, EventKind.DEVICE_ONLINE)
    controller.tell(18)
    assert read(controller, reader) == [
        (at(9), at(9.5), GapCause.READER_AWAY),
        (at(11), at(12.1), GapCause.AGENT_DOWN),
    ]


def test_a_day_without_a_link_that_is_told_the_day_after(terminal: tuple[Controller, str]) -> None:
    controller, reader = terminal
    controller.tell(2)
    assert read(controller, reader) == [(at(8), None, GapCause.NOT_TOLD)]
    controller.journal(20, EventKind.TELEMETRY, ev.TelemetryBody(counters={}))
    controller.tell(30)
    assert read(controller, reader) == []


def test_a_device_that_the_agent_cannot_serve_is_away(terminal: tuple[Controller, str]) -> None:
    controller, reader = terminal
    controller.device_is(9, EventKind.DEVICE_FAULT, "no_such_port")
    controller.tell(18)
    assert read(controller, reader) == [(at(9), None, GapCause.READER_AWAY)]


def test_a_reader_that_is_not_there_has_no_answer(db: Any) -> None:
    with db.read() as scope:
        assert signs_of(scope, "0190a000-0000-7000-8000-00000000ffff", at(8), at(9)) is None
