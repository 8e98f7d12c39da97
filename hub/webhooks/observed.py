"""Finds what the entry log and the alarms have that is new, for endpoints that want to hear of it.

Nothing is added to the projection: who is let in and what is kept of it costs what it cost before.
While some endpoint wants entries, one indexed read a second looks for rows written since; alarms
are looked at every few seconds. Ids follow from the entry or alarm, and while the projection stands
behind what was seen already (a replay) nothing is looked at: a replay tells nobody anything twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from hub.bookings import repository as bookings
from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.entries.alarm_repository import Alarm, standing_alarms
from hub.entries.alarms import MOMENTARY
from hub.entries.domain import Entry, Result
from hub.entries.search import Filters, last_touched, touched_after
from hub.entries.wire_alarms import standing_wire_alarms
from hub.happenings.domain import HappeningKind, Subject
from hub.keyboxes import repository as boxes
from hub.keyboxes.domain import KeyBox
from hub.people import repository as people
from hub.projection.repository import watermark
from hub.sites import repository as sites
from hub.sites.domain import Controller, Door
from hub.webhooks import observed_repository as seen
from hub.webhooks import repository
from hub.webhooks.domain import MADE_IN, wants
from hub.webhooks.observed_repository import KnownAlarm
from hub.webhooks.outbox import Outbox
from hub.webhooks.payloads import Message

BATCH: Final = 200
ALARMS_EVERY: Final = timedelta(seconds=5)
_NAMESPACE: Final = uuid.UUID("6f1c1d0e-2f0b-5d3a-9c57-1c6f8b0f4a11")
_ENTRIES, _ALARMS, _PROJECTED = "entries", "alarms", "projected"
_OF_RESULT: Final = {
    Result.GRANTED: HappeningKind.ENTRY_GRANTED,
    Result.DENIED: HappeningKind.ENTRY_DENIED,
}
_ENTRY_KINDS: Final = tuple(kind.value for kind in _OF_RESULT.values())
_ALARM_KINDS: Final = (HappeningKind.ALARM_RAISED.value, HappeningKind.ALARM_CLEARED.value)


class Observer:
    """Looks at the log on behalf of endpoints."""

    def __init__(self, db: Database, clock: Clock, outbox: Outbox) -> None:
        self._db = db
        self._clock = clock
        self._outbox = outbox
        self._alarms_at: datetime | None = None

    def look(self) -> None:
        """Put what is new into the outbox."""
        with self._db.read() as scope:
            wanted = {kind for kind in (*_ENTRY_KINDS, *_ALARM_KINDS) if _anybody(scope, kind)}
            through = last_touched(scope) if wanted else 0
            news = self._is_new(scope, through) if wanted else seen.any_mark(scope)
        alarms = bool(wanted.intersection(_ALARM_KINDS)) and self._alarms_due()
        entries = bool(wanted.intersection(_ENTRY_KINDS)) and news
        if entries or alarms:
            more = self._db.write(lambda scope: self._step(scope, entries=entries, alarms=alarms))
            while more:
                more = self._db.write(lambda scope: self._step(scope, entries=True, alarms=False))
        elif not wanted and news:
            self._db.write(seen.forget_all)

    def _alarms_due(self) -> bool:
        now = self._clock.now()
        if self._alarms_at is not None and timedelta(0) <= now - self._alarms_at < ALARMS_EVERY:
            return False
        self._alarms_at = now
        return True

    @staticmethod
    def _is_new(scope: Scope, through: int) -> bool:
        mark = seen.mark(scope, _ENTRIES)
        return mark is None or through > mark

    def _step(self, scope: Scope, *, entries: bool, alarms: bool) -> bool:
        """Look once; tell whether there may be more."""
        scope.lock("webhooks:observed")
        projected = watermark(scope)
        if projected < (seen.mark(scope, _PROJECTED) or 0):
            return False  # a replay is under way
        seen.set_mark(scope, _PROJECTED, projected)
        if alarms:
            self._alarms(scope)
        return entries and self._entries(scope)

    # --- entries -------------------------------------------------------------------------------

    def _entries(self, scope: Scope) -> bool:
        mark = seen.mark(scope, _ENTRIES)
        if mark is None:  # whoever begins to listen begins at the present
            seen.set_mark(scope, _ENTRIES, last_touched(scope))
            return False
        found = touched_after(scope, mark, Filters(), BATCH)
        for entry in found:
            if entry.result is not None:
                self._entry(scope, entry, _OF_RESULT[entry.result])
        cut = len(found) == BATCH
        if found:
            last = found[-1].touched_by
            # One event can touch several entries: what may be cut in two is read again.
            seen.set_mark(scope, _ENTRIES, max(last - 1, found[0].touched_by) if cut else last)
        return cut

    def _entry(self, scope: Scope, entry: Entry, kind: HappeningKind) -> None:
        site_id = _site_of(scope, entry.door_id, entry.controller_id)
        parts = (entry.id, entry.controller_id, entry.at.isoformat(), kind)
        self._outbox.put(
            scope,
            kind.value,
            site_id,
            lambda: Message(
                _id(scope, parts),
                kind.value,
                entry.occurred_at,
                Subject(site_id, entry.booking_id, entry.credential_id, entry.door_id),
                data=_entry_data(scope, entry),
                personal=_holder(scope, entry),
            ),
        )

    # --- alarms --------------------------------------------------------------------------------

    def _alarms(self, scope: Scope) -> None:
        standing = [*standing_alarms(scope), *standing_wire_alarms(scope)]
        told = {alarm.id: KnownAlarm.of(alarm) for alarm in standing}
        known = seen.alarms(scope)
        if seen.mark(scope, _ALARMS) is None:  # what stands already is no news
            seen.set_mark(scope, _ALARMS, 0)
            known = told
        for alarm in standing:
            self._standing(scope, alarm, known.get(alarm.id))
        gone = [each for each in known.values() if each.id not in told and not each.over]
        for alarm in seen.ended(scope, gone, self._clock.now()):
            if alarm.kind not in MOMENTARY:
                self._alarm(scope, alarm, HappeningKind.ALARM_CLEARED)
        if told != seen.alarms(scope):
            seen.keep_alarms(scope, told.values())

    def _standing(self, scope: Scope, alarm: Alarm, known: KnownAlarm | None) -> None:
        over = alarm.cleared_at is not None
        if known is None or (known.over and not over):
            self._alarm(scope, alarm, HappeningKind.ALARM_RAISED)
        if over and not (known is not None and known.over):
            self._alarm(scope, alarm, HappeningKind.ALARM_CLEARED)

    def _alarm(self, scope: Scope, alarm: Alarm, kind: HappeningKind) -> None:
        site_id = _site_of(scope, alarm.door_id, alarm.controller_id)
        over_at = alarm.cleared_at.isoformat() if alarm.cleared_at else ""
        # Alarms of the wire keep their number for ever, and go on being the same one for a while.
        at = alarm.raised_at if alarm.id >= 0 else alarm.last_at
        parts: tuple[object, ...] = (alarm.id, alarm.kind, at.isoformat(), kind)
        if kind is HappeningKind.ALARM_CLEARED:
            parts = (*parts, over_at)
            at = alarm.cleared_at or self._clock.now()
        self._outbox.put(
            scope,
            kind.value,
            site_id,
            lambda: Message(
                _id(scope, parts),
                kind.value,
                at,
                Subject(site_id, door_id=alarm.door_id),
                data={
                    "alarm_id": alarm.id,
                    "alarm": alarm.kind.value,
                    "critical": alarm.is_critical,
                    "controller_id": alarm.controller_id,
                    "device_id": alarm.device_id,
                    "raised_at": alarm.raised_at.isoformat(),
                    "last_at": alarm.last_at.isoformat(),
                    "cleared_at": over_at or None,
                    "reason": alarm.cause,
                    "times": alarm.times,
                },
            ),
        )


def _anybody(scope: Scope, kind: str) -> bool:
    listening = (each for each in repository.all_endpoints(scope) if each.state in MADE_IN)
    return any(wants(each.kinds, kind) for each in listening)


def _id(scope: Scope, parts: Iterable[object]) -> str:
    """The same for the same thing however often it is projected. No other comes to have it, also
    where numbers are given anew after a backup was put back."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(map(str, (scope.town_id, *parts)))))


