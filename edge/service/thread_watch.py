"""Watches all threads of the agent from the loop, and tells what died or hangs.

What died is started anew where its owner can (`PAUSES_S` in `edge.core.thread_states`). What hangs
cannot be ended from outside, and a second thread on the same line would be worse: its devices are
told offline, and once it hangs for `HANGS_MOST_S` the whole agent is no longer fit to live, as it
is not with a thread given up that doors depend upon. The loop itself is watched by the main thread
(`edge.service_manager`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from edge.core.clock_now import ClockNow
from edge.core.model import DeviceOffline, DeviceOnline
from edge.core.thread_states import Move, Seen, ThreadRecord, ThreadState
from edge.ports import NewEvent, Threaded, ThreadSign
from edge.service.happenings import Happenings
from edge.service.memory import Memory
from edge.service.recorder import Recorder
from wire.events import AgentFaultBody, EventKind

FAULT: Final = "fault/"
"""Prefix of the journal's named values: parts whose fault was told and is not over."""
HANGS_MOST_S: Final = 60.0
DIED, HANGS, GIVEN_UP = "died", "hangs", "given_up"
OFFLINE: Final = {DIED: "thread_died", HANGS: "thread_hangs"}
_LOOK_NS: Final = 1_000_000_000
_LATE_NS: Final = 3 * _LOOK_NS
_log = structlog.get_logger(__name__)

Owners = Mapping[str, Threaded]
"""Who owns threads, by the name of its port or part."""


@dataclass(frozen=True, slots=True)
class ThreadStanding:
    """How a thread stands, for people: `age_ms` since it last went round."""

    part: str
    state: str
    age_ms: int
    revived: int


