"""SQL of placements and their history; every change of state goes through `change`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from hub.database.scope import STORY, Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell_all
from hub.pins.guess_risk import EARLY_GRACE, LivePin
from hub.pins.placement import AT_DOOR, PlacementEvent, PlacementState, Problem, advance
from hub.pins.tables import PinVariant, pin_credentials, pin_placements, placement_history
from hub.sites.tables import doors

_CAUSE_LENGTH: Final = 120
_HISTORY: Final = "placement_history"
_IN_ONE_STATEMENT: Final = 500
_D: Final = PinVariant.DURESS
_TOLD: Final = {
    PlacementEvent.CONFIRM: HappeningKind.PIN_PLACED,
    PlacementEvent.CONFIRM_REVOKED: HappeningKind.PIN_REVOKED,
}


_PROVEN: Final = frozenset(
    {PlacementEvent.CONFIRM, PlacementEvent.CONFIRM_REVOKED, PlacementEvent.REMOVE}
)
"""Events after which the door holds nothing but what is wanted."""


_TAKEN_AWAY: Final = frozenset({PlacementEvent.REVOKE, PlacementEvent.WITHDRAW})
NOT_SENT: Final = frozenset({PlacementState.DRAFT, PlacementState.SCHEDULED})
"""States in which the controller holds no entry for it, or at most one of what it was before: with
`held_until` nothing has proven yet that it dropped that."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A credential at a door, with the effective window of the grant that lets it in there."""

    credential_id: str
    door_id: str
    grant_id: str
    starts_at: datetime
    ends_at: datetime
    state: PlacementState
    problems: frozenset[Problem]
    wanted_version: int | None
    changed_at: datetime
    placed_at: datetime | None
    old_digits_since: datetime | None = None
    held_until: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What names it."""
        return self.credential_id, self.door_id


@dataclass(frozen=True, slots=True)
class Happening:
    """What happens to placements, when, and because of what or whom."""

    event: PlacementEvent
    now: datetime
    cause: str


def _placement(row: Any) -> Placement:
    return Placement(
        credential_id=row.credential_id,
        door_id=row.door_id,
        grant_id=row.grant_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        state=row.state,
        problems=frozenset(Problem(each) for each in row.problems),
        wanted_version=row.wanted_version,
        changed_at=row.changed_at,
        placed_at=row.placed_at,
        old_digits_since=row.old_digits_since,
        held_until=row.held_until,
    )


def held(scope: Scope, look: Callable[[], list[Placement]]) -> list[Placement]:
    """Give what a look at placements finds, to be changed: as it is once nobody else can change any
    of them. A whole row is written, so one that was read before would undo what others wrote."""
    found = look()
    if found and scope.lock(STORY):
        found = look()
    return found


def where(scope: Scope, *conditions: sa.ColumnElement[bool]) -> list[Placement]:
    """Give the placements that satisfy all conditions, in the order of their keys."""
    statement = (
        scope.select(pin_placements)
        .where(*conditions)
        .order_by(pin_placements.c.credential_id, pin_placements.c.door_id)
    )
    return [_placement(row) for row in scope.all(statement)]


def of_credentials(scope: Scope, credential_ids: Collection[str]) -> list[Placement]:
    """Give the placements of some credentials."""
    return where(scope, pin_placements.c.credential_id.in_(credential_ids))


def at_controller(
    scope: Scope,
    controller_id: str,
    states: Iterable[PlacementState],
    credential_ids: Collection[str] | None = None,
) -> list[Placement]:
    """Give the placements at a controller's doors that are in some states, all or those of some
    credentials."""
    ours = sa.select(doors.c.id).where(doors.c.controller_id == controller_id)
    conditions = [pin_placements.c.door_id.in_(ours), pin_placements.c.state.in_(list(states))]
    if credential_ids is not None:
        conditions.append(pin_placements.c.credential_id.in_(list(credential_ids)))
    return where(scope, *conditions)


def of_entries(
    scope: Scope,
    controller_id: str,
    states: Iterable[PlacementState],
    credential_ids: Iterable[str],
    grant_ids: Iterable[str],
) -> list[Placement]:
    """Give the placements at a controller's doors that are in some states and have one of these
    credentials or grants."""
    t = pin_placements
    ours = sa.select(doors.c.id).where(doors.c.controller_id == controller_id)
    named = sa.or_(
        t.c.credential_id.in_(sorted(credential_ids)), t.c.grant_id.in_(sorted(grant_ids))
    )
    return where(scope, t.c.door_id.in_(ours), t.c.state.in_(list(states)), named)


def left_behind(scope: Scope, controller_id: str) -> list[Placement]:
    """Give the placements of which a controller is to hold nothing now, and whose former entries a
    version dropped that it has not proven."""
    t = pin_placements
    ours = sa.select(doors.c.id).where(doors.c.controller_id == controller_id)
    unproven = t.c.held_until.is_not(None), t.c.wanted_version.is_not(None)
    return where(scope, t.c.door_id.in_(ours), t.c.state.in_(list(NOT_SENT)), *unproven)


def set_dropped(scope: Scope, placement: Placement) -> None:
    """Write down that the controller has proven that it dropped what a placement was before."""
    _write(scope, replace(placement, wanted_version=None, held_until=None, old_digits_since=None))


def still_open(
    scope: Scope, door_id: str, window: tuple[datetime, datetime], but_not_of: str = ""
) -> list[LivePin]:
    """Give the PINs that nobody has any more and a door may take all the same, as it has not proven
    the change: revoked ones, and digits in whose place others were given."""
    p, c = pin_placements.c, pin_credentials.c
    rows = scope.all(
        scope.select(p.starts_at, p.ends_at, p.held_until, c.digits, c.variant)
        .join(pin_credentials, p.credential_id == c.id)
        .where(
            p.door_id == door_id,
            p.credential_id != but_not_of,
            p.state.in_(list(AT_DOOR)),
            sa.or_(p.state == PlacementState.REVOKING, p.old_digits_since.is_not(None)),
        )
    )
    found = [
        LivePin(row.digits, row.starts_at, _later(row.held_until, row.ends_at), row.variant is _D)
        for row in rows
    ]
    return [
        each
        for each in found
        if each.starts_at - EARLY_GRACE < window[1] and each.ends_at > window[0] - EARLY_GRACE
    ]


def add(scope: Scope, made: Placement, cause: str) -> None:
    """Insert a placement, and the beginning of its history."""
    scope.lock(STORY)
    scope.insert(
        pin_placements,
        {
            "credential_id": made.credential_id,
            "door_id": made.door_id,
            "grant_id": made.grant_id,
            "starts_at": made.starts_at,
            "ends_at": made.ends_at,
            "state": made.state,
            "problems": sorted(made.problems),
            "changed_at": made.changed_at,
            "wanted_version": made.wanted_version,
            "old_digits_since": made.old_digits_since,
            "held_until": made.held_until,
        },
    )
    _write_history(scope, made, PlacementEvent.MAKE, made.changed_at, cause)


@dataclass(frozen=True, slots=True)
class Step:
    """What is to happen to one placement. `version` replaces the wanted version if given,
    `problems` the problems."""

    placement: Placement
    event: PlacementEvent
    version: int | None = None
    problems: frozenset[Problem] | None = None


def change(
    scope: Scope,
    placement: Placement,
    what: Happening,
    *,
    version: int | None = None,
    problems: frozenset[Problem] | None = None,
) -> Placement:
    """Let an event happen to a placement and write it down; give what it is now.

    `version` replaces the wanted version if given. Raises `TransitionError` where the table does
    not allow the event.
    """
    step = Step(placement, what.event, version, problems)
    return change_all(scope, [step], what.now, what.cause)[0]


def change_all(scope: Scope, steps: Sequence[Step], now: datetime, cause: str) -> list[Placement]:
    """The same of several placements at once, each of them named once; in their order."""
    if not steps:
        return []
    made = [_after(step, now) for step in steps]
    _write_all(scope, made)
    numbers = scope.take_numbers(_HISTORY, len(made))
    rows = [
        _history(number, after, step.event, now, cause)
        for number, after, step in zip(numbers, made, steps, strict=True)
    ]
    scope.insert(placement_history, rows)
    told = [
        (_TOLD[step.event], after)
        for after, step in zip(made, steps, strict=True)
        if step.event in _TOLD
    ]
    _tell_all(scope, now, told, cause)
    return made


def _after(step: Step, now: datetime) -> Placement:
    placement = step.placement
    before = placement.state
    if before in NOT_SENT and placement.held_until and step.event in _TAKEN_AWAY:
        before = PlacementState.PLACING  # the door may hold what it was before
    state = advance(before, step.event)
    confirmed = step.event is PlacementEvent.CONFIRM
    made = replace(
        placement,
        state=state,
        problems=placement.problems if step.problems is None else step.problems,
        wanted_version=placement.wanted_version if step.version is None else step.version,
        changed_at=now,
        placed_at=now if confirmed else placement.placed_at,
    )
    if state is PlacementState.SCHEDULED:
        made = replace(made, placed_at=None)
        if step.event is PlacementEvent.RECALL and step.version is not None:
            made = replace(made, held_until=made.held_until or made.ends_at)
        elif not made.held_until:
            made = replace(made, wanted_version=None)
    if step.event in _PROVEN:
        made = replace(made, old_digits_since=None, held_until=None)
    return made


def tell_of(
    scope: Scope, at: datetime, kind: HappeningKind, placement: Placement, cause: str
) -> None:
    """Tell those who listen that something happened to a placement."""
    _tell_all(scope, at, [(kind, placement)], cause)


def _tell_all(
    scope: Scope, at: datetime, told: Sequence[tuple[HappeningKind, Placement]], cause: str
) -> None:
    bookings: dict[str, str] = {}
    t = pin_credentials
    credentials = sorted({placement.credential_id for _, placement in told})
    for first in range(0, len(credentials), _IN_ONE_STATEMENT):
        batch = credentials[first : first + _IN_ONE_STATEMENT]
        rows = scope.all(scope.select(t.c.id, t.c.booking_id).where(t.c.id.in_(batch)))
        bookings.update((row.id, row.booking_id) for row in rows)
    news = [
        (
            kind,
            Subject(
                booking_id=bookings.get(placement.credential_id),
                credential_id=placement.credential_id,
                door_id=placement.door_id,
            ),
            cause,
        )
        for kind, placement in told
    ]
    tell_all(scope, at, news)


def set_problems(scope: Scope, placement: Placement, problems: frozenset[Problem]) -> None:
    """Write down which problems a placement has, its state unchanged."""
    if problems != placement.problems:
        _write(scope, replace(placement, problems=problems))


def set_wanted(scope: Scope, placement: Placement, version: int | None) -> Placement:
    """Write down which version put or dropped its entries last; None: no digest says anything of
    it yet."""
    now = replace(placement, wanted_version=version)
    if now != placement:
        _write(scope, now)
    return now


def set_window(
    scope: Scope, placement: Placement, starts_at: datetime, ends_at: datetime
) -> Placement:
    """Move the window of a placement's grant. Where the door may hold the former one no digest says
    anything of it until the version that brings the new one."""
    if (placement.starts_at, placement.ends_at) == (starts_at, ends_at):
        return placement
    moved = replace(placement, starts_at=starts_at, ends_at=ends_at)
    if placement.state in AT_DOOR:
        held_until = _later(placement.held_until, placement.ends_at)
        moved = replace(moved, held_until=held_until, wanted_version=None)
    _write(scope, moved)
    return moved


def set_unchanged_all(scope: Scope, found: Sequence[Placement], version: int) -> list[Placement]:
    """Of several that were changed and changed back, so that their entries stand in a version as
    they did before: that version's digest proves them, and what was proven already still is."""
    now = []
    for each in found:
        after = replace(each, wanted_version=version)
        if each.state is not PlacementState.PLACING:
            after = replace(after, held_until=None)
        now.append(after)
    _write_all(scope, now)
    return now


