"""What became of a booking, as lines that people read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.bookings.outcome import Outcome
from hub.bookings.tables import Attendance
from hub.pages.words import Words

_ATTENDED: Mapping[Attendance, tuple[str, str]] = {
    Attendance.EXPECTED: ("", "clock"),
    Attendance.USED: ("good", "check"),
    Attendance.NO_SHOW: ("warn", "cross"),
    Attendance.UNKNOWN: ("wait", "clock"),
}


@dataclass(frozen=True, slots=True)
class PlacementLine:
    """How it stands at one door, or with one thing."""

    door: str
    tone: str
    icon: str
    text: str


def happened_lines(
    outcome: Outcome, locks: Mapping[str, str], words: Words
) -> tuple[PlacementLine, ...]:
    """Give what became of a booking; nothing before somebody came or its window ended. `locks` are
    names of doors and key boxes by id."""
    if outcome.attendance is Attendance.EXPECTED and not outcome.early_denied:
        return ()
    t = words.t
    attended = t(f"attended.{outcome.attendance}")
    lines = [PlacementLine(t("happened.attendance"), *_ATTENDED[outcome.attendance], attended)]
    for key, at, tone, icon in (
        ("first", outcome.first_entry_at, "", "clock"),
        ("last", outcome.last_entry_at, "", "clock"),
        ("early", outcome.early_at, "", "clock"),
        ("overstayed", outcome.overstayed_at, "warn", "alert"),
    ):
        if at is not None:
            lines.append(PlacementLine(t(f"happened.{key}"), tone, icon, words.when(at)))
    for key, count in (
        ("early_denied", outcome.early_denied),
        ("late_denied", outcome.late_denied),
    ):
        if count:
            text = t("happened.times", count=count)
            lines.append(PlacementLine(t(f"happened.{key}"), "", "cross", text))
    for key, ids in (
        ("left_open", outcome.left_open),
        ("key_missing", outcome.keys_missing),
        ("unheard", outcome.unheard),
    ):
        if ids:
            names = t("words.comma").join(locks.get(each, "") for each in ids)
            tone, icon = ("wait", "clock") if key == "unheard" else ("warn", "alert")
            lines.append(PlacementLine(t(f"happened.{key}"), tone, icon, names))
    return tuple(lines)
