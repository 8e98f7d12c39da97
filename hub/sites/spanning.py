"""What one controller cannot enforce alone, because the doors concerned hang on several: pure.

Two controllers can be apart when it matters. So a rule over the doors of several is refused when it
is configured, and when a later change would make it so; or somebody asked for it `soft`: reported,
not enforced (BLUEPRINT, 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from hub.sites.domain import Door, SiteState, Zone
from hub.web.problems import FieldProblem, Problem, ProblemKind
from wire.policy_bodies import AntiPassback

SPANS_CONTROLLERS: Final = ProblemKind("spans_controllers", HTTPStatus.UNPROCESSABLE_ENTITY)


class SpannedRule(StrEnum):
    """A rule that one controller would have to enforce alone."""

    ANTI_PASSBACK = "anti_passback"
    OCCUPANCY_MAX = "occupancy_max"
    MAX_USES = "max_uses"
    INTERLOCK = "interlock"


_REMEDIES: Final = {
    SpannedRule.ANTI_PASSBACK: "wire the zone's doors to one controller, or set the zone's "
    "anti_passback to 'soft': a breach is then reported, not refused",
    SpannedRule.OCCUPANCY_MAX: "wire the zone's doors to one controller, or set the zone's 'soft': "
    "one person too many is then reported, not refused",
    SpannedRule.INTERLOCK: "wire the doors of the interlock to one controller",
    SpannedRule.MAX_USES: "keep the limited grants to doors of one controller, or set each grant's "
    "'soft': every controller then counts for itself, and more uses are reported",
}


def controllers_of(doors: Iterable[Door]) -> frozenset[str]:
    """Give the controllers of those of these doors that are in use."""
    return frozenset(door.controller_id for door in doors if door.state is SiteState.ACTIVE)


def spans(doors: Iterable[Door]) -> bool:
    """Tell whether these doors hang on more than one controller."""
    return len(controllers_of(doors)) > 1


def unenforceable(zone: Zone, doors: Iterable[Door]) -> SpannedRule | None:
    """Give the zone's rule that cannot stand over these doors of it; None where all can."""
    if not spans(doors):
        return None
    if zone.anti_passback is AntiPassback.HARD:
        return SpannedRule.ANTI_PASSBACK
    if zone.occupancy_max is not None and not zone.soft:
        return SpannedRule.OCCUPANCY_MAX
    return None


def refused(rule: SpannedRule, field_name: str, controllers: Iterable[str]) -> Problem:
    """Give the problem to raise: it names the field, the controllers and what may be done."""
    named = sorted(controllers)
    remedy = _REMEDIES[rule]
    detail = f"{rule.value} over the doors of {len(named)} controllers cannot be enforced"
    return Problem(
        SPANS_CONTROLLERS,
        f"{detail}: {remedy}",
        (FieldProblem(f"body.{field_name}", SPANS_CONTROLLERS.code, remedy),),
        extra={"rule": rule.value, "controllers": named, "remedy": remedy},
    )
