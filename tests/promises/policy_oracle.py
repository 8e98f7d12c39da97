"""docs/policy.md once more, as plainly as it can be told: lists, ifs, and a look at everything.

Written from the page alone, to be compared with the agent. It shares no rule with it: only the
types of the policy's bodies and the words of reasons. Times are whole milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wire import policy_bodies as pb
from wire.policy_bodies import DoorMode, EntryState, Side

NEAREST_LAST = [
    "no_grant",
    "credential_revoked",
    "credential_blocked",
    "below_floor",
    "expired",
    "not_yet_valid",
    "clock_untrusted",
    "outside_schedule",
    "used_up",
    "escort_missing",
    "second_factor_missing",
]
OPENING = {
    "fire_alarm",
    "emergency_open",
    "held_open",
    "pin_valid",
    "card_valid",
    "card_and_pin_valid",
    "duress_pin",
    "floor_in_window",
}
RANK = ["identifier", "reader_verified", "challenge"]
TOKYO = "Asia/Tokyo"


@dataclass
class Policy:
    """The policy as lists of bodies, by id where they have one."""

    doors: dict[str, pb.DoorBody] = field(default_factory=dict)
    readers: dict[str, pb.ReaderBody] = field(default_factory=dict)
    zones: dict[str, pb.ZoneBody] = field(default_factory=dict)
    persons: dict[str, pb.PersonFlagsBody] = field(default_factory=dict)
    cards: list[tuple[bytes, pb.CardBody]] = field(default_factory=list)
    pins: list[tuple[str, pb.PinBody]] = field(default_factory=list)
    grants: dict[str, pb.GrantBody] = field(default_factory=dict)
    schedules: dict[str, pb.ScheduleBody] = field(default_factory=dict)
    holidays: dict[str, pb.HolidayBody] = field(default_factory=dict)
    modes: dict[str, pb.ModeBody] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """What somebody presents: a card's number, or digits, perhaps after a card."""

    digits: str | None = None
    card: bytes | None = None
    assurance: str = "reader_verified"
    stale: bool = False


@dataclass(frozen=True)
class Told:
    """What is told of a presentation, and what follows from it inside."""

    reason: str
    reader: str
    factor: str
    door: str | None = None
    credential: str | None = None
    person: str | None = None
    grant: str | None = None
    soft: str | None = None
    partner: str | None = None
    duress: bool = False
    by_grant: bool = False
    spends_try: bool = False
    waits: bool = False
    needs_pin: bool = False
    who: str | None = None
    first: bool = False

    @property
    def opens(self) -> bool:
        return self.reason in OPENING

    @property
    def kind(self) -> str:
        if self.duress:
            return "access_duress"
        return "access_granted" if self.opens else "access_denied"


@dataclass(frozen=True)
class Mark:
    zone: str
    ran_ms: int
    at: datetime | None
    forgiven: int


@dataclass(frozen=True)
class Way:
    person: str
    door: str
    leaving: str | None
    into: str | None
    inward: bool
    until_ms: int = 0


@dataclass
class Waiting:
    shown: Shown
    told: Told
    opening: Told
    until_ms: int
    silent: bool


HEARD_LATE_MS = 5_000


