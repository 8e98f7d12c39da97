"""The menu: a few groups of places, each with the right that its page asks for. Pure.

To add a place, put a line into `GROUPS`, and its name `nav.<name>` into a catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.web.rights import Principal, Right


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the menu. `personal`: only for whoever is a person of the town; `unless`: not for
    those who have that right, for whom it stands elsewhere."""

    path: str
    name: str
    right: Right
    personal: bool = False
    unless: Right | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Places under one heading, `nav.<name>`."""

    name: str
    places: tuple[Place, ...]


_OWN: Final = Right.ATTENDANCE_OWN
_ALL: Final = Right.ATTENDANCE_READ
_MORE: Final = "more"
_SIDE_BY_SIDE: Final = 4
"""So many places stand side by side where there is one group alone."""

GROUPS: Final = (
    Group("board", (Place("/", "board", Right.DOORS_READ),)),
    Group(
        "mine",
        (
            Place("/my/month", "my_month", _OWN, personal=True),
            Place("/attendance", "my_day", _OWN, unless=_ALL),
            Place("/my/applications", "my_applications", _OWN, personal=True),
            Place("/leave", "leave", _OWN, personal=True),
            Place("/my/roster", "my_roster", _OWN, personal=True),
            Place("/closing/mine", "closing_mine", _OWN, personal=True),
            Place("/approvals", "approvals", _OWN, personal=True),
            Place("/delegations", "delegations", _OWN, personal=True),
            Place("/attendance/team", "team", _OWN, personal=True, unless=_ALL),
        ),
    ),
    Group(
        "bookings",
        (
            Place("/bookings", "bookings_list", Right.BOOKINGS_READ),
            Place("/tomorrow", "tomorrow", Right.BOOKINGS_READ),
            Place("/notices", "notices", Right.NOTICES_READ),
            Place("/joins", "joins", Right.BOOKINGS_IMPORT),
        ),
    ),
    Group(
        "doors",
        (
            Place("/entries", "entries", Right.ENTRIES_READ),
            Place("/zones", "zones", Right.DOORS_READ),
            Place("/key_boxes", "key_boxes", Right.SITES_READ),
            Place("/batteries", "batteries", Right.BATTERIES_READ),
        ),
    ),
    Group(
        "attendance",
        (
            Place("/attendance/team", "team", _ALL),
            Place("/attendance", "attendance_days", _ALL),
            Place("/attendance/months", "months", _ALL),
            Place("/rosters", "rosters", _ALL),
            Place("/divergences", "divergences", _ALL),
            Place("/caps", "caps", _ALL),
            Place("/closing", "closing", _ALL),
            Place("/attendance/terminals", "terminals", Right.SITES_READ),
            Place("/payroll", "payroll", Right.PAYROLL_EXPORT),
            Place("/approval-chains", "approval_chains", _ALL),
            Place("/leave/yearly", "leave_yearly", Right.ATTENDANCE_WRITE),
        ),
    ),
    Group(
        "staff",
        (
            Place("/staff", "staff_list", Right.STAFF_READ),
            Place("/staff/departments", "departments", Right.STAFF_READ),
            Place("/staff/leavers", "leavers", Right.STAFF_READ),
            Place("/staff/import", "staff_import", Right.STAFF_WRITE),
            Place("/outsiders", "outsiders", Right.PEOPLE_READ),
            Place("/cards", "cards", Right.PEOPLE_READ),
            Place("/rights", "rights", Right.GRANTS_READ),
            Place("/accounts", "accounts", Right.ACCOUNTS_READ),
        ),
    ),
    Group(
        "visitors",
        (
            Place("/visitors", "visitors_list", Right.VISITORS_READ),
            Place("/visitors/cards", "visitor_cards", Right.VISITORS_READ),
            Place("/roll-call", "roll_call", Right.ROLL_CALL),
        ),
    ),
)
"""In the order in which they stand."""


@dataclass(frozen=True, slots=True)
class Item:
    """A place as one principal sees it; `current`: the page lies there."""

    path: str
    name: str
    current: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A group as one principal sees it: one item alone stands without its group."""

    name: str
    items: tuple[Item, ...]
    current: bool


def menu_of(who: Principal, path: str) -> Sequence[Shown]:
    """Give the groups that somebody sees, and where `path` lies among them. Whoever sees one group
    alone has its first places side by side, and the rest under one heading."""
    seen = [
        (group.name, places)
        for group in GROUPS
        if (places := [place for place in group.places if _sees(who, place)])
    ]
    if len(seen) == 1:
        ((_, places),) = seen
        seen = [(place.name, [place]) for place in places[:_SIDE_BY_SIDE]]
        if rest := places[_SIDE_BY_SIDE:]:
            seen.append((_MORE, rest))
    here = _nearest([place.path for _, places in seen for place in places], path)
    shown = []
    for name, places in seen:
        items = tuple(Item(each.path, each.name, each.path == here) for each in places)
        shown.append(Shown(name, items, any(item.current for item in items)))
    return shown


def _sees(who: Principal, place: Place) -> bool:
    if place.unless is not None and who.may(place.unless):
        return False
    return who.may(place.right) and (not place.personal or who.person_id is not None)


def _nearest(places: Sequence[str], path: str) -> str | None:
    """The place under which a page lies: the longest whose folders begin its path."""
    fitting = [
        place
        for place in places
        if path == place or (place != "/" and path.startswith(f"{place}/"))
    ]
    return max(fitting, key=len, default=None)
