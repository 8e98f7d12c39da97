"""A door and its alarms as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hub.entries.alarm_repository import Alarm
from hub.entries.alarms import AlarmKind
from hub.entries.devices import Contact, DeviceState
from hub.entries.doors import Bolt, DoorState, Leaf
from hub.pages.views.entry import Names, lock_path
from hub.pages.words import Words
from wire.policy_bodies import DoorMode

_MODE_CHIPS = {
    DoorMode.HOLD_OPEN: ("warn", "door_open"),
    DoorMode.LOCKED: ("wait", "lock"),
    DoorMode.LOCKDOWN: ("bad", "lock"),
    DoorMode.EMERGENCY_OPEN: ("bad", "door_open"),
}
_CONTACT_CHIPS = {
    Contact.ONLINE: ("good", "check"),
    Contact.OFFLINE: ("bad", "cut"),
    Contact.FAULT: ("bad", "alert"),
    Contact.UNKNOWN: ("", "question"),
}
_ALARM_ICONS = {
    AlarmKind.FIRE: "fire",
    AlarmKind.DURESS: "bell",
    AlarmKind.DOOR_HELD: "door_open",
    AlarmKind.PIN_LOCKOUT: "keypad",
    AlarmKind.CARD_LOCKOUT: "card",
    AlarmKind.DEVICE_OFFLINE: "cut",
    AlarmKind.POWER_FAILED: "battery",
    AlarmKind.BATTERY_LOW: "battery",
    AlarmKind.POLICY_MISMATCH: "gear",
    AlarmKind.CONTROLLER_LOST: "cut",
    AlarmKind.CLONED_CONTROLLER: "copy",
    **dict.fromkeys(
        (
            AlarmKind.FORGED_MESSAGE,
            AlarmKind.MISPLACED_MESSAGE,
            AlarmKind.REPLAYED_HELLO,
            AlarmKind.REPLAYED_WANT,
            AlarmKind.REPLAYED_EVENTS,
        ),
        "shield",
    ),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A short state: tone, icon and text together, never a colour alone."""

    tone: str
    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class DoorCard:
    """A door on the board."""

    id: str
    name: str
    icon: str
    tone: str
    state: str
    since: str
    chip: Chip | None


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device on a door's page."""

    name: str
    tone: str
    icon: str
    text: str
    battery: str


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """An alarm on the board."""

    id: int
    icon: str
    critical: bool
    title: str
    place: str
    door_id: str
    door_path: str
    when: str
    detail: str
    seen_by: str
    may_acknowledge: bool


def leaf_text(state: DoorState, words: Words) -> str:
    """Whether the leaf is open."""
    return words.t(f"door.{state.leaf}")


def bolt_text(state: DoorState, words: Words) -> str:
    """Whether the bolt is out."""
    return words.t(f"door.bolt_{state.bolt}")


def leaf_icon(state: DoorState) -> str:
    """The icon of the leaf."""
    return {Leaf.OPEN: "door_open", Leaf.CLOSED: "door_closed"}.get(state.leaf, "question")


def state_chip(state: DoorState, connected: bool, words: Words) -> Chip | None:
    """The one thing to know first of a door: forced, held, its mode, or that nobody hears it."""
    if state.forced_since:
        return Chip("bad", "alert", words.t("door.forced"))
    if not connected:
        return Chip("warn", "cut", words.t("door.away"))
    if state.held_since:
        return Chip("warn", "clock", words.t("door.held"))
    if mode := state.mode:
        tone, icon = _MODE_CHIPS[mode.mode]
        return Chip(tone, icon, words.t(f"mode.{mode.mode}"))
    return None


def door_card(name: str, state: DoorState, connected: bool, words: Words) -> DoorCard:
    """Give a door's card."""
    chip = state_chip(state, connected, words)
    told = [leaf_text(state, words)]
    if state.bolt is not Bolt.UNKNOWN:
        told.append(bolt_text(state, words))
    since = words.since(state.leaf_since)
    if state.heard_at is None:
        since = words.t("door.never")
    elif not connected:
        since = words.t("door.as_of", time=words.when(state.heard_at))
    return DoorCard(
        id=state.door_id,
        name=name,
        icon=leaf_icon(state),
        tone=chip.tone if chip and chip.tone in ("bad", "warn") else "",
        state=words.t("words.comma").join(told),
        since=since,
        chip=chip,
    )


