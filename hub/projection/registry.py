"""Who takes part in the projection, in the order in which each event is handed round.

The one place in this package that knows topics. To add a projector: one line here.
"""

from __future__ import annotations

from typing import Final

from hub.attendance.projector import PROJECTOR as ATTENDANCE
from hub.batteries.projector import PROJECTOR as BATTERIES
from hub.commands.projector import PROJECTOR as COMMANDS
from hub.door_tests.projector import PROJECTOR as DOOR_TESTS
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.keyboxes.projector import PROJECTOR as KEYBOXES
from hub.people.enrolment_projector import PROJECTOR as CARD_OFFERS
from hub.projection.projector import Projector
from hub.zones.projector import PROJECTOR as ZONES

PROJECTORS: Final[tuple[Projector, ...]] = (
    ENTRIES,
    ZONES,
    ATTENDANCE,
    BATTERIES,
    COMMANDS,
    DOOR_TESTS,
    KEYBOXES,
    CARD_OFFERS,
)
