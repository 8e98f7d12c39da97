"""Deadlines, and how one booking's window is followed until it is over. Pure.

::

    open --confirmed by the deadline--> met
         --deadline passes unconfirmed--> missed        (stays so, whatever comes later)
    open --cancelled--> withdrawn       any --the window moves--> superseded

The deadline is `lead` before the effective start. A booking made or changed later than that has
`grace` from then, but never beyond the start. One made once its window has begun has no start to
keep: it has `grace`, but never beyond the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Rules:
    """What a booking is measured by. `steps` are the later rungs of the ladder, before the start,
    the earliest first."""

    lead: timedelta = timedelta(minutes=60)
    grace: timedelta = timedelta(minutes=5)
    steps: tuple[timedelta, ...] = (timedelta(minutes=15),)

    def within(self, horizon: timedelta) -> Rules:
        """The same for a site whose controllers learn of PINs `horizon` ahead: no deadline lies
        before half of that is over, or no door could ever keep it."""
        return replace(self, lead=min(self.lead, horizon / 2))


class Outcome(StrEnum):
    """What came of a booking's deadline."""

    OPEN = "open"
    MET = "met"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"
    """Cancelled before its deadline: counts nowhere."""
    SUPERSEDED = "superseded"
    """The booking has another window now, which counts instead."""
    UNCONFIRMABLE = "unconfirmable"
    """Key boxes alone: nothing confirms them."""


COUNTED = frozenset({Outcome.MET, Outcome.MISSED})
"""Outcomes of which the hit rate is made."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a booking found. `revision` names what its doors must hold: it changes with
    window, doors and digits, not with the contact. `confirmed_at` is when the last door confirmed.
    """

    booking_id: str
    site_id: str
    facility_id: str | None
    starts_at: datetime
    ends_at: datetime
    revision: str
    since: datetime
    has_doors: bool
    confirmed: bool
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Watch:
    """A booking's window as it is followed. `step` is the highest rung of the ladder that was told,
    `told_revision` the revision of which it was told that it is ready."""

    booking_id: str
    starts_at: datetime
    ends_at: datetime
    site_id: str
    facility_id: str | None
    revision: str
    since: datetime
    deadline: datetime
    outcome: Outcome
    judged: bool = False
    ready_at: datetime | None = None
    told_revision: str = ""
    late_at: datetime | None = None
    late_door_id: str | None = None
    late_controller_id: str | None = None
    step: int = 0
    stepped_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def key(self) -> tuple[str, datetime, datetime]:
        """What names it: the booking and its effective window."""
        return self.booking_id, self.starts_at, self.ends_at


class Tell(StrEnum):
    """What people have to hear."""

    READY = "ready"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Followed:
    """A watch after a look, whether its deadline was judged just now, and what to tell."""

    watch: Watch
    judged_now: bool
    tells: tuple[Tell, ...]


def deadline_of(starts_at: datetime, ends_at: datetime, since: datetime, rules: Rules) -> datetime:
    """Give by when every door of a window that was wanted at `since` has confirmed."""
    allowed = since + rules.grace
    if since >= starts_at:
        return min(allowed, ends_at)
    return min(starts_at, max(starts_at - rules.lead, allowed))


def ladder(watch: Watch, rules: Rules) -> tuple[datetime, ...]:
    """Give when each rung of the ladder is due: the deadline, then the steps, never before it."""
    return (watch.deadline, *(max(watch.deadline, watch.starts_at - each) for each in rules.steps))


def follow(before: Watch | None, seen: Seen, rules: Rules, now: datetime) -> Followed:
    """Give a watch after a look. The same look again changes nothing and tells nothing."""
    watch = _of_now(before, seen, rules)
    if not seen.has_doors:
        return Followed(replace(watch, outcome=Outcome.UNCONFIRMABLE), False, ())
    tells: list[Tell] = []
    if not seen.confirmed:
        watch = replace(watch, ready_at=None)
    elif watch.ready_at is None:
        watch = replace(watch, ready_at=seen.confirmed_at or now)
        if watch.told_revision != watch.revision:
            watch = replace(watch, told_revision=watch.revision)
            tells.append(Tell.READY)
    watch, judged_now = _judge(watch, now)
    due = sum(at <= now for at in ladder(watch, rules))
    if watch.ready_at is None and due > watch.step and now < watch.ends_at:
        watch = replace(watch, step=due, stepped_at=now, late_at=watch.late_at or now)
        tells.append(Tell.LATE)
    return Followed(watch, judged_now, tuple(tells))


def close(watch: Watch, now: datetime, *, moved: bool) -> Watch:
    """Give a watch whose booking is cancelled, over, or (`moved`) has another window now."""
    if not moved and now >= watch.deadline:  # nobody looked in time: the hub was not there
        watch, _ = _judge(watch, now)
    outcome = watch.outcome
    if moved:
        outcome = Outcome.SUPERSEDED
    elif outcome is Outcome.OPEN:
        outcome = Outcome.WITHDRAWN
    return replace(watch, outcome=outcome, closed_at=now)


def _of_now(before: Watch | None, seen: Seen, rules: Rules) -> Watch:
    deadline = deadline_of(seen.starts_at, seen.ends_at, seen.since, rules)
    if before is None:
        return Watch(
            booking_id=seen.booking_id,
            starts_at=seen.starts_at,
            ends_at=seen.ends_at,
            site_id=seen.site_id,
            facility_id=seen.facility_id,
            revision=seen.revision,
            since=seen.since,
            deadline=deadline,
            outcome=Outcome.OPEN,
        )
    watch = replace(before, site_id=seen.site_id, facility_id=seen.facility_id, closed_at=None)
    if seen.revision != before.revision:
        watch = replace(
            watch,
            revision=seen.revision,
            since=seen.since,
            deadline=deadline,
            judged=False,
            ready_at=None,
        )
    elif not before.judged:
        watch = replace(
            watch, deadline=deadline_of(seen.starts_at, seen.ends_at, before.since, rules)
        )
    if before.outcome in (Outcome.SUPERSEDED, Outcome.WITHDRAWN, Outcome.UNCONFIRMABLE):
        again = Outcome.MISSED if before.late_at else Outcome.OPEN
        watch = replace(watch, outcome=again, judged=False)
    return watch


def _judge(watch: Watch, now: datetime) -> tuple[Watch, bool]:
    """Judge a deadline once, when it has come: by when the doors confirmed, however late this look
    is. A miss stays a miss: a change after it does not undo it."""
    if watch.judged or now < watch.deadline or watch.outcome is Outcome.UNCONFIRMABLE:
        return watch, False
    in_time = watch.ready_at is not None and watch.ready_at <= watch.deadline
    missed = not in_time or watch.outcome is Outcome.MISSED
    outcome = Outcome.MISSED if missed else Outcome.MET
    return replace(watch, outcome=outcome, judged=True), True
