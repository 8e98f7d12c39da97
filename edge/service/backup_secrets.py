"""The secrets of the doors' backup codes: opened as the policy brings them, kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import structlog

from edge.core.backup import DoorCodes
from edge.core.clock_now import ClockNow
from edge.ports import NewEvent
from edge.service.memory import SEALED, Memory
from edge.service.recorder import Recorder
from wire.errors import WireError
from wire.events import Alarm, AlarmBody, EventKind
from wire.offline_profiles import PROFILES
from wire.policy_bodies import BackupCodes
from wire.sealed_codes import CodeKey

OpenDoorSecret: TypeAlias = Callable[[str, str], bytes]
"""Opens a door's sealed code secret, by door id; raises `WireError`."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A sealed secret and the key it gave, or why it gave none."""

    sealed: str
    key: CodeKey | None = field(repr=False)
    cause: str = ""


class BackupSecrets:
    """Keeps the doors' codes in step with the policy. A door whose secret cannot be used goes on
    without backup codes; the log names it, and an alarm says so once."""

    def __init__(self, memory: Memory, recorder: Recorder, open_secret: OpenDoorSecret) -> None:
        self._memory = memory
        self._recorder = recorder
        self._open = open_secret
        self._opened: dict[str, _Opened] = {}
        self._told: dict[str, tuple[str, str]] = {}

    def follow(self, now: ClockNow) -> None:
        """Take up what the policy says of each door."""
        doors = self._memory.index.doors
        wanted = {door: body.backup for door, body in doors.items() if body.backup is not None}
        for door in self._memory.codes.keys() - wanted.keys():
            del self._memory.codes[door]
        for door in self._opened.keys() - wanted.keys():
            del self._opened[door]
        state: dict[str, bytes | None] = {}
        for door, body in wanted.items():
            self._take(door, body, state, now)
        self._recorder.record([], now, state)

    def _take(
        self, door: str, body: BackupCodes, state: dict[str, bytes | None], now: ClockNow
    ) -> None:
        profile = PROFILES.get(body.profile)
        opened = self._key(door, body.sealed)
        if profile is None or opened.key is None:
            self._memory.codes.pop(door, None)
            self._refuse(door, body, opened.cause or "backup_profile_unknown", now)
            return
        self._told.pop(door, None)
        kept = self._memory.kept_codes.get(door)
        codes = DoorCodes.of(profile, opened.key, body, kept)
        self._memory.hold_codes(door, codes)
        if codes.kept != kept:
            state[SEALED + door] = codes.kept.save()

    def _key(self, door: str, sealed: str) -> _Opened:
        known = self._opened.get(door)
        if known is None or known.sealed != sealed:
            known = self._opened[door] = self._open_key(door, sealed)
        return known

    def _open_key(self, door: str, sealed: str) -> _Opened:
        try:
            return _Opened(sealed, CodeKey.of(self._open(door, sealed), door))
        except (WireError, ValueError):  # not sealed for this door and controller, or not 32 bytes
            return _Opened(sealed, None, "backup_secret_not_ours")

    def _refuse(self, door: str, body: BackupCodes, cause: str, now: ClockNow) -> None:
        what = (body.sealed, body.profile)
        if self._told.get(door) == what:
            return
        self._told[door] = what
        _log.error(cause, door=door)
        alarm = AlarmBody(alarm=Alarm.INTERNAL_ERROR, channel="policy", cause=cause)
        self._recorder.record([NewEvent(EventKind.SECURITY_ALARM, alarm)], now)
