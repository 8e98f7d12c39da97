"""Names for the ids that entries and alarms carry, as far as the reader may know them."""

from __future__ import annotations

from collections.abc import Iterable

from hub.accounts import repository as accounts
from hub.bookings import repository as bookings
from hub.commands import repository as commands
from hub.database.scope import Scope
from hub.entries.alarm_repository import Alarm
from hub.entries.domain import Entry
from hub.keyboxes import repository as key_boxes
from hub.keyboxes.domain import KeyBox
from hub.pages.views.entry import Names, Ordered
from hub.pages.words import Words
from hub.people import repository as people
from hub.sites import repository as sites
from hub.web.rights import Principal, Right
from wire.events import EventKind

_MODES = (EventKind.MODE_APPLIED, EventKind.MODE_ENDED)


def names_of(scope: Scope, who: Principal, words: Words, found: Iterable[Entry | Alarm]) -> Names:
    """Look up what entries and alarms name. People need `people:read`, contacts `bookings:read`."""
    listed = list(found)
    doors = sites.doors_by_id(scope, _ids(listed, "door_id"))
    boxes = _boxes(scope, listed)
    devices = [sites.device(scope, each) for each in _ids(listed, "device_id")]
    alone = [
        each
        for each in listed
        if (isinstance(each, Alarm) and not each.door_id)
        or (isinstance(each, Entry) and each.is_collected)
    ]
    machines = [sites.controller(scope, each) for each in _ids(alone, "controller_id")]
    return Names(
        doors={each.id: words.name(each.name, each.name_en) for each in doors.values()}
        | {each.id: words.name(each.name, each.name_en) for each in boxes.values()},
        boxes=frozenset(boxes),
        devices={each.id: each.name for each in devices if each is not None},
        holders=_holders(scope, who, listed),
        controllers={
            each.id: words.name(each.name, each.name_en) for each in machines if each is not None
        },
        people=people_names(
            scope, who, words, _ids(listed, "person_id") | _ids(listed, "partner_person_id")
        ),
        bookings=_contacts(scope, who, _ids(listed, "booking_id")),
        users=user_names(scope, {*_ids(listed, "actor_id"), *_ids(listed, "acknowledged_by")}),
        readers=reader_names(scope, _ids(listed, "reader_id")),
        sites=_site_names(scope, words, listed),
        orders=_orders(scope, listed),
    )


def _boxes(scope: Scope, found: Iterable[Entry | Alarm]) -> dict[str, KeyBox]:
    """Give the key boxes where entries and alarms stand, by id."""
    ids = _ids(found, "door_id")
    return key_boxes.boxes_by_id(scope, ids) if ids else {}


def _holders(scope: Scope, who: Principal, found: Iterable[Entry | Alarm]) -> dict[str, str]:
    """Give the names under which holders of sealed codes are booked in."""
    ids = _ids(found, "holder_id")
    if not ids or not who.may(Right.BOOKINGS_READ):
        return {}
    return bookings.holder_names(scope, ids)


def people_names(
    scope: Scope, who: Principal, words: Words, person_ids: Iterable[str]
) -> dict[str, str]:
    """Give people's names, to those who may read people or attendance; one's own to everybody."""
    may = who.may(Right.PEOPLE_READ) or who.may(Right.ATTENDANCE_READ)
    wanted = {each for each in person_ids if may or each == who.person_id}
    found = people.people_by_id(scope, wanted)
    return {each.id: words.name(each.name, each.name_en) for each in found.values()}


def user_names(scope: Scope, actor_ids: Iterable[str]) -> dict[str, str]:
    """Give the names of users and tokens by id, or by actor as the audit log writes it."""
    names: dict[str, str] = {}
    for actor in actor_ids:
        plain = actor.rpartition(":")[2]
        found = accounts.user(scope, plain) or accounts.token(scope, plain)
        if found is not None:
            names[actor] = found.name
    return names


def reader_names(scope: Scope, reader_ids: Iterable[str]) -> dict[str, str]:
    """Give the names of readers by id."""
    found = [sites.reader(scope, each) for each in reader_ids]
    return {each.id: each.name for each in found if each is not None and each.name}


def _site_names(scope: Scope, words: Words, found: Iterable[Entry | Alarm]) -> dict[str, str]:
    """Give the site of each controller of what stands at no door, by the controller's id."""
    alone = {each.controller_id for each in found if not each.door_id}
    names: dict[str, str] = {}
    for machine in filter(None, (sites.controller(scope, each) for each in alone)):
        site = sites.site(scope, machine.site_id)
        if site is not None:
            names[machine.id] = words.name(site.name, site.name_en)
    return names


def _orders(scope: Scope, found: Iterable[Entry | Alarm]) -> dict[tuple[str, int], Ordered]:
    """Give who ordered the modes that began and ended, and why."""
    numbered = {
        (each.door_id, each.amount)
        for each in found
        if isinstance(each, Entry) and each.kind in _MODES and each.door_id and each.amount
    }
    rows = {key: commands.order_by_number(scope, *key) for key in numbered}
    names = user_names(scope, {row.actor for row in rows.values() if row is not None})
    return {
        key: Ordered(names.get(row.actor, ""), row.reason)
        for key, row in rows.items()
        if row is not None
    }


def _contacts(scope: Scope, who: Principal, booking_ids: Iterable[str]) -> dict[str, str]:
    if not who.may(Right.BOOKINGS_READ):
        return {}
    found = [bookings.by_id(scope, each) for each in booking_ids]
    return {each.id: each.contact.name for each in found if each is not None and each.contact.name}


def _ids(found: Iterable[Entry | Alarm], field: str) -> set[str]:
    return {value for each in found if (value := getattr(each, field, None))}
