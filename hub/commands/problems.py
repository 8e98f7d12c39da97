"""Why a door is not steered: problem kinds, whose sentences stand in the catalogue."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from hub.commands.modes import ModeRefusal
from hub.web.problems import ProblemKind

CONTROLLER_OFFLINE: Final = ProblemKind("controller_offline", HTTPStatus.CONFLICT)
"""No session of the door's controller is alive: a command would reach nobody."""

NO_STRIKE: Final = ProblemKind("no_strike", HTTPStatus.CONFLICT)
"""The door has no output that could release it."""

COMMAND_ID_USED: Final = ProblemKind("command_id_used", HTTPStatus.CONFLICT)
"""Another command has that id."""

NO_DOORS: Final = ProblemKind("no_doors", HTTPStatus.UNPROCESSABLE_ENTITY)
"""An emergency was ordered for an area without a door that it could concern."""

REFUSED_MODES: Final = {
    refusal: ProblemKind(f"mode_{refusal.value}", HTTPStatus.UNPROCESSABLE_ENTITY)
    if refusal is not ModeRefusal.EMERGENCY_ACTIVE
    else ProblemKind("mode_emergency_active", HTTPStatus.CONFLICT)
    for refusal in ModeRefusal
}