def set_wanted_all(
    scope: Scope, found: Sequence[Placement], version: int | None
) -> list[Placement]:
    """The same of several placements at once."""
    now = [replace(each, wanted_version=version) for each in found]
    _write_all(scope, [each for each, before in zip(now, found, strict=True) if each != before])
    return now


def set_old_digits(scope: Scope, placement: Placement, now: datetime) -> Placement:
    """Write down that a credential has other digits now. Where the door may hold the old ones no
    digest says anything of it until the version that brings the new ones."""
    if placement.state not in AT_DOOR:
        return placement
    since = placement.old_digits_since or now
    held_until = _later(placement.held_until, placement.ends_at)
    changed = replace(placement, old_digits_since=since, held_until=held_until, wanted_version=None)
    _write(scope, changed)
    return changed


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _write(scope: Scope, now: Placement) -> None:
    _write_all(scope, [now])


def _write_all(scope: Scope, made: Sequence[Placement]) -> None:
    rows = [
        {
            "credential_id": now.credential_id,
            "door_id": now.door_id,
            "state": now.state,
            "starts_at": now.starts_at,
            "ends_at": now.ends_at,
            "problems": sorted(now.problems),
            "wanted_version": now.wanted_version,
            "changed_at": now.changed_at,
            "placed_at": now.placed_at,
            "old_digits_since": now.old_digits_since,
            "held_until": now.held_until,
        }
        for now in made
    ]
    scope.lock(STORY)
    scope.update_rows(pin_placements, rows, key=("credential_id", "door_id"))


