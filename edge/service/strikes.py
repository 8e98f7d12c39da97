"""Strikes that a mode, a schedule or a fire alarm holds driven, and the modes that begin and end.

What is wanted of each strike is compared with what its device has confirmed; the difference is sent
until it is confirmed, and sent again when the device comes back. What is driven survives a restart
in the journal's state, so that a hold that ended meanwhile is let go. Nothing is sent for a door
that no mode has touched: starting moves no relay.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
import structlog

from edge.core.clock_now import ClockNow
from edge.core.model import ActFinished, OutputChanged, OutputMode
from edge.core.modes import OPENING
from edge.ports import NewEvent
from edge.service import passages
from edge.service.acts import ACT_LIFE_MS, Acts
from edge.service.memory import DRIVEN, FIRE, MODES, Memory
from edge.service.recorder import Recorder
from wire.events import ActOutcome, EventKind, ModeEventBody
from wire.policy_bodies import DoorMode, Point

_MS: Final = 1_000_000
_RETRY_NS: Final = 5_000 * _MS
_log = structlog.get_logger(__name__)


class _Standing(msgspec.Struct, frozen=True):
    """The mode a door was last told to be in. A hold by schedule, or a shelter opened on the spot,
    has no order's number: 0."""

    mode: DoorMode
    order: int

    @property
    def source(self) -> str:
        """What says so."""
        if self.order:
            return "policy"
        return "schedule" if self.mode is DoorMode.HOLD_OPEN else "shelter"


_BY_SCHEDULE: Final = _Standing(DoorMode.HOLD_OPEN, 0)


class _Strike(msgspec.Struct):
    """One strike output: whether it is wanted driven, and how far that has got."""

    point: Point
    wanted: bool
    confirmed: bool = False
    act: str | None = None
    retry_ns: int = 0


