"""The tables of docs/policy.md, and the phrases they are written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from edge.core.attempts import CardAttempt, Decision, UnreadableAttempt
from edge.core.circumstances import FirstOfTwo
from edge.core.commands import decide_command
from edge.core.decide import decide
from edge.core.first_person import FirstSeen
from edge.core.model import Source
from edge.core.presence import way_through
from edge.core.whereabouts import Pending, Stay
from tests.edge.core.conftest import World
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.messages import Command
from wire.policy import EntryKind
from wire.policy_bodies import DoorMode, EntryState, Side

PAGE = Path("docs/policy.md")
HOUR = timedelta(hours=1)
ENTRY, EXIT, ROOM_EXIT, TERMINAL, NO_READER = 0, 1, 2, 3, 4
PIN, DURESS, SHARED = "482915", "519284", "736150"


# --- reading the page ----------------------------------------------------------------------------


def tables(heading: str) -> Iterator[list[str]]:
    """The rows of the tables under a heading, head row included, cells stripped."""
    lines = iter(PAGE.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.lstrip("#") != line and line.lstrip("# ") == heading:
            break
    for line in lines:
        if line.startswith("#"):
            return
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip().strip("`") for cell in line.strip("|").split("|")]


@dataclass(frozen=True)
class Row:
    """A row of a truth table."""

    given: tuple[str, ...]
    shown: str
    told: str


def truth_rows() -> Iterator[Row]:
    """The rows of every table under "Each rule"."""
    text = PAGE.read_text(encoding="utf-8")
    part = text[text.index("## Each rule") : text.index("## Each pair of rules")]
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and cells[0] not in ("given", "---"):
            given = tuple(phrase.strip() for phrase in cells[0].split(";") if phrase.strip())
            yield Row(given, cells[1], cells[2].replace("`", ""))


# --- the phrases ---------------------------------------------------------------------------------


@dataclass
class Case:
    """A plain day, changed phrase by phrase, then built."""

    world: World
    door: dict[str, Any] = field(default_factory=dict)
    grant: dict[str, Any] | None = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)
    pin: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    zone: dict[str, Any] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)
    digits: str = PIN
    short: bool = False
    unreadable: bool = False
    channel: int = ENTRY
    shown: dict[str, Any] = field(default_factory=dict)
    later: list[Callable[[Case], object]] = field(default_factory=list)
    modes: list[DoorMode] = field(default_factory=list)

    def apply(self, phrases: tuple[str, ...]) -> Case:
        for phrase in phrases:
            PHRASES[phrase](self)
        return self.build()

    def build(self) -> Case:
        w = self.world
        at_tokyo_noon = (pb.DaySpan(660, 780),)
        week = (pb.WeekSpan((0, 1, 2, 3, 4, 5, 6), at_tokyo_noon),)
        w.add_schedule("opening hours", **{"week": week, **self.schedule})
        w.add_schedule("never")
        w.add_zone("hall", **self.zone)
        w.add_zone("room")
        w.add_door(zone_in=w.id("hall"), **self.door)
        w.put(
            EntryKind.DOOR,
            w.id("inner door"),
            pb.DoorBody(zone_in=w.id("room"), zone_out=w.id("hall")),
        )
        side_door = pb.DoorBody(zone_in=w.id("hall"))
        w.put(EntryKind.DOOR, w.id("side door"), side_door)
        w.put(EntryKind.DOOR, w.id("back door"), pb.DoorBody(zone_in=w.id("hall")))
        w.add_reader()
        w.add_reader("terminal", channel=TERMINAL, side=Side.TERMINAL)
        w.add_reader("exit reader", channel=EXIT, side=Side.EXIT)
        w.add_reader("room reader", channel=ROOM_EXIT, door=w.id("inner door"), side=Side.EXIT)
        me = w.id("me")
        w.add_person("me", **self.person)
        w.add_person("other")
        w.add_card("mine", "my card", person=me, **self.card)
        w.add_card("nobody's", "nobody's card")
        w.add_pin(PIN, "my pin", person=me, **self.pin)
        w.add_pin(DURESS, "my duress pin", person=me, duress=True)
        w.add_pin(SHARED, "shared", booking=w.id("booking"), person=me)
        w.add_grant("shared", credential=w.id("shared"))
        w.add_grant("nobody's", credential=w.id("nobody's card"))
        w.add_grant("inner", person=me, door=w.id("inner door"))
        if self.grant is not None:
            w.add_grant("mine", **{"person": me, **self.grant})
        for order, mode in enumerate(self.modes, start=1):
            w.add_mode(mode, order)
        for act in self.later:
            act(self)
        return self

    # --- people ----------------------------------------------------------------------------------

    def goes(self, person: str, door: str = "door", side: Side = Side.ENTRY) -> None:
        """A person goes through a door, seen."""
        w = self.world
        way = way_through(w.index, w.id(door), w.index.doors[w.id(door)], side)
        assert way is not None
        stay = w.about.presence.after(w.id(person), way)
        w.whereabouts.set(w.id(person), stay)

    def pends(self, person: str, door: str, until_ns: int) -> None:
        w = self.world
        way = way_through(w.index, w.id(door), w.index.doors[w.id(door)], Side.ENTRY)
        assert way is not None
        pending = Pending(w.id(door), way.leaving, way.into, way.inward, until_ns)
        before = w.whereabouts.of(w.id(person))
        stay = Stay(before.marks, (pending,), before.forgiven)
        w.whereabouts.set(w.id(person), stay)

    def waits(self, person: str, side: Side = Side.ENTRY, **more) -> None:
        w = self.world
        first = FirstOfTwo(w.id(person), w.id(f"{person}'s card"), **more)
        w.waiting[w.door, side] = first

    # --- what is shown ---------------------------------------------------------------------------

    def show(self, what: str) -> Decision:
        w = self.world
        match what:
            case "card" if self.unreadable:
                return decide(UnreadableAttempt(Source(w.device, ENTRY), "no answer"), w.about)
            case "card":
                return w.card("mine", channel=self.channel, **self.shown)
            case "unknown card":
                return w.card("somebody else's", channel=self.channel)
            case "card of nobody":
                return w.card("nobody's")
            case "card at the exit":
                return w.card("mine", channel=EXIT)
            case "card from the room":
                return self._from_the_room()
            case "PIN":
                digits = self.digits[:4] if self.short else self.digits
                return w.pin(digits, channel=self.channel, **self.shown)
            case "booking's PIN":
                return w.pin(SHARED)
            case "card and PIN":
                return w.pin(PIN, card=self._attempt())
            case "card and duress PIN":
                return w.pin(DURESS, card=self._attempt())
        raise AssertionError(f"nobody can show {what!r}")

    def _attempt(self) -> CardAttempt:
        return self.world.card_attempt("mine")

    def _from_the_room(self) -> Decision:
        """The card at an entry reader that leads out of the room within the hall, into the hall."""
        w = self.world
        w.put(
            EntryKind.DOOR,
            w.id("ring door"),
            pb.DoorBody(zone_in=w.id("hall"), zone_out=w.id("room"), strike=pb.Point(w.device, 5)),
        )
        w.add_reader("ring reader", channel=7, door=w.id("ring door"))
        w.add_grant("ring", person=w.id("me"), door=w.id("ring door"))
        return w.card("mine", channel=7)

    def command(self) -> str:
        w = self.world
        command = Command(
            command_id=w.id("command"),
            session="0" * 32,
            sent_at=w.at,
            door=w.door,
            action="unlock",
            pulse_ms=5_000,
            life_ms=10_000,
            actor=w.id("admin"),
        )
        return decide_command(command, w.now.mono_ns, w.about).value

    def told(self, what: str) -> str:
        """What is told of something shown, in the page's words."""
        if what == "remote unlock":
            return self.command()
        decision = self.show(what)
        words = [decision.reason.value]
        if decision.soft is not None:
            words.append(f"soft {decision.soft.value}")
        if decision.joined is not None:
            words.append("waits")
        if decision.partner is not None:
            assert decision.partner == self.world.id("other's card")
            words.append("with the other")
        if decision.duress and not decision.granted:
            words.append("silent alarm")
        return ", ".join(words)