class Oracle:
    """One controller's day. Whoever drives it moves `at`, `mono_ms` and `ran_ms` together."""

    def __init__(self, policy: Policy, at: datetime, mono_ms: int, ran_ms: int) -> None:
        self.policy = policy
        self.at = at
        self.floor = at
        self.error = timedelta(0)
        self.trusted = True
        self.boot = 1
        self.mono_ms = mono_ms
        self.ran_ms = ran_ms
        self.fire = False
        self.uses: dict[str, int] = {}
        self.trails: dict[str, list[Mark]] = {}
        self.forgiven: dict[str, int] = {}
        self.ways: list[Way] = []
        self.coming: dict[str, int] = {}
        self.came: dict[str, tuple[int, int, datetime | None]] = {}
        self.waiting: dict[tuple[str, Side], Waiting] = {}
        self.awaited: dict[str, tuple[Shown, Told, int]] = {}
        self.let_in: dict[tuple[str, Side], dict[str, int]] = {}
        self.leaves: dict[str, bool] = {}
        self.driven: set[str] = set()
        self.failures: dict[tuple[str, str], list[int]] = {}
        self.locked_out_ms: dict[tuple[str, str], int] = {}
        self.kept_ms: dict[tuple[str, str], int] = {}

    # --- what happens ----------------------------------------------------------------------------

    def present(self, reader: str, shown: Shown) -> list[Told]:
        """Somebody presents something; give what is journaled, in order."""
        events: list[Told] = []
        if shown.card is not None and reader in self.awaited:
            events.append(self.awaited.pop(reader)[1])
        if shown.digits is not None and not shown.stale and reader in self.awaited:
            tapped = self.awaited.pop(reader)[0]
            shown = replace(shown, card=tapped.card, assurance=tapped.assurance)
        body = self.policy.readers[reader]
        place = (body.door or "", body.side)
        if body.side is not Side.TERMINAL and body.door in self.policy.doors:
            events += self._expire()
            events += self._ask_again(place)
        told = self.decide(reader, shown)
        if told.needs_pin:
            self.awaited[reader] = (shown, told, self.mono_ms + body.key_timeout_ms)
            return events
        if told.waits:
            events += self._end(place)
            opening = self.decide(reader, shown, joining=True)
            door = self.policy.doors[place[0]]
            until_ms = self.mono_ms + door.second_person_ms
            self.waiting[place] = Waiting(shown, told, opening, until_ms, told.duress)
            return [*events, told] if told.duress else events
        if told.partner is not None:
            other = self.waiting.pop(place)
            self._opened_by(other.opening, told)  # one opening: together they go in
        if told.spends_try:
            self._spend(reader, "card" if told.factor == "card" else "pin")
        if told.partner is None:
            self._opened_by(told)
        return [*events, told]

    def tick(self) -> list[Told]:
        """Time has passed."""
        events = self._expire()
        for reader, (_, told, until_ms) in list(self.awaited.items()):
            if self.mono_ms >= until_ms:
                del self.awaited[reader]
                events.append(told)
        # An opening in time may still wait to be heard: until then a way counts for a restart.
        self.ways = [way for way in self.ways if way.until_ms + HEARD_LATE_MS >= self.mono_ms]
        self.settle()
        return events

    def settle(self) -> None:
        """Doors that stand open to everybody make their zones forget."""
        self.driven = {door for door in self.policy.doors if self.stands_open(door)}
        for person in self.trails:
            self._cut(person)

    def leaf(self, door: str, opened: bool) -> None:
        """A door's contact tells that the leaf was opened or shut."""
        before = self.leaves.get(door)
        self.leaves[door] = opened
        if not opened or before is True:
            return
        for way in [way for way in self.ways if way.door == door]:
            self.ways.remove(way)
            if way.until_ms >= self.mono_ms:
                self._go(way)
        if self.coming.pop(door, -1) >= self.mono_ms:
            self._came(door)

    def restart(self, *, reboot: bool) -> None:
        """The agent stops at any moment and starts again."""
        self.waiting.clear()
        self.awaited.clear()
        self.coming.clear()
        self.let_in.clear()
        if reboot:
            self.boot += 1
        self.kept_ms = dict.fromkeys(self.failures, self.mono_ms)
        for way in self.ways:
            self._go(way)
        self.ways = []

    def forget_zone(self, zone: str) -> None:
        """A zone is dropped from the policy."""
        for person, trail in self.trails.items():
            self.trails[person] = [mark for mark in trail if mark.zone != zone]

    # --- the decision ----------------------------------------------------------------------------

    def decide(self, reader_id: str, shown: Shown, *, joining: bool = False) -> Told:
        """Say what is told. With `joining` somebody else is taken to have come as well."""
        reader = self.policy.readers[reader_id]
        known = self._known(reader_id, reader, shown)
        if shown.stale:
            return replace(known, reason="stale_presentation", who=None)
        if known.door is None:
            if shown.digits is not None:
                return replace(known, reason="no_door")
            wrong = self._credential(reader, shown, known)
            told = replace(known, reason=wrong or "no_door")
            return self._counted(reader_id, reader, shown, told)
        door = self.policy.doors[known.door]
        mode = self._mode(known.door)
        plain = self._plain(reader_id, reader, door, shown, known, joining)
        plain = self._counted(reader_id, reader, shown, plain)
        if self.fire:
            return _instead(plain, "fire_alarm")
        if mode in (DoorMode.EMERGENCY_OPEN, DoorMode.LOCKDOWN):
            return _instead(plain, mode.value)
        if plain.reason == "throttled" or self._credential(reader, shown, known) is not None:
            return plain
        if mode is DoorMode.LOCKED:
            return replace(_instead(plain, "door_locked"), spends_try=plain.spends_try)
        if mode is DoorMode.HOLD_OPEN or self._held(known.door):
            good_at_another_time = (
                shown.digits is not None
                and not (plain.factor == "card" or plain.opens)
                and plain.reason not in ("anti_passback", "zone_full", "first_person_missing")
                and plain.reason != "second_person_missing"
            )
            return plain if good_at_another_time else _instead(plain, "held_open")
        return plain

    def _known(self, reader_id: str, reader: pb.ReaderBody, shown: Shown) -> Told:
        """Whose it is, as far as anything is looked up."""
        door = reader.door if reader.door in self.policy.doors else None
        if reader.side is Side.TERMINAL:
            door = None
        factor = "pin" if shown.digits is not None else "card"
        known = Told("", reader_id, factor, door)
        if shown.digits is not None:
            if door is None or shown.stale or self._digits_wrong(reader_id, reader, shown):
                return known
            pin = self._pin(door, shown.digits)
            if pin is None:
                return known
            card = self._card(shown)
            who = pin.person if pin.booking is None else None
            if card is not None and who is not None and card.person == who:
                both = replace(known, factor="card_and_pin", person=who, who=who)
                return replace(both, credential=card.credential)
            return replace(known, credential=pin.credential, person=pin.person, who=who)
        card = self._card(shown)
        if card is None:
            return known
        return replace(known, credential=card.credential, person=card.person, who=card.person)

    def _credential(self, reader: pb.ReaderBody, shown: Shown, known: Told) -> str | None:
        """Rule 6: what is wrong with the credential itself."""
        if shown.digits is not None:
            wrong = self._digits_wrong(known.reader, reader, shown)
            if wrong is not None:
                return wrong
            pin = self._pin(known.door, shown.digits)
            if pin is None:
                return "unknown_pin"
            states = [pin.state]
            card = self._card(shown)
            if known.factor == "card_and_pin" and card is not None:
                states.append(card.state)
        else:
            card = self._card(shown)
            if card is None:
                return "unknown_card"
            states = [card.state]
        for state in states:
            if state is EntryState.BLOCKED:
                return "credential_blocked"
            if state is EntryState.REVOKED:
                return "credential_revoked"
        flags = self.policy.persons.get(known.person or "")
        if flags is not None and flags.state is not EntryState.ACTIVE:
            return "person_blocked"
        if known.factor != "pin" and card is not None and card.end is not None:
            if self.trusted and self.at >= card.end:
                return "expired"
            if not self.trusted and self.floor >= card.end:
                return "below_floor"
        return None

    def _digits_wrong(self, reader_id: str, reader: pb.ReaderBody, shown: Shown) -> str | None:
        digits = shown.digits or ""
        if self.mono_ms < self.locked_out_ms.get((reader_id, "pin"), 0):
            return "throttled"
        if len(digits) > reader.max_keys:
            return "pin_too_long"
        door = self.policy.doors.get(reader.door or "")
        if door is not None and len(digits) < door.min_digits:
            return "pin_too_short"
        return None

    def _plain(
        self,
        reader_id: str,
        reader: pb.ReaderBody,
        door: pb.DoorBody,
        shown: Shown,
        known: Told,
        joining: bool,
    ) -> Told:
        """A day without fire, mode and hold."""
        wrong = self._credential(reader, shown, known)
        if wrong is not None:
            guessed = shown.digits is not None and wrong in (
                "unknown_pin",
                "credential_blocked",
                "credential_revoked",
                "person_blocked",
                "expired",
                "below_floor",
            )
            return replace(known, reason=wrong, spends_try=guessed)
        if known.factor != "pin":
            sure = min(shown.assurance, reader.assurance.value, key=RANK.index)
            if RANK.index(sure) < RANK.index(door.min_assurance.value):
                return replace(known, reason="assurance_too_low")
        grant_id, reason = self._grant(door, known, shown)
        known = replace(known, grant=grant_id, by_grant=True)
        if reason not in OPENING:
            needs_pin = reason == "second_factor_missing" and known.factor == "card"
            costs = shown.digits is not None
            if reason == "escort_missing" and known.factor == "pin":
                costs = False
            if reason == "not_yet_valid":
                start = self.policy.grants[grant_id or ""].start
                costs = costs and start is not None and start - self.at > timedelta(hours=1)
            return replace(known, reason=reason, needs_pin=needs_pin, spends_try=costs)
        grant = self.policy.grants[grant_id or ""]
        pin = self._pin(known.door, shown.digits) if shown.digits is not None else None
        if pin is not None and pin.duress:
            reason = "duress_pin"
        known = replace(known, reason=reason, duress=pin is not None and pin.duress)
        return self._through(reader, door, known, grant, joining)

    def _counted(self, reader_id: str, reader: pb.ReaderBody, shown: Shown, told: Told) -> Told:
        """A card that anybody can copy, shown alone, has a try budget of its own."""
        sure = min(shown.assurance, reader.assurance.value, key=RANK.index)
        if shown.digits is not None or sure != "identifier":
            return told
        if self.mono_ms < self.locked_out_ms.get((reader_id, "card"), 0):
            return Told("throttled", reader_id, "card", told.door, told.credential, told.person)
        guessed = told.reason in ("unknown_card", "assurance_too_low")
        return replace(told, spends_try=guessed)

    def _grant(self, door: pb.DoorBody, known: Told, shown: Shown) -> tuple[str | None, str]:
        pin = self._pin(known.door, shown.digits) if shown.digits is not None else None
        subjects = [known.credential]
        if known.factor != "pin" or pin is None or pin.booking is None:
            subjects.append(known.person)
            flags = self.policy.persons.get(known.person or "")
            if flags is not None:
                subjects += flags.groups
        found: list[tuple[str, str]] = []
        side = self.policy.readers[known.reader].side
        for subject in subjects:
            of_door, of_zone = [], []
            for grant_id, grant in self.policy.grants.items():
                given_to = grant.credential or grant.person or grant.group
                if subject is None or given_to != subject:
                    continue
                reason = self._grant_reason(grant_id, grant, door, known, side)
                if grant.door is not None and grant.door == known.door:
                    of_door.append((grant_id, reason))
                goes_in = side is Side.ENTRY
                into, out_of = door.zone_in, door.zone_out
                into, out_of = (into, out_of) if goes_in else (out_of, into)
                if grant.zone is not None and grant.zone == (into or out_of):
                    of_zone.append((grant_id, reason))
            found += of_door + of_zone
        opening = [one for one in found if one[1] in OPENING]
        if door.first_person is not pb.FirstPerson.NONE:
            first = [one for one in opening if self.policy.grants[one[0]].first_person]
            opening = first or opening
        if opening:
            return opening[0]
        best: tuple[str | None, str] = (None, "no_grant")
        for one in found:
            if one[1] == best[1] == "not_yet_valid":
                if self._start(one[0]) < self._start(best[0]):
                    best = one
            elif NEAREST_LAST.index(one[1]) > NEAREST_LAST.index(best[1]):
                best = one
        return best

    def _start(self, grant_id: str | None) -> datetime:
        start = self.policy.grants[grant_id or ""].start
        assert start is not None
        return start

    def _grant_reason(
        self, grant_id: str, grant: pb.GrantBody, door: pb.DoorBody, known: Told, side: Side
    ) -> str:
        factor = known.factor
        opens = {"pin": "pin_valid", "card": "card_valid"}.get(factor, "card_and_pin_valid")
        if grant.state is EntryState.BLOCKED:
            return "credential_blocked"
        if grant.state is EntryState.REVOKED:
            return "credential_revoked"
        if self.trusted:
            if grant.start is not None and self.at < grant.start:
                return "not_yet_valid"
            if grant.end is not None and self.at >= grant.end:
                return "expired"
            if grant.schedule is not None and not self._schedule_holds(grant.schedule):
                return "outside_schedule"
        else:
            if grant.end is not None and grant.end <= self.floor:
                return "below_floor"
            begun = grant.start is None or grant.start <= self.floor
            if grant.schedule is not None or not begun:
                return "clock_untrusted"
            if factor != "card":
                if door.on_untrusted_clock is not pb.OnUntrustedClock.FLOOR_IN_WINDOW:
                    return "clock_untrusted"
                opens = "floor_in_window"
        counted = self.uses.get(grant.counted_as or grant_id, 0)
        if grant.max_uses is not None and counted >= grant.max_uses:
            return "used_up"
        if grant.escorts and not self._escorted(known.door or "", side, grant):
            return "escort_missing"
        if grant.needs_pin and factor != "card_and_pin":
            return "second_factor_missing"
        return opens

    def _escorted(self, door: str, side: Side, grant: pb.GrantBody) -> bool:
        for person, let_in_ms in self.let_in.get((door, side), {}).items():
            flags = self.policy.persons.get(person)
            if flags is None or flags.state is not EntryState.ACTIVE:
                continue
            leads = person in grant.escorts or any(g in grant.escorts for g in flags.groups)
            if leads and self.mono_ms - let_in_ms <= grant.escort_s * 1_000:
                return True
        return False

    def _through(
        self,
        reader: pb.ReaderBody,
        door: pb.DoorBody,
        known: Told,
        grant: pb.GrantBody,
        joining: bool,
    ) -> Told:
        """Rules 11 to 13."""
        door_id, who = known.door or "", known.who
        other = self.waiting.get((door_id, reader.side)) if door.two_person and who else None
        if joining or (other is not None and other.opening.who == who):
            other = None
        if other is not None and self._share_a_count(other.opening.grant, known.grant):
            used_then = self.uses.get(self._count_of(known.grant), 0) + 2
            if grant.max_uses is not None and used_then > grant.max_uses:
                return replace(known, reason="used_up")
        soft = None
        way = self._way(door_id, reader.side, who or "")
        if who is not None and reader.side is Side.ENTRY and way is not None and way.into:
            zone = self.policy.zones[way.into]
            twice, full = self._twice(way, zone), self._full(way, zone, other)
            if twice and zone.anti_passback is pb.AntiPassback.HARD:
                return replace(known, reason="anti_passback")
            if full and not zone.spans:
                return replace(known, reason="zone_full")
            soft = "anti_passback" if twice else "zone_full" if full else None
        first = grant.first_person and reader.side is Side.ENTRY
        first = first and door.first_person is not pb.FirstPerson.NONE
        if door.first_person is pb.FirstPerson.ENTRY and reader.side is Side.ENTRY:
            with_first = other is not None and other.opening.first
            if not (grant.first_person or with_first or self._first_came(door_id)):
                return replace(known, reason="first_person_missing")
        if door.two_person and other is None and not joining:
            return replace(known, reason="second_person_missing", waits=who is not None)
        partner = other.opening.credential if other is not None else None
        return replace(known, soft=soft, first=first, partner=partner)

    # --- modes and schedules ---------------------------------------------------------------------

    def stands_open(self, door: str) -> bool:
        mode = self._mode(door)
        if self.fire or mode in (DoorMode.EMERGENCY_OPEN, DoorMode.HOLD_OPEN):
            return True
        return mode is None and self._held(door)

    def _mode(self, door: str) -> DoorMode | None:
        standing = [mode for mode in self.policy.modes.values() if mode.door == door]
        urgent = [m for m in standing if m.mode in (DoorMode.EMERGENCY_OPEN, DoorMode.LOCKDOWN)]
        best = max(urgent or standing, key=lambda mode: mode.order, default=None)
        return None if best is None else best.mode

    def _held(self, door_id: str) -> bool:
        door = self.policy.doors[door_id]
        if door.hold_schedule is None or not self.trusted:
            return False
        if not self._schedule_holds(door.hold_schedule):
            return False
        return door.first_person is pb.FirstPerson.NONE or self._first_came(door_id)

    def _schedule_holds(self, schedule_id: str) -> bool:
        schedule = self.policy.schedules.get(schedule_id)
        if schedule is None:
            return False
        wall = self.at.astimezone(ZoneInfo(schedule.tz))
        spans: list[pb.DaySpan] = []
        for week in schedule.week:
            if wall.weekday() in week.days:
                spans += week.spans
        if schedule.calendar is not None:
            calendar = self.policy.holidays.get(schedule.calendar)
            if calendar is None:
                spans = []
            elif wall.date() in calendar.dates:
                spans = list(schedule.holiday_spans)
        for exception in schedule.exceptions:
            if exception.day == wall.date():
                spans = list(exception.spans)
        minute = wall.hour * 60 + wall.minute
        return any(span.start_min <= minute < span.end_min for span in spans)

    # --- zones -----------------------------------------------------------------------------------

    def trail(self, person: str) -> list[Mark]:
        """Where somebody is, outermost first."""
        flags = self.policy.persons.get(person)
        now = flags.forgiven if flags is not None else 0
        if self.forgiven.get(person, 0) != now:
            return []
        return [mark for mark in self.trails.get(person, []) if not self._is_forgotten(mark)]

    def inside(self, zone: str) -> list[str]:
        """Who is in a zone, or on the way into it."""
        there = {one for one in self.trails if zone in [mark.zone for mark in self.trail(one)]}
        there |= {way.person for way in self._open_ways() if way.into == zone}
        return sorted(there)

    def _open_ways(self) -> list[Way]:
        return [way for way in self.ways if way.until_ms >= self.mono_ms]

    def _is_forgotten(self, mark: Mark) -> bool:
        zone = self.policy.zones.get(mark.zone)
        if zone is None or zone.forgiven != mark.forgiven:
            return True
        ran = timedelta(milliseconds=self.ran_ms - mark.ran_ms)
        latest = mark.at
        if self.trusted:
            since = self.at + self.error - ran
            latest = since if latest is None else min(latest, since)
        age = ran if latest is None else max(ran, self.floor - latest)
        if zone.forget_after_s is not None and age >= timedelta(seconds=zone.forget_after_s):
            return True
        if zone.reset_min is None:
            return False
        if age >= timedelta(hours=25):
            return True
        return latest is not None and _struck(zone.reset_min, zone.tz, latest, self.floor)

    def _way(self, door_id: str, side: Side, person: str) -> Way | None:
        door = self.policy.doors[door_id]
        inner = door.zone_in if door.zone_in in self.policy.zones else None
        outer = door.zone_out if door.zone_out in self.policy.zones else None
        if inner == outer:
            return None
        if side is Side.ENTRY:
            return Way(person, door_id, outer, inner, inward=True)
        return Way(person, door_id, inner, outer, inward=False)

    def _twice(self, way: Way, zone: pb.ZoneBody) -> bool:
        flags = self.policy.persons.get(way.person)
        if flags is not None and flags.anti_passback_exempt:
            return False
        if zone.anti_passback is pb.AntiPassback.NONE:
            return False
        for pending in self._open_ways():
            elsewhere = pending.person == way.person and pending.door != way.door
            if elsewhere and pending.inward and pending.into == way.into:
                return True
        zones = [mark.zone for mark in self.trail(way.person)]
        if way.into not in zones:
            return False
        gone_on = zones[zones.index(way.into) + 1 :]
        return way.leaving not in gone_on

    def _full(self, way: Way, zone: pb.ZoneBody, other: Waiting | None) -> bool:
        if zone.occupancy_max is None or way.into is None:
            return False
        if way.into in [mark.zone for mark in self.trail(way.person)]:
            return False
        there = set(self.inside(way.into)) | {way.person}
        if other is not None and other.opening.who is not None:
            there.add(other.opening.who)
        return len(there) > zone.occupancy_max

    def _go(self, way: Way) -> None:
        """Somebody has gone a way."""
        person, trail = way.person, self.trail(way.person)
        zones = [mark.zone for mark in trail]
        if way.into is not None and way.into not in self.policy.zones:
            return
        if way.into is None:
            trail = []
        elif way.into in zones:
            trail = [*trail[: zones.index(way.into)], self._mark(way.into)]
        elif not way.inward or way.leaving is None:
            trail = [self._mark(way.into)]
        elif way.leaving in zones:
            trail = [*trail[: zones.index(way.leaving) + 1], self._mark(way.into)]
        else:
            trail = [self._mark(way.leaving), self._mark(way.into)]
        flags = self.policy.persons.get(person)
        self.forgiven[person] = flags.forgiven if flags is not None else 0
        self.trails[person] = trail
        self._cut(person)

    def _cut(self, person: str) -> None:
        """Zones that stand open, and what lies within them, know nobody."""
        standing = set()
        for door, body in self.policy.doors.items():
            if self.stands_open(door):
                standing.add(body.zone_in or body.zone_out)
        kept: list[Mark] = []
        # What is forgotten by time is left as it is: a power cut may take that time again.
        for mark in self.trails.get(person, []):
            if mark.zone not in standing:
                kept.append(mark)
            elif not self._is_forgotten(mark):
                break
        self.trails[person] = kept

    def _mark(self, zone: str) -> Mark:
        at = self.at + self.error if self.trusted else None
        return Mark(zone, self.ran_ms, at, self.policy.zones[zone].forgiven)

    # --- first and second persons ----------------------------------------------------------------

    def _first_came(self, door: str) -> bool:
        if door not in self.came:
            return False
        boot, mono_ms, at = self.came[door]
        here = self.at
        if boot == self.boot:
            passed = timedelta(milliseconds=self.mono_ms - mono_ms)
            if at is None and not self.trusted:
                return passed < timedelta(hours=24)
            if at is None:
                at = self.at - passed
            if not self.trusted:
                here = at + passed
        elif at is None or not self.trusted:
            return False
        return not _struck(240, TOKYO, at, here)

    def _came(self, door: str) -> None:
        self.came[door] = (self.boot, self.mono_ms, self.at if self.trusted else None)

    def _expire(self) -> list[Told]:
        events: list[Told] = []
        for place, first in list(self.waiting.items()):
            if self.mono_ms >= first.until_ms:
                events += self._end(place)
        return events

    def _ask_again(self, place: tuple[str, Side]) -> list[Told]:
        first = self.waiting.get(place)
        if first is None:
            return []
        others, locked_out = dict(self.waiting), dict(self.locked_out_ms)
        del self.waiting[place]
        self.locked_out_ms = {}
        again = self.decide(first.told.reader, first.shown)
        opening = self.decide(first.told.reader, first.shown, joining=True)
        self.waiting, self.locked_out_ms = others, locked_out
        if again.waits:
            first.told, first.opening = again, opening
            return []
        if not again.opens:
            first.told = replace(again, spends_try=False)
        return self._end(place)

    def _end(self, place: tuple[str, Side]) -> list[Told]:
        first = self.waiting.pop(place, None)
        if first is None or first.silent:
            return []
        return [first.told]

    # --- what an opening leaves behind -----------------------------------------------------------

    def _share_a_count(self, one: str | None, other: str | None) -> bool:
        """Whether both of two live on the uses of one count."""
        first = self.policy.grants.get(one or "")
        counts = first is not None and first.max_uses is not None
        return counts and self._count_of(one) == self._count_of(other)

    def _count_of(self, grant_id: str | None) -> str:
        """Under which name a grant's uses are counted."""
        grant = self.policy.grants.get(grant_id or "")
        return (grant.counted_as if grant else None) or grant_id or ""

    def _opened_by(self, *together: Told) -> None:
        opening = [told for told in together if told.opens and told.by_grant]
        for told in opening:
            self._counted_and_moved(told)
        for told in opening:
            if told.first and told.door is not None:
                self._first_goes(told, told.door)

    def _counted_and_moved(self, told: Told) -> None:
        if told.door is None:
            return
        grant = self.policy.grants[told.grant or ""]
        if grant.max_uses is not None:
            name = self._count_of(told.grant)
            self.uses[name] = self.uses.get(name, 0) + 1
        side = self.policy.readers[told.reader].side
        if told.who is not None and not grant.escorts:
            self.let_in.setdefault((told.door, side), {})[told.who] = self.mono_ms
        if told.who is not None:
            way = self._way(told.door, side, told.who)
            if way is not None and self._would_be_seen(told.door):
                same = [
                    one for one in self.ways if (one.person, one.door) == (way.person, way.door)
                ]
                for one in same:
                    self.ways.remove(one)
                self.ways.append(replace(way, until_ms=self._goes_until(told)))
            elif way is not None:
                self.ways = [
                    one for one in self.ways if (one.person, one.door) != (way.person, way.door)
                ]
                self._go(way)

    def _first_goes(self, told: Told, door: str) -> None:
        if self._would_be_seen(door):
            self.coming[door] = self._goes_until(told)
        else:
            self._came(door)

    def _would_be_seen(self, door: str) -> bool:
        return self.policy.doors[door].contact is not None and self.leaves.get(door) is False

    def _goes_until(self, told: Told) -> int:
        flags = self.policy.persons.get(told.person or "")
        release_ms = self.policy.doors[told.door or ""].unlock_ms
        if flags is not None and flags.long_unlock:
            release_ms = min(3 * release_ms, 300_000)
        return self.mono_ms + release_ms + 1_500

    # --- the try budget --------------------------------------------------------------------------

    def _spend(self, reader_id: str, kind: str) -> None:
        """k times `tries` failures within the first k lockouts: the k-th lockout. Of PINs a day is
        remembered, of cards an hour."""
        reader = self.policy.readers[reader_id]
        if kind == "pin":
            tries, within_s, remembered_s = reader.tries, reader.budget_window_s, 86_400
            lockout_s, longest_s = reader.lockout_s, reader.lockout_max_s
        else:
            tries, within_s, remembered_s = reader.card_tries, reader.card_window_s, 3_600
            lockout_s, longest_s = reader.card_lockout_s, reader.card_lockout_max_s
        if tries == 0:
            return
        failures = self.failures.setdefault((reader_id, kind), [])
        failures.append(self.mono_ms)
        self.kept_ms[reader_id, kind] = self.mono_ms
        until_ms = self.locked_out_ms.get((reader_id, kind), 0)
        lockout_s = min(lockout_s, longest_s)
        sum_s, rung = 0, 0
        while max(sum_s, within_s) <= remembered_s or rung == 0:
            rung += 1
            sum_s += lockout_s
            window_ms = max(sum_s, within_s) * 1_000
            if len(failures) >= rung * tries:
                left_ms = failures[-rung * tries] + window_ms
                if left_ms > self.mono_ms:
                    until_ms = max(until_ms, left_ms, self.mono_ms + lockout_s * 1_000)
            lockout_s = min(2 * lockout_s, longest_s)
        self.locked_out_ms[reader_id, kind] = until_ms

    def age_tries(self) -> None:
        """Over a reboot no time counts as passed since tries were last kept: with a failure, or at
        a start."""
        for which, failures in self.failures.items():
            add_ms = self.mono_ms - self.kept_ms[which]
            self.failures[which] = [at + add_ms for at in failures]
            if which in self.locked_out_ms:
                self.locked_out_ms[which] += add_ms

    # --- looking up ------------------------------------------------------------------------------

    def _card(self, shown: Shown) -> pb.CardBody | None:
        for number, card in self.policy.cards:
            if number == shown.card:
                return card
        return None

    def _pin(self, door: str | None, digits: str | None) -> pb.PinBody | None:
        for typed, pin in self.policy.pins:
            if pin.door == door and typed == digits:
                return pin
        return None


def _instead(plain: Told, reason: str) -> Told:
    """A rule above speaks: nothing is asked of zones, persons or uses, nothing left behind."""
    told = "duress_pin" if plain.duress and reason in OPENING else reason
    return replace(
        plain,
        reason=told,
        soft=None,
        partner=None,
        waits=False,
        needs_pin=False,
        spends_try=False,
        by_grant=False,
        first=False,
    )


def _struck(minute: int, tz: str, after: datetime, until: datetime) -> bool:
    """Whether a minute of the day came after one instant, and no later than another."""
    day = after.astimezone(ZoneInfo(tz)).date() - timedelta(days=1)
    last: date = until.astimezone(ZoneInfo(tz)).date()
    while day <= last:
        struck = datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(tz))
        if after < struck <= until:
            return True
        day += timedelta(days=1)
    return False
