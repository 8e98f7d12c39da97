"""Turns marks into entries, versions and digests; O(change), and the same as from nothing.

Each controller's next version is one transaction with the marks it comes from: after a crash
either both are there or neither.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
import structlog

from hub.clock import Clock
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.pins import confirmation
from hub.policy import failures, repository
from hub.policy.focus import Focus
from hub.policy.repository import StoredEntry
from hub.policy.selection import Selection, everything, focused, whole
from hub.policy.sources import Sources
from hub.policy.targets import focus_of
from hub.policy.touch import touch_controller
from hub.policy.wanted import Desired, Wanted
from hub.sites import repository as site_rows
from hub.sites.domain import SiteState
from wire.messages import HeldPolicy
from wire.policy import EntryKey, EntryKind, PolicyDigest, decode_entry, encode_entry, entry_hash

MARKS_AT_ONCE: Final = 500
"""In one transaction, so that other writers need not wait long."""

_encode: Final = msgspec.json.Encoder().encode
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version just made: what the controller is sent if it held the one before."""

    controller_id: str
    from_version: int
    held: HeldPolicy
    put: tuple[bytes, ...]
    drop: tuple[EntryKey, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What one batch of marks came to: new versions, controllers that failed, marks taken."""

    made: tuple[NewVersion, ...]
    failed: tuple[str, ...]
    marks: int


@dataclass(frozen=True, slots=True)
class _Difference:
    """How stored entries must change to be what is wanted."""

    put: list[tuple[EntryKey, Wanted]]
    drop: list[StoredEntry]
    expiries: list[tuple[EntryKey, datetime | None]]
    replaced: dict[EntryKey, StoredEntry]


class Compiler:
    """Works within the caller's transaction, which holds the lock `policy`."""

    def __init__(self, clock: Clock, keys: HubKeys) -> None:
        self._clock = clock
        self._keys = keys

    def compile_marks(self, scope: Scope, *, leave: Collection[str] = ()) -> Compiled:
        """Compile everything that was marked, a batch at a time, except the controllers to leave.

        A controller that cannot be compiled keeps what it has and a mark of its own; the others
        are not held up.
        """
        scope.lock("policy")
        marks = repository.marks(scope, leave, MARKS_AT_ONCE)
        made: list[NewVersion] = []
        failed: list[str] = []
        failing = failures.standing(scope)
        for controller_id, focus in sorted(focus_of(scope, marks).items()):
            # Only a look at everything can tell that nothing fails any more.
            focus.whole = focus.whole or controller_id in failing
            version = None
            try:
                with scope.savepoint():
                    found, cause = self._compile(scope, controller_id, focus)
                version = found
            except Exception as error:  # whatever one row does, every other gets its policy
                _log.exception("policy_not_compiled", controller=controller_id)
                failed.append(controller_id)
                cause = type(error).__name__
            if version is not None:
                made.append(version)
            self._note_failure(scope, controller_id, failing.get(controller_id), cause)
        repository.remove_marks(scope, marks)
        for controller_id in failed:
            touch_controller(scope, controller_id)
        return Compiled(tuple(made), tuple(failed), len(marks))

    def desired(self, scope: Scope, controller_id: str) -> Mapping[EntryKey, bytes]:
        """Give the bodies a controller should hold, computed from nothing: the check that what
        was compiled step by step is right."""
        sources = self._sources(scope, controller_id)
        wanted = everything(sources) if sources else {}
        return {key: _encode(item.body) for key, item in wanted.items()}

    def _sources(self, scope: Scope, controller_id: str) -> Sources | None:
        """None for a controller that was removed or never enrolled: it should hold nothing."""
        controller = site_rows.controller(scope, controller_id)
        keys = self._keys.controller(controller_id)
        if controller is None or controller.state is not SiteState.ACTIVE or keys is None:
            return None
        return Sources(scope, self._keys, controller, keys, self._clock.now())

    def _select(self, scope: Scope, controller_id: str, focus: Focus) -> Selection:
        sources = self._sources(scope, controller_id)
        if sources is None:
            return Selection({}, repository.entries(scope, controller_id))
        if focus.whole:
            return whole(scope, sources, controller_id)
        return focused(scope, sources, controller_id, focus)

    def _note_failure(
        self, scope: Scope, controller_id: str, before: str | None, cause: str | None
    ) -> None:
        if cause == before:
            return
        if cause is None:
            failures.clear_failure(scope, controller_id, self._clock.now())
        else:
            failures.raise_failure(scope, controller_id, cause, self._clock.now())

    def _compile(
        self, scope: Scope, controller_id: str, focus: Focus
    ) -> tuple[NewVersion | None, str | None]:
        """Make the next version, if there is anything new, and say what could not be opened."""
        now = self._clock.now()
        selection = self._select(scope, controller_id, focus)
        difference = _compare(selection)
        for key, expires_at in difference.expiries:
            repository.set_expiry(scope, controller_id, key, expires_at)
        before = repository.held(scope, controller_id)
        made = None
        if difference.put or difference.drop:
            made = self._next(scope, controller_id, before, difference, now)
        changed = {key for key, _ in difference.put} | {entry.key for entry in difference.drop}
        confirmation.follow(
            scope,
            controller_id,
            (made.held if made else before).version,
            changed=changed,
            wanted=selection.wanted.keys(),
            credentials=None if focus.whole else focus.credentials,
            enrolled=self._keys.controller(controller_id) is not None,
            now=now,
        )
        return made, failures.SEAL_BROKEN if selection.seal_broken else None

    def _next(
        self,
        scope: Scope,
        controller_id: str,
        before: HeldPolicy,
        difference: _Difference,
        now: datetime,
    ) -> NewVersion:
        version = before.version + 1
        digest = PolicyDigest.from_hex(before.digest)
        put = [_entry(key, item, version) for key, item in difference.put]
        for entry in put:
            digest.add(entry.hash)
            if entry.key in difference.replaced:
                digest.remove(difference.replaced[entry.key].hash)
        for entry in difference.drop:
            digest.remove(entry.hash)
        drop = tuple(entry.key for entry in difference.drop)
        held = HeldPolicy(version=version, digest=digest.hex)
        repository.drop(scope, controller_id, drop)
        repository.put(scope, controller_id, put)
        changes = [(entry.key, entry.hash) for entry in put]
        repository.add_version(
            scope, controller_id, held, [*changes, *((key, None) for key in drop)], now
        )
        data = tuple(entry.data for entry in put)
        return NewVersion(controller_id, before.version, held, data, drop)


def _compare(selection: Selection) -> _Difference:
    stored = {entry.key: entry for entry in selection.stored}
    wanted: Desired = selection.wanted
    put: list[tuple[EntryKey, Wanted]] = []
    expiries: list[tuple[EntryKey, datetime | None]] = []
    for key in sorted(wanted):
        old, new = stored.get(key), wanted[key]
        if old is None or _about(old) != _about(new) or _body(old) != _encode(new.body):
            put.append((key, new))
        elif old.expires_at != new.expires_at:
            expiries.append((key, new.expires_at))
    drop = [stored[key] for key in sorted(stored.keys() - wanted.keys())]
    return _Difference(put, drop, expiries, stored)


def _about(entry: StoredEntry | Wanted) -> tuple[str | None, str | None]:
    return entry.person_id, entry.pin_id


def _body(entry: StoredEntry) -> bytes:
    return bytes(decode_entry(entry.data).body)


def _entry(key: EntryKey, item: Wanted, version: int) -> StoredEntry:
    """Make an entry's bytes. Its rev is the version that puts it, so that a rev is never used for
    two different bodies, even if an entry leaves and comes back."""
    data = encode_entry(EntryKind(key.kind), key.id, version, item.body)
    return StoredEntry(
        key, version, data, entry_hash(data), item.person_id, item.pin_id, item.expires_at
    )