def _mode(mode: DoorMode) -> Callable[[Case], object]:
    return lambda case: case.modes.append(mode)


def _set(part: str, **changes: Any) -> Callable[[Case], object]:
    def change(case: Case) -> None:
        target = getattr(case, part)
        if target is not None:
            target.update(changes)

    return change


def _later(act: Callable[[Case], object]) -> Callable[[Case], object]:
    return lambda case: case.later.append(act)


def _world(**changes: Any) -> Callable[[Case], object]:
    def change(case: Case) -> None:
        for name, value in changes.items():
            setattr(case.world, name, value)

    return change


def _untrusted(case: Case) -> None:
    case.later.append(lambda case: setattr(case.world, "state", ClockState.UNTRUSTED))


def _both(*acts: Callable[[Case], object]) -> Callable[[Case], object]:
    def change(case: Case) -> None:
        for act in acts:
            act(case)

    return change


def _holiday(case: Case) -> None:
    case.schedule["calendar"] = case.world.id("calendar")
    today = date(2026, 11, 24)
    case.world.put(EntryKind.HOLIDAY, case.world.id("calendar"), pb.HolidayBody(dates=(today,)))


def _inside_without_clock(case: Case) -> None:
    state, case.world.state = case.world.state, ClockState.UNTRUSTED
    case.goes("me")
    case.world.state = state