class ThreadWatch:
    """Looks at the threads once a second; called in the loop's thread alone. `owners` is asked
    each time, since some come while the agent runs."""

    def __init__(
        self,
        owners: Callable[[], Owners],
        memory: Memory,
        recorder: Recorder,
        happenings: Happenings,
    ) -> None:
        self._owners = owners
        self._memory = memory
        self._recorder = recorder
        self._happenings = happenings
        self._records: dict[str, ThreadRecord] = {}
        self._told: dict[str, str] = {}
        self._unserved: dict[str, str] = {}
        self._last_ns: int | None = None
        self._woke_ns = 0
        self.standings: tuple[ThreadStanding, ...] = ()
        """As of the last look; replaced whole, so that any thread may read it."""
        self.unfit: str = ""
        """The part for whose sake the process should be started anew, if any."""

    def begin(self, left: Mapping[str, bytes], last_words: str, now: ClockNow) -> None:
        """Take up the faults of an earlier run: each is over once its thread goes round here.
        `last_words` names the part for which the run before was ended, if it was."""
        for name in left:
            part = name.removeprefix(FAULT)
            self._told[part] = DIED
            self._records[part] = ThreadRecord(ThreadState.PROBATION, now.mono_ns)
        if last_words:
            self._records[last_words] = ThreadRecord(ThreadState.PROBATION, now.mono_ns)
            if last_words not in self._told:
                self._tell(last_words, HANGS, now)

    def tick(self, now: ClockNow) -> None:
        """Look once a second. After a pause of the whole process (a machine that slept, say) it is
        not held against the threads, which had it as well: their patience begins anew."""
        last_ns = self._last_ns
        if last_ns is not None and now.mono_ns - last_ns < _LOOK_NS:
            return
        self._last_ns = now.mono_ns
        if last_ns is not None and now.mono_ns - last_ns > _LATE_NS:
            self._woke_ns = now.mono_ns
            return
        try:
            self._look(now)
        except Exception:  # what watches must not keep the loop from what it is there for
            self._memory.counters["internal_errors"] += 1
            _log.exception("threads_not_looked_at")

    def _look(self, now: ClockNow) -> None:
        unfit, standings, present = "", [], set()
        for owner_name, owner in self._owners().items():
            for sign in owner.threads():
                part = f"{owner_name}: {sign.name}"[:64]
                present.add(part)
                record = self._records.setdefault(part, ThreadRecord(since_ns=now.mono_ns))
                self._judge(part, record, sign, owner, now)
                hung_s = record.hangs_for_s(now.mono_ns)
                given_up = record.state is ThreadState.GIVEN_UP
                if sign.must_live and (given_up or hung_s >= HANGS_MOST_S):
                    unfit = unfit or part
                age_ms = max(now.mono_ns - sign.beat_ns, 0) // 1_000_000
                state = record.state.name.lower()
                standings.append(ThreadStanding(part, state, age_ms, record.revived))
        for part in self._records.keys() - present:
            self._absent(part, now)
        if unfit != self.unfit and unfit:
            _log.critical("agent_unfit", part=unfit)
        self.unfit, self.standings = unfit, tuple(standings)

    def _absent(self, part: str, now: ClockNow) -> None:
        """It is no longer meant to run (a port or visit that ended), or is the loop: well."""
        record = self._records[part]
        if part not in self._told:
            del self._records[part]
        elif record.state is not ThreadState.PROBATION:
            record.state, record.since_ns = ThreadState.PROBATION, now.mono_ns
        elif record.is_over(now.mono_ns):
            self._over(part, record, now)

    def _judge(
        self, part: str, record: ThreadRecord, sign: ThreadSign, owner: Threaded, now: ClockNow
    ) -> None:
        now_ns = now.mono_ns
        silent = now_ns - max(sign.beat_ns, self._woke_ns) > sign.patience_s * 1e9
        seen = Seen.DEAD if not sign.is_alive else Seen.SILENT if silent else Seen.BEATS
        match record.look(seen, now_ns):
            case Move.TELL_HANGS:
                self._fault(part, HANGS, sign, now)
            case Move.TELL_DIED:
                self._fault(part, DIED, sign, now)
            case Move.BACK:
                self._back(part, sign, now)
        if record.gives_up(now_ns):
            self._tell(part, GIVEN_UP, now, record.revived)
        if record.is_due(now_ns):
            self._revive(part, owner, record)
        if record.is_over(now_ns):
            self._over(part, record, now)

    def _fault(self, part: str, cause: str, sign: ThreadSign, now: ClockNow) -> None:
        for device in sign.devices:
            if self._memory.standing(device).online is False:
                if device in self._unserved:  # what died after a hang: the driver tells who is back
                    self._unserved[device] = OFFLINE[cause]
                continue  # it is away already, and why is known
            self._unserved[device] = OFFLINE[cause]
            self._happenings.handle(DeviceOffline(device, OFFLINE[cause], now.mono_ns), now)
        if part not in self._told:
            self._tell(part, cause, now)

    def _back(self, part: str, sign: ThreadSign, now: ClockNow) -> None:
        """After a hang the driver has nothing to tell: what was online still is."""
        _log.warning("thread_back", part=part)
        for device in sign.devices:
            cause = self._unserved.pop(device, None)
            standing = self._memory.standing(device)
            if cause == OFFLINE[HANGS] and standing.cause == cause:
                item = DeviceOnline(device, now.mono_ns, standing.detail)
                self._happenings.handle(item, now)

    def _revive(self, part: str, owner: Threaded, record: ThreadRecord) -> None:
        _log.warning("thread_revived", part=part, times=record.revived)
        self._memory.counters["threads_revived"] += 1
        try:
            owner.revive()
        except Exception:  # the loop must live; the next attempt is planned
            _log.exception("thread_not_revived", part=part)

    def _tell(self, part: str, cause: str, now: ClockNow, revived: int = 0) -> None:
        _log.critical("thread_fault", part=part, cause=cause)
        self._told[part] = cause
        self._memory.counters["thread_faults"] += 1
        body = AgentFaultBody(part=part, cause=cause, revived=revived)
        state: dict[str, bytes | None] = {FAULT + part: b"1"}
        self._recorder.record([NewEvent(EventKind.AGENT_FAULT, body)], now, state)

    def _over(self, part: str, record: ThreadRecord, now: ClockNow) -> None:
        cause = self._told.pop(part, None)
        if cause is None:
            return
        body = AgentFaultBody(part=part, cause=cause, revived=record.revived)
        event = NewEvent(EventKind.AGENT_FAULT_CLEARED, body)
        self._recorder.record([event], now, {FAULT + part: None})
