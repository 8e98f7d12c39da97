"""What a controller's policy and its reports mean for placements.

`follow` after each compilation, `confirm` after a digest that is right, `mismatch` after one that
is not, `tick` as time passes. A placement is placed only by `confirm`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from hub.database.scope import STORY, Scope
from hub.happenings.domain import HappeningKind
from hub.pins import placements
from hub.pins.placement import AT_DOOR, PlacementEvent, PlacementState, Problem
from hub.pins.placements import Happening, Placement, Step
from hub.pins.tables import pin_placements
from wire.identity import pin_policy_id
from wire.policy import EntryKey, EntryKind

REVOKED_WITHIN: Final = timedelta(minutes=1)
"""A door that has not confirmed a revocation by then may still open: a person has to know."""

S, E = PlacementState, PlacementEvent

_UNFINISHED: Final = frozenset(S) - {S.REMOVED, S.REVOKED}
_CONFIRMED_BY_DIGEST: Final = {
    S.PLACING: E.CONFIRM,
    S.REVOKING: E.CONFIRM_REVOKED,
    S.ENDED: E.REMOVE,
}
_HELD: Final = frozenset({S.PLACING, S.PLACED, S.ACTIVE})
_CURED: Final = frozenset(
    {
        Problem.REJECTED,
        Problem.DIGEST_MISMATCH,
        Problem.NOT_CONFIRMED,
        Problem.REVOKE_NOT_CONFIRMED,
    }
)


def _keys(placement: Placement) -> frozenset[EntryKey]:
    entry_id = pin_policy_id(placement.credential_id, placement.door_id)
    return frozenset(
        {
            EntryKey(EntryKind.CREDENTIAL.value, entry_id),
            EntryKey(EntryKind.GRANT.value, placement.grant_id),
        }
    )


def follow(
    scope: Scope,
    controller_id: str,
    version: int,
    *,
    changed: Collection[EntryKey],
    wanted: Collection[EntryKey],
    credentials: Collection[str] | None,
    enrolled: bool,
    now: datetime,
) -> None:
    """Move placements along after a compilation that put or dropped the keys `changed`.

    `wanted` are the keys the controller should hold now, as far as `credentials` (None: all) go.
    """
    if credentials is not None and not credentials:
        return
    wanted, cause = frozenset(wanted), f"policy version {version}"
    found = placements.held(
        scope, lambda: placements.at_controller(scope, controller_id, _UNFINISHED, credentials)
    )
    touched = {each.key for each in found if not _keys(each).isdisjoint(changed)}
    held = {each.key for each in found if _keys(each) <= wanted}
    steps: list[Step] = []
    put: list[Placement] = []
    stay: list[Placement] = []
    back: list[Placement] = []
    for each in found:
        is_touched = each.key in touched
        what = _event(each, wanted=each.key in held, touched=is_touched, now=now)
        if what is not None:
            steps.append(Step(each, what, version if is_touched else None))
        elif each.wanted_version is None and each.state in _HELD and each.key in held:
            (put if is_touched else back).append(each)
        else:
            (put if is_touched else stay).append(each)
    moved = placements.change_all(scope, steps, now, cause)
    unheard = [each for each in moved if each.state is S.ENDED and each.key not in touched]
    rest = [each for each in moved if each.state is not S.ENDED or each.key in touched]
    present = [
        *rest,
        *stay,
        *placements.set_unchanged_all(scope, back, version),
        *placements.set_wanted_all(scope, put, version),
        *placements.set_wanted_all(scope, unheard, None),
    ]
    for each in present:
        after = each
        if each.state is S.ENDED:
            is_touched, is_held = each.key in touched, each.key in held
            after = _leave(scope, each, touched=is_touched, held=is_held, now=now)
        _note_enrolment(scope, after, enrolled=enrolled)


def _event(
    placement: Placement, *, wanted: bool, touched: bool, now: datetime
) -> PlacementEvent | None:
    state = placement.state
    if state is S.ENDED:
        return None
    if placement.ends_at <= now and not (wanted and state is S.REVOKING):
        return E.END
    if wanted and (state is S.SCHEDULED or (touched and state in AT_DOOR)):
        return E.SEND
    if not wanted and state in (S.PLACING, S.PLACED, S.ACTIVE):
        return E.RECALL
    return None


def _leave(
    scope: Scope, placement: Placement, *, touched: bool, held: bool, now: datetime
) -> Placement:
    """Follow one that has ended: while it lingers at the controller no digest proves that it is
    gone, and what the controller never held needs no digest."""
    if held:
        return placements.set_wanted(scope, placement, None)
    if not touched and placement.wanted_version is None:
        return placements.change(scope, placement, Happening(E.REMOVE, now, "never held"))
    return placement


def _note_enrolment(scope: Scope, placement: Placement, *, enrolled: bool) -> None:
    problems = placement.problems - {Problem.NO_CONTROLLER}
    if not enrolled:
        problems |= {Problem.NO_CONTROLLER}
    placements.set_problems(scope, placement, problems)


def confirm(
    scope: Scope,
    controller_id: str,
    version: int,
    rejected: Collection[EntryKey],
    now: datetime,
    *,
    formerly: Collection[EntryKey] | None = None,
) -> None:
    """Take a digest that is right: what was wanted by that version is placed, revoked or gone.

    `formerly` are the keys that the report before rejected, if that one was right as well: then
    only what is on its way and what either report rejects is looked at, however much the controller
    holds. None looks at everything.
    """
    cause, steps = f"digest of version {version}", list[Step]()
    concerned = placements.held(scope, lambda: _concerned(scope, controller_id, rejected, formerly))
    for placement in concerned:
        if placement.wanted_version is None or placement.wanted_version > version:
            continue
        problems = placement.problems - _CURED
        if not _keys(placement).isdisjoint(rejected) and placement.state is not S.ENDED:
            placements.set_problems(scope, placement, problems | {Problem.REJECTED})
            if Problem.REJECTED not in placement.problems:
                why = f"left out of version {version}"
                placements.tell_of(scope, now, HappeningKind.PIN_FAILED, placement, why)
            continue
        event = _CONFIRMED_BY_DIGEST.get(placement.state)
        if placement.state in placements.NOT_SENT:
            placements.set_dropped(scope, placement)
        elif event is None:
            placements.set_problems(scope, placement, problems)
        else:
            steps.append(Step(placement, event, problems=problems))
    done = placements.change_all(scope, steps, now, cause)
    begun = [each for each in done if each.state is S.PLACED and each.starts_at <= now]
    placements.change_all(scope, [Step(each, E.START) for each in begun], now, "window")


def _concerned(
    scope: Scope,
    controller_id: str,
    rejected: Collection[EntryKey],
    formerly: Collection[EntryKey] | None,
) -> list[Placement]:
    if formerly is None:
        found = placements.at_controller(scope, controller_id, AT_DOOR | {S.ENDED})
        return [*found, *placements.left_behind(scope, controller_id)]
    found = placements.at_controller(scope, controller_id, _CONFIRMED_BY_DIGEST)
    found += placements.left_behind(scope, controller_id)
    about = {*rejected, *formerly}
    if not about:
        return found
    kind = EntryKind.CREDENTIAL.value
    entries = placements.of_entries(
        scope,
        controller_id,
        AT_DOOR,
        # A card's id names no placement, and finds none.
        credential_ids={key.id.partition("@")[0] for key in about if key.kind == kind},
        grant_ids={key.id for key in about if key.kind == EntryKind.GRANT.value},
    )
    return list({each.key: each for each in [*found, *entries]}.values())


def mismatch(scope: Scope, controller_id: str) -> None:
    """Take a digest that is not right: nothing the controller holds can be relied on."""
    found = placements.held(scope, lambda: placements.at_controller(scope, controller_id, AT_DOOR))
    for placement in found:
        problems = placement.problems | {Problem.DIGEST_MISMATCH}
        placements.set_problems(scope, placement, problems)


def is_due(scope: Scope, now: datetime) -> bool:
    """Tell whether `tick` has something to do."""
    return bool(
        _starting(scope, now)
        or _unconfirmed(scope, now)
        or _unrevoked(scope, now)
        or _over_unsent(scope, now)
        or _over(scope, now)
    )


def tick(scope: Scope, now: datetime) -> None:
    """Let windows begin and end, and name what is unconfirmed. What ends lingers at its controller;
    the version that drops it comes later."""
    scope.lock(STORY)  # what is read here is written as a whole row
    for placement in _starting(scope, now):
        placements.change(scope, placement, Happening(E.START, now, "window"))
    for placement in _unconfirmed(scope, now):
        placements.set_problems(scope, placement, placement.problems | {Problem.NOT_CONFIRMED})
    for placement in _unrevoked(scope, now):
        problems = placement.problems | {Problem.REVOKE_NOT_CONFIRMED}
        placements.set_problems(scope, placement, problems)
    for placement in _over_unsent(scope, now):
        placements.change(scope, placement, Happening(E.END, now, "window"))
    for placement in _over(scope, now):
        ended = placements.change(scope, placement, Happening(E.END, now, "window"))
        placements.set_wanted(scope, ended, None)


def _starting(scope: Scope, now: datetime) -> list[Placement]:
    t = pin_placements
    return placements.where(scope, t.c.state == S.PLACED, t.c.starts_at <= now)


def _unconfirmed(scope: Scope, now: datetime) -> list[Placement]:
    t = pin_placements
    waiting = t.c.state.in_([S.PLACING, S.SCHEDULED])
    found = placements.where(scope, waiting, t.c.starts_at <= now, t.c.ends_at > now)
    return [each for each in found if Problem.NOT_CONFIRMED not in each.problems]


def _unrevoked(scope: Scope, now: datetime) -> list[Placement]:
    t = pin_placements
    late = t.c.changed_at <= now - REVOKED_WITHIN
    found = placements.where(scope, t.c.state == S.REVOKING, late)
    return [each for each in found if Problem.REVOKE_NOT_CONFIRMED not in each.problems]


def _over_unsent(scope: Scope, now: datetime) -> list[Placement]:
    t = pin_placements
    unsent = t.c.state.in_([S.DRAFT, S.SCHEDULED])
    return placements.where(scope, unsent, t.c.ends_at <= now)


def _over(scope: Scope, now: datetime) -> list[Placement]:
    """Those a controller may hold. One that is being revoked stays so until the controller says
    that it is, or drops it."""
    t = pin_placements
    opening = t.c.state.in_([S.PLACING, S.PLACED, S.ACTIVE])
    return placements.where(scope, opening, t.c.ends_at <= now)
