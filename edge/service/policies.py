"""A policy that came: read, stored, swapped into the index, handed to doors and drivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import structlog

from edge.cards.keyring import CardKeyring
from edge.core.clock_now import ClockNow
from edge.core.policy_index import PolicyIndex
from edge.ports import Installer, JournalError, NewEvent, PolicyChange, PolicyStore
from edge.service import passages
from edge.service.acts import Drivers
from edge.service.backup_secrets import BackupSecrets
from edge.service.fire_keep import FireKeep
from edge.service.former_keys import FORMER_KEY
from edge.service.memory import Memory
from edge.service.recorder import Recorder
from edge.service.strikes import Strikes
from wire.errors import WireError
from wire.events import DeviceEventBody, EventKind, PolicyAppliedBody
from wire.messages import EdgePolicy
from wire.policy import EntryKind, decode_entry
from wire.policy_bodies import DeviceBody

OpenSecret = Callable[[str, str], bytes]
"""Opens a device's sealed secret, by device id; raises `WireError`."""

_LAID_OUT: Final = frozenset({EntryKind.DOOR.value, EntryKind.ZONE.value})
"""What zones there are, and which doors lead into them."""

_log = structlog.get_logger(__name__)


class Policies:
    """Keeps index, store, doors and drivers in step."""

    def __init__(
        self,
        memory: Memory,
        recorder: Recorder,
        store: PolicyStore,
        strikes: Strikes,
        drivers: Drivers,
        open_device_secret: OpenSecret,
        backup: BackupSecrets | None = None,
        card_keys: CardKeyring | None = None,
    ) -> None:
        self._memory = memory
        self._recorder = recorder
        self._store = store
        self._strikes = strikes
        self._drivers = drivers
        self._open = open_device_secret
        self._backup = backup
        self._card_keys = card_keys
        self._fire = FireKeep(memory, recorder, self._can_serve)

    def load(self) -> None:
        """Take up the stored policy at a start; raise `JournalError` if it cannot be read."""
        stored = self._store.load()
        index = PolicyIndex()
        index.swap(index.prepare(stored.entries))
        self._memory.index = index
        self._hold(stored.hub_epoch, stored.version, now_ns=0)

    def remember(self, state: Mapping[str, bytes]) -> None:
        """Take up former keys, and what an earlier run kept for the fire alarm. Bytes that cannot
        be read are named and left out."""
        formers = {name: data for name, data in state.items() if name.startswith(FORMER_KEY)}
        try:
            self._memory.former_keys.remember(formers)
        except ValueError:
            self._memory.counters["state_unreadable"] += 1
            _log.exception("state_unreadable", name=FORMER_KEY)
        self._fire.remember(state)

    def tick(self, now: ClockNow) -> None:
        """Note what the fire alarm's devices answer, or try one otherwise."""
        if self._fire.tick(now):
            self.configure_drivers(now)

    def key_changed(self, device_id: str, now: ClockNow) -> None:
        """A device has taken the policy's key over its line: it is served under that one."""
        if self._fire.rekeyed(device_id, now):
            self.configure_drivers(now)

    def forget_fire(self, now: ClockNow) -> int:
        """Forget strikes and devices of the fire alarm that the policy no longer has, for somebody
        at the Pi; give how many strikes."""
        forgotten = self._fire.forget(now)
        self.configure_drivers(now)
        self._strikes.apply(now)
        return forgotten

    def apply(self, change: PolicyChange, now: ClockNow) -> bool:
        """Store a change and swap it in; tell whether it is in force. What cannot be stored is not
        in force: after a restart the door would hold something else than it reported."""
        index = PolicyIndex() if change.snapshot else self._memory.index
        prepared = index.prepare(change.put, change.drop)
        try:
            self._store.apply(replace(change, put=_readable(change.put)))
        except JournalError as error:
            self._recorder.failed(error, now)
            return False
        before = self._memory.index.devices if change.snapshot else dict(index.devices)
        index.swap(prepared)
        self._memory.index = index
        self._hold(change.hub_epoch, change.version, now.mono_ns)
        formers = self._memory.former_keys.changed(before, index.devices)
        body = PolicyAppliedBody(
            hub_epoch=change.hub_epoch,
            version=change.version,
            digest=index.digest,
            rejected=len(index.rejected),
        )
        moves = passages.Moves(self._memory.uptime.at(now))
        if change.snapshot or any(key.kind in _LAID_OUT for key in prepared.keys):
            moves = passages.swept(self._memory, now)
        state = {**formers, **moves.state}
        self._recorder.record([NewEvent(EventKind.POLICY_APPLIED, body)], now, state)
        moves.apply(self._memory)
        self.configure_drivers(now)
        self._strikes.apply(now)
        return True

    def _hold(self, hub_epoch: int, version: int, now_ns: int) -> None:
        if self._card_keys is not None:
            self._card_keys.follow(self._memory.index.sealed_cards())
        self._memory.meet_doors(self._memory.index.doors, now_ns)
        self._memory.held = EdgePolicy(
            hub_epoch=hub_epoch, version=version, digest=self._memory.index.digest
        )

    def configure_drivers(self, now: ClockNow) -> None:
        """Hand each driver the devices on its port and their opened secrets; open those of the
        doors' backup codes."""
        if self._backup is not None:
            self._backup.follow(now)
        devices: dict[str, dict[str, DeviceBody]] = self._by_port()
        secrets: dict[str, dict[str, bytes]] = self._by_port()
        self._memory.served = self._fire.to_serve(self._memory.index.devices, now)
        for device_id, body in self._memory.served.items():
            cause = self._take(device_id, body, devices, secrets)
            if cause is not None:
                self._fault(device_id, cause, now)
        for port, driver in self._drivers.by_port.items():
            try:
                if isinstance(driver, Installer):
                    driver.remember_keys({one: self._formers(one) for one in devices[port]})
                driver.configure(devices[port], secrets[port])
            except Exception:  # one port's trouble must not keep the others from serving
                _log.exception("driver_not_configured", port=port)
                for device_id in devices[port]:
                    self._fault(device_id, "not_configured", now)

    def _take(
        self,
        device_id: str,
        body: DeviceBody,
        devices: dict[str, dict[str, DeviceBody]],
        secrets: dict[str, dict[str, bytes]],
    ) -> str | None:
        """Sort a device to its port, or say why it cannot be served."""
        if body.port not in devices:
            return "no_such_port"
        if body.sealed is not None:
            try:
                secrets[body.port][device_id] = self._open(device_id, body.sealed)
            except WireError:
                return "secret_not_ours"
        devices[body.port][device_id] = body
        return None

    def _formers(self, device_id: str) -> tuple[bytes, ...]:
        """The keys that a device may still have; one that cannot be opened is none. They are for
        the way to the policy's key, not for a device that is kept under another."""
        wanted = self._memory.index.devices.get(device_id)
        if wanted is None or wanted.sealed != self._memory.served[device_id].sealed:
            return ()
        keys = []
        for sealed in self._memory.former_keys.of(device_id):
            try:
                keys.append(self._open(device_id, sealed))
            except WireError:
                self._memory.counters["state_unreadable"] += 1
        return tuple(keys)

    def _can_serve(self, device_id: str, body: DeviceBody) -> bool:
        return self._take(device_id, body, self._by_port(), self._by_port()) is None

    def _by_port(self) -> dict[str, dict[str, Any]]:
        return {port: {} for port in self._drivers.by_port}

    def _fault(self, device_id: str, cause: str, now: ClockNow) -> None:
        standing = self._memory.standing(device_id)
        if standing.cause != cause:
            standing.online, standing.cause = False, cause
            event = NewEvent(EventKind.DEVICE_FAULT, DeviceEventBody(device=device_id, cause=cause))
            self._recorder.record([event], now)


def _readable(put: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Entries whose frame can be read: what has no name cannot be stored under one."""
    return tuple(data for data in put if _is_entry(data))


def _is_entry(data: bytes) -> bool:
    try:
        decode_entry(data)
    except WireError:
        return False
    return True
