"""A dry run tells what would be booked, and lets others write meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from hub.database.scope import Scope
from hub.feeds import repository
from hub.feeds.domain import FeedSecret
from hub.feeds.trying import DryRun


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """There the one writer is shared by all."""
    return sqlite_at


def test_it_rehearses_a_few_at_a_time_and_knows_what_the_calendar_itself_takes(
    desk: Any, ical: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred in one transaction kept everything that doors report waiting for seconds. The
    first event is so long that it is in the way of one of a later transaction."""
    desk.publish(desk.event("long", 24, 8), *(desk.event(f"e{n:02}", 25 + n) for n in range(12)))
    few: list[int] = []
    rehearse = desk.hub.services.get(DryRun)._applier.rehearse

    def counted(scope: Scope, feed: Any, intents: Any) -> Any:
        few.append(len(intents))
        return rehearse(scope, feed, intents)

    monkeypatch.setattr(desk.hub.services.get(DryRun)._applier, "rehearse", counted)
    secret = FeedSecret(desk.server.url)
    feed = desk.feeds.proposed(ical.clerk, desk.wish(), secret)
    trial = desk.hub.services.get(DryRun).run(feed, secret)
    problems = {each.uid: each.problem for each in trial.tried}
    taken = {name for name, problem in problems.items() if problem == "double_booked"}
    assert taken == {f"e{n:02}" for n in range(7)}
    assert {problem for name, problem in problems.items() if name not in taken} == {""}
    assert max(few) <= 5
    assert desk.booked() == {}
    with desk.hub.core.db.read() as scope:
        assert repository.all_feeds(scope) == []
