"""The screen of `kagimori-edge status`: what is wrong comes first, 80 columns hold it, no names of
people stand on it. A duress shows as any opening does: whoever forces somebody may look on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from edge.words import Words

_DECISIONS: Final = ("access_granted", "access_duress", "access_denied")
_DURESS: Final = "duress_pin"
_ID_WIDTH, _SHORT_ID_WIDTH = 36, 15
_LEAF_WIDTH, _MODE_WIDTH, _CAUSE_WIDTH = 10, 10, 16
_NARROW: Final = 100
"""Below so many columns ids are cut in their middle; `status` without `--watch` has them whole."""
_WIDE: Final = "WF"
RED, GREEN, BOLD, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Decision:
    """The last decision at a door: when, whether it opened, and why."""

    at: str
    granted: bool
    reason: str


@dataclass(slots=True)
class Decisions:
    """The newest decision of each door, gathered from rows of the journal."""

    of: dict[str, Decision] = field(default_factory=dict)

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take rows as the agent's socket gives them, oldest first."""
        for row in rows:
            event = row["event"]
            body = event.get("body", {})
            door = body.get("door")
            if event.get("kind") not in _DECISIONS or door is None:
                continue
            reason = str(body.get("reason", ""))
            granted = event["kind"] == "access_granted" or reason == _DURESS
            if (
                reason == _DURESS
            ):  # as if it were the plain PIN; where it denies it denies as others
                both = body.get("factor") == "card_and_pin"
                reason = "card_and_pin_valid" if both else "pin_valid"
            self.of[door] = Decision(event["at"], granted, reason)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the screen; `bad` is what somebody should look at, `head` a heading."""

    text: str
    bad: bool = False
    head: bool = False


def width_of(text: str) -> int:
    """How many columns a text takes: a character of Japanese takes two."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in _WIDE else 1
        for one in text
    )


def fit(text: str, width: int) -> str:
    """Cut or fill a text to exactly that many columns."""
    if width_of(text) > width:
        kept = ""
        for one in text:
            if width_of(kept + one) > width - 1:
                break
            kept += one
        text = kept + "…"
    return text + " " * (width - width_of(text))


