"""What of one controller's policy is to be looked at again, and how it spreads.

A grant touches its subjects and its schedule; a schedule its calendar. Both what is wanted now and
what the controller holds count: a grant given to somebody else concerns the one who had it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.policy.tables import Touched

WHOLE = frozenset({Touched.CONTROLLER, Touched.DOOR, Touched.READER, Touched.DEVICE})
"""What concerns the wiring is rare, and touches so much that everything is looked at."""


@dataclass(slots=True)
class Focus:
    """Ids to look at again at one controller; `whole` is everything."""

    whole: bool = False
    grants: set[str] = field(default_factory=set)
    credentials: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    cards: set[str] = field(default_factory=set)
    schedules: set[str] = field(default_factory=set)
    calendars: set[str] = field(default_factory=set)
    modes: set[str] = field(default_factory=set)
    enrolments: set[str] = field(default_factory=set)

    def add(self, kind: Touched, target: str) -> None:
        """Take a mark in."""
        match kind:
            case Touched.GRANT:
                self.grants.add(target)
            case Touched.CREDENTIAL:
                self.credentials.add(target)
            case Touched.PERSON:
                self.people.add(target)
            case Touched.CARD:
                self.cards.add(target)
            case Touched.SCHEDULE:
                self.schedules.add(target)
            case Touched.CALENDAR:
                self.calendars.add(target)
            case Touched.MODE:
                self.modes.add(target)
            case Touched.ENROLMENT:
                self.enrolments.add(target)
            case _:
                self.whole = True