def _write_history(
    scope: Scope, now: Placement, event: PlacementEvent, at: datetime, cause: str
) -> None:
    scope.lock(STORY)
    number = scope.take_numbers(_HISTORY)[0]
    scope.insert(placement_history, _history(number, now, event, at, cause))


def _history(
    seq: int, now: Placement, event: PlacementEvent, at: datetime, cause: str
) -> dict[str, Any]:
    return {
        "seq": seq,
        "credential_id": now.credential_id,
        "door_id": now.door_id,
        "at": at,
        "event": event,
        "state": now.state,
        "cause": cause[:_CAUSE_LENGTH],
    }


def note(scope: Scope, credential_id: str, at: datetime, cause: str) -> None:
    """Write into the history that a credential's digits or window changed."""
    for placement in of_credentials(scope, [credential_id]):
        _write_history(scope, placement, PlacementEvent.CHANGE, at, cause)


def forget(scope: Scope, credential_id: str, door_id: str) -> Placement | None:
    """Remove a placement that is over, so that there can be a new one; give it, if there was one.
    Its history stays."""
    t = pin_placements.c
    own = t.credential_id == credential_id, t.door_id == door_id
    found = held(scope, lambda: where(scope, *own))
    scope.delete(pin_placements, *own)
    return next(iter(found), None)


def in_place_of(made: Placement, former: Placement | None, *, renewed: bool) -> Placement:
    """Give a new placement where another was, which the door may hold still: it is waited for that
    the door drops it. `renewed`: the PIN has other digits than it had then."""
    if former is None or former.state not in AT_DOOR:
        return made
    since = former.old_digits_since or (made.changed_at if renewed else None)
    held_until = _later(former.held_until, former.ends_at)
    version = former.wanted_version
    return replace(made, held_until=held_until, old_digits_since=since, wanted_version=version)


def history(scope: Scope, credential_id: str) -> list[sa.Row[Any]]:
    """Give what happened to a credential's placements: door_id, at, event, state, cause."""
    t = placement_history
    return list(
        scope.all(
            scope.select(t.c.door_id, t.c.at, t.c.event, t.c.state, t.c.cause)
            .where(t.c.credential_id == credential_id)
            .order_by(t.c.seq)
        )
    )
