"""An entry of the log as a line people read: what, where, who, and what followed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from hub.entries.alarms import ALARMING_REFUSALS
from hub.entries.domain import GAP, Entry, Result, Topic
from hub.pages.words import Words, iso
from wire.events import ActOutcome, EventKind, Factor, Observed, TryKind
from wire.reasons import Reason

_ICONS = {
    EventKind.ACCESS_DURESS: "bell",
    EventKind.PUNCH: "clock",
    EventKind.CARD_OFFERED: "person",
    EventKind.PIN_LOCKOUT: "keypad",
    EventKind.DOOR_OPENED: "door_open",
    EventKind.DOOR_CLOSED: "door_closed",
    EventKind.DOOR_FORCED: "alert",
    EventKind.DOOR_HELD: "door_open",
    EventKind.DOOR_HELD_CLEARED: "door_closed",
    EventKind.REX: "door_open",
    EventKind.MECHANICAL_KEY: "key",
    EventKind.DOORBELL: "bell",
    EventKind.MODE_APPLIED: "gear",
    EventKind.MODE_ENDED: "gear",
    EventKind.FIRE_ALARM: "fire",
    EventKind.FIRE_ALARM_CLEARED: "fire",
    EventKind.LINK_LOST: "cut",
    EventKind.DEVICE_OFFLINE: "cut",
    EventKind.TAMPER: "alert",
    EventKind.SECURITY_ALARM: "alert",
    EventKind.JOURNAL_FAILED: "alert",
    EventKind.AGENT_FAULT: "alert",
}
_ALARMING = frozenset(
    {
        EventKind.ACCESS_DURESS,
        EventKind.DOOR_FORCED,
        EventKind.FIRE_ALARM,
        EventKind.TAMPER,
        EventKind.SECURITY_ALARM,
        EventKind.JOURNAL_FAILED,
        EventKind.AGENT_FAULT,
    }
)
_CHIP_TONES = {"granted": "good", "denied": "warn", "alarming": "bad", "soft": "warn", "": ""}
_ERROR_TOLD_MS = 60_000
BY_SCHEDULE = 0
"""The order number of a mode that nobody ordered: the door's schedule began or ended it."""
_SHOWN_SHIFT = timedelta(seconds=1)
"""The page shows whole seconds."""
_REFUSALS = frozenset({ActOutcome.FAILED, ActOutcome.EXPIRED, ActOutcome.REFUSED})
_MODES = frozenset({EventKind.MODE_APPLIED, EventKind.MODE_ENDED})

_LIDS = frozenset(
    {
        EventKind.DOOR_OPENED,
        EventKind.DOOR_CLOSED,
        EventKind.DOOR_FORCED,
        EventKind.DOOR_HELD,
        EventKind.DOOR_HELD_CLEARED,
    }
)
"""What is a lid's at a key box."""
_LINES = frozenset({EventKind.INPUT_FAULT, EventKind.INPUT_FAULT_CLEARED, EventKind.FIRE_ALARM})


@dataclass(frozen=True, slots=True)
class Ordered:
    """Who ordered a mode, by name, and the reason given."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Names:
    """Names by id, as far as the reader may know them; `may_know` is False where people's names
    are not shown."""

    doors: Mapping[str, str] = field(default_factory=dict)
    """Doors and key boxes."""
    boxes: frozenset[str] = frozenset()
    """Those of them that are key boxes."""
    devices: Mapping[str, str] = field(default_factory=dict)
    controllers: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    bookings: Mapping[str, str] = field(default_factory=dict)
    holders: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    readers: Mapping[str, str] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    """The site of each controller, by the controller's id."""
    orders: Mapping[tuple[str, int], Ordered] = field(default_factory=dict)
    """Mode orders by door and number."""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One line. `full` is the time with its date, `when` the time alone if it is today's."""

    id: int
    icon: str
    tone: str
    chip_tone: str
    title: str
    detail: str
    when: str
    full: str
    iso: str
    unsure: bool
    door: str
    door_id: str
    door_path: str
    who: str
    person_id: str
    booking_id: str


def entry_line(entry: Entry, names: Names, words: Words) -> EntryLine:
    """Give the line of an entry."""
    tone = _tone(entry)
    return EntryLine(
        id=entry.id,
        icon=_icon(entry),
        tone=tone,
        chip_tone=_CHIP_TONES[tone],
        title=words.t(f"event.{_title(entry, names)}"),
        detail=words.t("words.comma").join(filter(None, _details(entry, names, words))),
        when=words.second(entry.occurred_at)
        if words.day_of(entry.occurred_at) == words.today
        else words.date_time(entry.occurred_at),
        full=f"{words.day(words.day_of(entry.occurred_at))} {words.second(entry.occurred_at)}",
        iso=iso(entry.occurred_at),
        unsure=not entry.is_time_sure,
        door=names.doors.get(entry.door_id or "", ""),
        door_id=entry.door_id or "",
        door_path=lock_path(entry.door_id or "", names.boxes),
        who=_who(entry, names, words),
        person_id=entry.person_id or "",
        booking_id=entry.booking_id or "",
    )