class Strikes:
    """Applies modes and the fire alarm to doors."""

    def __init__(self, memory: Memory, recorder: Recorder, acts: Acts) -> None:
        self._memory = memory
        self._recorder = recorder
        self._acts = acts
        self._standing: dict[str, _Standing] = {}
        self._strikes: dict[tuple[str, int], _Strike] = {}

    def remember(self, state: dict[str, bytes]) -> None:
        """Take up modes and driven strikes of an earlier run; `apply` then lets go what no mode
        holds any more. A value that cannot be read is named."""
        try:
            if MODES in state:
                self._standing = msgspec.json.decode(state[MODES], type=dict[str, _Standing])
            if DRIVEN in state:
                for point in msgspec.json.decode(state[DRIVEN], type=list[Point]):
                    self._strikes[point.device, point.channel] = _Strike(point, wanted=True)
        except ValueError:
            _log.exception("state_unreadable", name=MODES)

    # --- modes -----------------------------------------------------------------------------------

    def apply(self, now: ClockNow) -> None:
        """Compare the modes in force with those that were, tell the changes, drive the strikes."""
        events: list[NewEvent] = []
        standing: dict[str, _Standing] = {}
        about = self._memory.circumstances(now)
        for door_id in self._memory.doors:
            mode = about.mode(door_id)
            if mode is not None:
                standing[door_id] = _Standing(mode.mode, mode.order)
            elif about.held_by_schedule(door_id):
                standing[door_id] = _BY_SCHEDULE
        for door_id in standing.keys() | self._standing.keys():
            events += self._changes(door_id, standing.get(door_id), now)
        if standing != self._standing:
            closing = self._closing(standing, now.mono_ns)
            self._standing = standing
            events += self._want(now, closing)
            self._recorder.record(
                events, now, {MODES: msgspec.json.encode(standing), DRIVEN: self._driven()}
            )
        else:
            self._recorder.record(self._want(now, ()), now)
        self.tick(now)
        self._wipe(now)

    def fire(self, now: ClockNow) -> None:
        """The fire alarm began or ended: doors first, journal later."""
        events = self._want(now, ())
        self.tick(now)
        burning = b"1" if self._memory.fire.burning else None
        self._recorder.record(events, now, {DRIVEN: self._driven(), FIRE: burning})
        self._wipe(now)

    def _wipe(self, now: ClockNow) -> None:
        """Who goes in and out of a door that stands open to everybody is not known."""
        moves = passages.wiped(self._memory, now)
        if moves.stays:
            self._recorder.record([], now, moves.state)
            moves.apply(self._memory)

    def _changes(self, door_id: str, after: _Standing | None, now: ClockNow) -> list[NewEvent]:
        before = self._standing.get(door_id)
        if before == after:
            return []
        events = []
        if before is not None:
            cause = "superseded" if after is not None else self._why_ended(door_id, before, now)
            events.append(_mode_event(EventKind.MODE_ENDED, door_id, before, cause))
        if after is not None:
            events.append(_mode_event(EventKind.MODE_APPLIED, door_id, after, after.source))
        return events

    def _why_ended(self, door_id: str, before: _Standing, now: ClockNow) -> str:
        if before == _BY_SCHEDULE:
            return "schedule" if now.relied_on else "clock_untrusted"
        for mode in self._memory.index.modes(door_id):
            if mode.order == before.order and mode.expires_at is not None:
                over = mode.expires_at <= (now.at if now.relied_on else now.floor)
                return "expired" if over else "clock_untrusted"
        return "withdrawn"

    def _closing(self, standing: dict[str, _Standing], now_ns: int) -> list[str]:
        """Doors that a lock has just been ordered for: a release under way ends with it, but not
        that of somebody on the way out."""
        locks = (DoorMode.LOCKED, DoorMode.LOCKDOWN)
        return [
            door_id
            for door_id, now in standing.items()
            if now.mode in locks
            and self._standing.get(door_id) != now
            and now_ns >= self._memory.doors[door_id].egress_until_ns
        ]

    # --- strikes ---------------------------------------------------------------------------------

    def _want(self, now: ClockNow, closing: Iterable[str]) -> list[NewEvent]:
        events: list[NewEvent] = []
        wanted: dict[tuple[str, int], Point] = {}
        for door_id, door in self._memory.doors.items():
            mode = self._standing.get(door_id)
            drive = self._memory.fire.releases(door_id) or (
                mode is not None and mode.mode in OPENING
            )
            # Who is on the way out of a door that stood open goes out of an open door.
            drive = drive or (door.driven_open and now.mono_ns < door.egress_until_ns)
            events += door.drive_open(drive, now.mono_ns)
            if drive and door.body.strike is not None:
                wanted[door.body.strike.device, door.body.strike.channel] = door.body.strike
        for point in self._memory.fire.released():
            wanted.setdefault((point.device, point.channel), point)
        for key, point in wanted.items():
            strike = self._strikes.setdefault(key, _Strike(point, wanted=True))
            _turn(strike, driven=True)
        for key, strike in self._strikes.items():
            if key not in wanted:
                _turn(strike, driven=False)
        for door_id in closing:
            strike_point = self._memory.doors[door_id].body.strike
            if strike_point is not None:
                key = (strike_point.device, strike_point.channel)
                self._strikes.setdefault(key, _Strike(strike_point, wanted=False))
        return events

    def tick(self, now: ClockNow) -> None:
        """Send what is not confirmed; forget what is to be let go on a device that is no more."""
        known = self._memory.served
        for key in [key for key, one in self._strikes.items() if not one.wanted]:
            if key[0] not in known:
                del self._strikes[key]
        for strike in self._strikes.values():
            if strike.confirmed or strike.act is not None or now.mono_ns < strike.retry_ns:
                continue
            strike.act = self._acts.new_id()
            strike.retry_ns = now.mono_ns + _RETRY_NS
            mode = OutputMode.ON if strike.wanted else OutputMode.OFF
            deadline_ns = now.mono_ns + ACT_LIFE_MS * _MS
            self._acts.drive(strike.act, strike.point, mode, now, deadline_ns)
        late = [one for one in self._strikes.values() if one.act and now.mono_ns >= one.retry_ns]
        for strike in late:
            strike.act = None

    def finished(self, event: ActFinished, now: ClockNow) -> None:
        """Take a driver's word on an act of ours."""
        for key, strike in list(self._strikes.items()):
            if strike.act != event.act:
                continue
            strike.act = None
            strike.confirmed = event.outcome is ActOutcome.DONE
            if strike.confirmed and not strike.wanted:
                del self._strikes[key]
                self._recorder.record([], now, {DRIVEN: self._driven()})

    def device_online(self, device: str, now: ClockNow) -> None:
        """A device is back: it may have forgotten what it was told."""
        for strike in self._strikes.values():
            if strike.point.device == device:
                strike.confirmed, strike.act, strike.retry_ns = False, None, 0
        self.tick(now)

    def output_changed(self, event: OutputChanged, now: ClockNow) -> None:
        """A device reports an output otherwise than it was confirmed: send again."""
        strike = self._strikes.get((event.source.device, event.source.channel))
        if strike is not None and strike.confirmed and event.active != strike.wanted:
            strike.confirmed = False
            self.tick(now)

    def _driven(self) -> bytes:
        return msgspec.json.encode([strike.point for strike in self._strikes.values()])


def _turn(strike: _Strike, *, driven: bool) -> None:
    if strike.wanted != driven:
        strike.wanted, strike.confirmed, strike.act, strike.retry_ns = driven, False, None, 0


def _mode_event(kind: EventKind, door: str, standing: _Standing, cause: str) -> NewEvent:
    body = ModeEventBody(door=door, mode=standing.mode, order=standing.order, cause=cause)
    return NewEvent(kind, body)
