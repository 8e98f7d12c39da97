"""What corrections make of punches: pure. Records are folded in the order they were written, so
that the same punches and corrections give the same reading whenever it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.attendance.domain import Correction, CorrectionAction, CorrectionWish, Punch
from wire.events import PunchDirection

A: Final = CorrectionAction


class CorrectionProblem(StrEnum):
    """Why a correction cannot be recorded."""

    NO_PUNCH = "no_punch"
    """There is no such punch, or it is another person's."""
    NEEDS_INSTANT = "needs_instant"
    NEEDS_DIRECTION = "needs_direction"
    """In, out, and breaks only: what is inferred at a door nobody can state."""
    IN_FUTURE = "in_future"
    ALREADY_VOID = "already_void"
    NOT_VOID = "not_void"
    SAME = "same"
    """It would change nothing."""


P: Final = CorrectionProblem


def corrected(punches: Iterable[Punch], corrections: Iterable[Correction]) -> dict[int, Punch]:
    """Give punches by id as corrections leave them, added ones among them. A correction whose
    punch is not there (a replay has not come to it yet) waits for it."""
    found = {punch.id: punch for punch in punches}
    for each in sorted(corrections, key=lambda one: one.seq):
        if each.action is A.ADD:
            found[each.punch_id] = _added(each)
        elif each.punch_id in found:
            found[each.punch_id] = _after(found[each.punch_id], each)
    return found


def problem_of(
    wish: CorrectionWish, before: Punch | None, now: datetime
) -> CorrectionProblem | None:
    """Say why a correction cannot be, given the punch as it reads now (None for `ADD`, and where
    there is none)."""
    action, at, direction = wish.action, wish.at, wish.direction
    if action is not A.ADD and (before is None or before.person_id != wish.person_id):
        return P.NO_PUNCH
    if action in (A.ADD, A.MOVE) and at is None:
        return P.NEEDS_INSTANT
    if action in (A.ADD, A.TURN) and direction in (None, PunchDirection.INFERRED):
        return P.NEEDS_DIRECTION
    if action in (A.ADD, A.MOVE) and at is not None and at > now:
        return P.IN_FUTURE
    return None if before is None else _changes_nothing(wish, before)


def waits(punch: Punch) -> bool:
    """Whether nobody has said anything of a punch whose time may be wrong."""
    return punch.corrected_by is None and (
        not punch.trusted or punch.corrected_at > punch.received_at
    )


def _changes_nothing(wish: CorrectionWish, before: Punch) -> CorrectionProblem | None:
    if wish.action is A.RESTORE:
        return None if before.voided else P.NOT_VOID
    if before.voided:
        return P.ALREADY_VOID
    same_time = wish.action is A.MOVE and wish.at == before.corrected_at and not waits(before)
    same_way = wish.action is A.TURN and wish.direction is before.direction
    return P.SAME if same_time or same_way else None


def _added(by: Correction) -> Punch:
    if by.at is None or by.direction is None:  # `problem_of` lets none of those be written
        raise ValueError("an added punch has an instant and a direction")
    return Punch(
        id=by.punch_id,
        person_id=by.person_id,
        reader_id="",
        door_id=None,
        credential_id="",
        direction=by.direction,
        at=by.at,
        corrected_at=by.at,
        trusted=True,
        received_at=by.recorded_at,
        corrected_by=by.id,
    )


def _after(punch: Punch, by: Correction) -> Punch:
    if punch.corrected_by is None:
        punch = replace(punch, original_at=punch.corrected_at, original_direction=punch.direction)
    punch = replace(punch, corrected_by=by.id)
    if by.action is A.MOVE and by.at is not None:
        return replace(punch, corrected_at=by.at, trusted=True, time_error_ms=None)
    if by.action is A.TURN and by.direction is not None:
        return replace(punch, direction=by.direction)
    if by.action is A.VOID:
        return replace(punch, voided=True)
    return replace(punch, voided=False) if by.action is A.RESTORE else punch