def lock_path(lock_id: str, boxes: Collection[str]) -> str:
    """The page of a door or key box."""
    return f"/key_boxes/{lock_id}" if lock_id in boxes else f"/doors/{lock_id}"


def _failed(entry: Entry) -> bool:
    """Whether the door was told to open and did not."""
    return entry.opened_at is None and entry.outcome in _REFUSALS


def _unconfirmed(entry: Entry) -> bool:
    """Whether the door was told to open and nothing tells whether it did: often, nobody went in."""
    return entry.opened_at is None and entry.outcome is ActOutcome.OUTCOME_UNKNOWN


def _unlocked_remotely(entry: Entry) -> bool:
    """Whether a command was carried out: the bolt, the door or the output was seen."""
    if entry.kind != EventKind.COMMAND_RECEIVED:
        return False
    seen = entry.observed not in (None, Observed.NOTHING)
    return entry.opened_at is not None or (entry.outcome is ActOutcome.DONE and seen)


def _title(entry: Entry, names: Names) -> str:
    """The name of what happened, once it is known what followed."""
    if _failed(entry):
        return "act_failed"
    if _unconfirmed(entry):
        return "act_unconfirmed" if entry.observed is Observed.OUTPUT_ON else "act_unknown"
    if _unlocked_remotely(entry):
        return "unlocked_remotely"
    if entry.kind == EventKind.ACCESS_DENIED and _at_terminal(entry):
        return "punch_denied"
    if entry.kind == EventKind.PIN_LOCKOUT and entry.cause == TryKind.CARD:
        return "card_lockout"
    if entry.kind == EventKind.CLOCK_STATE and entry.cause in ALARMING_REFUSALS:
        return "clock_refused"
    if entry.kind == EventKind.MODE_ENDED and entry.cause:
        return f"{entry.cause}_ended"
    if entry.kind in _LIDS and entry.door_id in names.boxes:
        return f"box_{entry.kind}"
    return entry.kind


def _at_terminal(entry: Entry) -> bool:
    """Whether it happened at a reader that opens no door."""
    return entry.topic is Topic.ACCESS and entry.door_id is None and entry.reader_id is not None


def _tone(entry: Entry) -> str:
    if entry.kind in _ALARMING or entry.kind == GAP:
        return "alarming"
    if _failed(entry) or _unconfirmed(entry):
        return "denied" if _failed(entry) else ""
    if _unlocked_remotely(entry):
        return Result.GRANTED.value
    if entry.soft is not None:
        return "soft"
    return entry.result.value if entry.result else ""


def _icon(entry: Entry) -> str:
    if entry.kind == GAP or _failed(entry):
        return "alert"
    if _unconfirmed(entry):
        return "question"
    if _unlocked_remotely(entry):
        return "unlock"
    if entry.kind in _ICONS:
        return _ICONS[EventKind(entry.kind)]
    if entry.soft is not None:
        return "alert"
    if entry.result is Result.GRANTED:
        return "unlock"
    if entry.result is Result.DENIED:
        return "cross"
    return "gear" if entry.topic in (Topic.DEVICE, Topic.SYSTEM) else "door_closed"


def _who(entry: Entry, names: Names, words: Words) -> str:
    """Answers 'who opened it?': the one who gave the command, the person, the booking."""
    if entry.kind in _MODES and (ordered := _order_of(entry, names)):
        return ordered.by
    if entry.actor_id:
        return names.users.get(entry.actor_id, words.t("entries.staff_member"))
    if entry.person_id:
        return names.people.get(entry.person_id, words.t("entries.staff_member"))
    if entry.holder_id and entry.holder_id in names.holders:
        return names.holders[entry.holder_id]
    if entry.booking_id:
        return names.bookings.get(entry.booking_id, words.t("entries.booking_holder"))
    return words.t("entries.unknown_card") if entry.reason is Reason.UNKNOWN_CARD else ""


def _order_of(entry: Entry, names: Names) -> Ordered | None:
    return names.orders.get((entry.door_id or "", entry.amount or 0))


