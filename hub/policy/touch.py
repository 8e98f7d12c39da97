"""Marks what changed, in the transaction that changes it: whoever writes calls one of these.

A mark costs one insert. It names the thing, not its controllers: the compiler finds those both in
what the tables say now and in what controllers hold, so a door that moved is taken from one and
given to the other. To delete something, touch it in the transaction that deletes it.
"""

from __future__ import annotations

from uuid import uuid4

from hub.database.scope import Scope
from hub.policy.bell import ring_all
from hub.policy.tables import Touched, policy_dirty


def _touch(scope: Scope, kind: Touched, target: str) -> None:
    # The mark's id orders nothing and decides nothing: it only keeps two marks apart.
    scope.insert(policy_dirty, {"id": uuid4().hex, "kind": kind, "target": target})
    scope.after_commit(ring_all)


def touch_controller(scope: Scope, controller_id: str) -> None:
    """A controller was added, changed or removed: everything it holds is compiled anew."""
    _touch(scope, Touched.CONTROLLER, controller_id)


def touch_door(scope: Scope, door_id: str) -> None:
    """A door's settings or its controller changed."""
    _touch(scope, Touched.DOOR, door_id)


def touch_reader(scope: Scope, reader_id: str) -> None:
    """A reader's settings, its door or its device changed."""
    _touch(scope, Touched.READER, reader_id)


def touch_device(scope: Scope, device_id: str) -> None:
    """A device's settings, its secret or its controller changed."""
    _touch(scope, Touched.DEVICE, device_id)


def touch_person(scope: Scope, person_id: str) -> None:
    """A person's state, flags or groups changed: for a changed group, touch each member."""
    _touch(scope, Touched.PERSON, person_id)


def touch_card(scope: Scope, card_id: str) -> None:
    """A card was issued, blocked, given to somebody else or withdrawn."""
    _touch(scope, Touched.CARD, card_id)


def touch_grant(scope: Scope, grant_id: str) -> None:
    """A grant was made, changed or withdrawn."""
    _touch(scope, Touched.GRANT, grant_id)


def touch_schedule(scope: Scope, schedule_id: str) -> None:
    """A schedule's spans, exceptions or calendar changed."""
    _touch(scope, Touched.SCHEDULE, schedule_id)


def touch_calendar(scope: Scope, calendar_id: str) -> None:
    """A holiday calendar's dates changed."""
    _touch(scope, Touched.CALENDAR, calendar_id)


def touch_credential(scope: Scope, credential_id: str) -> None:
    """A credential's digits, its state or one of its placements changed."""
    _touch(scope, Touched.CREDENTIAL, credential_id)


def touch_enrolment(scope: Scope, enrolment_id: str) -> None:
    """A card's enrolment at a reader was started or has ended."""
    _touch(scope, Touched.ENROLMENT, enrolment_id)


def touch_mode(scope: Scope, door_id: str) -> None:
    """A door's mode was ordered or withdrawn."""
    _touch(scope, Touched.MODE, door_id)
