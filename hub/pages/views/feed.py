"""Feeds as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.feeds.domain import EventState, FeedState, FetchResult, Unread
from hub.feeds.records import FeedEvent, FeedRun
from hub.feeds.service import FeedView
from hub.feeds.trying import Trial
from hub.pages.views.door import Chip
from hub.pages.words import Words

_CHIPS = {
    FeedState.NEW: ("wait", "clock"),
    FeedState.FINE: ("good", "check"),
    FeedState.SHRANK: ("bad", "alert"),
    FeedState.FAILING: ("bad", "cut"),
    FeedState.PAUSED: ("", "clock"),
}
_URGENT = (FeedState.SHRANK, FeedState.FAILING)


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A feed in the list."""

    id: str
    name: str
    url: str
    chip: Chip
    last_good: str
    keeps: str
    problems: int
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event: when, what, and what is wrong with it. `booking_id` is empty where there is no
    booking; `uid` is the calendar's own name, by which its people find it."""

    when: str
    summary: str
    uid: str
    booking_id: str
    problem: str
    detail: str
    note: str
    good: str = ""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A fetch."""

    when: str
    is_good: bool
    result: str
    detail: str
    did: str


@dataclass(frozen=True, slots=True)
class TrialPage:
    """What a dry run came to."""

    is_good: bool
    text: str
    detail: str
    events: tuple[EventLine, ...]
    not_ours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A feed's page."""

    line: FeedLine
    facility: str
    every: str
    horizon: str
    zone: str
    auth: str
    shrunk: str
    problems: tuple[EventLine, ...]
    absent: tuple[EventLine, ...]
    cancelled_here: tuple[EventLine, ...]
    runs: tuple[RunLine, ...]


@dataclass(frozen=True, slots=True)
class ShrinkPage:
    """What staff are asked about."""

    line: FeedLine
    token: str
    text: str
    events: tuple[EventLine, ...]


def feed_line(view: FeedView, words: Words) -> FeedLine:
    """Give a feed's line."""
    feed, counts = view.feed, view.counts
    tone, icon = _CHIPS[feed.state]
    good = words.when(feed.last_good_at) if feed.last_good_at else words.t("feeds.never")
    return FeedLine(
        id=feed.id,
        name=feed.wish.name,
        url=feed.shown_url,
        chip=Chip(tone, icon, words.t(f"feed_state.{feed.state}")),
        last_good=good,
        keeps=words.t("feeds.keeps_count", count=counts.booked),
        problems=counts.problems + len(feed.unread),
        is_urgent=feed.state in _URGENT,
    )


def event_line(event: FeedEvent, bookings: Mapping[str, str], words: Words) -> EventLine:
    """Give an event's line."""
    note = ""
    if event.problem and event.state is EventState.BOOKED:
        note = words.t("feeds.stays")
    elif event.waits:
        note = words.t("feeds.waits")
    return EventLine(
        when=_when(event.starts_at, event.ends_at, words),
        summary=event.said.summary,
        uid=event.uid[:120],
        booking_id=bookings.get(event.reservation_key, ""),
        problem=problem_text(event.problem, words),
        detail=event.problem_detail if event.problem == "no_facility" else "",
        note=note,
    )


def unread_line(found: Unread, words: Words) -> EventLine:
    """Give the line of an event that could not be read."""
    problem = problem_text(found.problem.value, words)
    return EventLine(
        _spoken(found.starts, words), "", found.uid[:120], "", problem, found.detail, ""
    )


def problem_text(code: str, words: Words) -> str:
    """Give a problem in words: of reading an event, or of booking it."""
    if not code:
        return ""
    key = f"feed_problem.{code}"
    if words.t.has(key):
        return words.t(key)
    key = f"problem.{code}.title"
    return words.t(key) if words.t.has(key) else code


def run_line(run: FeedRun, words: Words) -> RunLine:
    """Give a fetch's line."""
    counted = {
        "made": run.made,
        "changed": run.changed,
        "cancelled": run.cancelled,
        "refused": run.refused,
        "absent": run.absent,
    }
    did = [words.t(f"feeds.run_{name}", count=n) for name, n in counted.items() if n]
    good = run.result.is_good and run.result is not FetchResult.SHRANK
    nothing = words.t("feeds.run_nothing") if run.result.is_good else ""
    return RunLine(
        when=words.when(run.at),
        is_good=good,
        result=words.t(f"feed_result.{run.result}"),
        detail="" if run.result.is_good else run.detail,
        did=" ・ ".join(did) or nothing,
    )


def trial_page(trial: Trial, words: Words) -> TrialPage:
    """Give what a dry run came to."""
    is_good = trial.result is FetchResult.OK
    text, detail = words.t(f"feed_result.{trial.result}"), trial.detail
    if is_good:
        text = words.t("feeds.tried_good", events=trial.events, ahead=trial.ahead)
        refused = len(trial.unread) + sum(bool(each.problem) for each in trial.tried)
        detail = words.t("feeds.tried_refused", count=refused) if refused else ""
    events = [
        EventLine(
            when=_when(each.starts_at, each.ends_at, words),
            summary=each.summary,
            uid=each.uid[:120],
            booking_id="",
            problem=problem_text(each.problem, words),
            detail="",
            note=each.contact.name,
            good="" if each.problem else words.t("feeds.tried_ok"),
        )
        for each in trial.tried
    ]
    return TrialPage(
        is_good=is_good,
        text=text,
        detail=detail,
        events=(*(unread_line(each, words) for each in trial.unread), *events),
        not_ours=tuple(
            words.t("feeds.not_ours", place=place or "―", count=count)
            for place, count in trial.not_ours.items()
        ),
    )


def event_lines(
    events: Sequence[FeedEvent], bookings: Mapping[str, str], words: Words
) -> tuple[EventLine, ...]:
    """Give the lines of events."""
    return tuple(event_line(each, bookings, words) for each in events)


def _spoken(starts: str, words: Words) -> str:
    """Give a DTSTART in words, where it is an instant; else as the calendar has it."""
    try:
        instant = datetime.strptime(starts, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return starts
    return words.date_time(instant)


def _when(starts_at: datetime, ends_at: datetime, words: Words) -> str:
    return f"{words.day(words.day_of(starts_at))} {words.span(starts_at, ends_at)}"