def _details(entry: Entry, names: Names, words: Words) -> list[str]:
    t = words.t
    told: list[str] = []
    if entry.reason is not None:
        if entry.reason is not Reason.UNKNOWN_CARD:  # who it was says so
            told.append(t(f"reason.{entry.reason}"))
        told.append(_partner(entry, names, words))
        if entry.soft is not None:
            told.append(t("entries.soft", rule=t(f"reason.{entry.soft}")))
    elif entry.kind == EventKind.PUNCH:
        told.append(t(f"direction.{entry.cause}"))
    elif entry.kind in _MODES:
        if entry.kind == EventKind.MODE_APPLIED:
            told.append(t(f"mode.{entry.cause}"))
        if entry.amount == BY_SCHEDULE:
            told.append(t("entries.by_schedule"))
        ordered = _order_of(entry, names)
        told.append(ordered.reason if ordered else "")
    elif entry.kind == EventKind.COMMAND_RECEIVED and entry.factor is Factor.COMMAND:
        told.append(t("reason.remote_unlock"))
    elif entry.kind == EventKind.CONTACT_TESTED:
        told += told_of_test(entry.cause == "passed", entry.cause, words)
    elif entry.kind in _LINES and t.has(f"line_fault.{entry.cause}"):
        told.append(t(f"line_fault.{entry.cause}"))
    elif entry.kind == EventKind.CLOCK_STATE and t.has(f"clock.{entry.cause}"):
        told.append(t(f"clock.{entry.cause}"))
    if entry.topic is Topic.SYSTEM:
        told.append(names.sites.get(entry.controller_id, ""))
    if entry.kind == EventKind.PUNCH or _at_terminal(entry):
        told.append(names.readers.get(entry.reader_id or "", ""))
    if entry.device_id and entry.device_id != entry.door_id:
        told.append(names.devices.get(entry.device_id, ""))
    told.append(_followed(entry, names, words))
    if entry.is_collected:
        told.append(_collected(entry, names, words))
    if _worth_telling(entry):
        told += _corrected(entry, words)
    return told


def _worth_telling(entry: Entry) -> bool:
    """Whether its clock was off by what the page can show; the rows tell every correction."""
    shift = abs(entry.occurred_at - entry.at)
    return entry.is_corrected and (shift >= _SHOWN_SHIFT or not entry.is_time_sure)


def _corrected(entry: Entry, words: Words) -> list[str]:
    """What its clock showed, beside how far off the better time may be: within what it was, or
    between which two times."""
    day = words.day_of(entry.at)
    shown = words.second(entry.at)
    if day != words.day_of(entry.occurred_at):
        shown = f"{words.day(day)} {shown}"
    told = [words.t("entries.corrected", time=shown)]
    earliest, latest = entry.earliest_at, entry.latest_at
    if earliest is None or latest is None or entry.time_error_ms is None:
        return told
    if entry.is_time_sure:
        seconds = -(-entry.time_error_ms // 1_000)
        return [*told, words.t("entries.time_error", seconds=seconds)]
    between = {"earliest": words.date_time(earliest), "latest": words.date_time(latest)}
    return [*told, words.t("entries.time_between", **between)]


def _partner(entry: Entry, names: Names, words: Words) -> str:
    """Who of two persons came first."""
    if entry.partner_id is None:
        return ""
    known = names.people.get(entry.partner_person_id or "")
    return words.t("entries.with_partner", who=known or words.t("entries.somebody"))


def told_of_test(passed: bool, cause: str, words: Words) -> list[str]:
    """Say what came of the test of a door's contact, and why it failed."""
    if passed:
        return [words.t("door_test.passed")]
    key = f"door_test_cause.{cause}"
    known = "" if cause == "failed" else cause
    return [words.t("door_test.failed"), words.t(key) if words.t.has(key) else known]


def _followed(entry: Entry, names: Names, words: Words) -> str:
    if entry.opened_at is not None:
        return words.t(f"followed.{'box_' if entry.door_id in names.boxes else ''}opened")
    if entry.outcome is None:
        return ""
    if entry.outcome is ActOutcome.DONE:
        return words.t(f"followed.{entry.observed or Observed.NOTHING}")
    return words.t(f"followed.{entry.outcome}")


def _collected(entry: Entry, names: Names, words: Words) -> str:
    """Who brought it and when, and how far off the device's own clock may have been."""
    told = words.t(
        "entries.collected",
        by=names.controllers.get(entry.controller_id, words.t("words.unknown")),
        time=words.when(entry.received_at),
    )
    if entry.error_ms is not None and entry.error_ms >= _ERROR_TOLD_MS:
        minutes = -(-entry.error_ms // 60_000)
        told += words.t("words.comma") + words.t("entries.clock_error", minutes=minutes)
    return told