def view(
    status: Mapping[str, Any],
    decisions: Decisions,
    words: Words,
    *,
    height: int,
    width: int,
    now: datetime,
) -> list[Line]:
    """Give the lines of a screen; what does not fit is counted, what is well goes first then."""
    say = _Sayer(words, now, width < _NARROW, Words("reasons", words.language))
    lines = [Line(f"{status['controller']}  {status['agent']}  {now:%H:%M:%S}", head=True)]
    lines += _summary(status, say)
    parts = [
        (_door_head(say), [_door(door, decisions, say) for door in status["doors"]]),
        (say("zones"), [_zone(one, say) for one in status.get("zones", ())]),
        (say("devices"), [_device(one, say) for one in status["devices"]]),
        (say("codes"), [_code(one, say) for one in status.get("codes", ())]),
    ]
    filled = [(head, rows) for head, rows in parts if rows]
    room = height - len(lines) - 2 * len(filled)
    for number, (head, rows) in enumerate(filled):
        share = max(room // (len(filled) - number), 1)
        shown = _most_urgent(rows, share, say)
        room -= len(shown)
        lines += [Line(""), Line(head, head=True), *shown]
    return lines[:height]


@dataclass(frozen=True, slots=True)
class _Sayer:
    words: Words
    now: datetime
    is_narrow: bool
    reasons: Words

    def __call__(self, key: str, **values: object) -> str:
        return self.words(f"view.{key}", **values)

    def id(self, text: str) -> str:
        """An id, in the width of its column."""
        if not self.is_narrow:
            return fit(text, _ID_WIDTH)
        short = text if len(text) <= _SHORT_ID_WIDTH else f"{text[:6]}…{text[-8:]}"
        return fit(short, _SHORT_ID_WIDTH)

    def named(self, key: str) -> str:
        """A word of the wire in the language, or as it is where nobody has put it into one."""
        return self(key) if self.words.has(f"view.{key}") else key

    def reason(self, key: str) -> str:
        """Why a door opened or did not."""
        return self.reasons(f"reason.{key}") if self.reasons.has(f"reason.{key}") else key

    def time(self, text: str | None) -> str:
        """An instant in local time: the hour today, otherwise the day as well."""
        if text is None:
            return self("never")
        at = datetime.fromisoformat(text).astimezone(self.now.tzinfo)
        return f"{at:%H:%M:%S}" if at.date() == self.now.date() else f"{at:%m-%d %H:%M}"


def _summary(status: Mapping[str, Any], say: _Sayer) -> list[Line]:
    clock, journal, counters = status["clock"], status["journal"], status["counters"]
    up = status["link_up"]
    state = clock["state"]
    failure = journal["failure"]
    told = say("fails", cause=failure) if failure else ""
    unsent, rows = counters.get("unacknowledged", 0), counters.get("rows", 0)
    kept = journal.get("kept")
    if kept and not failure:
        oldest = kept["oldest_unsent"]
        told = say("unsent", unsent=kept["unsent"], rows=kept["rows"])
        told += f" {say('oldest', since=say.time(oldest))}" if oldest else ""
        told += f" {say('gaps', gaps=kept['gaps'])}" if kept["gaps"] else ""
    lines = [
        _row(
            say("hub"),
            _link(status, say),
            bad=not up,
        ),
        _row(say("clock"), say(state, error=clock["error_ms"]), bad=state == "untrusted"),
        _row(say("journal"), told or say("unsent", unsent=unsent, rows=rows), bad=bool(failure)),
    ]
    threads = status.get("threads", ())
    bad = [one for one in threads if one["state"] != "well"]
    for one in bad[:3]:
        lines.append(_row(say("threads"), f"{one['part']}: {say.named(one['state'])}", bad=True))
    if threads and not bad:
        lines.append(_row(say("threads"), say("well", count=len(threads))))
    fire = status["fire_alarm"]
    if fire is not None:
        wrong = fire["cause"] or fire["fault"]
        text = say("burning" if fire["burning"] else "quiet")
        text += f" ({wrong})" if wrong else ""
        lines.append(_row(say("fire"), text, bad=bool(fire["burning"] or wrong)))
    return lines


def _link(status: Mapping[str, Any], say: _Sayer) -> str:
    """Since when the hub is reached, or is not."""
    if status["link_up"]:
        return say("reached", since=say.time(status.get("welcomed_at")))
    lost = status.get("lost_at")
    return say("away", since=say.time(lost)) if lost else say("away_ever")


def _row(name: str, text: str, *, bad: bool = False) -> Line:
    return Line(f"{fit(name, 10)} {text}", bad)


def _door_head(say: _Sayer) -> str:
    name = say("doors")
    columns = (say.id(name), fit(say("state"), _LEAF_WIDTH), fit(say("mode"), _MODE_WIDTH))
    return " ".join((*columns, say("last")))


def _door(door: Mapping[str, Any], decisions: Decisions, say: _Sayer) -> Line:
    last = decisions.of.get(door["id"])
    told = ""
    if last is not None:
        result = say("granted" if last.granted else "denied")
        told = f"{say.time(last.at)} {result} {say.reason(last.reason)}".rstrip()
    leaf, mode = door["leaf"], door["mode"] or "normal"
    if door.get("held_by_schedule"):
        mode = "held_by_schedule"
    if door.get("shelter") and mode == "emergency_open":
        mode = "shelter"
    columns = (
        say.id(door["id"]),
        fit(say.named(leaf), _LEAF_WIDTH),
        fit(say.named(mode), _MODE_WIDTH),
        told,
    )
    return Line(" ".join(columns), bad=leaf in ("forced", "held") or bool(door["fire"]))


def _zone(zone: Mapping[str, Any], say: _Sayer) -> Line:
    most = zone["occupancy_max"]
    told = say("persons", count=zone["persons"], most="" if most is None else f" / {most}")
    if zone["stands_open"]:
        told += f" {say('stands_open')}"
    return Line(f"{say.id(zone['id'])} {told}")


def _device(device: Mapping[str, Any], say: _Sayer) -> Line:
    online = bool(device["online"])
    told = say("online") if online else device["cause"] or say("unknown")
    text = f"{say.id(device['id'])} {fit(told, _CAUSE_WIDTH)} {device['detail']}"
    return Line(text, bad=not online)


def _code(code: Mapping[str, Any], say: _Sayer) -> Line:
    told = say("code", generation=code["generation"], used=code["used"])
    return Line(f"{say.id(code['door'])} {told}")


def _most_urgent(rows: list[Line], share: int, say: _Sayer) -> list[Line]:
    if len(rows) <= share:
        return rows
    ordered = sorted(rows, key=lambda row: not row.bad)  # a stable sort: the bad ones first
    kept = ordered[: max(share - 1, 1)]
    return [*kept, Line(f"… {say('more', count=len(rows) - len(kept))}")]


def painted(lines: Iterable[Line], width: int, *, colour: bool) -> list[str]:
    """Cut lines to a width and colour them; without colour what is bad has a mark."""
    paint: Callable[[Line], str] = _in_colour if colour else _marked
    return [paint(Line(fit(line.text, width - 2).rstrip(), line.bad, line.head)) for line in lines]


def _in_colour(line: Line) -> str:
    before = RED if line.bad else BOLD if line.head else ""
    return f"{before}{'! ' if line.bad else '  '}{line.text}{PLAIN if before else ''}"


def _marked(line: Line) -> str:
    return ("! " if line.bad else "  ") + line.text