def _drop_grant(case: Case) -> None:
    case.grant = None


def _fill(persons: int, **zone: Any) -> Callable[[Case], object]:
    """A hall for three, with so many others in it."""

    def change(case: Case) -> None:
        case.zone.update(occupancy_max=3, **zone)
        for number in range(persons):
            case.later.append(lambda case, number=number: case.goes(f"guest {number}"))

    return change


def _forget_one(case: Case) -> None:
    """One of those in it went in long ago."""
    guest = case.world.id("guest 0")
    stay = case.world.whereabouts.of(guest)
    old = tuple(
        msgspec.structs.replace(
            mark, ran_ns=mark.ran_ns - 26 * 3_600 * 10**9, at=case.world.at - 26 * HOUR
        )
        for mark in stay.marks
    )
    case.world.whereabouts.set(guest, Stay(old))


def _go(seconds: float) -> Callable[[Case], object]:
    return _later(lambda case: case.world.go(seconds))


def _seen(**changes: Any) -> Callable[[Case], object]:
    def act(case: Case) -> None:
        now = case.world.now
        seen = {"boot": now.boot, "mono_ns": now.mono_ns - 3_600 * 10**9, "at": now.at - HOUR}
        case.world.firsts[case.world.door] = FirstSeen(**{**seen, **changes})

    return _later(act)


def _wrong_challenge(case: Case) -> None:
    case.card["public_key"] = "BA=="
    case.shown["proof"] = lambda _card: False


def _door(**changes: Any) -> Callable[[Case], object]:
    return _set("door", **changes)


def _hold_schedule(case: Case) -> None:
    case.door["hold_schedule"] = case.world.id("opening hours")


def _grant_schedule(case: Case, name: str) -> None:
    if case.grant is not None:
        case.grant["schedule"] = case.world.id(name)


def _clock(case: Case) -> None:
    """A schedule cannot be judged without a clock."""
    _untrusted(case)
    if case.grant is not None:
        case.grant.setdefault("schedule", case.world.id("opening hours"))


def _used_up(case: Case) -> None:
    _set("grant", max_uses=2)(case)
    case.world.uses[case.world.id("mine")] = 2


def _last_use(case: Case) -> None:
    _set("grant", max_uses=2)(case)
    case.world.uses[case.world.id("mine")] = 1
    case.later.append(lambda case: case.waits("other", counts_use=case.world.id("mine")))


def _another_grant(case: Case) -> None:
    case.later.append(lambda case: case.world.add_grant("plain", person=case.world.id("me")))


def _also_first(case: Case) -> None:
    case.later.append(
        lambda case: case.world.add_grant(
            "morning", credential=case.world.id("my card"), first_person=True
        )
    )


def _zone_grant(case: Case) -> None:
    if case.grant is not None:
        case.grant.update(door=None, zone=case.world.id("hall"))


def _a_zone_grant_as_well(case: Case) -> None:
    w = case.world
    w.add_grant("everywhere", door=None, zone=w.id("hall"), person=w.id("me"))


def _leads(**zones: str) -> Callable[[Case], object]:
    return _later(
        lambda case: case.world.add_door(
            **{way: case.world.id(zone) for way, zone in zones.items()}
        )
    )