def _site_of(scope: Scope, door_id: str | None, controller_id: str) -> str | None:
    place: Door | KeyBox | Controller | None = None
    if door_id is not None:
        place = sites.door(scope, door_id) or boxes.key_box(scope, door_id)
    place = place or sites.controller(scope, controller_id)
    return None if place is None else place.site_id


def _entry_data(scope: Scope, entry: Entry) -> dict[str, object]:
    """What is told of an entry. Why somebody was let in is not: it would give away who was under
    duress."""
    door = sites.door(scope, entry.door_id) if entry.door_id else None
    denied = entry.result is Result.DENIED
    return {
        "entry_id": entry.id,
        "door": door.name if door else None,
        "reader_id": entry.reader_id,
        "controller_id": entry.controller_id,
        "person_id": entry.person_id,
        "holder_id": entry.holder_id,
        "grant_id": entry.grant_id,
        "reason": entry.reason.value if denied and entry.reason else None,
        "factor": entry.factor.value if entry.factor else None,
        "occurred_at": entry.occurred_at.isoformat(),
        "occurred_within_ms": entry.time_error_ms,
        "time_is_sure": entry.is_time_sure,
        "noted_at": entry.at.isoformat(),
        "received_at": entry.received_at.isoformat(),
    }


def _holder(scope: Scope, entry: Entry) -> dict[str, object]:
    """Who it was, by name: of staff, else the name under which the PIN's holder is booked in."""
    if entry.person_id is not None:
        person = people.person(scope, entry.person_id)
        return {"holder": person.name if person else None}
    if entry.holder_id is not None:
        return {"holder": bookings.holder_names(scope, [entry.holder_id]).get(entry.holder_id)}
    if entry.booking_id is not None:
        booking = bookings.by_id(scope, entry.booking_id)
        return {"holder": booking.contact.name if booking and booking.contact.name else None}
    return {"holder": None}
