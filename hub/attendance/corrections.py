"""Recording corrections: approved applications do, and clerks who may write attendance.

A correction is a record of its own that points at a punch; the punch stays as it was tapped.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from hub.attendance import repository
from hub.attendance.corrected import CorrectionProblem, problem_of
from hub.attendance.domain import Correction, CorrectionAction, CorrectionWish
from hub.database.scope import STORY, Scope
from wire.identity import uuid7

_COUNTER: Final = "punch_corrections"
_WITH_INSTANT: Final = frozenset({CorrectionAction.ADD, CorrectionAction.MOVE})
_WITH_DIRECTION: Final = frozenset({CorrectionAction.ADD, CorrectionAction.TURN})


class CorrectionRefusedError(Exception):
    """A correction that cannot be recorded; `problem` says why."""

    def __init__(self, problem: CorrectionProblem) -> None:
        self.problem = problem
        super().__init__(problem.value)


def record(
    scope: Scope,
    now: datetime,
    wish: CorrectionWish,
    *,
    asked_by: str,
    approved_by: str,
    application_id: str | None = None,
) -> Correction:
    """Write a correction in the caller's transaction, mark the dates it touches, and give it.

    `asked_by` and `approved_by` are actors as the audit log writes them (or `person:<id>`).
    Raises `CorrectionRefusedError`; nothing is written then.
    """
    scope.lock(STORY)
    scope.lock(f"corrections:{wish.person_id}")
    before = None
    if wish.action is not CorrectionAction.ADD and wish.punch_id is not None:
        before = repository.corrected_punch(scope, wish.punch_id)
    problem = problem_of(wish, before, now)
    if problem is not None:
        raise CorrectionRefusedError(problem)
    seq = int(scope.take_numbers(_COUNTER)[0])
    made = Correction(
        id=uuid7(int(now.timestamp() * 1000), secrets.token_bytes(10)),
        seq=seq,
        person_id=wish.person_id,
        punch_id=-seq if before is None else before.id,
        action=wish.action,
        at=wish.at if wish.action in _WITH_INSTANT else None,
        direction=wish.direction if wish.action in _WITH_DIRECTION else None,
        original_at=before.corrected_at if before else None,
        original_direction=before.direction if before else None,
        cause=wish.cause,
        asked_by=asked_by,
        approved_by=approved_by,
        application_id=application_id,
        recorded_at=now,
    )
    repository.keep_correction(scope, made)
    for moment in (made.original_at, made.at):
        if moment is not None:
            repository.mark(scope, made.person_id, moment, now)
    return made