def _escort(name: str) -> Callable[[Case], object]:
    def change(case: Case) -> None:
        if case.grant is not None:
            case.grant.update(escorts=(case.world.id(name),), escort_s=20)

    return change


def _came(person: str, side: Side = Side.ENTRY) -> Callable[[Case], object]:
    """A person was let in."""

    def act(case: Case) -> None:
        w = case.world
        w.let_in.setdefault((w.door, side), {})[w.id(person)] = w.mono_ns

    return _later(act)


def _member(case: Case) -> None:
    case.world.add_person("member", groups=(case.world.id("guides"),))


def _throttled(case: Case) -> None:
    case.world.throttled = True


def _pending_at_side_door(gone_ns: int) -> Callable[[Case], object]:
    return _later(
        lambda case: case.pends("me", "side door", case.world.mono_ns + 3 * 10**9 - gone_ns)
    )


PHRASES: dict[str, Callable[[Case], object]] = {
    # fire, modes, schedules
    "fire": _world(fire=True),
    "emergency": _mode(DoorMode.EMERGENCY_OPEN),
    "lockdown": _mode(DoorMode.LOCKDOWN),
    "locked": _mode(DoorMode.LOCKED),
    "hold": _mode(DoorMode.HOLD_OPEN),
    "later hold": _mode(DoorMode.HOLD_OPEN),
    "schedule hold": _hold_schedule,
    "today is a holiday": _holiday,
    "today is a holiday with the same hours": _both(
        _holiday, _set("schedule", holiday_spans=(pb.DaySpan(660, 780),))
    ),
    "today is an exception and closed": _set(
        "schedule", exceptions=(pb.DateException(date(2026, 11, 24)),)
    ),
    "its calendar is not held": lambda case: case.schedule.update(
        calendar=case.world.id("nowhere")
    ),
    "the clock is not trusted": _untrusted,
    "the clock is held over": _world(state=ClockState.HOLDOVER),
    "a terminal": lambda case: setattr(case, "channel", TERMINAL),
    "its reader asks for a challenge": _later(
        lambda case: case.world.add_reader(
            "terminal",
            channel=TERMINAL,
            door=None,
            side=Side.TERMINAL,
            punch=pb.PunchRule.IN,
            min_assurance=pb.Assurance.CHALLENGE,
        )
    ),
    "another reader": lambda case: setattr(case, "channel", NO_READER),
    "a card that cannot be read": lambda case: setattr(case, "unreadable", True),
    # the credential
    "stale": _set("shown", stale=True),
    "throttled": _throttled,
    "too long": _set("shown", overflow=True),
    "too short": lambda case: setattr(case, "short", True),
    "unknown": lambda case: setattr(case, "digits", "111213"),
    "duress": lambda case: setattr(case, "digits", DURESS),
    "challenge": _wrong_challenge,
    "blocked": _both(_set("card", state=EntryState.BLOCKED), _set("pin", state=EntryState.BLOCKED)),
    "person": _set("person", state=EntryState.BLOCKED),
    "assurance": _door(min_assurance=pb.Assurance.CHALLENGE),
    # the grant
    "no grant": _drop_grant,
    "grant revoked": _set("grant", state=EntryState.REVOKED),
    "another grant": _another_grant,
    "another grant is used up": _later(
        lambda case: (
            case.world.uses.update({case.world.id("spent"): 1}),
            case.world.add_grant("spent", person=case.world.id("me"), max_uses=1),
        )
    ),
    "another grant is over": _later(
        lambda case: case.world.add_grant(
            "past", credential=case.world.id("my card"), end=World.NOON - HOUR
        )
    ),
    "clock": _clock,
    "the door takes PINs by the floor": _door(
        on_untrusted_clock=pb.OnUntrustedClock.FLOOR_IN_WINDOW
    ),
    "not yet": _set("grant", start=World.NOON + HOUR),
    "over": _set("grant", end=World.NOON - HOUR),
    "outside schedule": lambda case: _grant_schedule(case, "never"),
    "used up": _used_up,
    "second factor": _set("grant", needs_pin=True),
    # zones granted, escorts, cards that end
    "zone grant": _zone_grant,
    "a zone grant as well": _later(_a_zone_grant_as_well),
    "the door leads elsewhere": _leads(zone_in="room"),
    "the door leads out of the zone": _leads(zone_in="room", zone_out="hall"),
    "the door leads from the room": _leads(zone_in="hall", zone_out="room"),
    "the door leads out of the zone to outside": _leads(zone_out="hall"),
    "escort": _escort("other"),
    "escort of a group": _escort("guides"),
    "the escort came": _came("other"),
    "the escort came at the other side": _came("other", Side.EXIT),
    "somebody else came": _came("me"),
    "a member came": _both(_later(_member), _came("member")),
    "its seconds are just not over": _go(20),
    "its seconds are over": _go(20.001),
    "the escort is blocked since": _later(
        lambda case: case.world.add_person("other", state=EntryState.BLOCKED)
    ),
    "card over": _set("card", end=World.NOON - HOUR),
    "card over since a moment": _set("card", end=World.NOON),
    # zones
    "zone none": _set("zone", anti_passback=pb.AntiPassback.NONE),
    "zone soft": _set("zone", anti_passback=pb.AntiPassback.SOFT),
    "zone soft and spanning": _set("zone", anti_passback=pb.AntiPassback.SOFT, spans=True),
    "zone hard": _set("zone", anti_passback=pb.AntiPassback.HARD),
    "inside": _both(
        lambda case: case.zone.setdefault("anti_passback", pb.AntiPassback.HARD),
        _later(lambda case: case.goes("me")),
    ),
    "inside without a clock": _later(_inside_without_clock),
    "exempt": _set("person", anti_passback_exempt=True),
    "person forgiven": _later(lambda case: case.world.add_person("me", forgiven=1)),
    "zone forgiven": _later(
        lambda case: case.world.add_zone("hall", **{**case.zone, "forgiven": 1})
    ),
    "a minute short of forgetting": _both(_set("zone", forget_after_s=7_200), _go(7_140)),
    "forgotten by time": _both(_set("zone", forget_after_s=7_200), _go(7_201)),
    "a reset has passed": _go(17 * 3_600),
    "ran for 25 hours": _later(
        lambda case: setattr(case.world, "ran_ns", case.world.ran_ns + 25 * 3_600 * 10**9)
    ),
    "pending here": _later(lambda case: case.pends("me", "door", case.world.mono_ns + 10**9)),
    "pending at another door": _pending_at_side_door(0),
    "pending at another door and not gone": _pending_at_side_door(4 * 10**9),
    "in a room within it": _later(
        lambda case: [case.goes("me", door) for door in ("door", "inner door")]
    ),
    "elsewhere": _later(
        lambda case: [
            case.goes("me", "inner door"),
            case.goes("me", "door", Side.EXIT),
        ]
    ),
    "the zone is dropped": _later(
        lambda case: case.world.drop(EntryKind.ZONE, case.world.id("hall"))
    ),
    # how many
    "room for one more": _fill(2),
    "full": _fill(3),
    "full and spanning": _fill(3, spans=True),
    "full with oneself inside": _both(_fill(2), _later(lambda case: case.goes("me"))),
    "full but for one on the way": _both(
        _fill(2),
        _later(lambda case: case.pends("late", "back door", case.world.mono_ns + 10**9)),
    ),
    "full but for one forgotten": _both(_fill(3), _later(_forget_one)),
    "inside softly": _both(
        _set("zone", anti_passback=pb.AntiPassback.SOFT), _later(lambda case: case.goes("me"))
    ),
    # first persons
    "first person": _door(first_person=pb.FirstPerson.ENTRY),
    "first person for the hold": _door(first_person=pb.FirstPerson.HOLD),
    "may be first": _set("grant", first_person=True),
    "also may be first": _also_first,
    "came today": _seen(),
    "came yesterday": _seen(at=World.NOON - 9 * HOUR),
    "came before a reboot": _seen(boot="an earlier one"),
    "came in this run": _seen(),
    "came a day ago in this run without a clock": _seen(at=None, mono_ns=10**12 - 86_400 * 10**9),
    # second persons
    "two persons": _door(two_person=True),
    "another waits": _later(lambda case: case.waits("other")),
    "another waits at the other side": _later(lambda case: case.waits("other", Side.EXIT)),
    "another waits who may be first": _later(lambda case: case.waits("other", first_person=True)),
    "oneself waits": _later(lambda case: case.waits("me")),
    "last use of a grant of both": _last_use,
    # interlocks
    "interlocked": _world(interlocked=True),
}
