"""The problems that applications answer with."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from hub.applications.checks import Finding
from hub.applications.domain import IllegalActError
from hub.catalogue import Language, Translator
from hub.web.problems import FieldProblem, Problem, ProblemKind

REFUSED: Final = ProblemKind("application_refused", HTTPStatus.UNPROCESSABLE_ENTITY)
CHANGED: Final = ProblemKind("application_changed", HTTPStatus.CONFLICT)
"""Somebody else was faster, or what is approved is not what was seen."""
STATE: Final = ProblemKind("application_state", HTTPStatus.CONFLICT)
OWN: Final = ProblemKind("own_application", HTTPStatus.FORBIDDEN)
NOT_ASKED: Final = ProblemKind("not_asked", HTTPStatus.FORBIDDEN)
OWN_DELEGATION: Final = ProblemKind("own_delegation", HTTPStatus.FORBIDDEN)
"""Whoever lets somebody stand in for a third person cannot be the one who does: four eyes."""

OWN_CHAIN: Final = ProblemKind("own_chain", HTTPStatus.FORBIDDEN)
"""Nobody writes the rule that names themselves as an approver: likewise."""
NO_PERSON: Final = ProblemKind("no_person", HTTPStatus.FORBIDDEN)
"""Of an account or token tied to nobody it cannot be told that it is not the one it lets decide."""

ALL: Final = (REFUSED, CHANGED, STATE, OWN, NOT_ASKED)


def refused(found: Sequence[Finding]) -> Problem:
    """Give the problem of a body that cannot be handed in: one field problem a finding."""
    say = Translator(Language.EN)
    fields = tuple(
        FieldProblem("body", each.what.value, say(f"application.refusal.{each.what.value}"))
        for each in found
    )
    dates = {each.what.value: each.day.isoformat() for each in found if each.day is not None}
    return Problem(REFUSED, "", fields, {"dates": dates})


def illegal(error: IllegalActError) -> Problem:
    """Give the problem of an act that an application does not take as it stands."""
    return Problem(STATE, str(error), extra={"state": error.state.value})


def changed(detail: str, version: int, step: int) -> Problem:
    """Give the problem of somebody who decides what they did not see."""
    return Problem(CHANGED, detail, extra={"version": version, "step": step})