def link_chip(connected: bool, words: Words) -> Chip:
    """Whether a door's controller can be reached now."""
    if connected:
        return Chip("good", "check", words.t("door.connected"))
    return Chip("warn", "cut", words.t("door.away"))


def device_line(name: str, state: DeviceState, words: Words) -> DeviceLine:
    """Give a device's line, with its battery as of the last contact."""
    tone, icon = _CONTACT_CHIPS[state.contact]
    battery = ""
    if state.battery_mv is not None and state.battery_at is not None:
        volts = f"{state.battery_mv / 1000:.2f}"
        battery = words.t("door.battery", volts=volts, time=words.when(state.battery_at))
    if state.list_count is not None and state.list_at is not None:
        key = "door.list_placed" if state.list_placed else "door.list_pending"
        own = words.t(key, count=state.list_count, time=words.when(state.list_at))
        battery = words.t("words.comma").join(filter(None, (battery, own)))
    text = words.t(f"door.device_{state.contact}")
    if state.tamper_since:
        tone, icon, text = "bad", "alert", words.t("alarm.tamper")
    return DeviceLine(name, tone, icon, text, battery)


def alarm_line(
    alarm: Alarm, names: Names, words: Words, *, seen_by: str = "", may_acknowledge: bool = False
) -> AlarmLine:
    """Give an alarm's line; `seen_by` is the name of who acknowledged it."""
    t = words.t
    details = []
    if alarm.kind is AlarmKind.RULE_BROKEN and t.has(f"reason.{alarm.cause}"):
        details.append(t(f"reason.{alarm.cause}"))
    if alarm.kind is AlarmKind.CLOCK_REFUSED and t.has(f"clock.{alarm.cause}"):
        details.append(t(f"clock.{alarm.cause}"))
    if alarm.times > 1:
        details.append(t("board.times", count=alarm.times))
    if alarm.cleared_at:
        details.append(t("board.over", time=words.when(alarm.cleared_at)))
    seen = bool(alarm.acknowledged_at and not _again(alarm))
    # Of several devices of one name the site tells which.
    machine = names.devices.get(alarm.device_id or "") or names.controllers.get(alarm.controller_id)
    site = names.sites.get(alarm.controller_id, "")
    told = (machine,) if machine and machine.startswith(site) else (site, machine)
    place = names.doors.get(alarm.door_id or "") or " ".join(filter(None, told))
    return AlarmLine(
        id=alarm.id,
        icon=_ALARM_ICONS.get(alarm.kind, "alert"),
        critical=alarm.is_critical,
        title=t(f"alarm.{alarm.kind}"),
        place=place,
        door_id=alarm.door_id or "",
        door_path=lock_path(alarm.door_id or "", names.boxes),
        when=_span(alarm.raised_at, alarm.last_at, words),
        detail=words.t("words.comma").join(details),
        seen_by=t("board.seen_by", who=seen_by, time=words.when(alarm.acknowledged_at))
        if seen and alarm.acknowledged_at
        else "",
        may_acknowledge=may_acknowledge and not seen,
    )


def alarm_lines(
    alarms: Iterable[Alarm], names: Names, words: Words, *, may_acknowledge: bool
) -> tuple[AlarmLine, ...]:
    """Give the lines of alarms: what is red first, and of the same gravity what nobody has seen."""
    lines = [
        alarm_line(
            each,
            names,
            words,
            seen_by=names.users.get(each.acknowledged_by or "", ""),
            may_acknowledge=may_acknowledge,
        )
        for each in alarms
    ]
    return tuple(sorted(lines, key=lambda line: (not line.critical, bool(line.seen_by))))


def _again(alarm: Alarm) -> bool:
    return alarm.acknowledged_at is not None and alarm.acknowledged_at < alarm.last_received_at


def _span(first: datetime, last: datetime, words: Words) -> str:
    return words.when(first) if first == last else f"{words.when(first)} – {words.when(last)}"
